"""Where a cut and its media count timecode differently, said once a file."""

from __future__ import annotations

from collections.abc import Iterable

from mien.jobs.job import CutSpan
from mien.model.listing import list_names
from mien.timebase import Clock

__all__ = ["describe_drop_mismatches"]


def describe_drop_mismatches(
    shots: Iterable[tuple[str, str, CutSpan | str | None, Clock]],
) -> tuple[str, ...]:
    """Return a line for every file that drops numbers where the cut does not, or the reverse.

    Args:
        shots: Of every shot its name, its file's name, the frames that the cut uses, and the
            file's clock.
    """
    names: dict[tuple[str, bool], list[str]] = {}
    most: dict[tuple[str, bool], int] = {}
    for name, media, span, clock in shots:
        if not isinstance(span, CutSpan) or not (frames := span.drop_difference(clock)):
            continue
        key = (media, bool(span.drop))
        names.setdefault(key, []).append(name)
        most[key] = max(most.get(key, 0), frames)
    return tuple(_line(*key, names[key], most[key]) for key in names)


def _line(media: str, drop: bool, names: list[str], frames: int) -> str:
    cut, file = ("drop", "non-drop") if drop else ("non-drop", "drop")
    return (
        f"{list_names(names)}: the cut counts {cut} frame, {media} is {file}: frames may be off by"
        f" {frames}. The timecodes are taken as they are written in the file."
    )
