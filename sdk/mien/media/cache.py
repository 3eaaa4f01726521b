"""The one cache of decoded pictures: bounded in bytes, least recently used goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

__all__ = ["ByteCache"]

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class ByteCache(Generic[Key, Value]):
    """Values of known size, up to a number of bytes; safe between threads.

    Args:
        limit: Bytes that may be held. A value larger than that is not kept.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._held = 0
        self._items: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    @property
    def held(self) -> int:
        """Bytes held now."""
        return self._held

    def get(self, key: Key) -> Value | None:
        """The value under a key, which becomes the most recently used."""
        with self._lock:
            if key not in self._items:
                return None
            self._items.move_to_end(key)
            return self._items[key][0]

    def put(self, key: Key, value: Value, size: int) -> None:
        """Keep a value of `size` bytes; the least recently used make room for it."""
        with self._lock:
            if key in self._items:
                self._held -= self._items.pop(key)[1]
            if size > self.limit:
                return
            self._items[key] = (value, size)
            self._held += size
            while self._held > self.limit:
                self._held -= self._items.popitem(last=False)[1][1]

    def keys(self) -> list[Key]:
        """What is held, the least recently used first."""
        with self._lock:
            return list(self._items)

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._items.clear()
            self._held = 0
