"""Work ahead in a thread, a bounded number of bytes at a time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import Final, Generic, TypeVar

from mien.media.frame import Frame

__all__ = ["AHEAD_BYTES", "AHEAD_FRAMES", "ByteQueue", "QueueClosed", "decode_ahead", "prefetch"]

AHEAD_BYTES: Final = 128 << 20
"""Bytes of pictures that may wait between two threads; one picture may always wait."""
AHEAD_FRAMES: Final = 16

Item = TypeVar("Item")


class QueueClosed(Exception):  # noqa: N818 - not an error: the other side has left
    """The other side of the queue has left."""


class ByteQueue(Generic[Item]):
    """A queue between two threads, bounded in items and in bytes.

    Args:
        items: Items that may wait.
        limit: Bytes that may wait; a single item may be larger.
    """

    def __init__(self, items: int = AHEAD_FRAMES, limit: int = AHEAD_BYTES) -> None:
        self._most = items
        self._limit = limit
        self._held = 0
        self._items: deque[tuple[Item, int]] = deque()
        self._closed = False
        self._changed = threading.Condition()

    def put(self, item: Item, size: int = 0) -> None:
        """Add an item of `size` bytes, waiting for room.

        Raises:
            Closed: When the queue was closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._has_room(size))
            if self._closed:
                raise QueueClosed
            self._items.append((item, size))
            self._held += size
            self._changed.notify_all()

    def offer(self, item: Item, size: int = 0) -> bool:
        """Add an item of `size` bytes where there is room; whether it was added."""
        with self._changed:
            if self._closed or not self._has_room(size):
                return False
            self._items.append((item, size))
            self._held += size
            self._changed.notify_all()
            return True

    def get(self) -> Item:
        """Take the oldest item, waiting for one.

        Raises:
            Closed: When the queue was closed and is empty.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or bool(self._items))
            if not self._items:
                raise QueueClosed
            item, size = self._items.popleft()
            self._held -= size
            self._changed.notify_all()
            return item

    def close(self, *, drop: bool = False) -> None:
        """Let no more items in; what waits can still be taken, unless it is dropped."""
        with self._changed:
            self._closed = True
            if drop:
                self._items.clear()
            self._changed.notify_all()

    def _has_room(self, size: int) -> bool:
        if not self._items:
            return True
        return len(self._items) < self._most and self._held + size <= self._limit


def decode_ahead(frames: Iterator[Frame]) -> Generator[Frame, None, None]:
    """Run an iterator of frames in a thread, ahead of its consumer; see `prefetch`."""
    return prefetch(frames, lambda frame: frame.picture.nbytes, name="mien-decode")


def prefetch(
    items: Iterator[Item],
    size: Callable[[Item], int],
    *,
    name: str,
    most: int = AHEAD_FRAMES,
) -> Generator[Item, None, None]:
    """Run an iterator in a thread, ahead of its consumer.

    An error of the iterator is raised where its item would have come. When the consumer
    stops early, the thread ends and the iterator is closed.

    Args:
        items: The iterator.
        size: Bytes of an item.
        name: Name of the thread.
        most: Items that wait for the consumer at most.
    """
    waiting: ByteQueue[Item | BaseException] = ByteQueue(most)

    def work() -> None:
        try:
            for item in items:
                waiting.put(item, size(item))
        except QueueClosed:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again in the consumer's thread
            # A consumer that has left does not hear of it.
            with suppress(QueueClosed):
                waiting.put(error)
        finally:
            waiting.close()

    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    try:
        while True:
            try:
                item = waiting.get()
            except QueueClosed:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        waiting.close(drop=True)
        thread.join()
        close = getattr(items, "close", None)
        if close is not None:
            close()
