"""Everyday jobs on faces, each in one call: look at the lens, hold the eyes, blinks, less of it.

    project = mien.retouch.look_at_lens(project, "Anna", "2s:6s")

What comes back is the project with the job's tracks in a layer of its name, to be keyed over,
weighed or taken out. A job that is done again takes the place of what it did in the same frames.
Arguments that all of them share:

    project   a tracked project (`mien.Project(shot)` of a shot)
    face      number or name; None for the largest
    span      frames (`12:80`), seconds (`2s:6s`), timecode, or a FrameRange; None for all
    strength  how much of it, 0 to 1
    ease      frames over which it is eased in and out inside the span
    notice    called with a line about each thing that was done, or could not be

They raise NoFaceError, TimeError and UsageError for what cannot be meant, and NothingToDoError
where there is nothing of the kind to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import SupportsIndex

from mien.model.control_track import FADE
from mien.model.document import Project
from mien.model.retouch import RetouchKind, RetouchOptions, retouch_layer
from mien.model.shot import Shot, main_face
from mien.timebase import FrameRange

__all__ = [
    "add_blink", "hold_eyes", "look_at_lens", "neutralise", "read_span", "remove_blinks",
    "retouch", "soften",
]  # fmt: skip

Notice = Callable[[str], None]
"""What is called with a line about each thing that was done."""
Span = FrameRange | str | None
"""Frames, as typed or as a range; None for all."""


def look_at_lens(
    project: Project,
    face: int | str | None = None,
    span: Span = None,
    *,
    strength: float = 1.0,
    ease: int = FADE,
    movement: float = 0.5,
    notice: Notice | None = None,
) -> Project:
    """Let eyes look at the lens, however the head turns; blinks stay.

    Args:
        project: As of all jobs.
        face: As of all jobs.
        span: As of all jobs.
        strength: How far they go there.
        ease: As of all jobs.
        movement: How much of the eyes' own small movements is kept, 0 to 1.
        notice: As of all jobs.
    """
    options = RetouchOptions(
        read_span(project.shot, span), strength=strength, ease=ease, movement=movement
    )
    return retouch(project, "lens", face, options, notice=notice)


def hold_eyes(
    project: Project,
    face: int | str | None = None,
    span: Span = None,
    *,
    at: SupportsIndex | str | None = None,
    strength: float = 1.0,
    ease: int = FADE,
    movement: float = 0.25,
    notice: Notice | None = None,
) -> Project:
    """Hold the eyes on what they look at in a frame, or on average; blinks stay.

    Args:
        project: As of all jobs.
        face: As of all jobs.
        span: As of all jobs.
        at: The frame, seconds or timecode whose look is held; None for where they look on average.
        strength: How far they go there.
        ease: As of all jobs.
        movement: How much of the eyes' own small movements is kept, 0 to 1.
        notice: As of all jobs.
    """
    frames = () if at is None else (project.shot.clock.parse(at),)
    options = RetouchOptions(read_span(project.shot, span), frames, strength, ease, movement)
    return retouch(project, "hold-eyes", face, options, notice=notice)


def remove_blinks(
    project: Project,
    face: int | str | None = None,
    span: Span = None,
    *,
    strength: float = 1.0,
    notice: Notice | None = None,
) -> Project:
    """Hold eyes open through every blink that begins or ends in a span.

    Args:
        project: As of all jobs.
        face: As of all jobs.
        span: As of all jobs.
        strength: How far they stay open.
        notice: As of all jobs.
    """
    options = RetouchOptions(read_span(project.shot, span), strength=strength)
    return retouch(project, "remove-blinks", face, options, notice=notice)


def add_blink(
    project: Project,
    at: SupportsIndex | str | Sequence[SupportsIndex | str],
    face: int | str | None = None,
    *,
    strength: float = 1.0,
    notice: Notice | None = None,
) -> Project:
    """Let eyes blink: lids fall in a seventh of a second, and rise in twice that.

    Args:
        project: As of all jobs.
        at: The frame, seconds or timecode in which they are shut, or several.
        face: As of all jobs.
        strength: How far they shut, 0 to 1.
        notice: As of all jobs.
    """
    times = [at] if isinstance(at, str | SupportsIndex) else at
    frames = tuple(project.shot.clock.parse(one) for one in times)
    return retouch(
        project, "blink", face, RetouchOptions(at=frames, strength=strength), notice=notice
    )


def soften(
    project: Project,
    face: int | str | None = None,
    span: Span = None,
    *,
    strength: float = 0.5,
    only: Sequence[str] = (),
    ease: int = FADE,
    keep_blinks: bool = True,
    keep_speech: bool = True,
    notice: Notice | None = None,
) -> Project:
    """Take a performance part of the way to rest.

    Args:
        project: As of all jobs.
        face: As of all jobs.
        span: As of all jobs.
        strength: How far, 0 to 1.
        only: Which of brows, eyes, cheeks, nose, mouth and jaw; none for all of them.
        ease: As of all jobs.
        keep_blinks: Whether blinks stay.
        keep_speech: Whether what lips and jaw do in speech stays.
        notice: As of all jobs.
    """
    options = RetouchOptions(
        read_span(project.shot, span), strength=strength, ease=ease,
        only=(only,) if isinstance(only, str) else tuple(only), keep_blinks=keep_blinks,
        keep_speech=keep_speech,
    )  # fmt: skip
    return retouch(project, "soften", face, options, notice=notice)


def neutralise(
    project: Project,
    face: int | str | None = None,
    span: Span = None,
    *,
    strength: float = 1.0,
    only: Sequence[str] = (),
    ease: int = FADE,
    keep_blinks: bool = True,
    keep_speech: bool = True,
    notice: Notice | None = None,
) -> Project:
    """Take a performance to rest: to this person's neutral face.

    Args:
        project: As of all jobs.
        face: As of all jobs.
        span: As of all jobs.
        strength: How far, 0 to 1.
        only: Which of brows, eyes, cheeks, nose, mouth and jaw; none for all of them.
        ease: As of all jobs.
        keep_blinks: Whether blinks stay.
        keep_speech: Whether what lips and jaw do in speech stays.
        notice: As of all jobs.
    """
    options = RetouchOptions(
        read_span(project.shot, span), strength=strength, ease=ease,
        only=(only,) if isinstance(only, str) else tuple(only), keep_blinks=keep_blinks,
        keep_speech=keep_speech,
    )  # fmt: skip
    return retouch(project, "neutralise", face, options, notice=notice)


def retouch(
    project: Project,
    kind: RetouchKind,
    face: int | str | None,
    options: RetouchOptions,
    *,
    notice: Notice | None = None,
) -> Project:
    """Do a job by its name, as `mien retouch` and `mien serve` do.

    Args:
        project: As of all jobs.
        kind: `lens`, `hold-eyes`, `remove-blinks`, `blink`, `soften` or `neutralise`.
        face: As of all jobs.
        options: How it is to be done.
        notice: As of all jobs.
    """
    chosen = main_face(project.shot) if face is None else project.shot.face(face)
    edit = project.edit(chosen.number)
    made = retouch_layer(edit.face, edit.layer(kind), kind, options, project.shot.breaks)
    if notice is not None:
        for line in made.notes:
            notice(line)
    return project.with_edit(edit.with_layer(made.layer))


def read_span(shot: Shot, span: Span) -> FrameRange | None:
    """Return a span as typed, in frames of a shot.

    Raises:
        TimeError: When it cannot be read or lies outside the shot.
    """
    return None if span is None else shot.clock.parse_range(str(span))
