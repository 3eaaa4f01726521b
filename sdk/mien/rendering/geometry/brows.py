"""Brows move as they are: hair beyond their landmarks goes with them, and is not drawn out.

A mesh lets skin give way between a brow and the next landmarks. Where hair reaches further than the
brow's landmarks, part of it would stay behind as a ghost, or be smeared over the lid.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.rendering.geometry.field import Zone
from mien.rendering.geometry.motion import FaceMotion

__all__ = ["brows_held"]

_UPPER: Final = ((70, 63, 105, 66, 107), (300, 293, 334, 296, 336))
_LOWER: Final = ((46, 53, 52, 65, 55), (276, 283, 282, 295, 285))
"""The edges of both brows, from the outer end to the inner one."""
_LIDS: Final = ((247, 30, 29, 27, 28, 56), (467, 260, 259, 257, 258, 286))
"""The skin over the upper lids, likewise."""
_HELD_CM, _REACH_CM = 0.45, 1.8
"""How far above a brow all goes with it, and from where nothing is changed."""
_HELD_BELOW: Final = 0.5
"""Part of the skin between brow and lid, as it was filmed, that goes with the brow."""
_ENDS_CM = 0.4
"""How far beyond its ends that runs out."""
_STILL_PX = 0.25
"""Motion of a brow that nobody sees."""


_Brow = tuple[list[int], list[int], list[int]]
"""Landmarks of a brow's upper and lower edge, and of the skin over the lid."""


def brows_held(field: FloatArray, zone: Zone, motion: FaceMotion) -> FloatArray:
    """Return by how much a field changes so that what lies close to a moved brow moves with it.

    Args:
        field: (height, width, 2) how far the content of each pixel has moved, in pixels.
        zone: Where.
        motion: How the face moves.

    Returns:
        (height, width, 2) pixels; 0 away from brows that move.
    """
    change = np.zeros_like(field)
    for upper, lower, lid in zip(_UPPER, _LOWER, _LIDS, strict=True):
        if np.abs(motion.motion[[*upper, *lower]]).max() >= _STILL_PX:
            _hold(change, field, zone, motion, (list(upper), list(lower), list(lid)))
    return change


def _hold(
    change: FloatArray,
    field: FloatArray,
    zone: Zone,
    motion: FaceMotion,
    brow: _Brow,
) -> None:
    """Read a field nearer to one brow than it is asked for: at the brow itself, close to it."""
    _, lower, lid = brow
    over, under, skin = (motion.target[edge] for edge in brow)
    first, last = over[0], over[-1]
    along = (last - first) / max(float(np.linalg.norm(last - first)), 1e-6)
    up = np.array([along[1], -along[0]], dtype=np.float32)
    up *= np.sign(float((over.mean(axis=0) - skin.mean(axis=0)) @ up)) or 1.0
    cm = motion.px_per_cm
    held_above, reach = _HELD_CM * cm, _REACH_CM * cm
    box = _around(np.concatenate([over, under, skin]), reach, zone)
    if box is None:
        return
    rows, columns = box
    y, x = np.mgrid[rows, columns].astype(np.float32)
    places = np.stack([x + zone.x0, y + zone.y0], axis=-1) - first
    u, v = places @ along, places @ up
    top, bottom = (_height(u, edge - first, along, up) for edge in (over, under))
    above, below = v - top, bottom - v
    filmed = float(((motion.source[lower] - motion.source[lid[:5]]) @ up).mean())
    gap = max(float(((under - skin[:5]) @ up).mean()), 1.0)
    held = min(_HELD_BELOW * max(filmed, 0.0), 0.8 * gap)
    # Nothing beyond the ends of a brow; what is far above or below it is read where it is.
    ends = _ENDS_CM * cm
    length = float((last - first) @ along)
    over_brow = smoothstep(np.minimum(u, length - u), -ends, 0.0)
    below = np.clip(below, 0, gap)
    at_edge = -np.clip(above, 0, reach) + _less(below, held, gap)
    near = _read(field, x, y, up, over_brow * at_edge)
    # Above, skin gives way evenly up to where nothing is changed, so that it does not fold over.
    far = _read(field, x, y, up, over_brow * np.where(above > 0, reach - above, 0))
    part = np.clip((above - held_above) / (reach - held_above), 0, 1)
    inside = ((above < reach) * np.float32(1))[..., None]
    mixed = near + part[..., None].astype(np.float32) * (far - near)
    change[rows, columns] += inside * (mixed - field[rows, columns])


def _read(
    field: FloatArray, x: FloatArray, y: FloatArray, up: FloatArray, higher: FloatArray
) -> FloatArray:
    """A field at places that lie higher by so many pixels."""
    at_x = x + (higher * up[0]).astype(np.float32)
    at_y = y + (higher * up[1]).astype(np.float32)
    read = cv2.remap(field, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(read, dtype=np.float32)


def _less(away: FloatArray, held: float, reach: float) -> FloatArray:
    """By how much nearer a field is read, at a distance: all of it where it is held."""
    stretched = (away - held) * (reach / max(reach - held, 1e-6))
    return np.asarray(away - np.where(away < reach, np.maximum(stretched, 0), away))


def _height(u: FloatArray, edge: FloatArray, along: FloatArray, up: FloatArray) -> FloatArray:
    """Height of an edge (N, 2) over a line, at places along it."""
    order = np.argsort(edge @ along)
    heights = np.interp(u.ravel(), (edge @ along)[order], (edge @ up)[order])
    return np.asarray(heights.reshape(u.shape), dtype=np.float32)


def _around(points: FloatArray, margin: float, zone: Zone) -> tuple[slice, slice] | None:
    """Rows and columns of a zone that hold points and a margin; None of none."""
    corner = np.array([zone.x0, zone.y0])
    low = np.maximum(np.floor(points.min(axis=0) - margin - corner), 0).astype(int)
    most = np.array([zone.width, zone.height])
    high = np.minimum(np.ceil(points.max(axis=0) + margin - corner), most).astype(int)
    if np.any(high <= low):
        return None
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))
