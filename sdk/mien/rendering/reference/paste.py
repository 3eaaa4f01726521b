"""The regenerated face into the plate: only what the edit implies, and in the plate's own look.

    W    the plate with its pixels moved by the warp renderer, at the plate's resolution
    R    the regenerated square, in W's colours
    C    what is added to W, as a square: R - W where pixels have to be made anew, its slow part
         where the skin's shading changes, nothing elsewhere

W's own detail stays wherever nothing is made anew, at any resolution: C is smooth there. Where
something is, W's detail is taken out, but for its grain. The border between both is drawn
where they agree: what they differ by around it is taken off inside, smoothly (Perez et al.
2003 do so by a Laplacian; here it is diffused by normalised convolution).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.media.display import from_display, to_display
from mien.media.planes import Box, Plate
from mien.rendering.base import Patch
from mien.rendering.geometry.tone import luma
from mien.rendering.reference.crop import Crop
from mien.rendering.reference.inpaint_mask import InpaintMask

__all__ = ["Correction", "correction_of", "in_colours_of", "paste", "with_patch"]

_SLOW = 0.035
"""Standard deviation, as a part of the square's side, of what counts as shading."""
_SEAM = 0.02
"""Likewise, of how far the difference around a border is taken off inside."""
_PIXELS_A_DEVIATION = 4
"""Pixels to a standard deviation where a smooth average is worked out."""
_LIMIT = 0.08
"""Of shading's change, in R'G'B': a stronger one is a fault of the regenerated face."""
_EVERY = 2
"""Every how many pixels colours are compared."""
_GAIN = 0.5, 2.0
"""Limits of a contrast that is matched."""
_GRAIN_REACH = 2.5
"""What differs from its surroundings by more than this many times the grain is detail."""

_NO_GRAIN, _MOST_GRAIN = 1e-4, 0.04
"""Levels: of a grain that no format shows, and of the roughest."""
_GRAIN_WIDTH = 2.0
"""Pixels within which a grain is told from its surroundings."""
_MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """What is added to the warped picture, over the square of one frame.

    Attributes:
        change: (N, N, 3) the sum.
        made: (N, N) 0..1, how far the warped picture's own detail gives way to it.
        warped: (N, N, 3) the warped picture in the square.
        own: 0..1, how much of the grain of this very frame the change takes away: 1 when it
            was not averaged over time.
    """

    change: FloatArray
    made: FloatArray
    warped: FloatArray
    own: float


def with_patch(plate: FloatArray, patch: Patch | None, box: Box) -> FloatArray:
    """A box (h, w, 3) of the plate with a patch in it; the plate's is not changed."""
    if patch is None:
        return plate
    picture = plate.copy()
    x0, y0 = max(box.x0, patch.box.x0), max(box.y0, patch.box.y0)
    x1, y1 = min(box.x1, patch.box.x1), min(box.y1, patch.box.y1)
    if x1 <= x0 or y1 <= y0:
        return picture
    here = picture[y0 - box.y0 : y1 - box.y0, x0 - box.x0 : x1 - box.x0]
    rows = slice(y0 - patch.box.y0, y1 - patch.box.y0)
    columns = slice(x0 - patch.box.x0, x1 - patch.box.x0)
    here += patch.mask[rows, columns, None] * (patch.rgb[rows, columns] - here)
    return picture


def in_colours_of(regenerated: FloatArray, warped: FloatArray, need: InpaintMask) -> FloatArray:
    """A regenerated square with the mean and the contrast of the warped one, per channel.

    They are compared on the skin that merely moves.
    """
    some = np.s_[::_EVERY, ::_EVERY]
    weight = (need.face * (1 - need.made))[some] + 1e-6
    weight /= weight.sum()
    mean, deviation = _moments(regenerated[some], weight)
    wanted, wide = _moments(warped[some], weight)
    gain = np.clip(wide / np.maximum(deviation, 1e-4), *_GAIN)
    return np.asarray((regenerated - mean) * gain + wanted, dtype=np.float32)


def correction_of(
    difference: FloatArray, warped: FloatArray, need: InpaintMask, own: float
) -> Correction:
    """What is added to the warped picture of a frame.

    Args:
        difference: (N, N, 3) the regenerated square minus the warped one, steadied over time.
        warped: (N, N, 3) the warped square.
        need: What has to be regenerated.
        own: This frame's share of the difference.
    """
    slow, _ = _averaged(difference, need.face * (1 - need.made), _SLOW)
    colour, _ = _averaged(warped, np.ones_like(need.made), _SLOW)
    # Shading scales the skin's own colour; a change of hue is the regenerated face's fault.
    brighter = (_LIMIT * np.tanh(luma(slow) / _LIMIT) * need.shaded)[..., None]
    shading = brighter * np.clip(colour / np.maximum(luma(colour), 1e-2)[..., None], 0, 3)
    seam = _continued(shading - difference, 1 - need.made)
    return Correction(np.asarray(difference + seam, np.float32), need.made, warped, own)


def paste(patch: Patch, plate: Plate, crop: Crop, correction: Correction) -> Patch:
    """The warp renderer's patch with what is regenerated in it.

    Args:
        patch: The warp renderer's patch; its mask and its box are kept.
        plate: The plate.
        crop: The square of the frame.
        correction: What is added.
    """
    box = patch.box
    warped = to_display(plate, patch.rgb)
    seen = crop.lay(correction.change, box)
    made = np.clip(crop.lay(correction.made, box), 0, 1)[..., None]
    # Of the warped picture's detail that a square cannot hold, only the grain is kept.
    grain = _grain(warped)
    coarse = crop.lay(crop.take(grain, (box.x0, box.y0)), box)
    detail = warped - crop.lay(correction.warped, box) - (grain - coarse)
    change = seen - made * (detail - correction.own * coarse)
    plain = from_display(plate, warped)
    changed = patch.rgb + (from_display(plate, warped + change) - plain)
    return Patch(box, np.asarray(changed, dtype=np.float32), patch.mask)


def _averaged(
    picture: FloatArray, weight: FloatArray, width: float
) -> tuple[FloatArray, FloatArray]:
    """A square (N, N, 3) averaged under weights by a Gaussian, and (N, N) the weights' average.

    What is smooth is worked out on fewer pixels.

    Args:
        picture: The square.
        weight: (N, N) weights.
        width: Standard deviation as a part of the square's side.
    """
    size = len(picture)
    small = max(8, min(size, round(_PIXELS_A_DEVIATION / width)))
    sigma = width * small
    both = np.concatenate([picture * weight[..., None], weight[..., None]], axis=2)
    both = cv2.resize(both, (small, small), interpolation=cv2.INTER_AREA)
    both = cv2.GaussianBlur(both, (0, 0), sigma)
    both = cv2.resize(both, (size, size), interpolation=cv2.INTER_LINEAR)
    total = both[..., 3]
    return both[..., :3] / np.maximum(total, 1e-3)[..., None], total


def _continued(field: FloatArray, known: FloatArray) -> FloatArray:
    """A field (N, N, 3) where it is known (N, N), and its smooth continuation elsewhere.

    Normalised convolution (Knutsson and Westin 1993) at a scale, and at four times that scale
    where the first sees nothing.
    """
    near, seen = _averaged(field, known, _SEAM)
    far, _ = _averaged(field, known, 4 * _SEAM)
    trust = smoothstep(seen, 0.0, 0.1)[..., None]
    continued = far + trust * (near - far)
    return np.asarray(continued + known[..., None] * (field - continued), dtype=np.float32)


def _moments(picture: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(3,) mean and standard deviation of a picture under weights that sum to 1."""
    mean = (picture * weight[..., None]).sum(axis=(0, 1))
    variance = ((picture - mean) ** 2 * weight[..., None]).sum(axis=(0, 1))
    return mean, np.sqrt(variance)


def _grain(picture: FloatArray) -> FloatArray:
    """The grain of a picture: what smoothing that spares edges (Tomasi and Manduchi 1998) takes.

    Grain may be a few pixels wide, as it is in scans and after compression: its level is the
    median absolute difference from the surroundings, which edges and features hardly reach.
    """
    rough = luma(picture - cv2.GaussianBlur(picture, (0, 0), _GRAIN_WIDTH))
    level = float(np.median(np.abs(rough[::2, ::2]))) * _MAD_TO_SIGMA
    if level < _NO_GRAIN:
        return np.zeros_like(picture)
    level = min(level, _MOST_GRAIN)
    # OpenCV adds up the differences of the three channels.
    smooth = cv2.bilateralFilter(picture, 7, 3 * _GRAIN_REACH * level, _GRAIN_WIDTH)
    return np.asarray(picture - smooth, dtype=np.float32)
