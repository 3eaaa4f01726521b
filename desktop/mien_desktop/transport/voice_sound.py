"""The sound of a voice in place of the shot's, for playing: from where it begins in the shot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mien._types import FloatArray
from mien_desktop.voices.chosen import VoiceSound

if TYPE_CHECKING:
    from mien.media.audio import PlayedSound

__all__ = ["LaterSound", "open_voice"]


class LaterSound:
    """A sound that begins at a second of the shot; before it there is silence.

    Args:
        sound: The sound, from its first sample.
        start: The second.

    Attributes:
        rate: Samples a second.
        channels: 1 or 2.
    """

    def __init__(self, sound: PlayedSound, start: float) -> None:
        self._sound = sound
        self._first = round(start * sound.rate)
        self.rate, self.channels = sound.rate, sound.channels

    def read(self, start: int, count: int) -> FloatArray:
        """Return (count, channels) samples; `start` counts from the time of frame 0."""
        silent = min(max(self._first - start, 0), count)
        result = np.zeros((count, self.channels), dtype=np.float32)
        if silent < count:
            result[silent:] = self._sound.read(start + silent - self._first, count - silent)
        return result

    def close(self) -> None:
        """Let go of the file."""
        self._sound.close()


def open_voice(voice: VoiceSound, seconds: float) -> LaterSound:
    """Open the sound of a voice.

    Args:
        voice: The file, and when it begins.
        seconds: How long the shot is.

    Raises:
        MediaError: When it is missing, or cannot be decoded.
    """
    # The window opens faster without what decodes.
    from mien.media.sound_file import open_sound

    return LaterSound(open_sound(voice.path, max(seconds - voice.start, 0)), voice.start)
