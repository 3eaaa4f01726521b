"""Media without their pictures: size, times, colour tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal

from mien.model.listing import list_numbers
from mien.timebase import Clock, FrameRange

__all__ = ["ColorTags", "MediaInfo", "MissingFrames", "Orientation", "StreamInfo"]

MissingFrames = Literal["error", "hold", "black"]
"""What stands for images of a sequence that are not there: nothing, the one before, or black."""


@dataclass(frozen=True, slots=True)
class ColorTags:
    """Colour description of a stream, in FFmpeg's numbers (ITU-T H.273); 2 is unspecified.

    Attributes:
        primaries: Colour primaries.
        transfer: Transfer characteristics.
        matrix: Y'CbCr matrix coefficients.
        range: 0 unspecified, 1 limited (MPEG), 2 full (JPEG).
    """

    primaries: int = 2
    transfer: int = 2
    matrix: int = 2
    range: int = 0


@dataclass(frozen=True, slots=True)
class Orientation:
    """The mirroring, turn and stretch from the coded picture to the upright one.

    In this order: the coded picture is stretched to square pixels, mirrored, then turned.

    Attributes:
        width: Coded width in pixels.
        height: Coded height in pixels.
        quarter_turns: Turns of 90 degrees, counter-clockwise, that make it upright (0..3).
        pixel_aspect: Width of a coded pixel over its height.
        mirrored: Whether the coded picture is flipped, left to right, before it is turned.
    """

    width: int
    height: int
    quarter_turns: int = 0
    pixel_aspect: Fraction = Fraction(1)
    mirrored: bool = False

    def __repr__(self) -> str:
        # Names of finished frames hold it: those of pictures that are not mirrored stay.
        return (
            f"Orientation(width={self.width!r}, height={self.height!r},"
            f" quarter_turns={self.quarter_turns!r}, pixel_aspect={self.pixel_aspect!r}"
            f"{', mirrored=True' if self.mirrored else ''})"
        )

    @property
    def as_shown(self) -> bool:
        """Whether the coded picture is upright as it is, neither mirrored nor turned."""
        return not self.mirrored and self.quarter_turns % 4 == 0

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height of the upright picture with square pixels."""
        size = (round(self.width * self.pixel_aspect), self.height)
        return size if self.quarter_turns % 2 == 0 else (size[1], size[0])


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """A stream of a movie: picture, sound, subtitles, data or a file.

    Attributes:
        number: Its number, by which `--stream` chooses a picture.
        kind: What it is.
        codec: FFmpeg's name of the codec, or the file's own where FFmpeg has none.
        description: Codec and size, or codec and channels, in a few words.
        language: Its language as the file says; empty without.
        title: Its title; empty without.
        default: Whether the file marks it as one that players show.
    """

    number: int
    kind: Literal["video", "cover", "audio", "subtitle", "data", "attachment"]
    codec: str
    description: str
    language: str = ""
    title: str = ""
    default: bool = False


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """Facts of a movie or image sequence, known without decoding a picture.

    Attributes:
        path: The file; for an image sequence the pattern, as `shot.%04d.exr`; of frames in memory
            only a name.
        kind: `movie`, `sequence`, or `memory` for frames that are in memory.
        container: FFmpeg's name of the format, or the images' extension.
        codec: FFmpeg's name of the video codec.
        pixel_format: FFmpeg's name of the decoded pixel format; `rgbf32` for EXR.
        bits: Bits of a component.
        orientation: Size, rotation, mirroring and pixel aspect.
        clock: Rate, number of frames, their times and the start timecode.
        time_base: Unit of `pts`, in seconds.
        pts: Presentation time of every frame in `time_base`, in display order.
        color: Colour tags of the stream.
        stream: Number of the video stream in a movie, as `mien probe` lists them; -1 for a
            project of an older mien that was not found again: the first that is no cover.
        streams: All streams of the movie; empty of images.
        field_order: Which field of an interlaced picture is first; empty where it is not said.
        chapters: Number of chapters.
        hidden_frames: Frames in the file that are not shown: an edit list hides them.
        left_out: What of the source its own kind of file cannot carry, and why, a sentence each.
        alpha: Whether the pictures say how transparent each pixel is.
        audio_streams: Number of audio streams.
        subtitle_streams: Number of subtitle streams.
        bit_rate: Video bits a second, 0 when not known.
        fingerprint: Names the content, to find it again after it moved (size and hashes of
            its head and tail), and the stream where it is not the first film in it.
        first_number: Number of the first image of a sequence.
        metadata: Container tags.
        cut_short: What is missing at its end, in a sentence; empty when nothing is.
        missing_frames: What is shown in place of images of a sequence that are not there.
        missing: Numbers of these images, ascending; empty where none is.
    """

    path: Path
    kind: Literal["movie", "sequence", "memory"]
    container: str
    codec: str
    pixel_format: str
    bits: int
    orientation: Orientation
    clock: Clock
    time_base: Fraction
    pts: tuple[int, ...]
    color: ColorTags
    audio_streams: int = 0
    subtitle_streams: int = 0
    bit_rate: int = 0
    fingerprint: str = ""
    first_number: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)
    cut_short: str = ""
    stream: int = 0
    left_out: tuple[str, ...] = ()
    alpha: bool = False
    streams: tuple[StreamInfo, ...] = ()
    field_order: Literal["progressive", "top", "bottom", ""] = ""
    chapters: int = 0
    hidden_frames: int = 0
    missing_frames: MissingFrames = "error"
    missing: tuple[int, ...] = ()

    def missing_in(self, frames: FrameRange) -> tuple[int, ...]:
        """Return the numbers of the images that are not there, among those of some frames.

        Args:
            frames: The frames.
        """
        low, high = (self.first_number + at for at in (frames.start, frames.stop))
        return tuple(number for number in self.missing if low <= number < high)

    def missing_note(self, frames: FrameRange) -> str:
        """Say which images are not there, and what is shown instead; empty where all are.

        Args:
            frames: The frames that are of interest.
        """
        lost = self.missing_in(frames)
        if not lost:
            return ""
        shown = "black is" if self.missing_frames == "black" else "the one before is"
        verb, noun = ("is", "image") if len(lost) == 1 else ("are", "images")
        return f"{self.path.name}: {noun} {list_numbers(lost)} {verb} missing; {shown} shown."

    def __repr__(self) -> str:
        width, height = self.orientation.upright_size
        return (
            f"MediaInfo({self.path}, {width} x {height}, {self.codec} {self.pixel_format},"
            f" {self.clock})"
        )
