"""Text as editors of every age write it, read whatever its encoding."""

from __future__ import annotations

import codecs
import re
from typing import Final

__all__ = ["decode_text", "decode_text_as"]

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


_JAPANESE: Final = re.compile("[\u3040-\u30ff]|[\u4e00-\u9fff]{2}")
_ACCENTED: Final = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýßÀÁÂÄÅÆÇÈÉÊËÍÑÓÔÖØÚÜ")
_MARKS_OF_TEXT: Final = frozenset("‘’“”–—…©®™°«»\xa0")
_GUESSED: Final = 1 << 20
"""Bytes by which an old alphabet is judged."""


def decode_text(raw: bytes) -> str:
    r"""Read the text of a cut, whichever encoding it is in.

    A byte-order mark holds, then NULs (UTF-16 without a mark), then what an XML document says of
    itself, then UTF-8. What is none of these comes from an old editor, and is judged by the
    letters that come out of it: Shift-JIS, Mac Roman or Windows-1252.

    Args:
        raw: The file.

    Returns:
        The text with `\n` as its only line ending, and without what fills its end.
    """
    return decode_text_as(raw)[0]


def decode_text_as(raw: bytes) -> tuple[str, str | None]:
    """Read the text of a cut as `decode_text` does; also the alphabet, where it was guessed."""
    text, alphabet = _decoded(raw)
    return _NEWLINE.sub("\n", text).rstrip(_END) + "\n", alphabet


def _decoded(raw: bytes) -> tuple[str, str | None]:
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding, "replace"), None
    # Timecodes are ASCII: of two bytes a letter, one is 0. Zeros at the end only fill it.
    sample = raw[:_SAMPLE].rstrip(b"\0")
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) > len(sample) // 8 > 0:
        return raw.decode("utf-16-le" if odd > even else "utf-16-be", "replace"), None
    for encoding in (*_said(raw), "utf-8"):
        try:
            return raw.decode(encoding), None
        except UnicodeDecodeError:
            continue
    encoding, alphabet = _guess(raw[:_GUESSED])
    return raw.decode(encoding, "replace"), alphabet


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


def _guess(raw: bytes) -> tuple[str, str]:
    """The alphabet of an old editor, as Python and as people call it."""
    try:
        if _JAPANESE.search(raw.decode("cp932")):
            return "cp932", "Shift-JIS"
    except UnicodeDecodeError:
        pass
    western, mac = (_likelihood(raw.decode(name, "replace")) for name in ("cp1252", "mac_roman"))
    # Lines end in a carriage return alone on a Mac and nowhere else.
    mac += b"\r" in raw and b"\n" not in raw
    return ("mac_roman", "Mac Roman") if mac > western else ("cp1252", "Windows-1252")


def _likelihood(text: str) -> int:
    """How far letters beyond ASCII are those that names have."""
    score = 0
    for letter in text:
        if ord(letter) > 127:
            score += 2 if letter in _ACCENTED else 1 if letter in _MARKS_OF_TEXT else -2
    return score
