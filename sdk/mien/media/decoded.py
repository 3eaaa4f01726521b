"""Frames and sound for another process: what its readers ask, in the process that decodes.

Nothing imports this module; `apart_reader.py` and `apart_sound.py` name what is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from queue import Empty, SimpleQueue

from mien._types import FloatArray
from mien.media.audio import AudioTrack, PlayedSound
from mien.media.frame import Frame
from mien.media.reader import open_patient_reader
from mien.media.sound_file import open_sound
from mien.model.media import MediaInfo

__all__ = ["DecodedReader", "DecodedSound"]


class DecodedSound:
    """What an `ApartSound` asks, in the process that decodes.

    Args:
        media: Facts of a movie whose sound it is; None where a file is named.
        path: A file that is taken for its sound.
        seconds: How much of that is wanted.

    Raises:
        MediaError: When it cannot be opened.
    """

    def __init__(
        self, media: MediaInfo | None = None, path: Path | None = None, seconds: float = 0.0
    ) -> None:
        self._sound: PlayedSound
        if media is not None:
            self._sound = AudioTrack.opened(media)
        else:
            assert path is not None
            self._sound = open_sound(path, seconds)

    def format(self) -> tuple[int, int]:
        """Return samples a second, and channels."""
        return self._sound.rate, self._sound.channels

    def read(self, start: int, count: int) -> FloatArray:
        """Return samples; see `AudioTrack.read`."""
        return self._sound.read(start, count)

    def close(self) -> None:
        """Let go of the file."""
        self._sound.close()


class DecodedReader:
    """What an `ApartReader` asks, in the process that decodes.

    Args:
        facts: Facts of the media.
        threads: As of `open_reader`.
        cache_bytes: As of `open_reader`.
    """

    def __init__(self, facts: MediaInfo, threads: int, cache_bytes: int) -> None:
        self._reader = open_patient_reader(facts, threads=threads, cache_bytes=cache_bytes)

    def opened(self) -> None:
        """Nothing: who asks knows by the answer that the media are open."""

    def frame(self, index: int, stop: Callable[[], bool] | None = None) -> tuple[Frame | None, int]:
        """Return a frame, None when it is wanted no more, and the bytes that are kept."""
        reader = self._reader
        frame = reader.frame(index) if stop is None else reader.frame_unless(index, stop)
        return frame, reader.held

    def frames(self, first: int, end: int, skip: bool) -> Iterator[Frame | range]:
        """Yield frames, and between them those that are damaged if they are to be skipped."""
        losses: SimpleQueue[range] = SimpleQueue()
        with closing(self._reader.stream(first, end, lost=losses.put if skip else None)) as frames:
            for frame in frames:
                yield from _taken(losses)
                yield frame
        yield from _taken(losses)

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()


def _taken(losses: SimpleQueue[range]) -> Iterator[range]:
    while True:
        try:
            yield losses.get_nowait()
        except Empty:
            return
