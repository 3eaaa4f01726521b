"""A face taken by its handles: drag a corner of the mouth, and its controls follow.

A handle is a point of the face with the few controls that people mean when they pull it. How
far those have to go is found on the person's own rig, by Gauss-Newton steps of damped least
squares between bounds (Levenberg 1944): the damping keeps controls small that hardly move the
point in the direction of the pull.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mien._types import DoubleArray, FloatArray
from mien.face.deform import deform_landmarks, iris_motion, personal_rig
from mien.face.gaze import FULL_LOOK
from mien.model.controls import CONTROLS, INDEX, sides
from mien.model.face import Face
from mien.model.landmarks import IRISES

__all__ = ["HANDLES", "Handle", "drag", "handles"]

_DAMPING: Final = 0.06
"""Part of the strongest control's effect: weaker ones than this are left alone."""
_ACROSS: Final = 0.4
"""A corner of the mouth that is pulled up has to come up, even if a smile takes it outwards."""
_STEPS: Final = 6
_CLOSE_ENOUGH: Final = 0.02
"""Pixels."""
_HALVINGS: Final = 4
_SETTLED: Final = 0.98
"""Steps end when one leaves more than this of what was missed."""
_SWEEPS: Final = 200
_STUCK: Final = 1e-3
"""Pixels for a weight of 1 that are no motion."""
_PROBE: Final = 0.02
"""Change of a weight by which its effect is measured."""
_UNCHANGED: Final = 1e-4
_SHUT: Final = 1.0
"""A lid that is closed cannot close further."""


@dataclass(frozen=True, slots=True)
class Handle:
    """A point of the face that can be taken hold of.

    Attributes:
        name: What it is, with the person's own side.
        landmark: The landmark that it lies on.
        controls: What moves when it is dragged, and how reluctantly. A name without its side
            moves both sides alike.
        upright: Whether it only goes up and down on the face, whichever way it is pulled.
    """

    name: str
    landmark: int
    controls: Mapping[str, float]
    upright: bool = False


def _both(
    name: str,
    left: int,
    right: int,
    controls: Mapping[str, float],
    *sided: str,
    upright: bool = False,
) -> tuple[Handle, Handle]:
    """A handle on either side; the controls named in `sided` are the handle's side's own."""

    def of(side: str, landmark: int) -> Handle:
        own = {f"{key}{side}" if key in sided else key: cost for key, cost in controls.items()}
        return Handle(f"{name}{side}", landmark, own, upright)

    return of("Left", left), of("Right", right)


HANDLES: Final[tuple[Handle, ...]] = (
    *_both(
        "mouthCorner", 291, 61,
        {"mouthSmile": 1, "mouthFrown": 1, "mouthStretch": 1.5, "mouthPucker": 5},
        "mouthSmile", "mouthFrown", "mouthStretch",
    ),
    Handle("lipUpper", 0, {"mouthUpperUp": 1, "mouthShrugUpper": 1.5, "mouthRollUpper": 1,
                           "mouthLeft": 1, "mouthRight": 1}),
    Handle("lipLower", 17, {"mouthLowerDown": 1, "mouthShrugLower": 1, "jawOpen": 2,
                            "mouthLeft": 1, "mouthRight": 1}),
    Handle("chin", 152, {"jawOpen": 1, "jawLeft": 1, "jawRight": 1}),
    *_both("browInner", 285, 55, {"browInnerUp": 1, "browDown": 1}, "browDown", upright=True),
    *_both("browOuter", 276, 46, {"browOuterUp": 1, "browDown": 1}, "browOuterUp", "browDown",
           upright=True),
    *_both("lidUpper", 386, 159, {"eyeBlink": 1, "eyeWide": 1}, "eyeBlink", "eyeWide",
           upright=True),
    *_both("lidLower", 374, 145, {"eyeSquint": 1}, "eyeSquint", upright=True),
    *_both("eye", IRISES["Left"].start, IRISES["Right"].start, {"gazeYaw": 1, "gazePitch": 1}),
    *_both("cheek", 330, 101, {"cheekSquint": 1}, "cheekSquint", upright=True),
    *_both("nose", 358, 129, {"noseSneer": 1}, "noseSneer", upright=True),
)  # fmt: skip
"""Every handle. Both eyes look together, whichever is dragged."""
_BY_NAME: Final = {handle.name: handle for handle in HANDLES}


def handles(face: Face, frame: int, controls: FloatArray) -> dict[str, FloatArray]:
    """Return the handles of a face in a frame with its edit.

    Args:
        face: The face.
        frame: Index of the frame.
        controls: (59,) what is asked for: the performance with its edit.

    Returns:
        (2,) pixels of the upright picture by a handle's name; none where the face is not seen.
    """
    if not face.valid[frame]:
        return {}
    points = deform_landmarks(face, frame, np.asarray(controls, dtype=np.float32))
    return {
        handle.name: points[handle.landmark]
        for handle in HANDLES
        if np.isfinite(points[handle.landmark]).all()
    }


def drag(
    face: Face, frame: int, controls: FloatArray, handle: str, offset: tuple[float, float]
) -> dict[str, float]:
    """Return the controls' values when a handle is dragged.

    The offset counts from where the drag began, and so do the controls: the answer depends
    on where the pointer is, not on how it came there, and back at its start all is as it was.

    Args:
        face: The face.
        frame: Index of the frame.
        controls: (59,) what was asked for when the drag began.
        handle: Name of the handle.
        offset: (dx, dy) how far it has been dragged, pixels of the upright picture.

    Returns:
        New values of the controls that change, within their limits; weights are not pushed
        below neutral. Empty where the face is not seen.

    Raises:
        KeyError: When there is no such handle.
    """
    taken = _BY_NAME[handle]
    if not face.valid[frame] or not np.isfinite(face.landmarks[frame, taken.landmark]).all():
        return {}
    axes = [_Axis.of(name, cost, controls) for name, cost in taken.controls.items()]
    changes = _solve(_Moved(face, frame, controls), taken, controls, axes, offset)
    found = {}
    for axis, change in zip(axes, changes, strict=True):
        if abs(change) > _UNCHANGED:
            for column in axis.columns:
                control = CONTROLS[column]
                found[control.name] = float(controls[column] + change * axis.unit)
    return found


@dataclass(frozen=True, slots=True)
class _Axis:
    """One control, or both sides of one, on the way of a drag; changes are in weights.

    Attributes:
        columns: Columns of the controls.
        unit: What a change of 1 adds to them.
        low: The least change.
        high: The most.
        cost: How reluctantly it moves.
    """

    columns: tuple[int, ...]
    unit: float
    low: float
    high: float
    cost: float

    @classmethod
    def of(cls, name: str, cost: float, controls: FloatArray) -> _Axis:
        columns = tuple(INDEX[side] for side in sides(name) or ())
        unit = FULL_LOOK if CONTROLS[columns[0]].unit == "degrees" else 1.0
        low, high = -np.inf, np.inf
        for column in columns:
            control, now = CONTROLS[column], float(controls[column])
            # A performance beyond the limits stays where it is.
            least = min(0.0 if control.unit == "weight" else control.low, now)
            most = max(_SHUT if "Blink" in control.name else control.high, now)
            low, high = max(low, (least - now) / unit), min(high, (most - now) / unit)
        return cls(columns, unit, low, high, cost)


class _Moved:
    """How far points of a face are moved in one frame, from where the plate has them."""

    def __init__(self, face: Face, frame: int, controls: FloatArray) -> None:
        self._pose = face.curves.pose
        self._frame = frame
        self._source = face.curves.controls.array[frame]
        self._rig = personal_rig(face)
        self._start = np.asarray(controls, dtype=np.float32)
        up = self._pose.displace(frame, np.array([[0, 1, 0]], dtype=np.float32))[0]
        self._up = up / max(float(np.linalg.norm(up)), 1e-6)

    def free(self, handle: Handle, vector: npt.ArrayLike) -> DoubleArray:
        """The part of a vector (2,) along which a handle goes."""
        whole = np.asarray(vector, dtype=np.float64)
        return np.asarray((whole @ self._up) * self._up) if handle.upright else whole

    def by(self, handle: Handle, controls: FloatArray) -> DoubleArray:
        """(2,) pixels by which controls move a handle's point."""
        if handle.name.startswith("eye"):
            vector = iris_motion(self._source, controls)[handle.name.removeprefix("eye")]
        else:
            vector = self._rig.displacement(self._source, controls)[handle.landmark]
        return np.asarray(self._pose.displace(self._frame, vector[None])[0], dtype=np.float64)

    def changed(self, handle: Handle, axes: list[_Axis], changes: DoubleArray) -> DoubleArray:
        """(2,) the same, by the controls of the start and changes along axes."""
        controls = self._start.copy()
        for axis, change in zip(axes, changes, strict=True):
            for column in axis.columns:
                controls[column] += np.float32(change * axis.unit)
        return self.free(handle, self.by(handle, controls))


def _solve(
    moved: _Moved,
    handle: Handle,
    controls: FloatArray,
    axes: list[_Axis],
    offset: tuple[float, float],
) -> DoubleArray:
    """The changes (N,) along axes that take a handle by an offset, as far as they may go."""
    low = np.array([axis.low for axis in axes])
    # A bound that leaves no room is opened by a hair, as the solver demands.
    high = np.maximum([axis.high for axis in axes], low + 1e-9)
    costs = np.array([axis.cost for axis in axes])
    start = moved.free(handle, moved.by(handle, controls))
    weights = _weights(offset)
    goal = weights @ moved.free(handle, offset)

    def reached(changes: DoubleArray) -> DoubleArray:
        return np.asarray(weights @ (moved.changed(handle, axes, changes) - start))

    changes, here = np.zeros(len(axes)), np.zeros(2)
    damping: DoubleArray | None = None
    for _ in range(_STEPS):
        if np.abs(goal - here).max() < _CLOSE_ENOUGH:
            break
        slopes = _slopes(reached, changes, here, high)
        if damping is None:
            strongest = float(np.linalg.norm(slopes, axis=0).max())
            damping = _DAMPING * max(strongest, 1e-6) * costs
        matrix = np.concatenate([slopes, np.diag(damping)])
        right = np.concatenate([goal - here + slopes @ changes, np.zeros(len(axes))])
        step = _bounded(matrix, right, low, high, changes) - changes
        before = _misfit(goal - here, damping * changes)
        for _ in range(_HALVINGS):
            there = reached(changes + step)
            after = _misfit(goal - there, damping * (changes + step))
            if after < before:
                break
            # The rig bends: a full step leads past the goal.
            step = step / 2
        else:
            break
        changes, here = changes + step, there
        if after > _SETTLED * before:
            break
    return changes


def _weights(offset: tuple[float, float]) -> DoubleArray:
    """(2, 2) what counts of a miss: all of it along the pull, less of it across."""
    length = max(float(np.hypot(*offset)), 1e-6)
    along = np.array(offset) / length
    across = np.array([-along[1], along[0]])
    return np.asarray(np.outer(along, along) + _ACROSS * np.outer(across, across))


def _bounded(
    matrix: DoubleArray, right: DoubleArray, low: DoubleArray, high: DoubleArray, start: DoubleArray
) -> DoubleArray:
    """Least squares |matrix x - right| with low <= x <= high, by projected Gauss-Seidel."""
    normal, pull = matrix.T @ matrix, matrix.T @ right
    found = np.clip(start, low, high)
    for _ in range(_SWEEPS):
        before = found.copy()
        for i in range(len(found)):
            rest = pull[i] - normal[i] @ found + normal[i, i] * found[i]
            found[i] = min(max(rest / normal[i, i], low[i]), high[i])
        if np.abs(found - before).max() < _UNCHANGED:
            break
    return found


def _slopes(
    reached: Callable[[DoubleArray], DoubleArray],
    changes: DoubleArray,
    here: DoubleArray,
    high: DoubleArray,
) -> DoubleArray:
    """(2, N) how a point moves along each axis, from where it is."""
    slopes = np.empty((2, len(changes)))
    for i in range(len(changes)):
        for step in (_PROBE, -_PROBE):
            probe = changes.copy()
            probe[i] += step
            slopes[:, i] = (reached(probe) - here) / step
            # At the end of its way an axis moves nothing any more, but it does so backwards.
            if probe[i] <= high[i] and np.abs(slopes[:, i]).max() > _STUCK:
                break
    return slopes


def _misfit(missed: DoubleArray, damped: DoubleArray) -> float:
    return float(missed @ missed + damped @ damped)
