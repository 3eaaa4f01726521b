"""The inside of a mouth as the plate shows it.

The upper teeth belong to the skull and the lower ones to the jaw, whatever the lips do. So the
inside falls into three bands: down to the edge of the upper teeth, the dark between, and from
the edge of the lower teeth on. Each goes with what it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.mouth import Cavity, depth_shown
from mien.rendering.geometry.tone import luma
from mien.rendering.painting.mouth.exemplar import (
    EXTEND_CM,
    LIP_EDGE_CM,
    drawn_out,
    first_row,
    sample_lip_to_lip,
)

__all__ = ["PlateInterior", "bared_further", "sample_by_teeth", "teeth_shown"]

_WHOLE_STRETCH = 1.15, 1.5
"""Factor by which the plate's own inside may be drawn out: by the first it is still good, by
the second it looks like rubber."""
_CORNER = -0.02, 0.0
"""Parts of the mouth's width from its corners where its own lips are in the way: none."""
_SAME_CM = 0.03, 0.25
"""How far lips may move for an inside to stay as it is, and from when it does not."""
_BEYOND_CM = 0.05, 0.30
"""How far beyond its lips an inside goes on as it is, and from where it is not known."""
_EXTEND_CM = 0.14, 0.45
"""How far what is seen is drawn out to where it is not, and from where not any more."""
_EXTEND_LOWER_CM = 0.05, 0.18
"""The same below the lower teeth's edge, where lip and gum begin soon."""
_FRONT_CM = 1.2
"""Half the width of the row of front teeth."""
_SHOWN_CM = 0.2, 0.6
"""Height of upper teeth from which they begin to be shown, and from which they are."""
_NOTCH_CM = 0.08
"""How far the edge of the upper teeth may rise between two teeth."""
_BAND_EDGE_CM = 0.04
"""Softness of the borders between bands."""
_OVERBITE_CM = 0.15
"""How far the upper front teeth overlap the lower ones when the jaw is closed."""
_NEGLIGIBLE_WEIGHT = 1 / 256
"""A weight that makes no difference."""


@dataclass(frozen=True, slots=True, eq=False)
class PlateInterior:
    """The inside that the plate itself shows.

    Attributes:
        crop: The plate around the mouth.
        cavity: The mouth in it.
        tooth_luma: Brightness of teeth.
        skin: (3,) colour of the skin.
        depth: How far it shows more than teeth, 0..1.
    """

    crop: PlateCrop
    cavity: Cavity
    tooth_luma: float
    skin: FloatArray
    depth: float

    @classmethod
    def of(
        cls, crop: PlateCrop, cavity: Cavity, tooth_luma: float, skin: FloatArray
    ) -> PlateInterior:
        """Return the inside that a picture shows of a mouth, with the depth seen in it."""
        return cls(crop, cavity, tooth_luma, skin, depth_shown(crop, cavity))

    def sample(self, u: FloatArray, v: FloatArray, target: Cavity) -> tuple[FloatArray, FloatArray]:
        """Return the inside, and how far to rely on it; see `InteriorSource`.

        A mouth that stood open already and hardly opens further is carried over whole; behind
        lips that hardly move all stays as it is.
        """
        rgb, confidence = sample_by_teeth(
            u, v, target, self.cavity, self.crop, self.tooth_luma, self.skin
        )
        before, after = self.cavity.gap, target.gap
        weight = self.depth * (1 - float(smoothstep(after / max(before, 1e-3), *_WHOLE_STRETCH)))
        if weight > _NEGLIGIBLE_WEIGHT:
            whole, whole_confidence = sample_lip_to_lip(
                u, v, target, self.cavity, self.crop, _CORNER
            )
            rgb += weight * (whole - rgb)
            confidence += weight * (whole_confidence - confidence)
        same = 1 - float(smoothstep(self._lips_move(target), *_SAME_CM))
        if same > _NEGLIGIBLE_WEIGHT:
            still, still_confidence = self._as_it_is(u, v)
            rgb += same * (still - rgb)
            confidence += same * (still_confidence - confidence)
        return rgb, confidence

    def _lips_move(self, target: Cavity) -> float:
        """How far the lips' edges move from the plate to the new picture at most, cm."""
        before, after = self.cavity.edges, target.edges
        aside = max(abs(after.start - before.start), abs(after.stop - before.stop))
        heights = (after.upper - before.upper, after.lower - before.lower)
        return max(aside, *(float(np.abs(h).max()) for h in heights)) / target.px_per_cm

    def _as_it_is(self, u: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The inside at the very pixels (h, w), and the confidence: it ends at the lips."""
        from_u = np.clip(u, *self.cavity.corners)
        upper, lower = self.cavity.lips(from_u)
        edge = np.minimum(0.5 * LIP_EDGE_CM, np.maximum(lower - upper, 0) / 2)
        from_v = np.clip(v, upper + edge, np.maximum(lower - edge, upper + edge))
        away = np.hypot(u - from_u, v - from_v)
        return self.cavity.sample(self.crop, from_u, from_v), 1 - smoothstep(away, *_BEYOND_CM)


def teeth_shown(cavity: Cavity) -> float:
    """Return how far a mouth's lips leave its upper teeth free to be seen, 0..1."""
    u = np.linspace(-_FRONT_CM, _FRONT_CM, 9, dtype=np.float32)
    upper, lower = cavity.lips(u)
    shown = np.minimum(lower, cavity.upper_teeth(u)) - upper
    return float(smoothstep(shown.mean(), *_SHOWN_CM))


def bared_further(target: Cavity, own: Cavity) -> float:
    """Return how many cm of upper teeth lips bare in the middle that they cover in the plate.

    Args:
        target: The mouth that is wanted.
        own: The mouth in the plate.
    """
    u = np.linspace(-_FRONT_CM, _FRONT_CM, 9, dtype=np.float32)
    heights = [cavity.upper_teeth(u) - cavity.lips(u)[0] for cavity in (target, own)]
    return float(np.mean(heights[0] - heights[1]))


class _TeethEdges(NamedTuple):
    """Heights (h, w) of the edges of the upper and the lower teeth, cm."""

    upper: FloatArray
    lower: FloatArray

    @classmethod
    def below(cls, upper: FloatArray, jaw: float) -> _TeethEdges:
        """Return the edges where the upper one is known and the jaw is so far open."""
        return cls(upper, np.maximum(upper, upper - _OVERBITE_CM + jaw))


class _Band(NamedTuple):
    """A band of the inside, and where a picture shows it.

    Attributes:
        weight: (h, w) how far a pixel belongs to it, 0..1.
        from_v: (h, w) height in the picture that a pixel's content comes from, cm.
        top: (h, w) height from which the picture shows the band.
        bottom: (h, w) height down to which it does.
        least: Height in cm from which what it shows can be relied on.
        extend: How far it is drawn out, and from where it is not, cm.
    """

    weight: FloatArray
    from_v: FloatArray
    top: FloatArray
    bottom: FloatArray
    least: float
    extend: tuple[float, float]


def sample_by_teeth(
    u: FloatArray,
    v: FloatArray,
    target: Cavity,
    source: Cavity,
    crop: PlateCrop,
    tooth_luma: float,
    skin: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the inside of a mouth in a picture, its teeth going with skull and jaw.

    Args:
        u: (h, w) cm along the resting line, in the target.
        v: (h, w) cm downwards.
        target: The mouth that is wanted.
        source: The mouth in the picture.
        crop: The picture.
        tooth_luma: Brightness of teeth.
        skin: (3,) colour of the skin.

    Returns:
        (h, w, 3) R'G'B', and (h, w) how far to rely on it, 0..1.
    """
    first, last = source.corners
    from_u = np.clip(u, first + 0.1, last - 0.1)
    upper, lower = source.lips(from_u)
    upper_teeth = source.upper_teeth(from_u)
    # Where it is dark just above the teeth's edge, two of them meet, or one ends earlier.
    tips = source.sample(crop, from_u, upper_teeth - _NOTCH_CM)
    notch = _NOTCH_CM * (1 - smoothstep(luma(tips), 0.5 * tooth_luma, 0.9 * tooth_luma))
    from_teeth = _TeethEdges.below(upper_teeth - notch, source.jaw)
    teeth = _TeethEdges.below(target.upper_teeth(u) - notch, target.jaw)
    row = first_row(u, from_u, target, source)
    bands = _bands(v, teeth, from_teeth, row, upper + LIP_EDGE_CM, lower - LIP_EDGE_CM)
    from_v, confidence = _held(bands)
    confidence *= 1 - smoothstep(np.abs(u - from_u), *_EXTEND_CM)
    confidence *= smoothstep(lower - upper, LIP_EDGE_CM, 2 * LIP_EDGE_CM + 0.1)
    rgb = source.sample(crop, from_u, from_v)
    # Where the jaw drops, what lit the teeth from below is gone, and their edge is rounded.
    dark = teeth.lower - teeth.upper
    lit = 1 - 0.35 * smoothstep(dark, 0.2, 0.6) * smoothstep(v - teeth.upper, -0.16, 0.02)
    rgb *= lit[..., None]
    # Teeth are never drawn out: the dark between them is painted instead.
    drawn = smoothstep(dark - 1.2 * (from_teeth.lower - from_teeth.upper), 0.0, 0.15)
    bright = smoothstep(luma(rgb), 0.3 * tooth_luma, 0.5 * tooth_luma)
    confidence *= 1 - bands[1].weight * drawn * bright
    lacking = bands[0].weight * (row - bands[0].from_v)
    confidence *= drawn_out(rgb, lacking, skin, tooth_luma, target.px_per_cm)
    return rgb, np.asarray(confidence, dtype=np.float32)


def _bands(
    v: FloatArray,
    teeth: _TeethEdges,
    source: _TeethEdges,
    first: FloatArray,
    top: FloatArray,
    bottom: FloatArray,
) -> tuple[_Band, _Band, _Band]:
    """The upper teeth, the dark between, and the lower teeth, at heights v (h, w).

    Args:
        v: (h, w) heights in the target, cm.
        teeth: The teeth's edges there.
        source: The teeth's edges in the picture.
        first: (h, w) height from which the picture shows the upper teeth.
        top: (h, w) height from which the picture shows the inside.
        bottom: (h, w) height down to which it does.
    """
    between = np.clip((v - teeth.upper) / np.maximum(teeth.lower - teeth.upper, 1e-3), 0, 1)
    below_upper, below_lower = _step(v - teeth.upper), _step(v - teeth.lower)
    # A sliver below the teeth is more likely their own edge than the lower teeth.
    return (
        _Band(
            weight=1 - below_upper,
            from_v=v - teeth.upper + source.upper,
            top=first,
            bottom=np.minimum(source.upper, bottom),
            least=0.06,
            extend=EXTEND_CM,
        ),
        _Band(
            weight=below_upper * (1 - below_lower),
            from_v=source.upper + between * (source.lower - source.upper),
            top=np.maximum(source.upper, top),
            bottom=np.minimum(source.lower, bottom),
            least=0.05,
            extend=_EXTEND_CM,
        ),
        _Band(
            weight=below_lower,
            from_v=v - teeth.lower + source.lower,
            top=np.maximum(source.lower, top),
            bottom=bottom,
            least=0.25,
            extend=_EXTEND_LOWER_CM,
        ),
    )


def _held(bands: tuple[_Band, ...]) -> tuple[FloatArray, FloatArray]:
    """Heights (h, w) held to what the picture shows of each band, and the confidence in them."""
    from_v = np.zeros(bands[0].from_v.shape, dtype=np.float32)
    confidence = np.zeros_like(from_v)
    for band in bands:
        bottom = np.maximum(band.top, band.bottom)
        held = np.clip(band.from_v, band.top, bottom)
        shown = smoothstep(bottom - band.top, band.least, 2 * band.least + 0.1)
        near = 1 - smoothstep(np.abs(band.from_v - held), *band.extend)
        from_v += band.weight * held
        confidence += band.weight * shown * near
    return from_v, confidence


def _step(height: FloatArray) -> FloatArray:
    return smoothstep(height, -_BAND_EDGE_CM, _BAND_EDGE_CM)
