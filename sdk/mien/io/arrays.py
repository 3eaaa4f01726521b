"""Arrays as members of a zip file, read with nothing trusted but their bytes.

They are stored, not deflated, and must be read so: then no file can claim more memory than
it has bytes. Shape and type are known beforehand and compared with the array's own header,
so that nothing is ever unpickled.
"""

from __future__ import annotations

import io
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from mien.errors import ProjectError

__all__ = ["ZIP_ERRORS", "ArrayReader", "npy_bytes", "write_member"]

_EPOCH = (1980, 1, 1, 0, 0, 0)
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
              ValueError, OSError, SyntaxError, struct.error, tokenize.TokenError)  # fmt: skip
"""What Python's zipfile and NumPy's header reader raise on broken files."""


def write_member(archive: zipfile.ZipFile, name: str, content: bytes, *, packed: bool) -> None:
    """Add a member with a fixed date, so that equal projects are equal files."""
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    info.external_attr = 0o644 << 16
    archive.writestr(info, content)


def npy_bytes(array: npt.NDArray[Any]) -> bytes:
    """An array as the bytes of an `.npy` file."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


class ArrayReader:
    """Reads `.npy` members of one archive.

    Args:
        archive: The open zip file.
        name: Its name, for errors.
    """

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive = archive
        self._name = name

    def read(self, member: str, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        """One array.

        Raises:
            ProjectError: When it is missing, damaged, or not of that type and shape.
        """
        try:
            info = self._archive.getinfo(member)
            if info.compress_type != zipfile.ZIP_STORED:
                raise ValueError("it is compressed")
            with self._archive.open(info) as file:
                found_shape, found_dtype = _header(file)
                if found_dtype != np.dtype(dtype) or found_shape != shape:
                    raise ValueError(
                        f"it holds {found_dtype} {found_shape}, not {np.dtype(dtype)} {shape}"
                    )
                content = file.read()
            return np.frombuffer(content, dtype=dtype).reshape(shape).copy()
        except KeyError as error:
            raise ProjectError(
                f"{self._name} is corrupt: it has no {member}.", "Restore it from a backup."
            ) from error
        except ZIP_ERRORS as error:
            raise ProjectError(
                f"{self._name} is corrupt: its {member} cannot be read ({error}).",
                "Restore it from a backup, or track the shot again.",
            ) from error

    def group(
        self, folder: str, members: Mapping[str, tuple[npt.DTypeLike, tuple[int, ...]]]
    ) -> dict[str, npt.NDArray[Any]]:
        """Several arrays `folder/name.npy`, by name."""
        return {
            name: self.read(f"{folder}/{name}.npy", dtype, shape)
            for name, (dtype, shape) in members.items()
        }


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(file)  # type: ignore[no-untyped-call]
    if version != (1, 0):
        raise ValueError(f"its npy version is {version}")
    header = np.lib.format.read_array_header_1_0(file)  # type: ignore[no-untyped-call]
    shape, fortran, dtype = header
    if fortran or dtype.hasobject:
        raise ValueError("its layout is not C order of plain numbers")
    return shape, dtype
