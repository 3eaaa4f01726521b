"""Numbers as the protocol writes them: lists, or packed."""

from __future__ import annotations

import base64
import binascii

import numpy as np
import numpy.typing as npt

from mien.errors import ProtocolError
from mien.serve.messages import Encoding, Numbers, Packed

__all__ = ["read_numbers", "write_numbers"]


def read_numbers(values: Numbers) -> npt.NDArray[np.float64]:
    """(N,) numbers of either form.

    Raises:
        ProtocolError: When they are not packed as they should be, or not all are finite.
    """
    if not isinstance(values, Packed):
        return np.array(values, dtype=np.float64)
    try:
        data = base64.b64decode(values.f32, validate=True)
        numbers = np.frombuffer(data, dtype="<f4").astype(np.float64)
    except (ValueError, binascii.Error) as error:
        raise ProtocolError(
            f"Packed numbers cannot be read: {error}.", "Send base64 of little-endian float32."
        ) from error
    if not np.isfinite(numbers).all():
        raise ProtocolError("Among the packed numbers are some that are not finite.")
    return numbers


def write_numbers(array: npt.ArrayLike, encoding: Encoding) -> Numbers:
    """An array of any shape, row after row."""
    flat = np.ravel(np.asarray(array))
    if encoding == "list":
        return [float(value) for value in flat.tolist()]
    return Packed(f32=base64.b64encode(flat.astype("<f4").tobytes()).decode("ascii"))
