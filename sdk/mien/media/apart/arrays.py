"""Arrays of numbers in messages: their type by name, their bytes behind the message."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["array_of", "number_of", "packed_array"]

_NUMBERS: Final = re.compile(r"[<>|=]?[biuf][1248]")
"""Types of numbers, as NumPy names them: none holds objects or has parts."""


def packed_array(
    value: npt.NDArray[Any] | np.generic,
) -> tuple[Callable[..., object], tuple[Any, ...]]:
    """Return what makes an array, or a number of NumPy's, and what it has to be given."""
    if isinstance(value, np.generic):
        return number_of, (value.item(),)
    whole = np.ascontiguousarray(value)
    return array_of, (value.dtype.str, value.shape, pickle.PickleBuffer(whole.reshape(-1).data))


def array_of(kind: str, shape: tuple[int, ...], data: Any) -> npt.NDArray[Any]:
    """Return an array of numbers.

    Args:
        kind: NumPy's name of their type.
        shape: Its shape.
        data: Its bytes, in memory that is its own.

    Raises:
        ValueError: When it is of anything but numbers, or the bytes are others.
    """
    if not _NUMBERS.fullmatch(kind):
        raise ValueError(f"an array of {kind}")
    if 0 in shape:
        return np.empty(shape, dtype=kind)
    return np.frombuffer(data, dtype=kind).reshape(shape)


def number_of(value: float) -> float:
    """Return a number."""
    return value
