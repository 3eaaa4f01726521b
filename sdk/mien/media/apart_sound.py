"""The sound of a shot that another process decodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mien._types import FloatArray
from mien.errors import MienError
from mien.media.apart.process import DecodingProcess, RemoteObject

__all__ = ["ApartSound"]


class ApartSound:
    """A sound that is read like an `AudioTrack`.

    Args:
        process: The process that decodes it.
        arguments: Of `DecodedSound`, by name.

    Attributes:
        rate: Samples in a second.
        channels: 1 or 2.

    Raises:
        MediaError: When it cannot be opened.
    """

    def __init__(self, process: DecodingProcess, arguments: Mapping[str, Any]) -> None:
        self._remote = RemoteObject(process, "mien.media.decoded:DecodedSound", arguments)
        self.rate: int
        self.channels: int
        self.rate, self.channels = self._remote.call("format")

    def read(self, start: int, count: int) -> FloatArray:
        """Return (count, channels) float32 samples from `start` on; see `AudioTrack.read`.

        What cannot be decoded is silence, as damage of a track is that is decoded here.
        """
        samples: FloatArray
        try:
            samples = self._remote.call("read", start=start, count=count)
        except MienError:
            samples = np.zeros((count, self.channels), dtype=np.float32)
        return samples

    def close(self) -> None:
        """Let go of the sound."""
        self._remote.close()
