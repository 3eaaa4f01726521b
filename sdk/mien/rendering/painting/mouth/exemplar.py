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
from mien.rendering.geometry.tone import blurred, luma

__all__ = [
    "EXTEND_CM",
    "LIP_EDGE_CM",
    "ExemplarInterior",
    "RowInterior",
    "drawn_out",
    "first_row",
    "sample_lip_to_lip",
]

LIP_EDGE_CM = 0.06
"""Depth behind a lip's edge where a picture still shows lip or its shadow."""
_CORNER = 0.06, 0.20
"""Parts of the mouth's width from its corners where another frame's lips may be in the way."""
_DRAWN = 0.15, 0.5
"""Scale to which a picture may be drawn out: at the first it is rubber, from the second on good."""
EXTEND_CM = 0.30, 0.60
"""How far upper teeth are drawn out towards their gum beyond what their picture shows, and from
where they are not."""
_AT_END_CM = 0.02, 0.12
"""How far they are drawn out from where what is drawn out has to look like teeth."""
_SHADOW_CM, _BARED_CM = 0.10, 0.12
"""How far below a lip its shadow lies on the teeth, and how much more of them is bared when it has
gone with the lip."""
_ROW_SHOWN_CM = 0.08, 0.20
"""Height of a tooth from which it is shown, and from which it is shown well."""
_BELOW_ROW_CM = 0.04, 0.14
"""How far below the edge of the upper teeth their picture is still used, and from where not."""
_GREEN = 0.85, 0.95
"""Green to red, over that of the skin, up to which it is a lip's, and from which a tooth's."""
_LIT = 0.45, 0.70
"""Brightness over that of lit teeth up to which it is a shadow's, and from which theirs."""
_SHARPER_PX2 = 0.1
"""Square pixels of blur by which another frame must be sharper to be blurred."""
_MOSTLY_TEETH = 0.3, 0.6
"""How much of a place may look like teeth, 0..1, and from when it is taken for teeth."""
_BESIDE_CM = 0.2
"""Standard deviation of the blur by which teeth are told from what lies beside them."""
_GONE_CM = 0.02, 0.08
"""How much of the upper teeth a picture lacks on average when its lip's shadow has not gone from
the others, and when it has."""
_MORE = 0.85
"""The part of what is drawn out over which it is, at the least, to either side."""
_UNDER_CM = 0.1
"""How far below the edge of the upper teeth a picture is used first."""
_GAIN = 0.4, 2.5
"""The least and the most by which its brightness is changed."""


@dataclass(frozen=True, slots=True, eq=False)
class _OtherFrame:
    """A mouth of another frame, to be shown in this one's colour and blur.

    Attributes:
        exemplar: The mouth of that frame.
        skin: (3,) colour of the skin in this frame.
        softness_px: Standard deviation of this frame's blur.
        tooth_luma: Brightness of teeth in this frame.
    """

    exemplar: Exemplar
    skin: FloatArray
    softness_px: float
    tooth_luma: float

    def _lit(self, rgb: FloatArray, px_per_cm: float) -> FloatArray:
        """What the other frame shows (h, w, 3), as this one would show it."""
        # Defocus and motion blur are this frame's, not the other's.
        blur = self.softness_px**2 - (self.exemplar.softness * px_per_cm) ** 2
        if blur > _SHARPER_PX2:
            rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), blur**0.5), dtype=np.float32)
        gain = self.skin / np.maximum(self.exemplar.skin, 1e-3)
        return np.asarray(rgb * np.clip(gain, *_GAIN).astype(np.float32), dtype=np.float32)


class ExemplarInterior(_OtherFrame):
    """The inside as another frame shows it, with `exemplar` an open mouth."""

    __slots__ = ()

    def sample(self, u: FloatArray, v: FloatArray, target: Cavity) -> tuple[FloatArray, FloatArray]:
        """Return the inside, and how far to rely on it; see `InteriorSource`."""
        exemplar = self.exemplar
        light = float(luma(exemplar.skin)) / max(float(luma(self.skin)), 1e-3)
        rgb, confidence = _by_edge(u, v, target, exemplar, light * self.tooth_luma)
        return self._lit(rgb, target.px_per_cm), confidence


class RowInterior(_OtherFrame):
    """The upper teeth as the frame shows them that shows most of them, and nothing else."""

    __slots__ = ()

    def sample(self, u: FloatArray, v: FloatArray, target: Cavity) -> tuple[FloatArray, FloatArray]:
        """Return the row, and how far to rely on it; see `InteriorSource`."""
        source = self.exemplar.cavity
        fraction, from_u = _across(u, target, source, _CORNER)
        upper, lower = source.lips(from_u)
        above = v - target.upper_teeth(u)
        from_v = source.upper_teeth(from_u) + above
        first = first_row(u, from_u, target, source)
        lacking = first - from_v
        rgb = source.sample(self.exemplar.crop, from_u, np.clip(from_v, first, lower))
        shown = np.minimum(source.upper_teeth(from_u), lower) - upper
        confidence = smoothstep(np.minimum(fraction, 1 - fraction), *_CORNER)
        confidence *= smoothstep(shown, *_ROW_SHOWN_CM)
        confidence *= 1 - smoothstep(above, *_BELOW_ROW_CM)
        rgb = self._lit(rgb, target.px_per_cm)
        confidence *= drawn_out(rgb, lacking, self.skin, self.tooth_luma, target.px_per_cm)
        return rgb, np.asarray(confidence, dtype=np.float32)


def drawn_out(
    rgb: FloatArray, lacking: FloatArray, skin: FloatArray, tooth_luma: float, px_per_cm: float
) -> FloatArray:
    """Return (h, w) how far colours may be drawn out to teeth that a picture lacks.

    What lies at their end may be a lip that was tracked too high, or its shadow.

    Args:
        rgb: (h, w, 3) the colours at the end of what the picture shows.
        lacking: (h, w) how far they are drawn out, cm.
        skin: (3,) colour of the skin in the same light.
        tooth_luma: Brightness of teeth.
        px_per_cm: Pixels in a cm.
    """
    least = smoothstep(lacking, *_AT_END_CM)
    if not least.any():
        return np.ones_like(lacking)
    # Told of a row, not of every column of it, which would be drawn out to a patch of its own.
    like_teeth = blurred(_like_teeth(rgb, skin, tooth_luma), _BESIDE_CM * px_per_cm)
    further = (1 - smoothstep(lacking, *EXTEND_CM)) * smoothstep(like_teeth, *_MOSTLY_TEETH)
    return np.asarray(1 - least * (1 - further), dtype=np.float32)


def _mean(values: FloatArray, weight: FloatArray) -> FloatArray:
    """() the mean of values (h, w), 0 where they weigh next to nothing."""
    return np.asarray((values * weight).sum() / max(float(weight.sum()), 1.0), dtype=np.float32)


def _like_teeth(rgb: FloatArray, skin: FloatArray, tooth_luma: float) -> FloatArray:
    """(h, w) how far colours (h, w, 3) are those of teeth, 0..1."""
    green = rgb[..., 1] / np.maximum(rgb[..., 0], 1e-3)
    green = green / (float(skin[1]) / max(float(skin[0]), 1e-3))
    lit = smoothstep(luma(rgb) / tooth_luma, *_LIT)
    return np.asarray(smoothstep(green, *_GREEN) * lit, dtype=np.float32)


def _across(
    u: FloatArray, target: Cavity, source: Cavity, corners: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """How far along the mouth (h, w) pixels lie, 0..1, and where that is in the other one, cm."""
    edges, from_edges = target.edges, source.edges
    fraction = (u * target.px_per_cm_along_lips - edges.start) / max(edges.stop - edges.start, 1e-6)
    from_u = (
        from_edges.start
        + np.clip(fraction, corners[1] / 2, 1 - corners[1] / 2)
        * (from_edges.stop - from_edges.start)
    ) / source.px_per_cm_along_lips
    return np.asarray(fraction, dtype=np.float32), np.asarray(from_u, dtype=np.float32)


def first_row(u: FloatArray, from_u: FloatArray, target: Cavity, source: Cavity) -> FloatArray:
    """Return the height (h, w) from which a picture shows the upper teeth, cm.

    Where more of them is bared the shadow of its lip would stay behind as a line across them.

    Args:
        u: (h, w) cm along the resting line, in the target.
        from_u: (h, w) where that is in the picture.
        target: The mouth that is wanted.
        source: The mouth in the picture.
    """
    upper = source.lips(from_u)[0]
    shown = source.upper_teeth(from_u) - upper
    bared = target.upper_teeth(u) - target.lips(u)[0] - shown
    shadow = _SHADOW_CM * smoothstep(bared, 0.0, _BARED_CM)
    shadow = np.minimum(shadow, np.maximum(shown / 2 - LIP_EDGE_CM, 0))
    return np.asarray(upper + LIP_EDGE_CM + shadow, dtype=np.float32)


def _by_edge(
    u: FloatArray, v: FloatArray, target: Cavity, exemplar: Exemplar, tooth_luma: float
) -> tuple[FloatArray, FloatArray]:
    """Return the inside of a mouth in a picture, carried over by the edge of its upper teeth.

    The upper teeth stay with the skull wherever the lip is, and what lies below them is carried
    over from their edge to the lower lip, each at its size, the dark between drawn out.

    Args:
        u: (h, w) cm along the resting line, in the target.
        v: (h, w) cm downwards.
        target: The mouth that is wanted, with its teeth.
        exemplar: The mouth in the picture, with the edge of the teeth as it is seen there.
        tooth_luma: Brightness of teeth in it.

    Returns:
        (h, w, 3) R'G'B', and (h, w) how far to rely on it, 0..1.
    """
    source = exemplar.cavity
    fraction, from_u = _across(u, target, source, _CORNER)
    upper, lower = target.lips(u)
    from_upper, from_lower = source.lips(from_u)
    # Behind lips that cover the teeth there is nothing of them to carry over.
    top = np.minimum(np.maximum(target.upper_teeth(u), upper), lower)
    # Below the edge nothing of teeth may be seen that reach a little further in the picture.
    under = _UNDER_CM * smoothstep(v - top, 0.0, _UNDER_CM)
    from_top = source.upper_teeth(from_u) + top - target.upper_teeth(u) + under
    height, from_height = lower - top, np.maximum(from_lower - from_top, 0)
    from_v, drawn = _from_end_to_end(v - top, height, from_height, exemplar.dark)
    from_v += from_top
    first = first_row(u, from_u, target, source)
    lacking = first - from_v
    from_v = np.clip(from_v, first, np.maximum(from_lower - 1.6 * LIP_EDGE_CM, first))
    rgb = source.sample(exemplar.crop, from_u, from_v)
    corner = smoothstep(np.minimum(fraction, 1 - fraction), *_CORNER)
    confidence = corner * smoothstep(from_lower - from_upper, 0.1, 0.3)
    confidence *= drawn_out(rgb, lacking, exemplar.skin, tooth_luma, target.px_per_cm)
    rubber = 1 - smoothstep(drawn, *_DRAWN)
    row = corner * (v > upper) * (1 - smoothstep(v - top, 0.0, _UNDER_CM))
    gone = smoothstep(_mean(np.maximum(lacking, 0), row), *_GONE_CM)
    if not rubber.any() and not gone:
        return rgb, np.asarray(confidence, dtype=np.float32)
    like_teeth = _like_teeth(rgb, exemplar.skin, tooth_luma)
    if gone:
        # Teeth in the shadow of a lip are in the light when it has gone; beside them lips reach
        # further down than they were tracked.
        lit = smoothstep(_mean(like_teeth, np.where(lacking <= 0, row, 0)), *_MOSTLY_TEETH)
        near = smoothstep(blurred(like_teeth, _BESIDE_CM * target.px_per_cm), *_MOSTLY_TEETH)
        confidence *= 1 - row * gone * (1 - np.minimum(lit, near))
    # The dark and the tongue look alike however far they are drawn out, and teeth do not.
    teeth = smoothstep(_mean(like_teeth, rubber * corner), *_MOSTLY_TEETH)
    if teeth:
        # What lies between them and the upper teeth would be left alone in the dark.
        above = smoothstep(v - top, 0.0, _UNDER_CM)
        above *= 1 - smoothstep(v - (top + lower) / 2, 0.0, 0.2)
        confidence *= 1 - np.maximum(rubber, above) * teeth
    return rgb, np.asarray(confidence, dtype=np.float32)


def _from_end_to_end(
    below: FloatArray, height: FloatArray, from_height: FloatArray, at: float = 0.5
) -> tuple[FloatArray, FloatArray]:
    """Where pixels so far below a top come from, and how far they are drawn out: 1 not at all.

    Either end keeps its size, and what lies between makes up for the difference.

    Args:
        below: (h, w) how far below the top.
        height: (h, w) how high all is.
        from_height: (h, w) how high it is where it comes from.
        at: Where between the ends, 0..1.
    """
    longer = (height - from_height) / np.maximum(height, 1e-3)
    # The end that is nearer keeps its size up to there, if nothing is turned round for it.
    near = np.maximum(min(at, 1 - at), np.minimum(_MORE * np.maximum(longer, 0), 0.5))
    middle = np.clip(at, near, 1 - near)
    part = below / np.maximum(height, 1e-3)
    down = np.asarray(np.clip((part - middle + near) / (2 * near), 0, 1), dtype=np.float32)
    drawn = 1 - 3 * down * (1 - down) / near * np.maximum(longer, 0)
    return below - ease(down) * longer * height, drawn


def sample_lip_to_lip(
    u: FloatArray,
    v: FloatArray,
    target: Cavity,
    source: Cavity,
    crop: PlateCrop,
    corners: tuple[float, float],
) -> tuple[FloatArray, FloatArray]:
    """Return the inside of a mouth in a picture, carried over from lip to lip.

    What lies behind each lip stays behind it, at its size, and the dark between makes up the rest,
    as far as it can be drawn out. So nothing is bared that the picture does not show.

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
    fraction, from_u = _across(u, target, source, corners)
    upper, lower = target.lips(u)
    from_upper, from_lower = source.lips(from_u)
    from_height = from_lower - from_upper
    from_v, drawn = _from_end_to_end(v - upper, lower - upper, from_height)
    from_v += from_upper
    edge = 1.6 * LIP_EDGE_CM
    from_v = np.clip(from_v, from_upper + edge, np.maximum(from_lower - edge, from_upper + edge))
    rgb = source.sample(crop, from_u, from_v)
    # Towards the corners a picture shows lips where they were tracked to leave off.
    corner = smoothstep(np.minimum(fraction, 1 - fraction), *corners)
    confidence = corner * smoothstep(from_height, 0.1, 0.3) * smoothstep(drawn, *_DRAWN)
    return rgb, np.asarray(confidence, dtype=np.float32)
