"""Curves of one face over the frames of a shot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mien._types import BoolArray, FloatArray
from mien.errors import UnknownControlError
from mien.model.controls import INDEX, NAMES, nearest, sides

__all__ = ["FLAME_SIZE", "ControlCurves", "Curves", "FloatArray", "HeadPose"]


FLAME_SIZE = 55
"""Coefficients a frame: [expression 50 | eyelids 2 | jaw 3]."""


class ControlCurves(Mapping[str, FloatArray]):
    """Values of every control over time, read by name.

    `curves["jawOpen"]` is a (T,) float32 view. A name without its side gives the mean of
    both sides; one that no control has raises UnknownControlError, which is a KeyError.

    Args:
        array: (T, 59) float32, columns in the order of `controls.NAMES`.
    """

    __slots__ = ("array",)

    def __init__(self, array: FloatArray) -> None:
        if array.ndim != 2 or array.shape[1] != len(NAMES):
            raise ValueError(f"controls are (T, {len(NAMES)}), not {array.shape}")
        self.array = np.ascontiguousarray(array, dtype=np.float32)

    def __getitem__(self, name: str) -> FloatArray:
        if name in INDEX:
            return self.array[:, INDEX[name]]
        names = sides(name)
        if names is None:
            guess = nearest(name, NAMES)
            raise UnknownControlError(
                f"There is no control named '{name}'.",
                f"Did you mean '{guess}'?" if guess else "`mien controls` lists every name.",
                choices=(guess,) if guess else (),
            )
        return np.asarray(self.array[:, [INDEX[n] for n in names]].mean(axis=1), dtype=np.float32)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and sides(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)

    def __repr__(self) -> str:
        return f"ControlCurves({len(self.array)} frames)"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HeadPose:
    """The head's pose: a weak-perspective camera from canonical space to the picture.

    A canonical point X (x to the person's left, y up, z towards the camera, in canonical
    units of about 1 cm) is shown at

        [x, y] = translation + scale * [(R X)_x, -(R X)_y]

    in pixels of the upright picture, y down.

    Attributes:
        scale: (T,) float32, pixels per canonical unit.
        rotation: (T, 3, 3) float32, R.
        translation: (T, 2) float32, pixels.
    """

    scale: FloatArray
    rotation: FloatArray
    translation: FloatArray

    def __repr__(self) -> str:
        return f"HeadPose({len(self.scale)} frames)"

    def project(self, frame: int, points: FloatArray) -> FloatArray:
        """Project canonical points (N, 3) to pixels (N, 2) of the upright picture in one frame."""
        return np.asarray(self.translation[frame] + self.displace(frame, points), dtype=np.float32)

    def displace(self, frame: int, vectors: FloatArray) -> FloatArray:
        """Project canonical displacements (N, 3) to pixel displacements (N, 2) in one frame."""
        turned = vectors @ self.rotation[frame, :2].T
        turned[:, 1] *= -1
        return np.asarray(self.scale[frame] * turned, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Curves:
    """The performance of one face over a shot of T frames; rows of invalid frames mean nothing.

    Attributes:
        controls: Every control over time.
        flame: (T, 55) float32 FLAME coefficients, [expression 50 | eyelids 2 | jaw 3].
        basis: Basis of the 50: `mien-rig`, or the name of a FLAME head.
        pose: Head pose over time.
        valid: (T,) bool, whether the face was seen, or bridged over a short gap.
        bridged: (T,) bool, whether the values are interpolated over a short gap.
    """

    controls: ControlCurves
    flame: FloatArray
    basis: str
    pose: HeadPose
    valid: BoolArray
    bridged: BoolArray

    def __len__(self) -> int:
        return len(self.valid)

    def __repr__(self) -> str:
        return f"Curves({len(self)} frames, {int(self.valid.sum())} valid, basis {self.basis})"
