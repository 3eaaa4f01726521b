"""Glasses drawn onto real faces: what they hide is known to the pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mien._types import AnyArray, ByteArray, DoubleArray, FloatArray
from mien.media.planes import Plate
from mien.media.reader import Reader
from mien.model.face import Face

__all__ = ["DrawnGlasses", "WornPlates"]

_FINE = 4
"""Pixels that are drawn in one."""
_EYES = [33, 133, 362, 263]


@dataclass(frozen=True)
class DrawnGlasses:
    """A pair of glasses that goes with a head as it was tracked.

    Attributes:
        thickness: Of its rims, pixels.
        color: R'G'B', 0..1.
        square: Whether lenses are squarish; round otherwise.
        slip: How far it sits from where glasses sit, cm down.
    """

    thickness: float = 4.0
    color: tuple[float, float, float] = (0.08, 0.07, 0.07)
    square: bool = False
    slip: float = 0.0

    def lines(self, face: Face) -> list[DoubleArray]:
        """Return both rims, the bridge and what holds the temples, canonical (N, 3) each."""
        turn = np.linspace(0, 2 * np.pi, 121)
        power = 0.55 if self.square else 1.0
        x, y = (np.sign(f) * np.abs(f) ** power for f in (np.cos(turn), np.sin(turn)))
        high = 1.7 if self.square else 2.1
        flat = [np.stack([side * 3.6 + 2.5 * x, -0.6 + high * y], axis=1) for side in (-1, 1)]
        arch = np.linspace(-1.1, 1.1, 21)
        flat.append(np.stack([arch, 0.25 - 0.3 * arch**2], axis=1))
        for side in (-1, 1):
            flat.append(np.array([[side * 6.05, 0.0], [side * 6.7, 0.05]]))
        middle = face.identity[_EYES].mean(axis=0)
        bent = [np.column_stack([xy, 2.3 - 0.03 * xy[:, 0] ** 2]) for xy in flat]
        return [line - [0, self.slip, 0] + middle for line in bent]

    def hides(self, face: Face, frame: int, size: tuple[int, int]) -> FloatArray:
        """Return (H, W) how far each upright pixel of a frame is covered, of (width, height)."""
        width, height = size
        drawn = np.zeros((height, width), dtype=np.float32)
        lines = [face.curves.pose.project(frame, at.astype(np.float32)) for at in self.lines(face)]
        every = np.concatenate(lines)
        x0, y0 = np.maximum(np.floor(every.min(axis=0)).astype(int) - 12, 0)
        x1, y1 = np.minimum(np.ceil(every.max(axis=0)).astype(int) + 12, [width, height])
        if x1 <= x0 or y1 <= y0:
            return drawn
        fine = np.zeros((_FINE * (y1 - y0), _FINE * (x1 - x0)), dtype=np.uint8)
        for line in lines:
            at = (line - [x0, y0] + 0.5) * _FINE - 0.5
            fixed = np.round(16 * at).astype(np.int32)
            cv2.polylines(
                fine, [fixed], False, 255, max(1, round(_FINE * self.thickness)), cv2.LINE_AA, 4
            )
        small = cv2.resize(fine, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
        drawn[y0:y1, x0:x1] = small.astype(np.float32) / 255
        return drawn

    def on(self, picture: ByteArray, alpha: FloatArray) -> ByteArray:
        """Return an upright picture (H, W, 3) with glasses that hide what `hides` says."""
        shade = 1 + 0.15 * np.sin(np.arange(picture.shape[1]) / 9)[:, None]
        color = np.clip(255 * np.array(self.color) * shade, 0, 255)
        mixed: AnyArray = picture + alpha[..., None] * (color[None] - picture)
        return np.asarray(np.round(mixed), dtype=np.uint8)


class WornPlates:
    """The plates of a reader with glasses drawn in; of films that are stored upright."""

    def __init__(self, reader: Reader, face: Face, glasses: DrawnGlasses) -> None:
        self._reader = reader
        self._face = face
        self.glasses = glasses

    def hidden(self, frame: int) -> FloatArray:
        """Return (H, W) how far each pixel of a frame is covered."""
        plate = self._reader.frame(frame).plate()
        if not self._face.valid[frame]:
            return np.zeros((plate.height, plate.width), dtype=np.float32)
        return self.glasses.hides(self._face, frame, (plate.width, plate.height))

    def plate(self, frame: int) -> Plate:
        """Return the plate of a frame, with glasses."""
        rgb = self._reader.frame(frame).plate().rgb()
        picture = np.round(255 * np.clip(rgb, 0, 1)).astype(np.uint8)
        return Plate.from_rgb(self.glasses.on(picture, self.hidden(frame)))
