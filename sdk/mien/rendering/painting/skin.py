"""The skin's new look on its moved pixels: creases and shading that go with an expression."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.rendering.appearance.skin import SkinChange
from mien.rendering.geometry.field import MeshRaster
from mien.rendering.geometry.motion import FaceMotion
from mien.rendering.geometry.tone import blurred, largest, luma, per_channel
from mien.rendering.geometry.topology import OVAL, warp_mesh

__all__ = ["shade_skin"]

_SHADED: Final = 0.01
"""Change of the shading from which the picture is replaced wholly."""
_DARKEST: Final = 0.03
"""R'G'B' below which nothing is told from dark."""
_LINE_CM, _AROUND_CM = 0.06, 0.4
"""Standard deviations of blurs: what is finer than folds, as hair and pores, stays; what is wider
is shading."""
_DEEPEST: Final = 0.9
"""The deepest fold that is smoothed wholly."""
_FOLD_CM: Final = 1.2
"""Standard deviation of the blur of what lies around the widest fold."""
_SLIGHT: Final = 0.05
"""How much lighter than what is around it skin may get where it was no darker."""
_PRESSED: Final = 1.8, 2.8
"""How many times as many texels lie in a pixel as in most, from which skin is seen edge-on, and is
wholly."""
_RIM_CM: Final = 0.5
"""Width of the face's rim where no texel may be read: the layout ends at the outline."""


def shade_skin(
    picture: FloatArray,
    mask: FloatArray,
    raster: MeshRaster,
    motion: FaceMotion,
    skin: SkinChange,
    layout: FloatArray,
) -> None:
    """Multiply a face's skin by its change of look.

    Args:
        picture: (h, w, 3) what has been painted; changed.
        mask: (h, w) where it was changed; changed likewise.
        raster: The face's mesh on them, as it is painted.
        motion: How the face moves.
        skin: How its look changes, in the canonical layout.
        layout: (468, 2) landmarks in it, texels.
    """
    size = raster.zone.width, raster.zone.height
    # Around the eyes and beyond the outline there is no skin to rely on: near enough is enough.
    texels = raster.cells(np.concatenate([layout, layout[warp_mesh().band_of], layout[list(OVAL)]]))
    inside = _well_inside(raster, motion) * _facing(texels)
    texels = cv2.resize(texels, size, interpolation=cv2.INTER_LINEAR)
    change = _on_face(skin.ratio - 1, texels)
    if skin.smoothed.any():
        smoothed = per_channel(_on_face(skin.smoothed, texels))
        bright = 1 + smoothed * _lines(picture, motion)
        change = np.asarray((change + 1) * bright - 1, dtype=np.float32)
    change -= per_channel(_smoothed_away_twice(change, picture, motion))
    change *= per_channel(cv2.resize(inside, size))
    np.maximum(mask, smoothstep(largest(np.abs(change)), 0.0, _SHADED), out=mask)
    change += 1
    picture *= change


def _on_face(layout: FloatArray, texels: FloatArray) -> FloatArray:
    """What a picture in the layout is on the face; 0 outside of it."""
    return np.asarray(
        cv2.remap(
            layout, texels, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        )
    )


def _lines(picture: FloatArray, motion: FaceMotion) -> FloatArray:
    """(h, w, 3) by what part R', G' and B' have to rise so that lines and hollows go."""
    seen, unit = np.maximum(picture, _DARKEST), motion.px_per_cm
    line, around = (blurred(seen, width * unit) for width in (_LINE_CM, _AROUND_CM))
    return np.asarray(np.clip(around / line - 1, 0, _DEEPEST), dtype=np.float32)


def _smoothed_away_twice(change: FloatArray, picture: FloatArray, motion: FaceMotion) -> FloatArray:
    """(h, w) by how much a change lightens folds more than the picture has them.

    A face that was tracked to fold where it does not has nothing there to be smoothed away: what
    is taken for a fold's shadow would come out as a light streak.
    """
    wide = _FOLD_CM * motion.px_per_cm
    grey = np.asarray(change.mean(axis=2), dtype=np.float32)
    lighter = grey - blurred(grey, wide)
    if float(lighter.max()) <= _SLIGHT:
        return np.zeros_like(grey)
    seen = np.maximum(luma(picture), _DARKEST)
    shadow = blurred(seen, wide) / blurred(seen, _LINE_CM * motion.px_per_cm) - 1
    beyond = lighter - _SLIGHT - np.maximum(shadow, 0)
    return np.asarray(np.maximum(beyond, 0), dtype=np.float32)


def _facing(texels: FloatArray) -> FloatArray:
    """(rows, columns) 1 where skin is seen well, 0 where it is seen edge-on.

    There the layout lies pressed together in few pixels, or folded: a change would be a hairline.

    Args:
        texels: (rows, columns, 2) where each cell lies in the layout.
    """
    across, down = np.gradient(texels, axis=(1, 0))
    dense = np.sqrt((across**2 + down**2).sum(axis=2))
    pressed = dense / max(float(np.median(dense)), 1e-6)
    seen = (1 - smoothstep(pressed, *_PRESSED)).astype(np.float32)
    seen = cv2.erode(seen, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.GaussianBlur(seen, (0, 0), 1), dtype=np.float32)


def _well_inside(raster: MeshRaster, motion: FaceMotion) -> FloatArray:
    """(rows, columns) 1 in the face, running out to 0 before its outline."""
    zone = raster.zone
    outline = raster.grid[list(OVAL)]
    face = np.zeros((zone.rows, zone.columns), dtype=np.uint8)
    cv2.fillPoly(face, [np.round(outline).astype(np.int32)], 1)
    rim = max(1.0, _RIM_CM * motion.px_per_cm / zone.cell)
    soft = cv2.GaussianBlur(face.astype(np.float32), (0, 0), rim / 2)
    return np.asarray(np.clip(2.2 * soft - 1.2, 0, 1), dtype=np.float32)
