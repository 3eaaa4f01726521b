"""Frames that are in memory already, read like a movie."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from mien.errors import MediaError, UsageError
from mien.media.base_reader import BaseReader, Lost
from mien.media.frame import Frame
from mien.media.planes import Plate
from mien.model.media import ColorTags, MediaInfo, Orientation
from mien.timebase import Clock

__all__ = ["MemoryMedia", "MemoryPicture", "MemoryReader", "check_on_disk", "memory_media"]

_NAME: Final = "frames in memory"
_SRGB: Final = 13
"""Transfer characteristics (ITU-T H.273) of R'G'B' as a screen shows it."""

_SPARSE: Final = 16
"""Every so many pixels, in either direction, are looked at to name the content."""


@dataclass(frozen=True, slots=True)
class MemoryMedia(MediaInfo):
    """Facts of frames in memory, with the frames.

    Attributes:
        frames: (T, H, W, 3) R'G'B' as shown on a screen: uint8, or floating point from 0 to 1;
            empty in a copy that was read from a file.
    """

    frames: npt.NDArray[Any] = field(
        default_factory=lambda: np.empty((0, 0, 0, 3), np.uint8), compare=False, repr=False
    )


def memory_media(frames: npt.ArrayLike, rate: float | Fraction) -> MemoryMedia:
    """Return the facts of frames in memory; an array is not copied.

    Args:
        frames: (T, H, W, 3) R'G'B': uint8, or floating point from 0 to 1.
        rate: Frames a second.

    Raises:
        UsageError: When they are no pictures, or the rate is none.
    """
    pictures = np.asarray(frames)
    if pictures.ndim != 4 or pictures.shape[3] != 3 or not pictures.size:
        raise UsageError(
            f"Frames of the shape {pictures.shape} are no pictures.",
            "Give (frames, height, width, 3) R'G'B', with one frame at least.",
        )
    if pictures.dtype != np.uint8 and pictures.dtype.kind != "f":
        raise UsageError(
            f"Frames of {pictures.dtype} cannot be read.",
            "Give uint8, or floating point from 0 to 1.",
        )
    count, height, width, _ = pictures.shape
    floating = pictures.dtype.kind == "f"
    exact = _exact(rate)
    return MemoryMedia(
        path=Path(_NAME),
        kind="memory",
        container="memory",
        codec="none",
        pixel_format="rgbf32" if floating else "rgb24",
        bits=32 if floating else 8,
        orientation=Orientation(width, height),
        clock=Clock(exact, count),
        time_base=1 / exact,
        pts=tuple(range(count)),
        color=ColorTags(transfer=_SRGB if floating else 2),
        fingerprint=_fingerprint(pictures),
        frames=pictures,
    )


def check_on_disk(media: MediaInfo) -> None:
    """Refuse media that are in memory, where a file is needed.

    Raises:
        UsageError: When they are.
    """
    if media.kind == "memory":
        raise UsageError(
            "The frames of this shot are in memory: there is no file whose sound, times and"
            " colours an output could keep.",
            "Render them in memory, or write them to a movie and track that.",
        )


class MemoryPicture:
    """A picture in memory.

    Args:
        pixels: (H, W, 3) uint8, or float32 from 0 to 1; it is never written to.
    """

    __slots__ = ("pixels",)

    def __init__(self, pixels: npt.NDArray[Any]) -> None:
        self.pixels = pixels

    @property
    def nbytes(self) -> int:
        """Bytes of memory held."""
        return self.pixels.nbytes

    def plate(self) -> Plate:
        """Return the pixels as a plate."""
        plate = Plate.from_rgb(self.pixels)
        if plate.layout.floating:
            plate.transfer = _SRGB
        return plate

    def with_plate(self, plate: Plate) -> MemoryPicture:
        """Return a picture with other pixels."""
        return MemoryPicture(np.array(plate.planes[0]).reshape(plate.height, plate.width, 3))

    def rgb8(self, width: int, height: int) -> npt.NDArray[np.uint8]:
        """Return (height, width, 3) R'G'B', scaled to that size."""
        pixels = self.pixels
        if (height, width) != pixels.shape[:2]:
            smaller = width * height < pixels.shape[0] * pixels.shape[1]
            method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
            pixels = cv2.resize(pixels, (width, height), interpolation=method)
        if pixels.dtype == np.uint8:
            return pixels
        # Not a number is black, as in any player.
        codes = np.nan_to_num(np.clip(pixels, 0, 1) * np.float32(255), nan=0.0)
        return np.asarray(np.rint(codes), dtype=np.uint8)


class MemoryReader(BaseReader):
    """Frames in memory, by index; a `Reader`.

    Args:
        facts: Facts of the frames.

    Raises:
        MediaError: When the facts were read from a file, and the frames are gone.
    """

    def __init__(self, facts: MediaInfo) -> None:
        if not isinstance(facts, MemoryMedia) or not facts.frames.size:
            raise MediaError(
                "This shot was tracked from frames in memory, which are no longer there.",
                "Point to a movie of the same frames with --media.",
            )
        super().__init__(facts)
        self._frames = facts.frames

    def frame(self, index: int) -> Frame:
        """Return the frame with an index; see `Reader.frame`."""
        self._check_index(index)
        pixels = self._frames[index]
        if pixels.dtype != np.uint8:
            pixels = pixels.astype(np.float32, copy=False)
        picture = MemoryPicture(np.ascontiguousarray(pixels))
        return Frame(index, self._facts.pts[index], self._facts.orientation, picture)

    def stream(
        self, start: int = 0, stop: int | None = None, *, lost: Lost | None = None
    ) -> Generator[Frame, None, None]:
        """Yield the frames from `start` to `stop`; see `Reader.stream`."""
        del lost  # nothing in memory is damaged
        for index in self._indices(start, stop):
            yield self.frame(index)

    def close(self) -> None:
        """Do nothing: the frames are whose they were."""


def _exact(rate: float | Fraction) -> Fraction:
    """Return a rate as a fraction: 29.97 and its kin as broadcast means them."""
    try:
        given = Fraction(rate)
    except (TypeError, ValueError, OverflowError) as error:
        raise UsageError(f"{rate!r} is no frame rate.", "Give frames a second.") from error
    broadcast = Fraction(round(given) * 1000, 1001)
    near = abs(given - broadcast) < Fraction(1, 200)
    exact = broadcast if near else given.limit_denominator(1001)
    if exact <= 0:
        raise UsageError(f"{rate} is no frame rate.", "Give frames a second, more than 0.")
    return exact


def _fingerprint(frames: npt.NDArray[Any]) -> str:
    digest = hashlib.blake2b(repr((frames.shape, frames.dtype.str)).encode(), digest_size=8)
    for picture in frames[:, ::_SPARSE, ::_SPARSE]:
        digest.update(np.ascontiguousarray(picture).tobytes())
    return f"memory-{digest.hexdigest()}"
