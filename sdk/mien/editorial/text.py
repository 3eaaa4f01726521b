"""Text as editors of every age write it, read whatever its encoding."""

from __future__ import annotations

import codecs
import re
from typing import Final

__all__ = ["decode_text"]

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # Before UTF-16, whose mark is the beginning of this one.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED: Final = re.compile(
    rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']"""
)
_SAMPLE: Final = 4096
_NEWLINE: Final = re.compile(r"\r\n?")
_END: Final = "\0\x1a \t\n"
"""What old systems fill the end of a text with."""


def decode_text(raw: bytes) -> str:
    r"""Read the text of a cut, whichever encoding it is in.

    A byte-order mark holds, then NULs (UTF-16 without a mark), then what an XML document says of
    itself, then UTF-8. What is none of these comes from an old editor: of a Mac where lines end
    in a carriage return, else of Windows.

    Args:
        raw: The file.

    Returns:
        The text with `\n` as its only line ending, and without what fills its end.
    """
    return _NEWLINE.sub("\n", _decoded(raw)).rstrip(_END) + "\n"


def _decoded(raw: bytes) -> str:
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    # Timecodes are ASCII: of two bytes a letter, one is 0. Zeros at the end only fill it.
    sample = raw[:_SAMPLE].rstrip(b"\0")
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) > len(sample) // 8 > 0:
        return raw.decode("utf-16-le" if odd > even else "utf-16-be", "replace")
    for encoding in (*_said(raw), "utf-8", *_old(raw)):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def _said(raw: bytes) -> list[str]:
    """The encoding that an XML document names; none where it is not known, or is not so."""
    match = _DECLARED.match(raw)
    name = "" if match is None else match[1].decode("ascii").lower()
    if not name or name.startswith(("utf-16", "utf-32", "ucs")):
        return []  # the declaration itself was read byte by byte
    try:
        codecs.lookup(name)
    except LookupError:
        return []
    return [name]


def _old(raw: bytes) -> list[str]:
    return ["mac_roman"] if b"\r" in raw and b"\n" not in raw else ["cp1252"]
