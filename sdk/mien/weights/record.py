"""What was installed, kept beside each model, so that a later change of a file is seen."""

from __future__ import annotations

import errno
import json
import os
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from mien.errors import WriteError
from mien.small_files import read_small

__all__ = [
    "FULL",
    "FileRecord",
    "Record",
    "partial_beside",
    "read_record",
    "recorded_at",
    "sync_folder",
    "write_record",
]

FULL: Final = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
"""What a disk without room answers, or a user's quota on it."""
_NAME: Final = "installed.json"
_LARGEST: Final = 16 << 20
"""Bytes of a record; mien's own have some thousand."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as it was when it was installed.

    Attributes:
        size: Bytes.
        sha256: Its checksum.
        as_is: Whether it was wanted although it is not the published one.
    """

    size: int
    sha256: str
    as_is: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of an installed model.

    Attributes:
        licence: The licence that was agreed to before it was downloaded; empty when it was not.
        files: Its files as they were, by their path in the catalogue.
    """

    licence: str = ""
    files: dict[str, FileRecord] = field(default_factory=dict)


def read_record(folder: Path) -> Record:
    """The record in a model's folder; an empty one where there is none that can be read."""
    try:
        value = json.loads(read_small(folder / _NAME, _LARGEST))
        files = {str(name): _file(entry) for name, entry in value["files"].items()}
        return Record(str(value["licence"]), files)
    except (
        OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError,
    ):  # fmt: skip
        return Record()


def _file(entry: dict[str, Any]) -> FileRecord:
    return FileRecord(int(entry["size"]), str(entry["sha256"]), bool(entry["as_is"]))


def recorded_at(folder: Path) -> int:
    """When the record in a model's folder was written, in nanoseconds; 0 where there is none."""
    try:
        return (folder / _NAME).stat().st_mtime_ns
    except OSError:
        return 0


def write_record(folder: Path, record: Record) -> None:
    """Keep a record in a model's folder, whole or not at all.

    Raises:
        WriteError: When it cannot be written.
    """
    partial = partial_beside(folder / _NAME)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
        os.replace(partial, folder / _NAME)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise WriteError(
            f"The disk is full: {folder} has no room."
            if error.errno in FULL
            else f"{folder} cannot be written to: {(error.strerror or 'denied').lower()}.",
            "Make room or check its permissions, or set MIEN_MODELS to another folder.",
            path=folder,
        ) from error


def partial_beside(target: Path) -> Path:
    """The name under which this process writes a file aside; what killed ones left of it goes."""
    name = re.compile(re.escape(f".{target.name}.") + r"(\d+)")
    with suppress(OSError):
        for entry in target.parent.iterdir():
            match = name.fullmatch(entry.name)
            if match and not _lives(int(match[1])):
                entry.unlink(missing_ok=True)
    return target.with_name(f".{target.name}.{os.getpid()}")


def _lives(process: int) -> bool:
    if os.name == "nt":
        return True  # there, signal 0 is Ctrl-C
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return process != os.getpid()


def sync_folder(folder: Path) -> None:
    """See that the names in a folder are on the disk."""
    if os.name == "nt":
        return  # Windows cannot sync folders
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
