"""A region of the face as other frames show it, laid over the frame that is painted."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np

from mien._types import FloatArray
from mien.face.rig import load_rig
from mien.model.landmarks import SKIN
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.field import MeshRaster, Zone
from mien.rendering.geometry.motion import FaceMotion
from mien.rendering.geometry.tone import per_channel
from mien.rendering.geometry.topology import warp_mesh
from mien.rendering.painting.layer import PaintLayer

__all__ = ["DonorLayer", "RegionLayer", "lay_region", "region_zone", "take_shape"]

_OUTLINES: Final[dict[str, tuple[int, ...]]] = {
    "Right": (226, 247, 30, 29, 27, 28, 56, 190, 243, 112, 26, 22, 23, 24, 110, 25),
    "Left": (446, 467, 260, 259, 257, 258, 286, 414, 463, 341, 256, 252, 253, 254, 339, 255),
    "mouth": (
        203, 206, 216, 212, 202, 204, 194, 201, 200, 421, 418, 424, 422, 432, 436, 426, 423, 327,
        2, 98,
    ),
}  # fmt: skip
"""Landmarks around each region: what lies inside is taken over wholly."""
_STEADY: Final = (6, 168, 197, 195, 33, 133, 362, 263, 127, 356, 234, 454, 162, 389)
"""Landmarks around the eyes that expressions hardly move, by which eyes are put in place."""
_OUTLINE_SHARE: Final = 0.5
"""How far landmarks on a region's outline take its shape from other frames."""
_FEATHER_CM: Final = 0.3
"""Standard deviation of a region's soft border."""
_CELL_CM: Final = 0.06
"""Cells of a region's field."""
_LIGHT_CM: Final = 0.8
"""Standard deviation of the blur by which the light of both frames is compared."""
_COARSER: Final = 4
"""How many times smaller the pictures are by which it is compared."""
_GAIN: Final = 0.7, 1.4
"""Least and greatest factor between the light of both."""


@dataclass(frozen=True, slots=True, eq=False)
class DonorLayer:
    """A region of another frame, made to do what is asked.

    Attributes:
        weight: How much of it is taken.
        target: (V, 2) vertices of its mesh as it is painted, its own pixels.
        rgb: (h, w, 3) R'G'B'.
        corner: (2,) position of the first pixel of `rgb`.
    """

    weight: float
    target: FloatArray
    rgb: FloatArray
    corner: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class RegionLayer:
    """What is laid over one region of a face.

    Attributes:
        region: The region.
        amount: How far it takes the plate's place, 0..1.
        donors: What is mixed.
    """

    region: str
    amount: float
    donors: tuple[DonorLayer, ...]


def take_shape(
    motion: FaceMotion, region: str, amount: float, donors: Sequence[tuple[FaceMotion, float]]
) -> FaceMotion:
    """Return a motion in which a region takes the shape that it has in other frames.

    So the plate's own pixels and those of other frames, where both are seen, lie upon each other.

    Args:
        motion: How the face moves.
        region: The region.
        amount: How far the other frames take the plate's place, 0..1.
        donors: Motions of other frames towards what is asked, and their weights.
    """
    share = _share(region)
    inner = np.flatnonzero(share)
    shape = np.zeros((len(inner), 2), dtype=np.float32)
    for donor, weight in donors:
        if region == "mouth":
            fit = _affine(donor.neutral[inner], motion.neutral[inner])
        else:
            fit = _affine(donor.source[list(_STEADY)], motion.source[list(_STEADY)])
        shape += np.float32(weight) * (donor.target[inner] @ fit[:2] + fit[2])
    moved = motion.motion.copy()
    moved[inner] += np.float32(amount) * share[inner, None] * (shape - motion.target[inner])
    band_of = warp_mesh().band_of
    moved[SKIN : SKIN + len(band_of)] = moved[band_of]
    return dataclasses.replace(motion, motion=moved)


def region_zone(region: str, motion: FaceMotion) -> Zone:
    """Return the part of the picture in which a region, with its soft border, lies."""
    outline = list(_OUTLINES[region])
    cell = max(1, round(_CELL_CM * motion.px_per_cm))
    points = np.concatenate([motion.target[outline], motion.source[outline]])
    return Zone.around(points, 3 * _FEATHER_CM * motion.px_per_cm, cell)


def lay_region(
    picture: FloatArray,
    mask: FloatArray,
    canvas: Zone,
    motion: FaceMotion,
    layer: RegionLayer,
    shade: FloatArray | None = None,
) -> None:
    """Lay a region as other frames show it over a picture, in the picture's light.

    Args:
        picture: (h, w, 3) what has been painted; changed.
        mask: (h, w) where it was changed; changed likewise.
        canvas: Their zone.
        motion: How the face moves.
        layer: What is laid over it.
        shade: (h, w) the factor on the picture's light that no other frame shows; None for 1.
    """
    zone = region_zone(layer.region, motion)
    left, top = max(zone.x0, canvas.x0), max(zone.y0, canvas.y0)
    right = min(zone.x0 + zone.width, canvas.x0 + canvas.width)
    bottom = min(zone.y0 + zone.height, canvas.y0 + canvas.height)
    if right <= left or bottom <= top:
        return

    def part(of: Zone) -> tuple[slice, slice]:
        return slice(top - of.y0, bottom - of.y0), slice(left - of.x0, right - of.x0)

    inside, feather = _border(zone, motion, layer.region)
    here, there = part(zone), part(canvas)
    above = _mixed(zone, motion, layer)[here]
    below, weight = picture[there], layer.amount * feather[here]
    ring = np.clip(4 * feather[here] * (1 - inside[here]), 0, 1)
    sigma = _LIGHT_CM * motion.px_per_cm
    if shade is None:
        above *= _light(below, above, ring, sigma)
    else:
        shades = per_channel(shade[there])
        above *= shades * _light(below / shades, above, ring, sigma)
    picture[there] = PaintLayer(above, weight).over(below)
    mask[there] = np.maximum(mask[there], weight)


def _mixed(zone: Zone, motion: FaceMotion, layer: RegionLayer) -> FloatArray:
    """(h, w, 3) the other frames' pixels where this frame's face has them."""
    mesh, points = warp_mesh(), motion.target
    triangles = np.concatenate([mesh.filled, mesh.skin])
    raster = MeshRaster.of(zone, points, triangles)
    mixed = np.zeros((zone.height, zone.width, 3), dtype=np.float32)
    for donor in layer.donors:
        crop = PlateCrop(donor.rgb, donor.corner)
        seen = crop.moved(zone, raster.field(points - donor.target))
        seen *= np.float32(donor.weight)
        mixed += seen
    return mixed


def _border(zone: Zone, motion: FaceMotion, region: str) -> tuple[FloatArray, FloatArray]:
    """(h, w) 1 inside a region's outline, and the same with a soft border."""
    corner = np.array([zone.x0, zone.y0], dtype=np.float32)
    outline = motion.target[list(_OUTLINES[region])] - corner
    mask = np.zeros((zone.height, zone.width), dtype=np.uint8)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1)
    inside = mask.astype(np.float32)
    sigma = _FEATHER_CM * motion.px_per_cm
    return inside, np.asarray(cv2.GaussianBlur(inside, (0, 0), sigma), dtype=np.float32)


def _light(below: FloatArray, above: FloatArray, ring: FloatArray, sigma: float) -> FloatArray:
    """(h, w, 3) the factor from one picture's light to another's, told around the region.

    It is so smooth that it is told on pictures a few times smaller.
    """
    height, width = ring.shape
    size = max(1, width // _COARSER), max(1, height // _COARSER)

    def level(picture: FloatArray) -> FloatArray:
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.GaussianBlur(small, (0, 0), sigma / _COARSER), dtype=np.float32)

    weight = per_channel(level(ring) + 1e-4)
    around = per_channel(ring)
    factor = (level(below * around) / weight + 0.01) / (level(above * around) / weight + 0.01)
    factor = np.clip(factor, *_GAIN).astype(np.float32)
    return np.asarray(cv2.resize(factor, (width, height), interpolation=cv2.INTER_LINEAR))


@lru_cache(maxsize=8)
def _share(region: str) -> FloatArray:
    """(468,) how far a landmark belongs to a region: 1 inside, less on its outline."""
    flat = load_rig().mean[:, :2].astype(np.float32)
    outline = list(_OUTLINES[region])
    polygon = np.ascontiguousarray(flat[outline])
    inside = [cv2.pointPolygonTest(polygon, (float(x), float(y)), False) > 0 for x, y in flat]
    share = np.array(inside, dtype=np.float32)
    share[outline] = _OUTLINE_SHARE
    return share


def _affine(source: FloatArray, target: FloatArray) -> FloatArray:
    """(3, 2) the affine map that best takes points to others, by least squares."""
    ones = np.concatenate([source, np.ones((len(source), 1), dtype=np.float32)], axis=1)
    solution, *_ = np.linalg.lstsq(ones.astype(np.float64), target.astype(np.float64), rcond=None)
    return np.asarray(solution, dtype=np.float32)
