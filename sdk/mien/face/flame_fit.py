"""FLAME coefficients of a tracked face: a head's own model fitted to its landmarks.

Once a shot, the person's shape is fitted to the neutral face that the solver found, each
coefficient held back by its spread in people; what it leaves of the landmarks is the
person's, or the embedding's, and stays with every frame. Then, for all frames together, the
head's pose (Umeyama's similarity) and the frame's expression, eyelids and jaw (Gauss-Newton
on regularised least squares) are found in turn. At the end the curves are smoothed without
lag.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, FloatArray
from mien.blas import one_blas_thread
from mien.face.flame import FlameHead
from mien.face.flame_coefficients import EXPRESSION, EYELIDS, JAW, JAW_SIDEWAYS
from mien.face.heads import Head, load_head
from mien.face.pose import Alignment, align, nearest_rotations
from mien.face.rig import load_rig
from mien.face.smoothing import (
    FINE_PX_PER_UNIT,
    ROTATION_NOISE,
    SCALE_NOISE,
    TRANSLATION_NOISE,
)
from mien.model.curves import FLAME_SIZE, HeadPose
from mien.model.face import Face
from mien.model.landmarks import SKIN
from mien.signal.smooth import smooth

__all__ = ["FlameFit", "fit_flame", "fit_head"]

SHAPES_FITTED: Final = 100
"""Shape coefficients that landmarks can tell; the others stay 0."""
SHAPE_ROUNDS: Final = 20
SHAPE_NOISE: Final = 0.15
"""Canonical units (about 1 mm) by which a neutral landmark may miss."""
BATCH: Final = 256
"""Frames fitted together."""
ROUNDS: Final = 3
"""Alternations between pose and coefficients in a frame."""
JAW_STEP: Final = 1e-3
"""Radians over which the jaw's turn is differentiated."""
LANDMARK_NOISE: Final = (0.2, 0.2, 0.4)
"""Canonical units by which a landmark may miss across, up, and in depth, which the tracker
guesses: its own jitter, and what skin does that neither a head nor its embedding knows."""
POSE: Final = 7
"""Parameters of a similarity: three of rotation, three of translation, and scale."""
FREE: Final = 1e-3
"""How little the pose's change is held back."""
SPREAD: Final = np.array([1.0] * 50 + [10.0] * 2 + [2.0] * 3, dtype=np.float32)
"""How far coefficients usually are from 0: expressions count in standard deviations."""
LOW: Final = np.array(
    [-np.inf] * 50 + [0.0] * 2 + [0.0, -JAW_SIDEWAYS, -JAW_SIDEWAYS], dtype=np.float32
)
HIGH: Final = np.array(
    [np.inf] * 50 + [1.0] * 2 + [np.inf, JAW_SIDEWAYS, JAW_SIDEWAYS], dtype=np.float32
)
"""Bounds of coefficients, those of SMIRK's: lids open to shut, a jaw that opens."""
NOISE: Final = np.array([0.15] * 50 + [0.05] * 2 + [0.01] * 3, dtype=np.float32)
"""Standard deviation of what is jitter of a coefficient; what is rougher is motion."""
_VARIANCE = np.tile(np.square(LANDMARK_NOISE), SKIN)
_CAMERA = np.array([1, -1, -1], dtype=np.float32)
"""From pixels (y down, z away) to camera axes (y up, z towards the camera)."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FlameFit:
    """The performance of one face in the terms of one FLAME head.

    A point x of the head's mesh, in metres, is at X = (x - translation) @ rotation / scale
    in canonical space; `pose` shows X in the picture.

    Attributes:
        basis: The head's name.
        shape: (300,) float32, shape coefficients of the person.
        flame: (T, 55) float32, [expression 50 | eyelids 2 | jaw 3]; rows of invalid frames 0.
        pose: Head pose over time.
        scale: Metres per canonical unit on this person's head.
        rotation: (3, 3) float32 from canonical space to the head's.
        translation: (3,) float32 metres.
        root: (3,) float32 metres, the person's root joint, about which FLAME turns the head.
        error: (T,) float32, root mean square distance in the picture of landmarks from the
            mesh, as a part of the face's width; NaN in invalid frames.
    """

    basis: str
    shape: FloatArray
    flame: FloatArray
    pose: HeadPose
    scale: float
    rotation: FloatArray
    translation: FloatArray
    root: FloatArray
    error: FloatArray

    def __repr__(self) -> str:
        return f"FlameFit({self.basis}, {len(self.flame)} frames)"

    def global_pose(self, size: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
        """Return the pose as FLAME's own: how the head is turned about its root, then moved.

        Args:
            size: (width, height) of the upright picture in pixels.

        Returns:
            (T, 3, 3) rotation, and (T, 3) translation in metres (x right, y up; depth 0 for
            the root, as a weak-perspective camera has none) from the middle of the picture.
        """
        turn = self.pose.rotation @ self.rotation.T
        offset = (self.pose.translation - (np.array(size) - 1) / 2) * _CAMERA[:2]
        metres = offset * (self.scale / self.pose.scale[:, None])
        moved = turn @ (self.root - self.translation) - self.root
        moved[:, :2] += metres
        moved[:, 2] = -self.root[2]
        return turn.astype(np.float32), moved.astype(np.float32)


def fit_flame(face: Face, basis: str, *, cuts: Sequence[int] = (), raw: bool = False) -> FlameFit:
    """Fit an installed head to a face.

    Args:
        face: The face.
        basis: Name of the head.
        cuts: First frames of new shots; nothing is smoothed across one.
        raw: Whether coefficients are left as fitted to the (smoothed) landmarks.

    Raises:
        MissingDependencyError: When the head is not installed.
        WeightsError: When one of its files cannot be used.
    """
    return fit_head(load_head(basis), face, cuts=cuts, raw=raw)


@one_blas_thread()
def fit_head(head: Head, face: Face, *, cuts: Sequence[int] = (), raw: bool = False) -> FlameFit:
    """Fit a head to a face; see `fit_flame`."""
    person = _Person(head, face.identity)
    frames = len(face.valid)
    flame = np.zeros((frames, FLAME_SIZE), dtype=np.float32)
    scale = np.ones(frames, dtype=np.float32)
    rotation = np.tile(np.eye(3, dtype=np.float32), (frames, 1, 1))
    translation = np.zeros((frames, 3), dtype=np.float32)
    for batch in _batches(np.flatnonzero(face.valid)):
        found, pose = person.solve(face.landmarks[batch, :SKIN] * _CAMERA)
        flame[batch] = found
        scale[batch], rotation[batch] = pose.scale, pose.rotation
        translation[batch] = pose.translation
    if not raw:
        size = float(np.median(scale[face.valid])) if face.valid.any() else FINE_PX_PER_UNIT
        steady = _Steady(
            face.valid, float(face.clock.rate), cuts, max(1.0, FINE_PX_PER_UNIT / size)
        )
        flame = np.clip(steady(flame, NOISE), LOW, HIGH)
        scale = steady(scale, SCALE_NOISE * size)
        rotation = nearest_rotations(steady(rotation, ROTATION_NOISE))
        translation = steady(translation, TRANSLATION_NOISE * size)
    alignment = Alignment(scale, rotation, translation)
    return FlameFit(
        basis=head.mesh.basis,
        shape=person.shape,
        flame=flame,
        pose=HeadPose(scale, rotation, translation[:, :2] * _CAMERA[:2]),
        scale=person.scale,
        rotation=person.rotation,
        translation=person.translation,
        root=person.root,
        error=_errors(person, face, flame, alignment),
    )


class _Person:
    """A head in one person's shape, its landmarks in canonical space.

    Args:
        head: The head.
        identity: (468, 3) the person's neutral face in canonical units.
    """

    def __init__(self, head: Head, identity: FloatArray) -> None:
        rig = load_rig()
        self._stiffness = rig.stiffness
        self._identity = identity
        self.shape = np.zeros(len(head.landmarks.shapes), dtype=np.float32)
        self._fit_shape(head.landmarks, identity)
        self._landmarks = head.landmarks.shaped(self.shape)
        self.root = self._landmarks.joints[0]
        # What the shape leaves of the neutral face goes with every frame.
        self._rest = identity - self._to_canonical(self._landmarks.template)
        lids = self._landmarks.eyelids
        assert lids is not None
        columns = np.concatenate([self._landmarks.expressions[: EXPRESSION.stop], lids])
        self._columns = np.concatenate([_pose_columns(identity), self._directions(columns)])
        self._gain = (self._columns / _VARIANCE).T

    def _fit_shape(self, landmarks: FlameHead, identity: FloatArray) -> None:
        """Find shape coefficients and how canonical space lies over the person's head."""
        count = min(SHAPES_FITTED, len(self.shape))
        directions = landmarks.shapes[:count].astype(np.float64)
        for _ in range(SHAPE_ROUNDS):
            points = landmarks.template + (self.shape @ landmarks.shapes).reshape(-1, 3)
            laid = align(identity, points[None], self._stiffness)
            self.scale = float(laid.scale[0])
            self.rotation, self.translation = laid.rotation[0], laid.translation[0]
            away = (laid.apply(identity[None])[0] - landmarks.template).reshape(-1)
            noise = (SHAPE_NOISE * self.scale) ** 2
            normal = directions @ directions.T + noise * np.eye(count)
            self.shape[:count] = np.linalg.solve(normal, directions @ away)

    def _to_canonical(self, points: FloatArray) -> FloatArray:
        moved = (points - self.translation) @ self.rotation / self.scale
        return np.asarray(moved, dtype=np.float32)

    def _directions(self, rows: FloatArray) -> FloatArray:
        """Displacements (N, 1404) in metres as canonical ones."""
        turned = rows.reshape(len(rows), -1, 3) @ self.rotation / self.scale
        return np.asarray(turned.reshape(len(rows), -1), dtype=np.float32)

    def points(self, flame: FloatArray) -> FloatArray:
        """The landmarks (T, 468, 3) of coefficients (T, 55), in canonical space."""
        metres = self._landmarks.vertices(
            flame[:, EXPRESSION], eyelids=flame[:, EYELIDS], jaw=flame[:, JAW]
        )
        return self._to_canonical(metres) + self._rest

    def solve(self, points: FloatArray) -> tuple[FloatArray, Alignment]:
        """Coefficients (T, 55) and pose of landmarks (T, 468, 3) in camera axes."""
        flame = np.zeros((len(points), FLAME_SIZE), dtype=np.float32)
        shape: FloatArray = np.broadcast_to(self._identity, points.shape)
        for _ in range(ROUNDS):
            pose = align(shape, points, self._stiffness)
            rest = (pose.undo(points) - shape).reshape(len(points), -1)
            flame = np.clip(flame + self._step(flame, shape, rest), LOW, HIGH)
            shape = self.points(flame)
        return flame, align(shape, points, self._stiffness)

    def _step(self, flame: FloatArray, shape: FloatArray, rest: FloatArray) -> FloatArray:
        """Change of coefficients (T, 55) that explains what they leave (T, 1404)."""
        frames = len(flame)
        jaw = np.empty((frames, 3, rest.shape[1]))
        for axis in range(3):
            turned = flame.copy()
            turned[:, JAW.start + axis] += JAW_STEP
            jaw[:, axis] = (self.points(turned) - shape).reshape(frames, -1) / JAW_STEP
        jaw_gain = jaw / _VARIANCE
        first = len(self._columns)
        size = first + 3
        normal = np.empty((frames, size, size))
        normal[:, :first, :first] = self._columns @ self._gain
        normal[:, first:, :first] = jaw @ self._gain
        normal[:, :first, first:] = normal[:, first:, :first].transpose(0, 2, 1)
        normal[:, first:, first:] = jaw @ jaw_gain.transpose(0, 2, 1)
        normal[:, range(size), range(size)] += np.concatenate([np.full(POSE, FREE), 1 / SPREAD**2])
        right = np.concatenate([rest @ self._gain, np.einsum("tan,tn->ta", jaw_gain, rest)], axis=1)
        right[:, POSE:] -= flame / SPREAD**2
        step = np.linalg.solve(normal, right[:, :, None])[:, :, 0]
        low, high = (np.concatenate([np.full(POSE, bound[0]), bound]) for bound in (LOW, HIGH))
        before = np.concatenate([np.zeros((frames, POSE)), flame], axis=1)
        return _within(normal, right, step, low - before, high - before)[:, POSE:]


def _within(
    normal: npt.NDArray[np.float64],
    right: npt.NDArray[np.float64],
    step: npt.NDArray[np.float64],
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
) -> FloatArray:
    """Steps (T, N) held between bounds, the others solved again for those that are held."""
    held = np.clip(step, low, high)
    free = held == step
    frames = np.flatnonzero(~free.all(axis=1))
    if frames.size:
        open_ = free[frames].astype(np.float64)
        fixed = np.where(free[frames], 0, held[frames])
        left = normal[frames] * open_[:, :, None] * open_[:, None]
        diagonal = range(left.shape[1])
        left[:, diagonal, diagonal] += 1 - open_
        rest = right[frames] - np.einsum("tij,tj->ti", normal[frames], fixed)
        wanted = np.where(free[frames], rest, fixed)
        held[frames] = np.linalg.solve(left, wanted[:, :, None])[:, :, 0]
    return np.clip(held, low, high).astype(np.float32)


def _pose_columns(identity: FloatArray) -> npt.NDArray[np.float64]:
    """(7, 1404) how landmarks move with the head: turned, moved, and nearer.

    A frame's coefficients are found together with its pose's change, lest a pose that is
    aligned to the wrong expression holds that expression up.
    """
    points = identity.astype(np.float64)
    turned = [np.cross(axis, points) for axis in np.eye(3)]
    moved = [np.broadcast_to(axis, points.shape) for axis in np.eye(3)]
    return np.asarray(np.stack([*turned, *moved, points]).reshape(POSE, -1))


class _Steady:
    """Smooths curves over the valid frames of a shot; jitter grows with coarseness."""

    def __init__(self, valid: BoolArray, rate: float, cuts: Sequence[int], coarse: float) -> None:
        self._valid, self._rate, self._cuts, self._coarse = valid, rate, cuts, coarse

    def __call__(self, values: FloatArray, most: float | FloatArray) -> FloatArray:
        limit = np.asarray(most, dtype=np.float32) * np.float32(self._coarse)
        return smooth(values, self._valid, rate=self._rate, cuts=self._cuts, most=limit)


def _batches(frames: npt.NDArray[np.intp]) -> Iterator[npt.NDArray[np.intp]]:
    for first in range(0, len(frames), BATCH):
        yield frames[first : first + BATCH]


def _errors(person: _Person, face: Face, flame: FloatArray, pose: Alignment) -> FloatArray:
    errors = np.full(len(flame), np.nan, dtype=np.float32)
    for batch in _batches(np.flatnonzero(face.valid)):
        there = Alignment(pose.scale[batch], pose.rotation[batch], pose.translation[batch])
        shown = there.apply(person.points(flame[batch]))[..., :2]
        seen = face.landmarks[batch, :SKIN, :2] * _CAMERA[:2]
        width = np.ptp(seen[..., 0], axis=1)
        errors[batch] = np.sqrt(((shown - seen) ** 2).sum(axis=2).mean(axis=1)) / width
    return errors
