"""A sound from another file, encoded for an output in the form that its container wants.

It is cut to the output, from its first frame to its last: what comes before it is silent, what lies
outside is cut off, to the sample. PCM and FLAC stay what they are where the container holds
them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Disposition

from mien.errors import MediaError, OutputError, UsageError
from mien.media.apart import apart
from mien.media.closing import Closing
from mien.media.codecs import Encoding
from mien.media.opening import open_input
from mien.media.resampling import resampled
from mien.media.sound_file import moving_media
from mien.model.soundtrack import Soundtrack

__all__ = ["AddedSound", "check_soundtrack"]

_BLOCK: Final = 1024
"""Samples of silence that are encoded at once."""
_GAP: Final = Fraction(1, 20)
"""Seconds by which times must leave the count of samples before they are believed; containers
round them."""
_BIT_RATE: Final = 96_000
"""Bits a second for each channel of a coded sound: 192 kbit/s for two."""
_LOSSY: Final = {"webm": "libopus", "mp4": "aac", "mov": "aac", "matroska": "aac"}
_KEPT: Final = {"mov": ("pcm",), "matroska": ("pcm", "flac"), "mxf": ("pcm",)}
"""Families of lossless sound that a container holds."""
_OPUS_RATE: Final = 48_000
_MXF_RATE: Final = 48_000
_LAYOUTS: Final = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
_CHANNELS: Final = {name: count for count, name in _LAYOUTS.items()}
_AAC_RATES: Final = (
    8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000,
)  # fmt: skip


class AddedSound(Closing):
    """Encodes the sound of a file into an output.

    Args:
        path: The file.
        begins: Second of the output at which its first sample is heard, of a movie what is heard
            with its first picture; may be negative.
        seconds: How long the output is.
        container: FFmpeg's name of the output's container.

    Raises:
        MediaError: When the file cannot be read, or has no sound.
    """

    def __init__(self, path: Path, begins: Fraction, seconds: Fraction, container: str) -> None:
        self._path = path
        try:
            self._input = open_input(path)
        except (av.FFmpegError, OSError) as error:
            raise MediaError(
                f"{path.name} cannot be read as sound: {error.strerror or error}.",
                "Check the path; WAV, FLAC, MP3, M4A and movies are read.",
                path=path,
            ) from error
        try:
            # By its pictures a movie says when it is heard, as `mien voice` hears it.
            movie = moving_media(path)
            self._sound = self._input.streams.audio[0]
            self._encoder, self._format, self._rate = _form(self._sound, container)
        except BaseException:
            self._input.close()
            raise
        self._origin = None if movie is None else movie.pts[0] * movie.time_base
        self._begins, self._seconds = begins, seconds
        self._stream: AudioStream | None = None
        self._packets: Iterator[Packet[Any]] = iter(())
        self._waiting: Packet[Any] | None = None

    def add_stream(self, output: OutputContainer) -> None:
        """Add its track to the output."""
        stream = output.add_stream(self._encoder, rate=self._rate)
        assert isinstance(stream, AudioStream)
        context = stream.codec_context
        context.layout = self._layout()
        context.format = self._format
        context.time_base = stream.time_base = Fraction(1, self._rate)
        if not self._encoder.startswith(("pcm", "flac")):
            context.bit_rate = _BIT_RATE * context.layout.nb_channels
        stream.disposition = Disposition.default
        language = self._sound.metadata.get("language")
        if language:
            stream.metadata["language"] = language
        self._stream = stream
        self._packets = self._encoded(context)

    def feed(self, output: OutputContainer, until: Fraction | None) -> None:
        """Write the packets up to a time of the output in seconds; all of them when None."""
        while True:
            if self._waiting is None:
                self._waiting = next(self._packets, None)
            packet = self._waiting
            if packet is None:
                return
            if until is not None and (packet.pts or 0) * packet.time_base > until:
                return
            output.mux(packet)
            self._waiting = None

    def end_at(self, seconds: Fraction) -> None:
        """Let it end earlier than was said."""
        self._seconds = seconds

    def close(self) -> None:
        """Let go of the file."""
        self._packets = iter(())
        self._input.close()

    def _layout(self) -> str:
        channels = self._sound.codec_context.layout.nb_channels
        return _LAYOUTS.get(channels, "stereo")

    def _encoded(self, context: AudioCodecContext) -> Iterator[Packet[Any]]:
        written, layout = 0, context.layout.name
        channels = 1 if self._planar else context.layout.nb_channels
        for samples in self._timed():
            frame = AudioFrame.from_ndarray(samples, format=self._format, layout=layout)
            frame.sample_rate = self._rate
            frame.pts, frame.time_base = written, Fraction(1, self._rate)
            written += samples.shape[1] // channels
            yield from self._of_stream(context.encode(frame))
        yield from self._of_stream(context.encode(None))

    def _of_stream(self, packets: list[Packet[Any]]) -> Iterator[Packet[Any]]:
        for packet in packets:
            packet.stream = self._stream
            yield packet

    @property
    def _planar(self) -> bool:
        return self._format.endswith("p")

    def _timed(self) -> Iterator[npt.NDArray[Any]]:
        """All samples of the output in blocks: silence, and the sound as far as it lies in it."""
        count = _CHANNELS[self._layout()]
        rows, channels = (count, 1) if self._planar else (1, count)
        frames = self._decoded()
        first = next(frames, None)
        if first is None:
            return
        at = round((self._begins + self._late(first)) * self._rate)
        for silent in range(0, at, _BLOCK):
            length = min(_BLOCK, at - silent, max(self._last() - silent, 0))
            if length:
                yield np.zeros((rows, length * channels), _dtype(self._format))
        sound = self._without_gaps(itertools.chain([first], frames))
        for samples in resampled(sound, self._format, self._layout(), self._rate):
            length = samples.shape[1] // channels
            start, stop = max(-at, 0), min(length, self._last() - at)
            at += length
            if stop > start:
                yield np.ascontiguousarray(samples[:, start * channels : stop * channels])
            if at >= self._last():
                return

    def _last(self) -> int:
        return round(self._seconds * self._rate)

    def _decoded(self) -> Iterator[AudioFrame]:
        try:
            yield from self._input.decode(self._sound)
        except av.FFmpegError as error:
            raise MediaError(
                f"The sound of {self._path.name} cannot be decoded: {error.strerror or error}.",
                "Convert it to WAV.",
                path=self._path,
            ) from error

    def _late(self, frame: AudioFrame) -> Fraction:
        """Seconds from a movie's first picture to a frame of its sound; 0 of sound alone."""
        if self._origin is None or frame.pts is None or frame.time_base is None:
            return Fraction(0)
        return frame.pts * frame.time_base - self._origin

    def _without_gaps(self, frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
        """The frames of a sound, with silence where a movie's times leave a gap between two."""
        expected: Fraction | None = None
        for frame in frames:
            stated = self._late(frame)
            if expected is not None and stated - expected > _GAP:
                yield from _silence(frame, round((stated - expected) * frame.sample_rate))
            if expected is None or abs(stated - expected) > _GAP:
                expected = stated
            expected += Fraction(frame.samples, frame.sample_rate)
            yield frame


def _silence(like: AudioFrame, length: int) -> Iterator[AudioFrame]:
    """Silent frames in the form of another."""
    for first in range(0, length, _BLOCK):
        frame = AudioFrame(like.format.name, like.layout.name, min(_BLOCK, length - first))
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate = like.sample_rate
        yield frame


def check_soundtrack(soundtrack: Soundtrack, output: Path, encoding: Encoding) -> None:
    """Refuse a sound that cannot be read, or an output that holds none, before anything is done.

    Raises:
        UsageError: When the output is images.
        OutputError: When the output is the file of the sound.
        MediaError: When the sound cannot be read.
    """
    if not encoding.container:
        raise UsageError(
            f"{output.name} is images, which hold no sound.", "Write a movie, or leave it out."
        )
    if output.exists() and soundtrack.path.exists() and output.samefile(soundtrack.path):
        raise OutputError(
            f"{output} is the sound that it is to have.", "Give the output another name."
        )
    open_once(soundtrack.path, encoding.container)


@apart
def open_once(path: Path, container: str) -> None:
    """Open a sound as for a container, to hear whether that can be done.

    Args:
        path: The file.
        container: FFmpeg's name of the output's container.

    Raises:
        MediaError: When the file cannot be read, or has no sound.
    """
    AddedSound(path, Fraction(0), Fraction(0), container).close()


def _dtype(name: str) -> str:
    return {"s16": "i2", "s32": "i4", "flt": "f4", "fltp": "f4", "s16p": "i2"}[name]


def _form(sound: AudioStream, container: str) -> tuple[str, str, int]:
    """Encoder, format and rate of samples that a container takes for a sound."""
    context = sound.codec_context
    name, rate = context.codec.canonical_name, context.sample_rate
    family = "pcm" if name.startswith("pcm") else name
    deep = context.format.bits > 16
    if container == "mxf":
        return ("pcm_s24le" if deep else "pcm_s16le"), ("s32" if deep else "s16"), _MXF_RATE
    if family in _KEPT.get(container, ()):
        if family == "flac":
            return "flac", ("s32" if deep else "s16"), rate
        if context.format.name.startswith(("flt", "dbl")):
            return "pcm_f32le", "flt", rate
        return ("pcm_s24le" if deep else "pcm_s16le"), ("s32" if deep else "s16"), rate
    encoder = _LOSSY[container]
    if encoder == "libopus":
        return encoder, "flt", _OPUS_RATE
    return encoder, "fltp", rate if rate in _AAC_RATES else _OPUS_RATE
