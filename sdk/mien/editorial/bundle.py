"""Media inside of an `.otioz` bundle: seen without unpacking, and unpacked where they are needed.

What is in a bundle has the path of the bundle and its own in it, `show.otioz/media/a.mov`, until it
is unpacked. Only what a shot needs is, each file once, into a folder that is the user's or a cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import Final

import platformdirs

from mien.errors import MediaError, OutputError, WriteError
from mien.io.files import written_whole
from mien.media.fingerprint import fingerprint_of_files
from mien.media.sequence import Pattern

__all__ = ["Bundle", "BundleFolder", "cache_folder"]

_NOTE: Final = ".mien-bundle.json"
"""In a folder of unpacked media, which bytes each of them is of."""
_PIECE: Final = 1 << 20
_DAMAGE: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError,
)  # fmt: skip
"""What is raised of files in it that cannot be read."""
_RATIO: Final = 200
"""How many times larger than packed a large file may be: no picture packs so well, a bomb does."""
_LARGE: Final = 64 << 20
_SPARE: Final = 256 << 20
"""Bytes that stay free on the disk."""
_CACHED: Final = 20 << 30
"""Bytes that unpacked bundles may take in the cache, the last one apart."""
_DRIVE: Final = re.compile(r"[A-Za-z]:")


class Bundle:
    """The media of an `.otioz` file.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def _members(self) -> dict[str, zipfile.ZipInfo]:
        """Its files by their paths inside; none whose path leads out of it."""
        with zipfile.ZipFile(self.path) as archive:
            listed = archive.infolist()
        return {
            one.filename: one
            for one in listed
            if one.filename and not one.is_dir() and _is_inside(one)
        }

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        """Names of its files by their folders inside."""
        folders: dict[str, list[str]] = {}
        for name in self._members:
            folder, _, file = name.rpartition("/")
            folders.setdefault(folder, []).append(file)
        return folders

    def holds(self, path: Path) -> bool:
        """Whether a path is one inside of the bundle."""
        return path.is_relative_to(self.path) and path != self.path

    def is_file(self, path: Path) -> bool:
        """Whether a file is in it, by the path that it has so.

        Args:
            path: The path, `show.otioz/media/a.mov`.
        """
        return self.holds(path) and self._inner(path) in self._members

    def numbers(self, pattern: Pattern) -> list[int]:
        """Numbers of the images of a pattern that are in it, ascending.

        Args:
            pattern: The pattern, of a path inside of the bundle.
        """
        if not pattern.folder.is_relative_to(self.path):
            return []
        folder = pattern.folder.relative_to(self.path).as_posix()
        return pattern.numbers_among(self._names.get("" if folder == "." else folder, ()))

    def content_of(self, path: Path) -> str | None:
        """The fingerprint of media in it, as of files; None where there are none to be read.

        Args:
            path: The movie, image or pattern.
        """
        try:
            files = self._files(path)
            with zipfile.ZipFile(self.path) as archive:
                return fingerprint_of_files(
                    (one.file_size, partial(archive.open, one))
                    for one in (files if self.is_file(path) else (files[0], files[-1]))
                )
        except (MediaError, OSError, *_DAMAGE):
            return None

    def unpack(self, path: Path, folder: Path) -> Path:
        """Unpack media, unless they are unpacked already.

        Args:
            path: The movie, image or pattern inside of the bundle.
            folder: The folder that takes the place of the bundle.

        Returns:
            Their path there.

        Raises:
            MediaError: When they are damaged, encrypted, or cannot be what they say they are.
            OutputError: When the folder cannot be written to.
            WriteError: When there is no room for them.
        """
        files = self._files(path)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"The folder {folder}, for media of {self.path.name}, cannot be made:"
                f" {(error.strerror or str(error)).lower()}.",
                "Name another with --unpack.", path=folder,
            ) from error  # fmt: skip
        note = _read_note(folder)
        missing = [one for one in files if not _is_there(folder / one.filename, one, note)]
        if missing:
            self._check(missing, folder)
            try:
                with zipfile.ZipFile(self.path) as archive:
                    for one in missing:
                        self._unpack(archive, one, folder)
                        note[one.filename] = [one.file_size, one.CRC]
            finally:
                _write_note(folder, note)
        return folder / self._inner(path)

    def _files(self, path: Path) -> list[zipfile.ZipInfo]:
        """What media are made of: a file, or all images of a pattern."""
        if self.is_file(path):
            return [self._members[self._inner(path)]]
        pattern = Pattern.parse(path)
        numbers = [] if pattern is None else self.numbers(pattern)
        if pattern is None or not numbers:
            raise MediaError(f"There is no {self._inner(path)} in {self.path.name}.",
                             "Export it again.", path=self.path)  # fmt: skip
        return [self._members[self._inner(pattern.file(number))] for number in numbers]

    def _inner(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()

    def _check(self, files: list[zipfile.ZipInfo], folder: Path) -> None:
        """Refuse what unpacks to more than it can be, or to more than there is room for."""
        for one in files:
            if one.file_size > _LARGE and one.file_size > _RATIO * max(1, one.compress_size):
                raise MediaError(
                    f"{one.filename} in {self.path.name} would unpack from"
                    f" {one.compress_size >> 10} KiB to {one.file_size >> 20} MiB: it is no media.",
                    "Export the bundle again; unzip it yourself if it is right.", path=self.path,
                )  # fmt: skip
            if one.flag_bits & 1:
                raise MediaError(f"{one.filename} in {self.path.name} is encrypted.",
                                 "Unzip it, and give the content.otio in it.",
                                 path=self.path)  # fmt: skip
        wanted = sum(one.file_size for one in files)
        free = shutil.disk_usage(folder).free
        if wanted + _SPARE > free:
            raise WriteError(
                f"{wanted >> 20} MiB of media of {self.path.name} do not fit into {folder}:"
                f" {free >> 20} MiB are free.",
                "Make room, or name another folder with --unpack.",
            )

    def _unpack(self, archive: zipfile.ZipFile, one: zipfile.ZipInfo, folder: Path) -> None:
        target = folder / one.filename
        # A link that lies in the folder may lead out of it.
        if not target.parent.resolve().is_relative_to(folder.resolve()):
            raise OutputError(f"{target.parent} leads out of {folder}.", "Name another folder.",
                              path=target)  # fmt: skip
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with archive.open(one) as source, written_whole(target) as file:
                shutil.copyfileobj(source, file, _PIECE)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            RuntimeError,
            NotImplementedError,
        ) as error:
            reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
            raise MediaError(
                f"{one.filename} in {self.path.name} is damaged: {reason}.",
                "Copy or export the bundle again.", path=self.path,
            ) from error  # fmt: skip


class BundleFolder:
    """A bundle, and where its media go as they are needed.

    Args:
        bundle: The bundle.
        folder: The folder for its media; None for one in the user's cache.
    """

    def __init__(self, bundle: Bundle, folder: Path | None) -> None:
        self.bundle = bundle
        self._folder = folder

    @cached_property
    def folder(self) -> Path:
        """The folder for its media."""
        return cache_folder(self.bundle.path) if self._folder is None else self._folder

    def unpacked(self, path: Path) -> Path:
        """The path of media as they are on the disk: those of the bundle unpacked, others as is.

        Args:
            path: A movie, an image or a pattern, inside of the bundle or not.

        Raises:
            MienError: As `Bundle.unpack` does.
        """
        return self.bundle.unpack(path, self.folder) if self.bundle.holds(path) else path


def cache_folder(path: Path) -> Path:
    """Where media of a bundle are unpacked when nobody names a folder; makes room there.

    Args:
        path: The bundle.
    """
    root = platformdirs.user_cache_path("mien") / "bundles"
    facts = path.stat()
    name = f"{path.resolve()}\0{facts.st_size}\0{facts.st_mtime_ns}"
    own = root / hashlib.sha256(os.fsencode(name)).hexdigest()[:24]
    with suppress(OSError):
        own.mkdir(parents=True, exist_ok=True)
        os.utime(own)
        _make_room(root, own)
    return own


def _make_room(root: Path, own: Path) -> None:
    """Remove the bundles that were used longest ago while they take more than they may."""
    folders = sorted((folder.stat().st_mtime, folder) for folder in root.iterdir() if folder != own)
    sizes = {folder: sum(_sizes(folder)) for _, folder in folders}
    held = sum(sizes.values())
    for _, folder in folders:
        if held <= _CACHED:
            return
        shutil.rmtree(folder, ignore_errors=True)
        held -= sizes[folder]


def _sizes(folder: Path) -> Iterator[int]:
    for file in folder.rglob("*"):
        with suppress(OSError):
            if file.is_file():
                yield file.stat().st_size


def _is_inside(one: zipfile.ZipInfo) -> bool:
    """Whether the path of a file in a bundle stays in it, on any system."""
    name = one.filename
    parts = PurePosixPath(name).parts
    return bool(parts) and not (
        name.startswith("/") or "\\" in name or "\0" in name or ".." in parts
        or _DRIVE.match(name) is not None or str(PurePosixPath(name)) != name
    )  # fmt: skip


def _is_there(file: Path, one: zipfile.ZipInfo, note: dict[str, list[int]]) -> bool:
    try:
        return (
            note.get(one.filename) == [one.file_size, one.CRC]
            and not file.is_symlink()
            and file.stat().st_size == one.file_size
        )
    except OSError:
        return False


def _read_note(folder: Path) -> dict[str, list[int]]:
    try:
        note = json.loads((folder / _NOTE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return note if isinstance(note, dict) else {}


def _write_note(folder: Path, note: dict[str, list[int]]) -> None:
    with written_whole(folder / _NOTE) as file:
        file.write(json.dumps(note).encode())
