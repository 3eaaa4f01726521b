"""The mouth of one face in one frame: its lips, its teeth, and what a picture shows of both.

The upper teeth belong to the skull and the lower ones to the jaw, whatever the lips do. So all
is measured in the skull's own axes, in centimetres from the middle of the line where this
face's lips meet at rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.rendering.geometry.contour import Edges, LocalAxes
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.motion import FaceMotion
from mien.rendering.geometry.tone import luma
from mien.rendering.geometry.topology import LIP_SAMPLES, LIPS, SKIN_SAMPLES

__all__ = ["Cavity", "FaceLight", "depth_shown", "lip_edges", "profile"]

_BRIGHTNESS_DIP = 0.3, 0.75
"""By how much brightness drops somewhere down a mouth that stands open; teeth are as bright
as skin, and where they are clenched it drops by less."""
_PATCH_CM = 0.25
"""Half the side of the patches of skin that tell its colour."""
_CHEEKS = (0, 2, 6), (1, 3, 7)
"""Which of `SKIN_SAMPLES` lie on the left and on the right of the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Cavity:
    """The geometry of one mouth in one frame, in the skull's axes.

    Attributes:
        axes: u along the resting line of the lips, v downwards; pixels.
        px_per_cm_along_lips: Pixels in a cm along u; fewer than `px_per_cm` when the head is
            turned.
        px_per_cm: Pixels in a cm along v.
        edges: The inner edges of the lips.
        rest: (N, 2) u and v of the resting line, pixels.
        jaw: How far the lower teeth are below where they are with the jaw closed, cm.
        teeth: How far the upper front teeth reach below the resting line, cm.
        head_axes: (3, 2) pixels along u and v that a cm of the head takes along each of its
            axes: to the person's left, up, forwards.
        lower_teeth: (3,) how far the lower front teeth are from where they are with the jaw
            closed, along these axes, cm.
        width: Distance of the corners of this face's mouth when neutral, cm.
    """

    axes: LocalAxes
    px_per_cm_along_lips: float
    px_per_cm: float
    edges: Edges
    rest: FloatArray
    jaw: float
    teeth: float
    head_axes: FloatArray
    lower_teeth: FloatArray
    width: float

    @classmethod
    def in_plate(cls, motion: FaceMotion, teeth: float) -> Cavity:
        """Return the mouth before a motion, as the plate has it."""
        return cls._of(motion, motion.source, motion.jaw_before, teeth)

    @classmethod
    def in_target(cls, motion: FaceMotion, teeth: float) -> Cavity:
        """Return the mouth after a motion, as the new picture has it."""
        return cls._of(motion, motion.target, motion.jaw_after, teeth)

    @classmethod
    def _of(cls, motion: FaceMotion, points: FloatArray, jaw: FloatArray, teeth: float) -> Cavity:
        axes = motion.mouth_axes
        head_axes = motion.head_axes @ np.stack([axes.along, axes.down], axis=1)
        return cls(
            axes,
            motion.px_per_cm_along_lips,
            motion.px_per_cm,
            lip_edges(axes, points),
            axes.of(motion.seam),
            float(jaw @ head_axes[:, 1]) / motion.px_per_cm,
            teeth,
            np.asarray(head_axes, dtype=np.float32),
            jaw,
            motion.mouth_width,
        )

    @property
    def gap(self) -> float:
        """Greatest height of the opening, cm."""
        return self.edges.gap / self.px_per_cm

    @property
    def corners(self) -> tuple[float, float]:
        """The corners' u, cm."""
        return (
            self.edges.start / self.px_per_cm_along_lips,
            self.edges.stop / self.px_per_cm_along_lips,
        )

    def lips(self, u: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return heights of the upper and the lower lip's edge at u; all in cm."""
        upper, lower = self.edges.at(u * self.px_per_cm_along_lips)
        return upper / self.px_per_cm, lower / self.px_per_cm

    def upper_teeth(self, u: FloatArray) -> FloatArray:
        """Return the height of the edge of the upper teeth at u; all in cm."""
        line = (
            np.interp(u * self.px_per_cm_along_lips, self.rest[:, 0], self.rest[:, 1])
            / self.px_per_cm
        )
        # The row follows the resting lips and rises a little from the middle to the sides.
        return np.asarray(line + self.teeth - 0.022 * u * u, dtype=np.float32)

    def sample(self, crop: PlateCrop, u: FloatArray, v: FloatArray) -> FloatArray:
        """Return what a picture of this mouth shows at u and v (h, w), in cm: (h, w, 3)."""
        return crop.sample(
            *self.axes.to_pixels(u * self.px_per_cm_along_lips, v * self.px_per_cm),
        )


def lip_edges(axes: LocalAxes, points: FloatArray) -> Edges:
    """Return the inner edges of the lips as far as they are seen.

    Where the head is turned far, lips bend away before they come to the far corner, which lies
    behind them: the opening ends at their outline.

    Args:
        axes: The mouth's axes.
        points: (N, 2) the face's landmarks.
    """
    return Edges.through(
        axes, *(_outlined(axes, points[list(run)]) for run in (LIPS.upper, LIPS.lower))
    )


def _outlined(axes: LocalAxes, run: FloatArray) -> FloatArray:
    """Those of the landmarks (N, 2) from corner to corner that lie between both outlines."""
    along = (run - axes.origin) @ axes.along
    middle = len(run) // 2
    first = int(np.argmin(along[: middle + 1]))
    last = middle + int(np.argmax(along[middle:]))
    # The curve through them needs three.
    first, last = min(first, middle - 1), max(last, middle + 1)
    return run[first : last + 1]


@dataclass(frozen=True, slots=True, eq=False)
class FaceLight:
    """The light on a face, as skin and lips show it.

    Attributes:
        skin: (3,) colour of the skin of cheeks and chin.
        lip: (3,) colour of the red of the lips.
        sideways: Logarithm of how much brighter the cheek on the right of the upright picture
            is than the one on the left.
    """

    skin: FloatArray
    lip: FloatArray
    sideways: float

    @classmethod
    def of(cls, crop: PlateCrop, motion: FaceMotion) -> FaceLight:
        """Return the light on a face in the plate, steady from frame to frame.

        Samples are means of patches, and colours are means of the middle half of them: a median
        would jump from sample to sample as they change places.
        """
        radius = _PATCH_CM * motion.px_per_cm
        cheeks = crop.around(motion.source[list(SKIN_SAMPLES)], radius)
        lips = crop.around(motion.source[list(LIP_SAMPLES)], radius / 2)
        left, right = (luma(cheeks[list(side)]).mean() for side in _CHEEKS)
        sideways = float(np.log(max(float(right), 1e-3) / max(float(left), 1e-3)))
        return cls(_middle_half(cheeks), _middle_half(lips), sideways)


def _middle_half(colours: FloatArray) -> FloatArray:
    """(3,) mean of those of the colours (N, 3) that are neither bright nor dark."""
    order = np.argsort(luma(colours))
    cut = len(order) // 4
    return np.asarray(colours[order[cut : len(order) - cut]].mean(axis=0), dtype=np.float32)


def profile(crop: PlateCrop, cavity: Cavity) -> tuple[FloatArray, FloatArray]:
    """Return heights below the resting line (cm) down the middle of a mouth, and brightness there.

    Args:
        crop: A picture of the mouth.
        cavity: The mouth.
    """
    u = np.linspace(-0.6, 0.6, 13, dtype=np.float32)
    upper, lower = cavity.lips(u)
    top, bottom = float(upper.max()) + 0.08, float(lower.min()) - 0.08
    v = np.arange(top, bottom, 0.03, dtype=np.float32)
    if len(v) < 2:
        return v[:0], v[:0]
    across, down = np.meshgrid(u, v)
    seen = cavity.sample(crop, across, down)
    brightness = cv2.GaussianBlur(luma(seen).mean(axis=1)[:, None], (1, 5), 1.0)[:, 0]
    line = float(np.interp(0.0, cavity.rest[:, 0], cavity.rest[:, 1])) / cavity.px_per_cm
    return v - line, np.asarray(brightness, dtype=np.float32)


def depth_shown(crop: PlateCrop, cavity: Cavity) -> float:
    """Return how far a picture shows the dark between the teeth, 0..1; 0 for clenched teeth.

    Args:
        crop: A picture of the mouth.
        cavity: The mouth.
    """
    _, brightness = profile(crop, cavity)
    if not len(brightness):
        return 0.0
    # The ends of the profile may still lie in a lip's shadow.
    edge = len(brightness) // 6
    lowest = float(brightness[edge : len(brightness) - edge].min())
    dip = 1 - lowest / max(float(brightness.max()), 1e-3)
    return float(smoothstep(dip, *_BRIGHTNESS_DIP))
