"""The pictures that tracking looks at: upright, of bounded size, prepared in a thread."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing

import numpy as np

from mien._types import ByteArray
from mien.media.prefetch import prefetch
from mien.media.reader import Frame, Reader
from mien.timebase import FrameRange
from mien.tracking.cuts import CutFinder, Glance
from mien.tracking.mixes import MixFinder

__all__ = ["TrackingFrames"]

_SHORT_SIDE = 1080
"""Pixels of the short side of the picture that tracking looks at; larger ones are reduced."""

_AHEAD = 4
"""Pictures prepared ahead; more would only take memory."""

_CHUNK = 8
_CHUNK_BYTES = 64 << 20
"""Frames decoded at a time when looking backwards: at first, and at most. Each time decoding
starts at the key frame before them, so that few large steps are better than many small ones."""


class TrackingFrames:
    """The upright pictures of a shot.

    Args:
        reader: The shot.

    Attributes:
        scale: Pixels of the upright frame per pixel of these pictures, in x and y.
        size: Width and height of these pictures.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._damaged: list[FrameRange] = []
        self._finder = CutFinder()
        self._mix_finder = MixFinder()
        width, height = reader.facts.orientation.upright_size
        self._height: int | None = None
        self.scale = (1.0, 1.0)
        self.size = (width, height)
        if min(width, height) > _SHORT_SIDE:
            self._height = round(height * _SHORT_SIDE / min(width, height))
            reduced = max(1, round(width * self._height / height))
            self.scale = (width / reduced, height / self._height)
            self.size = (reduced, self._height)

    def forward(self) -> Generator[tuple[int, ByteArray, bool], None, None]:
        """Yield every frame's number, its picture, and whether a new shot seems to begin with it.

        Frames that are damaged are left out. All of it is prepared ahead in a thread.
        """
        return prefetch(self._looks(), lambda look: look[1].nbytes, name="mien-look", most=_AHEAD)

    def _looks(self) -> Iterator[tuple[int, ByteArray, bool]]:
        thumb = None
        following = 0
        with closing(self._reader.stream(lost=self._note)) as frames:
            for frame in frames:
                picture = self._look(frame)
                glance = Glance.of(picture)
                # Mixes are counted in pictures: in place of a lost one stands the one before it.
                for _ in range(following, frame.index):
                    self._mix_finder.step(glance.thumb if thumb is None else thumb)
                thumb, following = glance.thumb, frame.index + 1
                self._mix_finder.step(thumb)
                yield frame.index, picture, self._finder.step(frame.index, glance)

    def _note(self, frames: range) -> None:
        self._damaged.append(FrameRange(frames.start, frames.stop))

    @property
    def damaged(self) -> tuple[FrameRange, ...]:
        """Frames that could not be decoded, in order, once `forward` is through."""
        spans: list[FrameRange] = []
        for span in self._damaged:
            touching = bool(spans) and spans[-1].stop == span.start
            spans.append(FrameRange(spans.pop().start if touching else span.start, span.stop))
        return tuple(spans)

    @property
    def cuts(self) -> tuple[int, ...]:
        """First frames of the shots after the first, once `forward` is through.

        What seems to be a cut inside of a mix is none.
        """
        mixes = self.mixes
        return tuple(
            cut
            for cut in self._finder.cuts
            if not any(mix.start <= cut <= mix.stop for mix in mixes)
        )

    @property
    def mixes(self) -> tuple[FrameRange, ...]:
        """Spans of dissolves, wipes and fades, in order, once `forward` is through."""
        return self._mix_finder.mixes

    def between(self, start: int, stop: int) -> Iterator[tuple[int, ByteArray]]:
        """Yield the frames from `start` to before `stop` with their pictures; no damaged one."""
        for frame in self._reader.stream(start, stop, lost=lambda _: None):
            yield frame.index, self._look(frame)

    def backward(self, before: int, first: int) -> Iterator[tuple[int, ByteArray]]:
        """Yield the frames `before - 1` down to `first` with their pictures."""
        stop, count = before, _CHUNK
        while stop > first:
            start = max(first, stop - count)
            frames = list(self._reader.stream(start, stop, lost=lambda _: None))
            stop = start
            if 2 * sum(frame.picture.nbytes for frame in frames) <= _CHUNK_BYTES:
                count *= 2
            while frames:
                frame = frames.pop()
                yield frame.index, self._look(frame)

    def _look(self, frame: Frame) -> ByteArray:
        return np.ascontiguousarray(frame.upright_rgb(self._height))
