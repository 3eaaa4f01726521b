"""What readers of frames have in common, whatever decodes them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Generator
from pathlib import Path

from mien.errors import DamagedMediaError
from mien.media.closing import Closing
from mien.media.frame import Frame
from mien.model.media import MediaInfo

__all__ = ["BaseReader", "Lost", "damaged"]

Lost = Callable[[range], None]
"""Called with numbers of frames that are damaged."""


def damaged(
    facts: MediaInfo, frame: int, why: str = "it cannot be decoded", path: Path | None = None
) -> DamagedMediaError:
    """Return the error for a frame that is damaged.

    Args:
        facts: Facts of the media.
        frame: The first frame that is.
        why: What is wrong with it, as the end of a sentence.
        path: The file; that of the media when not given.
    """
    return DamagedMediaError(
        f"{facts.path.name} is damaged at frame {frame} of {facts.clock.frame_count}: {why}.",
        "Copy or export it again.",
        path=path or facts.path,
        frame=frame,
    )


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

    @property
    def held(self) -> int:
        """Bytes of decoded pictures that are kept."""
        return 0

    def frame_unless(self, index: int, stop: Callable[[], bool]) -> Frame | None:
        """Return the frame with an index; None when `stop` says so before it is there.

        Raises:
            IndexError: When the shot has no such frame.
            DamagedMediaError: When the frame is damaged.
        """
        return self.frame(index)

    @abstractmethod
    def frame(self, index: int) -> Frame:
        """Return the frame with an index; see `Reader.frame`."""

    @abstractmethod
    def stream(
        self, start: int = 0, stop: int | None = None, *, lost: Lost | None = None
    ) -> Generator[Frame, None, None]:
        """Yield the frames from `start` to `stop`; see `Reader.stream`."""

    def _check_index(self, index: int) -> None:
        """Raise IndexError for a frame that the shot does not have."""
        if not 0 <= index < self._facts.clock.frame_count:
            raise IndexError(f"{self._facts.path.name} has no frame {index}")

    def _indices(self, start: int, stop: int | None) -> range:
        """Return the frames from `start` to `stop`, or to the shot's last."""
        count = self._facts.clock.frame_count
        return range(start, count if stop is None else min(stop, count))
