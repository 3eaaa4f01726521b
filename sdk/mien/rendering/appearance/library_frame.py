"""One frame of a face, kept for what it shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray

__all__ = ["LibraryFrame"]


@dataclass(frozen=True, slots=True, eq=False)
class LibraryFrame:
    """One frame of a library.

    Attributes:
        frame: Index of the frame in its shot, or in the example that it is of.
        rgb: (h, w, 3) float16 R'G'B' of the face and a little around it.
        points: (478, 2) float32 its landmarks, pixels of `rgb`.
        offset: (2,) float32 coded pixel of the outer corner of its first pixel.
        scale: Pixels of `rgb` in a coded pixel.
        controls: (59,) float32 what it does.
        rotation: (3, 3) float32 how the head is turned.
        example: Number of the face's example that it is of; None for the shot itself.
    """

    frame: int
    rgb: npt.NDArray[np.float16]
    points: FloatArray
    offset: FloatArray
    scale: float
    controls: FloatArray
    rotation: FloatArray
    example: int | None = None
