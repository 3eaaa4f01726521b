"""What a cut writes to name a file: URLs, and paths of this system and of others."""

from __future__ import annotations

import re
from pathlib import Path, PureWindowsPath
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from mien.media.sequence import EXTENSIONS, Pattern
from mien.path_map import machine_map

__all__ = ["as_pattern", "is_relative_url", "path_candidates", "text_of_url"]

_LOCAL: Final = ("", "localhost", "127.0.0.1")
_DRIVE: Final = re.compile(r"/?[A-Za-z][:|](?:[/\\]|$)")
_ESCAPED: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_NUMBER: Final = re.compile(r"%0?\d*d[^/]*$")
_NUMBERS: Final = (
    re.compile(r"\[(\d+)-\d+\]"), re.compile(r"(#+)"), re.compile(r"(@+)"), re.compile(r"\$F(\d*)"),
)  # fmt: skip
"""How programs write where the number of an image goes: `[1001-1100]`, `####`, `@@@@`, `$F4`."""


def path_candidates(url: str) -> tuple[Path, ...]:
    """Return the paths that a URL can mean on this machine, likeliest first; none elsewhere.

    Of a path on Windows, or on another machine, nothing but its name means anything here, unless
    this machine's path map knows the folder.

    Args:
        url: A URL, or a path.
    """
    if not url or "\0" in url:
        return ()
    # What is escaped may be no path either.
    own = tuple(path for path in _unmapped(url) if "\0" not in str(path))
    mapped = machine_map().map(text_of_url(url))
    return own if mapped is None or "\0" in mapped else (Path(mapped), *own)


def _unmapped(url: str) -> tuple[Path, ...]:
    if _is_windows(url):
        return _name_only(url)
    parts = _split(url)
    if parts is None or parts.scheme not in ("", "file"):
        return ()
    if parts.scheme == "":
        # Some write a path, some a URL relative to the cut.
        unquoted = _unquoted(url)
        return (Path(url),) if unquoted == url else (Path(url), Path(unquoted))
    path = _unquoted(_path_of(parts))
    if _DRIVE.fullmatch(parts.netloc):
        return _name_only(path)  # file://C:/media/a.mov
    if parts.netloc == ".":
        path = path.lstrip("/")
    elif parts.netloc not in _LOCAL:
        return _name_only(path)  # a server
    return (Path(path),) if path else ()


def text_of_url(url: str) -> str:
    """Return what a URL says as people write it: a path, unescaped; other URLs as they are.

    Args:
        url: A URL, or a path.
    """
    parts = None if _is_windows(url) else _split(url)
    if parts is None or parts.scheme != "file":
        return url
    path = _unquoted(_path_of(parts))
    if _DRIVE.fullmatch(parts.netloc):
        return f"{parts.netloc}{path}"
    if _DRIVE.match(path):
        return path.lstrip("/")
    return path if parts.netloc in (*_LOCAL, ".") else f"//{parts.netloc}{path}"


def is_relative_url(url: str) -> bool:
    """Return whether a URL counts from the folder of the cut that writes it.

    Args:
        url: A URL, or a path.
    """
    parts = None if _is_windows(url) or "\0" in url else _split(url)
    return bool(url) and parts is not None and not parts.scheme and not url.startswith("/")


def as_pattern(path: Path) -> Path | None:
    """Return the pattern of a sequence, however its number is written; None of other files.

    Args:
        path: `shot.%04d.exr`, `shot.####.exr`, `shot.[1001-1100].exr` or the like.
    """
    if Pattern.parse(path) is not None:
        return path
    if path.suffix.lower() not in EXTENSIONS:
        return None
    for number in _NUMBERS:
        matches = list(number.finditer(path.name))
        if matches:
            found = matches[-1]
            digits = found[1] if number.pattern.startswith(r"\$") else str(len(found[1]))
            name = f"{path.name[: found.start()]}%0{digits or 1}d{path.name[found.end() :]}"
            return path.with_name(name)
    return None


def _is_windows(url: str) -> bool:
    return "\\" in url or bool(PureWindowsPath(url).drive)


def _name_only(path: str) -> tuple[Path, ...]:
    name = PureWindowsPath(path).name
    return (Path(name),) if name else ()


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:  # of brackets that enclose no address
        return SplitResult("", "", url, "", "") if "://" not in url else None


def _path_of(parts: SplitResult) -> str:
    """The path of a URL that may not be escaped: `#` and `?` are letters of a name."""
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.path}{query}{'#' if parts.fragment else ''}{parts.fragment}"


def _unquoted(path: str) -> str:
    # The number in shot.%04d.exr is no escaped character, though it looks like one.
    number = _NUMBER.search(path)
    if number is None:
        return unquote(path)
    return unquote(path[: number.start()]) + number[0]
