"""Tags of a movie's picture that PyAV does not give by name, and the HDR metadata."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Final, cast

import av
from av.sidedata.sidedata import SideData
from av.sidedata.sidedata import Type as SideDataType
from av.video.stream import VideoStream

from mien.media.ebml import child, read_uint
from mien.media.frame import side_data
from mien.media.index import open_movie
from mien.media.streams import main_video

__all__ = ["FIELD_ORDERS", "MasteringDisplay", "PictureTags", "picture_tags"]

FIELD_ORDERS: Final[Mapping[int, str]] = MappingProxyType(
    {1: "progressive", 2: "tt", 3: "bb", 4: "tb", 5: "bt"}
)
"""FFmpeg's numbers of field orders (AVFieldOrder), and the words that its encoders take."""
_SITES: Final[Mapping[tuple[int, int], str]] = MappingProxyType(
    {(1, 2): "left", (2, 2): "center", (1, 1): "topleft", (2, 1): "top"}
)
"""Where chroma is sampled: Matroska's numbers across and down, and FFmpeg's words."""
_DYNAMIC: Final[Mapping[str, str]] = MappingProxyType(
    {
        "DYNAMIC_HDR_PLUS": "HDR10+",
        "DYNAMIC_HDR_VIVID": "HDR Vivid",
        "DOVI_RPU_BUFFER": "Dolby Vision",
        "DOVI_METADATA": "Dolby Vision",
    }
)
"""Side data of frames that says how each of them is to be toned."""


@dataclass(frozen=True, slots=True)
class MasteringDisplay:
    """The display on which a film was mastered (SMPTE ST 2086).

    Attributes:
        red: Chromaticity x and y of its red primary.
        green: Likewise.
        blue: Likewise.
        white: Likewise, of its white point.
        luminance: Its darkest and its brightest light, in cd/m2.
    """

    red: tuple[Fraction, Fraction]
    green: tuple[Fraction, Fraction]
    blue: tuple[Fraction, Fraction]
    white: tuple[Fraction, Fraction]
    luminance: tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class PictureTags:
    """What the source says of its picture, beside colour, size and turn.

    Attributes:
        chroma_location: Where chroma is sampled, in FFmpeg's words (`left`, `topleft`, ...);
            "" where nothing is said, and below the middle, which Matroska has no number for.
        field_order: FFmpeg's number of the field order (`FIELD_ORDERS`); 0 unspecified.
        interlaced: Whether its frames are two fields.
        mastering: The mastering display, where there is one.
        light: The brightest pixel and the brightest mean of a frame, cd/m2, where it is said.
        dynamic: Names of metadata that change from frame to frame, which no encoder here writes.
        chapters: Whether there are chapters.
    """

    chroma_location: str = ""
    field_order: int = 0
    interlaced: bool = False
    mastering: MasteringDisplay | None = None
    light: tuple[int, int] | None = None
    dynamic: tuple[str, ...] = ()
    chapters: bool = False


def picture_tags(path: Path, stream: int | None, picture: av.VideoFrame) -> PictureTags:
    """Read the tags of a movie's picture.

    Args:
        path: The movie.
        stream: Index of the video stream; None for the one that a player shows.
        picture: Its first frame, decoded.

    Raises:
        av.FFmpegError: When the movie cannot be read.
    """
    location, order = "", 0
    with open_movie(path) as container:
        chapters = bool(container.chapters())
        video = main_video(container, stream)
        if video is not None:
            location, order = _chroma_location(video), video.codec_context.field_order
    kinds = {item.type.name for item in _items(picture)}
    return PictureTags(
        location,
        order if order in FIELD_ORDERS else 0,
        picture.interlaced_frame,
        _mastering(picture),
        _light(picture),
        tuple(dict.fromkeys(name for kind, name in _DYNAMIC.items() if kind in kinds)),
        chapters,
    )


def _items(picture: av.VideoFrame) -> Iterable[SideData]:
    # PyAV's own types take it for a mapping of names.
    return cast(Iterable[SideData], picture.side_data)


def _chroma_location(video: VideoStream) -> str:
    """Where chroma is sampled.

    PyAV gives it nowhere, but copies it between streams: the header of a Matroska file with the
    same stream has it.
    """
    header = io.BytesIO()
    output = av.open(header, "w", format="matroska", options={"fflags": "+bitexact"})
    try:
        output.add_stream_from_template(video, opaque=True)
        output.start_encoding()
    except (av.FFmpegError, OSError, ValueError):
        return ""  # Matroska cannot hold this codec
    finally:
        with suppress(av.FFmpegError, OSError, ValueError):
            output.close()
    color = child(header.getvalue(), "Segment", "Tracks", "TrackEntry", "Video", "Colour")
    across, down = (read_uint(color, name) for name in ("ChromaSitingHorz", "ChromaSitingVert"))
    return _SITES.get((across or 0, down or 0), "")


def _mastering(picture: av.VideoFrame) -> MasteringDisplay | None:
    data = side_data(picture, SideDataType.MASTERING_DISPLAY_METADATA)
    if data is None:
        return None
    # FFmpeg's AVMasteringDisplayMetadata: ten rationals in a row, and two flags.
    numbers = struct.unpack_from("=22i", data)
    values = [
        Fraction(n, d) if d else Fraction(0)
        for n, d in zip(numbers[:20:2], numbers[1:20:2], strict=True)
    ]
    red, green, blue, white, light = ((values[i], values[i + 1]) for i in range(0, 10, 2))
    return MasteringDisplay(red, green, blue, white, light)


def _light(picture: av.VideoFrame) -> tuple[int, int] | None:
    data = side_data(picture, SideDataType.CONTENT_LIGHT_LEVEL)
    if data is None:
        return None
    brightest, mean = struct.unpack_from("=2I", data)
    return brightest, mean
