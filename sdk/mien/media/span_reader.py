"""Some frames of a shot, read as if they were all of it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace

from mien.media.base_reader import BaseReader, Lost
from mien.media.frame import Frame
from mien.media.reader import Reader
from mien.model.media import MediaInfo
from mien.timebase import Clock, FrameRange

__all__ = ["SpanReader", "span_facts"]


class SpanReader(BaseReader):
    """The frames of a span, counted from its first; a `Reader`.

    Args:
        reader: The reader of the whole; it stays its owner's to close.
        span: The frames.
    """

    def __init__(self, reader: Reader, span: FrameRange) -> None:
        super().__init__(span_facts(reader.facts, span))
        self._reader = reader
        self._span = span

    def frame(self, index: int) -> Frame:
        """Return the frame with an index; see `Reader.frame`."""
        self._check_index(index)
        return replace(self._reader.frame(self._span.start + index), index=index)

    def stream(
        self, start: int = 0, stop: int | None = None, *, lost: Lost | None = None
    ) -> Generator[Frame, None, None]:
        """Yield the frames from `start` to `stop`; see `Reader.stream`."""
        first, frames = self._span.start, self._indices(start, stop)

        def shifted(damaged: range) -> None:
            assert lost is not None
            lost(range(damaged.start - first, damaged.stop - first))

        wanted = first + frames.start, first + max(frames.start, frames.stop)
        with closing(
            self._reader.stream(*wanted, lost=None if lost is None else shifted)
        ) as stream:
            for frame in stream:
                yield replace(frame, index=frame.index - first)

    def close(self) -> None:
        """Do nothing: the reader is its owner's."""


def span_facts(facts: MediaInfo, span: FrameRange) -> MediaInfo:
    """Return the facts of media as if they were some of their frames.

    Args:
        facts: Facts of the whole.
        span: The frames.
    """
    clock, times = facts.clock, None
    if clock.times is not None:
        begin = clock.times[span.start] if span else 0
        times = tuple(time - begin for time in clock.times[span.start : span.stop])
    return replace(
        facts,
        clock=Clock(clock.rate, len(span), times, clock.timecode(span.start)),
        pts=facts.pts[span.start : span.stop],
    )
