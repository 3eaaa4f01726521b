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
from mien.rendering.geometry.topology import LIPS

__all__ = ["Cavity", "depth_shown", "profile"]

_BRIGHTNESS_DIP = 0.4, 0.6
"""By how much brightness drops somewhere down a mouth that stands open; teeth are as bright
as skin, and where they are clenched it drops by less."""


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
    """

    axes: LocalAxes
    px_per_cm_along_lips: float
    px_per_cm: float
    edges: Edges
    rest: FloatArray
    jaw: float
    teeth: float

    @classmethod
    def in_plate(cls, motion: FaceMotion, teeth: float) -> Cavity:
        """Return the mouth before a motion, as the plate has it."""
        down = motion.mouth_axes.down
        jaw = float(motion.jaw_open @ down) - float(motion.jaw @ down)
        return cls._of(motion, motion.source, jaw, teeth)

    @classmethod
    def in_target(cls, motion: FaceMotion, teeth: float) -> Cavity:
        """Return the mouth after a motion, as the new picture has it."""
        jaw = float(motion.jaw_open @ motion.mouth_axes.down)
        return cls._of(motion, motion.target, jaw, teeth)

    @classmethod
    def _of(cls, motion: FaceMotion, points: FloatArray, jaw: float, teeth: float) -> Cavity:
        axes = motion.mouth_axes
        return cls(
            axes,
            motion.px_per_cm_along_lips,
            motion.px_per_cm,
            Edges.through(axes, points[list(LIPS.upper)], points[list(LIPS.lower)]),
            axes.of(motion.seam),
            jaw / motion.px_per_cm,
            teeth,
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
            *self.axes.place(u * self.px_per_cm_along_lips, v * self.px_per_cm),
        )


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
