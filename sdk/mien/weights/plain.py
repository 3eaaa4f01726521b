"""Arrays from NumPy's own files, without pickles; whatever is wrong is told as one error."""

from __future__ import annotations

import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from mien.errors import WeightsError
from mien.weights.unpickle import LARGEST_FILE

__all__ = ["check_claims", "load_npy", "load_npz"]

_DAMAGE: Final = (
    OSError,
    ValueError,
    EOFError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    KeyError,
    OverflowError,
    TypeError,
    SyntaxError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What NumPy and zipfile raise at a damaged, packed or encrypted file, or one of objects."""
_PACKED: Final = 1032
"""Deflate's limit: bytes that one byte of an archive unpacks to, whatever size is claimed."""


def load_npz(path: Path, keys: Collection[str], remedy: str) -> dict[str, npt.NDArray[Any]]:
    """Those arrays of an `.npz` that are asked for and there.

    Raises:
        WeightsError: When it cannot be read, holds objects, or is too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > LARGEST_FILE:
            raise ValueError(f"its arrays have more than {LARGEST_FILE >> 20} MB")
        check_claims(path)
        with np.load(path, allow_pickle=False) as data:
            found = {key: data[key] for key in keys if key in data.files}
        # What is no array by its first bytes comes as bytes.
        if not all(isinstance(array, np.ndarray) for array in found.values()):
            raise ValueError("it holds more than arrays")
        return found
    except _DAMAGE as error:
        raise WeightsError(f"{path.name} cannot be used: {error}.", remedy, path=path) from error


def load_npy(path: Path, remedy: str) -> npt.NDArray[Any]:
    """The array of an `.npy`.

    Raises:
        WeightsError: When it cannot be read or holds objects.
    """
    try:
        check_claims(path)
        return np.asarray(np.load(path, allow_pickle=False))
    except _DAMAGE as error:
        raise WeightsError(f"{path.name} cannot be used: {error}.", remedy, path=path) from error


def check_claims(path: Path) -> None:
    """Refuse arrays that claim more bytes than the file has, before there is room made for them.

    Args:
        path: An `.npy`, or an archive of some.

    Raises:
        ValueError: When one does, or is none of NumPy's.
        OSError: When it cannot be read.
        RuntimeError, NotImplementedError: When a member is encrypted, or packed in another way.
    """
    if not zipfile.is_zipfile(path):
        with path.open("rb") as stream:
            _check_claim(stream, path.stat().st_size, path.name)
        return
    with zipfile.ZipFile(path) as archive:
        most = _PACKED * path.stat().st_size
        for entry in archive.infolist():
            # NumPy tells arrays by how they begin, whatever they are called.
            with archive.open(entry) as stream:
                begins = stream.read(len(np.lib.format.MAGIC_PREFIX))
            if entry.filename.endswith(".npy") or begins == np.lib.format.MAGIC_PREFIX:
                with archive.open(entry) as stream:
                    _check_claim(stream, min(entry.file_size, most), entry.filename)


def _check_claim(stream: IO[bytes], size: int, name: str) -> None:
    version = np.lib.format.read_magic(stream)  # type: ignore[no-untyped-call]
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise ValueError(f"{name} has version {version} of NumPy's format")
    shape, _, dtype = read(stream)  # type: ignore[no-untyped-call]
    if not dtype.hasobject and math.prod(shape) * dtype.itemsize > size:
        raise ValueError(f"{name} says that it is {shape}, and has {size:,} bytes at most")
