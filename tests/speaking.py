"""Sentences spoken by espeak-ng, with the times of every phone: the truth for what hears speech."""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mien.model.speech import Phone
from mien.speech.ipa import phones_of_ipa

__all__ = ["FRENCH", "SENTENCES", "Spoken", "espeak", "speak"]

SENTENCES = (
    "Bring me the big brown map before five, and put my pump above the barn.",
    "Peter would maybe buy both of them if Mary packed a bag for the boat.",
    "We had never seen so many people move from the village to the old farm.",
    "My brother promised a better price for every cup of pure white paint.",
    "The small family of bears climbed up the mountain to find some berries.",
    "Probably nobody remembers the name of that beautiful building by the bay.",
)

FRENCH = (
    "Bonjour madame, vous pouvez ouvrir la porte du bâtiment.",
    "Mon père ne boit jamais de vin blanc avant midi.",
    "La petite fille a perdu son beau ballon bleu dans la forêt.",
    "Nous prendrons le premier bateau pour partir ensemble en vacances.",
    "Il faut beaucoup de patience pour apprendre à bien parler.",
    "Ma grand-mère fabrique de bonnes confitures avec les fruits du jardin.",
)

_RETRIEVAL, _PHONEME_EVENTS, _IPA_EVENTS = 1, 1, 2
_PHONEME, _LIST_TERMINATED, _UTF8, _RATE = 7, 0, 1, 1


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("text", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence as it was spoken: samples, their rate, and phones with their times."""

    samples: npt.NDArray[np.int16]
    rate: int
    phones: tuple[Phone, ...]

    def write(self, path: Path, rate: int | None = None) -> Path:
        """Write a WAV file."""
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate or self.rate)
            file.writeframes(self.samples.tobytes())
        return path


@functools.cache
def espeak() -> tuple[ctypes.CDLL, int] | None:
    """The library of espeak-ng and its samples a second; None where it is not installed."""
    name = ctypes.util.find_library("espeak-ng")
    if name is None:
        return None
    library = ctypes.CDLL(name)
    options = _PHONEME_EVENTS | _IPA_EVENTS
    rate = int(library.espeak_Initialize(_RETRIEVAL, 0, None, options))
    return (library, rate) if rate > 0 else None


@functools.lru_cache(maxsize=32)
def speak(text: str, words_a_minute: int = 160, voice: str = "en-us") -> Spoken:
    """Let espeak-ng say something."""
    opened = espeak()
    assert opened is not None
    library, rate = opened
    blocks: list[npt.NDArray[np.int16]] = []
    events: list[tuple[float, str]] = []

    def take(samples: ctypes.Array, count: int, happened: ctypes.Array) -> int:  # type: ignore[type-arg]
        if samples and count > 0:
            blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while happened[index].type != _LIST_TERMINATED:
            if happened[index].type == _PHONEME:
                symbol = happened[index].id.text.decode("utf-8", "replace")
                events.append((happened[index].audio_position / 1000, symbol))
            index += 1
        return 0

    kind = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
    )
    callback = kind(take)
    library.espeak_SetSynthCallback(callback)
    library.espeak_SetVoiceByName(voice.encode())
    library.espeak_SetParameter(_RATE, words_a_minute, 0)
    data = text.encode() + b"\0"
    library.espeak_Synth(data, ctypes.c_size_t(len(data)), 0, 1, 0, _UTF8, None, None)
    library.espeak_Synchronize()
    samples = np.concatenate(blocks)
    ends = [start for start, _ in events[1:]] + [len(samples) / rate]
    phones = []
    for (start, symbol), stop in zip(events, ends, strict=True):
        names = phones_of_ipa(symbol)
        for place, name in enumerate(names):
            length = (stop - start) / len(names)
            if length > 0:
                phones.append(Phone(name, start + place * length, start + (place + 1) * length))
    return Spoken(samples, rate, tuple(phones))
