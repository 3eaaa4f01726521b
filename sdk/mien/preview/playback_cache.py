"""Pictures that are ready to be played: packed, bounded in bytes, farthest ahead goes first."""

from __future__ import annotations

import threading
from typing import Final, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from mien._types import BoolArray
from mien.preview.picture import Rgb8

__all__ = ["PlaybackCache", "pack", "unpack"]

_QUALITY: Final = 92
"""JPEG: no artefact shows while the picture moves, and a second of film takes a few MB."""


def pack(picture: Rgb8) -> bytes:
    """A picture (H, W, 3) as JPEG."""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    done, packed = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise ValueError(f"a picture of {picture.shape} cannot be packed")
    return packed.tobytes()


def unpack(packed: bytes) -> Rgb8 | None:
    """A packed picture (H, W, 3); None when it is damaged."""
    data = np.frombuffer(packed, dtype=np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if data.size else None
    return None if picture is None else np.asarray(picture, dtype=np.uint8)


class _Item(NamedTuple):
    stamp: int
    packed: bytes
    lasting: bool


class PlaybackCache:
    """Edited pictures of frames, each with the stamp of what was asked when it was made.

    Args:
        limit: Bytes that may be held.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._items: dict[int, _Item] = {}
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        """Bytes held now."""
        return self._held

    def get(self, frame: int, stamp: int) -> Rgb8 | None:
        """The picture of a frame, if it is there and up to date."""
        with self._lock:
            item = self._items.get(frame)
        return unpack(item.packed) if item is not None and item.stamp == stamp else None

    def put(
        self, frame: int, stamp: int, packed: bytes, start: int, *, lasting: bool = True
    ) -> bool:
        """Keep a picture; those that are played last from `start` on make room for it.

        Args:
            frame: Index of the frame.
            stamp: What was asked when it was made.
            packed: The picture.
            start: The playhead.
            lasting: Whether a better one cannot be made.

        Returns:
            False when it would be one of those itself.
        """

        def turn_of(other: int) -> tuple[bool, int]:
            # What lies behind the playhead is played after all that lies before it.
            return other < start, other

        with self._lock:
            self._drop(frame)
            while self._items and self._held + len(packed) > self._limit:
                last = max(self._items, key=turn_of)
                if turn_of(last) < turn_of(frame):
                    return False
                self._drop(last)
            self._items[frame] = _Item(stamp, packed, lasting)
            self._held += len(packed)
            return True

    def ready(self, stamps: npt.NDArray[np.int64], *, lasting: bool = False) -> BoolArray:
        """(T,) the frames whose pictures are there and up to date.

        Args:
            stamps: (T,) what is asked now.
            lasting: Whether only those count than which none better can be made.
        """
        ready = np.zeros(len(stamps), dtype=bool)
        with self._lock:
            items = [
                (frame, item.stamp)
                for frame, item in self._items.items()
                if item.lasting or not lasting
            ]
        if items:
            frames, made = np.array(items, dtype=np.int64).T
            ready[frames] = stamps[frames] == made
        return ready

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._items.clear()
            self._held = 0

    def _drop(self, frame: int) -> None:
        item = self._items.pop(frame, None)
        if item is not None:
            self._held -= len(item.packed)
