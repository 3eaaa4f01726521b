"""The mouth: lips that part or meet, and the inside put together of whatever shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from mien._math import smoothstep
from mien._types import DoubleArray, FloatArray
from mien.rendering.appearance.mouth import MouthAppearance
from mien.rendering.geometry.contour import LocalAxes
from mien.rendering.geometry.motion import FaceMotion
from mien.rendering.geometry.mouth import Cavity
from mien.rendering.geometry.tone import diffuse, grain_level, luma, softness
from mien.rendering.geometry.topology import LIP_SAMPLES, LIPS, SKIN_SAMPLES
from mien.rendering.painting.interior import InteriorSource
from mien.rendering.painting.layer import PaintLayer
from mien.rendering.painting.mouth.exemplar import ExemplarInterior
from mien.rendering.painting.mouth.own import OWN_STRETCH, PlateInterior
from mien.rendering.painting.mouth.synthesized import FaceColours, SynthesizedInterior
from mien.rendering.painting.opening import OpeningView, rim_moves

__all__ = ["MouthPainter", "blend_weights", "extend_outward"]

_SEEN_CM = 0.4
"""Height of an opening from which one begins to see into it."""
_EXEMPLAR_STRETCH = 1.35, 1.8
"""Factor by which another frame's inside may be drawn out: by the first it is still good, by the
second it looks like rubber. In the plate itself the teeth are known to be somewhere else, so
that it shows sooner."""
_TURN_DEGREES = 10.0, 18.0
"""Turn of the head up to which another frame's inside fits, and from which it does not."""
_AROUND_CM = 0.25
"""Standard deviation of the blur by which the plate's inside runs on where it ends."""
_CHEEK_SHADE = np.array([0.45, 0.62, 0.60], dtype=np.float32)
"""How much of the light on the teeth does not reach the corners of the mouth."""
_RIM_CM = 0.12
"""How far out a lip's tracked inner edge may lie from where its teeth end."""
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

    def lower_weight(self, view: OpeningView) -> DoubleArray:
        """Return (h, w) how far the skin is that of the lower lip: a step half way between."""
        top, bottom = view.after.at(view.u)
        return np.asarray(np.clip(view.v - (top + bottom) / 2 + 0.5, 0, 1))

    def layers(self, view: OpeningView, skin: DoubleArray) -> Sequence[PaintLayer]:
        """Return the lips' mended edges, and the inside."""
        soft = softness(view.plate)
        depth = view.after.depth(view.u, view.v)
        alpha = smoothstep(depth, -0.2, 0.6 + 2 * soft)
        if not alpha.any():
            return ()
        motion, crop = view.motion, view.crop
        colours = FaceColours.of(
            crop.nearest(motion.source[list(SKIN_SAMPLES)]),
            crop.nearest(motion.source[list(LIP_SAMPLES)]),
        )
        inside = PaintLayer(self._inside(view, colours, soft), alpha)
        rim = _rim(view, skin, depth, 0.8 * colours.lip)
        return (inside,) if rim is None else (rim, inside)

    def _inside(self, view: OpeningView, colours: FaceColours, soft: float) -> FloatArray:
        """(h, w, 3) what is synthesized, under what another frame shows, under the plate's own."""
        motion, crop, known = view.motion, view.crop, self._appearance
        mouth = _MouthGrid.of(view, Cavity.in_target(motion, known.teeth))
        made = SynthesizedInterior(colours, soft, grain_level(crop.rgb), self._seed)
        own = PlateInterior.of(
            crop, Cavity.in_plate(motion, known.teeth), float(luma(colours.tooth))
        )
        rgb = mouth.sample(made)[0]
        exemplar = known.exemplar(self._seed)
        if exemplar is None:
            own_weight, _ = blend_weights(mouth.cavity, own.cavity, own.depth)
        else:
            turn = motion.yaw - exemplar.yaw
            own_weight, other_weight = blend_weights(
                mouth.cavity, own.cavity, own.depth, exemplar.cavity, turn
            )
            if other_weight >= _NEGLIGIBLE_WEIGHT:
                other = ExemplarInterior(exemplar, colours.skin, soft)
                seen, confidence = mouth.sample(other)
                rgb = PaintLayer(seen, other_weight * confidence).over(rgb)
        if own_weight < _NEGLIGIBLE_WEIGHT:
            return rgb
        seen, confidence = mouth.sample(own)
        weight = own_weight * mouth.runs_on(own.cavity)
        rgb, confidence = extend_outward(rgb, seen, confidence, weight, mouth.cavity.px_per_cm)
        return PaintLayer(seen, own_weight * confidence).over(rgb)


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
    def of(cls, view: OpeningView, cavity: Cavity) -> _MouthGrid:
        """Return the pixels of a view, in cm."""
        return cls(view.u / cavity.px_per_cm_along_lips, view.v / cavity.px_per_cm, cavity)

    def sample(self, source: InteriorSource[Cavity]) -> tuple[FloatArray, FloatArray]:
        """Return what a source shows at the pixels, and the confidence in it."""
        return source.sample(self.u, self.v, self.cavity)

    def runs_on(self, before: Cavity) -> FloatArray:
        """Return (h, w) how far what the plate shows of a mouth goes on beside it.

        What goes on beside the teeth that are seen are more teeth, but not below them when the
        jaw drops.
        """
        closed = 1 - smoothstep(self.cavity.jaw - before.jaw, 0.1, 0.4)
        above = smoothstep(self.cavity.upper_teeth(self.u) - self.v, 0.0, 0.1)
        return np.asarray(np.maximum(closed, above))


def blend_weights(
    target: Cavity, own: Cavity, depth: float, other: Cavity | None = None, turn: float = 0.0
) -> tuple[float, float]:
    """Return how far to use the plate's own inside, and that of another frame.

    Where the mouth hardly opens further, its own inside is the best there is. Opened wider,
    a frame in which it is that wide shows what its own cannot. The two are laid over each
    other only in passing: teeth would be seen twice.

    Args:
        target: The mouth that is wanted.
        own: The mouth in the plate.
        depth: How far the plate shows more than teeth in it, 0..1.
        other: The mouth in the other frame, None when there is none.
        turn: Degrees by which the head is turned differently there.

    Returns:
        How much of what lies below the own inside covers, 0..1, and how much of the synthesized
        inside the other one covers.
    """
    before, after = own.gap, target.gap
    further = float(smoothstep(after - before, 0.10, 0.35))
    seen = max(float(smoothstep(before, _SEEN_CM, 2 * _SEEN_CM)), 1 - further)
    if other is None:
        return seen, 0.0
    stretch = after * other.px_per_cm / max(other.edges.gap, 1e-3)
    fit = float(
        (1 - smoothstep(stretch, *_EXEMPLAR_STRETCH)) * (1 - smoothstep(abs(turn), *_TURN_DEGREES))
    )
    enough = depth * float(1 - smoothstep(after / max(before, 1e-3), *OWN_STRETCH))
    own_weight = max((1 - fit) * seen + fit * (1 - further), enough)
    return own_weight, min(1.0, fit * further / max(1 - own_weight, 1e-6))


def extend_outward(
    inside: FloatArray,
    own: FloatArray,
    confidence: FloatArray,
    weight: FloatArray,
    px_per_cm: float,
) -> tuple[FloatArray, FloatArray]:
    """Return a synthesized inside that runs into what the plate shows beside it.

    Args:
        inside: (h, w, 3) the synthesized inside.
        own: (h, w, 3) the inside as the plate shows it.
        confidence: (h, w) how far that can be relied on.
        weight: (h, w) how far the plate's surroundings go on in what is synthesized.
        px_per_cm: Pixels in a cm.

    Returns:
        The inside (h, w, 3), and the confidence (h, w), which now falls softly to the sides.
    """
    sigma = _AROUND_CM * px_per_cm
    nearness = cv2.GaussianBlur(confidence, (0, 0), 2 * sigma)
    # Darker and redder the farther from what is seen: cheeks close in on the teeth.
    far = (1 - smoothstep(nearness, 0.0, 0.5))[..., None]
    colour = diffuse(own, confidence, sigma) * (1 - far * _CHEEK_SHADE)
    weight = weight * smoothstep(nearness, 0.0, 0.04)
    inside = inside + weight[..., None] * (colour - inside)
    beside = cv2.GaussianBlur(confidence, (0, 0), sigmaX=0.5 * sigma, sigmaY=1e-3)
    confidence = np.minimum(confidence, smoothstep(beside, 0.45, 0.95))
    return np.asarray(inside, dtype=np.float32), np.asarray(confidence, dtype=np.float32)


def _rim(
    view: OpeningView, skin: DoubleArray, depth: FloatArray, lip: FloatArray
) -> PaintLayer | None:
    """Lip over a sliver of tooth that was taken for the lip's edge; None where none can show.

    Args:
        view: The mouth.
        skin: (h, w, 3) the moved skin.
        depth: (h, w) pixels inside the opening.
        lip: (3,) colour of a lip's edge, which bends away from the light.
    """
    unit = view.motion.px_per_cm
    weight = float(smoothstep((view.after.gap - view.before.gap) / unit, 0.1, 0.4))
    weight *= float(smoothstep(view.before.gap / unit, 0.1, 0.35))
    if weight < _NEGLIGIBLE_WEIGHT:
        return None
    # Depths are told downwards; where the edge is steep it is nearer than that.
    steep = np.hypot(*np.gradient(depth))
    near = smoothstep(depth / np.maximum(steep, 1), -_RIM_CM * unit, -0.4 * _RIM_CM * unit)
    bright = smoothstep(luma(skin) / max(float(luma(lip)), 1e-3), 1.05, 1.25)
    return PaintLayer(lip, weight * near * bright)
