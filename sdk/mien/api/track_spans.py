"""Track some frames of a shot, and further ones later: the faces are joined, edits stay."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from mien.errors import NoFaceError, NothingToDoError, UsageError
from mien.model.face_spans import joined_face, placed_face
from mien.model.mixes import breaks
from mien.model.shot import Shot
from mien.model.spans import join_spans, list_spans, spans_without
from mien.progress import Progress
from mien.timebase import FrameRange

if TYPE_CHECKING:
    from mien.media.reader import Reader
    from mien.model.face import Face, FaceTrack
    from mien.tracking.base import Tracker

__all__ = ["RUN_IN", "choose_spans", "track_spans"]

RUN_IN: Final = 8
"""Frames before and after a span that trackers and the solver are shown, and nobody keeps: faces
have settled when the span begins, and what is smoothed has two sides."""

_NEAR: Final = 2 * RUN_IN
"""Frames between two tracked spans up to which these are tracked too."""

_BASIS: Final = "mien-rig"


def choose_spans(shot: Shot, wanted: FrameRange) -> tuple[FrameRange, ...]:
    """Return the frames that are to be tracked, so that some are.

    Args:
        shot: The shot, tracked in part or not at all.
        wanted: The frames.

    Raises:
        NothingToDoError: When they are tracked already.
    """
    done: tuple[FrameRange, ...] = ()
    if shot.faces:
        done = (shot.clock.all,) if shot.tracked_spans is None else shot.tracked_spans
    missing = spans_without(wanted, done)
    if not missing:
        raise NothingToDoError(
            f"The frames {wanted} of {shot.media.path.name} are tracked already.",
            "Give other frames.",
        )
    # What little is left between two spans would only look like a face that is not seen.
    near = [*missing]
    for gap in spans_without(shot.clock.all, (*done, *missing)):
        inside = gap.start > 0 and gap.stop < len(shot)
        if inside and len(gap) <= _NEAR:
            near.append(gap)
    return join_spans(near)


def track_spans(
    shot: Shot,
    spans: Sequence[FrameRange],
    tracker: Tracker,
    reader: Reader,
    *,
    max_faces: int,
    report: Progress,
) -> Shot:
    """Track spans of a shot, and join what is found with the faces that it has.

    Args:
        shot: The shot; its faces stay as they are in the frames in which they were tracked.
        spans: Frames that were not tracked yet, in order.
        tracker: The tracker.
        reader: The shot's pictures.
        max_faces: People to keep at most in each span.
        report: Called about the stages `track` and `solve`.

    Raises:
        NoFaceError: When there is no face in any of them.
        UsageError: When a face cannot be joined, as its coefficients are of another basis.
        MediaError: When the media cannot be read.
    """
    for face in shot.faces:
        if face.curves.basis != _BASIS:
            raise UsageError(
                f"The coefficients of {face.name} are of {face.curves.basis}; further frames"
                f" would be of {_BASIS}.",
                "Track all frames first, then fit the head.",
            )
    steps, seen, before = _Steps(shot, spans, report), False, shot
    for span in spans:
        before, any_face = _with_span(before, span, tracker, reader, max_faces, steps)
        seen |= any_face
    if not seen:
        raise NoFaceError(
            f"No face was found in the frames {list_spans(spans)} of {shot.media.path.name}.",
            "mien edits faces that are at least about 60 pixels tall and not covered.",
        )
    done = join_spans((*((shot.tracked_spans or ()) if shot.faces else ()), *spans))
    whole = done == (shot.clock.all,)
    return dataclasses.replace(before, tracked_spans=None if whole else done)


class _Steps:
    """Progress over all spans, told as one."""

    def __init__(self, shot: Shot, spans: Sequence[FrameRange], report: Progress) -> None:
        self._report = report
        self._total = sum(len(_window(shot, span)) for span in spans)
        self._before = 0

    def track(self, stage: str, done: int, total: int) -> None:
        del total
        self._report(stage, min(self._before + done, self._total), self._total)

    def solve(self, stage: str, done: int, total: int) -> None:
        self._report(stage, done, total)

    def advance(self, frames: int) -> None:
        self._before += frames


def _window(shot: Shot, span: FrameRange) -> FrameRange:
    return FrameRange(max(0, span.start - RUN_IN), min(len(shot), span.stop + RUN_IN))


def _with_span(
    shot: Shot,
    span: FrameRange,
    tracker: Tracker,
    reader: Reader,
    max_faces: int,
    steps: _Steps,
) -> tuple[Shot, bool]:
    """The shot with the faces of one span more, and whether any was seen in it."""
    from mien.face.resmoothing import resmoothed
    from mien.face.solve import solve_face
    from mien.media.span_reader import SpanReader
    from mien.tracking.base import run_tracker
    from mien.tracking.recognition import recognize

    window = _window(shot, span)
    part = SpanReader(reader, window)
    result = run_tracker(tracker, part, max_faces=max_faces, progress=steps.track)
    steps.advance(len(window))
    clock, ends = part.facts.clock, breaks(result.cuts, result.mixes)
    kept = slice(span.start - window.start, span.stop - window.start)
    tracks = [track for track in result.tracks if track.seen[kept].any()]

    def solved(track: FaceTrack, known: Face | None) -> Face:
        identity = None if known is None else known.identity
        face = solve_face(track, clock, ends, steps.solve, identity=identity)
        if known is None:
            return face
        face = resmoothed(face, known.smoothing, ends)
        return dataclasses.replace(face, number=known.number)

    new_cuts = (int(cut) + window.start for cut in result.cuts)
    cuts = tuple(sorted({*shot.cuts, *(cut for cut in new_cuts if cut in span and cut > 0)}))
    mixes = join_spans((*shot.mixes, *_clipped(result.mixes, window, span)))
    found = [solved(track, None) for track in tracks]
    same = recognize(found, shot.faces, window, reader)
    faces = {face.number: face for face in shot.faces}
    following = max(faces, default=0) + 1
    for face, track in zip(found, tracks, strict=True):
        known = faces.get(same.get(face.number, 0))
        if known is not None:
            again = placed_face(solved(track, known), shot.clock, window.start, span)
            faces[known.number] = _joined(known, again, span, breaks(cuts, mixes))
        else:
            placed = placed_face(face, shot.clock, window.start, span)
            faces[following] = dataclasses.replace(
                placed, number=following, name=f"face {following}"
            )
            following += 1
    damaged = _clipped(result.damaged, window, span)
    joined = dataclasses.replace(
        shot,
        faces=tuple(faces[number] for number in sorted(faces)),
        cuts=cuts,
        mixes=mixes,
        damaged=join_spans((*shot.damaged, *damaged)),
    )
    return joined, bool(tracks)


def _joined(known: Face, again: Face, span: FrameRange, cuts: tuple[int, ...]) -> Face:
    """A face with further frames; what was put right by hand fades into them as far as it goes."""
    if not known.corrections:
        return joined_face(known, again, span)
    from mien.face.corrections import correct_face

    return correct_face(joined_face(known.uncorrected(), again, span), known.corrections, cuts)


def _clipped(spans: Sequence[FrameRange], window: FrameRange, kept: FrameRange) -> list[FrameRange]:
    """Spans of a window as spans of the shot, as far as they are kept."""
    return [
        FrameRange(int(span.start) + window.start, int(span.stop) + window.start).intersection(kept)
        for span in spans
    ]
