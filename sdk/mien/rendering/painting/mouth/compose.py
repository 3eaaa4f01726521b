"""The mouth: lips that part or meet, and the inside put together of whatever shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.rendering.appearance.mouth import MouthAppearance
from mien.rendering.appearance.teeth import own_teeth
from mien.rendering.geometry.contour import LocalAxes
from mien.rendering.geometry.motion import FaceMotion
from mien.rendering.geometry.mouth import Cavity, FaceLight, lip_edges
from mien.rendering.geometry.tone import (
    grain_level,
    per_channel,
    softness,
    streaked,
)
from mien.rendering.geometry.topology import LIPS
from mien.rendering.painting.interior import InteriorSource
from mien.rendering.painting.layer import PaintLayer
from mien.rendering.painting.mouth.beside_teeth import (
    below_edge,
    extend_outward,
    right_above,
    right_below,
    shadow_of,
    without_rim,
)
from mien.rendering.painting.mouth.colours import FaceColours
from mien.rendering.painting.mouth.exemplar import ExemplarInterior, RowInterior
from mien.rendering.painting.mouth.lips import cover_remains, opening_depth, parted
from mien.rendering.painting.mouth.own import PlateInterior, bared_further, teeth_shown
from mien.rendering.painting.mouth.synthesized import SynthesizedInterior
from mien.rendering.painting.opening import OpeningView, rim_moves

__all__ = ["MouthPainter", "exemplar_part", "own_part", "turn_part"]

_BESIDE_CM = 0.1, 0.6
"""How far from the corners lips leave teeth free, and where they surely do."""
_FURTHER_CM = 0.10, 0.60
"""How much further a mouth opens before its own inside goes, and from when it is gone."""
_OWN_STRETCH = 1.10, 1.60
"""Factor by which a mouth is opened, likewise: a wide one may open more."""
_EXEMPLAR_STRETCH = 1.8, 2.8
"""Factor by which another frame's inside may be drawn out: by the first it is still good, by the
second it looks like rubber."""
_TURN_DEGREES = 8.0, 20.0
"""Turn of the head up to which another frame's inside fits, and from which it does not."""
_MARGIN_CM = 0.2
"""How far around the opening the inside is made, for blurs to reach into."""
_MEET_CM = 0.3, 0.8
"""How far a jaw is open with which lower teeth lie in the upper ones' shadow, and do no more."""
_BARED_CM = 0.2, 0.5
"""Height of teeth that a lip bares beyond what the plate shows, from which they are another frame's
and from which they are so wholly."""
_RUNS_ON = 0.1, 0.3
"""Part of an opening in which the plate shows its inside, from which that goes on where it is not
seen, and from which it does so wholly: of a sliver nothing can be told."""
_SHUTTER = 0.4
"""Part of a frame for which the shutter is open: up to a half, and less in bright light; an inside
that is a little too soft is seen less than one that is sharp on a soft face."""
_NEGLIGIBLE_WEIGHT = 1 / 256
"""A weight that makes no difference."""


class MouthPainter:
    """Paints the mouth; an `OpeningPainter`.

    Args:
        appearance: What other frames of the shot show of it.
        seed: Seed of the grain.
    """

    opening: Final = LIPS
    margin_cm: Final = 1.0

    def __init__(self, appearance: MouthAppearance, seed: int) -> None:
        self._appearance = appearance
        self._seed = seed

    def moves(self, motion: FaceMotion) -> bool:
        """Tell whether the lips move."""
        return rim_moves(motion, LIPS)

    def axes(self, motion: FaceMotion) -> LocalAxes:
        """Return the skull's axes at the mouth."""
        return motion.mouth_axes

    def lower_weight(self, view: OpeningView) -> FloatArray:
        """Return (h, w) how far the skin is that of the lower lip: a step half way between."""
        top, bottom = lip_edges(view.axes, view.motion.target).at(view.u)
        return np.asarray(np.clip(view.v - (top + bottom) / 2 + 0.5, 0, 1), dtype=np.float32)

    def layers(self, view: OpeningView, skin: FloatArray) -> Sequence[PaintLayer]:
        """Return the inside, up to where lips begin."""
        motion = view.motion
        light = FaceLight.of(view.crop, motion)
        before = Cavity.in_plate(motion, self._appearance.teeth)
        after = Cavity.in_target(motion, self._appearance.teeth)
        soft = softness(view.plate)
        depth = opening_depth(after.edges, view.u, view.v)
        alpha = parted(before, after) * smoothstep(depth, -0.2 - 0.4 * soft, 0.4 + 1.2 * soft)
        alpha = cover_remains(alpha, skin, depth, light.lip, before, after)
        if not alpha.any():
            return ()
        teeth, tooth = own_teeth(view.crop, before, light.skin, self._appearance.tooth)
        before, after = (replace(cavity, teeth=teeth) for cavity in (before, after))
        area = _extent(alpha, round(_MARGIN_CM * motion.px_per_cm) + 1)
        mouth = _MouthGrid.of(view, area, after)
        rgb = np.zeros_like(view.plate)
        colours = FaceColours.of(light.skin, light.lip, tooth, light.sideways)
        rgb[area] = self._inside(view, mouth, alpha[area], before, light, colours, soft)
        return (PaintLayer(rgb, streaked(alpha, _SHUTTER * motion.velocity)),)

    def _inside(
        self,
        view: OpeningView,
        mouth: _MouthGrid,
        alpha: FloatArray,
        before: Cavity,
        light: FaceLight,
        colours: FaceColours,
        soft: float,
    ) -> FloatArray:
        """(h, w, 3) what is synthesized, under what another frame shows, under the plate's own.

        Which of them shows the inside follows from the edit and the performance of this frame
        by wide ramps, and for the rest is settled for a whole section.
        """
        crop, known = view.crop, self._appearance
        own_weight = own_part(mouth.cavity, before)
        # The plate's own upper teeth stay with the skull, however far the mouth opens.
        bared = (
            (known.tooth is not None) * teeth_shown(before) * mouth.above_teeth() * mouth.in_front()
        )
        # Teeth of which a lip bares much more are whole where another frame shows them so.
        row = known.row(self._seed)
        if row is not None:
            fit = turn_part(view.motion.yaw - row.yaw)
            bared *= 1 - fit * smoothstep(bared_further(mouth.cavity, before), *_BARED_CM)
        weight = own_weight + (1 - own_weight) * bared
        if weight.max() < _NEGLIGIBLE_WEIGHT:
            return self._others(view, mouth, light, colours, soft, 1.0)
        rows = mouth.rows(weight)
        own = PlateInterior.of(crop, before, colours.seen_tooth, light.skin)
        seen, confidence = mouth.part(rows).sample(own)
        turns, px_per_cm = mouth.quarter_turns(), mouth.cavity.px_per_cm
        seen, confidence = upright(seen, turns), upright(confidence, turns)
        confidence = without_rim(confidence, upright(alpha[rows], turns), px_per_cm)
        alone = known.exemplar(self._seed) is None and row is None
        beside = (weight if alone else own_weight) * mouth.runs_on(before)
        covered = float((upright(alpha[rows], turns) * confidence).sum())
        beside *= smoothstep(np.float32(covered / max(float(alpha.sum()), 1.0)), *_RUNS_ON)
        teeth = teeth_shown(before) * confidence * upright(weight[rows], turns)
        # Right above the plate's own teeth another's would be a second row, and so would it be, or
        # a line of their colour, right below their edge.
        down = upright(-mouth.part(rows).above_edge(), turns)
        below = below_edge(teeth, down, px_per_cm)
        goes_on = np.maximum(upright(beside[rows], turns), right_above(teeth, px_per_cm))
        goes_on *= 1 - right_below(teeth_shown(before) * confidence, px_per_cm)
        colour, further, confidence = (
            upright(part, -turns)
            for part in extend_outward(
                seen, confidence, goes_on, colours, teeth_shown(before), px_per_cm
            )
        )
        seen = upright(seen, -turns)
        # As sharp an edge as the model's has, which is blurred as the plate is.
        confidence = cv2.GaussianBlur(confidence, (0, 0), max(0.8 * soft, 0.6))
        # What is hidden wholly need not be made.
        bare = alpha.copy()
        bare[rows] *= (1 - weight[rows] * confidence) * (1 - further)
        rgb = np.zeros((*weight.shape, 3), dtype=np.float32)
        if bare.max() >= _NEGLIGIBLE_WEIGHT:
            upper = np.ones_like(weight)
            upper[rows] -= upright(below, -turns)
            rgb = self._others(view, mouth, light, colours, soft, upper)
            meet = 1 - smoothstep(mouth.cavity.jaw, *_MEET_CM)
            shadow = meet * shadow_of(teeth, below, px_per_cm)
            rgb[rows] *= 1 - per_channel(upright(shadow, -turns))
        made = PaintLayer(colour, further).over(rgb[rows])
        rgb[rows] = PaintLayer(seen, weight[rows] * confidence).over(made)
        return rgb

    def _others(
        self,
        view: OpeningView,
        mouth: _MouthGrid,
        light: FaceLight,
        colours: FaceColours,
        soft: float,
        upper: float | FloatArray,
    ) -> FloatArray:
        """(h, w, 3) what is synthesized, under what other frames show, blurred as the face is.

        Of upper teeth in a row of their own `upper` is shown, 0..1, or (h, w).
        """
        known, turn = self._appearance, view.motion.yaw
        inside, row = known.exemplar(self._seed), known.row(self._seed)
        seen, fit = None, 0.0
        if inside is not None:
            seen = ExemplarInterior(inside, light.skin, soft, colours.seen_tooth)
            fit = exemplar_part(mouth.cavity, inside.cavity, turn - inside.yaw)
        row_fit = 0.0 if row is None else turn_part(turn - row.yaw)
        # Upper teeth lie over the model's, wherever they come from; of the lower ones, which lie
        # less surely, one row is enough: beside another frame's the model only closes the corners.
        teeth_seen = upper, 1 - fit
        grain = grain_level(view.crop.rgb)
        rgb = mouth.sample(SynthesizedInterior(colours, soft, grain, self._seed, teeth_seen))[0]
        if seen is not None and fit >= _NEGLIGIBLE_WEIGHT:
            rgb = _over(rgb, mouth.sample(seen), fit)
        if row is not None and row_fit >= _NEGLIGIBLE_WEIGHT:
            teeth = RowInterior(row, light.skin, soft, colours.seen_tooth)
            rows = mouth.rows(mouth.above_teeth())
            if rows.stop:
                shown = row_fit * np.broadcast_to(upper, mouth.u.shape)[rows]
                sample = mouth.part(rows).sample(teeth)
                rgb[rows] = _row_over(rgb[rows], sample, shown, mouth, colours)
        return streaked(rgb, _SHUTTER * view.motion.velocity)


def _over(
    rgb: FloatArray, sample: tuple[FloatArray, FloatArray], fit: float | FloatArray
) -> FloatArray:
    """A picture under what a source shows, as far as it fits."""
    seen, confidence = sample
    return PaintLayer(seen, fit * confidence).over(rgb)


def _row_over(
    rgb: FloatArray,
    sample: tuple[FloatArray, FloatArray],
    fit: FloatArray,
    mouth: _MouthGrid,
    colours: FaceColours,
) -> FloatArray:
    """A picture under another frame's upper teeth, right above which no other begin."""
    turns, px_per_cm = mouth.quarter_turns(), mouth.cavity.px_per_cm
    seen, confidence = (upright(part, turns) for part in sample)
    goes_on = right_above(confidence * upright(fit, turns), px_per_cm)
    colour, further, confidence = extend_outward(seen, confidence, goes_on, colours, 1.0, px_per_cm)
    made = PaintLayer(upright(colour, -turns), upright(further, -turns)).over(rgb)
    return PaintLayer(upright(seen, -turns), fit * upright(confidence, -turns)).over(made)


@dataclass(frozen=True, slots=True, eq=False)
class _MouthGrid:
    """The pixels of a mouth in the new picture.

    Attributes:
        u: (h, w) cm along the resting line.
        v: (h, w) cm downwards.
        cavity: The mouth.
    """

    u: FloatArray
    v: FloatArray
    cavity: Cavity

    @classmethod
    def of(cls, view: OpeningView, area: tuple[slice, slice], cavity: Cavity) -> _MouthGrid:
        """Return the pixels of a part of a view, in cm."""
        u, v = view.u[area], view.v[area]
        return cls(u / cavity.px_per_cm_along_lips, v / cavity.px_per_cm, cavity)

    def sample(self, source: InteriorSource[Cavity]) -> tuple[FloatArray, FloatArray]:
        """Return what a source shows at the pixels, and the confidence in it."""
        return source.sample(self.u, self.v, self.cavity)

    def rows(self, weight: FloatArray) -> slice:
        """Return the rows in which something weighs (h, w), and a margin for what is blurred.

        None of them where nothing does.
        """
        found = np.flatnonzero((weight >= _NEGLIGIBLE_WEIGHT).any(axis=1))
        if not len(found):
            return slice(0, 0)
        margin = round(_MARGIN_CM * self.cavity.px_per_cm)
        return slice(max(int(found[0]) - margin, 0), int(found[-1]) + 1 + margin)

    def part(self, rows: slice) -> _MouthGrid:
        """Return some rows of the pixels."""
        return _MouthGrid(self.u[rows], self.v[rows], self.cavity)

    def quarter_turns(self) -> int:
        """Return by how many quarter turns, against the clock, the mouth stands upright."""
        down = np.array([self.v[-1, 0] - self.v[0, 0], self.v[0, -1] - self.v[0, 0]])
        down /= np.array(self.v.shape)
        if abs(down[0]) >= abs(down[1]):
            return 0 if down[0] >= 0 else 2
        return 3 if down[1] > 0 else 1

    def runs_on(self, before: Cavity) -> FloatArray:
        """Return (h, w) how far what the plate shows of a mouth goes on beside it.

        What goes on beside the teeth that are seen are more teeth, and where none are seen they are
        not told by the dark below them. What lies below goes on unless the jaw drops.
        """
        closed = 1 - smoothstep(self.cavity.jaw - before.jaw, 0.1, 0.4)
        beside = closed + self.above_teeth() * (teeth_shown(before) - closed)
        return np.asarray(beside, dtype=np.float32)

    def in_front(self) -> FloatArray:
        """Return (h, w) how far a pixel lies away from the corners."""
        first, last = self.cavity.corners
        return smoothstep(np.minimum(self.u - first, last - self.u), *_BESIDE_CM)

    def above_edge(self) -> FloatArray:
        """Return (h, w) how many cm a pixel lies above the edge of the upper teeth."""
        return np.asarray(self.cavity.upper_teeth(self.u) - self.v, dtype=np.float32)

    def above_teeth(self) -> FloatArray:
        """Return (h, w) how far a pixel lies above the edge of the upper teeth."""
        return smoothstep(self.above_edge(), 0.0, 0.1)


def upright(picture: FloatArray, turns: int) -> FloatArray:
    """Return a picture (h, w) or (h, w, 3) turned by quarter turns against the clock."""
    return picture if turns % 4 == 0 else np.ascontiguousarray(np.rot90(picture, turns))


def own_part(target: Cavity, own: Cavity) -> float:
    """Return how far the plate's own inside is to be used, 0..1.

    Where the mouth hardly opens further, its own inside is the best there is. Opened much
    wider, it could only be drawn out, and would bring the old edges of the lips with it.

    Args:
        target: The mouth that is wanted.
        own: The mouth in the plate.
    """
    before, after = own.gap, target.gap
    stretch = after / max(before, 1e-3)
    further = smoothstep(after - before, *_FURTHER_CM) * smoothstep(stretch, *_OWN_STRETCH)
    return 1 - float(further)


def exemplar_part(target: Cavity, other: Cavity, turn: float) -> float:
    """Return how far another frame's inside fits, 0..1, be it opened wider or the head turned.

    Args:
        target: The mouth that is wanted.
        other: The mouth in the other frame.
        turn: Degrees by which the head is turned differently there.
    """
    stretch = target.gap / max(other.gap, 1e-3)
    return (1 - float(smoothstep(stretch, *_EXEMPLAR_STRETCH))) * turn_part(turn)


def turn_part(turn: float) -> float:
    """Return how far another frame's teeth fit, 0..1.

    Args:
        turn: Degrees by which the head is turned differently there.
    """
    return 1 - float(smoothstep(abs(turn), *_TURN_DEGREES))


def _extent(alpha: FloatArray, margin: int) -> tuple[slice, slice]:
    """The rows and columns in which anything is covered, and a margin around them."""
    found = []
    for axis in (1, 0):
        covered = np.flatnonzero(alpha.any(axis=axis))
        found.append(slice(max(int(covered[0]) - margin, 0), int(covered[-1]) + 1 + margin))
    return found[0], found[1]
