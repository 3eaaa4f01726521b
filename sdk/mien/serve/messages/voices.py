"""Messages about voices that drive mouths."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mien.model.voice import LARGEST_AMOUNT
from mien.serve.messages.base import Count, FaceRef, Handle, Message, Name, PathText, Span

__all__ = [
    "MuteMouthParams", "MuteMouthResult", "PhoneFacts", "ResyncMouthParams", "ResyncMouthResult",
    "VoiceParams", "VoiceResult", "WordFacts",
]  # fmt: skip

_Amount = Annotated[float, Field(ge=0, le=LARGEST_AMOUNT)]


class VoiceParams(Message):
    """A voice that is to drive a face's mouth; as `mien.voice` takes it."""

    shot: Handle
    face: FaceRef
    sound: PathText | None = None
    """A file of sound or a movie; null for the shot's own sound."""
    text: str | None = None
    """What is said."""
    text_path: PathText | None = None
    """A file with what is said (.txt), or subtitles (.srt, .vtt), in place of `text`."""
    phones_path: PathText | None = None
    """Phones with times (.TextGrid, .json); nothing is heard then."""
    language: Name = "en"
    by: Name = "auto"
    span: Span | None = None
    mode: Literal["replace", "add"] = "replace"
    jaw: _Amount | None = None
    """How far the jaw goes; with `lips` null, both are learned from the shot."""
    lips: _Amount | None = None
    layer: Name = "voice"
    ease: Count = 6


class PhoneFacts(Message):
    """A phone in ARPABET, with seconds of the sound."""

    phone: Name
    start: float
    stop: float


class WordFacts(Message):
    """A word, with seconds of the sound."""

    word: str
    start: float
    stop: float


class VoiceResult(Message):
    """What a mouth says now."""

    layer: Name
    frames: Span
    keys: Count
    phones: list[PhoneFacts]
    words: list[WordFacts]
    heard_by: str
    jaw: float
    lips: float
    learned: bool
    """Whether jaw and lips were learned from how this person speaks in the shot."""
    notes: list[str]


class MuteMouthParams(Message):
    """A mouth that is to be shut; as `mien.mute_mouth` takes it."""

    shot: Handle
    face: FaceRef
    span: Span | None = None
    keep_breath: bool = False
    layer: Name = "mute"
    ease: Count = 6


class MuteMouthResult(Message):
    """Where a mouth is shut now."""

    layer: Name
    spans: list[Span]


class ResyncMouthParams(Message):
    """Lips that are to go with the shot's own sound; as `mien.resync_mouth` takes it."""

    shot: Handle
    face: FaceRef
    span: Span | None = None
    layer: Name = "resync"
    ease: Count = 6


class ResyncMouthResult(Message):
    """How far lips and sound were apart."""

    layer: Name
    frames: Span
    seconds: float
    """By which the lips came after the sound."""
    confidence: float
    moved: bool
