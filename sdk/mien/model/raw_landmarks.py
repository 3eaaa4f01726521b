"""A face's landmarks as they were tracked, kept small beside the smoothed ones."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, FloatArray, IndexArray
from mien.model.landmarks import LANDMARKS

__all__ = ["MAX_BYTES_PER_FRAME", "RawLandmarks", "most_bytes"]

MAX_BYTES_PER_FRAME: Final = 2 * LANDMARKS * 3
"""Bytes that a frame in which the face was seen may take, 2,868; on film it is about a third."""

_GRID: Final = np.float32(64)
"""Steps per pixel. Half a step is a hundredth of the jitter of a face that is 200 px tall."""

_CHUNK: Final = 256
"""Frames compressed together: what is held in memory beside the result."""

_LEVEL: Final = 1
"""Of zlib; 6 takes twice the time for a twentieth less."""

_LENGTH: Final = struct.Struct("<I")
_FURTHEST: Final = 1 << 24
"""Steps that a landmark may lie from its smoothed place; float32 counts whole steps no further."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RawLandmarks:
    """Landmarks as they were tracked, to 1/64 pixel, as offsets from the smoothed ones.

    Both are rounded to the grid before they are subtracted, so that what is unpacked does not
    depend on the smoothed landmarks that it was packed with: solving again, however often, adds
    no error.

    Attributes:
        data: Of every 256 frames in which the face was seen, the length of a zlib stream
            (uint32) and the stream: the offsets' four bytes, byte by byte, lowest first, each
            number's sign in its lowest bit (zigzag).
    """

    data: bytes

    def __repr__(self) -> str:
        return f"RawLandmarks({len(self.data)} bytes)"

    @classmethod
    def pack(
        cls, tracked: FloatArray, smoothed: FloatArray, seen: BoolArray
    ) -> RawLandmarks | None:
        """Pack landmarks.

        Args:
            tracked: (T, 478, 3) the landmarks as they were tracked.
            smoothed: (T, 478, 3) the landmarks beside which they are kept.
            seen: (T,) the frames in which the face was seen; of others nothing is kept.

        Returns:
            The packed landmarks; None where they would take more than `MAX_BYTES_PER_FRAME`.
        """
        parts = []
        for frames in _chunks(seen):
            offsets = _on_grid(tracked[frames]) - _on_grid(smoothed[frames])
            if not (np.abs(offsets) < _FURTHEST).all():
                return None
            whole = offsets.astype(np.int32)
            zigzag = ((whole << 1) ^ (whole >> 31)).astype("<u4")
            planes = np.ascontiguousarray(zigzag.reshape(-1, 1).view(np.uint8).T)
            stream = zlib.compress(planes.tobytes(), _LEVEL)
            parts += [_LENGTH.pack(len(stream)), stream]
        data = b"".join(parts)
        return cls(data) if len(data) <= most_bytes(seen) else None

    def unpack(self, smoothed: FloatArray, seen: BoolArray) -> FloatArray:
        """Return the landmarks as they were tracked, (T, 478, 3), NaN where the face was not seen.

        Args:
            smoothed: (T, 478, 3) the landmarks beside which they are kept.
            seen: (T,) the frames in which the face was seen.

        Raises:
            ValueError: When the data are damaged, or of other frames.
        """
        result = np.full(smoothed.shape, np.nan, np.float32)
        position = 0
        for frames in _chunks(seen):
            header = self.data[position : position + _LENGTH.size]
            if len(header) < _LENGTH.size:
                raise ValueError("raw landmarks end too early")
            (length,) = _LENGTH.unpack(header)
            position += _LENGTH.size
            whole = _decode(self.data[position : position + length], len(frames))
            position += length
            result[frames] = (_on_grid(smoothed[frames]) + whole) / _GRID
        if position != len(self.data):
            raise ValueError("raw landmarks go on after the last frame")
        return result


def most_bytes(seen: BoolArray) -> int:
    """Return the bytes that the raw landmarks of a face may take."""
    return int(np.count_nonzero(seen)) * MAX_BYTES_PER_FRAME


def _chunks(seen: BoolArray) -> Iterator[IndexArray]:
    frames = np.flatnonzero(seen)
    for first in range(0, len(frames), _CHUNK):
        yield frames[first : first + _CHUNK]


def _on_grid(landmarks: FloatArray) -> FloatArray:
    return np.asarray(np.rint(landmarks * _GRID))


def _decode(stream: bytes, frames: int) -> npt.NDArray[np.int32]:
    count = frames * LANDMARKS * 3
    inflate = zlib.decompressobj()
    try:
        # However much the stream would unpack to, no more is taken than the frames have.
        planes = inflate.decompress(stream, 4 * count)
    except zlib.error as error:
        raise ValueError(f"raw landmarks cannot be unpacked ({error})") from error
    if len(planes) != 4 * count or not inflate.eof or inflate.unused_data:
        raise ValueError("raw landmarks are not as many as the frames")
    zigzag = np.frombuffer(planes, np.uint8).reshape(4, count).T.copy().view("<u4")[:, 0]
    whole = (zigzag >> 1).astype(np.int32) ^ -(zigzag & 1).astype(np.int32)
    return whole.reshape(frames, LANDMARKS, 3)
