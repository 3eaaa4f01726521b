"""Codes of languages, as containers spell them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["quicktime_language"]

_QUICKTIME: Final[Mapping[str, str]] = MappingProxyType(
    {
        # ISO 639-2/T to 639-2/B
        "deu": "ger", "nld": "dut", "ell": "gre", "isl": "ice", "zho": "chi", "sqi": "alb",
        "hye": "arm", "kat": "geo", "bod": "tib", "mya": "bur", "msa": "may", "cym": "wel",
        "eus": "baq", "mkd": "mac", "fas": "per",
        # ISO 639-2/B to 639-2/T
        "fre": "fra", "rum": "ron", "cze": "ces", "slo": "slk",
        # neither
        "swe": "sve", "hrv": "hr ", "fao": "fo ", "srp": "sr ", "pan": "pa ",
    }
)  # fmt: skip
"""Spellings that FFmpeg's QuickTime writer takes, of languages for which ISO 639-2 has others."""


def quicktime_language(code: str) -> str:
    """Spell a language as QuickTime's list of Macintosh languages has it in FFmpeg.

    Args:
        code: Its code in ISO 639-2, either set.
    """
    return _QUICKTIME.get(code, code)
