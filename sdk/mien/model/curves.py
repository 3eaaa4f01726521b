"""Curves of one face over the frames of a shot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from mien._types import BoolArray, FloatArray
from mien.errors import MissingDependencyError, UnknownControlError
from mien.model.controls import INDEX, NAMES, nearest, sides

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["FLAME_NAMES", "FLAME_SIZE", "ControlCurves", "Curves", "FloatArray", "HeadPose"]


FLAME_SIZE = 55
"""Coefficients a frame: [expression 50 | eyelids 2 | jaw 3]."""
FLAME_NAMES = (
    *(f"expr{i}" for i in range(50)), "eyelidLeft", "eyelidRight", *(f"jaw{i}" for i in range(3))
)  # fmt: skip
"""What the coefficients are called in tables, in their order."""


class ControlCurves(dict[str, FloatArray]):
    """Values of every control over time, read by name.

    `curves["jawOpen"]` is a (T,) float32 view. A name without its side gives the mean of
    both sides; one that no control has raises UnknownControlError, which is a KeyError. It is a
    dict, so that tables are made of it as of any other (`pandas.DataFrame(curves)`), but one to
    which nothing can be added: change `array`.

    Args:
        array: (T, 59) float32, columns in the order of `controls.NAMES`.

    Attributes:
        array: The same, contiguous.
    """

    __slots__ = ("array",)

    def __init__(self, array: FloatArray) -> None:
        if array.ndim != 2 or array.shape[1] != len(NAMES):
            raise ValueError(f"controls are (T, {len(NAMES)}), not {array.shape}")
        self.array = np.ascontiguousarray(array, dtype=np.float32)
        super().__init__((name, self.array[:, index]) for name, index in INDEX.items())

    def __missing__(self, name: str) -> FloatArray:
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

    def get(self, name: str, default: Any = None) -> Any:
        """Return the values of a control, or a default where there is no such control."""
        try:
            return self[name]
        except KeyError:
            return default

    def _refuse(self, *arguments: object, **more: object) -> NoReturn:
        """Refuse to change what the names stand for."""
        raise TypeError("The curves of controls are fixed by name; change their `array`.")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[ControlCurves], tuple[FloatArray]]:
        # The array alone: its columns are views of it, which would be packed once more.
        return ControlCurves, (self.array,)

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

    def to_dataframe(self, *, flame: bool = False) -> DataFrame:
        """Return the curves as a table of pandas: a row a frame, a column a control.

        The index is named `frame`; rows of frames that are not valid are NaN.

        Args:
            flame: Whether the FLAME coefficients follow, in columns `expr0` to `expr49`,
                `eyelidLeft`, `eyelidRight` and `jaw0` to `jaw2`.

        Raises:
            MissingDependencyError: When pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise MissingDependencyError(
                "pandas is not installed, and tables of curves are its.",
                "Install it with `pip install pandas`.",
            ) from error
        values, columns = self.controls.array, list(NAMES)
        if flame:
            values = np.column_stack([values, self.flame])
            columns += FLAME_NAMES
        values = np.where(self.valid[:, None], values, np.nan)
        frames = pandas.RangeIndex(len(self), name="frame")
        return pandas.DataFrame(values, index=frames, columns=columns)

    def __repr__(self) -> str:
        return f"Curves({len(self)} frames, {int(self.valid.sum())} valid, basis {self.basis})"
