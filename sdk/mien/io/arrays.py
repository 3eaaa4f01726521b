"""Arrays as members of a zip file, read with nothing trusted but their bytes.

They are stored, not deflated, and must be read so: then no file can claim more memory than
it has bytes. Shape and type are known beforehand and compared with the array's own header,
so that nothing is ever unpickled.
"""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from mien.errors import ProjectError

__all__ = ["ZIP_ERRORS", "ArrayReader", "write_array", "write_member"]

_EPOCH = (1980, 1, 1, 0, 0, 0)
_PIECE = 1 << 20
"""Bytes read or written at a time."""
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
              ValueError, OSError, SyntaxError, struct.error, tokenize.TokenError)  # fmt: skip
"""What Python's zipfile and NumPy's header reader raise on broken files."""


def write_member(archive: zipfile.ZipFile, name: str, content: bytes, *, packed: bool) -> None:
    """Add a member with a fixed date, so that equal projects are equal files."""
    archive.writestr(_info(name, packed=packed), content)


def _info(name: str, *, packed: bool) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    info.external_attr = 0o644 << 16
    return info


def write_array(
    archive: zipfile.ZipFile, name: str, array: npt.NDArray[Any], *, packed: bool
) -> None:
    """Add an array as an `.npy` member, without making a second copy of it."""
    info = _info(name, packed=packed)
    info.file_size = array.nbytes
    array = np.asarray(array, order="C")
    with archive.open(info, "w") as file:
        header = np.lib.format.header_data_from_array_1_0(array)  # type: ignore[no-untyped-call]
        np.lib.format.write_array_header_1_0(file, header)  # type: ignore[no-untyped-call]
        content = array.reshape(-1).view(np.uint8)
        for start in range(0, len(content), _PIECE):
            file.write(content[start : start + _PIECE].data)


class ArrayReader:
    """Reads `.npy` members of one archive.

    Args:
        archive: The open zip file.
        name: Its name, for errors.
        folder: Folder of the members in the archive, with a slash at its end.
    """

    def __init__(self, archive: zipfile.ZipFile, name: str, folder: str = "") -> None:
        self._archive = archive
        self._name = name
        self._folder = folder

    def within(self, folder: str) -> ArrayReader:
        """What reads the members of a folder in this one."""
        return ArrayReader(self._archive, self._name, self._folder + folder)

    def read(self, member: str, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        """One array.

        Raises:
            ProjectError: When it is missing, damaged, or not of that type and shape.
        """
        member = self._folder + member
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
                array = np.empty(shape, found_dtype)
                _fill(array, file)
            return array
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


def _fill(array: npt.NDArray[Any], file: IO[bytes]) -> None:
    content = array.reshape(-1).view(np.uint8).data
    done = 0
    while piece := file.read(_PIECE):
        if done + len(piece) > len(content):
            raise ValueError("it is too long")
        content[done : done + len(piece)] = piece
        done += len(piece)
    if done < len(content):
        raise ValueError("it is too short")


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(file)  # type: ignore[no-untyped-call]
    if version != (1, 0):
        raise ValueError(f"its npy version is {version}")
    header = np.lib.format.read_array_header_1_0(file)  # type: ignore[no-untyped-call]
    shape, fortran, dtype = header
    if fortran or dtype.hasobject:
        raise ValueError("its layout is not C order of plain numbers")
    return shape, dtype
