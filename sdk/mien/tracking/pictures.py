"""The pictures that tracking looks at: upright, of bounded size, prepared in a thread."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import suppress

import numpy as np

from mien.media.ahead import ByteQueue, Closed
from mien.media.reader import Frame, Reader
from mien.tracking.cuts import Glance
from mien.tracking.graphs import ByteImage

__all__ = ["Pictures"]

_SHORT_SIDE = 1080
"""Pixels of the short side of the picture that tracking looks at; larger ones are reduced."""

_AHEAD = 4
"""Pictures prepared ahead; more would only take memory."""

_CHUNK = 8
_CHUNK_BYTES = 64 << 20
"""Frames decoded at a time when looking backwards: at first, and at most. Each time decoding
starts at the key frame before them, so that few large steps are better than many small ones."""


class Pictures:
    """The upright pictures of a shot.

    Args:
        reader: The shot.

    Attributes:
        scale: Pixels of the upright frame per pixel of these pictures, in x and y.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        width, height = reader.facts.orientation.upright_size
        self._height: int | None = None
        self.scale = (1.0, 1.0)
        if min(width, height) > _SHORT_SIDE:
            self._height = round(height * _SHORT_SIDE / min(width, height))
            reduced = max(1, round(width * self._height / height))
            self.scale = (width / reduced, height / self._height)

    def forward(self) -> Generator[tuple[int, ByteImage, Glance], None, None]:
        """Every frame's number, picture and glance, prepared ahead in a thread."""
        waiting: ByteQueue[tuple[int, ByteImage, Glance] | BaseException] = ByteQueue(_AHEAD)

        def work() -> None:
            try:
                for frame in self._reader.stream():
                    picture = self._look(frame)
                    item = (frame.index, picture, Glance.of(picture))
                    waiting.put(item, picture.nbytes)
            except Closed:
                pass
            except BaseException as error:  # noqa: BLE001 - raised again by the consumer
                # A consumer that has left does not hear of it.
                with suppress(Closed):
                    waiting.put(error)
            finally:
                waiting.close()

        thread = threading.Thread(target=work, name="mien-look", daemon=True)
        thread.start()
        try:
            while True:
                try:
                    item = waiting.get()
                except Closed:
                    return
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            waiting.close(drop=True)
            thread.join()

    def backward(self, before: int, first: int) -> Iterator[tuple[int, ByteImage]]:
        """The frames `before - 1` down to `first`."""
        stop, count = before, _CHUNK
        while stop > first:
            start = max(first, stop - count)
            frames = list(self._reader.stream(start, stop))
            stop = start
            if 2 * sum(frame.picture.nbytes for frame in frames) <= _CHUNK_BYTES:
                count *= 2
            while frames:
                frame = frames.pop()
                yield frame.index, self._look(frame)

    def _look(self, frame: Frame) -> ByteImage:
        return np.ascontiguousarray(frame.upright_rgb(self._height))
