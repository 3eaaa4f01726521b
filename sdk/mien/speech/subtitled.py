"""Speech whose text comes in lines with times, as in subtitles: each line is aligned by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mien.errors import InputError, NothingToDoError
from mien.model.speech import Speech
from mien.progress import Progress, silent
from mien.speech.files import Cue
from mien.speech.listeners import Listener
from mien.speech.sound import Sound

__all__ = ["hear_subtitled"]

_AROUND: Final = 0.3
"""Seconds about a line in which its words may lie too: subtitles are shown late, or cut short."""


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
        The speech, and a sentence for each line that does not fit what is said there.

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
        before = max(inside[index - 1].stop, parts[-1].phones[-1].stop) if parts else 0.0
        after = inside[index + 1].start if index + 1 < len(inside) else sound.seconds
        start = max(cue.start - _AROUND, min(before, cue.start), 0.0)
        stop = min(cue.stop + _AROUND, max(after, cue.stop), sound.seconds)
        try:
            heard = listener.hear(sound.cut(start, stop), cue.text, silent)
        except (InputError, NothingToDoError) as error:
            misfits.append(f"'{cue.text}' at {cue.start:.2f} s is left out: {error.cause}")
            continue
        parts.append(_without_edges(heard).moved(start))
    progress("listen", len(inside), len(inside))
    if not parts:
        raise InputError(
            f"None of the subtitles fits what is said in {sound.name}.",
            "Check that they are of this sound, and of this language.",
        )
    return Speech.joined(parts, sound.seconds, listener.name), tuple(misfits)


def _without_edges(speech: Speech) -> Speech:
    """Speech without the silence before and after it, which the next line may speak in."""
    spoken = speech.spoken
    kept = tuple(
        p for p in speech.phones if spoken[0].start <= p.start and p.stop <= spoken[-1].stop
    )
    return Speech(kept, speech.words, speech.seconds, speech.by)
