"""Frames: pictures as they were decoded, with their place in the shot.

A frame keeps the decoder's own picture. Asked for pixels it gives views of that picture;
passed to the writer unchanged, the very same picture goes to the encoder.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from typing import Protocol

import av
import numpy as np
import numpy.typing as npt
from av.sidedata.sidedata import Type as SideDataType
from av.video.reformatter import VideoReformatter

from mien.media.color import FULL_RANGE, swscale_matrix
from mien.media.filtering import filtered
from mien.media.orient import turn
from mien.media.planes import Channel, Layout, Plane, Plate
from mien.model.media import Orientation

__all__ = [
    "Frame",
    "MoviePicture",
    "Picture",
    "layout_of",
    "planar_name",
    "planes_of",
    "side_data",
]

_PACKED_RGB = re.compile(r"^([rgba0]{3,4})(?:24|48|64)?(f16|f32)?(?:le|be)?$")
_PLANAR_DEPTHS = (8, 9, 10, 12, 14, 16)

_local = threading.local()


def _unnamed(kind: type[SideDataType], number: int) -> SideDataType:
    """A type of side data that FFmpeg knows and PyAV has no name for."""
    unnamed = object.__new__(kind)
    unnamed._name_ = f"TYPE_{number}"
    unnamed._value_ = number  # type: ignore[assignment]
    return unnamed


# PyAV 18.1 gives no side data at all of a frame that has one it does not know: EXIF of
# photographs, and the pairs of eyes of spatial films.
SideDataType._missing_ = classmethod(_unnamed)  # type: ignore[assignment]


class Picture(Protocol):
    """A decoded picture: pixels in their own format, with all that came along."""

    @property
    def nbytes(self) -> int:
        """Bytes of memory held."""
        ...

    def plate(self) -> Plate:
        """Return the pixels, in their own format."""
        ...

    def with_plate(self, plate: Plate) -> Picture:
        """Return the same picture with other pixels."""
        ...

    def rgb8(self, width: int, height: int) -> npt.NDArray[np.uint8]:
        """Convert to (height, width, 3) R'G'B', scaled to that size; in coded orientation."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame of a shot.

    Attributes:
        index: Its number, counted from 0 in display order.
        pts: Its presentation time in units of `MediaInfo.time_base`.
        orientation: How its picture is looked at upright.
        picture: The picture as decoded.
    """

    index: int
    pts: int
    orientation: Orientation
    picture: Picture

    def __repr__(self) -> str:
        width, height = self.orientation.upright_size
        return f"Frame({self.index}, {width} x {height})"

    def plate(self) -> Plate:
        """Return the picture in its own pixel format and coded orientation."""
        return self.picture.plate()

    def with_plate(self, plate: Plate) -> Frame:
        """Return this frame with other pixels: same timing, colour and side data."""
        return replace(self, picture=self.picture.with_plate(plate))

    def upright_rgb(self, max_height: int | None = None) -> npt.NDArray[np.uint8]:
        """Convert the picture to upright with square pixels, for looking and tracking.

        Args:
            max_height: Height to which a higher picture is scaled down.

        Returns:
            (H, W, 3) uint8 R'G'B'; H and W are those of `Orientation.upright_size`, or
            smaller in proportion.
        """
        width, height = self.orientation.upright_size
        if max_height is not None and max_height < height:
            width, height = max(1, round(width * max_height / height)), max_height
        if self.orientation.quarter_turns % 2:
            width, height = height, width
        return turn(self.orientation, self.picture.rgb8(width, height))


class MoviePicture:
    """A picture as FFmpeg decoded it, in any pixel format.

    Args:
        video: The decoded frame; it is never written to.
    """

    __slots__ = ("video",)

    def __init__(self, video: av.VideoFrame) -> None:
        self.video = video

    @property
    def nbytes(self) -> int:
        """Bytes of memory held."""
        return sum(plane.buffer_size for plane in self.video.planes)

    @property
    def full_range(self) -> bool:
        """Whether Y'CbCr uses the full range of code values; untagged grey does."""
        name = self.video.format.name
        untagged_gray = self.video.color_range == 0 and name.startswith(("gray", "ya"))
        return self.video.color_range == FULL_RANGE or name.startswith("yuvj") or untagged_gray

    def plate(self) -> Plate:
        """The pixels in their own format; packed Y'CbCr as the nearest planar one."""
        video = _planar(self.video)
        layout = layout_of(video.format)
        if layout is None:
            raise ValueError(f"no layout for the pixel format {video.format.name}")
        return Plate(
            layout,
            (video.width, video.height),
            planes_of(video),
            matrix=self.video.colorspace,
            full=self.full_range,
            transfer=self.video.color_trc,
            primaries=self.video.color_primaries,
        )

    def with_plate(self, plate: Plate) -> MoviePicture:
        """The same picture, its timing, colour and side data kept, with other pixels."""
        video = _duplicate(_planar(self.video))
        if plate.layout.name != video.format.name:
            raise ValueError(f"a plate in {plate.layout.name} for a {video.format.name} frame")
        for target, source in zip(planes_of(video), plate.planes, strict=True):
            width = min(target.shape[1], source.shape[1])
            target[:, :width] = source[:, :width]
        return MoviePicture(video)

    def rgb8(self, width: int, height: int) -> npt.NDArray[np.uint8]:
        """(height, width, 3) R'G'B' through the tags' matrix and range."""
        video = self.video
        shrinks = width * height < video.width * video.height
        matrix = swscale_matrix(video.colorspace, video.height)
        if not hasattr(_local, "reformatter"):
            _local.reformatter = VideoReformatter()
        rgb = _local.reformatter.reformat(
            video,
            width=width,
            height=height,
            format="rgb24",
            src_colorspace=None if video.format.is_rgb else matrix,
            src_color_range=FULL_RANGE if self.full_range else None,
            # At its own size only chroma is interpolated, for which bilinear is enough.
            interpolation="AREA" if shrinks else "BILINEAR",
        )
        return np.asarray(rgb.to_ndarray())


def layout_of(pixel_format: av.VideoFormat) -> Layout | None:
    """How a pixel format stores a picture; None when a plate cannot work on it directly."""
    name = pixel_format.name
    components = [c for c in pixel_format.components if not c.is_alpha]
    bits = components[0].bits
    if pixel_format.has_palette or pixel_format.is_bit_stream or pixel_format.is_bayer:
        return None
    if name.startswith("gray") or name in ("ya8", "ya16le", "ya16be"):
        channel = Channel(0, 0, len(pixel_format.components))
        floating = "f" in name.removeprefix("gray")
        return Layout(name, "gray", bits, (channel,), floating=floating)
    if pixel_format.is_rgb:
        return _rgb_layout(pixel_format, bits)
    if not pixel_format.is_planar or bits < 8 or name.startswith("xyz"):
        return None
    width, height = 1 << 8, 1 << 8
    shift_x = (width // pixel_format.chroma_width(width)).bit_length() - 1
    shift_y = (height // pixel_format.chroma_height(height)).bit_length() - 1
    channels: tuple[Channel, ...] = tuple(Channel(c.plane) for c in components)
    padding = 16 - bits if "msb" in name else 0
    if components[1].plane == components[2].plane:
        first = 1 if name in ("nv21", "nv42") else 0
        channels = (Channel(0), Channel(1, first, 2), Channel(1, 1 - first, 2))
        padding = 16 - bits if name.startswith("p") else 0
    return Layout(name, "yuv", bits, channels, shift_x, shift_y, padding)


def _rgb_layout(pixel_format: av.VideoFormat, bits: int) -> Layout | None:
    name = pixel_format.name
    floating = "f16" in name or "f32" in name
    if pixel_format.is_planar:
        channels = tuple(Channel(c.plane) for c in pixel_format.components[:3])
        padding = 16 - bits if "msb" in name else 0
        return Layout(name, "rgb", bits, channels, padding=padding, floating=floating)
    match = _PACKED_RGB.match(name)
    if match is None or bits not in (8, 16, 32) or (bits == 32 and not floating):
        return None
    letters = match[1]
    channels = tuple(Channel(0, letters.index(c), len(letters)) for c in "rgb")
    return Layout(name, "rgb", bits, channels, floating=floating)


def planes_of(video: av.VideoFrame) -> list[Plane]:
    """Views (rows, samples) of the planes of a frame, in its own memory; rows are padded."""
    pixel_format = video.format
    bits = max(c.bits for c in pixel_format.components)
    size = 1 if bits <= 8 else 4 if bits > 16 else 2
    kind = "f" if "f16" in pixel_format.name or "f32" in pixel_format.name else "u"
    dtype = np.dtype(f"{'>' if pixel_format.is_big_endian else '<'}{kind}{size}")
    views = []
    for plane in video.planes:
        samples = np.frombuffer(plane, dtype=dtype)  # type: ignore[call-overload]
        views.append(samples.reshape(-1, abs(plane.line_size) // size))
    return views


def side_data(video: av.VideoFrame, kind: SideDataType) -> bytes | None:
    """What FFmpeg attached to a frame under a type; None where it did not."""
    data = video.side_data.get(kind)  # type: ignore[call-overload]
    return None if data is None else bytes(data)


def planar_name(pixel_format: av.VideoFormat) -> str:
    """The nearest planar pixel format: same components, subsampling, depth or the next above."""
    components = pixel_format.components
    depth = next(d for d in _PLANAR_DEPTHS if d >= min(16, max(c.bits for c in components)))
    alpha = any(c.is_alpha for c in components)
    suffix = "" if depth == 8 else f"{depth}le"
    if pixel_format.is_rgb or pixel_format.has_palette or pixel_format.name.startswith("xyz"):
        if alpha or pixel_format.has_palette:
            suffix = {"": "", "9le": "10le", "14le": "16le"}.get(suffix, suffix)
            return f"gbrap{suffix}"
        return f"gbrp{suffix}"
    if len(components) < 3:
        return f"gray{suffix}"
    width, height = pixel_format.chroma_width(1 << 8), pixel_format.chroma_height(1 << 8)
    sampling = {(256, 256): "444", (128, 256): "422", (128, 128): "420", (64, 256): "411"}
    wide = sampling.get((width, height), "444")
    if alpha:
        suffix = {"9le": "10le", "14le": "16le"}.get(suffix, suffix)
    return f"yuv{'a' if alpha else ''}{wide}p{suffix}"


def _planar(video: av.VideoFrame) -> av.VideoFrame:
    """The frame itself where a plate can work on it, else its nearest planar relative."""
    if layout_of(video.format) is not None:
        return video
    return video.reformat(format=planar_name(video.format))


def _duplicate(video: av.VideoFrame) -> av.VideoFrame:
    """A frame of its own memory with the same pixels, properties and side data.

    FFmpeg's `copy` filter is the one way through PyAV that keeps side data (captions, HDR).
    """
    return filtered(video, [("copy", "")])
