"""The inside of a mouth carried over from a picture in which it stands open."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mien._math import ease, smoothstep
from mien._types import FloatArray
from mien.rendering.appearance.mouth import Exemplar
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.mouth import Cavity

__all__ = ["LIP_EDGE_CM", "ExemplarInterior", "sample_lip_to_lip"]

LIP_EDGE_CM = 0.06
"""Depth behind a lip's edge where a picture still shows lip or its shadow."""
_CORNER = 0.06, 0.20
"""Parts of the mouth's width from its corners where another frame's lips may be in the way."""
_DRAWN = 0.15, 0.5
"""Scale to which a picture may be drawn out: at the first it is rubber, from the second on good."""
_SHARPER_PX2 = 0.1
"""Square pixels of blur by which another frame must be sharper to be blurred."""
_GAIN = 0.4, 2.5
"""The least and the most by which its brightness is changed."""


@dataclass(frozen=True, slots=True, eq=False)
class ExemplarInterior:
    """The inside as another frame shows it, in this frame's colour and blur.

    Attributes:
        exemplar: The open mouth of that frame.
        skin: (3,) colour of the skin in this frame.
        softness_px: Standard deviation of this frame's blur.
    """

    exemplar: Exemplar
    skin: FloatArray
    softness_px: float

    def sample(self, u: FloatArray, v: FloatArray, target: Cavity) -> tuple[FloatArray, FloatArray]:
        """Return the inside, and how far to rely on it; see `InteriorSource`."""
        exemplar = self.exemplar
        rgb, confidence = sample_lip_to_lip(u, v, target, exemplar.cavity, exemplar.crop)
        # Defocus and motion blur are this frame's, not the other's.
        blur = self.softness_px**2 - (exemplar.softness * target.px_per_cm) ** 2
        if blur > _SHARPER_PX2:
            rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), blur**0.5), dtype=np.float32)
        gain = self.skin / np.maximum(exemplar.skin, 1e-3)
        rgb *= np.clip(gain, *_GAIN).astype(np.float32)
        return rgb, confidence


def sample_lip_to_lip(
    u: FloatArray,
    v: FloatArray,
    target: Cavity,
    source: Cavity,
    crop: PlateCrop,
    corners: tuple[float, float] = _CORNER,
) -> tuple[FloatArray, FloatArray]:
    """Return the inside of a mouth in a picture, carried over from lip to lip.

    Heads and lips differ too much between frames to trust the skull's axes: what lies behind
    each lip stays behind it, at its size, and the dark between makes up the rest, as far as it
    can be drawn out.

    Args:
        u: (h, w) cm along the resting line, in the target.
        v: (h, w) cm downwards.
        target: The mouth that is wanted.
        source: The mouth in the picture.
        crop: The picture.
        corners: Parts of the mouth's width from its corners up to which the picture is not used,
            and from which it is.

    Returns:
        (h, w, 3) R'G'B', and (h, w) how far to rely on it, 0..1.
    """
    edges, from_edges = target.edges, source.edges
    fraction = (u * target.px_per_cm_along_lips - edges.start) / max(edges.stop - edges.start, 1e-6)
    from_u = (
        from_edges.start
        + np.clip(fraction, corners[1] / 2, 1 - corners[1] / 2)
        * (from_edges.stop - from_edges.start)
    ) / source.px_per_cm_along_lips
    upper, lower = target.lips(u)
    from_upper, from_lower = source.lips(from_u)
    height, from_height = lower - upper, from_lower - from_upper
    down = np.asarray(np.clip((v - upper) / np.maximum(height, 1e-3), 0, 1), dtype=np.float32)
    longer = height - from_height
    from_v = from_upper + (v - upper) - ease(down) * longer
    # How far the picture is drawn out here: 1 not at all, 0 infinitely.
    drawn = 1 - 6 * down * (1 - down) * np.maximum(longer, 0) / np.maximum(height, 1e-3)
    edge = 1.6 * LIP_EDGE_CM
    from_v = np.clip(from_v, from_upper + edge, np.maximum(from_lower - edge, from_upper + edge))
    rgb = source.sample(crop, from_u, from_v)
    # Towards the corners a picture shows lips where they were tracked to leave off.
    corner = smoothstep(np.minimum(fraction, 1 - fraction), *corners)
    confidence = corner * smoothstep(from_height, 0.1, 0.3) * smoothstep(drawn, *_DRAWN)
    return rgb, np.asarray(confidence, dtype=np.float32)
