"""Skin never folds over itself, however far its landmarks are moved."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from mien._types import BoolArray, FloatArray, Int32Array
from mien.face.rig import load_rig
from mien.model.landmarks import SKIN
from mien.rendering.geometry.topology import EYES, LIPS

__all__ = ["unfolded"]

_LEAST: Final = 0.15
"""What is left of a triangle's area at least."""
_TIMES: Final = 12
"""How often all triangles that are too small are put right; once or twice are enough for most."""
_ENOUGH: Final = 0.2
"""What may be missing of that least area."""
_STILL_PX: Final = 0.1
"""Steps that are not worth another."""
_SLIVER: Final = 0.02
"""Triangles that are smaller than that part of the middle one are left alone."""


def unfolded(points: FloatArray, moves: FloatArray) -> FloatArray:
    """Return motion of the skin in which no triangle of it is turned over.

    What pulls at neighbouring landmarks adds up to motion in which one overtakes the other: the
    red of a lip goes below the skin under it. Corners of such triangles are moved the shortest way
    by which some of their area is left (position based dynamics, Müller and others, 2007). The
    rims of lids and lips stay where they are, which meet by themselves.

    Args:
        points: (V, 2) landmarks in the plate.
        moves: (468, 2) how far they move.
    """
    triangles = _loose_skin()
    before = _areas(points, triangles)
    facing = np.sign(np.median(before))
    least = _LEAST * facing * before
    # What is edge-on, or turned away, in the plate is not seen.
    watched = least > _LEAST * float(np.median(facing * before)) * _SLIVER
    triangles, least = triangles[watched], least[watched]
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
        steep = np.maximum(np.einsum("nij,nij->n", ways, ways), 1e-6)
        ways *= (short[folded] / steep)[:, None, None]
        if float(np.abs(ways).max()) < _STILL_PX:
            break
        for axis in range(2):
            moves[:, axis] += np.bincount(corners.ravel(), ways[..., axis].ravel(), SKIN)
    return moves


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
