"""Addresses of media as editors write them, brought into the one form that is followed."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

__all__ = ["is_address", "media_url"]

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_FILE: Final = re.compile(r"file:(?://([^/]*))?(.*)", re.IGNORECASE | re.DOTALL)
_DRIVE: Final = re.compile(r"/?[A-Za-z](?::|%3[Aa]|\|)(?=[/\\])")
_NUMBER: Final = re.compile(r"%0\d+d")
_LOCAL: Final = ("", "localhost", "127.0.0.1")


def is_address(url: str) -> bool:
    """Whether a text names its scheme, as `file:`; a drive is none."""
    return _SCHEME.match(url) is not None


def media_url(url: str) -> str:
    """A media address in one form: `file:///path`, with what would end a path escaped.

    `#` and `?` in a file's name are left bare by some; hosts and drives are written before and
    after any number of slashes. A path that only another machine has becomes a Windows path, of
    which nothing but the name is followed.
    """
    url = "".join(url.split("\n")).strip()
    match = _FILE.fullmatch(url)
    if match is None:
        return url
    host, path = match[1] or "", match[2].replace("#", "%23").replace("?", "%3F")
    if _DRIVE.match(f"{host}{path}") and not path.startswith(("//", "/\\")):
        host, path = "", f"/{host}{path}"
    path = f"/{path.lstrip('/')}"
    if host.lower() in _LOCAL:
        return f"file://{path}"
    name = path if _NUMBER.search(path) else unquote(path)
    return f"\\\\{host}{name}".replace("/", "\\")
