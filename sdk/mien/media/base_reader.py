"""What readers of frames have in common, whatever decodes them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator

from mien.media.closing import Closing
from mien.media.frame import Frame
from mien.model.media import MediaInfo

__all__ = ["BaseReader"]


class BaseReader(Closing):
    """Frames of one shot, by index; what `Reader` asks for, but for the decoding.

    Args:
        facts: Facts of the media.
    """

    def __init__(self, facts: MediaInfo) -> None:
        self._facts = facts

    @property
    def facts(self) -> MediaInfo:
        """The facts of the media."""
        return self._facts

    @abstractmethod
    def frame(self, index: int) -> Frame:
        """Return the frame with an index; see `Reader.frame`."""

    @abstractmethod
    def stream(self, start: int = 0, stop: int | None = None) -> Generator[Frame, None, None]:
        """Yield the frames from `start` to `stop`; see `Reader.stream`."""

    def _check_index(self, index: int) -> None:
        """Raise IndexError for a frame that the shot does not have."""
        if not 0 <= index < self._facts.clock.frame_count:
            raise IndexError(f"{self._facts.path.name} has no frame {index}")

    def _indices(self, start: int, stop: int | None) -> range:
        """Return the frames from `start` to `stop`, or to the shot's last."""
        count = self._facts.clock.frame_count
        return range(start, count if stop is None else min(stop, count))
