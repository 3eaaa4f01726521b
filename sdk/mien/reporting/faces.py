"""The faces of an edited file, tracked again: what they do, and how much they tremble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mien._types import BoolArray, FloatArray
from mien.face.achieved import CORRECTED, edit_motion, seen_amounts
from mien.face.resmoothing import resmoothed
from mien.face.solve import solve_face
from mien.media.reader import open_reader
from mien.model.controls import HEAD, INDEX
from mien.model.face import Face, FaceTrack
from mien.model.landmarks import LANDMARKS, SKIN
from mien.model.media import MediaInfo
from mien.model.shot import Shot
from mien.progress import Progress
from mien.timebase import FrameRange
from mien.tracking.base import MAX_FACES, run_tracker
from mien.tracking.registry import get_tracker

__all__ = ["Tracked", "Trembling", "retrack", "second_differences", "trembling"]

_TOGETHER: Final = 2
"""Frames to either side that tell together how much is seen of what is asked in one."""
_HEAD: Final = [INDEX[name] for name in HEAD]
_ASKED: Final = 0.05
"""What less than that is asked of is told by the solver, like what is not asked for."""
_NEAR: Final = 0.5
"""Part of a face's height within which a face of the edited file is the same person's."""


@dataclass(frozen=True, slots=True, eq=False)
class Tracked:
    """A face of the original, and what was tracked of it in the edited file.

    Rows are the frames of the report.

    Attributes:
        face: The face of the original.
        achieved: (T, 59) float32, its controls in the edited file.
        seen: (T,) bool, where it was seen in the edited file.
        before: (T, 478, 2) float32, its landmarks in the original, as they were tracked; NaN
            where it was not seen.
        after: (T, 478, 2) float32, the same in the edited file.
    """

    face: Face
    achieved: FloatArray
    seen: BoolArray
    before: FloatArray
    after: FloatArray


def retrack(
    edited: MediaInfo,
    shot: Shot,
    faces: Sequence[Face],
    frames: FrameRange,
    progress: Progress,
    deltas: Mapping[int, FloatArray] | None = None,
    added: Mapping[int, FloatArray] | None = None,
) -> list[Tracked]:
    """Track an edited file, and solve its faces as the people of the original.

    The tracker is the one that tracked the original, and each face is solved with the neutral shape
    that the original has of it: what differs is what the face does. A control that an edit asks
    for is told by how the landmarks move along its way (face/achieved.py): the solver is cautious
    with one that moves alone, and gives part of it to others that often go along.

    Args:
        edited: Facts of the edited file.
        shot: The original, tracked.
        faces: The faces of interest.
        frames: The frames of the original that the edited file holds.
        progress: Told about the stage `track`.
        deltas: By a face's number, (F, 59) what is asked of it in every frame of the original
            beyond its performance; none for a face that nobody edits.
        added: The same, as what is added: what renders move it by; see `added_change`.

    Raises:
        MediaError: When it cannot be read.
        MissingDependencyError: When the tracker cannot be used.
    """
    name = "auto" if shot.made_by is None else shot.made_by.tracker
    with open_reader(edited) as reader:
        result = run_tracker(get_tracker(name), reader, max_faces=MAX_FACES, progress=progress)
    tracks = list(result.tracks)
    cuts = [cut - frames.start for cut in shot.breaks if frames.start < cut < frames.stop]
    found = [_one(face, tracks, edited, frames, cuts) for face in faces]
    deltas, added = deltas or {}, added or {}
    return [
        one
        if (number := one.face.number) not in deltas
        else _with_asked(one, frames, deltas[number], added.get(number, deltas[number]))
        for one in found
    ]


def _one(
    face: Face,
    tracks: Sequence[FaceTrack],
    edited: MediaInfo,
    frames: FrameRange,
    cuts: Sequence[int],
) -> Tracked:
    rows = slice(frames.start, frames.stop)
    track = _same_person(face, tracks, rows)
    before = _as_tracked(face)[rows]
    if not track.seen.any():
        controls = np.zeros_like(face.curves.controls.array[rows])
        return Tracked(face, controls, track.seen, before, track.landmarks[..., :2])
    solved = solve_face(track, edited.clock, cuts, identity=face.identity)
    solved = resmoothed(solved, face.smoothing, cuts)
    controls = solved.curves.controls.array.copy()
    seen = np.asarray(track.seen)
    controls[~seen] = 0
    return Tracked(face, controls, seen, before, track.landmarks[..., :2])


def _with_asked(one: Tracked, frames: FrameRange, delta: FloatArray, added: FloatArray) -> Tracked:
    """What was tracked, with controls that are asked for told along their way."""
    wanted = delta[frames.start : frames.stop]
    both = one.seen & np.isfinite(one.before[:, 0, 0]) & one.face.valid[frames.start : frames.stop]
    # With a head that is turned as well, landmarks do not tell the one from the other.
    still = ~wanted[:, _HEAD].any(axis=1)
    rows = np.flatnonzero(both & still & (wanted > _ASKED).any(axis=1))
    asked = {
        row: edit_motion(one.face, frames.start + row, added[frames.start + row])
        for row in rows.tolist()
    }
    achieved = one.achieved.copy()
    for row in asked:
        near = [at for at in range(row - _TOGETHER, row + _TOGETHER + 1) if at in asked]
        seen = seen_amounts(
            [asked[at] for at in near], list(one.before[near]), list(one.after[near])
        )
        source = one.face.curves.controls.array[frames.start + row]
        for name, (amount, _) in seen.items():
            for column in CORRECTED[name]:
                if wanted[row, column] > _ASKED:
                    # What is asked beyond 1 counts as 1, and so does what is seen of it.
                    counted = min(wanted[row, column], max(1 - source[column], 0))
                    achieved[row, column] = source[column] + max(amount, 0) * counted
    return replace(one, achieved=achieved)


def _as_tracked(face: Face) -> FloatArray:
    """The landmarks (T, 478, 2) of a face as they were tracked; smoothed, where none were kept."""
    try:
        tracked = face.as_tracked()
    except ValueError:
        tracked = None
    points = face.landmarks if tracked is None else tracked.landmarks
    return np.asarray(points[..., :2], np.float32)


def _same_person(face: Face, tracks: Sequence[FaceTrack], rows: slice) -> FaceTrack:
    """In each frame, whatever face of the edited file lies where a face of the original does."""
    own = face.landmarks[rows, :SKIN, :2]
    count = len(own)
    landmarks = np.full((count, LANDMARKS, 3), np.nan, np.float32)
    confidence = np.zeros(count, np.float32)
    nearest = np.full(count, np.inf)
    height = _heights(own)
    for track in tracks:
        with np.errstate(invalid="ignore"):
            away = np.linalg.norm(track.landmarks[:, :SKIN, :2] - own, axis=2).mean(axis=1)
        away = np.where(track.seen & np.isfinite(away), away / height, np.inf)
        closer = (away < nearest) & (away < _NEAR)
        landmarks[closer], confidence[closer] = track.landmarks[closer], track.confidence[closer]
        nearest[closer] = away[closer]
    return FaceTrack(face.number, landmarks, confidence)


def _heights(points: FloatArray) -> FloatArray:
    """(T,) the heights of faces (T, N, 2) in pixels; NaN where they were not seen."""
    return np.asarray(np.maximum(np.ptp(points[..., 1], axis=1), 1), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Trembling:
    """How much a face's landmarks tremble: second differences, in thousandths of its height.

    Attributes:
        before: Standard deviation over time in the original, the median of all landmarks; None
            where there are too few frames.
        after: The same in the edited file.
        excess: (T,) float32, how much more than in the original they move in a frame; NaN where
            that is not known.
    """

    before: float | None
    after: float | None
    excess: FloatArray


_FEW: Final = 5
"""Frames below which nothing is said of trembling."""


def trembling(tracked: Tracked, edited: BoolArray, cuts: Sequence[int]) -> Trembling:
    """Measure how much a face's landmarks tremble in the edited frames, before and after.

    Args:
        tracked: The face.
        edited: (T,) frames in which something is asked of it.
        cuts: Rows with which another shot begins.
    """
    height = _heights(tracked.before[:, :SKIN])[:, None, None]
    one, other = (
        second_differences(np.asarray(points[:, :SKIN] / height * 1000, np.float32), cuts)
        for points in (tracked.before, tracked.after)
    )
    sizes = [np.linalg.norm(steps, axis=2).mean(axis=1) for steps in (one, other)]
    excess = np.asarray(np.where(edited, sizes[1] - sizes[0], np.nan), np.float32)
    rows = edited & np.isfinite(sizes[0]) & np.isfinite(sizes[1])
    if rows.sum() < _FEW:
        return Trembling(None, None, excess)
    before, after = (
        float(np.median(np.sqrt(steps[rows].var(axis=0).sum(axis=1)))) for steps in (one, other)
    )
    return Trembling(before, after, excess)


def second_differences(values: FloatArray, cuts: Sequence[int]) -> FloatArray:
    """Return x[t - 1] - 2 x[t] + x[t + 1] of values (T, ...); NaN at ends, cuts and gaps."""
    steps = np.full_like(values, np.nan)
    if len(values) > 2:
        steps[1:-1] = values[:-2] - 2 * values[1:-1] + values[2:]
    for cut in cuts:
        steps[max(cut - 1, 0) : cut + 1] = np.nan
    return steps
