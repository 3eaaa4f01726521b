"""Single pictures of a shot, upright, as an ordinary display shows them."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from mien._types import ByteArray
from mien.media.display import shown8, tone_mapped
from mien.media.frame import Frame
from mien.media.orient import turn
from mien.media.reader import open_reader
from mien.model.media import MediaInfo

__all__ = ["displayed", "read_still"]

_Number = TypeVar("_Number", np.uint8, np.float32)


def displayed(frame: Frame, transfer: int, scale: float = 1.0) -> ByteArray:
    """Convert a frame to what an ordinary display shows.

    Args:
        frame: The frame.
        transfer: Transfer characteristics of its media (ITU-T H.273).
        scale: Pixels of the result in a pixel of the upright picture.

    Returns:
        (H, W, 3) uint8 sRGB, upright, with square pixels.
    """
    width, height = frame.orientation.upright_size
    size = max(1, round(scale * width)), max(1, round(scale * height))
    if not tone_mapped(transfer):
        # Scaled afterwards: FFmpeg's scaler rounds down, and a small picture must not be
        # darker than the large one that takes its place.
        whole = frame.upright_rgb()
        return whole if scale == 1 else _resized(whole, size)
    if frame.orientation.quarter_turns % 2:
        size = size[1], size[0]
    plate = frame.plate()
    return turn(frame.orientation, shown8(plate, _resized(plate.rgb(), size)))


def read_still(media: MediaInfo, frame: int) -> ByteArray:
    """Read one frame of media as an ordinary display shows it.

    Args:
        media: The media.
        frame: Index of the frame.

    Returns:
        (H, W, 3) uint8 sRGB, upright, with square pixels.

    Raises:
        MediaError: When the media cannot be read.
    """
    with open_reader(media, cache_bytes=0) as reader:
        return displayed(reader.frame(frame), media.color.transfer)


def _resized(picture: npt.NDArray[_Number], size: tuple[int, int]) -> npt.NDArray[_Number]:
    """A picture (h, w, 3) made smaller to (width, height)."""
    if size == (picture.shape[1], picture.shape[0]):
        return picture
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(resized, dtype=picture.dtype)
