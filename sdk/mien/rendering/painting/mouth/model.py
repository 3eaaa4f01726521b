"""A mouth's inside as a model in three dimensions: rows of teeth, tongue, and the dark behind.

The upper teeth stay with the skull; the lower ones, and the tongue, turn with the jaw about the
axis through both condyles. All is projected as the head is. A row of teeth is a wall that stands
upright on a curve, so where a pixel sees it is a matter of one coordinate: there is nothing to
rasterise.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TypeAlias

import cv2
import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray, IndexArray
from mien.rendering.geometry.mouth import Cavity
from mien.rendering.painting.mouth.anatomy import LOWER, UPPER, DentalArch, dental_arch
from mien.rendering.painting.mouth.colours import FaceColours

__all__ = ["RowsSeen", "paint_mouth"]

RowsSeen: TypeAlias = "tuple[float | FloatArray, float | FloatArray]"

_MEAN_WIDTH_CM = 4.45
"""Width of the mean face's mouth, to which the teeth's mean measures belong."""
_SIZES = 0.85, 1.15
"""How much teeth may differ from the mean."""
_BEHIND_LIPS_CM = 0.35
"""How far the upper front teeth are behind the line where the lips meet."""
_OVERBITE_CM, _OVERJET_CM = 0.25, 0.25
"""How far the closed lower front teeth are above, and behind, the edge of the upper ones."""
_BARED_CM = 0.2, 0.4
"""How much of the lower front teeth stands above the lip before it is doubted, and at most: the
lip that a jaw takes along covers them nearly wholly."""
_CONDYLE_CM = 2.7, 9.7
"""How far the jaw's axis is above and behind the edge of the lower front teeth."""
_CHIN_BACK = 0.54
"""How far the chin goes back when the lower teeth drop by 1: the jaw turns."""
_LEAST_DEPTH_CM = 0.2
"""How far behind the lips all is at least."""
_LIPS_BEND = 0.23
"""How the lips bend back to their corners: cm behind their middle, by square cm aside."""
_CHEEKS_CM, _BACK_CM = 0.6, 5.0
"""Depth of what is seen last behind the lips, at their corners and in the middle."""
_TIP_CM, _ROOT_CM = 0.75, 4.5
"""Where the tongue begins and ends behind the lower front teeth."""
_TIP_BELOW_CM = 0.3
"""How far the tongue's tip lies below the edge of the lower front teeth."""
_TIP_BEND = 0.35
"""How the tongue's tip is rounded: cm behind its middle, by square cm aside."""
_TONGUE_RISES = 0.62, 0.55
"""How far the closed mouth's tongue rises to its back, and how much more for a cm of drop."""
_NARROWEST = 0.3
"""The part of its width that the inside keeps, however far the head is turned."""
_WARMTH = np.array([0.0, 0.24, 0.24], dtype=np.float32)
"""How much less green and blue there is in light that comes off the mouth's own walls."""
_ROUND_CM = 0.4
"""How much farther apart corners are for the light: lips are round there, and thin."""
_CORNER_LIT, _CORNER_CM = 0.62, 0.5
"""The least light in a corner, in R'G'B', and how far from it that is felt."""
_BOUNCE = 0.11
"""The part of the light that reaches the dark over many walls."""
_GAMMA = 0.45
"""R'G'B' of light: its power."""
_SOFT_PX = 0.7
"""Half the width of an edge of the model; the plate's blur comes after it."""
_SEAM_CM, _SEAM_PX = 0.018, 0.45
"""Half the width of the line between two teeth, and the least that pixels show."""
_SEAM = 0.30
"""How much darker that line is."""
_LIP_SHADE, _LIP_SHADE_CM = 0.38, 0.15
"""How much darker teeth are right below the upper lip, which takes the light from above, and how
soon that fades away downwards."""
_TINT = np.array([0.10, 0.15, 0.26], dtype=np.float32)
"""How much less of the light the darkest and yellowest teeth reflect."""


def paint_mouth(
    u: FloatArray,
    v: FloatArray,
    cavity: Cavity,
    colours: FaceColours,
    teeth: RowsSeen = (1.0, 1.0),
) -> FloatArray:
    """Return the model of a mouth's inside, as it looks between lips that stand so far apart.

    Args:
        u: (h, w) pixels along the resting line of the lips, from its middle.
        v: (h, w) pixels downwards.
        cavity: The mouth.
        colours: Colours of this face in this light.
        teeth: How far the upper and the lower row of teeth are seen, 0..1, or (h, w) of each.

    Returns:
        (h, w, 3) R'G'B', without blur and grain.
    """
    size = float(np.clip(cavity.width / _MEAN_WIDTH_CM, *_SIZES))
    light = _Light.between_lips(u, v, cavity, colours)
    lower = _Seat.of_jaw(cavity)
    behind = light.behind_teeth(u, v, cavity)
    planes = _cavity(u, behind, cavity, colours)
    planes = _tongue(planes, u, v, lower, size, behind, colours)
    rows = (LOWER, lower, teeth[1]), (UPPER, _Seat.of_skull(cavity), teeth[0])
    for row, seat, amount in rows:
        if np.any(amount):
            _add_row(planes, u, v, seat, dental_arch(row), size, light, colours, amount)
    return np.asarray(cv2.merge(list(planes)), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Seat:
    """Where a row of teeth stands, in pixels along u and v.

    Attributes:
        origin: (2,) the edge of its front teeth, in the middle.
        across: (2,) a cm to the person's left.
        to_gum: (2,) a cm from the teeth's edge towards their gum.
        back: (2,) a cm backwards.
        behind: How far the front teeth are behind the lips, cm.
        drop: How far the jaw is open, cm.
    """

    origin: FloatArray
    across: FloatArray
    to_gum: FloatArray
    back: FloatArray
    behind: float
    drop: float

    @classmethod
    def of_skull(cls, cavity: Cavity) -> _Seat:
        """Return the seat of the upper teeth."""
        left, up, forward = cavity.head_axes
        origin = -cavity.teeth * up - _BEHIND_LIPS_CM * forward
        return cls(origin, left, up, -forward, _BEHIND_LIPS_CM, 0.0)

    @classmethod
    def of_jaw(cls, cavity: Cavity) -> _Seat:
        """Return the seat of the lower teeth, turned with the jaw."""
        left, up, forward = cavity.head_axes
        above, behind = _CONDYLE_CM
        slide, drop, push = cavity.lower_teeth * np.array([1, -1, 1], dtype=np.float32)
        angle = float(np.arcsin(np.clip(drop / behind, -0.1, 0.6)))
        sine, cosine = np.sin(angle), np.cos(angle)
        # The front teeth, seen from the axis, before and after it has turned.
        turned_up, turned_forward = -above * cosine - behind * sine, behind * cosine - above * sine
        push = float(np.clip(push + _CHIN_BACK * drop, -0.5, 0.8))
        height = _OVERBITE_CM - cavity.teeth + above + turned_up
        depth = _BEHIND_LIPS_CM + _OVERJET_CM + behind - turned_forward - push
        origin = slide * left + height * up - depth * forward
        origin[1] += _above_lip(cavity, origin)
        down = -cosine * up - sine * forward
        back = sine * up - cosine * forward
        return cls(
            origin=np.asarray(origin, dtype=np.float32),
            across=left,
            to_gum=np.asarray(down, dtype=np.float32),
            back=np.asarray(back, dtype=np.float32),
            # The lower lip goes back with the jaw.
            behind=_BEHIND_LIPS_CM + _OVERJET_CM,
            drop=max(float(drop), 0.0),
        )


def _above_lip(cavity: Cavity, edge: FloatArray) -> float:
    """Pixels by which lower front teeth whose edge is at u, v stand too high over the lip.

    How far a jaw is open is known less well than where the lip is.
    """
    doubted, most = (bared * cavity.px_per_cm for bared in _BARED_CM)
    lip = float(cavity.edges.at(np.asarray(edge[:1]))[1][0])
    beyond = max(lip - float(edge[1]) - doubted, 0.0)
    room = most - doubted
    return beyond - room * float(np.tanh(beyond / room))


@dataclass(frozen=True, slots=True, eq=False)
class _Light:
    """How much of the light in front of a face reaches what lies behind its lips.

    A point sees the light through the opening alone. Across a slit whose edges are a above and
    b below, a point z behind it gets the part (a / |a, z| + b / |b, z|) / 2 of the light of a
    bright wall; the slit from corner to corner takes its part likewise.

    Attributes:
        above, below: (h, w) how far the lips' edges are above and below a pixel, cm.
        left, right: (h, w) how far the corners are beside it, cm, for the light.
        aside: (h, w) how much brighter this side of the face is than its middle.
    """

    above: FloatArray
    below: FloatArray
    left: FloatArray
    right: FloatArray
    aside: FloatArray

    @classmethod
    def between_lips(
        cls, u: FloatArray, v: FloatArray, cavity: Cavity, colours: FaceColours
    ) -> _Light:
        """Return the light at pixels of a mouth."""
        along, down = cavity.px_per_cm_along_lips, cavity.px_per_cm
        along = max(along, _NARROWEST * down)
        top, bottom = cavity.edges.at(u)
        aside = np.exp(0.5 * colours.sideways * np.clip(u / along / 2, -1, 1))
        above, below, left, right = (
            np.asarray(np.maximum(distance, 0), dtype=np.float32)
            for distance in (
                (v - top) / down,
                (bottom - v) / down,
                (u - cavity.edges.start) / along + _ROUND_CM,
                (cavity.edges.stop - u) / along + _ROUND_CM,
            )
        )
        return cls(above, below, left, right, np.asarray(aside, dtype=np.float32))

    def behind_teeth(self, u: FloatArray, v: FloatArray, cavity: Cavity) -> _Light:
        """Return the light behind the upper teeth, which stand in its way where they are seen."""
        down = cavity.px_per_cm
        edge = cavity.upper_teeth(u / max(cavity.px_per_cm_along_lips, 1e-6)) * down
        above = np.maximum(np.minimum(self.above, (v - edge) / down), 0)
        return replace(self, above=np.asarray(above, dtype=np.float32))

    def part(self, rows: slice) -> _Light:
        """Return the light at some rows of the pixels."""
        return _Light(*(getattr(self, field.name)[rows] for field in fields(self)))

    def at(self, behind: FloatArray) -> FloatArray:
        """Return (h, w) the light in R'G'B' at depths (h, w) behind the lips, cm; 1 in the open."""
        deep = np.maximum(behind, _LEAST_DEPTH_CM)
        square = deep * deep
        high = self.above / np.sqrt(self.above**2 + square)
        high += self.below / np.sqrt(self.below**2 + square)
        wide = self.left / np.sqrt(self.left**2 + square)
        wide += self.right / np.sqrt(self.right**2 + square)
        reached = _BOUNCE + (1 - _BOUNCE) / 4 * high * wide
        return np.asarray(self.aside * reached**_GAMMA, dtype=np.float32)


def _cavity(u: FloatArray, light: _Light, cavity: Cavity, colours: FaceColours) -> FloatArray:
    """(3, h, w) palate and throat, and the cheeks that close in on them at the sides."""
    middle = (cavity.edges.start + cavity.edges.stop) / 2
    half = max((cavity.edges.stop - cavity.edges.start) / 2, 1e-3)
    aside = np.clip((u - middle) / half, -1, 1)
    deep = _CHEEKS_CM + (_BACK_CM - _CHEEKS_CM) * (1 - aside**2)
    lit = light.at(deep)
    # In a corner the cheek's lining lies right behind the lips, and comes forward between them.
    beside = np.minimum(light.left, light.right) - _ROUND_CM
    lit = np.maximum(lit, _CORNER_LIT * (1 - smoothstep(beside, 0.0, _CORNER_CM)))
    return _plane(colours.depths) * _warmed(lit)


def _tongue(
    planes: FloatArray,
    u: FloatArray,
    v: FloatArray,
    seat: _Seat,
    size: float,
    light: _Light,
    colours: FaceColours,
) -> FloatArray:
    """(3, h, w) a picture with the tongue in it, whose tip lies behind the lower front teeth.

    Its back rises from the tip to the root, and falls to the sides. How deep a pixel sees it
    depends a little on how deep that is; a second look is near enough.
    """
    across, up = seat.across, -seat.to_gum
    unit = float(np.hypot(*up))
    wide = np.copysign(max(abs(float(across[0])), _NARROWEST * unit), across[0])
    high = np.copysign(max(abs(float(up[1])), _NARROWEST * unit), up[1])
    rises, more = _TONGUE_RISES
    rise = rises + more * seat.drop
    behind = np.full_like(u, 2.0)
    for _ in range(2):
        aside = (u - seat.origin[0] - behind * seat.back[0]) / (wide * size)
        height = v - seat.origin[1] - behind * seat.back[1] - aside * size * across[1]
        height = height / high
        sides = 0.06 * aside**2 + 0.35 * np.maximum(np.abs(aside) - 1.7, 0) ** 2
        groove = np.exp(-((aside / 0.35) ** 2))
        over = (height / size + sides + 0.05 * groove + _TIP_BELOW_CM) / rise
        tip = _TIP_CM + _TIP_BEND * np.minimum(aside * aside, 4)
        behind = size * (tip + (_ROOT_CM - _TIP_CM) * np.clip(over, 0, 1) ** 1.25)
    # It bulges forwards: what faces the light is the tip, what turns away from it the back. Those
    # of people are nearly twice as bright before the lower lip as below the teeth (bench_inside).
    turned = 1.6 - 0.85 * smoothstep(over, 0.0, 0.95) - 0.4 * smoothstep(sides, 0.02, 0.5)
    turned *= 1 - 0.05 * groove
    # White paper is not brighter.
    most = 1 / max(float(colours.tongue.max()), 1e-3)
    lit = np.minimum(turned * light.at(seat.behind + behind), most)
    colour = _plane(colours.tongue) * _warmed(lit)
    cover = 1 - smoothstep(over, 0.45, 1.15)
    return np.asarray(planes + cover * (colour - planes), dtype=np.float32)


def _add_row(
    planes: FloatArray,
    u: FloatArray,
    v: FloatArray,
    seat: _Seat,
    arch: DentalArch,
    size: float,
    light: _Light,
    colours: FaceColours,
    amount: float | FloatArray,
) -> None:
    """Paint a row of teeth and its gum over a picture (3, h, w)."""
    foot = seat.origin + size * (
        arch.across[:, None] * seat.across + arch.behind[:, None] * seat.back
    )
    square = max(float(seat.to_gum @ seat.to_gum), 1e-9)
    unit = square**0.5
    normal = np.array([-seat.to_gum[1], seat.to_gum[0]], dtype=np.float32) / np.float32(unit)
    normal *= np.copysign(np.float32(1), normal[0])
    seen, order = _facing_us(foot @ normal)
    at = u * normal[0] + v * normal[1]
    index = order[np.clip(np.searchsorted(seen, at), 0, len(seen) - 1)]
    base = (foot @ seat.to_gum / np.float32(square)).astype(np.float32)
    toward_gum = seat.to_gum / np.float32(square)
    rise = u * toward_gum[0] + v * toward_gum[1] - base[index]
    over = rise - (size * arch.edge)[index]
    ends = np.minimum(at - seen[0], seen[-1] - at)
    lines = np.flatnonzero((np.minimum(over * unit, ends) > -_SOFT_PX).any(axis=1))
    if not len(lines):
        return
    # A row fills a part of the picture; only there is it painted.
    part = slice(int(lines[0]), int(lines[-1]) + 1)
    cover = np.broadcast_to(amount, u.shape)[part] * smoothstep(ends[part], -_SOFT_PX, _SOFT_PX)
    cover *= smoothstep(over[part] * unit, -_SOFT_PX, _SOFT_PX)
    tooth = _Surface(arch, index[part], rise[part], over[part], size, unit)
    # Lips bend back to their corners as rows of teeth do, and cover less of them for it.
    behind = seat.behind + size * arch.behind - _LIPS_BEND * (size * arch.across) ** 2
    here = light.part(part)
    lit = here.at(behind[index[part]])
    lit *= 0.74 + 0.26 * arch.facing[index[part]]
    lit *= 1 - _LIP_SHADE * np.exp(here.above / -_LIP_SHADE_CM)
    colour = tooth.colour(colours) * _warmed(lit)
    planes[:, part] += cover * (colour - planes[:, part])


@dataclass(frozen=True, slots=True, eq=False)
class _Surface:
    """The front of a row of teeth, and the gum above it, at pixels.

    Attributes:
        arch: The row.
        index: (h, w) which of its samples a pixel shows.
        rise: (h, w) height over the bite, cm.
        over: (h, w) height over the tooth's own edge, cm.
        size: Size of the teeth over the mean.
        unit: Pixels in a cm towards the gum.
    """

    arch: DentalArch
    index: IndexArray
    rise: FloatArray
    over: FloatArray
    size: float
    unit: float

    def colour(self, colours: FaceColours) -> FloatArray:
        """Return (3, h, w) the colours in full light."""
        arch, index, size = self.arch, self.index, self.size
        seam = max(_SEAM_CM, _SEAM_PX / self.unit)
        line = np.exp(-((size * arch.to_joint / seam) ** 2))
        # Each tooth is round, and there is a dark line between neighbours.
        across = (1 - 0.12 * arch.bulge) * (1 - _SEAM * min(1.0, _SEAM_CM / seam) * line)
        enamel = colours.tooth[:, None] * (1 - arch.yellow * _TINT[:, None]) * across
        # Enamel is a little translucent at the edge.
        along = 0.90 + 0.10 * smoothstep(self.over, 0.0, 0.15)
        planes = [plane[index] for plane in enamel.astype(np.float32)]
        tooth = np.asarray(np.stack(planes) * along, dtype=np.float32)
        beyond = self.rise - (size * arch.gum)[index]
        fleshy = smoothstep(beyond * self.unit, -_SOFT_PX, 1.5 * _SOFT_PX)
        if not fleshy.any():
            return tooth
        flesh = _plane(colours.gum) * (1 - 0.25 * smoothstep(beyond, 0.1, 0.6))
        return np.asarray(tooth + fleshy * (flesh - tooth), dtype=np.float32)


def _warmed(light: FloatArray) -> FloatArray:
    """(3, h, w) light (h, w), the redder the less of it there is: the rest comes off the walls."""
    missing = np.maximum(1 - light, 0)
    return np.asarray(light * (1 - _plane(_WARMTH) * missing), dtype=np.float32)


def _plane(colour: FloatArray) -> FloatArray:
    """(3, 1, 1) a colour (3,), to be multiplied with planes: numpy is slow over short rows."""
    return np.asarray(colour[:, None, None])


def _facing_us(along: FloatArray) -> tuple[FloatArray, IndexArray]:
    """The part of a curve that faces us: ascending coordinates, and their samples.

    Beyond its outlines a turned row bends away and is hidden behind its own front.
    """
    order = np.arange(len(along))
    if along[-1] < along[0]:
        along, order = along[::-1], order[::-1]
    step = np.diff(along)
    middle = int(np.argmax(step))
    back = np.flatnonzero(step <= 0)
    first = int(back[back < middle].max(initial=-1)) + 1
    last = int(back[back > middle].min(initial=len(step)))
    return along[first : last + 1], order[first : last + 1]
