"""Speech whose text comes in lines with times, as in subtitles: each line is aligned by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mien.errors import InputError, NothingToDoError
from mien.model.speech import SILENCE, Speech
from mien.progress import Progress, silent
from mien.speech.files import Cue
from mien.speech.listeners import Listener
from mien.speech.sound import Sound

__all__ = ["hear_subtitled"]

_AROUND: Final = 0.3
"""Seconds about a line in which its words may lie too: subtitles are shown late, or cut short."""
_SHORTEST: Final = 0.1
"""Seconds in which a line can be said."""
_LEAST_PHONE: Final = 0.005
"""Seconds of a phone that is kept."""


def hear_subtitled(
    listener: Listener, sound: Sound, cues: Sequence[Cue], progress: Progress
) -> tuple[Speech, tuple[str, ...]]:
    """Hear each line of subtitles where it is said.

    Args:
        listener: Who aligns a text.
        sound: The sound; times of the lines count from its first sample.
        cues: The lines, in order.
        progress: Called about the stage `listen` with lines done, out of all.

    Returns:
        The speech, and a sentence for each line that does not fit what is said there, or not
        wholly.

    Raises:
        NothingToDoError: When no line lies in the sound.
        InputError: When none fits.
    """
    inside = [cue for cue in cues if cue.start < sound.seconds and cue.stop > 0]
    if not inside:
        raise NothingToDoError(
            f"None of the subtitles lies in {sound.name}.",
            "Their times count from the beginning of the sound.",
        )
    parts: list[Speech] = []
    misfits = []
    for index, cue in enumerate(inside):
        progress("listen", index, len(inside))
        said = parts[-1].phones[-1].stop if parts else 0.0
        before = inside[index - 1].stop if index else 0.0
        after = inside[index + 1].start if index + 1 < len(inside) else sound.seconds
        # Lines may overlap, speech does not: what was said of one is over before the next.
        start = max(cue.start - _AROUND, min(before, cue.start), said)
        stop = min(cue.stop + _AROUND, max(after, cue.stop), sound.seconds)
        try:
            if stop - start < _SHORTEST:
                raise InputError("The line before it is said until its end.")
            heard = listener.hear(sound.cut(start, stop), cue.text, silent)
            parts.append(_spoken_after(heard.moved(start), said))
            doubt = getattr(listener, "doubt", "")
            if doubt:
                misfits.append(f"'{cue.text}' at {cue.start:.2f} s: {doubt}")
        except (InputError, NothingToDoError) as error:
            misfits.append(f"'{cue.text}' at {cue.start:.2f} s is left out: {error.cause}")
    progress("listen", len(inside), len(inside))
    if not parts:
        raise InputError(
            f"None of the subtitles fits what is said in {sound.name}.",
            "Check that they are of this sound, and of this language.",
        )
    return Speech.joined(parts, sound.seconds, listener.name), tuple(misfits)


def _spoken_after(speech: Speech, second: float) -> Speech:
    """Speech from a second on, without the silence before and after, which others may speak in.

    Listeners tell times a few hundredths of a second outside of what they were given.
    """
    phones = [
        replace(phone, start=max(phone.start, second))
        for phone in speech.phones
        if phone.stop > second + _LEAST_PHONE
    ]
    heard = [index for index, phone in enumerate(phones) if phone.name != SILENCE]
    if not heard:
        raise NothingToDoError("Nothing is said there.")
    return Speech(tuple(phones[heard[0] : heard[-1] + 1]), speech.words, speech.seconds, speech.by)
