"""Models that are on this machine already, taken over."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from mien.errors import InputError, UsageError, WeightsError, WriteError
from mien.progress import Progress, silent
from mien.weights.contents import check_file, check_model, digest
from mien.weights.record import (
    FULL,
    FileRecord,
    Record,
    partial_beside,
    read_record,
    sync_folder,
    write_record,
)
from mien.weights.store import Model, ModelFile, find_model, remedy

__all__ = ["add", "check_published", "counter", "room_for"]

_BLOCK: Final = 1 << 22
_MARGIN: Final = 64 << 20
"""Bytes that are left free on the disk."""
_FLAME: Final = "flame"


def add(
    name: str,
    path: Path,
    *,
    link: bool = False,
    as_is: bool = False,
    progress: Progress = silent,
) -> list[Path]:
    """Install a model from a file or folder that is on this machine.

    All of it is checked before any of it is copied.

    Args:
        name: The model.
        path: A file of it, or a folder with its files, in the published layout or flat.
        link: Link to the files instead of copying them.
        as_is: Take files that are not the published ones, if their layout is right.
        progress: Told the bytes that are copied.

    Returns:
        The installed files.

    Raises:
        UsageError: When there is no model of that name.
        InputError: When nothing of it is at `path`, or not all that it needs.
        WeightsError: When a file is cut short, or is not what it should be.
        WriteError: When the disk is full.
    """
    model = find_model(name)
    if not path.exists():
        raise InputError(f"There is no file or folder {path}.", "Check the path.", path=path)
    if any(file.kind == _FLAME for file in model.files):
        return _add_flame(model, path, link=link)
    found = _find(model, path)
    total = sum(source.stat().st_size for source in found.values())
    checksums = {}
    tell = counter("checking", total, progress)
    for file, source in found.items():
        check_file(source, file.kind)
        checksums[file] = digest(source, tell)
        if not as_is:
            check_published(source, file, checksums[file])
    there = {
        f.path: model.folder / f.path for f in model.files if (model.folder / f.path).is_file()
    }
    check_model(model, there | {file.path: source for file, source in found.items()})

    if not link:
        room_for(model.folder, total)
    tell = counter("copying", total, progress)
    for file, source in found.items():
        _place(source.resolve(), model.folder / file.path, link=link, told=tell)
    records = {
        file.path: FileRecord(
            source.stat().st_size, checksums[file], _is_other(file, checksums[file])
        )
        for file, source in found.items()
    }
    before = read_record(model.folder)
    write_record(model.folder, replace(before, files=before.files | records))
    return [model.folder / file.path for file in found]


def check_published(path: Path, file: ModelFile, sha256: str) -> None:
    """Make sure that a file is the one that its authors publish, where that is known.

    Raises:
        WeightsError: When its size or checksum is another.
    """
    if _is_other(file, sha256):
        size = path.stat().st_size
        found = f"{size} bytes instead of {file.size}" if size != file.size else "other content"
        raise WeightsError(
            f"{path} is not the published {file.path} ({found}).",
            "Get it again; `mien models add --as-is` takes a file of your own.",
            path=path,
        )


def room_for(folder: Path, size: int) -> None:
    """Make sure that the disk has room.

    Raises:
        WriteError: When it has not.
    """
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(place).free
    if free < size + _MARGIN:
        raise WriteError(
            f"The disk of {folder} has {free / 1e9:.1f} GB free; {size / 1e9:.1f} GB are needed.",
            "Make room, or set MIEN_MODELS to a folder on another disk.",
            path=folder,
        )


def counter(stage: str, total: int, progress: Progress) -> Callable[[int], None]:
    """Tells progress of the bytes done so far, given those of every step."""
    done = 0

    def told(size: int) -> None:
        nonlocal done
        done += size
        progress(stage, done, total)

    return told


def _is_other(file: ModelFile, sha256: str) -> bool:
    return bool(file.sha256) and file.sha256 != sha256


def _find(model: Model, path: Path) -> dict[ModelFile, Path]:
    """The files of a model at a place.

    Raises:
        InputError: When there is none, not all that it needs, or several of one name.
    """
    if path.is_file():
        required = [file for file in model.files if not file.optional]
        named = [file for file in model.files if Path(file.path).name == path.name]
        # A model of a single file may be called anything.
        fits = named or (required if len(required) == 1 else [])
        if len(fits) != 1:
            raise InputError(
                f"{path.name} is none of the files of '{model.name}': "
                f"{', '.join(file.path for file in model.files)}.",
                "Give the folder that holds them.",
                path=path,
            )
        return {fits[0]: path}
    found = {}
    for file in model.files:
        source = _in_folder(path, Path(file.path), model)
        if source is not None:
            found[file] = source
    lacking = [file.path for file in model.absent if file not in found]
    if lacking:
        raise InputError(
            f"{path} does not hold all of '{model.name}': no {', '.join(lacking)}.",
            remedy(model),
            path=path,
        )
    return found


def _in_folder(folder: Path, name: Path, model: Model) -> Path | None:
    """Where a file lies in a folder: under its published path, or alone under its name."""
    if (folder / name).is_file():
        return folder / name
    namesakes = sum(Path(file.path).name == name.name for file in model.files)
    found = sorted(path for path in folder.rglob(name.name) if path.is_file())
    exact = [path for path in found if path.parts[-len(name.parts) :] == name.parts]
    candidates = exact or (found if namesakes == 1 else [])
    if len(candidates) > 1:
        raise InputError(
            f"{folder} holds several files {name}: {candidates[0]} and {candidates[1]}.",
            "Give the folder that holds the one that is meant.",
            path=folder,
        )
    return candidates[0] if candidates else None


def _place(source: Path, target: Path, *, link: bool, told: Callable[[int], None]) -> None:
    """Put a copy of a file, or a link to it, in its place in one step."""
    if target.exists() and target.resolve() == source:
        return
    partial = partial_beside(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        if link:
            partial.symlink_to(source)
        else:
            with source.open("rb") as read, partial.open("xb") as write:
                while block := read.read(_BLOCK):
                    write.write(block)
                    told(len(block))
                write.flush()
                os.fsync(write.fileno())
        os.replace(partial, target)
        sync_folder(target.parent)
    except OSError as error:
        full = error.errno in FULL
        raise WriteError(
            f"The disk is full: {target} could not be written."
            if full
            else f"{target} could not be written: {error.strerror}.",
            "Make room, or set MIEN_MODELS to another folder.",
            path=target,
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _add_flame(model: Model, path: Path, *, link: bool) -> list[Path]:
    """Convert a head into plain arrays, and copy what lies beside it and is used with it."""
    from mien.weights.flame_file import read_flame, write_flame

    if link:
        raise UsageError(
            f"'{model.name}' is converted when it is added, so it cannot be linked.",
            "Leave --link out.",
        )
    head = path if path.is_file() else _head_in(path, model)
    arrays = read_flame(head)
    target = model.folder / "flame.npz"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(
            f"{target.parent} cannot be made: {error.strerror}.", path=target.parent
        ) from error
    write_flame(arrays, target)
    placed = [target]
    for file in model.files:
        beside = head.parent / file.path
        if file.optional and beside.is_file():
            check_file(beside, file.kind)
            _place(beside.resolve(), model.path(file), link=False, told=lambda size: None)
            placed.append(model.path(file))
    records = {
        str(path.relative_to(model.folder)): FileRecord(path.stat().st_size, digest(path))
        for path in placed
    }
    write_record(model.folder, Record(files=records))
    return placed


def _head_in(folder: Path, model: Model) -> Path:
    """The one FLAME head in a folder."""
    from mien.weights.flame_file import read_flame

    heads = []
    beside = {file.path for file in model.files if file.optional}
    for path in sorted([*folder.glob("*.pkl"), *folder.glob("*.npz")]):
        if path.name not in beside:
            try:
                read_flame(path)
            except WeightsError:
                continue
            heads.append(path)
    if len(heads) != 1:
        found = ", ".join(path.name for path in heads) or "none"
        raise InputError(
            f"{folder} holds {len(heads)} FLAME heads ({found}) where one is wanted.",
            f"Name the file: `mien models add {model.name} FILE`.",
            path=folder,
        )
    return heads[0]
