"""Landmarks of regions that something covers: no evidence, so they are bridged in time.

A network says where a covered mouth is as well, but it guesses. In the head's own space the
points of such a region go in a straight line from where they were seen last to where they are
seen next, and fade over into what is seen around them. All that is solved from the landmarks
follows: the pose, the controls, and the landmarks themselves.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from mien._math import smoothstep
from mien._types import BoolArray, FloatArray, IndexArray
from mien.face.gaze import FULL_LOOK, GAZE_COLUMNS, degrees_to_looks
from mien.face.pose import Alignment, align, angles, nearest_rotations
from mien.face.regions import region_landmarks
from mien.face.rig import load_rig
from mien.model.control_regions import regions_of
from mien.model.controls import CONTROLS, HEAD, INDEX
from mien.model.fading import COVERED, SEEN
from mien.model.landmarks import IRISES, LANDMARKS, SKIN
from mien.model.occlusion import REGIONS

__all__ = ["bridge_hidden", "bridge_hidden_curves", "shown_frames"]

_BESIDE: Final = 3
"""Frames beside a covered one in which a region is doubted, and fades over."""

_ANCHORS: Final = 5
"""Frames whose mean says where a region was seen last, or next."""

_CHANGES: Final = 0.05
"""Change of trust from frame to frame that says that something comes or goes."""

_NEAR: Final = 3
"""Frames around such a change in which readings may jump."""

_WEIGHT_STEP: Final = 0.04
"""Change of a control from frame to frame that is left beside such a change; 1.2 degrees of
gaze."""

_HEAD_STEP: Final = 0.5
"""The same of the head's angles, degrees."""

_UNEVEN: Final = 1.0
"""Part of the steps around it by which a step of a head that turns may differ from them."""

_USUAL: Final = 0.995
"""Part of the performance's steps from frame to frame that are no larger than what is usual."""

_FEW: Final = 8
"""Frames below which a person's shape is not told by them alone."""

_SHAPE_FRAMES: Final = 64
"""Frames whose mean says what shape the person's face has."""

_FALLOFF: Final = (0.8, 2.6)
"""Canonical units from a region's landmarks up to which points go with it, and from which they do
not."""

_HEAD: Final = [INDEX[name] for name in HEAD]
_SKIN: Final = [i for i, control in enumerate(CONTROLS) if control.unit == "weight"]
_CAMERA: Final = np.array([1, -1, -1], dtype=np.float32)
"""From pixels (y down, z away) to camera axes (y up, z towards the camera)."""


def bridge_hidden(
    landmarks: FloatArray, seen: BoolArray, regions: FloatArray | None, cuts: Sequence[int] = ()
) -> None:
    """Bridge the landmarks of covered regions; where all regions are seen nothing changes.

    Args:
        landmarks: (T, 478, 3) pixels of the upright picture; changed in place.
        seen: (T,) frames in which the face was seen.
        regions: (T, 4) confidence of `REGIONS`; None where it is not known.
        cuts: First frames of new shots; nothing is bridged across one.
    """
    for frames, trust in _covered_shots(seen, seen, regions, cuts):
        _bridge_shot(landmarks, frames, trust)


def bridge_hidden_curves(
    controls: FloatArray,
    rotation: FloatArray,
    frames: tuple[BoolArray, BoolArray],
    regions: FloatArray | None,
    cuts: Sequence[int] = (),
) -> None:
    """Bridge the controls of covered regions, and take out what jumps as something comes or goes.

    A reading of the whole face jumps when part of it is covered; what jumps in the very frames in
    which a region is covered, or uncovered, is the reading's and not the performance's.

    Args:
        controls: (T, 59) as solved; changed in place.
        rotation: (T, 3, 3) of the head; changed in place.
        frames: (T,) in which the face was solved, and (T,) in which it was seen.
        regions: (T, 4) confidence of `REGIONS`; None where it is not known.
        cuts: First frames of new shots; nothing is bridged across one.
    """
    for some, trust in _covered_shots(*frames, regions, cuts):
        turned = _without_jumps(
            rotation[some].reshape(-1, 9), trust, np.radians(_HEAD_STEP), steady=False
        )
        rotation[some] = nearest_rotations(turned.reshape(-1, 3, 3))
        values = _without_jumps(controls[some], trust, _steps())
        for region, name in enumerate(REGIONS):
            columns = [i for i, control in enumerate(CONTROLS) if name in regions_of(control)]
            for stretch in _stretches(trust[:, region] < 1):
                ends = [
                    (some[near].mean(), values[near][:, columns].mean(axis=0))
                    for near in _beside(trust[:, region] >= 1, stretch)
                    if len(near)
                ]
                if ends:
                    share = 1 - trust[stretch, region, None]
                    part = values[stretch][:, columns]
                    values[stretch, columns] = part + share * (_between(ends, some[stretch]) - part)
        values[:, _SKIN] = values[:, _SKIN].clip(0, 1)
        degrees_to_looks(values[:, list(GAZE_COLUMNS)], values)
        values[:, _HEAD] = angles(rotation[some])
        controls[some] = values


def shown_frames(seen: BoolArray, regions: FloatArray | None) -> IndexArray:
    """Return the frames in which all regions of a face are seen; where they are few, all frames.

    Args:
        seen: (T,) frames in which the face was seen.
        regions: (T, 4) confidence of `REGIONS`; None where it is not known.
    """
    if regions is not None:
        shown = np.flatnonzero(seen & (regions >= SEEN).all(axis=1))
        if len(shown) >= _FEW:
            return shown
    return np.flatnonzero(seen)


def _covered_shots(
    valid: BoolArray, seen: BoolArray, regions: FloatArray | None, cuts: Sequence[int]
) -> Iterator[tuple[IndexArray, FloatArray]]:
    """The frames of every shot in which something is covered, and how far each region counts."""
    if regions is None:
        return
    ends = [0, *(cut for cut in cuts if 0 < cut < len(seen)), len(seen)]
    for first, stop in itertools.pairwise(ends):
        frames, known = (first + np.flatnonzero(some[first:stop]) for some in (valid, seen))
        if len(known) and (regions[known] < SEEN).any():
            # In a gap that is bridged stands what lies between its ends.
            between = [np.interp(frames, known, column) for column in regions[known].T]
            yield frames, _trust(np.stack(between, axis=1).astype(np.float32))


def _trust(regions: FloatArray) -> FloatArray:
    """(N, 4) how far landmarks count, 0..1: less beside covered frames too, in a ramp."""
    width = 2 * _BESIDE + 1
    shown = smoothstep(regions, COVERED, SEEN)

    def around(values: FloatArray) -> FloatArray:
        padded = np.pad(values, ((_BESIDE, _BESIDE), (0, 0)), mode="edge")
        return np.lib.stride_tricks.sliding_window_view(padded, width, axis=0)

    least = around(shown).min(axis=-1)
    smooth = around(np.asarray(least)).mean(axis=-1)
    # A mean of ones is one, however it was rounded.
    smooth[np.asarray(around(np.asarray(least))).min(axis=-1) >= 1] = 1
    return np.asarray(np.minimum(smooth, shown), np.float32)


def _bridge_shot(landmarks: FloatArray, frames: IndexArray, trust: FloatArray) -> None:
    """Bridge the frames of one shot in which the face was seen."""
    influence, shape = _influence(), _shape(landmarks, frames, trust)
    for region in range(len(REGIONS)):
        clear = trust[:, region] >= 1
        for stretch in _stretches(~clear):
            before, after = _beside(clear, stretch)
            if not len(before) and not len(after):
                continue  # Never seen in this shot: the guess is all there is.
            covered = (trust[stretch] < 1).any(axis=0)
            head = _Head(shape, (1 - influence[:SKIN, covered]).prod(axis=1))
            ends = [
                (frames[some].mean(), head.rest(landmarks[frames[some]])[0].mean(axis=0))
                for some in (before, after)
                if len(some)
            ]
            some = frames[stretch]
            share = (1 - trust[stretch, region])[:, None] * influence[:, region]
            rest, pose = head.rest(landmarks[some])
            rest += share[..., None] * (_between(ends, some) - rest)
            moved = np.flatnonzero(influence[:, region] > 0)
            landmarks[np.ix_(some, moved)] = pose.apply(rest)[:, moved] * _CAMERA


class _Head:
    """A head whose place is told by the part of it that is seen.

    Args:
        shape: (468, 3) the person's face.
        seen: (468,) how far each point counts.
    """

    def __init__(self, shape: FloatArray, seen: FloatArray) -> None:
        self._shape = shape
        self._weights = load_rig().stiffness * seen

    def rest(self, landmarks: FloatArray) -> tuple[FloatArray, Alignment]:
        """Return landmarks (N, 478, 3) in the head's own space, and how they came from there."""
        points = landmarks * _CAMERA
        pose = align(self._shape, points[:, :SKIN], self._weights)
        return pose.undo(points), pose


def _between(ends: Sequence[tuple[float, FloatArray]], frames: IndexArray) -> FloatArray:
    """(N, 478, 3) on the way from one end to the other; one end alone is held."""
    (start, first), (stop, last) = ends[0], ends[-1]
    way = ((frames - start) / max(stop - start, 1)).clip(0, 1).astype(np.float32)
    return first + way.reshape(-1, *(1,) * first.ndim) * (last - first)


def _beside(clear: BoolArray, stretch: slice) -> tuple[IndexArray, IndexArray]:
    """Frames before and after a stretch in which a region is seen."""
    before = np.arange(max(0, stretch.start - _ANCHORS), stretch.start)
    after = np.arange(stretch.stop, min(len(clear), stretch.stop + _ANCHORS))
    return before[clear[before]], after[clear[after]]


def _edges(trust: FloatArray) -> BoolArray:
    """(N - 1,) the steps in or beside which a region is covered or uncovered."""
    changes = (np.abs(np.diff(trust, axis=0)) > _CHANGES).any(axis=1)
    return _widened(np.asarray(changes))


def _without_jumps(
    values: FloatArray, trust: FloatArray, most: FloatArray | float, *, steady: bool = True
) -> FloatArray:
    """(N, C) values without the steps of readings that something in front of the face disturbs.

    A step is too large beyond `most` as something comes or goes, and beyond what the performance
    does elsewhere while it is there. What is taken out stays out while a region is covered; what
    is left of it when all are seen again, as far as coming and going do not cancel, is spread
    over the time between. Where values need not hold `steady`, a step as large as those around it
    is no jump: heads turn while their faces are covered, and because they turn.
    """
    steps, covered = np.diff(values, axis=0), (trust < 1).any(axis=1)
    apart = _widened(covered)
    usual = np.asarray(most, np.float32)
    clear = ~(apart[1:] | apart[:-1])
    if clear.any():
        usual = np.maximum(usual, np.quantile(np.abs(steps[clear]), _USUAL, axis=0))
    else:
        usual = np.full(values.shape[1], np.inf, np.float32)
    most = np.where(_edges(trust)[:, None], most, usual)
    middle = np.zeros_like(steps) if steady else _median_steps(steps)
    most = np.maximum(most, _UNEVEN * np.abs(middle))
    beyond = steps - np.clip(steps, middle - most, middle + most)
    excess = np.where(clear[:, None], 0, beyond)
    moved = np.zeros_like(values)
    moved[1:] = np.cumsum(excess, axis=0)
    off = np.zeros_like(values)
    for stretch in _stretches(apart):
        first, last = max(stretch.start - 1, 0), min(stretch.stop, len(values) - 1)
        part = moved[first : last + 1] - moved[first]
        if last == stretch.stop:
            # Seen again after it: there nothing is off. Where it was not seen before, all the
            # difference lies there.
            way = np.ones(len(part)) if stretch.start == 0 else np.linspace(0, 1, len(part))
            part = part - way[:, None] * part[-1]
        off[first : last + 1] = part
    return np.asarray(values - off, np.float32)


def _median_steps(steps: FloatArray) -> FloatArray:
    """(N, C) the medians of steps and those beside them; a single frame has no step."""
    if not len(steps):
        return steps
    padded = np.pad(steps, ((_NEAR, _NEAR), (0, 0)), mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEAR + 1, axis=0)
    return np.asarray(np.median(views, axis=-1), np.float32)


def _widened(frames: BoolArray) -> BoolArray:
    """(N,) some frames, and those beside them."""
    if not len(frames):
        return frames
    return np.asarray(np.convolve(np.pad(frames, _NEAR), np.ones(2 * _NEAR + 1), "valid") > 0)


def _shape(landmarks: FloatArray, frames: IndexArray, trust: FloatArray) -> FloatArray:
    """(468, 3) the person's face, as the frames show it in which the most is seen."""
    rig = load_rig()
    clear = np.flatnonzero(trust.min(axis=1) >= trust.min(axis=1).max())
    picked = frames[
        clear[np.linspace(0, len(clear) - 1, min(len(clear), _SHAPE_FRAMES)).astype(int)]
    ]
    points = landmarks[picked, :SKIN] * _CAMERA
    shape = align(rig.mean, points, rig.stiffness).undo(points).mean(axis=0)
    return np.asarray(shape, np.float32)


def _stretches(hidden: BoolArray) -> Iterator[slice]:
    """Runs of frames."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], hidden.astype(np.int8), [0]])))
    for first, stop in zip(edges[::2], edges[1::2], strict=True):
        yield slice(int(first), int(stop))


@functools.cache
def _steps() -> FloatArray:
    """(59,) changes of controls that are left beside a change of what is covered."""
    gaze = _WEIGHT_STEP * FULL_LOOK
    known = {"gaze": gaze, "head": _HEAD_STEP}
    return np.array([known.get(control.region, _WEIGHT_STEP) for control in CONTROLS], np.float32)


@functools.cache
def _influence() -> FloatArray:
    """(478, 4) how far every landmark goes with each of `REGIONS`, 0..1."""
    rig = load_rig()
    found = np.zeros((LANDMARKS, len(REGIONS)), np.float32)
    for column, indices in enumerate(region_landmarks()):
        apart = np.linalg.norm(rig.mean[:, None] - rig.mean[indices], axis=-1).min(axis=1)
        found[:SKIN, column] = 1 - smoothstep(apart, *_FALLOFF)
    for irises in IRISES.values():
        found[irises, REGIONS.index("eyes")] = 1
    return found
