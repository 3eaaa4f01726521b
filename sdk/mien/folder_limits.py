"""The folders to which a process keeps, whatever paths it is given: `mien serve --root`.

Nobody sets them in an ordinary process, and then nothing is checked. Where they are set, every
path is followed to its end, through links and `..`, before it is opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "check_path", "folder_limits", "is_within_limits", "keep_to", "limits", "resolve_folders",
]  # fmt: skip

_limits: tuple[Path, ...] | None = None


def keep_to(folders: Iterable[Path]) -> None:
    """Let this process open what lies in some folders, and nothing else that it is given.

    Args:
        folders: Folders, as `resolve_folders` gives them.
    """
    global _limits
    _limits = tuple(folders)


@contextmanager
def folder_limits(folders: Iterable[Path]) -> Iterator[None]:
    """Keep to some folders for a while; for tests."""
    global _limits
    before = _limits
    keep_to(folders)
    try:
        yield
    finally:
        _limits = before


def limits() -> tuple[Path, ...] | None:
    """Return the folders that this process keeps to; None where nothing is limited."""
    return _limits


def resolve_folders(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Return folders with their links followed.

    Raises:
        UsageError: When one is no folder that can be entered.
    """
    resolved = []
    for folder in folders:
        try:
            place = folder.resolve(strict=True)
            if not place.is_dir():
                raise NotADirectoryError(20, "it is no folder")
        except (OSError, RuntimeError) as error:
            reason = str(getattr(error, "strerror", None) or error).lower()
            raise UsageError(
                f"{folder} cannot be a root: {reason}.", "Give a folder that exists."
            ) from error
        resolved.append(place)
    return tuple(resolved)


def is_within_limits(path: str | Path) -> bool:
    """Whether a path ends inside the folders that this process keeps to."""
    if _limits is None:
        return True
    try:
        end = Path(path).resolve()
    except (OSError, RuntimeError, ValueError):
        return False  # links that lead in a circle end nowhere
    return any(end.is_relative_to(folder) for folder in _limits)


def check_path(path: str | Path) -> None:
    """Refuse a path that ends outside the folders that this process keeps to.

    Raises:
        OutsideError: When it does.
    """
    if not is_within_limits(path):
        raise OutsideError(
            f"{path} is outside the folders that this server works in.",
            "Use a path inside a folder that was given with --root.",
            path=Path(path),
        )
