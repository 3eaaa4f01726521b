"""The folders that a server works in: what every path of every request is held to."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

from mien.folder_limits import check_path, keep_to, resolve_folders
from mien.model.renderer_settings import RendererSettings
from mien.serve.landlock import confine
from mien.serve.messages.base import Message, PathText

__all__ = ["check_message", "check_settings", "enter"]


def enter(roots: Sequence[Path]) -> None:
    """Keep this process, and those that it starts, to some folders; without any, to none.

    Args:
        roots: The folders.

    Raises:
        UsageError: When one is no folder.
    """
    if not roots:
        return
    folders = resolve_folders(roots)
    keep_to(folders)
    reason = "this system has no Landlock"
    try:
        if confine(folders):
            return
    except OSError as error:
        reason = f"Landlock cannot be used ({error})"
    sys.stderr.write(
        f"mien serve: {reason}, so only the paths that mien itself opens are checked, and not what"
        " libraries open.\n"
    )


def check_message(message: Message) -> None:
    """Refuse a request with a path outside the folders that this process keeps to.

    Raises:
        OutsideError: When it has one.
    """
    for path in _paths(message):
        check_path(path)


def check_settings(settings: RendererSettings | None) -> None:
    """Refuse settings of a renderer that name a file outside of them.

    Raises:
        OutsideError: When they do.
    """
    if settings is None:
        return
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if field.metadata.get("file") and value:
            check_path(str(value))


def _paths(message: Message) -> Iterator[str]:
    for name in _path_fields(type(message)):
        value: Any = getattr(message, name)
        if isinstance(value, str):
            yield value
        else:
            yield from value or ()


@cache
def _path_fields(kind: type[Message]) -> tuple[str, ...]:
    """Return the names of a message's fields that hold paths, alone or in lists."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple(name for name, hint in hints.items() if _holds_path(hint))


def _holds_path(hint: Any) -> bool:
    return hint == PathText or any(_holds_path(part) for part in get_args(hint))
