"""Which video stream of a movie is opened: the one that a player would show.

A movie may hold several: covers, thumbnails of chapters, a second camera, a proxy, other
programs of a transport stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from mien.errors import UsageError
from mien.media.programs import first_program

__all__ = [
    "OLD_CHOICE",
    "can_decode",
    "describe_video",
    "has_side_alpha",
    "is_cover",
    "main_video",
    "opened_from",
    "other_programs",
    "whole_frames",
]

OLD_CHOICE: Final = -1
"""In place of a stream's number: the first that is no cover. Projects that name none were tracked
on it, by a mien that knew no other choice."""

_COVERS: Final = Disposition.attached_pic | Disposition.timed_thumbnails
_BESIDE_THE_FILM: Final = (
    Disposition.dependent
    | Disposition.still_image
    | Disposition.hearing_impaired
    | Disposition.visual_impaired
)
_IMAGE_CODECS: Final = ("mjpeg", "png", "bmp", "gif", "webp", "tiff", "jpeg2000", "ljpeg")
_TAKE_ZEROS: Final = ("ffv1", "qtrle", "huffyuv", "ffvhuff", "utvideo", "magicyuv")
"""Codecs whose decoders make a picture of zeros without a word."""
_LEAST_WIPED: Final = 64
"""Bytes from which a packet of zeros is none that says `as before`."""
_ALPHA_DECODERS: Final = {"vp9": "libvpx-vp9", "vp8": "libvpx"}
"""Decoders that read alpha from the side blocks of WebM; FFmpeg's own leave it out."""


def main_video(container: InputContainer, number: int | None = None) -> VideoStream | None:
    """The video stream of a movie that is opened.

    Without a number it is the one that a player would show: never a cover, thumbnails or what
    FFmpeg cannot decode; of a transport stream one of the first program that has pictures;
    one marked as default (enabled, in MOV and MP4) before others; the first of equals.

    Args:
        container: The movie.
        number: Number of a stream, as `mien probe` lists them, or `OLD_CHOICE`.

    Returns:
        The stream; None where there is none to be shown.

    Raises:
        UsageError: When that number is not one of a video stream that can be decoded.
    """
    able = [s for s in container.streams.video if can_decode(s)]
    if number is not None and number >= 0:
        for stream in able:
            if stream.index == number:
                return stream
        raise _no_such_stream(container, number)
    films = [s for s in able if not is_cover(s)]
    if len(films) < 2 or number == OLD_CHOICE:
        return films[0] if films else None
    elsewhere = other_programs(container)
    return min(films, key=lambda stream: _rank(stream, elsewhere))


def can_decode(stream: Stream) -> bool:
    """Whether FFmpeg has a decoder for a stream."""
    return getattr(stream, "codec_context", None) is not None


def is_cover(stream: VideoStream) -> bool:
    """Whether a stream is a cover picture or thumbnails, which no player shows as the film."""
    return bool(stream.disposition & _COVERS)


def other_programs(container: InputContainer) -> frozenset[int]:
    """Numbers of the streams of a transport stream that belong to other programs only.

    The program that counts is the first that has pictures.
    """
    if container.format.name != "mpegts":
        return frozenset()
    pictures = {s.id for s in container.streams.video if can_decode(s)}
    program = first_program(opened_from(container), pictures)
    if program is None:
        return frozenset()
    return frozenset(s.index for s in container.streams if s.id not in program)


def opened_from(container: InputContainer) -> Path:
    """The path that a movie was opened from."""
    return Path(container.name.removeprefix("file:"))


def describe_video(stream: VideoStream) -> str:
    """A video stream in a few words: `h264, 1920 x 1080`."""
    if not can_decode(stream):
        return "a codec that FFmpeg cannot decode"
    context = stream.codec_context
    words = f"{context.codec.canonical_name}, {context.width} x {context.height}"
    return f"{words}, a cover" if is_cover(stream) else words


def whole_frames(
    packets: Iterable[Packet[VideoStream]], failed: Callable[[], bool] | None = None
) -> Iterator[av.VideoFrame]:
    """All frames that can be decoded from packets, with alpha where the stream has it.

    Damaged packets give none: their frames are missed by their time, and named, by whoever
    wants them.

    Args:
        packets: Packets of one video stream.
        failed: Asked at a damaged packet whether to go on; None to go on always.

    Raises:
        av.error.InvalidDataError: When a packet is damaged, and the answer is no.
    """
    apart: av.VideoCodecContext | None = None
    for number, packet in enumerate(packets):
        if number == 0:
            apart = _alpha_decoder(packet.stream)
        if _is_wiped(packet):
            continue
        try:
            if apart is None:
                yield from packet.decode()
            else:
                yield from apart.decode(packet if packet.size else None)
        except av.error.InvalidDataError:
            if failed is not None and not failed():
                raise


def _is_wiped(packet: Packet[VideoStream]) -> bool:
    """Whether a packet is zeros, as holes in copies are, and its decoder would not say so."""
    if (
        packet.size < _LEAST_WIPED
        or packet.stream.codec_context.codec.canonical_name not in _TAKE_ZEROS
    ):
        return False
    content = memoryview(packet)
    return not any(content[:_LEAST_WIPED]) and not any(content)


def has_side_alpha(video: VideoStream) -> bool:
    """Whether a stream's alpha lies in blocks beside its pictures (VP8 and VP9 in WebM)."""
    tags = {key.lower(): value for key, value in video.metadata.items()}
    return video.codec_context.codec.canonical_name in _ALPHA_DECODERS and tags.get(
        "alpha_mode", "0"
    ) not in ("", "0")


def _alpha_decoder(video: VideoStream) -> av.VideoCodecContext | None:
    """A decoder that reads alpha too; None where the stream's own is right."""
    if not has_side_alpha(video):
        return None
    own = video.codec_context
    try:
        name = _ALPHA_DECODERS[own.codec.canonical_name]
        decoder = av.CodecContext.create(name, "r")
    except (av.error.DecoderNotFoundError, ValueError):
        return None  # a build without libvpx: what is then lost is said by the pixel format
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_count = own.thread_count
    return decoder


def _rank(stream: VideoStream, elsewhere: frozenset[int]) -> tuple[object, ...]:
    """How far a stream is from what a player shows; the least is shown."""
    disposition = stream.disposition
    return (
        stream.index in elsewhere,
        not stream.codec_context.width,
        bool(disposition & _BESIDE_THE_FILM),
        _is_still(stream),
        not disposition & Disposition.default,
        bool(disposition & Disposition.comment),
        stream.index,
    )


def _is_still(stream: VideoStream) -> bool:
    """Whether a stream is one image of an image codec: a cover that is not marked as one."""
    if stream.codec_context.codec.canonical_name not in _IMAGE_CODECS:
        return False
    tags = {key.upper(): value for key, value in stream.metadata.items()}
    frames = stream.frames or next(
        (int(v) for k, v in tags.items() if k.startswith("NUMBER_OF_FRAMES") and v.isdecimal()), 0
    )
    if frames:
        return frames == 1
    rate, length = stream.average_rate or Fraction(25), tags.get("DURATION", "")
    try:
        hours, minutes, seconds = length.split(":")
        lasts = Fraction(hours) * 3600 + Fraction(minutes) * 60 + Fraction(seconds)
    except ValueError:
        return False
    return lasts * rate < 2


def _no_such_stream(container: InputContainer, number: int) -> UsageError:
    name = opened_from(container).name
    able = [s for s in container.streams.video if can_decode(s)]
    listed = "; ".join(f"{s.index} ({describe_video(s)})" for s in able) or "none"
    others = [s for s in container.streams if s.index == number]
    kind = f"stream {number} is {others[0].type}" if others else f"there is no stream {number}"
    if others and others[0].type == "video":
        kind = f"stream {number} is in a codec that FFmpeg cannot decode"
    return UsageError(
        f"{name} cannot be opened at stream {number}: {kind}.",
        f"Its video streams are {listed}.",
        choices=tuple(str(s.index) for s in able),
    )
