"""What the landmarks of a turned head are worth, by the direction that it is seen from.

A tracker guesses what it does not see: the depth of everything, and the far side of a turned
face. What it guesses is wrong in the same way for as long as the head stays turned, and read as
an expression it swings with the head. So what the rig leaves unexplained has a covariance that
grows as the head turns:

- the surface may be off as a smooth field, of a length of `LENGTH` (a Gaussian process on the
  mean face; Rasmussen and Williams 2006), twice again as far on the far side;
- points whose skin faces away count less and less (the cosine of skin and view);
- a frame whose landmarks no face makes counts less than one that is well explained.

What the evidence then leaves open is told otherwise: controls of the hidden side by those of the
side that is seen, as alike as the two sides of people are, and all of them by what this person's
face does where it is seen from the front.

All of it depends only on where the camera stands as seen from the head, is the mirror image for
the mirror image, and is zero up to `FRONTAL`. It is worked out on a grid of directions and
interpolated in between, so that nothing jumps as a head turns.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np

from mien._math import smoothstep
from mien._types import DoubleArray, FloatArray, IndexArray
from mien.face.rig import load_rig
from mien.model.controls import NAMES

__all__ = ["TurnedEvidence", "own_mean", "own_mean_precision", "turn_of", "worth_of"]

FRONTAL: Final = 8.0
"""Degrees off the front up to which a face is seen as from the front."""
STEP: Final = 12.0
"""Degrees between the directions of the grid."""
FULL_TURN: Final = 37.0
"""Degrees beyond `FRONTAL` at which `OWN_MEAN` is stated: 45 off the front."""
LENGTH: Final = 1.5
"""Canonical units over which the surface is off alike."""
FIELDS: Final = 40
"""Smooth fields that it is made of."""
FIELD_ERROR: Final = 0.25
"""Canonical units by which the surface may be off, times the sine of the turn."""
FAR_SIDE: Final = 2.0
"""How much further it may be off where it faces away."""
UNSEEN: Final = 5.0
"""Canonical units by which a point that faces away is off: as good as nothing is known."""
FACING: Final = (0.1, 0.55)
"""Cosines between skin and view up to which a point is not seen, and from which it is."""
ASYMMETRY: Final = 0.08
"""Standard deviation of the difference between both sides of a control in people's faces."""
USUAL_MISFIT: Final = 1.5
"""How much more than from the front may be left unexplained before a frame counts less."""
OWN_MEAN: Final = 20.0
"""Precision, at a full turn, with which a control is what it is when seen from the front."""
NEAR_FRONT: Final = 10.0
"""Degrees further than the frames nearest to the front at which a frame tells little of that."""

_Node = tuple[int, int]


def turn_of(rotation: FloatArray) -> FloatArray:
    """Return how far beyond `FRONTAL` heads are turned, to the side and up: (T, 2) degrees.

    Args:
        rotation: (T, 3, 3) from canonical to camera axes.
    """
    view = rotation[:, 2].astype(np.float64)
    aside = np.degrees(np.arctan2(view[:, 0], view[:, 2]))
    up = np.degrees(np.arcsin(np.clip(view[:, 1], -1, 1)))
    off = np.hypot(aside, up)
    share = np.maximum(off - FRONTAL, 0) / np.maximum(off, 1e-6)
    return np.asarray(np.stack([aside * share, up * share], axis=1), np.float32)


class TurnedEvidence:
    """What a person's landmarks say of the controls, whichever way the head is turned.

    Args:
        fields: (K, 1404) what each control does to the skin of this person.
        columns: Which controls they are.
        prior: (K,) precision with which each is known to be near 0.
    """

    def __init__(self, fields: FloatArray, columns: list[int], prior: FloatArray) -> None:
        self._fields = fields
        self._prior = np.diag(prior.astype(np.float32))
        self._pairs = _pairs(columns)
        self._nodes: dict[_Node, tuple[FloatArray, FloatArray]] = {}

    def read(self, away: FloatArray, turn: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return right sides (T, K) and normal matrices (T, K, K) of some frames.

        Args:
            away: (T, 1404) how far the skin is from where it would be with all controls at 0.
            turn: (T, 2) of `turn_of`.
        """
        shares = _shares(turn)
        right = np.zeros((len(away), len(self._fields)), np.float32)
        for node, share in shares.items():
            some = np.flatnonzero(share)
            right[some] += share[some, None] * (away[some] @ self._node(node)[1])
        return right, self._normals(shares)

    def normals(self, turn: FloatArray, worth: FloatArray) -> FloatArray:
        """Return normal matrices (T, K, K), with what the person's mean adds to them.

        Args:
            turn: (T, 2) of `turn_of`.
            worth: (T,) of `worth_of`.
        """
        found = self._normals(_shares(turn))
        found *= worth[:, None, None]
        size = np.arange(found.shape[1])
        found[:, size, size] += (1 - worth)[:, None] * np.diag(self._prior)
        found[:, size, size] += own_mean_precision(turn)[:, None]
        return found

    def _normals(self, shares: Mapping[_Node, FloatArray]) -> FloatArray:
        nodes = np.stack([self._node(node)[0] for node in shares])
        mixed = np.stack(list(shares.values()), axis=1) @ nodes.reshape(len(nodes), -1)
        return np.asarray(mixed.reshape(-1, *nodes.shape[1:]), np.float32)

    def _node(self, node: _Node) -> tuple[FloatArray, FloatArray]:
        if node not in self._nodes:
            view = _view(node)
            gain = view.solve(self._fields.T)
            normal = self._fields @ gain + self._prior
            energy = (self._fields.reshape(len(self._fields), -1, 3) ** 2).sum(axis=2)
            unseen = energy @ view.unseen / np.maximum(energy.sum(axis=1), 1e-12)
            for left, right in self._pairs:
                tie = max(unseen[left], unseen[right]) / ASYMMETRY**2
                normal[[left, right], [left, right]] += tie
                normal[[left, right], [right, left]] -= tie
            self._nodes[node] = normal, gain
        return self._nodes[node]


def own_mean_precision(turn: FloatArray) -> FloatArray:
    """Return the precision (T,) with which controls are the person's mean, from (T, 2) turns."""
    return np.asarray(OWN_MEAN * (turn**2).sum(axis=1) / FULL_TURN**2, np.float32)


def own_mean(values: FloatArray, turn: FloatArray) -> FloatArray:
    """Return what values (K,) are on the mean in the frames that show most of the face.

    Args:
        values: (T, K).
        turn: (T, 2) of `turn_of`.
    """
    off = np.hypot(turn[:, 0], turn[:, 1])
    further = np.maximum(off - np.quantile(off, 0.1), 0) / NEAR_FRONT
    weights = np.exp(-(further**2))
    return np.asarray(weights @ values / weights.sum(), np.float32)


def worth_of(misfit: FloatArray, turn: FloatArray) -> FloatArray:
    """Return how much frames (T,) count, 0..1, by what the rig cannot explain of them.

    Landmarks that no face makes are guessed; as with Student's t, what is further off than
    usual counts less.

    Args:
        misfit: (T,) root mean square of what is left unexplained.
        turn: (T, 2) of `turn_of`; what is seen from the front counts whole.
    """
    usual = USUAL_MISFIT * float(own_mean(misfit[:, None], turn)[0])
    worth = np.minimum(1, usual / np.maximum(misfit, 1e-6)) ** 2
    turned = np.minimum(np.hypot(turn[:, 0], turn[:, 1]) / STEP, 1)
    return np.asarray(1 - turned * (1 - worth), np.float32)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _View:
    """The covariance of what the rig leaves, seen from one direction."""

    inverse: FloatArray
    """(1404,) one over each coordinate's own variance."""
    modes: FloatArray
    small: FloatArray
    """Inverse of what Woodbury's identity inverts."""
    unseen: FloatArray

    def solve(self, columns: FloatArray) -> FloatArray:
        """Return the inverse covariance times (1404, M) columns."""
        first = self.inverse[:, None] * columns
        part = self.small @ (self.modes @ first)
        return np.asarray(first - self.inverse[:, None] * (self.modes.T @ part), np.float32)


@lru_cache(maxsize=96)
def _view(node: _Node) -> _View:
    """What a direction of the grid does to the covariance; the same for all people."""
    face, rig = _mean_face(), load_rig()
    aside, up = node[0] * STEP, node[1] * STEP
    turn = float(np.hypot(aside, up))
    whole = (turn + FRONTAL) / turn if turn > 0 else 0.0
    a, e = np.radians(aside * whole), np.radians(up * whole)
    view = np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])
    unseen = 1 - smoothstep(face.normals @ view, *FACING)
    unseen *= smoothstep(turn, 0, STEP)
    scale = np.hypot(rig.noise.scale, np.repeat(UNSEEN * unseen, 3))
    off = np.sin(np.radians(turn)) * FIELD_ERROR * (1 + FAR_SIDE * unseen)[:, None] * face.fields
    # One process of its own along each axis: together they are the same along any other axes.
    smooth = np.einsum("pf,ac->fapc", off, np.eye(3)).reshape(-1, scale.size)
    modes = np.concatenate([rig.noise.modes, smooth]).astype(np.float32)
    scaled = modes / scale.astype(np.float32)
    small = np.linalg.inv(np.eye(len(modes)) + (scaled @ scaled.T).astype(np.float64))
    return _View((1 / scale**2).astype(np.float32), modes, small.astype(np.float32), unseen)


@dataclass(frozen=True, eq=False, repr=False)
class _MeanFace:
    """The mean face, made its own mirror image."""

    points: DoubleArray
    triangles: IndexArray

    @cached_property
    def normals(self) -> DoubleArray:
        """(468, 3) which way the skin faces, over the neighbourhood of each point."""
        corners = self.points[self.triangles]
        facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        at = np.zeros_like(self.points)
        np.add.at(at, self.triangles, facing[:, None])
        at /= np.maximum(np.linalg.norm(at, axis=1, keepdims=True), 1e-9)
        around = np.exp(-self._apart / 1.2**2) @ at
        return np.asarray(around / np.linalg.norm(around, axis=1, keepdims=True))

    @cached_property
    def fields(self) -> DoubleArray:
        """(468, FIELDS) smooth fields on the skin, as long as their standard deviation."""
        alike = np.exp(-self._apart / (2 * LENGTH**2))
        most = (len(alike) - FIELDS, len(alike) - 1)
        # Loaded when it is needed: a window opens without it.
        import scipy.linalg

        values, vectors = scipy.linalg.eigh(alike, subset_by_index=most)
        return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))

    @property
    def _apart(self) -> DoubleArray:
        """(468, 468) squared distances."""
        return np.asarray(((self.points[:, None] - self.points) ** 2).sum(axis=-1))


@lru_cache(maxsize=1)
def _mean_face() -> _MeanFace:
    rig = load_rig()
    points = rig.mean.astype(np.float64)
    mirrored = points[rig.mirror[: len(points)]] * [-1, 1, 1]
    return _MeanFace((points + mirrored) / 2, rig.triangles)


def _pairs(columns: list[int]) -> list[tuple[int, int]]:
    """Which of some controls are the left and the right of a pair."""
    names = [NAMES[column] for column in columns]
    # These move the whole jaw, or mouth, to one side.
    whole = ("jawLeft", "mouthLeft")
    return [
        (index, names.index(other))
        for index, name in enumerate(names)
        if name.endswith("Left")
        and name not in whole
        and (other := f"{name.removesuffix('Left')}Right") in names
    ]


def _shares(turn: FloatArray) -> dict[_Node, FloatArray]:
    """How far each direction of the grid counts in frames, (T,) each; bilinear."""
    at = turn.astype(np.float64) / STEP
    low = np.floor(at).astype(int)
    part = at - low
    found: dict[_Node, FloatArray] = {}
    for corner in itertools.product((0, 1), repeat=2):
        share = np.prod(np.where(corner, part, 1 - part), axis=1).astype(np.float32)
        for node in _unique(low[share > 0] + corner):
            same = (low + corner == node).all(axis=1)
            counted = np.where(same, share, np.float32(0))
            found[node] = found[node] + counted if node in found else counted
    return dict(sorted(found.items()))


def _unique(nodes: IndexArray) -> list[_Node]:
    return [(aside, up) for aside, up in np.unique(nodes, axis=0).tolist()]
