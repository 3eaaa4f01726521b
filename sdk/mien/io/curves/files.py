"""Curve files, read and written by whatever format their ending names."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from mien.errors import InputError, MienError, UsageError, WriteError
from mien.io.curves.base import CurveFormat
from mien.io.curves.flame_controls import with_controls
from mien.io.curves.folders import read_folder
from mien.io.curves.registry import format_for, formats_of
from mien.io.files import written_whole
from mien.model.curve_file import CurveFile

__all__ = ["read_curve_file", "write_curve_file"]

_START = 1 << 16
"""Bytes by which formats of one ending are told apart."""
_REMEDY = "Write it again with `mien curves`, or with the program that it comes from."


def read_curve_file(path: Path, *, basis: str | None = None) -> CurveFile:
    """Read a curve file, or a folder of FLAME coefficients with a file a frame.

    Args:
        path: The file; its ending chooses the format.
        basis: Basis of FLAME coefficients in a file that does not name it.

    Raises:
        UsageError: When its ending is no format that can be read, or coefficients have no basis.
        InputError: When it is missing, damaged or no file of its format.
        MissingDependencyError: When coefficients are a head's that is not installed.
    """
    if os.path.isdir(path):
        name, read = "FLAME coefficients", partial(read_folder, path)
    else:
        formats = formats_of(path, "read")
        name, read = formats[0].name, partial(_read, path, formats)
    try:
        curves = read()
        if not isinstance(curves, CurveFile):
            raise TypeError(f"{type(curves).__name__} is no CurveFile")
    except MienError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.", "Check the name.", path=path) from error
    # Formats may be of others, and files of anybody.
    except Exception as error:
        raise InputError(
            f"{path.name} cannot be read as {name}: {_reason(error)}.", _REMEDY, path=path
        ) from error
    return with_controls(dataclasses.replace(curves, name=path.name), basis)


def _read(path: Path, formats: Sequence[CurveFormat]) -> CurveFile:
    if os.path.exists(path) and not os.path.isfile(path):
        raise ValueError("it is a pipe or a device, which may have no end")
    with path.open("rb") as file:
        start = file.read(_START)
        format = next((one for one in formats if one.recognises(start)), formats[0])
        size = path.stat().st_size
        if size > format.largest_file:
            raise ValueError(
                f"it is too large: {size:,} bytes, and {format.largest_file:,} are read at most"
            )
        file.seek(0)
        return format.read(file)


def write_curve_file(path: Path, curves: CurveFile, layout: str | None = None) -> None:
    """Write a curve file, whole or not at all.

    Args:
        path: The file; its ending chooses the format.
        curves: The curves of a shot.
        layout: Which of the formats with that ending; the usual one when None.

    Raises:
        UsageError: When its ending is no format that can be written, has no such layout, or holds
            fewer faces.
        OutputError: When it cannot be put there.
        WriteError: When writing fails half-way.
    """
    format = format_for(path, "write", layout)
    if format.faces == "one" and len(curves.faces) != 1:
        raise UsageError(
            f"A file {path.suffix.lower()} holds one face, not {len(curves.faces)}.",
            "Choose one of them.",
        )
    try:
        with written_whole(path) as file:
            format.write(curves, file)
    except MienError:
        raise
    except Exception as error:
        raise WriteError(
            f"{path.name} cannot be written as {format.name}: {_reason(error)}.",
            "Nothing was left of it; choose another format.",
            path=path,
        ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it has no {error}"
    text = str(getattr(error, "strerror", None) or error).rstrip(".")
    return text if isinstance(error, ValueError | OSError) else f"{type(error).__name__}: {text}"
