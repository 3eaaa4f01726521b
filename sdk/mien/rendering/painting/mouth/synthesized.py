"""The inside of a mouth where no picture shows it, in the colours of this face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.rendering.geometry.mouth import Cavity
from mien.rendering.geometry.tone import grain, luma

__all__ = ["FaceColours", "SynthesizedInterior", "synthesize_inside"]

# Widths in cm of the upper teeth from the middle outwards (Wheeler's Dental Anatomy gives
# 8.5, 6.5, 7.5, 7.0 and 7.0 mm), as they look from the front: the row bends backwards.
_TOOTH_SIDES_CM = np.cumsum([0.0, 0.85, 0.62, 0.58, 0.42, 0.30])
_ARCH_CM = float(_TOOTH_SIDES_CM[-1])
"""Half the width of the row of teeth as it looks from the front."""
_REFLECTED_TWICE = np.array([1.0, 0.74, 0.70], dtype=np.float32)
"""What the inside's own colour makes of light that has been reflected there twice."""
_FLESH_BRIGHTNESS = 0.62
"""Brightness of the mouth's lining in full light, as a part of the skin's."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceColours:
    """Colours of this face in this light, (3,) R'G'B' each."""

    skin: FloatArray
    lip: FloatArray
    flesh: FloatArray
    tooth: FloatArray

    @classmethod
    def of(cls, skin: FloatArray, lip: FloatArray) -> FaceColours:
        """Return the colours that go with samples of the skin (N, 3) and of the lips (N, 3)."""
        skin_colour = np.median(skin, axis=0)
        # Skin tells the colour of the light; teeth are as bright in it as lit skin, but whiter.
        tooth = skin_colour * np.array([0.96, 1.10, 1.13])
        tooth *= float(luma(skin_colour)) / max(float(luma(tooth)), 1e-3)
        lip_colour = np.median(lip, axis=0)
        # Half way between both, so that lipstick does not colour a tongue; as bright as the
        # light on the skin makes it.
        flesh = np.sqrt(np.maximum(skin_colour * lip_colour, 0)) * np.array([1.0, 0.82, 0.82])
        flesh *= _FLESH_BRIGHTNESS * float(luma(skin_colour)) / max(float(luma(flesh)), 1e-3)
        colours = (skin_colour, lip_colour, flesh, tooth)
        return cls(*(np.asarray(colour, dtype=np.float32) for colour in colours))


@dataclass(frozen=True, slots=True, eq=False)
class SynthesizedInterior:
    """An inside that no picture shows, with the plate's blur and grain.

    Attributes:
        colours: Colours of this face in this light.
        softness_px: Standard deviation of the plate's blur.
        grain: Standard deviation of the plate's grain, in R'G'B'.
        seed: Seed of the grain.
    """

    colours: FaceColours
    softness_px: float
    grain: float
    seed: int

    def sample(self, u: FloatArray, v: FloatArray, target: Cavity) -> tuple[FloatArray, FloatArray]:
        """Return the inside, and full confidence everywhere; see `InteriorSource`."""
        rgb = synthesize_inside(u, v, target, self.colours, self.softness_px / target.px_per_cm)
        rgb += grain(u.shape, self.grain, self.seed)
        return rgb, np.ones_like(u)


def synthesize_inside(
    u: FloatArray, v: FloatArray, cavity: Cavity, colours: FaceColours, softness: float
) -> FloatArray:
    """Return a made inside: dark and warm, a tongue, and the row of the upper teeth.

    Args:
        u: (h, w) cm along the resting line.
        v: (h, w) cm downwards.
        cavity: The mouth.
        colours: Colours of this face in this light.
        softness: Standard deviation of the plate's blur, cm.

    Returns:
        (h, w, 3) R'G'B'.
    """
    upper, lower = cavity.lips(u)
    across = np.abs(u)
    under, over = v - upper, lower - v
    edge = cavity.upper_teeth(u)
    gap = cavity.edges.gap / cavity.px_per_cm
    half = max((cavity.edges.stop - cavity.edges.start) / (2 * cavity.px_per_cm_along_lips), 0.1)
    middle = (cavity.edges.stop + cavity.edges.start) / (2 * cavity.px_per_cm_along_lips)
    side = np.abs(u - middle) / half
    soft = max(1.5 * softness, 0.03)

    # Light comes in from the front: it is darkest right behind the upper teeth and far to
    # the sides, and brightens towards the tongue, a dome whose back is lost in the dark.
    level = 0.36 + 0.26 * smoothstep((v - edge) / max(gap, 0.3), 0.0, 0.8)
    level *= 1 - 0.35 * smoothstep(side, 0.3, 1.0)
    inside = colours.flesh * _REFLECTED_TWICE * level[..., None]
    bottom = float(cavity.edges.lower.max()) / cavity.px_per_cm
    dome = np.hypot((u - middle) / (0.95 * half), (v - bottom - 0.3) / (0.60 * gap + 0.3))
    tongue = colours.flesh * (0.98 - 0.34 * smoothstep(dome, 0.2, 1.0))[..., None]
    amount = (1 - smoothstep(dome, 0.5, 1.15)) * smoothstep(gap, 0.3, 1.0)
    inside += amount[..., None] * (tongue - inside)

    # The lower teeth stay hidden: the lower lip goes with them.
    # The upper teeth cast a shadow, and so does the lip on them; towards their edge they
    # are a little translucent.
    inside *= 1 - 0.25 * np.exp(-np.maximum(v - edge, 0) / 0.25)[..., None]
    above = edge - 0.05 * _notch(across) - v
    cover = smoothstep(above, -soft, soft) * (1 - smoothstep(across, 0.7 * _ARCH_CM, _ARCH_CM))
    shade = 0.55 + 0.40 * smoothstep(under, 0.0, 0.35)
    shade *= 0.86 + 0.14 * smoothstep(above, 0.0, 0.18)
    shadow = smoothstep(across, 0.3 * _ARCH_CM, 0.85 * _ARCH_CM)
    shade *= (1 - 0.14 * _joint(across)) * (1 - 0.8 * shadow)
    inside += cover[..., None] * (colours.tooth * shade[..., None] - inside)

    # Lips shade what lies behind them, most of all in the corners.
    depth = np.minimum(np.minimum(under, over), (1 - side) * half)
    shade = 0.62 + 0.38 * smoothstep(depth, 0.0, 0.24)
    return np.asarray(inside * shade[..., None], dtype=np.float32)


def _notch(across: FloatArray) -> FloatArray:
    """0 at the middle of a tooth's edge, 1 where two teeth meet."""
    sides = _TOOTH_SIDES_CM
    index = np.clip(np.searchsorted(sides, across, side="right"), 1, len(sides) - 1)
    left, right = sides[index - 1], sides[index]
    from_middle = np.abs(2 * (across - left) / (right - left) - 1)
    return np.asarray(np.clip(from_middle, 0, 1) ** 4, dtype=np.float32)


def _joint(across: FloatArray) -> FloatArray:
    """1 on the line between two teeth, 0 elsewhere."""
    return np.asarray(_notch(across) ** 3, dtype=np.float32)
