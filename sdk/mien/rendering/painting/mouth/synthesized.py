"""The inside of a mouth where no picture shows it: the model, as the plate would show it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mien._types import FloatArray
from mien.rendering.geometry.mouth import Cavity
from mien.rendering.geometry.tone import grain
from mien.rendering.painting.mouth.colours import FaceColours
from mien.rendering.painting.mouth.model import RowsSeen, paint_mouth

__all__ = ["SynthesizedInterior"]

_SHARP_PX = 0.4
"""Standard deviation of the blur that the model's own edges have."""


@dataclass(frozen=True, slots=True, eq=False)
class SynthesizedInterior:
    """An inside that no picture shows, with the plate's blur and grain.

    Attributes:
        colours: Colours of this face in this light.
        softness_px: Standard deviation of the plate's blur.
        grain: Standard deviation of the plate's grain, in R'G'B'.
        seed: Seed of the grain.
        teeth: How far its upper and its lower row of teeth are seen, 0..1, or (h, w) of each.
    """

    colours: FaceColours
    softness_px: float
    grain: float
    seed: int
    teeth: RowsSeen = (1.0, 1.0)

    def sample(self, u: FloatArray, v: FloatArray, target: Cavity) -> tuple[FloatArray, FloatArray]:
        """Return the inside, and full confidence everywhere; see `InteriorSource`."""
        along, down = target.px_per_cm_along_lips, target.px_per_cm
        rgb = paint_mouth(u * along, v * down, target, self.colours, self.teeth)
        blur = self.softness_px**2 - _SHARP_PX**2
        if blur > 0:
            rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), blur**0.5), dtype=np.float32)
        rgb += grain(u.shape, self.grain, self.seed)
        return rgb, np.ones_like(u)
