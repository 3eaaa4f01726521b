"""The embedded rig: what every control does to the skin of a face.

The rig is linear, in canonical space, with three things that geometry decides on the
person's own face: lids that meet at `eyeBlink` 1, lips that meet at `mouthClose` 1, and
lids that follow the gaze. It was learned from tracked footage where the footage has the
expression, and authored where it has not; `data/README.md` says which is which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import IO

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray, IndexArray
from mien.face.added_fields import added_changes
from mien.face.amounts import EditAmounts
from mien.face.covariance import Covariance
from mien.face.gaze import FULL_LOOK, gaze_change, looks_to_degrees
from mien.face.seen_lids import brow_rises
from mien.model.controls import INDEX, NAMES

__all__ = ["PersonalRig", "Rig", "load_rig", "read_rig"]

LOWER_LID_FRACTION = 0.2
"""Part of the opening that the lower lid closes; the upper lid does the rest."""
UPPER_LIP_FRACTION = 0.25
"""Part of the opening that the upper lip closes; the lower lip does the rest."""
WIDEST = 0.35
"""How far a negative `eyeBlink` or `mouthClose` may open, as a part of what 1 closes."""
UPPER_LID_FOLLOW = (0.45, 0.15)
LOWER_LID_FOLLOW = (0.12, 0.05)
"""Part of its opening by which a lid follows the eye 30 degrees down, and up."""


_SIDES = ("left", "right")
_BLINK = {"left": INDEX["eyeBlinkLeft"], "right": INDEX["eyeBlinkRight"]}
_UP = {"left": INDEX["eyeLookUpLeft"], "right": INDEX["eyeLookUpRight"]}
_DOWN = {"left": INDEX["eyeLookDownLeft"], "right": INDEX["eyeLookDownRight"]}
_PITCH = {"left": 2, "right": 3}
"""Column of a side's pitch in what `gaze_change` returns."""
_CLOSE = INDEX["mouthClose"]
_JAW_OPEN = INDEX["jawOpen"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Rig:
    """The face that all faces are variations of, and how its skin moves.

    Attributes:
        mean: (468, 3) float32, the neutral mean face in canonical units (about 1 cm).
        fields: (59, 468, 3) float32, displacement of the skin at a control's value of 1,
            in the order of `controls.NAMES`; zero for gaze and head, which are no
            deformations of the skin. Blinks, the lids' part of a look, and `mouthClose`
            are those of the mean face: `PersonalRig` has the person's.
        triangles: (N, 3) vertex indices, counter-clockwise from the front; eyes and mouth
            are holes.
        mirror: (478,) which landmark is which one's mirror image.
        groups: Landmarks by feature: `left_eye_upper`, `left_eye_lower` (inner to outer
            corner), the same for `right`; `lips_inner_upper`, `lips_inner_lower`,
            `lips_outer_upper`, `lips_outer_lower` (person's right corner to left);
            `left_brow`, `right_brow`, `nose`, `oval` (in order), `left_iris`, `right_iris`.
        lid_spread: Per side, (468, 18): how the skin follows the lid margins, upper then
            lower.
        lip_spread: (468, 22): how the skin follows the inner lip margins, upper then lower.
        stiffness: (468,) float32, weights for pose: high where expressions move little.
        noise: What controls leave unexplained of a frame's skin (1404 coordinates).
        people: How neutral faces differ from the mean (1404 coordinates).
        iris_rest: (2,) float32, where the iris stands from the middle between the eye's
            corners in a straight look: outwards, and up.
        iris_reach: (2,) float32, how far it moves in a look of 30 degrees: across, and up.
        expression: (50, 1404) float32, orthonormal rows: the `mien-rig` basis.
        jaw_hinge: (3,) float32, where the jaw turns.
        jaw_weight: (468,) float32, 0..1 how far each point goes with the jaw.
        emphasis: (59,) float32, how much further than a real expression the skin has to
            be moved so that what is seen rises by what was asked; see `PersonalRig`.
        activity: (59,) float32, root mean square of each control in everyday footage.
    """

    mean: FloatArray
    fields: FloatArray
    triangles: IndexArray
    mirror: IndexArray
    groups: Mapping[str, IndexArray]
    lid_spread: Mapping[str, FloatArray]
    lip_spread: FloatArray
    stiffness: FloatArray
    noise: Covariance
    people: Covariance
    iris_rest: FloatArray
    iris_reach: FloatArray
    expression: FloatArray
    jaw_hinge: FloatArray
    jaw_weight: FloatArray
    emphasis: FloatArray
    activity: FloatArray

    def personal(self, identity: FloatArray) -> PersonalRig:
        """Return the rig on one person's neutral face, (468, 3) in canonical space."""
        return PersonalRig(self, identity)


class PersonalRig:
    """The rig on one person's face, whose geometry sets the scale of lids and lips.

    Args:
        rig: The rig.
        identity: (468, 3) the person's neutral face in canonical space.

    Attributes:
        identity: (468, 3) float32, the neutral face.
        fields: (59, 468, 3) float32, the displacement of each control alone at 1.
        seen_fields: (59, 468, 3) float32, the same as landmarks show it: see `seen_lids`.
    """

    def __init__(self, rig: Rig, identity: FloatArray) -> None:
        self.rig = rig
        self.identity = np.asarray(identity, dtype=np.float32)
        self._amounts = EditAmounts(rig.emphasis)
        self._linear = rig.fields.copy()
        for column in (*_BLINK.values(), *_UP.values(), *_DOWN.values(), _CLOSE):
            self._linear[column] = 0
        self._lids = {
            side: _Margins(
                self.identity,
                rig.groups[f"{side}_eye_upper"],
                rig.groups[f"{side}_eye_lower"],
                rig.lid_spread[side],
            )
            for side in _SIDES
        }
        self._lips = _Margins(
            self.identity,
            rig.groups["lips_inner_upper"],
            rig.groups["lips_inner_lower"],
            rig.lip_spread,
        )
        # What mouthClose 1 closes: the lips as an open jaw alone parts them.
        opened = self._lips.gaps(self.identity + self._linear[_JAW_OPEN])
        self._jaw_gap = opened - self._lips.gaps(self.identity)
        self.fields = self._own_fields()
        self.brow_rises = brow_rises(rig.mean, rig.groups)
        self.seen_fields = self.fields.copy()
        for side, rise in self.brow_rises.items():
            self.seen_fields[_BLINK[side], :, 1] += rise
        changes = added_changes(rig.mean, rig.fields)
        self._adding, self._added = list(changes), np.stack(list(changes.values()))
        self._last: tuple[bytes, FloatArray] = b"", self.identity

    def displacement(self, source: FloatArray, target: FloatArray) -> FloatArray:
        """Return the skin's displacement from one performance to another.

        What is added to a performance is emphasised: pixels that are moved keep the
        creases and the shading that they had, and less of an expression is seen in them
        than in a face that makes it. It levels off where people are at their most (see
        `EditAmounts`). What is taken away is taken as it is.

        Args:
            source: (59,) controls of the performance.
            target: (59,) controls of what is asked for.

        Returns:
            (468, 3) float32 displacement in canonical units; exactly zero when both are
            equal.
        """
        if np.array_equal(source, target):
            return np.zeros_like(self.identity)
        look = looks_to_degrees(source)
        reached = self._amounts.reached(source, target)
        there = self._deformed(reached, look + gaze_change(source, target), reached - source)
        return np.asarray(there - self._from(source, look), dtype=np.float32)

    def reached(self, source: FloatArray, target: FloatArray) -> FloatArray:
        """Return the controls (59,) to which an edit moves the skin; see `EditAmounts.reached`."""
        return self._amounts.reached(source, target)

    def moved(self, added: FloatArray) -> FloatArray:
        """Return how far added controls (..., 59) move the skin; see `EditAmounts.moved`."""
        return self._amounts.moved(added)

    def added(self, moved: FloatArray) -> FloatArray:
        """Return what has to be added (..., 59) for that; see `EditAmounts.added`."""
        return self._amounts.added(moved)

    def added_of(self, delta: FloatArray, departed: FloatArray | None) -> FloatArray:
        """Return what is asked for beyond a performance (..., 59), in what has to be added.

        Args:
            delta: (..., 59) how far an edit is from the performance.
            departed: (..., 59) what of it takes the performance's place; None for nothing.
        """
        if departed is None:
            return delta
        return np.asarray(
            delta + (self._amounts.from_departure(departed) - departed), dtype=np.float32
        )

    def limited(self, source: FloatArray, target: FloatArray) -> FloatArray:
        """Return what is asked for (59,), held to what people do."""
        return self._amounts.limited(source, target)

    def above_least(self, source: FloatArray, target: FloatArray) -> FloatArray:
        """Return what is asked for (59,), no less than what takes nothing more away."""
        return self._amounts.above_least(source, target)

    def natural(self, source: FloatArray, target: FloatArray) -> FloatArray:
        """Return (468, 3) the skin's displacement as edits move it, without any emphasis."""
        return self._between(source, target, target - source)

    def solved(self, source: FloatArray, target: FloatArray) -> FloatArray:
        """Return (468, 3) the skin's displacement along the fields that performances are solved by.

        That is what a person's own habits go beyond.
        """
        return self._between(source, target, None)

    def _between(
        self, source: FloatArray, target: FloatArray, change: FloatArray | None
    ) -> FloatArray:
        look = looks_to_degrees(source)
        there = self._deformed(target, look + gaze_change(source, target), change)
        return np.asarray(there - self._from(source, look), dtype=np.float32)

    def shape(self, controls: FloatArray) -> FloatArray:
        """Return the face (468, 3) in one performance, as landmarks show it."""
        known, skin = self._last
        if known != controls.tobytes():
            skin = self._deformed(controls, looks_to_degrees(controls))
        shape = skin.copy()
        for side, rise in self.brow_rises.items():
            shape[:, 1] += min(max(float(controls[_BLINK[side]]), 0.0), 1.0) * rise
        return shape

    def _from(self, source: FloatArray, look: FloatArray) -> FloatArray:
        """The face in a performance, which is asked for again and again in one frame."""
        key = source.tobytes()
        known, shape = self._last
        if known != key:
            shape = self._deformed(source, look)
            self._last = key, shape
        return shape

    def _deformed(
        self, controls: FloatArray, gaze: FloatArray, change: FloatArray | None = None
    ) -> FloatArray:
        """The face in a performance, of whose controls an edit has changed some."""
        moved = controls @ self._linear.reshape(len(self._linear), -1)
        shape = self.identity + moved.reshape(self.identity.shape)
        if change is not None:
            added = np.maximum(change[self._adding], 0) @ self._added.reshape(len(self._added), -1)
            shape += added.reshape(shape.shape)
        height = shape[:, 1]
        for side, lids in self._lids.items():
            height += lids.follow(float(gaze[_PITCH[side]]) / FULL_LOOK)
            gap = lids.gaps(shape)
            blink = min(max(float(controls[_BLINK[side]]), -WIDEST), 1.0)
            # Lids that something else pushed past each other are brought back to meet.
            height += lids.close(np.minimum(blink * gap, gap), LOWER_LID_FRACTION)
        close = max(float(controls[_CLOSE]), -WIDEST)
        gap = self._lips.gaps(shape)
        closed = np.minimum(close * self._jaw_gap, gap - np.minimum(self._lips.neutral, 0))
        height += self._lips.close(closed, 1 - UPPER_LIP_FRACTION)
        return np.asarray(shape, dtype=np.float32)

    def _own_fields(self) -> FloatArray:
        fields = self._linear.copy()
        for side, lids in self._lids.items():
            fields[_BLINK[side], :, 1] = lids.close(lids.neutral, LOWER_LID_FRACTION)
            fields[_UP[side], :, 1] = lids.follow(1)
            fields[_DOWN[side], :, 1] = lids.follow(-1)
        fields[_CLOSE, :, 1] = self._lips.close(self._jaw_gap, 1 - UPPER_LIP_FRACTION)
        return fields


class _Margins:
    """Two margins that can meet, upper and lower, and the skin that follows them; all along y."""

    def __init__(
        self, identity: FloatArray, upper: IndexArray, lower: IndexArray, spread: FloatArray
    ) -> None:
        self._upper, self._lower, self._spread = upper, lower, spread
        self._over = _sampling(identity[upper], identity[lower])
        self._under = _sampling(identity[lower], identity[upper])
        self.neutral = self.gaps(identity)
        n = len(upper)
        self._following = [
            spread @ np.concatenate([above * self.neutral[:n], below * self.neutral[n:]])
            for above, below in zip(UPPER_LID_FOLLOW, LOWER_LID_FOLLOW, strict=True)
        ]

    def gaps(self, shape: FloatArray) -> FloatArray:
        """(2N,) how far the margins are apart, at the upper and at the lower points."""
        above, below = shape[self._upper, 1], shape[self._lower, 1]
        gap = np.concatenate([above - self._over @ below, self._under @ above - below])
        return np.asarray(gap, dtype=np.float32)

    def close(self, amount: FloatArray, lower_share: float) -> FloatArray:
        """The skin's displacement (468,) when the margins approach by (2N,) amounts."""
        n = len(self._upper)
        move = np.concatenate([(lower_share - 1) * amount[:n], lower_share * amount[n:]])
        return np.asarray(self._spread @ move, dtype=np.float32)

    def follow(self, pitch: float) -> FloatArray:
        """The skin's displacement (468,) when lids follow a look; 1 is full up, -1 down."""
        return np.asarray(pitch * self._following[int(pitch > 0)], dtype=np.float32)


def _sampling(points: FloatArray, line: FloatArray) -> FloatArray:
    """(P, N) weights that read a line of N points where each of P points stands over it.

    Place along the margin is measured from corner to corner; linear between points.
    """
    axis = line[-1] - line[0]
    along = np.maximum.accumulate((line - line[0]) @ axis)
    at = (points - line[0]) @ axis
    rows = [np.interp(at, along, column) for column in np.eye(len(line))]
    return np.stack(rows, axis=1).astype(np.float32)


@lru_cache(maxsize=1)
def load_rig() -> Rig:
    """Load the rig that comes with mien; read once."""
    path = files("mien.face").joinpath("data", "rig.npz")
    with path.open("rb") as stream:
        return read_rig(stream)


def read_rig(stream: IO[bytes]) -> Rig:
    """Read a rig from its file, as `tools/make_rig.py` writes it."""
    with np.load(stream, allow_pickle=False) as data:
        arrays = {name: data[name] for name in data.files}
    return Rig(
        mean=arrays["mean"].astype(np.float32),
        fields=_columns(arrays["fields"]),
        triangles=arrays["triangles"].astype(np.intp),
        mirror=arrays["mirror"].astype(np.intp),
        groups={
            name.removeprefix("group_"): arrays[name].astype(np.intp)
            for name in arrays
            if name.startswith("group_")
        },
        lid_spread={side: arrays[f"{side}_lid_spread"].astype(np.float32) for side in _SIDES},
        lip_spread=arrays["lip_spread"].astype(np.float32),
        stiffness=arrays["stiffness"].astype(np.float32),
        noise=_covariance(arrays, "noise"),
        people=_covariance(arrays, "people"),
        iris_rest=arrays["iris_rest"].astype(np.float32),
        iris_reach=arrays["iris_reach"].astype(np.float32),
        expression=_orthonormal(arrays["expression"]),
        jaw_hinge=arrays["jaw_hinge"].astype(np.float32),
        jaw_weight=arrays["jaw_share"].astype(np.float32),
        emphasis=_columns(arrays["emphasis"]),
        activity=_columns(arrays["activity"]),
    )


def _columns(values: npt.NDArray[np.float16]) -> FloatArray:
    """Values of the 52 weights, followed by zeros for gaze and head."""
    found = np.zeros((len(NAMES), *values.shape[1:]), dtype=np.float32)
    found[: len(values)] = values
    return found


def _covariance(arrays: Mapping[str, npt.NDArray[np.float16]], name: str) -> Covariance:
    scale = arrays[f"{name}_scale"].astype(np.float64).reshape(-1)
    modes = arrays[f"{name}_modes"].astype(np.float64)
    return Covariance(scale, modes.reshape(len(modes), scale.size))


def _orthonormal(rows: npt.NDArray[np.float16]) -> FloatArray:
    """Make exactly orthonormal again what was rounded in the file."""
    q, r = np.linalg.qr(rows.astype(np.float64).T)
    return np.asarray((q * np.sign(np.diag(r))).T, dtype=np.float32)
