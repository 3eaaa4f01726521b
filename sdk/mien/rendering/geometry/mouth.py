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
from mien.rendering.geometry.field import remap
from mien.rendering.geometry.motion import FaceMotion
from mien.rendering.geometry.tone import luma
from mien.rendering.geometry.topology import LIPS

__all__ = ["Cavity", "cavity_of", "depth_shown", "profile"]

_DIP = 0.4, 0.6
"""By how much brightness drops somewhere down a mouth that stands open; teeth are as bright
as skin, and where they are clenched it drops by less."""


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
