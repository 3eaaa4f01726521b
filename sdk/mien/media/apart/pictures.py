"""Decoded pictures, taken apart to be sent to another process and put together there.

What is seen of a picture goes along: its pixels, colour tags, where its chroma lies and whether it
is interlaced. What is beside it (side data, other layers, what a header says) stays behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

import av
import numpy as np
import numpy.typing as npt

from mien.media.exr import ExrPicture
from mien.media.filtering import filtered
from mien.media.frame import MoviePicture, layout_of, planar_name, planes_of

__all__ = ["exr_picture", "movie_picture", "packed"]

_Tags: TypeAlias = "tuple[int, int, int, int]"
_Packed: TypeAlias = "tuple[Callable[..., object], tuple[Any, ...]]"

_UNSAID: Final = "unspecified"
_PLACES: Final = (_UNSAID, "left", "topleft", "center", "top", "bottomleft", "bottom")
"""FFmpeg's names of where chroma lies between the pixels, the frequent ones first."""
_SIDE: Final = 16
"""Pixels of a picture's corner that is looked at."""


def packed(picture: MoviePicture | ExrPicture) -> _Packed:
    """Return what makes a picture anew, and what it has to be given."""
    if isinstance(picture, ExrPicture):
        return exr_picture, _image(picture)
    video = picture.video
    if video.format.has_palette:
        # Its colours are no plane; plates of it are made so, too.
        video = video.reformat(format=planar_name(video.format))
    layout = layout_of(video.format)
    halved = layout is not None and bool(layout.shift_x or layout.shift_y)
    planes = planes_of(video)
    return movie_picture, (
        video.format.name, video.width, video.height, _tags(video), planes,
        _chroma_place(video) if halved else _UNSAID, video.interlaced_frame,
    )  # fmt: skip


def movie_picture(
    pixel_format: str,
    width: int,
    height: int,
    tags: _Tags,
    planes: Sequence[npt.NDArray[Any]],
    chroma: str,
    interlaced: bool,
) -> MoviePicture:
    """Return a picture that looks like one that was decoded elsewhere.

    Args:
        pixel_format: FFmpeg's name of its format.
        width: Its width in pixels.
        height: Its height.
        tags: Matrix, range, transfer and primaries, in FFmpeg's numbers.
        planes: (rows, samples) of each plane; rows may be longer than the picture is wide.
        chroma: FFmpeg's name of where chroma lies.
        interlaced: Whether it is of two fields.
    """
    video = av.VideoFrame(width, height, pixel_format)
    video.colorspace, video.color_range, video.color_trc, video.color_primaries = tags
    for target, source in zip(planes_of(video), planes, strict=True):
        rows, columns = (min(pair) for pair in zip(target.shape, source.shape, strict=True))
        target[:rows, :columns] = source[:rows, :columns]
    return MoviePicture(_with(video, chroma, interlaced=interlaced))


def exr_picture(
    windows: dict[str, Any], channels: dict[str, Any], names: tuple[str, ...]
) -> ExrPicture:
    """Return what is seen of an image that was decoded elsewhere.

    Args:
        windows: Its windows, as a header has them.
        channels: (h, w) of each channel of the picture.
        names: The channels' names.
    """
    return ExrPicture((windows,), (channels,), names)


def _image(picture: ExrPicture) -> tuple[Any, ...]:
    windows = {}
    for name in ("displayWindow", "dataWindow"):
        low, high = picture.headers[0][name]
        windows[name] = tuple(tuple(int(value) for value in corner) for corner in (low, high))
    return windows, {name: picture.parts[0][name] for name in picture.names}, picture.names


def _tags(video: av.VideoFrame) -> _Tags:
    return video.colorspace, video.color_range, video.color_trc, video.color_primaries


def _with(video: av.VideoFrame, chroma: str, *, interlaced: bool) -> av.VideoFrame:
    """Return a frame with what PyAV can neither read nor set."""
    wanted = [] if chroma == _UNSAID else [f"chroma_location={chroma}"]
    if interlaced:
        wanted.append("field_mode=tff")
    return filtered(video, [("setparams", ":".join(wanted))]) if wanted else video


def _chroma_place(video: av.VideoFrame) -> str:
    """Return where chroma lies in a frame, which PyAV does not tell.

    Noise in a corner of the frame is converted as FFmpeg converts it for a place of chroma.
    """
    size = min(_SIDE, video.width), min(_SIDE, video.height)
    corner = filtered(video, [("crop", f"{size[0]}:{size[1]}:0:0:exact=1"), ("copy", "")])
    looks = _noise_shown(corner)
    interlaced = bool(video.interlaced_frame)
    for place in _PLACES:
        if np.array_equal(looks, _as_if(video.format.name, size, _tags(video), place, interlaced)):
            return place
    return _UNSAID


@lru_cache(maxsize=256)
def _as_if(
    pixel_format: str, size: tuple[int, int], tags: _Tags, chroma: str, interlaced: bool
) -> npt.NDArray[np.uint8]:
    """Return how noise is shown whose chroma lies at a place."""
    video = av.VideoFrame(*size, pixel_format)
    video.colorspace, video.color_range, video.color_trc, video.color_primaries = tags
    return _noise_shown(_with(video, chroma, interlaced=interlaced))


def _noise_shown(video: av.VideoFrame) -> npt.NDArray[np.uint8]:
    """Fill a frame with noise, always the same, and return how it is shown."""
    most = 1 << max(component.bits for component in video.format.components)
    for plane, noise in zip(planes_of(video), _noise(most), strict=False):
        rows, columns = (min(pair) for pair in zip(plane.shape, noise.shape, strict=True))
        plane[:rows, :columns] = noise[:rows, :columns]
    return MoviePicture(video).rgb8(video.width, video.height)


@lru_cache(maxsize=8)
def _noise(most: int) -> npt.NDArray[np.uint16]:
    """Return noise for four planes, for samples below a bound."""
    return np.random.default_rng(0).integers(
        0, most, (4, 2 * _SIDE, 2 * _SIDE), dtype=np.uint16, endpoint=False
    )
