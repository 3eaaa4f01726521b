"""A closed upper lid where no frame shows one: smooth skin in the colour of what is around the eye.

An open eye's lid is folded away. What is stretched over the eye when it closes is the fold and the
shadow that lies in it; a lid that comes down is lighter than that, and about as light as the skin
above and below the eye.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.rendering.geometry.tone import luma
from mien.rendering.painting.layer import PaintLayer
from mien.rendering.painting.opening import OpeningView

__all__ = ["closed_lid"]

_AROUND: Final[dict[str, tuple[tuple[int, ...], tuple[int, ...]]]] = {
    "Right": ((222, 223, 224), (229, 230, 231)),
    "Left": ((442, 443, 444), (449, 450, 451)),
}
"""Landmarks on the skin above and below an eye, whose colour a lid has."""
_LID_CM: Final = 0.45
"""Height of the skin above an open eye's edge that is stretched when it closes."""
_LASHES_CM: Final = 0.14
"""Height above the lid's edge from which its lashes are left as they are."""
_SOFT_CM: Final = 0.22
"""Width over which the lid's skin runs into what is around it."""
_TEXTURE_CM: Final = 0.06
"""Standard deviation of the blur below which the stretched skin's own texture stays."""
_CLOSED: Final = 0.3, 0.8
"""Part of the opening that must close for lid to be seen, and to be seen wholly."""
_STRENGTH: Final = 0.55
"""How far the fold's shadow is taken away: some of it is make-up, and lids are in shade."""
_SHADE: Final = 0.94
"""How light a lid is beside the skin around the eye: it bends away from the light."""


def closed_lid(view: OpeningView, side: str, skin: FloatArray) -> PaintLayer | None:
    """Return the skin of an upper lid that comes down; None where it hardly does.

    Args:
        view: The eye.
        side: The person's own side.
        skin: (h, w, 3) the skin as it was moved.
    """
    before, after, unit = view.before, view.after, view.motion.px_per_cm
    opened, left = max(before.gap, 1e-3), max(after.gap, 0.0)
    if opened < _TEXTURE_CM * unit:
        return None
    closed = float(smoothstep(1 - left / opened, *_CLOSED))
    if closed <= 0:
        return None
    above, below = (
        _middle(view.crop.nearest(view.motion.source[list(points)])) for points in _AROUND[side]
    )
    top = view.heights_before[0] - _LID_CM * unit
    edge = view.heights_after[0] - _LASHES_CM * unit
    soft = _SOFT_CM * unit
    amount = smoothstep(view.v - top, 0.0, 2 * soft) * smoothstep(edge - view.v, 0.0, soft)
    ends = np.minimum(view.u - after.start, after.stop - view.u)
    amount *= smoothstep(ends, 0.0, 2 * soft)
    down = smoothstep((view.v - top) / np.maximum(edge - top, 1.0), 0.0, 1.0)[..., None]
    colour = _SHADE * (above + down * (below - above))
    picture = np.asarray(skin, dtype=np.float32)
    coarse = cv2.GaussianBlur(picture, (0, 0), _TEXTURE_CM * unit)
    rgb = np.asarray(colour + (picture - coarse), dtype=np.float32)
    # Only a shadow is taken away: a lid that is lighter than its surroundings is as it was filmed.
    darker = smoothstep(luma(rgb) - luma(coarse), 0.0, 0.04)
    return PaintLayer(rgb, np.asarray(_STRENGTH * closed * amount * darker, dtype=np.float32))


def _middle(colours: FloatArray) -> FloatArray:
    """(3,) the median of three colours (3, 3); `np.median` takes ten times as long."""
    return np.asarray(np.sort(colours, axis=0)[1])
