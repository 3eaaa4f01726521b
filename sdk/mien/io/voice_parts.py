"""Between the speech from which a layer was made, and its part of a project's JSON."""

from __future__ import annotations

from pathlib import Path

from mien.io.schema import VoicePart
from mien.model.speech import Phone, Speech, Word
from mien.model.voice import MouthAmounts, Voice
from mien.timebase import FrameRange

__all__ = ["make_voice", "voice_part"]


def voice_part(voice: Voice) -> VoicePart:
    """Return a voice as a project keeps it: its sound by its path, and no sound itself."""
    return VoicePart(
        sound=None if voice.sound is None else str(voice.sound),
        start=voice.start,
        span=(voice.span.start, voice.span.stop),
        mode=voice.mode,
        jaw=voice.amounts.jaw,
        lips=voice.amounts.lips,
        heard_by=voice.speech.by,
        seconds=voice.speech.seconds,
        phones=tuple((p.name, p.start, p.stop, p.viseme) for p in voice.speech.phones),
        words=tuple((w.text, w.start, w.stop) for w in voice.speech.words),
    )


def make_voice(part: VoicePart) -> Voice:
    """Make the voice that a project kept.

    Raises:
        MienError: When it contradicts itself.
    """
    speech = Speech(
        tuple(Phone(*phone) for phone in part.phones),
        tuple(Word(*word) for word in part.words),
        part.seconds,
        part.heard_by,
    )
    sound = None if part.sound is None else Path(part.sound)
    amounts = MouthAmounts(part.jaw, part.lips)
    return Voice(speech, FrameRange(*part.span), sound, part.start, amounts, part.mode)
