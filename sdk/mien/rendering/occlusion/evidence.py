"""What speaks for something in front of a face, texel by texel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from mien._types import BoolArray, DoubleArray, FloatArray, IndexArray
from mien.model.occlusion import REGIONS
from mien.rendering.occlusion.discs import around, dilated, eroded
from mien.rendering.occlusion.face_model import (
    AppearanceModel,
    ExpectedAppearance,
    by_channel,
    channel_mean,
    deviations,
    each_channel,
    match_light,
)
from mien.rendering.occlusion.layout import FURTHER, FaceLayout
from mien.rendering.occlusion.strands import Strands, find_strands

__all__ = ["Evidence", "find_evidence"]

_NOISE: Final = 0.014
"""R'G'B' by which a look differs from what is expected at least, by grain and compression."""
_ALONE: Final = 1.5
"""How much more a single frame differs."""
_USUAL: Final = 0.25
"""How much of the spread over the whole shot counts beside that of the nearest frames."""
_LIGHT: Final = 0.25
"""Greatest smooth change of light, log R'G'B', that is no sign of anything."""
_LIGHT_REACH: Final = 9
"""Half the side of the square over which light changes smoothly."""
_DARK: Final = 0.06
"""R'G'B' that is added before logarithms and ratios: in the dark they mean nothing."""
_TINT, _TINTED = 0.05, 1.5
"""Difference of colour, brightness aside, that counts as 1, and from which it is another's."""
_SIDEWAYS: Final = (0.25, 0.5)
"""How far skin must face the camera to say something, and to say all."""
_RARE: Final = 2e-5
"""Part of the face's pixels that has a colour below which the colour is not the face's."""
_OWN_COLOUR: Final = (0.45, 1.0)
"""How much a departure in the face's own colours counts, where a region is surely seen and where it
is surely covered: skin that folds has them."""
_OPEN: Final = 0.8
"""How much more eyes, mouth and brows say where they have colours that the face never has."""
_STRANGERS: Final = 3.0
"""How much more is found of colours that the face never has."""
_BESIDE: Final = 0.35
"""How much less counts what is seen at the face's outline, and beside it."""
_UNKNOWN: Final = 0.4
"""Doubt where nobody has told how well regions are seen."""
_DOUBTED: Final = 2.0
"""How much more is found in regions that are covered."""
_STRONGEST: Final = 8.0
"""Deviations beyond which more says no more."""
_WIDE, _NARROW = 4.0, 0.7
"""Standard deviations over which what is wide, and what is thin, is gathered."""
_WEAK: Final = (1.5, 1.0)
"""Deviations, thin and wide, from which texels belong to what may be in front."""
_PEAK: Final = (4.0, 1.3)
"""The same from which they show that something is."""
_MASS: Final = 0.02
"""Least sum of what goes beyond `_WEAK`, over the face's area, for something to be in front."""
_PEAKS: Final = 0.006
"""Least part of the face's area at `_PEAK`."""
_THIN: Final = 0.85
"""Part of all that is found that lies on strands, from which there is nothing else; below 1 less
that there are no strands."""
_HANDS: Final = 0.5
"""Part of strands that lies on hands, from which they are fingers."""
_HINT: Final = 0.25
"""Part of both that is worth a closer look."""
_COLOUR: Final = 0.8
"""How much the odds of a colour count."""
_IN_COMMON: Final = np.float32(0.1)
"""How much colours that the face has as well say of those of what is in front."""
_ONCE: Final = np.float32(4e-6)
"""Part of the pixels that stands for a colour that was never seen."""
_TOGETHER: Final = 1.5
"""Sum of such parts from which something is in front."""
_ROUND: Final = 12
"""How far around what is in front eyes, mouth and brows are believed to be behind it too."""
_BROWS, _MOUTH = REGIONS.index("brows"), REGIONS.index("mouth")
_NEAR: Final = 8
"""How far around what is in front more of it is looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The evidence for something in front of a face in a frame.

    Attributes:
        odds: (S, S) logarithm of the odds that a texel shows it.
        trust: (S, S) 0..1, how much the texel itself says.
        hidden: (S, S, 3) what the face is expected to look like, in the frame's light; negative
            where that is not known.
        by_colour: By the number of a colour, what it adds to the odds.
        gain: (3,) by what the frame is multiplied to have the light of other frames.
        conclusive: Whether something surely is in front.
        strands: What is thin and in front, where nothing wide is; None where there is none.
    """

    odds: FloatArray
    trust: FloatArray
    hidden: FloatArray
    by_colour: FloatArray
    gain: FloatArray
    conclusive: bool
    strands: Strands | None


def find_evidence(
    model: AppearanceModel,
    picture: FloatArray,
    expected: ExpectedAppearance,
    rotation: FloatArray,
    doubt: FloatArray | None = None,
    hands: Callable[[], FloatArray | None] | None = None,
) -> Evidence | None:
    """Return what speaks for something in front of a face; None where nothing does.

    Args:
        model: What is known of the face.
        picture: (S, S, 3) the frame in the layout.
        expected: What is expected of it.
        rotation: (3, 3) how the head is turned.
        doubt: (4,) 0..1, how surely each of `REGIONS` is covered; None when unknown.
        hands: Gives (S, S) 0..1, where hands are, or None where there are none; asked only where
            something seems to be in front. None when nobody looks for them.
    """
    layout, unit = model.layout, model.layout.unit
    gain = match_light(picture, expected.rgb, layout)
    strange, lit, light = _strange(model, by_channel(picture, gain), expected)
    low, high = _SIDEWAYS
    facing = np.clip((layout.facing(rotation) - low) / (high - low), 0, 1) * layout.trust
    doubt = np.full(4, _UNKNOWN, dtype=np.float32) if doubt is None else doubt
    doubted = layout.by_region(doubt)
    strands = find_strands(lit, expected.rgb, strange, layout, facing)
    if strands is None and _too_little(strange, facing, doubted, layout):
        return None
    colours = model.colours(lit)
    foreign = np.clip(1 - model.palette[colours] / np.float32(_RARE), 0, 1)
    foreign = cv2.GaussianBlur(foreign.astype(np.float32), (0, 0), 1)
    signs = _Signs.of(layout, strange, facing, foreign, doubted)
    parts = _Parts.of(signs)
    front, found = _in_front(parts, signs, layout, None)
    if found:
        own = _elsewhere(lit, expected.rgb, layout, doubt, front & signs.counted)
        if own.any():
            signs = replace(signs, weight=signs.weight * (1 - own * (1 - foreign)))
            front, found = _in_front(parts, signs, layout, None)
    seen = hands() if hands is not None and front.any() else None
    if strands is not None and found:
        part = _thin_part(strands, signs, front, seen)
        if part > _THIN:
            # Its place is told by its lines, and nothing else is there.
            front, found, seen = np.zeros_like(front), False, None
        elif part < 1 - _THIN:
            # What is wide has lines as well: knuckles, seams, rims.
            strands = None
    if seen is not None:
        front, found = _in_front(parts, signs, layout, seen)
    if found:
        # What is in front of skin is in front of the eye beside it as well.
        behind = dilated(front.astype(np.uint8), _ROUND * unit).astype(np.float32)
        behind *= float(foreign[front].mean())
        signs = _Signs.of(layout, strange, facing, foreign, np.maximum(doubted, behind))
        front, _ = _in_front(_Parts.of(signs), signs, layout, seen)
    if not front.any() and strands is None:
        return None
    odds, by_colour = _odds(model, signs, front, lit, colours)
    if seen is not None:
        odds += 3 * seen
    near = dilated(front.astype(np.uint8), _NEAR * unit) > 0
    odds = np.where(near, odds, np.float32(-4))
    hidden = by_channel(expected.rgb * each_channel(light), gain, np.divide)
    hidden[~layout.known] = -1
    return Evidence(
        odds.astype(np.float32),
        signs.trust.astype(np.float32),
        hidden,
        by_colour,
        gain,
        found,
        strands,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Signs:
    """What texels (S, S) say of something in front.

    Attributes:
        strange: By how many deviations they are not the face.
        thin: The same, gathered over what is thin.
        wide: The same, gathered over what is wide.
        trust: 0..1, how much they say.
        foreign: 0..1, how little the face has their colours.
        weight: How much they count together.
    """

    strange: FloatArray
    thin: FloatArray
    wide: FloatArray
    trust: FloatArray
    foreign: FloatArray
    weight: FloatArray

    @property
    def counted(self) -> BoolArray:
        """(S, S) the texels whose weight makes a difference."""
        return np.asarray((self.strange > _WEAK[0]) | self.peaked)

    @property
    def peaked(self) -> BoolArray:
        """(S, S) the texels that show that something is in front."""
        return np.asarray((self.thin > _PEAK[0]) | (self.wide > _PEAK[1]))

    @classmethod
    def of(
        cls,
        layout: FaceLayout,
        strange: FloatArray,
        facing: FloatArray,
        foreign: FloatArray,
        doubted: FloatArray,
    ) -> _Signs:
        """Weigh what is strange by where it is, (S, S) each.

        Args:
            layout: The layout.
            strange: Deviations from what is expected.
            facing: 0..1, how well the skin is seen.
            foreign: 0..1, how little the face has a texel's colour.
            doubted: 0..1, how surely something is in front there, as far as is known.
        """
        unit = layout.unit
        # Tongues, teeth and lids have colours of their own, and are told by the tracker.
        foreign = foreign * (1 - layout.moving * (1 - doubted))
        low, high = _OWN_COLOUR
        own = low + (high - low) * doubted
        trust = facing * (1 - layout.moving * (1 - _OPEN * foreign))
        strange = np.minimum(strange * (own + (1 - own) * foreign), _STRONGEST)
        wide = cv2.GaussianBlur(strange * trust, (0, 0), _WIDE * unit)
        wide /= cv2.GaussianBlur(trust, (0, 0), _WIDE * unit) + np.float32(0.15)
        thin = cv2.GaussianBlur(strange, (0, 0), _NARROW * unit)
        weight = trust * (_BESIDE + (1 - _BESIDE) * layout.core)
        weight *= (1 + _DOUBTED * doubted) * (1 + _STRANGERS * foreign)
        return cls(strange, thin, wide, trust, foreign, weight)


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """Texels that may show something in front, and which of them belong together.

    Attributes:
        texels: (N,) these texels, counted row after row.
        labels: (N,) the number of the part that each belongs to, from 1.
        count: One more than there are parts.
        beyond: (N,) what goes beyond `_WEAK`.
        peaked: (N,) whether each is at `_PEAK`.
    """

    texels: IndexArray
    labels: IndexArray
    count: int
    beyond: FloatArray
    peaked: BoolArray

    @classmethod
    def of(cls, signs: _Signs) -> _Parts:
        """Put together what is weak, or more."""
        weak = (signs.thin > _WEAK[0]) | (signs.wide > _WEAK[1])
        weak &= signs.trust > 0.25
        count, labels = cv2.connectedComponents(weak.view(np.uint8), connectivity=8)
        texels = np.flatnonzero(weak)
        beyond = np.clip(signs.strange.ravel()[texels] - _WEAK[0], 0, 4)
        return cls(
            texels, np.asarray(labels).ravel()[texels], count, beyond, signs.peaked.ravel()[texels]
        )

    def gathered(self, values: FloatArray) -> DoubleArray:
        """Return (count,) the sums of values (N,) over parts; 0 for what belongs to none."""
        return np.bincount(self.labels, values, self.count).astype(np.float64)


def _odds(
    model: AppearanceModel,
    signs: _Signs,
    front: BoolArray,
    lit: FloatArray,
    colours: IndexArray,
) -> tuple[FloatArray, FloatArray]:
    """(S, S) logarithms of the odds that texels show what is in front; what each colour adds."""
    thin, wide, trust = signs.thin, signs.wide, signs.trust
    odds = np.clip((thin**2 - 2.2) / 1.1, -2.2, 6) * (0.3 + 0.7 * trust)
    odds += np.clip(2 * (wide - 1), -1, 2) * trust * np.clip((thin - 0.6) / 0.6, 0, 1)
    surely = front & (thin > _WEAK[0])
    by_colour = np.zeros_like(model.palette)
    if surely.any():
        by_colour = _by_colour(model, lit[surely], signs.foreign[surely])
        odds += by_colour[colours]
    return np.asarray(odds), by_colour


def _by_colour(known: AppearanceModel, rgb: FloatArray, foreign: FloatArray) -> FloatArray:
    """What is added to odds because of each colour, by its number.

    Args:
        known: What is known of the face.
        rgb: (N, 3) the colours of what is in front.
        foreign: (N,) 0..1, how little the face has them.
    """
    theirs = known.histogram(rgb, _IN_COMMON + foreign)
    likely = np.log((theirs + _ONCE) / (known.palette + _ONCE))
    # The less both have in common, the more a colour decides.
    weight = np.float32(_COLOUR * (1 + float(foreign.mean())))
    return np.asarray(weight * np.clip(likely, -4, 2), dtype=np.float32)


def _strange(
    known: AppearanceModel, look: FloatArray, expected: ExpectedAppearance
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """How many deviations a look departs from all that is expected, (S, S).

    Also the look without smooth changes of light, and these changes (S, S).
    """
    usual = (_USUAL * known.deviation) ** 2
    spread = np.sqrt(np.float32(_NOISE**2) + expected.spread**2 + usual)
    there = _tint(look) - _tint(expected.rgb)
    there /= _TINT + 2 * spread
    tinted = channel_mean(there**2) / np.float32(_TINTED**2)
    # Light tells by what has kept its colour.
    weight = (np.exp(-tinted) * known.layout.face + 1e-3).astype(np.float32)
    logs = np.log((channel_mean(look) + _DARK) / (channel_mean(expected.rgb) + _DARK))
    reach = 2 * int(_LIGHT_REACH * known.layout.unit) + 1

    def mean(values: FloatArray) -> FloatArray:
        once = cv2.blur(values, (reach, reach))
        return np.asarray(cv2.blur(once, (reach, reach)), dtype=np.float32)

    change = mean(logs.astype(np.float32) * weight) / mean(weight)
    light = np.exp(np.clip(change, -_LIGHT, _LIGHT)).astype(np.float32)
    lit = look / each_channel(light)
    strange = deviations(lit, expected.rgb, spread)
    alone = np.sqrt(np.float32((_ALONE * _NOISE) ** 2) + usual)
    for rgb, seen in zip(expected.alternatives, expected.alone_visibility, strict=True):
        explained = deviations(lit, rgb, alone)
        np.minimum(strange, np.where(seen > 0.6, explained, strange), out=strange)
    return strange, lit, light


def _tint(rgb: FloatArray) -> FloatArray:
    return np.asarray(rgb / each_channel(channel_mean(rgb) + _DARK), dtype=np.float32)


def _thin_part(
    strands: Strands, signs: _Signs, front: BoolArray, hands: FloatArray | None
) -> float:
    """How much of all that is found (S, S) in front is thin, 0..1."""
    if not strands.conclusive:
        return 0.0
    if hands is not None and float(hands[strands.every].mean()) > _HANDS:
        return 0.0
    on = cv2.dilate(strands.every.astype(np.uint8), np.ones((3, 3), dtype=np.uint8))
    beyond = np.clip(signs.strange - _WEAK[0], 0, 4) * signs.weight * front
    return float((beyond * on).sum()) / max(float(beyond.sum()), 1e-6)


def _elsewhere(
    look: FloatArray, expected: FloatArray, layout: FaceLayout, doubt: FloatArray, asked: BoolArray
) -> FloatArray:
    """(S, S) 0..1, how far texels may show a mouth or brow that is not where it is told.

    A brow may be raised, or a mouth open, further than the tracker follows: then what is expected
    is seen a little way off.

    Args:
        look: (S, S, 3) the frame, without smooth changes of light.
        expected: (S, S, 3) what the face looks like.
        layout: The layout.
        doubt: (4,) 0..1, how surely each of `REGIONS` is covered.
        asked: (S, S) the texels of which it is asked; others may be 0.
    """
    brows, lips = layout.wandering
    near = np.maximum(brows * (1 - doubt[_BROWS]), lips * (1 - doubt[_MOUTH]))
    found = np.zeros_like(near)
    reach = FURTHER * layout.unit
    for area in (brows, lips):
        here = around(asked & (area > 0), 0)
        wide = around(asked & (area > 0), round(reach))
        seen, told = look[wide], expected[wide]
        if not seen.size:
            continue
        over = cv2.subtract(seen, dilated(told, reach))
        np.maximum(over, cv2.subtract(eroded(told, reach), seen), out=over)
        away = np.sqrt(channel_mean(np.maximum(over, 0) ** 2)) / np.float32(_ALONE * _NOISE)
        inner = tuple(
            slice(own.start - whole.start, own.stop - whole.start)
            for own, whole in zip(here, wide, strict=True)
        )
        found[here] = near[here] * np.clip(2 - away[inner], 0, 1)
    return np.asarray(found)


def _too_little(
    strange: FloatArray, facing: FloatArray, doubted: FloatArray, layout: FaceLayout
) -> bool:
    """Tell whether texels (S, S) depart too little to be anything, whatever their colours are."""
    beyond = np.clip(strange - _WEAK[0], 0, 4)
    most = facing * (1 + _DOUBTED * doubted) * np.float32(1 + _STRANGERS)
    return float((beyond * most).sum()) < _HINT * _MASS * np.count_nonzero(layout.face)


def _in_front(
    parts: _Parts, signs: _Signs, layout: FaceLayout, hands: FloatArray | None
) -> tuple[BoolArray, bool]:
    """Texels of what is in front, or may be, and whether anything surely is."""
    area = float(np.count_nonzero(layout.face))
    weight = signs.weight.ravel()[parts.texels]
    mass = parts.gathered(parts.beyond * weight) / area
    peaks = parts.gathered(parts.peaked * np.minimum(weight, 1)) / area
    share = np.minimum(mass / _MASS, peaks / _PEAKS)
    held = np.zeros(parts.count, dtype=bool)
    if hands is not None and hands.any():
        # A hand that lies on the face needs little more to be believed.
        on = (hands * layout.core * (signs.thin > 0.8)).ravel()[parts.texels]
        held = parts.gathered(on) / area > _PEAKS
    # Strands are little each, and much together.
    together = float(share[share > _HINT].sum()) > _TOGETHER
    found = bool((share > 1).any() or held.any() or together)
    front = np.zeros(signs.thin.shape, dtype=bool)
    front.ravel()[parts.texels] = ((share > _HINT) | held)[parts.labels]
    return front, found
