"""Damage of a source, looked for before the work where that costs next to nothing.

Most damage is at the end: a copy that was cut off, a recorder that lost power. So the last group
of pictures is decoded, and those before it as long as they are damaged. Damage elsewhere shows
only when its frames are decoded.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Final

import av

from mien.errors import DamagedMediaError, MediaError
from mien.media.base_reader import Lost, damaged
from mien.media.closing import Closing
from mien.media.frame import Frame
from mien.media.index import movie_index
from mien.media.reader import Reader, open_reader
from mien.model.media import MediaInfo
from mien.timebase import FrameRange

__all__ = ["UntilDamage", "find_damage"]

_MOST_PIXELS: Final = 1 << 30
"""Pixels that are decoded in looking at the end: 500 frames of HD, a second or two."""


def find_damage(
    media: MediaInfo, frames: FrameRange, suspects: tuple[FrameRange, ...] = ()
) -> DamagedMediaError | None:
    """Look for damage where it costs little: at the end, and where it was seen before.

    Args:
        media: Facts of the source.
        frames: The frames that are wanted.
        suspects: Frames that were damaged when last seen, ascending.

    Returns:
        The error for the first damaged frame that was found; None where none was, which does not
        say that there is none.
    """
    if media.kind == "memory" or not frames:
        return None
    try:
        with open_reader(media, decoder="pyav", cache_bytes=0) as reader:
            for suspect in suspects:
                near = suspect.intersection(frames)
                found = _first(reader, near) if near else None
                if found is not None:
                    return found
            return _at_the_end(reader, frames)
    except (MediaError, av.FFmpegError, OSError):
        return None  # whoever does the work says what is wrong, in its own words


class UntilDamage(Closing):
    """A reader that breaks off in place of an error, for whoever hears of lost frames.

    Damaged frames are left out by any reader then; this one also ends where nothing that follows
    can be used, as when pictures have another size.

    Args:
        reader: The reader; it stays its owner's to close.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @property
    def facts(self) -> MediaInfo:
        """The facts of the media."""
        return self._reader.facts

    def frame(self, index: int) -> Frame:
        """Return the frame with an index; see `Reader.frame`."""
        return self._reader.frame(index)

    def stream(
        self, start: int = 0, stop: int | None = None, *, lost: Lost | None = None
    ) -> Generator[Frame, None, None]:
        """Yield the frames from `start` to `stop`; see `Reader.stream`."""
        if lost is None:
            yield from self._reader.stream(start, stop)
            return
        try:
            with closing(self._reader.stream(start, stop, lost=lost)) as frames:
                yield from frames
        except DamagedMediaError as error:
            if error.frame is None:
                raise
            lost(range(error.frame, self.facts.clock.frame_count if stop is None else stop))

    def close(self) -> None:
        """Do nothing: the reader is its owner's."""


def _at_the_end(reader: Reader, frames: FrameRange) -> DamagedMediaError | None:
    media = reader.facts
    size = media.orientation.width * media.orientation.height
    left = _MOST_PIXELS // max(1, size)
    found, stop = None, frames.stop
    while stop > frames.start:
        start = _group_start(media, stop - 1)
        left -= stop - start
        if left < 0 and found is None and stop - start > 1:
            return None
        start = max(start, frames.start)
        first = _first(reader, FrameRange(start, stop))
        if first is None:
            return found
        # A group that is damaged from its first frame on may not be the first that is.
        if first.frame != start or left < 0:
            return first
        found, stop = first, start
    return found


def _group_start(media: MediaInfo, frame: int) -> int:
    """The first frame of the group of pictures of a frame."""
    if media.kind != "movie":
        return frame
    index = movie_index(media.path, media.stream)
    point = index.point_before(frame)
    return 0 if point is None else index.points[point].frame


def _first(reader: Reader, frames: FrameRange) -> DamagedMediaError | None:
    """The error for the first damaged frame of some."""
    lost: list[int] = []
    try:
        with closing(
            reader.stream(frames.start, frames.stop, lost=lambda span: lost.append(span.start))
        ) as stream:
            for _ in stream:
                if lost:
                    break
    except DamagedMediaError as error:
        return error
    return damaged(reader.facts, min(lost)) if lost else None
