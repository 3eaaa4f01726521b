"""What re-encoding alone does to a picture: what an edited file's own codec takes away."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mien._types import BoolArray
from mien.errors import MienError
from mien.media.codecs import CODECS
from mien.model.media import MediaInfo
from mien.model.quality import Quality
from mien.model.shot import Shot
from mien.pipeline import Output, render_shot
from mien.progress import silent
from mien.rendering.watermark import Watermark
from mien.reporting.mattes import FrameMattes
from mien.reporting.pixels import PixelSeries, PixelSums, compare_pixels
from mien.timebase import FrameRange

__all__ = ["EncodingFloor", "encoding_floor"]

_ENOUGH: Final = 8
"""Frames without edits from which they tell what the codec does."""
_SAMPLE: Final = 16
"""Frames that are encoded anew where an edited file has too few without edits."""
_HEAD: Final = 1 << 20
"""Bytes of a file in which encoders say their settings."""
_CRF: Final = re.compile(rb"(?:x264|x265).{0,4000}?\bcrf=(\d+(?:\.\d+)?)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class EncodingFloor:
    """What re-encoding alone does outside of mattes.

    Attributes:
        sums: How far pixels differ.
        how: How it was told, in a sentence.
    """

    sums: PixelSums
    how: str


def encoding_floor(
    original: MediaInfo,
    edited: MediaInfo,
    frames: FrameRange,
    series: PixelSeries,
    quality: Quality | None = None,
    watermark: Watermark | None = None,
) -> EncodingFloor | None:
    """Return what re-encoding alone does to the original, as the edited file was encoded.

    Frames in which nothing is asked are the best witness: they went through the very encoder. Where
    there are too few, some frames are encoded again as mien would, with the quality that the file
    says it has.

    Args:
        original: Facts of the original.
        edited: Facts of the edited file.
        frames: The frames of the original that it holds.
        series: What was measured of the pixels.
        quality: How the file was encoded, where that is known.
        watermark: What is burnt into the edited file, whose edges are hard to encode.

    Returns:
        The floor; None where it could not be had.
    """
    still: BoolArray = ~series.inside
    if int(still.sum()) >= _ENOUGH:
        sums = PixelSums.of(series.outside[still])
        return EncodingFloor(
            sums,
            f"Compared with the {sums.frames} frames of {edited.path.name} in which nothing is"
            f" asked: there the {edited.codec} encoder alone changes pixels by up to"
            f" {sums.largest} of 255.",
        )
    return _encoded_again(original, edited, frames, quality, watermark)


def _encoded_again(
    original: MediaInfo,
    edited: MediaInfo,
    frames: FrameRange,
    quality: Quality | None,
    watermark: Watermark | None,
) -> EncodingFloor | None:
    if edited.kind != "movie" or edited.codec not in CODECS:
        return None
    if quality is None:
        crf = _crf_of(edited.path)
        quality = Quality() if crf is None else Quality(crf=round(crf))
    middle = (frames.start + frames.stop) // 2
    start = max(frames.start, min(middle - _SAMPLE // 2, frames.stop - _SAMPLE))
    span = FrameRange(start, min(frames.stop, start + _SAMPLE))
    with tempfile.TemporaryDirectory(prefix="mien-report-") as folder:
        path = Path(folder) / f"again{edited.path.suffix.lower()}"
        try:
            from mien.media.codecs import choose_encoding
            from mien.media.probe import probe

            encoding = choose_encoding(path, original, codec=edited.codec, quality=quality)
            output = Output(path, span, edited.codec, quality=quality, watermark=watermark)
            render_shot(Shot(original, ()), (), None, output, silent)
            nothing = FrameMattes("none", "", iter([None] * len(span)))
            again = compare_pixels(
                original, probe(path), span, nothing, lambda *pair: None, silent, watermark
            )
        except MienError:
            return None
    sums = PixelSums.of(again.outside)
    return EncodingFloor(
        sums,
        f"Compared with the original's frames {span}, encoded again as {encoding}: that alone"
        f" changes pixels by up to {sums.largest} of 255.",
    )


def _crf_of(path: Path) -> float | None:
    """The constant rate factor that x264 and x265 write into their streams; None without."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return None
    match = _CRF.search(head)
    return None if match is None else float(np.clip(float(match[1]), 0, 51))
