"""What was installed, kept beside each model, so that a later change of a file is seen."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from mien.errors import WriteError

__all__ = ["FileRecord", "Record", "read_record", "recorded_at", "sync_folder", "write_record"]

_NAME: Final = "installed.json"


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
        value = json.loads((folder / _NAME).read_text(encoding="utf-8"))
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
    partial = folder / f".{_NAME}.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
        os.replace(partial, folder / _NAME)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise WriteError(
            f"{folder} cannot be written to: {error.strerror}.",
            "Check its permissions, or set MIEN_MODELS to another folder.",
            path=folder,
        ) from error


def sync_folder(folder: Path) -> None:
    """See that the names in a folder are on the disk."""
    if os.name == "nt":
        return  # Windows cannot sync folders
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
