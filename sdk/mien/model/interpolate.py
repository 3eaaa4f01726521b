"""Interpolation between keys: hold, linear, ease and Bezier.

A Bezier segment is a cubic in time and value, as in animation tools: the handles are
offsets from their keys in frames and in value. Handles that would make time run backwards
are shortened until it does not, so that a curve has one value at any time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from mien._math import ease
from mien.errors import UsageError

__all__ = ["INTERPOLATIONS", "Interpolation", "Key", "cubic", "sample"]

Interpolation = Literal["hold", "linear", "ease", "bezier"]
INTERPOLATIONS: tuple[str, ...] = get_args(Interpolation)
_KINDS = {name: number for number, name in enumerate(INTERPOLATIONS)}
_Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Key:
    """A value at a frame, and the curve's way from it to the next.

    Attributes:
        frame: The frame.
        value: The value, in the control's unit.
        interpolation: How the curve runs to the next key.
        handle_in: For Bezier segments that end here, the handle's offset (frames <= 0,
            value); None for a third of the way, level.
        handle_out: For Bezier segments that start here, (frames >= 0, value).
    """

    frame: int
    value: float
    interpolation: Interpolation = "ease"
    handle_in: tuple[float, float] | None = None
    handle_out: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise UsageError(f"The key at frame {self.frame} has the value {self.value}.",
                             "Give a finite number.", frame=self.frame)  # fmt: skip
        if self.interpolation not in INTERPOLATIONS:
            raise UsageError(
                f"'{self.interpolation}' is no interpolation.",
                f"Choose one of {', '.join(INTERPOLATIONS)}.",
                choices=INTERPOLATIONS,
            )
        for handle, sign in ((self.handle_in, -1), (self.handle_out, 1)):
            if handle is not None and not (
                math.isfinite(handle[0]) and math.isfinite(handle[1]) and handle[0] * sign >= 0
            ):
                raise UsageError(
                    f"The key at frame {self.frame} has a handle of {handle}.",
                    "Handles are (frames, value); the one in points back, the one out forward.",
                    frame=self.frame,
                )


def sample(keys: Sequence[Key], frames: npt.ArrayLike) -> _Array:
    """Sample a keyed curve at frames; held before the first and after the last key.

    Args:
        keys: Keys in ascending order of frames, at least one.
        frames: (N,) frames; fractions are allowed.

    Returns:
        (N,) float64 values.
    """
    times = np.asarray(frames, dtype=np.float64)
    starts = np.array([key.frame for key in keys], dtype=np.float64)
    levels = np.array([key.value for key in keys], dtype=np.float64)
    kinds = np.array([_KINDS[key.interpolation] for key in keys])
    kinds[-1] = _KINDS["hold"]
    segment = np.searchsorted(starts, times, side="right") - 1
    at = np.maximum(segment, 0)
    values = np.asarray(levels[at])
    kind = np.where(segment < 0, _KINDS["hold"], kinds[at])
    straight = (kind == _KINDS["linear"]) | (kind == _KINDS["ease"])
    if straight.any():
        a, b = at[straight], at[straight] + 1
        share = (times[straight] - starts[a]) / (starts[b] - starts[a])
        share = np.where(kind[straight] == _KINDS["ease"], ease(share), share)
        values[straight] = levels[a] + (levels[b] - levels[a]) * share
    curved = kind == _KINDS["bezier"]
    if curved.any():
        values[curved] = _bezier(keys, at[curved], times[curved])
    return values


def cubic(a: Key, b: Key) -> _Array:
    """Return the segment between two keys as a cubic Bezier curve in time and value.

    Args:
        a: The key that the segment leaves; its interpolation says how. A held segment has no
            such curve: it is a step.
        b: The next key.

    Returns:
        (4, 2) float64 control points, (frame, value); frames ascend, so that the curve has one
        value at any time.
    """
    return np.asarray(_cubic_from(a, b) + np.array((a.frame, 0.0)))


def _cubic_from(a: Key, b: Key) -> _Array:
    """(4, 2) control points, their frames counted from `a`."""
    length = float(b.frame - a.frame)
    if a.interpolation == "bezier":
        out = a.handle_out or (length / 3, 0.0)
        back = b.handle_in or (-length / 3, 0.0)
    else:
        # 3u^2 - 2u^3, the ease, is the cubic whose handles are a third of the way and level.
        rise = (b.value - a.value) / 3 if a.interpolation == "linear" else 0.0
        out, back = (length / 3, rise), (-length / 3, -rise)
    # Handles that together are longer than the segment could fold time: scale both, as
    # Blender's F-curves do.
    fold = min(1.0, length / max(out[0] - back[0], 1e-12))
    return np.array(
        (
            (0.0, a.value),
            (out[0] * fold, a.value + out[1] * fold),
            (length + back[0] * fold, b.value + back[1] * fold),
            (length, b.value),
        )
    )


def _bezier(keys: Sequence[Key], at: npt.NDArray[np.intp], times: _Array) -> _Array:
    """Values at times, each in the segment that starts with the key of its number."""
    numbers, segment = np.unique(at, return_inverse=True)
    points: _Array = np.array([_cubic_from(keys[i], keys[i + 1]) for i in numbers])[segment]
    _, x1, x2, length = points[:, :, 0].T
    x = times - np.array([keys[i].frame for i in numbers], dtype=np.float64)[segment]
    low, high = np.zeros_like(x), np.ones_like(x)
    # Bisection: x(u) is monotone by now, and 48 halvings reach the limit of a double.
    for _ in range(48):
        u = (low + high) / 2
        below = _cubic(u, 0.0, x1, x2, length) < x
        low, high = np.where(below, u, low), np.where(below, high, u)
    y0, y1, y2, y3 = points[:, :, 1].T
    return _cubic((low + high) / 2, y0, y1, y2, y3)


def _cubic(u: _Array, p0: _Array | float, p1: _Array, p2: _Array, p3: _Array) -> _Array:
    v = 1 - u
    return np.asarray(v * v * v * p0 + 3 * v * v * u * p1 + 3 * v * u * u * p2 + u * u * u * p3)
