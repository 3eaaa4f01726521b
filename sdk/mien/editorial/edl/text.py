"""The text of an EDL, whatever alphabet and line ends it was written with.

Editors write the alphabet of their machine. What Unicode announces, or bears out, is read as
such; the rest is judged by the letters that come out of it. Timecodes are the same in all.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["decoded", "numbered_lines"]

_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"),
)  # fmt: skip
_LINE: Final = re.compile(r"\r\n|\r|\n|\x0c")
_FILLING: Final = {0: None, 0x1A: None, 0xFEFF: None}
"""NUL and Ctrl-Z fill the last block of a floppy; a byte order mark may stand anywhere."""
_JAPANESE: Final = re.compile("[\u3040-\u30ff]|[\u4e00-\u9fff]{2}")
_ACCENTED: Final = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýßÀÁÂÄÅÆÇÈÉÊËÍÑÓÔÖØÚÜ")
_QUOTES: Final = frozenset("‘’“”–—…©®™°«»\xa0")
_SAMPLE: Final = 1 << 20


def decoded(raw: bytes) -> tuple[str, str | None]:
    """The text of a file, and the alphabet where it had to be guessed.

    Args:
        raw: The whole file.
    """
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(name, "replace"), None
    if wide := _wide(raw):
        return raw.decode(wide, "replace"), None
    try:
        return raw.decode("utf-8"), None
    except UnicodeDecodeError:
        name, label = _guess(raw[:_SAMPLE])
        return raw.decode(name, "replace"), label


def numbered_lines(text: str) -> list[tuple[int, str]]:
    """The lines that hold anything, with their numbers from 1; tabs are spaces."""
    lines = enumerate(_LINE.split(text.translate(_FILLING)), 1)
    return [(number, bare) for number, line in lines if (bare := line.expandtabs().strip())]


def _wide(raw: bytes) -> str | None:
    """The kind of UTF-16 without its mark: every other byte of plain text is NUL there."""
    sample = raw[:4096]
    half = len(sample) // 2
    if half < 2:
        return None
    high, low = sample[0::2].count(0), sample[1::2].count(0)
    if max(high, low) * 10 < half * 6 or min(high, low) * 10 > half * 3:
        return None
    return "utf-16-be" if high > low else "utf-16-le"


def _guess(raw: bytes) -> tuple[str, str]:
    try:
        if _JAPANESE.search(raw.decode("cp932")):
            return "cp932", "Shift-JIS"
    except UnicodeDecodeError:
        pass
    western, mac = (_likelihood(raw.decode(name, "replace")) for name in ("cp1252", "mac_roman"))
    return ("mac_roman", "Mac Roman") if mac > western else ("cp1252", "Windows-1252")


def _likelihood(text: str) -> int:
    """How far letters beyond ASCII are those that names have."""
    score = 0
    for letter in text:
        if ord(letter) > 127:
            score += 2 if letter in _ACCENTED else 1 if letter in _QUOTES else -2
    return score
