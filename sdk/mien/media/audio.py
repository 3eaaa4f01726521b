"""The sound of a shot, for playing it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from fractions import Fraction
from typing import Final, Protocol, cast

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

from mien._types import FloatArray
from mien.errors import MediaError
from mien.media.apart import decoding_process
from mien.media.clock_repair import mended
from mien.media.index import movie_index, open_movie
from mien.media.streams import can_decode, other_programs
from mien.model.media import MediaInfo

__all__ = ["AudioTrack", "PlayedSound", "open_audio", "open_track"]

_PREROLL: Final = Fraction(1, 5)
"""Seconds decoded before what is wanted: a decoder needs a few packets to find its voice."""
_KEPT: Final = 2.0
"""Seconds of sound kept behind what was read last."""
_JUMP: Final = 0.05
"""Seconds by which times must leave the count of samples before they are believed: some
formats round times to milliseconds, which would click."""


class PlayedSound(Protocol):
    """A sound that can be read anywhere.

    Attributes:
        rate: Samples in a second.
        channels: 1, or 2: more are mixed down.
    """

    rate: int
    channels: int

    def read(self, start: int, count: int) -> FloatArray:
        """Return (count, channels) samples from `start` on, silence where there is no sound."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class AudioTrack:
    """The first sound track of a movie that can be decoded, decoded where it is read.

    Args:
        media: Facts of a movie with sound.

    Attributes:
        rate: Samples in a second.
        channels: 1, or 2: more are mixed down.

    Raises:
        av.FFmpegError: When it cannot be opened.
        MediaError: When the movie has none.
    """

    def __init__(self, media: MediaInfo) -> None:
        self._media = media
        self._jumps = movie_index(media.path, media.stream).jumps
        self._container: InputContainer | None = open_movie(media.path)
        sound = _first_sound(self._container, media)
        if sound is None:
            self._container.close()
            raise MediaError(
                f"{media.path.name} has no sound that FFmpeg can decode.",
                "Convert its sound to AAC or PCM.",
                path=media.path,
            )
        self._stream: AudioStream = sound
        self._number = sound.index
        context = self._stream.codec_context
        self.rate: int = context.sample_rate
        self.channels: int = min(2, context.layout.nb_channels)
        self._tick = self._stream.time_base or Fraction(1, self.rate)
        self._ends = self._end_of_edit()
        self._start = media.pts[0] * media.time_base
        self._lock = threading.Lock()
        self._blocks: Iterator[tuple[int, FloatArray]] = iter(())
        self._begin = self._end = 0
        self._samples: list[FloatArray] = []
        self._seek(0)

    @classmethod
    def opened(cls, media: MediaInfo) -> AudioTrack:
        """Return the sound of a movie.

        Raises:
            MediaError: When it has none, or it cannot be opened.
        """
        try:
            return cls(media)
        except (av.FFmpegError, OSError) as error:
            raise MediaError(
                f"The sound of {media.path.name} cannot be opened: {error}.",
                "Convert its sound to AAC or PCM.",
                path=media.path,
            ) from error

    @property
    def seconds(self) -> float | None:
        """Seconds from the time of frame 0 at which the file says that it ends; None where not."""
        if self._stream.duration is None or self._jumps:
            return None
        end = ((self._stream.start_time or 0) + self._stream.duration) * self._tick
        return float(end - self._start)

    def read(self, start: int, count: int) -> FloatArray:
        """Samples of the sound.

        Args:
            start: The first sample, counted from the time of frame 0.
            count: How many.

        Returns:
            (count, channels) float32, nominally -1..1; silence where there is no sound.
        """
        result = np.zeros((count, self.channels), dtype=np.float32)
        with self._lock:
            if self._container is None:
                return result
            if start < self._begin or start > self._end + self.rate:
                self._seek(start)
            while self._end < start + count:
                block = next(self._blocks, None)
                if block is None:
                    break
                self._append(*block)
            self._forget(start - round(_KEPT * self.rate))
            held = np.concatenate(self._samples) if self._samples else result[:0]
            low, high = max(start, self._begin), min(start + count, self._end)
            if low < high:
                result[low - start : high - start] = held[low - self._begin : high - self._begin]
        return result

    def blocks(self) -> Iterator[tuple[int, FloatArray]]:
        """All of the sound: the first sample's number of each block, and (n, channels)."""
        with self._lock:
            self._seek(None)
            yield from self._blocks

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._container is not None:
                self._container.close()
                self._container = None
            self._blocks = iter(())
            self._samples.clear()

    def _end_of_edit(self) -> Fraction | None:
        """The second at which an edit list ends the sound, maybe within a packet; None without."""
        assert self._container is not None
        stream = self._stream
        if not self._container.format.name.startswith("mov") or not stream.duration:
            return None
        return ((stream.start_time or 0) + stream.duration) * self._tick

    def _seek(self, start: int | None) -> None:
        """Make the block that holds a sample, or one before it, the next; None for the first."""
        assert self._container is not None
        self._samples.clear()
        seconds = None
        if start is not None and start > _PREROLL * self.rate:
            seconds = self._start + Fraction(start, self.rate) - _PREROLL
        self._blocks = self._decoded(self._packets(seconds))
        first = next(self._blocks, None)
        self._begin = self._end = first[0] if first is not None else start or 0
        if first is not None:
            self._blocks = itertools.chain([first], self._blocks)

    def _packets(self, start: Fraction | None) -> Iterator[Packet[AudioStream]]:
        """Packets from a second of the film's clock on; all of them when None."""
        assert self._container is not None
        if self._jumps:
            # Where the clock was set anew no time can be searched for.
            self._container.close()
            self._container = open_movie(self._media.path)
            self._stream = cast("AudioStream", self._container.streams[self._number])
            packets = cast("Iterator[Packet[AudioStream]]", mended(self._container, self._stream))
            return itertools.dropwhile(lambda packet: _before(packet, start), packets)
        if start is not None:
            self._container.seek(int(start / self._tick), stream=self._stream)
        else:
            self._container.seek(0, any_frame=False)
        return self._container.demux(self._stream)

    def _decoded(self, packets: Iterator[Packet[AudioStream]]) -> Iterator[tuple[int, FloatArray]]:
        layout = "mono" if self.channels == 1 else "stereo"
        resampler = AudioResampler(format="flt", layout=layout, rate=self.rate)
        expected: int | None = None
        for packet in packets:
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                # A damaged packet is silence; the next one says where it belongs.
                continue
            for frame in frames:
                if frame.pts is None or frame.time_base is None:
                    continue
                stated = round((frame.pts * frame.time_base - self._start) * self.rate)
                end = None
                if self._ends is not None:
                    end = round((self._ends - self._start) * self.rate)
                if expected is None or abs(stated - expected) > _JUMP * self.rate:
                    expected = stated
                for part in resampler.resample(frame):
                    samples = part.to_ndarray().reshape(-1, self.channels)
                    heard = samples if end is None else samples[: max(0, end - expected)]
                    yield expected, np.asarray(heard, dtype=np.float32)
                    expected += len(samples)

    def _append(self, at: int, samples: FloatArray) -> None:
        gap = at - self._end
        if gap > 0:
            self._samples.append(np.zeros((gap, self.channels), dtype=np.float32))
        elif gap < 0:
            samples = samples[-gap:]
        self._samples.append(samples)
        self._end = max(self._end, at) + len(samples)

    def _forget(self, before: int) -> None:
        while self._samples and self._begin + len(self._samples[0]) < before:
            self._begin += len(self._samples.pop(0))


def _before(packet: Packet[AudioStream], second: Fraction | None) -> bool:
    """Whether a packet lies before a second, and something comes after it."""
    if second is None or packet.pts is None:
        return False
    return bool(packet.pts * packet.time_base < second)


def _first_sound(container: InputContainer, media: MediaInfo) -> AudioStream | None:
    """The first sound that can be decoded and is not of another program; None without."""
    elsewhere = other_programs(container)
    if media.stream in elsewhere:
        # Another program was asked for: nothing says which tracks are of it.
        elsewhere = frozenset()
    for stream in container.streams.audio:
        if stream.index not in elsewhere and can_decode(stream):
            context = stream.codec_context
            if context.sample_rate > 0 and context.layout.nb_channels > 0:
                return stream
    return None


def open_audio(media: MediaInfo) -> PlayedSound | None:
    """The sound of a shot; None where it has none that can be decoded."""
    if media.kind != "movie" or not media.audio_streams:
        return None
    process = decoding_process()
    if process is None:
        return open_track(media)
    from mien.media.apart_sound import ApartSound

    try:
        return ApartSound(process, {"media": media})
    except MediaError:
        return None


def open_track(media: MediaInfo) -> AudioTrack | None:
    """The sound of a shot, decoded in this very process; see `open_audio`."""
    if media.kind != "movie" or not media.audio_streams:
        return None
    try:
        return AudioTrack.opened(media)
    except MediaError:
        return None
