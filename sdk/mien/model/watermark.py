"""The text of a visible watermark: what may be burnt into a draft's pictures."""

from __future__ import annotations

import unicodedata
from typing import Final

from mien.errors import UsageError

__all__ = ["DRAFT", "LONGEST_WATERMARK", "check_watermark"]

DRAFT: Final = "DRAFT"
"""The text where none is given."""
LONGEST_WATERMARK: Final = 80
"""Characters of a text at most."""
_LEFTWARDS: Final = ("R", "AL", "AN")
"""Kinds of letters that run from right to left (Unicode Standard Annex 9)."""


def check_watermark(text: str) -> str:
    """Return a text as it is burnt in: composed accents, one blank between words.

    Args:
        text: The text.

    Raises:
        UsageError: When it is empty, too long, or has characters that are not set one by one from
            left to right.
    """
    words = unicodedata.normalize("NFC", text).split()
    plain = " ".join(words)
    if not plain:
        raise UsageError(
            "The watermark has no text.", f"Give one, as {DRAFT}, or do without a watermark."
        )
    if len(plain) > LONGEST_WATERMARK:
        raise UsageError(
            f"The watermark has {len(plain)} characters.",
            f"Take {LONGEST_WATERMARK} at most: it is to be read at a glance.",
        )
    for letter in plain:
        if unicodedata.category(letter)[0] in "CM" or _leftwards(letter):
            name = unicodedata.name(letter, f"U+{ord(letter):04X}")
            raise UsageError(
                f"The watermark has a character that mien cannot write: {name}.",
                "Write it in letters that stand side by side from left to right, as Latin, Greek"
                " or Cyrillic ones.",
            )
    return plain


def _leftwards(letter: str) -> bool:
    return unicodedata.bidirectional(letter) in _LEFTWARDS
