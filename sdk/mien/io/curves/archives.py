"""Arrays in files of anybody: `.npz` and `.npy`, read with nothing trusted but their bytes.

Nothing is unpickled, and nothing is held in memory because a header says so: what an array declares
is compared with what its member holds, and with a bound, before any of it is read.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["MAX_BYTES", "read_npy", "read_npz"]

MAX_BYTES: Final = 1 << 30
"""Bytes of the arrays of one file that are read, at most; ten hours of controls."""
_MEMBERS: Final = 10_000
"""Members of an archive, at most."""
_Arrays = dict[str, npt.NDArray[Any]]


def read_npz(file: IO[bytes], wanted: Callable[[str], bool]) -> _Arrays:
    """Read arrays of an archive.

    Args:
        file: The file.
        wanted: Whether an array of some name is read; the others are passed over.

    Raises:
        ValueError: When one of them is damaged, too large, or made of Python objects.
    """
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if len(members) > _MEMBERS:
            raise ValueError(f"it has {len(members):,} members, and {_MEMBERS:,} are read at most")
        chosen = [one for one in members if wanted(one.filename.removesuffix(".npy"))]
        size = sum(one.file_size for one in chosen)
        if size > MAX_BYTES:
            largest = max(chosen, key=lambda one: one.file_size)
            raise ValueError(
                f"its {largest.filename} is too large: arrays of {size:,} bytes, and"
                f" {MAX_BYTES:,} are read at most"
            )
        arrays: _Arrays = {}
        for one in chosen:
            with archive.open(one) as member:
                arrays[one.filename.removesuffix(".npy")] = read_npy(
                    member, one.file_size, one.filename
                )
        return arrays


def read_npy(file: IO[bytes], size: int, name: str) -> npt.NDArray[Any]:
    """Read one array.

    Args:
        file: The file, at its beginning.
        size: Bytes that it has.
        name: What it is called, for messages.

    Raises:
        ValueError: When it is damaged, too large, or made of Python objects.
    """
    shape, fortran, dtype = _header(file, name)
    if dtype.hasobject:
        raise ValueError(f"its {name} holds Python objects, which are not read: they may run code")
    declared = math.prod(shape) * dtype.itemsize
    if declared > size:
        raise ValueError(f"its {name} says that it is {shape}, and has {size:,} bytes")
    if declared > MAX_BYTES:
        raise ValueError(
            f"its {name} is too large: {declared:,} bytes, and {MAX_BYTES:,} are read at most"
        )
    content = file.read(declared)
    if len(content) < declared:
        raise ValueError(f"its {name} is cut off")
    flat: npt.NDArray[Any] = np.frombuffer(content, dtype)
    return flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)


def _header(file: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        version = np.lib.format.read_magic(file)  # type: ignore[no-untyped-call]
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise ValueError(f"version {version}")
        shape, fortran, dtype = read(file)  # type: ignore[no-untyped-call]
    except ValueError as error:
        raise ValueError(f"its {name} is no array of NumPy ({error})") from error
    return shape, fortran, dtype
