"""Brows move as they are: hair beyond their landmarks goes with them, and is not drawn out.

A mesh lets skin give way between a brow and the next landmarks. Where hair reaches further than the
brow's landmarks, part of it would stay behind as a ghost, or be smeared over the lid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.field import Zone
from mien.rendering.geometry.motion import FaceMotion
from mien.rendering.geometry.tone import luma

__all__ = ["BROW_LINES", "BrowsHeld", "SkinGives", "brows_held", "skin_that_gives"]

_UPPER: Final = ((70, 63, 105, 66, 107), (300, 293, 334, 296, 336))
_LOWER: Final = ((46, 53, 52, 65, 55), (276, 283, 282, 295, 285))
"""The edges of both brows, from the outer end to the inner one."""
_LIDS: Final = ((247, 30, 29, 27, 28, 56), (467, 260, 259, 257, 258, 286))
"""The skin over the upper lids, likewise."""
BROW_LINES: Final = {
    side: (*_UPPER[i], *_LOWER[i], *_LIDS[i]) for i, side in enumerate(("Right", "Left"))
}
"""Landmarks between whose lines skin under a brow gives way, by the person's own side."""
_HELD_CM, _REACH_CM = 0.45, 1.8
"""How far above a brow all goes with it, and from where nothing is changed."""
_COLUMNS, _ROWS, _INNER_ROWS = 24, 20, 8
"""Places along a brow, from its lower edge down, and within it, at which skin is looked at."""
_ALONG, _DOWN = 2.0, 0.8
"""Standard deviations of the blur along these, and down."""
_ROW, _LEAST_FREE = 1 / _ROWS, 1e-9
"""Half the width of the border of hair, and the weight of a place within it."""
_DARKER: Final = 0.08, 0.2
"""How much darker than the skin below it a brow is, as a part of that, to be told from it."""
_HAIR: Final = 0.3, 0.7
"""Darkness between that skin's and the brow's up to which it is skin, and from which hair."""
_BESIDE_HAIR: Final = 0.1
"""How far from hair skin gives way at the nearest, as a part of the way from brow to fold."""
_ABOVE_CM, _LESS_LIT = 0.45, 0.75
"""How far above a brow its skin is looked at, and how bright that below is at least beside it."""
_MIDDLE: Final = 0.5
"""Where it gives way as far as nothing speaks against it, as such a part."""
_BRIGHTEST, _NEARER = 0.02, 0.03
"""Differences of brightness, as parts of the skin's: by which a place is chosen over another, and
by how much one has to be brighter that lies a quarter of the way from the middle."""
_GIVES: Final = 0.06
"""Half of the part of the way that gives way."""
_DRAWN: Final = 1.5, 3.0
"""How many times it is drawn out from which that begins to be seen, and from which it is."""
_DRAWN_EDGE: Final = 0.15
"""The part of what is drawn out, at either end, over which it is more and more."""
_SQUEEZED: Final = 0.35, 0.75
"""The part of its room that skin under a brow keeps when it has folded, and when it does not."""
_BESIDE_PX: Final = 0.5, 2.5
"""How far beside it that is seen, and from where it is not."""
_ROOM: Final = 0.8
"""The part of the way that skin which keeps its size takes at most."""
_ENDS_CM = 0.4
"""How far beyond its ends that runs out."""
_STILL_PX, _MOVED_CM = 0.25, 0.15
"""Motion of a brow that nobody sees, and from which all is held."""


class SkinGives(NamedTuple):
    """Pixels (24,) of the skin from a brow down to the fold, from its outer to its inner end.

    Attributes:
        held: How far down it goes with the brow.
        gave: What gives way.
        kept: How far up it goes with the fold.
    """

    held: FloatArray
    gave: FloatArray
    kept: FloatArray


_Brow = tuple[list[int], list[int], list[int]]
"""Landmarks of a brow's upper and lower edge, and of the skin over the lid."""


class BrowsHeld(NamedTuple):
    """What becomes of a field around brows that are moved.

    Attributes:
        change: (height, width, 2) by how much it changes, pixels; 0 away from them.
        drawn: (height, width) how far a pixel shows skin that is drawn out, 0..1.
        squeezed: (height, width) how far it shows skin that would fold between brow and lid.
    """

    change: FloatArray
    drawn: FloatArray
    squeezed: FloatArray


def brows_held(field: FloatArray, zone: Zone, motion: FaceMotion, crop: PlateCrop) -> BrowsHeld:
    """Return what a field becomes so that what lies close to a moved brow moves with it.

    Args:
        field: (height, width, 2) how far the content of each pixel has moved, in pixels.
        zone: Where.
        motion: How the face moves.
        crop: The plate.
    """
    nothing = np.zeros(field.shape[:2], dtype=np.float32)
    held = BrowsHeld(np.zeros_like(field), nothing, nothing.copy())
    for upper, lower, lid in zip(_UPPER, _LOWER, _LIDS, strict=True):
        most = np.abs(motion.motion[[*upper, *lower]]).max()
        amount = float(smoothstep(most, _STILL_PX, _STILL_PX + _MOVED_CM * motion.px_per_cm))
        if amount:
            _hold(held, field, zone, motion, (list(upper), list(lower), list(lid)), crop, amount)
    return held


@dataclass(frozen=True, slots=True, eq=False)
class _BrowLines:
    """A brow and the fold of the lid under it as heights over a line from end to end.

    Attributes:
        origin: (2,) the outer end of the upper edge.
        along: (2,) unit vector towards the inner end.
        up: (2,) unit vector upwards.
        length: From end to end, pixels.
        edges: Points (N, 2) of the upper edge, the lower one and the fold, from the origin.
    """

    origin: FloatArray
    along: FloatArray
    up: FloatArray
    length: float
    edges: tuple[FloatArray, FloatArray, FloatArray]

    @classmethod
    def of(cls, points: FloatArray, brow: _Brow) -> _BrowLines:
        """Return the lines through landmarks (V, 2)."""
        upper, lower, fold = (points[edge] for edge in brow)
        origin, end = upper[0], upper[-1]
        along = (end - origin) / max(float(np.linalg.norm(end - origin)), 1e-6)
        up = np.array([along[1], -along[0]], dtype=np.float32)
        up *= np.sign(float((upper.mean(axis=0) - fold.mean(axis=0)) @ up)) or 1.0
        edges = upper - origin, lower - origin, fold - origin
        return cls(origin, along, up, float((end - origin) @ along), edges)

    def heights(self, u: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return heights of the three at places along the line."""
        upper, lower, fold = (_height(u, edge, self.along, self.up) for edge in self.edges)
        return upper, lower, fold


def _hold(
    found: BrowsHeld,
    field: FloatArray,
    zone: Zone,
    motion: FaceMotion,
    brow: _Brow,
    crop: PlateCrop,
    amount: float,
) -> None:
    """Read a field nearer to one brow than it is asked for: at the brow itself, close to it.

    What is drawn out for it is noted as well.
    """
    lines = _BrowLines.of(motion.target, brow)
    up, length, cm = lines.up, lines.length, motion.px_per_cm
    held_above, reach = _HELD_CM * cm, _REACH_CM * cm
    box = _around(np.concatenate([motion.target[edge] for edge in brow]), reach, zone)
    if box is None:
        return
    gives = skin_that_gives(crop, motion.source, brow, cm)
    rows, columns = box
    y, x = np.mgrid[rows, columns].astype(np.float32)
    places = np.stack([x + zone.x0, y + zone.y0], axis=-1) - lines.origin
    u, v = places @ lines.along, places @ up
    top, bottom, fold = lines.heights(u)
    above, below = v - top, bottom - v
    gap = np.maximum(bottom - fold, 1.0)
    at = np.clip(u * np.float32((_COLUMNS - 1) / max(length, 1e-6)), 0, _COLUMNS - 1.001)
    index = at.astype(np.intp)
    further = at - index.astype(np.float32)
    held, gave, kept = (part.take(index) + further * np.diff(part).take(index) for part in gives)
    # A brow that comes down leaves less room than both take.
    fit = np.minimum(1, _ROOM * gap / np.maximum(held + kept, 1e-3))
    room = np.maximum(gap - fit * (held + kept), 1e-3)
    # Nothing beyond the ends of a brow; what is far above or below it is read where it is.
    ends = _ENDS_CM * cm
    over_brow = smoothstep(np.minimum(u, length - u), -ends, 0.0)
    # Skin that has half its room folds away, and is no line brighter than what lies beside it.
    squeezed = 1 - smoothstep(gap / np.maximum(held + gave + kept, 1e-3), *_SQUEEZED)
    squeezed *= 1 - smoothstep(np.maximum(-below, below - gap), *_BESIDE_PX)
    squeezed *= amount * over_brow
    found.squeezed[rows, columns] = np.maximum(found.squeezed[rows, columns], squeezed)
    below = np.minimum(np.maximum(below, 0), gap)
    way = np.clip((below - fit * held) / room, 0, 1)
    stretched = way * gap
    nearer = np.where(below < gap, below - stretched, 0)
    at_edge = nearer - np.clip(above, 0, reach)
    near = _read(field, x, y, up, over_brow * at_edge)
    # Above, skin gives way evenly up to where nothing is changed, so that it does not fold over.
    far = _read(field, x, y, up, over_brow * np.where(above > 0, reach - above, 0))
    part = np.clip((above - held_above) / (reach - held_above), 0, 1)
    inside = ((above < reach) * np.float32(1))[..., None]
    mixed = near + part[..., None].astype(np.float32) * (far - near)
    found.change[rows, columns] += amount * inside * (mixed - field[rows, columns])
    drawn = amount * over_brow * smoothstep(room / np.maximum(gave, 1e-3), *_DRAWN)
    drawn *= smoothstep(np.minimum(way, 1 - way), 0.0, _DRAWN_EDGE)
    found.drawn[rows, columns] = np.maximum(found.drawn[rows, columns], drawn)


def skin_that_gives(crop: PlateCrop, points: FloatArray, brow: _Brow, cm: float) -> SkinGives:
    """Return how far down skin goes with a brow, and how far up with the fold of the lid.

    What lies between them gives way: bare skin in the light. Hair, which often reaches further down
    than a brow is tracked, and the shadow over the lid keep their size.

    Args:
        crop: The plate.
        points: (V, 2) landmarks in it.
        brow: Landmarks of the upper edge and the lower one, and of the skin over the lid.
        cm: Pixels in a canonical unit.
    """
    lines = _BrowLines.of(points, brow)
    u = np.linspace(0, lines.length, _COLUMNS, dtype=np.float32)
    top, bottom, fold = lines.heights(u)
    far = np.maximum(bottom - fold, 1.0)
    within = np.linspace(0, 1, _INNER_ROWS, dtype=np.float32)[:, None]
    part = np.linspace(0, 1, _ROWS, dtype=np.float32)[:, None]
    beyond = top[None] + _ABOVE_CM * cm
    v = np.concatenate([beyond, top + within * (bottom - top), bottom - part * far])
    places = lines.origin + u[:, None] * lines.along + v[..., None] * lines.up
    seen = luma(crop.sample(places[..., 0], places[..., 1]))
    above, seen = seen[0], cv2.GaussianBlur(seen[1:], (0, 0), sigmaX=_ALONG, sigmaY=_DOWN)
    inside, outside = seen[:_INNER_ROWS].mean(axis=0), seen[_INNER_ROWS:]
    # Where hair reaches down to the fold, the skin above the brow tells how bright skin is.
    skin = np.maximum(np.maximum(outside.max(axis=0), _LESS_LIT * np.median(above)), 1e-3)
    darker = skin - inside
    like_hair = smoothstep((skin - outside) / np.maximum(darker, 1e-3), *_HAIR)
    hair = np.minimum.accumulate(like_hair, axis=0).mean(axis=0) + _BESIDE_HAIR
    hair = np.minimum(hair * smoothstep(darker / skin, *_DARKER), 1)
    middle = np.maximum(_MIDDLE, (hair + 1) / 2)
    better = outside / skin - _NEARER * ((part - middle) / 0.25) ** 2
    # Hair is left out softly, and as much where there is hardly anything else.
    free = smoothstep(part - hair, -_ROW, _ROW)
    score = better / _BRIGHTEST + np.log(np.maximum(free, _LEAST_FREE))
    weight = np.exp(score - score.max(axis=0))
    gives = ((weight * part).sum(axis=0) / weight.sum(axis=0)).astype(np.float32)
    gives = cv2.GaussianBlur(gives[None], (0, 0), sigmaX=_ALONG)[0]
    held, kept = np.maximum(gives - _GIVES, 0), np.maximum(1 - gives - _GIVES, 0)
    return SkinGives(held * far, (1 - held - kept) * far, kept * far)


def _read(
    field: FloatArray, x: FloatArray, y: FloatArray, up: FloatArray, higher: FloatArray
) -> FloatArray:
    """A field at places that lie higher by so many pixels."""
    at_x = x + (higher * up[0]).astype(np.float32)
    at_y = y + (higher * up[1]).astype(np.float32)
    read = cv2.remap(field, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(read, dtype=np.float32)


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
