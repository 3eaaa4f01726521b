"""A voice that drives a mouth: what is said, when, and how far the mouth goes for it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, get_args

from mien.errors import UsageError
from mien.model.speech import Speech
from mien.timebase import FrameRange

__all__ = ["LARGEST_AMOUNT", "VOICE_MODES", "MouthAmounts", "Voice", "VoiceMode"]

VoiceMode = Literal["replace", "add"]
"""Whether the mouth says what it is told in place of what it did, or on top of it."""
VOICE_MODES: Final[tuple[VoiceMode, ...]] = get_args(VoiceMode)
LARGEST_AMOUNT: Final = 1.5


@dataclass(frozen=True, slots=True)
class MouthAmounts:
    """Amounts by which jaw and lips go for what they say; 1 is usual.

    Attributes:
        jaw: Of the jaw, 0 to 1.5.
        lips: Of the lips, 0 to 1.5; closures close at any.

    Raises:
        UsageError: When one is outside its limits.
    """

    jaw: float = 1.0
    lips: float = 1.0

    def __post_init__(self) -> None:
        for name, value in (("jaw", self.jaw), ("lips", self.lips)):
            if not 0 <= value <= LARGEST_AMOUNT:
                raise UsageError(
                    f"The amount of the {name} cannot be {value:g}.",
                    f"It is between 0 and {LARGEST_AMOUNT:g}.",
                )

    @classmethod
    def given(cls, jaw: float | None, lips: float | None) -> MouthAmounts | None:
        """Return amounts of which one may be left out, which is usual then; None without both.

        Raises:
            UsageError: When one is outside its limits.
        """
        if jaw is None and lips is None:
            return None
        return cls(1.0 if jaw is None else jaw, 1.0 if lips is None else lips)


_USUAL: Final = MouthAmounts()


@dataclass(frozen=True, slots=True)
class Voice:
    """Speech from which the keys of a layer were made, and how a mouth follows it.

    Attributes:
        speech: What is said; its times count from the sound's first sample.
        span: Frames of the shot in which the mouth follows.
        sound: The file with the sound; None for the shot's own.
        start: Second of the shot at which the sound's first sample is heard.
        amounts: How far jaw and lips go.
        mode: In place of what the mouth does, or added to it.
        content: Fingerprint of what the file held; empty where nobody said.
        sound_online: Whether the file is where `sound` says; when not, it is not to be opened.

    Raises:
        UsageError: When the mode is another, or the start is not finite.
    """

    speech: Speech
    span: FrameRange
    sound: Path | None = None
    start: float = 0.0
    amounts: MouthAmounts = _USUAL
    mode: VoiceMode = "replace"
    content: str = ""
    sound_online: bool = field(default=True, compare=False)

    def __post_init__(self) -> None:
        if self.mode not in VOICE_MODES:
            raise UsageError(
                f"A voice cannot drive a mouth by '{self.mode}'.",
                f"Choose one of {', '.join(VOICE_MODES)}.",
                choices=VOICE_MODES,
            )
        if not math.isfinite(self.start):
            raise UsageError("The sound begins at no time that is a number.", "Give seconds.")

    def __repr__(self) -> str:
        sound = "the shot's own sound" if self.sound is None else self.sound.name
        return f"Voice({len(self.speech.spoken)} phones of {sound}, frames {self.span})"
