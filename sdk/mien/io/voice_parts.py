"""Between the speech from which a layer was made, and its part of a project's JSON."""

from __future__ import annotations

import os
from pathlib import Path

from mien.io.places import path_text, relative
from mien.io.schema import VoicePart
from mien.model.speech import Phone, Speech, Word
from mien.model.voice import MouthAmounts, Voice
from mien.timebase import FrameRange

__all__ = ["make_voice", "voice_part"]


def voice_part(voice: Voice, folder: Path) -> VoicePart:
    """Return a voice as a project in `folder` keeps it: its sound by its path and content."""
    return VoicePart(
        sound=None if voice.sound is None else path_text(relative(voice.sound, folder)),
        content=voice.content,
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


def make_voice(part: VoicePart, folder: Path) -> Voice:
    """Make the voice that a project in `folder` kept; its sound is yet to be found.

    Raises:
        MienError: When it contradicts itself.
    """
    speech = Speech(
        tuple(Phone(*phone) for phone in part.phones),
        tuple(Word(*word) for word in part.words),
        part.seconds,
        part.heard_by,
    )
    sound = None if part.sound is None else Path(os.path.normpath(folder / part.sound))
    amounts = MouthAmounts(part.jaw, part.lips)
    span, online = FrameRange(*part.span), sound is None
    return Voice(
        speech, span, sound, part.start, amounts, part.mode, part.content, sound_online=online
    )
