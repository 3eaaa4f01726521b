"""Where output goes: refused early, written aside, put in place when it is whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mien.errors import OutputError
from mien.media.atomic_write import (
    check_writable,
    folder_error,
    hidden_name,
    remove_stale,
    sync,
    write_error,
)
from mien.media.codecs import choose_encoding
from mien.media.sequence import Pattern
from mien.model.media import MediaInfo
from mien.model.quality import Quality

__all__ = ["LastMoved", "PartialFolder", "check_output", "refuse_same"]


def check_output(
    path: str | Path,
    source: MediaInfo,
    *,
    overwrite: bool = False,
    codec: str | None = None,
    lossless: bool = False,
    quality: Quality | None = None,
) -> None:
    """Refuse an output that cannot be written, before any work is done.

    Args:
        path: A movie, or a pattern of images as `out.%04d.exr`.
        source: The source, which is never written over.
        overwrite: Whether an output that is there already may be replaced.
        codec: Name of the codec asked for.
        lossless: Whether every code value must be kept.
        quality: How well it is to be encoded; None for visually lossless.

    Raises:
        OutputError: When the output cannot be put there, or cannot hold what is asked.
    """
    path = Path(path)
    check_writable(path)
    choose_encoding(path, source, codec=codec, lossless=lossless, quality=quality)
    refuse_same(path, source.path)
    pattern = Pattern.parse(path)
    exists = path.exists() if pattern is None else bool(pattern.numbers())
    if exists and not overwrite:
        raise OutputError(
            f"{path} exists already.",
            "Choose another name, or allow it with --overwrite.",
            path=path,
        )
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise folder_error(path.parent, error) from error


def refuse_same(path: Path, source: Path, what: str = "the source") -> None:
    """Refuse an output that would be written over media that it is made from.

    Args:
        path: The output.
        source: The movie, or the pattern of images.
        what: What to call them.

    Raises:
        OutputError: When it would.
    """
    pattern, mine = Pattern.parse(path), Pattern.parse(source)
    if mine is not None:
        same = pattern is not None and _clash(pattern, mine)
    else:
        same = path.exists() and source.exists() and path.samefile(source)
    if same:
        raise OutputError(
            f"The output {path} is {what} itself.",
            f"Choose another name: {what} is never written over.",
            path=path,
        )


def _clash(output: Pattern, source: Pattern) -> bool:
    """Whether an image of the output would have the name of one of the source.

    `s.%d.png` and `s.%04d.png` are other patterns, but both name `s.1001.png`.
    """
    if output.folder.resolve() != source.folder.resolve():
        return False
    numbers = source.numbers()
    names = {source.file(number).name for number in (0, *numbers)}
    written = {output.file(number).name for number in (0, *numbers, *output.numbers())}
    return not names.isdisjoint(written)


@dataclass(frozen=True, slots=True)
class LastMoved:
    """The last of an output's files to be moved into place.

    Attributes:
        path: The name that it is to get.
        unnamed: What it is, as the system tells files apart.
    """

    path: Path
    unnamed: os.stat_result

    @classmethod
    def of(cls, unnamed: Path, output: Path) -> LastMoved | None:
        """Return that of a hidden file or folder; None of an empty folder."""
        if not unnamed.is_dir():
            return cls(output, unnamed.stat())
        image = max(unnamed.iterdir(), default=None)
        return None if image is None else cls(output.with_name(image.name), image.stat())

    def has_its_name(self) -> bool:
        """Tell whether it was moved into place."""
        try:
            return os.path.samestat(self.path.stat(), self.unnamed)
        except OSError:
            return False


class PartialFolder:
    """A hidden folder in which images wait until all are whole.

    Args:
        pattern: Pattern of the output.

    Raises:
        WriteError: When the folder cannot be made, as on a full disk.
    """

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        name = f"{pattern.prefix}{pattern.suffix}"
        self.path = pattern.folder / hidden_name(name)
        try:
            remove_stale(pattern.folder / name)
            self.path.mkdir()
        except OSError as error:
            raise write_error(pattern.path, error) from error

    def commit(self) -> None:
        """Move the images in place; images of an earlier, longer sequence go.

        Killed meanwhile, it leaves a gap, which everybody notices, but never old images among new.
        """
        images = sorted(self.path.iterdir())
        # All of them first: what follows takes no more time than names do.
        for image in images:
            sync(image)
        for number in self.pattern.numbers():
            self.pattern.file(number).unlink()
        for image in images:
            os.replace(image, self.pattern.folder / image.name)
        self.path.rmdir()
        sync(self.pattern.folder)

    def discard(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.path, ignore_errors=True)
