"""Turn decoded pictures into what an encoder takes, touching them as little as can be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from mien._types import FloatArray
from mien.media.codecs import Encoding
from mien.media.color import FULL_RANGE, LIMITED_RANGE, srgb, swscale_matrix
from mien.media.exr import ExrPicture
from mien.media.frame import MoviePicture, Picture, planes_of
from mien.media.orient import standing, turn
from mien.media.turned import turned_picture
from mien.model.media import ColorTags, MediaInfo, Orientation

__all__ = ["Converter", "output_color", "same_chroma", "to_exr"]

_EXACT = (
    Interpolation.BICUBIC
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)
"""Swscale's quick ways are off by 1.2 code values on the mean at 8 bits; this one rounds."""
_SRGB_AS_VIDEO = ColorTags(primaries=1, transfer=13, matrix=1, range=LIMITED_RANGE)
"""What R'G'B' pictures become as Y'CbCr: BT.709 primaries and matrix, the sRGB curve."""


def output_color(source: MediaInfo, encoding: Encoding) -> ColorTags:
    """Colour tags of an output.

    They are the source's, unless R'G'B' becomes Y'CbCr or the reverse, or the codec knows
    only limited range (ProRes).
    """
    color, target = source.color, encoding.pixel_format
    was_rgb, is_rgb = _is_rgb(source.pixel_format), _is_rgb(target)
    if was_rgb and not is_rgb:
        return _SRGB_AS_VIDEO
    if is_rgb and not was_rgb:
        return replace(color, matrix=0, range=FULL_RANGE)
    if encoding.codec.name == "prores" and not is_rgb:
        return replace(color, range=LIMITED_RANGE)
    if source.pixel_format.startswith("yuvj"):
        return replace(color, range=FULL_RANGE)
    return color


class Converter:
    """Brings pictures into one pixel format; those that have it already pass untouched.

    Args:
        source: Facts of the source.
        encoding: How the output is encoded.
    """

    def __init__(self, source: MediaInfo, encoding: Encoding) -> None:
        self._target = target = encoding.pixel_format
        self._color = color = output_color(source, encoding)
        self._full = color.range == FULL_RANGE or target.startswith("yuvj")
        from_full = source.color.range == FULL_RANGE or source.pixel_format.startswith("yuvj")
        self._rerange = from_full and not self._full and not _is_rgb(source.pixel_format)
        turns = source.orientation != encoding.orientation(source.orientation)
        self._turn = source.orientation if turns else None
        self._reformatter = VideoReformatter()

    def convert(self, picture: Picture) -> av.VideoFrame:
        """The picture in the target format; the very same frame where nothing is to do."""
        if isinstance(picture, ExrPicture):
            return self._reformat(_shown(picture.plate().rgb()), full=True)
        assert isinstance(picture, MoviePicture)
        if self._turn is not None:
            picture = turned_picture(picture, self._turn)
        video = picture.video
        if self._rerange:
            return self._reformat(video, full=picture.full_range)
        if video.format.name == self._target:
            return video
        if video.format.name.replace("yuvj", "yuv") == self._target.replace("yuvj", "yuv"):
            return _relabel(video, self._target)
        return self._reformat(video, full=picture.full_range)

    def _reformat(self, video: av.VideoFrame, *, full: bool) -> av.VideoFrame:
        from_rgb, to_rgb = video.format.is_rgb, _is_rgb(self._target)
        matrix = swscale_matrix(video.colorspace, video.height)
        target_matrix = swscale_matrix(self._color.matrix, video.height)
        converted = self._reformatter.reformat(
            video,
            format=self._target,
            src_colorspace=None if from_rgb else matrix,
            dst_colorspace=None if to_rgb else target_matrix,
            src_color_range=FULL_RANGE if full or from_rgb else LIMITED_RANGE,
            dst_color_range=FULL_RANGE if self._full or to_rgb else LIMITED_RANGE,
            interpolation=_EXACT,
        )
        return converted


def to_exr(picture: Picture, orientation: Orientation) -> ExrPicture:
    """A picture as EXR, upright; one that is EXR already keeps its layers and attributes.

    Video is stored as it is coded, R'G'B' with its curve, in half precision: taking the
    curve off is the conform's decision, not ours. So is its alpha, by which R'G'B' is not
    multiplied.
    """
    if isinstance(picture, ExrPicture):
        return picture
    rgb = turn(orientation, picture.plate().rgb().astype(np.float16))
    height, width = rgb.shape[:2]
    window = (np.array([0, 0], np.int32), np.array([width - 1, height - 1], np.int32))
    header: dict[str, Any] = {"dataWindow": window, "displayWindow": window}
    aspect = standing(orientation).pixel_aspect
    if aspect != 1:
        header["pixelAspectRatio"] = float(aspect)
    channels = {name: rgb[..., i] for i, name in enumerate("RGB")}
    alpha = _alpha(picture)
    if alpha is not None:
        channels["A"] = turn(orientation, alpha.astype(np.float16)[..., None])[..., 0]
    return ExrPicture((header,), (channels,), ("R", "G", "B"))


def _alpha(picture: Picture) -> FloatArray | None:
    """(h, w) float32 from 0 to 1: how opaque each pixel is; None where nothing says so."""
    if not isinstance(picture, MoviePicture):
        return None
    video = picture.video
    if not any(component.is_alpha for component in video.format.components):
        return None
    deep = max(component.bits for component in video.format.components) > 8
    gray = VideoReformatter().reformat(video, format="gbrap16le" if deep else "gbrap")
    samples = planes_of(gray)[3][: video.height, : video.width]
    return np.asarray(samples, np.float32) / np.float32(65535 if deep else 255)


def same_chroma(one: str, other: str) -> bool:
    """Tell whether two pixel formats have chroma, and sample it at the same pitch."""
    if any(name.startswith(("rgbf", "grayf")) or _is_rgb(name) for name in (one, other)):
        return False
    pitches = [
        (f.chroma_width(1 << 8), f.chroma_height(1 << 8), len(f.components) > 2)
        for f in (av.VideoFormat(one), av.VideoFormat(other))
    ]
    return pitches[0] == pitches[1] and pitches[0][2]


def _is_rgb(pixel_format: str) -> bool:
    if pixel_format.startswith("rgbf"):
        return True
    return not pixel_format.startswith("grayf") and av.VideoFormat(pixel_format).is_rgb


def _shown(linear: FloatArray) -> av.VideoFrame:
    codes = np.rint(srgb(linear) * np.float32(65535)).astype(np.uint16)
    return av.VideoFrame.from_ndarray(codes, format="rgb48le")


def _relabel(video: av.VideoFrame, target: str) -> av.VideoFrame:
    """The same samples under the other name of their format (yuvj420p is yuv420p, full)."""
    twin = av.VideoFrame(video.width, video.height, target)
    for new, old in zip(planes_of(twin), planes_of(video), strict=True):
        width = min(new.shape[1], old.shape[1])
        new[:, :width] = old[:, :width]
    twin.color_range = FULL_RANGE
    twin.colorspace = video.colorspace
    return twin
