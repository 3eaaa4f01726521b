"""Sounds of French: those of its dictionary as a mouth shows them, and how words are read aloud."""

from __future__ import annotations

import re
from typing import Final

from mien.model.speech import SILENCE

__all__ = ["LIPS", "read_aloud"]

LIPS: Final[dict[str, str]] = {
    # Vowels: open ones, spread ones, rounded ones, those through the nose by how lips stand.
    "aa": "AA", "an": "AA", "ai": "EH", "ei": "EY", "in": "AE", "un": "AE", "ii": "IY",
    "ee": "UH", "eu": "UH", "oe": "UH", "uu": "UW", "ou": "UW", "au": "OW", "oo": "AO", "on": "AO",
    # What lies between.
    "uy": "W", "ww": "W", "yy": "Y",
    "pp": "P", "bb": "B", "mm": "M", "ff": "F", "vv": "V", "tt": "T", "dd": "D", "nn": "N",
    "gn": "N", "ll": "L", "rr": "HH", "kk": "K", "gg": "G", "ss": "S", "zz": "Z", "ch": "SH",
    "jj": "ZH", "SIL": SILENCE,
}  # fmt: skip
"""By the phone of the dictionary: the phone of `mien.model.speech` that looks like it."""

_V: Final = "aeiouyàâäéèêëîïôöùûüœæ"
_SOFT: Final = "[eiyéèêëîï]"
_NASAL_END: Final = f"(?![{_V}nmh])"
_RULES: Final[tuple[tuple[str, str], ...]] = (
    # Endings that are not heard.
    ("(?<=.)ent$", "ee"), ("(?<=..)es$", ""), ("(?<=..)er$", "ei"), ("(?<=..)ez$", "ei"),
    (f"(?<=[{_V}][^{_V}])e$", ""), (f"(?<=[^{_V}][^{_V}])e$", "ee"), (f"(?<=[{_V}])e$", ""),
    ("(?<=[^aeiou])et$", "ai"), ("(?<=.)(?:nts|nds|ngs|mps|ts|ds|ps)$", ""),
    ("(?<=.)[dtpsxz]$", ""),
    # Vowels of several letters.
    ("eaux?", "au"), ("aux?", "au"), ("oeu|œu", "oe"), ("eu", "eu"), ("où|oû|ou", "ou"),
    (f"oin{_NASAL_END}", "ww in"), ("oi|oî|oy", "ww aa"),
    (f"ien{_NASAL_END}", "yy in"), (f"ain{_NASAL_END}|aim{_NASAL_END}|ein{_NASAL_END}", "in"),
    ("aill?(?=$|e)", "aa yy"), ("eill?(?=$|e)", "ai yy"), ("euill?(?=$|e)", "oe yy"),
    ("ai|aî|ei|ay", "ai"),
    (f"an{_NASAL_END}|am(?=[pb])|en{_NASAL_END}|em(?=[pb])", "an"),
    (f"in{_NASAL_END}|im(?=[pb])|yn{_NASAL_END}|ym(?=[pb])", "in"),
    (f"on{_NASAL_END}|om(?=[pb])", "on"), (f"un{_NASAL_END}|um(?=[pb])", "un"),
    ("(?<=[bcdfgjlmnprstv])ill(?=[aeo])", "ii yy"),
    # Consonants of several letters.
    ("(?<!s)ti(?=on)", "ss yy"), ("sch|ch|sh", "ch"), ("ph", "ff"), ("gn", "gn"),
    ("th", "tt"), ("qu|q|cqu|ck", "kk"),
    (f"gu(?={_SOFT})", "gg"), (f"ge(?=[aou])|g(?={_SOFT})", "jj"), (f"sc(?={_SOFT})|ç", "ss"),
    (f"cc(?={_SOFT})", "kk ss"), (f"c(?={_SOFT})", "ss"), (f"(?<=[{_V}])s(?=[{_V}])", "zz"),
    ("bb?", "bb"), ("cc?|kk?", "kk"), ("dd?", "dd"), ("ff?", "ff"), ("gg?", "gg"), ("h", ""),
    ("j", "jj"), ("ll?", "ll"), ("mm?", "mm"), ("nn?|ñ", "nn"), ("pp?", "pp"), ("rr?", "rr"),
    ("ss?", "ss"), ("tt?", "tt"), ("vv?", "vv"), ("w", "ww"), ("x", "kk ss"), ("zz?", "zz"),
    # Vowels of one letter.
    ("[aàâä]", "aa"), ("[éæ]", "ei"), ("[èêë]", "ai"),
    ("e(?=([^aeiou])\\1)|e(?=[clprstx][bcdfgjkmnpqtvz])", "ai"),
    ("e", "ee"),
    (f"i(?=[{_V}])|y(?=[{_V}])", "yy"), ("[iîïy]", "ii"), ("ô", "au"), ("[oö]", "oo"),
    ("[uùûü]", "uu"), ("œ", "oe"), ("[-']", ""),
)  # fmt: skip
"""In the order in which they are tried at a place of a word: letters, and what is heard."""
_COMPILED: Final = tuple((re.compile(letters), sounds.split()) for letters, sounds in _RULES)


def read_aloud(word: str) -> tuple[str, ...]:
    """Return the phones of a word as its letters are usually read.

    Names and foreign words are read as if they were French.

    Args:
        word: In small letters.

    Returns:
        Phones of the dictionary; none where there is something that is no letter of French.
    """
    phones: list[str] = []
    at = 0
    while at < len(word):
        for pattern, sounds in _COMPILED:
            match = pattern.match(word, at)
            if match is not None and match.end() > at:
                phones += sounds
                at = match.end()
                break
        else:
            return ()
    return tuple(phones)
