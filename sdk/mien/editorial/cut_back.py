"""The cut written back: every clip as it was, with its render beside its media."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import opentimelineio as otio

import mien
from mien.editorial.bundle import BundleFolder
from mien.editorial.conform import DropFrame, Render, conform_lists
from mien.editorial.cut import Cut, all_uses
from mien.editorial.media_refs import (
    RENDERS,
    SOURCE,
    available_range,
    resolve_media,
    source_key,
    source_reference,
)  # fmt: skip
from mien.editorial.notices import Notices
from mien.editorial.rebase import MediaPaths, Rebase, clips_of
from mien.editorial.times import count_at, recount, time
from mien.editorial.untouched import with_references
from mien.editorial.uses import ClipUse
from mien.errors import MienError
from mien.io.files import written_whole
from mien.jobs.job import CutSpan, ShotResult
from mien.media.sequence import Pattern
from mien.model.rates import exact_rate

__all__ = ["write"]

_SCHEMA: Final = "mien.render/1"
_INDENT: Final = 4


def write(
    cut: Cut,
    results: Sequence[ShotResult],
    folder: Path,
    *,
    activate: bool = False,
    media_paths: MediaPaths = "relative",
    drop_frame: DropFrame = "auto",
    notify: Callable[[str], object] | None = None,
) -> list[Path]:
    """Write the cut and its conform lists; `editorial.write_back` says how."""
    content = cut.content.deepcopy()
    named = [one for one in (cut.edits, cut.path.parent) if one is not None]
    moved = Rebase(cut.folder or cut.path.parent, folder, media_paths, named)
    within = _within(content, cut.bundle, notify)
    for clip in clips_of(content):
        moved.clip(clip)
    for clip, reference, path in within:
        moved.name(clip, reference, path)
    shown = list(all_uses(content))
    renders: list[tuple[int, Render]] = []
    changed = []
    for result in results:
        if result.status != "done" or result.job.clip is None:
            continue
        sequence, use = shown[result.job.clip]
        placed = _placed(use, result)
        _refer(use.clip, placed, result, activate)
        changed.append(use.clip)
        renders.append((id(sequence), Render(result, use, placed.file_start, placed.first)))
    written = folder / f"{cut.name}.{RENDERS}.otio"
    own = None if cut.text is None else with_references(cut.text, content, changed, RENDERS, moved)
    _write(written, own or content.to_json_string(indent=_INDENT).encode())
    if notify is not None:
        for notice in _outside(written, moved.outside, cut.edits):
            notify(notice)
    files = [written]
    edits = {id(sequence): sequence for sequence, _ in shown}
    for key, sequence in edits.items():
        placed_here = [render for owner, render in renders if owner == key]
        title = cut.name if len(edits) == 1 else f"{cut.name}.{sequence.name}"
        for name, text in conform_lists(sequence, placed_here, title, drop_frame).items():
            _write(folder / name, text.encode())
            files.append(folder / name)
    return files


def _within(
    content: Any, bundle: BundleFolder | None, notify: Callable[[str], object] | None
) -> list[tuple[Any, str, Path]]:
    """The references to media inside of a bundle, each with where they are unpacked now."""
    if bundle is None:
        return []
    placed, failed = [], Notices("{} more{}.")
    for clip in clips_of(content):
        for key, reference in clip.media_references().items():
            media = resolve_media(reference, bundle.bundle.path, bundle.bundle)
            if key == RENDERS or media is None or not media.exists:
                continue
            try:
                placed.append((clip, key, bundle.unpacked(media.path)))
            except MienError as error:
                failed.add("", f"{error} The new cut names them as the bundle does.")
    if notify is not None:
        for line in failed.lines():
            notify(line)
    return placed


def _outside(written: Path, folders: Sequence[Path], edits: Path | None) -> Iterator[str]:
    """Say what has to be given with the new cut, unless it was with the old one too."""
    if all(edits is not None and folder == edits.resolve() for folder in folders):
        return
    names = " and ".join(str(folder) for folder in folders)
    lead = f"{written.name} asks for projects or curve files of {names}, outside its own folder"
    if len(folders) == 1:
        yield f"{lead}: when it is opened again, give --edits {names}."
    else:
        yield f"{lead}: to open it again, put them into one folder, and give that with --edits."


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where a render lies in time.

    Attributes:
        first: Number of its first frame in the clip's source time.
        length: How many frames it has there.
        rate: Frames a second by which these are counted.
        file_start: Number of its first frame by its own timecode; 0 without one.
    """

    first: Fraction
    length: Fraction
    rate: Fraction
    file_start: Fraction


def _placed(use: ClipUse, result: ShotResult) -> _Placed:
    frames, clock, span = result.frames, result.clock, result.job.frames
    assert frames is not None
    assert clock is not None
    if not isinstance(span, CutSpan):
        # All of the media, of a retime that cannot be followed.
        available = available_range(source_reference(use.clip))
        known = available is not None
        start = count_at(available.start_time, use.rate) if known else Fraction(0)
        span = CutSpan(start, Fraction(1), use.rate, start)
    first, last = (span.number(frame, clock) for frame in (frames.start, frames.stop))
    own = Fraction(0)
    if clock.start is not None:
        own = (clock.start.frames + frames.start) * (last - first) / len(frames)
    return _Placed(first, last - first, span.rate, own)


def _refer(clip: Any, placed: _Placed, result: ShotResult, activate: bool) -> None:
    """Give a clip its render as a second media reference."""
    source = source_reference(clip)
    known = available_range(source)
    rate = clip.trimmed_range().start_time.rate if known is None else known.start_time.rate
    first, length = (
        recount(count, placed.rate, exact_rate(rate)) for count in (placed.first, placed.length)
    )
    available = otio.opentime.TimeRange(time(first, rate), time(length, rate))
    references = dict(clip.media_references())
    references[RENDERS] = _reference(result, available, source_key(clip))
    active = clip.active_media_reference_key
    key = RENDERS if activate or active not in references else active
    clip.set_media_references(references, key)


def _reference(result: ShotResult, available: Any, source: str) -> Any:
    output = result.output
    assert output is not None
    output = output.absolute()
    note = {
        "schema": _SCHEMA,
        "shot": result.job.name,
        SOURCE: source,
        "written_by": f"mien {mien.__version__}",
    }
    pattern = Pattern.parse(output)
    if pattern is None:
        return otio.schema.ExternalReference(
            target_url=output.as_uri(), available_range=available, metadata={RENDERS: note}
        )
    numbers = pattern.numbers()
    return otio.schema.ImageSequenceReference(
        target_url_base=f"{pattern.folder.as_uri()}/",
        name_prefix=pattern.prefix,
        name_suffix=pattern.suffix,
        start_frame=numbers[0] if numbers else 0,
        rate=available.start_time.rate,
        frame_zero_padding=pattern.digits,
        available_range=available,
        metadata={RENDERS: note},
    )


def _write(path: Path, text: bytes) -> None:
    with written_whole(path) as file:
        file.write(text)
