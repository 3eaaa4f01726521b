"""Two clips, frame by frame: what differs where nothing may, and how the rest looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from mien._types import AnyArray, BoolArray, ByteArray, DoubleArray, FloatArray
from mien.media.frame import Frame
from mien.media.orient import turn_back
from mien.media.planes import Plate
from mien.media.reader import open_reader
from mien.media.stills import displayed
from mien.model.media import MediaInfo
from mien.progress import Progress
from mien.rendering.watermark import Watermark
from mien.reporting.mattes import FrameMatte, FrameMattes
from mien.timebase import FrameRange

__all__ = ["LEVELS", "OnPair", "PixelSeries", "PixelSums", "compare_pixels", "pairs_of"]

LEVELS: Final = 256
"""Differences that are counted apart: code values of eight bits."""
_RIM: Final = 0.02
"""Of a picture's lower side, how wide the rim of a matte is."""
_EDGE_PIXELS: Final = 2
"""Pixels around a matte that count to it where R'G'B' is compared: chroma is shared."""
_DETAIL: Final = 1.5
"""Standard deviation in pixels of the blur below which detail begins."""

OnPair = Callable[[int, ByteArray, ByteArray], None]
"""Called with a row, and its pictures (H, W, 3) uint8 sRGB, upright, before and after."""


@dataclass(slots=True, eq=False)
class PixelSeries:
    """What was measured of pixels, frame by frame; NaN where it was not.

    Attributes:
        changed: (T,) pixels outside the matte whose stored values differ; NaN where the two files
            do not store alike.
        outside: (T, 256) pixels outside the matte, by how far they differ as 8-bit R'G'B'.
        detail_before: (T,) root mean square of the plate's fine detail inside the matte, 0..1.
        detail_after: (T,) the same in the edited file.
        rim: (T,) mean difference of colour at the matte's rim, CIELAB.
        inside: (T,) whether anything may change.
    """

    changed: DoubleArray
    outside: DoubleArray
    detail_before: FloatArray
    detail_after: FloatArray
    rim: FloatArray
    inside: BoolArray

    @classmethod
    def of(cls, count: int) -> PixelSeries:
        """Return series of a number of frames in which nothing was measured yet."""

        def blank() -> FloatArray:
            return np.full(count, np.nan, np.float32)

        return cls(
            np.full(count, np.nan), np.zeros((count, LEVELS)), blank(), blank(), blank(),
            np.zeros(count, np.bool_),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PixelSums:
    """How far pixels outside the matte differ over some frames.

    Attributes:
        mean: Mean difference, code values of eight bits.
        largest: The largest one.
        frames: Frames that were counted.
    """

    mean: float
    largest: int
    frames: int

    @classmethod
    def of(cls, outside: DoubleArray) -> PixelSums:
        """Sum counts (T, 256) by difference."""
        counts = outside.sum(axis=0)
        total = counts.sum()
        levels = np.arange(LEVELS)
        mean = float((counts * levels).sum() / total) if total else 0.0
        present = np.flatnonzero(counts)
        return cls(mean, int(present[-1]) if len(present) else 0, len(outside))


def compare_pixels(
    original: MediaInfo,
    edited: MediaInfo,
    frames: FrameRange,
    mattes: FrameMattes,
    on_pair: OnPair,
    progress: Progress,
    watermark: Watermark | None = None,
) -> PixelSeries:
    """Compare two clips, frame by frame.

    Args:
        original: Facts of the original.
        edited: Facts of the edited file.
        frames: The frames of the original that it holds.
        mattes: Where it may differ.
        on_pair: Called with each pair of pictures.
        progress: Told about the stage `measure`.
        watermark: What is burnt into the edited file, and so into the original's frames here.

    Raises:
        MediaError: When one of them cannot be read.
    """
    series = PixelSeries.of(len(frames))
    pairs = pairs_of(original, edited, frames, mattes, watermark)
    for row, (before, after, matte) in enumerate(pairs):
        one, other = (
            displayed(frame, media.color.transfer)
            for frame, media in ((before, original), (after, edited))
        )
        series.changed[row] = _changed(before, after, matte)
        series.outside[row] = _outside(one, other, matte)
        if matte is not None:
            series.inside[row] = True
            _inside(series, row, one, other, matte.upright)
        on_pair(row, one, other)
        progress("measure", row + 1, len(frames))
    return series


def pairs_of(
    original: MediaInfo,
    edited: MediaInfo,
    frames: FrameRange,
    mattes: FrameMattes | None = None,
    watermark: Watermark | None = None,
) -> Iterator[tuple[Frame, Frame, FrameMatte | None]]:
    """Yield the frames of two clips, and their mattes.

    Args:
        original: Facts of the original.
        edited: Facts of the edited file.
        frames: The frames of the original that it holds.
        mattes: Where it may differ; None for nowhere.
        watermark: Burnt into the frames of the original; None for nothing.
    """
    with ExitStack() as stack:
        one = stack.enter_context(open_reader(original, cache_bytes=0))
        other = stack.enter_context(open_reader(edited, cache_bytes=0))
        before = stack.enter_context(closing(one.stream(frames.start, frames.stop)))
        after = stack.enter_context(closing(other.stream(0, len(frames))))
        masks: Iterator[FrameMatte | None] = (
            iter(lambda: None, 0) if mattes is None else mattes.frames
        )
        # Frames that are damaged end the two streams with an error that says where.
        for frame, edit, mask in zip(before, after, masks, strict=False):
            yield frame if watermark is None else watermark.paint(frame), edit, mask


def _changed(before: Frame, after: Frame, matte: FrameMatte | None) -> float:
    """Pixels outside a matte whose code values differ; NaN where the files store differently."""
    one, other = before.plate(), after.plate()
    same = (one.layout, one.width, one.height) == (other.layout, other.width, other.height)
    if not same or before.orientation != after.orientation:
        return float("nan")
    mask = None if matte is None else _coded(matte, before, one)
    if matte is not None and mask is None:
        return float("nan")
    layout = one.layout
    differs: BoolArray = np.zeros((one.height, one.width), np.bool_)
    for i in range(len(layout.channels)):
        shifts = (layout.shift_x, layout.shift_y) if layout.model == "yuv" and i else (0, 0)
        parts = [_component(plate, i, shifts) for plate in (one, other)]
        apart = _unlike(parts[0], parts[1])
        if not apart.any():
            continue
        if mask is not None:
            apart &= ~_shared(mask, shifts, apart.shape)
        if any(shifts):
            apart = apart.repeat(1 << shifts[1], axis=0).repeat(1 << shifts[0], axis=1)
            apart = apart[: one.height, : one.width]
        differs |= apart
    return float(np.count_nonzero(differs))


def _unlike(one: AnyArray, other: AnyArray) -> BoolArray:
    """Where stored values differ; a float that is no number is like another one."""
    differs = one != other
    if one.dtype.kind == "f":
        differs &= ~(np.isnan(one) & np.isnan(other))
    return np.asarray(differs)


def _coded(matte: FrameMatte, frame: Frame, plate: Plate) -> BoolArray | None:
    """Where a coded pixel may change."""
    if matte.coded is not None:
        return np.asarray(matte.coded > 0)
    if frame.orientation.pixel_aspect != 1:
        return None
    mask = turn_back(frame.orientation, matte.upright)
    return np.asarray(mask > 0) if mask.shape == (plate.height, plate.width) else None


def _component(plate: Plate, i: int, shifts: tuple[int, int]) -> AnyArray:
    channel = plate.layout.channels[i]
    width, height = -(-plate.width >> shifts[0]), -(-plate.height >> shifts[1])
    plane = plate.planes[channel.plane][:height]
    return plane[:, channel.offset :: channel.step][:, :width]


def _shared(mask: BoolArray, shifts: tuple[int, int], shape: tuple[int, ...]) -> BoolArray:
    """Samples of a component that belong to a pixel of a mask."""
    if not any(shifts):
        return mask
    step_x, step_y = 1 << shifts[0], 1 << shifts[1]
    rows, columns = shape[0] * step_y - mask.shape[0], shape[1] * step_x - mask.shape[1]
    padded = np.pad(mask, ((0, rows), (0, columns)))
    cells = padded.reshape(shape[0], step_y, shape[1], step_x)
    return np.asarray(cells.any(axis=(1, 3)))


def _outside(before: ByteArray, after: ByteArray, matte: FrameMatte | None) -> DoubleArray:
    """Count the pixels (256,) outside a matte by how far they differ."""
    apart = cv2.absdiff(before, after)
    most = cv2.max(cv2.max(apart[..., 0], apart[..., 1]), apart[..., 2])
    where = None
    if matte is not None:
        inside = (matte.upright > 0).astype(np.uint8)
        size = 2 * _EDGE_PIXELS + 1
        where = 1 - cv2.dilate(inside, np.ones((size, size), np.uint8))
    counts = cv2.calcHist([most], [0], where, [LEVELS], [0, LEVELS])
    return np.asarray(counts[:, 0], np.float64)


def _inside(
    series: PixelSeries, row: int, before: ByteArray, after: ByteArray, matte: FloatArray
) -> None:
    """Measure detail inside a matte, and colour at its rim."""
    x, y, width, height = cv2.boundingRect((matte > 0).astype(np.uint8))
    margin = 8
    box = np.s_[max(0, y - margin) : y + height + margin, max(0, x - margin) : x + width + margin]
    mask, one, other = matte[box], before[box], after[box]
    core = mask > 0.5
    if core.any():
        series.detail_before[row], series.detail_after[row] = (
            _detail(picture, core) for picture in (one, other)
        )
    rim = _rim(mask, min(matte.shape))
    if rim.any():
        series.rim[row] = _color_shift(one, other, rim)


def _detail(picture: ByteArray, where: BoolArray) -> float:
    """Root mean square of what a blur takes away of brightness, over some pixels, 0..1."""
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), _DETAIL)
    return float(np.sqrt((fine[where] ** 2).mean())) / 255


def _rim(mask: FloatArray, side: int) -> BoolArray:
    """The outermost part of a matte."""
    inside = np.pad((mask > 0).astype(np.uint8), 1)
    reach = max(2, round(_RIM * side / 2))
    inner = cv2.erode(inside, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    return np.asarray((inside > inner)[1:-1, 1:-1])


def _color_shift(before: ByteArray, after: ByteArray, where: BoolArray) -> float:
    """Mean difference of colour in CIELAB (CIE 1976) over some pixels, grain averaged out."""
    shades = []
    for picture in (before, after):
        rgb = cv2.GaussianBlur(picture.astype(np.float32) / 255, (0, 0), 2 * _DETAIL)
        shades.append(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[where])
    return float(np.linalg.norm(shades[0] - shades[1], axis=1).mean())
