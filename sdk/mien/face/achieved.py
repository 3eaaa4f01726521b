"""How far what was asked of a face is seen in a picture of it: asked motion against landmarks.

An edit says how far each control moves the skin. A tracker that looks at the edited picture sees
the landmarks move by less, for its network has an idea of faces and pixels that were moved keep
their old shading: of a smile nearly all, of a wrinkled nose a fifth (`SEEN`). What is seen of each
control is the least-squares fit of the asked motions to the motion of the landmarks, over several
frames at once; a shift, turn or growth of the whole head is left out of both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from mien._types import DoubleArray, FloatArray
from mien.face.deform import personal_rig
from mien.model.controls import ARKIT, INDEX
from mien.model.face import Face
from mien.model.landmarks import SKIN

__all__ = ["CORRECTED", "SEEN", "EditMotion", "edit_motion", "seen_amounts"]

SEEN: Final[Mapping[str, float]] = MappingProxyType(
    {
        "browDown": 0.545,
        "browInnerUp": 0.93,
        "browOuterUp": 0.67,
        "jawOpen": 0.82,
        "mouthFrown": 0.6,
        "mouthFunnel": 0.8,
        "mouthLowerDown": 0.98,
        "mouthPress": 0.62,
        "mouthPucker": 0.77,
        "mouthSmile": 0.895,
        "mouthStretch": 0.695,
        "mouthUpperUp": 0.96,
        "noseSneer": 0.195,
    }
)
"""Part of a control's motion that mien's own tracker sees in a render, by name without side: the
mean of six clips at half of the control, without what moves the whole head
(`python -m tests.benchmarks asked`, its column `mien`, is about 1). Others are not looked after:
lids meet at a blink of 1 whatever is seen of them, squints and wide eyes move landmarks by little
more than noise, and the footage hardly has the rest."""

_PRIOR: Final = 0.03
"""How much, beside a control's own motion, counts that it is seen as usual."""
_FARTHEST: Final = 12
"""Landmarks that tell how far a control moves the skin: those that it moves most."""


def _unsided(name: str) -> str:
    """Return the name of a control without its side."""
    return name.removesuffix("Left").removesuffix("Right")


_SIDES: Final[Mapping[str, tuple[int, ...]]] = {
    name: tuple(INDEX[side] for side in ARKIT if _unsided(side) == name) for name in SEEN
}
CORRECTED: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(_SIDES)
"""Columns of the controls that are looked after, by name without side."""


@dataclass(frozen=True, slots=True, eq=False)
class EditMotion:
    """The motion of a face's landmarks that an edit asks for in one frame.

    Attributes:
        names: Controls without their side, of which something is added.
        motions: (K, 468, 2) float32 pixels of the upright picture: of each what is usually seen.
        rest: (468, 2) float32, of all else that is asked.
        size: Height of the face in pixels.
    """

    names: tuple[str, ...]
    motions: FloatArray
    rest: FloatArray
    size: float


def edit_motion(face: Face, frame: int, delta: FloatArray) -> EditMotion:
    """Return the motion that an edit asks for in a frame.

    Args:
        face: The tracked face.
        frame: Index of the frame, one in which the face is valid.
        delta: (59,) what is asked for beyond the performance; the head stays.
    """
    rig, pose = personal_rig(face), face.curves.pose
    source = face.curves.controls.array[frame]
    # A face that smiles already is not moved as far as one at rest.
    moved = np.maximum(rig.reached(source, source + delta) - source, 0)

    def motion(change: FloatArray) -> FloatArray:
        shift = rig.natural(source, source + change)
        return np.asarray(pose.displace(frame, shift), dtype=np.float32)

    names, motions, added = [], [], np.zeros_like(delta)
    for name, columns in CORRECTED.items():
        own = np.zeros_like(delta)
        own[list(columns)] = SEEN[name] * moved[list(columns)]
        if own.any():
            names.append(name)
            motions.append(motion(own))
            added[list(columns)] = np.maximum(delta[list(columns)], 0)
    rest = motion((delta - added).astype(np.float32))
    height = float(np.ptp(face.landmarks[frame, :SKIN, 1]))
    stacked = np.stack(motions) if motions else np.zeros((0, SKIN, 2), np.float32)
    return EditMotion(tuple(names), stacked, rest, max(height, 1.0))


def seen_amounts(
    edits: Sequence[EditMotion], before: Sequence[FloatArray], after: Sequence[FloatArray]
) -> dict[str, tuple[float, float]]:
    """Tell how much is seen of each control, over all frames of one edit.

    Args:
        edits: What is asked in each frame.
        before: (478, 2 or 3) landmarks that were read of each plate.
        after: The same of each edited picture.

    Returns:
        By control, how much is seen, 1 for as much as is usually; and how far it moves the
        landmarks that it moves most, in heights of the face, the mean over the frames.
    """
    names = tuple(dict.fromkeys(name for one in edits for name in one.names))
    if not names:
        return {}
    normal = np.zeros((len(names), len(names)))
    right = np.zeros(len(names))
    reach: dict[str, list[float]] = {name: [] for name in names}
    for one, old, new in zip(edits, before, after, strict=True):
        head = _head_motions(old[:SKIN, :2])
        moved = (new[:SKIN, :2] - old[:SKIN, :2]).astype(np.float64) - one.rest
        columns = np.zeros((2 * SKIN, len(names)))
        for name, motion in zip(one.names, one.motions, strict=True):
            columns[:, names.index(name)] = motion.reshape(-1)
            farthest = np.sort(np.linalg.norm(motion, axis=1))[-_FARTHEST:]
            reach[name].append(float(farthest.mean()) / one.size)
        columns = _without(head, columns) / one.size
        normal += columns.T @ columns
        right += columns.T @ _without(head, moved.reshape(-1, 1))[:, 0] / one.size
    prior = _PRIOR * np.diag(normal)
    found = np.linalg.solve(normal + np.diag(prior + 1e-12), right + prior)
    return {
        name: (float(value), float(np.mean(reach[name])))
        for name, value in zip(names, found, strict=True)
    }


def _head_motions(points: FloatArray) -> DoubleArray:
    """(936, 4) orthonormal: how landmarks (468, 2) shift, turn and grow with the whole head."""
    x, y = (points - points.mean(axis=0)).astype(np.float64).T
    one, zero = np.ones_like(x), np.zeros_like(x)
    rows = [(one, zero), (zero, one), (x, y), (-y, x)]
    basis = np.stack([np.stack(row, axis=1).reshape(-1) for row in rows], axis=1)
    return np.asarray(np.linalg.qr(basis)[0])


def _without(basis: DoubleArray, motions: DoubleArray) -> DoubleArray:
    return np.asarray(motions - basis @ (basis.T @ motions))
