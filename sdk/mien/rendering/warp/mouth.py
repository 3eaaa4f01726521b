"""The inside of the mouth: what lips uncover when they part.

The upper teeth belong to the skull and the lower ones to the jaw, whatever the lips do. So
the inside is told in the skull's own frame, in centimetres from the middle of the line
where this face's lips meet at rest, and falls into three storeys: down to the edge of the
upper teeth, the dark between, and from the edge of the lower teeth on. A picture of an
open mouth - the plate's own, or that of another frame of the shot - fills each storey as
far as it shows it; the rest is painted in the colours of this face in this light.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mien._types import FloatArray
from mien.rendering.geometry.contour import Edges, LocalAxes
from mien.rendering.geometry.field import remap
from mien.rendering.geometry.motion import FaceMotion
from mien.rendering.geometry.tone import diffuse, luma, smoothstep
from mien.rendering.geometry.topology import LIPS

__all__ = [
    "OWN_STRETCH",
    "Cavity",
    "FaceColours",
    "sample_exemplar",
    "cavity_of",
    "depth_shown",
    "face_colours",
    "synthesize_inside",
    "profile",
    "sample_own",
    "blend_weights",
    "extend_outward",
]

_LIP_EDGE = 0.06
"""Depth behind a lip's edge, in cm, where the picture still shows lip or its shadow."""
_EXTEND = 0.45
"""How far, in cm, what is seen may be drawn out to where it is not."""
_EXTEND_LOWER = 0.18
"""The same below the lower teeth's edge, where lip and gum begin soon."""
_SEEN = 0.4
"""Height of an opening, in cm, from which one begins to see into it."""
_STRETCH = 1.35, 1.8
OWN_STRETCH = 1.15, 1.4
"""An inside drawn out by the first is still good; by the second it looks like rubber. In
the plate itself the teeth are known to be somewhere else, so that it shows sooner."""
_DIP = 0.4, 0.6
"""By how much brightness drops somewhere down a mouth that stands open; teeth are as bright
as skin, and where they are clenched it drops by less."""
_TURNED = 10.0, 18.0
"""Degrees of head turn up to which another frame's inside fits, and from which it does not."""
_NOTCH = 0.08
"""How far, in cm, the edge of the upper teeth may rise between two teeth."""
_AROUND = 0.25
"""Standard deviation, in cm, of the blur by which the plate's inside runs on where it ends."""
_CHEEK = np.array([0.45, 0.62, 0.60], dtype=np.float32)
"""How much of the light on the teeth does not reach the corners of the mouth."""
_STOREY = 0.04
"""Softness of the borders between storeys, in cm."""
_OVERBITE = 0.15
"""How far the upper front teeth overlap the lower ones when the jaw is closed, in cm."""


@dataclass(frozen=True, slots=True, eq=False)
class Cavity:
    """The geometry of one mouth in one frame, in the skull's frame.

    Attributes:
        frame: Axes: u along the resting line of the lips, v downwards; pixels.
        px_per_cm_along_lips: Pixels in a cm along u; less than `unit` when the head is turned.
        px_per_cm: Pixels in a cm along v.
        edges: The inner edges of the lips.
        rest: (N, 2) u and v of the resting line, pixels.
        jaw: How far the lower teeth are below their place with the jaw closed, cm.
        teeth: How far the upper front teeth reach below the resting line, cm.
    """

    frame: LocalAxes
    px_per_cm_along_lips: float
    px_per_cm: float
    edges: Edges
    rest: FloatArray
    jaw: float
    teeth: float

    def lips(self, u: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Heights of the upper and the lower lip's edge at u; all in cm."""
        upper, lower = self.edges.at(u * self.px_per_cm_along_lips)
        return upper / self.px_per_cm, lower / self.px_per_cm

    def upper_teeth(self, u: FloatArray) -> FloatArray:
        """Height of the edge of the upper teeth at u; all in cm."""
        line = (
            np.interp(u * self.px_per_cm_along_lips, self.rest[:, 0], self.rest[:, 1])
            / self.px_per_cm
        )
        # The row follows the resting lips and rises a little from the middle to the sides.
        return np.asarray(line + self.teeth - 0.022 * u * u, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class FaceColours:
    """Colours of this face in this light, (3,) R'G'B' each."""

    lip: FloatArray
    flesh: FloatArray
    tooth: FloatArray


def cavity_of(motion: FaceMotion, points: FloatArray, teeth: float) -> Cavity:
    """The mouth of a face whose mesh lies at points (V, 2): the plate's, or the new one."""
    frame = motion.mouth_frame
    edges = Edges.through(frame, points[list(LIPS.upper)], points[list(LIPS.lower)])
    jaw = float(motion.jaw_open @ frame.down)
    if points is motion.source:
        jaw -= float(motion.jaw @ frame.down)
    rest = frame.of(motion.seam)
    return Cavity(
        frame,
        motion.px_per_cm_along_lips,
        motion.px_per_cm,
        edges,
        rest,
        jaw / motion.px_per_cm,
        teeth,
    )


def sample_own(
    u: FloatArray,
    v: FloatArray,
    target: Cavity,
    source: Cavity,
    picture: FloatArray,
    corner: FloatArray,
    tooth: float,
) -> tuple[FloatArray, FloatArray]:
    """The inside as a picture of an open mouth shows it.

    Args:
        u: (h, w) cm along the resting line, in the target.
        v: (h, w) cm downwards.
        target: The mouth that is wanted.
        source: The mouth in the picture.
        picture: (H, W, 3) the picture.
        corner: (2,) coded pixel of the picture's first pixel.
        tooth: Brightness of teeth.

    Returns:
        (h, w, 3) R'G'B', and (h, w) how far it can be relied on, 0..1.
    """
    from_u = np.clip(
        u,
        source.edges.start / source.px_per_cm_along_lips + 0.1,
        source.edges.stop / source.px_per_cm_along_lips - 0.1,
    )
    upper, lower = source.lips(from_u)
    top, bottom = upper + _LIP_EDGE, lower - _LIP_EDGE
    source_edge = source.upper_teeth(from_u)
    # Where it is dark just above the teeth's edge, two of them meet, or one ends earlier.
    x, y = source.frame.place(
        from_u * source.px_per_cm_along_lips, (source_edge - _NOTCH) * source.px_per_cm
    )
    tips = remap(picture, (x - corner[0]).astype(np.float32), (y - corner[1]).astype(np.float32))
    notch = _NOTCH * (1 - smoothstep(luma(tips), 0.5 * tooth, 0.9 * tooth))
    source_edge -= notch
    edge = target.upper_teeth(u) - notch
    below = np.maximum(edge, edge - _OVERBITE + target.jaw)
    source_below = np.maximum(source_edge, source_edge - _OVERBITE + source.jaw)
    share = np.clip((v - edge) / np.maximum(below - edge, 1e-3), 0, 1)
    storeys = (
        # Where from, the part of the picture that shows it, and how much of this storey it is.
        (v - edge + source_edge, top, np.minimum(source_edge, bottom), 1 - _step(v - edge)),
        (
            source_edge + share * (source_below - source_edge),
            np.maximum(source_edge, top),
            np.minimum(source_below, bottom),
            _step(v - edge) * (1 - _step(v - below)),
        ),
        (
            v - below + source_below,
            np.maximum(source_below, top),
            bottom,
            _step(v - below),
        ),
    )
    from_v = np.zeros_like(v)
    trust = np.zeros_like(v)
    # A sliver below the teeth is more likely their own edge than the lower teeth.
    reaches = (0.02, _EXTEND), (0.05, _EXTEND), (0.25, _EXTEND_LOWER)
    for (wanted, low, high, part), (least, extend) in zip(storeys, reaches, strict=True):
        high = np.maximum(low, high)
        held = np.clip(wanted, low, high)
        shown = smoothstep(high - low, least, 2 * least + 0.1)
        near = 1 - smoothstep(np.abs(wanted - held), 0.3 * extend, extend)
        from_v += part * held
        trust += part * shown * near
    trust *= 1 - smoothstep(np.abs(u - from_u), 0.3 * _EXTEND, _EXTEND)
    trust *= smoothstep(lower - upper, _LIP_EDGE, 2 * _LIP_EDGE + 0.1)
    position = source.frame.place(from_u * source.px_per_cm_along_lips, from_v * source.px_per_cm)
    seen = remap(
        picture,
        (position[0] - corner[0]).astype(np.float32),
        (position[1] - corner[1]).astype(np.float32),
    )
    # Where the jaw drops, what lit the teeth from below is gone, and their edge is rounded.
    lit = 1 - 0.35 * smoothstep(below - edge, 0.2, 0.6) * smoothstep(v - edge, -0.16, 0.02)
    seen *= lit[..., None]
    # Teeth are never drawn out: the dark between them is painted instead.
    drawn = smoothstep(below - edge - 1.2 * (source_below - source_edge), 0.0, 0.15)
    trust *= 1 - storeys[1][3] * drawn * smoothstep(luma(seen), 0.3 * tooth, 0.5 * tooth)
    return seen, np.asarray(trust, dtype=np.float32)


def extend_outward(
    inside: FloatArray,
    own: FloatArray,
    trust: FloatArray,
    share: FloatArray,
    unit: float,
) -> tuple[FloatArray, FloatArray]:
    """A painted inside that runs into what the plate shows beside it.

    Args:
        inside: (h, w, 3) the painted inside.
        own: (h, w, 3) the inside as the plate shows it.
        trust: (h, w) how far it can be relied on.
        share: (h, w) how far the plate's surroundings go on in what is painted.
        unit: Pixels in a cm.

    Returns:
        The inside (h, w, 3), and the trust (h, w), which now falls softly to the sides.
    """
    sigma = _AROUND * unit
    weight = cv2.GaussianBlur(trust, (0, 0), 2 * sigma)
    # Darker and redder the farther from what is seen: cheeks close in on the teeth.
    far = (1 - smoothstep(weight, 0.0, 0.5))[..., None]
    colour = diffuse(own, trust, sigma) * (1 - far * _CHEEK)
    share = share * smoothstep(weight, 0.0, 0.04)
    inside = inside + share[..., None] * (colour - inside)
    beside = cv2.GaussianBlur(trust, (0, 0), sigmaX=0.5 * sigma, sigmaY=1e-3)
    trust = np.minimum(trust, smoothstep(beside, 0.45, 0.95))
    return np.asarray(inside, dtype=np.float32), np.asarray(trust, dtype=np.float32)


def profile(
    picture: FloatArray, corner: FloatArray, cavity: Cavity
) -> tuple[FloatArray, FloatArray]:
    """Heights below the resting line (cm) down the middle of a mouth, and brightness there.

    Args:
        picture: (H, W, 3) a picture of the mouth.
        corner: (2,) coded pixel of its first pixel.
        cavity: The mouth.
    """
    u = np.linspace(-0.6, 0.6, 13, dtype=np.float32)
    upper, lower = cavity.lips(u)
    top, bottom = float(upper.max()) + 0.08, float(lower.min()) - 0.08
    v = np.arange(top, bottom, 0.03, dtype=np.float32)
    if len(v) < 2:
        return v[:0], v[:0]
    across, down = np.meshgrid(u, v)
    x, y = cavity.frame.place(across * cavity.px_per_cm_along_lips, down * cavity.px_per_cm)
    seen = remap(picture, (x - corner[0]).astype(np.float32), (y - corner[1]).astype(np.float32))
    brightness = cv2.GaussianBlur(luma(seen).mean(axis=1)[:, None], (1, 5), 1.0)[:, 0]
    line = float(np.interp(0.0, cavity.rest[:, 0], cavity.rest[:, 1])) / cavity.px_per_cm
    return v - line, np.asarray(brightness, dtype=np.float32)


def depth_shown(picture: FloatArray, corner: FloatArray, cavity: Cavity) -> float:
    """How far a picture shows the dark between the teeth, 0..1; 0 for clenched teeth."""
    _, brightness = profile(picture, corner, cavity)
    if not len(brightness):
        return 0.0
    # The ends of the profile may still lie in a lip's shadow.
    edge = len(brightness) // 6
    lowest = float(brightness[edge : len(brightness) - edge].min())
    dip = 1 - lowest / max(float(brightness.max()), 1e-3)
    return float(smoothstep(dip, *_DIP))


def blend_weights(
    target: Cavity, source: Cavity, deep: float, other: Cavity | None = None, turn: float = 0.0
) -> tuple[float, float]:
    """How far to use the plate's own inside, and that of another frame.

    Where the mouth hardly opens further, its own inside is the best there is. Opened wider,
    a frame in which it is that wide shows what its own cannot. The two are laid over each
    other only in passing: teeth would be seen twice.

    Args:
        target: The mouth that is wanted.
        source: The mouth in the plate.
        deep: How far the plate shows more than teeth in it, 0..1.
        other: The mouth in the other frame, None when there is none.
        turn: Degrees by which the head is turned differently there.

    Returns:
        How much of what lies below the own inside covers, 0..1, and how much of the painted
        inside the other one covers.
    """
    before, after = source.edges.gap / source.px_per_cm, target.edges.gap / target.px_per_cm
    further = float(smoothstep(after - before, 0.10, 0.35))
    seen = max(float(smoothstep(before, _SEEN, 2 * _SEEN)), 1 - further)
    if other is None:
        return seen, 0.0
    stretch = after * other.px_per_cm / max(other.edges.gap, 1e-3)
    fit = float((1 - smoothstep(stretch, *_STRETCH)) * (1 - smoothstep(abs(turn), *_TURNED)))
    enough = deep * float(1 - smoothstep(after / max(before, 1e-3), *OWN_STRETCH))
    own = max((1 - fit) * seen + fit * (1 - further), enough)
    return own, min(1.0, fit * further / max(1 - own, 1e-6))


def sample_exemplar(
    u: FloatArray,
    v: FloatArray,
    target: Cavity,
    source: Cavity,
    picture: FloatArray,
    corner: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """The inside of a mouth in another frame, carried over lip to lip.

    Heads and lips differ too much between frames to trust the skull's frame: what lies
    behind each lip stays behind it, at its size, and the dark between makes up the rest.

    Arguments and result as in `sample_own`.
    """
    here, there = target.edges, source.edges
    place = (u * target.px_per_cm_along_lips - here.start) / max(here.stop - here.start, 1e-6)
    from_u = (
        there.start + np.clip(place, 0.06, 0.94) * (there.stop - there.start)
    ) / source.px_per_cm_along_lips
    upper, lower = target.lips(u)
    from_upper, from_lower = source.lips(from_u)
    height, from_height = lower - upper, from_lower - from_upper
    share = smoothstep((v - upper) / np.maximum(height, 1e-3), 0.0, 1.0)
    from_v = from_upper + (v - upper) - share * (height - from_height)
    edge = np.maximum(1.6 * _LIP_EDGE, 0.12 * from_height)
    from_v = np.clip(from_v, from_upper + edge, np.maximum(from_lower - edge, from_upper + edge))
    x, y = source.frame.place(from_u * source.px_per_cm_along_lips, from_v * source.px_per_cm)
    seen = remap(picture, (x - corner[0]).astype(np.float32), (y - corner[1]).astype(np.float32))
    return seen, smoothstep(from_height, 0.1, 0.3)


def _step(height: FloatArray) -> FloatArray:
    return smoothstep(height, -_STOREY, _STOREY)


# Widths in cm of the upper teeth from the middle outwards (Wheeler's Dental Anatomy gives
# 8.5, 6.5, 7.5, 7.0 and 7.0 mm), as they look from the front: the row bends backwards.
_TOOTH_SIDES = np.cumsum([0.0, 0.85, 0.62, 0.58, 0.42, 0.30])
_ARCH = float(_TOOTH_SIDES[-1])
"""Half the width of the row of teeth as it looks from the front."""
_DEEP = np.array([1.0, 0.74, 0.70], dtype=np.float32)
"""What the inside's own colour makes of light that has been reflected there twice."""
_FLESH = 0.62
"""Brightness of the mouth's lining in full light, as a share of the skin's."""


def synthesize_inside(
    u: FloatArray, v: FloatArray, cavity: Cavity, light: FaceColours, softness: float
) -> FloatArray:
    """A painted inside: dark and warm, a tongue, and the row of the upper teeth.

    Args:
        u: (h, w) cm along the resting line.
        v: (h, w) cm downwards.
        cavity: The mouth.
        light: Colours of this face in this light.
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
    inside = light.flesh * _DEEP * level[..., None]
    bottom = float(cavity.edges.lower.max()) / cavity.px_per_cm
    dome = np.hypot((u - middle) / (0.95 * half), (v - bottom - 0.3) / (0.60 * gap + 0.3))
    tongue = light.flesh * (0.98 - 0.34 * smoothstep(dome, 0.2, 1.0))[..., None]
    amount = (1 - smoothstep(dome, 0.5, 1.15)) * smoothstep(gap, 0.3, 1.0)
    inside += amount[..., None] * (tongue - inside)

    # The lower teeth stay hidden: the lower lip goes with them.
    # The upper teeth cast a shadow, and so does the lip on them; towards their edge they
    # are a little translucent.
    inside *= 1 - 0.25 * np.exp(-np.maximum(v - edge, 0) / 0.25)[..., None]
    above = edge - 0.05 * _notch(across) - v
    cover = smoothstep(above, -soft, soft) * (1 - smoothstep(across, 0.7 * _ARCH, _ARCH))
    shade = 0.55 + 0.40 * smoothstep(under, 0.0, 0.35)
    shade *= 0.86 + 0.14 * smoothstep(above, 0.0, 0.18)
    shade *= (1 - 0.14 * _joint(across)) * (1 - 0.8 * smoothstep(across, 0.3 * _ARCH, 0.85 * _ARCH))
    inside += cover[..., None] * (light.tooth * shade[..., None] - inside)

    # Lips shade what lies behind them, most of all in the corners.
    depth = np.minimum(np.minimum(under, over), (1 - side) * half)
    shade = 0.62 + 0.38 * smoothstep(depth, 0.0, 0.24)
    return np.asarray(inside * shade[..., None], dtype=np.float32)


def _notch(across: FloatArray) -> FloatArray:
    """0 at the middle of a tooth's edge, 1 where two teeth meet."""
    index = np.clip(np.searchsorted(_TOOTH_SIDES, across, side="right"), 1, len(_TOOTH_SIDES) - 1)
    left, right = _TOOTH_SIDES[index - 1], _TOOTH_SIDES[index]
    place = np.abs(2 * (across - left) / (right - left) - 1)
    return np.asarray(np.clip(place, 0, 1) ** 4, dtype=np.float32)


def _joint(across: FloatArray) -> FloatArray:
    """1 on the line between two teeth, 0 elsewhere."""
    return np.asarray(_notch(across) ** 3, dtype=np.float32)


def face_colours(skin: FloatArray, lip: FloatArray) -> FaceColours:
    """Colours for the inside of the mouth.

    Args:
        skin: (N, 3) samples of the skin.
        lip: (N, 3) samples of the lips.
    """
    skin_colour = np.median(skin, axis=0)
    # Skin tells the colour of the light; teeth are as bright in it as lit skin, but whiter.
    tooth = skin_colour * np.array([0.96, 1.10, 1.13])
    tooth *= float(luma(skin_colour)) / max(float(luma(tooth)), 1e-3)
    lip_colour = np.median(lip, axis=0)
    # Half way between both, so that lipstick does not colour a tongue; as bright as the light
    # on the skin makes it.
    flesh = np.sqrt(np.maximum(skin_colour * lip_colour, 0)) * np.array([1.0, 0.82, 0.82])
    flesh *= _FLESH * float(luma(skin_colour)) / max(float(luma(flesh)), 1e-3)
    colours = (np.asarray(colour, dtype=np.float32) for colour in (lip_colour, flesh, tooth))
    return FaceColours(*colours)
