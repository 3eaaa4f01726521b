"""The frames of a shot that another process decodes."""

from __future__ import annotations

from collections.abc import Callable, Generator

from mien.media.apart.process import DecodingProcess, RemoteObject
from mien.media.base_reader import BaseReader, Lost
from mien.media.frame import Frame
from mien.model.media import MediaInfo

__all__ = ["DECODED", "ApartReader"]

DECODED = "mien.media.decoded:DecodedReader"
"""What reads the frames, in the process that decodes."""


class ApartReader(BaseReader):
    """Frames of a movie or image sequence, decoded by another process.

    They are for looking, tracking and editing: what a file has beside its picture (side data,
    other layers) stays in the other process.

    Args:
        process: The other process.
        facts: Facts of the media.
        threads: Threads that decode; 0 lets the decoder choose.
        cache_bytes: Bytes of pictures that random access keeps, in the other process.
    """

    def __init__(
        self, process: DecodingProcess, facts: MediaInfo, *, threads: int, cache_bytes: int
    ) -> None:
        super().__init__(facts)
        arguments = {"facts": facts, "threads": threads, "cache_bytes": cache_bytes}
        self._remote = RemoteObject(process, DECODED, arguments)
        self._held = 0
        # Whoever opens a reader hears that the file cannot be read.
        self._remote.call("opened")

    @property
    def held(self) -> int:
        """Bytes of decoded pictures that are kept; in the other process."""
        return self._held

    def frame(self, index: int) -> Frame:
        """The frame with an index; see `Reader.frame`."""
        self._check_index(index)
        frame, self._held = self._remote.call("frame", index=index)
        assert isinstance(frame, Frame)
        return frame

    def frame_unless(self, index: int, stop: Callable[[], bool]) -> Frame | None:
        """The frame with an index, if still wanted; see `BaseReader.frame_unless`."""
        self._check_index(index)
        frame: Frame | None
        frame, self._held = self._remote.call("frame", index=index, stop=stop)
        return frame

    def stream(
        self, start: int = 0, stop: int | None = None, *, lost: Lost | None = None
    ) -> Generator[Frame, None, None]:
        """The frames from `start` to `stop`, decoded ahead; see `Reader.stream`."""
        frames = self._indices(start, stop)
        for got in self._remote.each(
            "frames", first=frames.start, end=frames.stop, skip=lost is not None
        ):
            if isinstance(got, range):
                assert lost is not None
                lost(got)
            else:
                yield got

    def close(self) -> None:
        """Let go of the file and of the pictures kept."""
        self._remote.close()
