"""From the International Phonetic Alphabet, as recognisers write it, to the phones of a mouth.

Other languages have sounds that English lacks; each becomes the English phone that looks most like
it on the lips, which is what counts here: a rounded front vowel is rounded, a nasal vowel open.
"""

from __future__ import annotations

from typing import Final

__all__ = ["phones_of_ipa"]

_PHONES: Final[dict[str, tuple[str, ...]]] = {
    # Vowels, by openness and rounding.
    "i": ("IY",), "ɪ": ("IH",), "ɪə": ("IH", "AH"), "ɨ": ("IH",), "y": ("UW",), "ʏ": ("UH",),
    "e": ("EY",), "eɪ": ("EY",), "eə": ("EH", "AH"), "ɛ": ("EH",), "ẽ": ("EH",), "ø": ("UH",),
    "œ": ("UH",), "æ": ("AE",), "a": ("AA",), "ä": ("AA",), "ã": ("AA",), "à": ("AA",),
    "å": ("AO",), "aɪ": ("AY",), "aʊ": ("AW",), "ɑ": ("AA",), "ɒ": ("AO",), "ɐ": ("AH",),
    "ə": ("AH",), "ɘ": ("AH",), "ɜ": ("ER",), "ɝ": ("ER",), "ɚ": ("ER",), "ɵ": ("UH",),
    "ᵊ": ("AH",), "ʌ": ("AH",), "ɤ": ("AH",), "ɯ": ("IH",), "ɯi": ("IY",), "u": ("UW",),
    "ũ": ("UW",), "ʉ": ("UW",), "ʊ": ("UH",), "o": ("OW",), "õ": ("OW",), "oʊ": ("OW",),
    "ɔ": ("AO",), "ɔɪ": ("OY",), "ĩ": ("IY",), "ì": ("IY",), "ǐ": ("IY",),
    "ja": ("Y", "AA"), "je": ("Y", "EH"), "jo": ("Y", "OW"), "ju": ("Y", "UW"), "jʌ": ("Y", "AH"),
    "wa": ("W", "AA"), "we": ("W", "EH"), "wi": ("W", "IY"), "wʌ": ("W", "AH"),
    # Lips.
    "p": ("P",), "pʰ": ("P",), "p͈": ("P",), "b": ("B",), "ɓ": ("B",), "ʙ": ("B",), "m": ("M",),
    "ɱ": ("M",), "ɸ": ("F",), "β": ("V",), "f": ("F",), "v": ("V",), "ʋ": ("V",), "w": ("W",),
    "ɥ": ("W",),
    # Teeth and ridge.
    "θ": ("TH",), "ð": ("DH",), "t": ("T",), "tʰ": ("T",), "t͈": ("T",), "d": ("D",), "ʈ": ("T",),
    "ɖ": ("D",), "ɾ": ("D",), "ɽ": ("D",), "n": ("N",), "ñ": ("N",), "ɲ": ("N",), "ɳ": ("N",),
    "l": ("L",), "ɫ": ("L",), "ʎ": ("L",), "ɮ": ("L",), "r": ("D",), "ɹ": ("R",), "ɻ": ("R",),
    "s": ("S",), "s͈": ("S",), "z": ("Z",), "ẑ": ("Z",), "ʂ": ("SH",), "ʐ": ("ZH",), "ʃ": ("SH",),
    "ʒ": ("ZH",), "ʑ": ("ZH",), "ɕ": ("SH",), "ç": ("SH",), "t͡ʃ": ("CH",), "tʃ": ("CH",),
    "t͡ɕ": ("CH",), "t͡ɕʰ": ("CH",), "t͡ɕ͈": ("CH",), "d͡ʒ": ("JH",), "dʒ": ("JH",), "c": ("K",),
    "ɟ": ("G",),
    # Back of the mouth and throat.
    "k": ("K",), "kʰ": ("K",), "k͈": ("K",), "g": ("G",), "ɡ": ("G",), "ŋ": ("NG",), "ɴ": ("NG",),
    "x": ("HH",), "χ": ("HH",), "ɣ": ("G",), "ɰ": ("W",), "ʁ": ("HH",), "ʀ": ("HH",), "h": ("HH",),
    "ɦ": ("HH",), "ħ": ("HH",), "j": ("Y",), "ʝ": ("Y",),
}  # fmt: skip
"""By symbol; what is missing (tones, lengths, stresses, stops of the throat) moves no lip."""


_GLIDES: Final[dict[str, tuple[str, ...]]] = {
    "aj": ("AY",), "ɑj": ("AY",), "aw": ("AW",), "ej": ("EY",), "ɛj": ("EY",), "ow": ("OW",),
    "əw": ("OW",), "ɔj": ("OY",), "ɔʏ": ("OY",), "ts": ("T", "S"), "dz": ("D", "Z"),
    "pf": ("P", "F"),
}  # fmt: skip
"""How the Montreal Forced Aligner writes vowels that glide, and stops with a rustle."""
_MARKS: Final = frozenset("ˈˌːˑ.ʰʲʷˠˤʱ˞ⁿˡ̩̯̃̊̆̚ ")
"""Stress, length, and what is done beside a sound: none of it changes how lips look."""


def phones_of_ipa(symbol: str) -> tuple[str, ...]:
    """Return the phones of an IPA symbol; none for marks that move no lip."""
    stripped = symbol.strip("ˈˌː. ")
    plain = "".join(one for one in stripped if one not in _MARKS)
    for written in (stripped, plain):
        phones = _PHONES.get(written) or _GLIDES.get(written)
        if phones:
            return phones
    return ()
