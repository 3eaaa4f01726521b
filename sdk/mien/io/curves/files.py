"""Curve files, read and written by whatever format their ending names."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from mien.errors import InputError, MienError, UsageError, WriteError
from mien.io.curves.registry import format_for
from mien.io.files import written_whole
from mien.model.curve_file import CurveFile

__all__ = ["read_curve_file", "write_curve_file"]

_LARGEST = 1 << 30
"""Bytes of a file that are read at most."""


def read_curve_file(path: Path) -> CurveFile:
    """Read a curve file.

    Raises:
        UsageError: When its ending is no format that can be read.
        InputError: When it is missing, damaged or no file of its format.
    """
    format = format_for(path, "read")
    try:
        with path.open("rb") as file:
            if path.stat().st_size > _LARGEST:
                raise ValueError("it is too large")
            curves = format.read(file)
        if not isinstance(curves, CurveFile):
            raise TypeError(f"{type(curves).__name__} is no CurveFile")
    except MienError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.", "Check the name.", path=path) from error
    except IsADirectoryError as error:
        raise InputError(
            f"{path} is a folder.", "Give the name of a file in it.", path=path
        ) from error
    # Formats may be of others, and files of anybody.
    except Exception as error:
        raise InputError(
            f"{path.name} cannot be read as {format.name}: {_reason(error)}.",
            "Write it again with `mien curves`, or with the program that it comes from.",
            path=path,
        ) from error
    return dataclasses.replace(curves, name=path.name)


def write_curve_file(path: Path, curves: CurveFile) -> None:
    """Write a curve file, whole or not at all.

    Args:
        path: The file; its ending chooses the format.
        curves: The curves of a shot.

    Raises:
        UsageError: When its ending is no format that can be written, or holds fewer faces.
        OutputError: When it cannot be put there.
        WriteError: When writing fails half-way.
    """
    format = format_for(path, "write")
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
