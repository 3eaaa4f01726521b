"""What one picture shows of a mouth's upper teeth: where they end, and their colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.mouth import Cavity, depth_shown, profile
from mien.rendering.geometry.tone import luma

__all__ = [
    "TEETH_CM",
    "TeethSeen",
    "darkest",
    "lip_height",
    "own_teeth",
    "teeth_height",
    "teeth_seen",
    "tooth_colour",
]

TEETH_CM, _MOST_TEETH_CM = 0.22, 0.75
"""Upper teeth below the resting line: when nothing is known, and the most."""
_TONGUE_CM = 0.9
"""Distance below the resting line from which what ends there is a tongue."""
_BRIGHT, _DROP = 0.55, 0.62
"""Teeth are at least this bright against the skin; at their edge brightness drops so far."""
_SURELY_BRIGHT, _SURE_DROP = 0.70, 0.45
"""The same of teeth that are told surely."""
_SHADOWED, _DEEP_DROP, _SURELY_GREEN = (0.30, 0.40), (0.15, 0.30), (0.98, 1.04)
"""How bright teeth in a lip's shadow are, how far brightness drops at their edge, and how green
they are to their red, over the skin: not told by the one, and surely by the other."""
_SHOWN_CM = 0.12, 0.30
"""Height of teeth from which their edge can be told, and from which surely."""
_NO_DROP = 0.62, 0.8
"""Brightness at the lowest, as a part of that of teeth, from which they go on, and surely do."""
_CROWN_CM = 1.2, 1.5
"""Height of a bright band that are upper teeth alone, and of one that has lower ones in it."""
_OFF_CM = 0.25, 0.40
"""How far an edge may be from where the shot has it, and from where it is something else's."""
_SHUT_CM, _DRIFT = (0.15, 0.40), 0.5
"""Greatest gap of lips that meet, and of some that do not, and by what part of their distance from
where they rest the head is taken to be tracked amiss, and not the lips to be pulled down."""
_DARKEST = 0.2, 0.7
"""The parts of the way from teeth to lip between which the dark is looked for."""
_FRONT_CM = 0.7
"""Half the width of the front teeth whose colour is looked at."""
_TOOTH_LEVELS = 0.6, 1.15
"""The least and the most that teeth between lips are as bright as skin."""
_LEAST_GREEN = 0.92
"""How much green there must be to the red of teeth, over that of the skin: a lip has less."""
_WHITEST = 1.0, 1.18, 1.24
"""How much more green and blue than red teeth reflect at most, over what skin reflects."""
_TEETH_LIT = 0.88
"""The part of the light, in R'G'B', that teeth get between the lips of such an open mouth."""


@dataclass(frozen=True, slots=True, eq=False)
class TeethSeen:
    """How far down the upper teeth reach in one frame, cm.

    Attributes:
        height: Where they end below the resting line, or a height that they reach at least.
        ends: Whether they are seen to end there.
        shown: How much of them is seen below the upper lip.
        surely: How surely that is their edge, or they do reach so far, 0..1: what is bright all
            the way down may be the lower ones already.
        colour: (3,) their colour over the skin's.
    """

    height: float
    ends: bool
    shown: float
    surely: float
    colour: FloatArray


def teeth_seen(crop: PlateCrop, cavity: Cavity, skin: FloatArray) -> TeethSeen | None:
    """Return how far the upper teeth are seen to reach; None when none are seen.

    Down the middle of an open mouth the picture is bright on the teeth, not red, and drops at
    their edge. Where it does not drop, the teeth reach at least as far down as the lower lip.

    Args:
        crop: A picture of the mouth.
        cavity: The mouth in it.
        skin: (3,) colour of the skin there.
    """
    height, brightness = profile(crop, cavity)
    if len(height) < 6:
        return None
    top = int(np.argmax(brightness[: max(2, 2 * len(brightness) // 3)]))
    level = float(brightness[top]) / max(float(luma(skin)), 1e-3)
    colour = _colour_at(crop, cavity, skin, float(height[top]))
    green = float(colour[1] / max(float(colour[0]), 1e-3))
    lowest = top + int(np.argmin(brightness[top:]))
    drop = float(brightness[lowest] / max(float(brightness[top]), 1e-3))
    # In a lip's shadow teeth are dark, but still much brighter than what lies below them.
    shadowed = float(smoothstep(level, *_SHADOWED) * smoothstep(green, *_SURELY_GREEN))
    shadowed *= 1 - float(smoothstep(drop, *_DEEP_DROP))
    if green < _LEAST_GREEN or (level < _BRIGHT and not shadowed):
        return None
    bright = max(float(smoothstep(level, _BRIGHT, _SURELY_BRIGHT)), shadowed)
    if drop > _DROP:
        shown = float(height[-1] - height[0])
        surely = float(smoothstep(drop, *_NO_DROP)) * (1 - float(smoothstep(shown, *_CROWN_CM)))
        surely *= bright * float(smoothstep(shown, *_SHOWN_CM))
        return TeethSeen(float(height[-1]), ends=False, shown=shown, surely=surely, colour=colour)
    edge = _crossing(
        height[top:], brightness[top:], float(brightness[top] + brightness[lowest]) / 2
    )
    if edge > _TONGUE_CM:
        return None
    shown = edge - float(height[0])
    surely = float(smoothstep(shown, *_SHOWN_CM)) * (1 - float(smoothstep(drop, _SURE_DROP, _DROP)))
    return TeethSeen(edge, ends=True, shown=shown, surely=bright * surely, colour=colour)


def own_teeth(
    crop: PlateCrop, cavity: Cavity, skin: FloatArray, tooth: FloatArray | None
) -> tuple[float, FloatArray | None]:
    """Return how far the upper teeth of a picture reach down, and their colour.

    The one is cm below the resting line, the other (3,) over the skin's. Both are seen in it, or
    known of the shot, and in between where it is not sure: heads are tracked less well than teeth
    are seen. In an open mouth that shows none the lip hides them; lips that meet lower than at rest
    are taken to be tracked too low by half.

    Args:
        crop: A picture of the mouth.
        cavity: The mouth in it, with the teeth as the shot has them.
        skin: (3,) colour of the skin there.
        tooth: (3,) their colour over the skin's as the shot has it; None where it shows none.
    """
    seen = teeth_seen(crop, cavity, skin)
    if seen is None:
        lip = lip_height(cavity)
        shut = 1 - float(smoothstep(cavity.gap, *_SHUT_CM))
        hidden = depth_shown(crop, cavity) * min(lip - cavity.teeth, 0.0)
        return cavity.teeth + shut * _DRIFT * max(lip, 0.0) + (1 - shut) * hidden, tooth
    off = seen.height - cavity.teeth
    surely = seen.surely * (1 - float(smoothstep(abs(off), *_OFF_CM)))
    here = tooth_colour([seen])
    if tooth is not None and here is not None:
        tooth = np.asarray(tooth + surely * (here - tooth), dtype=np.float32)
    return cavity.teeth + surely * (off if seen.ends else max(off, 0.0)), tooth


def darkest(crop: PlateCrop, cavity: Cavity) -> float:
    """Return where a mouth is darkest between its upper teeth and the lower lip, as a part of it.

    Args:
        crop: A picture of the mouth.
        cavity: The mouth in it, with its teeth.
    """
    height, brightness = profile(crop, cavity)
    below = height > cavity.teeth
    if int(below.sum()) < 2:
        return 0.5
    heights = height[below]
    at = float(heights[np.argmin(brightness[below])] - cavity.teeth)
    return float(np.clip(at / (float(heights[-1]) - cavity.teeth), *_DARKEST))


def lip_height(cavity: Cavity) -> float:
    """Return how far below the resting line the upper lip reaches before the front teeth, cm."""
    u = np.linspace(-_FRONT_CM, _FRONT_CM, 13, dtype=np.float32)
    line = np.interp(u * cavity.px_per_cm_along_lips, cavity.rest[:, 0], cavity.rest[:, 1])
    return float((cavity.lips(u)[0] - line / cavity.px_per_cm).max())


def teeth_height(seen: Sequence[TeethSeen], hidden: Sequence[float] = ()) -> float:
    """Return how far the upper front teeth reach below the resting line, cm.

    Args:
        seen: What frames show of them.
        hidden: How far the upper lip reaches in frames that are open and show none.
    """
    edges = [teeth.height for teeth in seen if teeth.ends]
    bounds = [teeth.height for teeth in seen if not teeth.ends]
    if edges:
        height = float(np.median(edges))
    elif hidden:
        height = min(TEETH_CM, float(np.median(hidden)))
    elif bounds:
        height = max(TEETH_CM, float(np.median(bounds)))
    else:
        height = TEETH_CM
    return float(np.clip(height, 0.0, _MOST_TEETH_CM))


def tooth_colour(seen: Sequence[TeethSeen]) -> FloatArray | None:
    """Return (3,) the teeth's colour over the skin's; None where none are seen.

    What was taken for teeth may be a highlight on a lip, so it is held to how bright teeth are.
    """
    if not seen:
        return None
    colour = np.median([teeth.colour for teeth in seen], axis=0)
    level = float(luma(colour))
    # Highlights that are blown out are white whatever the light.
    colour = colour / level * np.clip(level, *_TOOTH_LEVELS)
    colour = np.minimum(colour, colour[0] * np.array(_WHITEST))
    return np.asarray(colour / _TEETH_LIT, dtype=np.float32)


def _crossing(height: FloatArray, brightness: FloatArray, level: float) -> float:
    """The height at which brightness first falls below a level, between samples."""
    after = int(np.argmax(brightness < level))
    if after == 0:
        return float(height[0])
    above, below = float(brightness[after - 1]), float(brightness[after])
    part = (above - level) / max(above - below, 1e-6)
    return float(height[after - 1] + part * (height[after] - height[after - 1]))


def _colour_at(crop: PlateCrop, cavity: Cavity, skin: FloatArray, height: float) -> FloatArray:
    """(3,) colour of the front teeth at a height below the resting line, over the skin's."""
    u = np.linspace(-_FRONT_CM, _FRONT_CM, 13, dtype=np.float32)[None]
    line = np.interp(u * cavity.px_per_cm_along_lips, cavity.rest[:, 0], cavity.rest[:, 1])
    seen = cavity.sample(crop, u, (line / cavity.px_per_cm + height).astype(np.float32))
    colour = np.median(seen.reshape(-1, 3), axis=0) / np.maximum(skin, 1e-3)
    return np.asarray(colour, dtype=np.float32)
