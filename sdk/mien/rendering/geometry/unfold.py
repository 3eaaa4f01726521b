"""Skin does not fold over itself where its landmarks overtake each other."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from mien._math import smoothstep
from mien._types import BoolArray, FloatArray, Int32Array
from mien.face.rig import load_rig
from mien.media.orient import vectors_to_coded
from mien.model.landmarks import SKIN
from mien.model.media import Orientation
from mien.rendering.geometry.topology import EYES, LIPS

__all__ = ["facing_sign", "unfolded"]

_LEAST: Final = 0.15
"""What is left of a triangle's area at least."""
_TIMES: Final = 30
"""How often all triangles that are too small are put right; once or twice are enough for most."""
_ENOUGH: Final = 0.05
"""What may be missing of that least area."""
_STILL_PX: Final = 0.05
"""Steps after which no other is worth it."""
_SLIVER: Final = 0.02, 0.12
"""Parts of the middle one's area up to which triangles are left alone, and from which they are not:
those are seen edge-on in the plate."""


def unfolded(points: FloatArray, moves: FloatArray, facing: float) -> FloatArray:
    """Return motion of the skin in which what is seen of it is not turned over.

    What pulls at neighbouring landmarks adds up to motion in which one overtakes the other: the
    red of a lip goes below the skin under it. Corners of such triangles are moved the shortest way
    by which some of their area is left (position based dynamics, Müller and others, 2007). The
    rims of lids and lips stay where they are, which meet by themselves, and so do triangles beside
    the eyes, over which lids slide.

    Args:
        points: (V, 2) landmarks in the plate.
        moves: (468, 2) how far they move.
        facing: Sign of the area of a triangle that faces us; see `facing_sign`.
    """
    triangles = _loose_skin()
    before = facing * _areas(points, triangles)
    seen = smoothstep(before / max(float(np.median(np.abs(before))), 1e-6), *_SLIVER)
    least = _LEAST * seen * before
    watched = least > 0
    triangles, before, least = triangles[watched], before[watched], least[watched]
    moves = moves.copy()
    for _ in range(_TIMES):
        target = points[:SKIN] + moves
        short = least - facing * _areas(target, triangles)
        folded = np.flatnonzero(short > _ENOUGH * least)
        if not len(folded):
            break
        corners = triangles[folded]
        a, b, c = target[corners].transpose(1, 0, 2)
        # How the doubled area grows with each corner: the side across from it, turned.
        ways = facing * np.stack([_turned(c - b), _turned(a - c), _turned(b - a)], axis=1)
        ways *= ~_held()[corners][..., None]
        # A triangle that has become a sliver would throw its corners far.
        steep = np.maximum(np.einsum("nij,nij->n", ways, ways), before[folded])
        ways *= (short[folded] / np.maximum(steep, 1e-6))[:, None, None]
        # Neighbours that pull the same way are of one mind, not of twice the strength.
        pulls = np.sqrt(np.maximum(np.bincount(corners.ravel(), minlength=SKIN), 1))
        for axis in range(2):
            pulled = np.bincount(corners.ravel(), ways[..., axis].ravel(), SKIN)
            moves[:, axis] += pulled / pulls
        if float(np.abs(ways).max()) < _STILL_PX:
            break
    return moves


def facing_sign(orientation: Orientation) -> float:
    """Return the sign of the area, in coded pixels, of the mesh's triangles that face us.

    Args:
        orientation: How upright pixels lie in the coded picture, which may be mirrored.
    """
    flat = load_rig().mean[:, :2] * np.array([1, -1], dtype=np.float32)
    upright = float(np.sign(np.median(_areas(flat, _loose_skin()))))
    across, down = vectors_to_coded(orientation, np.eye(2, dtype=np.float32))
    return upright * float(np.sign(across[0] * down[1] - across[1] * down[0]))


def _areas(points: FloatArray, triangles: Int32Array) -> FloatArray:
    """(N,) twice the signed areas of triangles."""
    (ax, ay), (bx, by), (cx, cy) = points[triangles].transpose(1, 2, 0)
    return np.asarray((bx - ax) * (cy - ay) - (by - ay) * (cx - ax))


def _turned(sides: FloatArray) -> FloatArray:
    """(N, 2) sides turned by a quarter."""
    return np.stack([-sides[:, 1], sides[:, 0]], axis=1)


@lru_cache(maxsize=1)
def _loose_skin() -> Int32Array:
    """(N, 3) triangles of the skin but for those at the rims of the eyes, where lids slide."""
    triangles = np.asarray(load_rig().triangles, dtype=np.int32)
    rims = [vertex for eye in EYES.values() for vertex in eye.rim]
    return np.asarray(triangles[~np.isin(triangles, rims).any(axis=1)])


@lru_cache(maxsize=1)
def _held() -> BoolArray:
    """(468,) the rim of the lips."""
    held = np.zeros(SKIN, dtype=bool)
    held[list(LIPS.rim)] = True
    return held
