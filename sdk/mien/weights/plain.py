"""Arrays from NumPy's own files, without pickles; whatever is wrong is told as one error."""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mien.errors import WeightsError
from mien.weights.unpickle import LARGEST_FILE

__all__ = ["load_npy", "load_npz"]

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
        with np.load(path, allow_pickle=False) as data:
            return {key: data[key] for key in keys if key in data.files}
    except _DAMAGE as error:
        raise WeightsError(f"{path.name} cannot be used: {error}.", remedy, path=path) from error


def load_npy(path: Path, remedy: str) -> npt.NDArray[Any]:
    """The array of an `.npy`.

    Raises:
        WeightsError: When it cannot be read or holds objects.
    """
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except _DAMAGE as error:
        raise WeightsError(f"{path.name} cannot be used: {error}.", remedy, path=path) from error
