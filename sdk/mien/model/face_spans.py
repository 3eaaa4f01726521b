"""Faces of shots that were tracked in part: rows of some frames, in place among all frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, FloatArray
from mien.errors import ProjectError
from mien.model.curves import ControlCurves, Curves, HeadPose
from mien.model.face import Face
from mien.model.frame_runs import frame_runs
from mien.model.landmarks import LANDMARKS
from mien.model.raw_landmarks import RawLandmarks
from mien.model.shot import Shot
from mien.model.spans import join_spans
from mien.timebase import Clock, FrameRange

__all__ = [
    "gathered_rows", "joined_face", "placed_face", "spread_rows", "stored_spans", "unpack_rows",
]  # fmt: skip


def stored_spans(shot: Shot) -> tuple[FrameRange, ...] | None:
    """Return the frames whose rows are kept of a shot's faces; None for all.

    Those that were tracked, and those in which a face is all the same: landmarks of other trackers,
    or faces that were tracked again from a hint, may lie anywhere.
    """
    if shot.tracked_spans is None:
        return None
    valid = (frame_runs(face.valid | (face.confidence > 0)) for face in shot.faces)
    spans = join_spans((*shot.tracked_spans, *(run for runs in valid for run in runs)))
    return None if spans == (shot.clock.all,) else spans


def gathered_rows(rows: npt.NDArray[Any], spans: Sequence[FrameRange] | None) -> npt.NDArray[Any]:
    """Return the rows (T, ...) of some frames alone, one after another.

    Args:
        rows: A row a frame of the shot.
        spans: The frames; None for all.
    """
    if spans is None:
        return rows
    return np.concatenate([rows[:0], *(rows[span.start : span.stop] for span in spans)])


def spread_rows(
    rows: npt.NDArray[Any],
    spans: Sequence[FrameRange] | None,
    total: int,
    fill: npt.ArrayLike,
) -> npt.NDArray[Any]:
    """Return rows of some frames as rows (T, ...) of all frames.

    Args:
        rows: A row a frame of the spans, one after another.
        spans: The frames; None for all.
        total: Frames of the shot.
        fill: The row of every other frame.
    """
    if spans is None:
        return rows
    whole = np.empty((total, *rows.shape[1:]), rows.dtype)
    whole[...] = fill
    first = 0
    for span in spans:
        whole[span.start : span.stop] = rows[first : first + len(span)]
        first += len(span)
    return whole


def placed_face(face: Face, clock: Clock, start: int, kept: FrameRange) -> Face:
    """Return a face of some frames of a shot as a face of the shot.

    Args:
        face: The face, its first frame being `start` of the shot.
        clock: The shot's clock.
        start: Frame of the shot with which it begins.
        kept: The frames of the shot that are kept of it; the others only led to them.
    """
    part, total = slice(kept.start - start, kept.stop - start), clock.frame_count

    def placed(rows: npt.NDArray[Any], fill: npt.ArrayLike = 0) -> npt.NDArray[Any]:
        return spread_rows(rows[part], (kept,), total, fill)

    tracked = face.as_tracked()
    raw = None
    if tracked is not None:
        raw = RawLandmarks.pack(tracked.landmarks[part], tracked.seen[part])
    regions = face.region_confidence
    return replace(
        face,
        clock=clock,
        landmarks=placed(face.landmarks, np.nan),
        confidence=placed(face.confidence),
        curves=_placed_curves(face.curves, placed),
        raw=_placed_curves(face.raw, placed),
        raw_landmarks=raw,
        region_confidence=None if regions is None else placed(regions),
    )


def _placed_curves(curves: Curves, placed: Any) -> Curves:
    pose = curves.pose
    return replace(
        curves,
        controls=ControlCurves(placed(curves.controls.array)),
        flame=placed(curves.flame),
        pose=HeadPose(
            placed(pose.scale, 1),
            placed(pose.rotation, np.eye(3, dtype=np.float32)),
            placed(pose.translation),
        ),
        valid=placed(curves.valid, False),
        bridged=placed(curves.bridged, False),
    )


def joined_face(face: Face, other: Face, frames: FrameRange) -> Face:
    """Return a face that is in some frames what another one is; who it is stays.

    Args:
        face: The face, which keeps its number, name and neutral shape.
        other: The same person in further frames.
        frames: These frames.
    """
    part = slice(frames.start, frames.stop)

    def joined(rows: npt.NDArray[Any], others: npt.NDArray[Any]) -> npt.NDArray[Any]:
        both = rows.copy()
        both[part] = others[part]
        return both

    regions = None
    if face.region_confidence is not None and other.region_confidence is not None:
        regions = joined(face.region_confidence, other.region_confidence)
    return replace(
        face,
        landmarks=joined(face.landmarks, other.landmarks),
        confidence=joined(face.confidence, other.confidence),
        curves=_joined_curves(face.curves, other.curves, joined),
        raw=_joined_curves(face.raw, other.raw, joined),
        raw_landmarks=_joined_raw(face, other),
        region_confidence=regions,
    )


def _joined_curves(curves: Curves, other: Curves, joined: Any) -> Curves:
    pose, its = curves.pose, other.pose
    return replace(
        curves,
        controls=ControlCurves(joined(curves.controls.array, other.controls.array)),
        flame=joined(curves.flame, other.flame),
        pose=HeadPose(
            joined(pose.scale, its.scale),
            joined(pose.rotation, its.rotation),
            joined(pose.translation, its.translation),
        ),
        valid=joined(curves.valid, other.valid),
        bridged=joined(curves.bridged, other.bridged),
    )


def _joined_raw(face: Face, other: Face) -> RawLandmarks | None:
    """What both keep as it was tracked, in order of time; None where one keeps nothing."""
    if face.raw_landmarks is None or other.raw_landmarks is None:
        return None
    seen = [one.confidence > 0 for one in (face, other)]
    either: BoolArray = np.asarray(seen[0] | seen[1])
    # Rows of the frames in which either is seen: of an hour of film these are few.
    rows: FloatArray = np.empty((int(either.sum()), LANDMARKS, 3), np.float32)
    for one, its in zip((face, other), seen, strict=True):
        rows[its[either]] = unpack_rows(one)
    return RawLandmarks.pack(rows, np.ones(len(rows), np.bool_))


def unpack_rows(face: Face) -> FloatArray:
    """Return a face's landmarks (N, 478, 3) as they were tracked, of the frames that have any.

    Raises:
        ProjectError: When what was kept is damaged.
    """
    assert face.raw_landmarks is not None
    # Of the frames in which it is seen alone: of an hour of film these may be few.
    seen = np.ones(int(np.count_nonzero(face.confidence > 0)), np.bool_)
    try:
        return face.raw_landmarks.unpack(seen)
    except ValueError as error:
        raise ProjectError(
            f"The landmarks of {face.name} are damaged: {error}.",
            "Restore the project from a backup, or track the shot again.",
        ) from error
