"""Snapping: dragged times are drawn to times that mean something."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien.model.document import Project
from mien.session.refs import KeyRef

__all__ = ["PIXELS", "Snapped", "snap", "targets"]

PIXELS = 7.0
"""Logical pixels within which a target draws what is dragged to it."""
_Frames = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Snapped:
    """The end of a drag after snapping.

    Attributes:
        delta: Frames by which things move.
        target: The frame that something was drawn to; None when nothing was near.
    """

    delta: int
    target: int | None = None


def targets(
    project: Project, playhead: int | None = None, without: Iterable[KeyRef] = ()
) -> _Frames:
    """Return ascending frames of a shot that draw: keys, markers, cuts, mixes, in, out, both ends.

    Args:
        project: The shot with its edits.
        playhead: The playhead, when it draws too; not while it is itself dragged.
        without: Keys that are dragged, which would hold themselves back.
    """
    moved: dict[object, set[int]] = {}
    for key in without:
        moved.setdefault((key.track.face, key.track.layer, key.track.index), set()).add(key.frame)
    last = project.shot.clock.frame_count - 1
    frames = {0, last, *project.shot.cuts, *(marker.frame for marker in project.markers)}
    for mix in project.shot.mixes:
        frames |= {max(mix.start - 1, 0), min(mix.stop, last)}
    if project.span is not None:
        frames |= {project.span.start, project.span.stop - 1}
    if playhead is not None:
        frames.add(playhead)
    for edit in project.edits:
        for layer in edit.layers:
            for index, track in enumerate(layer.tracks):
                dragged = moved.get((edit.face.number, layer.name, index), ())
                frames.update(key.frame for key in track.keys if key.frame not in dragged)
    return np.array(sorted(frames), np.int64)


def snap(moved: npt.ArrayLike, delta: int, snap_targets: _Frames, reach: float) -> Snapped:
    """Change a move so that one of the moved frames comes to lie on a target.

    Args:
        moved: (N,) frames before the move.
        delta: Frames by which the pointer moved.
        snap_targets: (M,) ascending frames that draw.
        reach: Frames within which they do; `PIXELS` divided by the axis' scale.

    Returns:
        The least change of `delta` that lays a frame on a target within reach.
    """
    frames = np.unique(np.asarray(moved, dtype=np.int64)) + delta
    if not len(frames) or not len(snap_targets):
        return Snapped(delta)
    after = np.clip(np.searchsorted(snap_targets, frames), 0, len(snap_targets) - 1)
    before = np.clip(after - 1, 0, len(snap_targets) - 1)
    gaps = np.concatenate([snap_targets[after] - frames, snap_targets[before] - frames])
    best = int(np.argmin(np.abs(gaps)))
    if abs(int(gaps[best])) > reach:
        return Snapped(delta)
    gap = int(gaps[best])
    return Snapped(delta + gap, int(frames[best % len(frames)]) + gap)
