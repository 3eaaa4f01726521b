"""Renders compared as their makers meant: without the credentials, which have times and salts."""

from __future__ import annotations

from pathlib import Path

_C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
"""What names C2PA's box in MP4 and MOV (C2PA 2.2, A.5)."""


def render_bytes(path: Path) -> bytes:
    """The bytes of a rendered file without the box of its credentials, in which it must be.

    Sidecars lie beside files, so of others these are all bytes.
    """
    content = path.read_bytes()
    if path.suffix.lower() not in (".mp4", ".mov", ".m4v"):
        return content
    kept, found, place = [], 0, 0
    while place < len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        kind = content[place + 4 : place + 8]
        if size == 1:
            size = int.from_bytes(content[place + 8 : place + 16], "big")
        size = size or len(content) - place
        if kind == b"uuid" and content[place + 8 : place + 24] == _C2PA:
            found += 1
        else:
            kept.append(content[place : place + size])
        place += size
    assert found == 1, f"{path.name} has {found} boxes of credentials"
    return b"".join(kept)
