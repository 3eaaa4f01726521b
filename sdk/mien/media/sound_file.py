"""Files that are taken for their sound: sound alone, or movies, whose sound has a place in time."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.stream import Disposition

from mien._types import FloatArray
from mien.errors import MediaError
from mien.media.apart import decoding_process
from mien.media.audio import AudioTrack, PlayedSound
from mien.media.opening import open_input
from mien.media.probe import probe
from mien.model.media import MediaInfo

__all__ = ["SoundFile", "moving_media", "open_sound"]

_FULL = 32768


class SoundFile:
    """The sound of a file that holds nothing else, decoded once.

    Args:
        path: The file.
        seconds: How much of it is wanted, from its first sample.

    Attributes:
        rate: Samples in a second.
        channels: 1, or 2: more are mixed down.

    Raises:
        MediaError: When it is missing, cannot be decoded, or has no sound.
    """

    def __init__(self, path: Path, seconds: float) -> None:
        try:
            with open_input(path) as container:
                stream = container.streams.audio[0]
                self.rate: int = stream.codec_context.sample_rate
                self.channels: int = min(2, stream.codec_context.layout.nb_channels)
                self._samples = self._decoded(container.decode(stream), seconds)
        except (av.FFmpegError, OSError, IndexError) as error:
            raise MediaError(
                f"The sound of {path.name} cannot be decoded: {error}.",
                "Check the path; WAV, FLAC, MP3, M4A and movies are read.",
                path=path,
            ) from error

    def _decoded(self, frames: Iterator[AudioFrame], seconds: float) -> npt.NDArray[np.int16]:
        """(N, channels) samples."""
        layout = "mono" if self.channels == 1 else "stereo"
        resampler = AudioResampler("s16", layout, self.rate)
        parts, count, wanted = [], 0, round(seconds * self.rate)
        for frame in itertools.chain(frames, [None]):
            if frame is not None:
                frame.pts = None
            for one in resampler.resample(frame):
                part = one.to_ndarray().reshape(-1, self.channels)
                parts.append(part)
                count += len(part)
            if count >= wanted:
                break
        return np.concatenate(parts)[:wanted] if parts else np.zeros((0, self.channels), np.int16)

    def read(self, start: int, count: int) -> FloatArray:
        """Return (count, channels) float32 samples, nominally -1..1; silence where none are.

        Args:
            start: The first sample, counted from the file's first.
            count: How many.
        """
        result = np.zeros((count, self.channels), dtype=np.float32)
        low, high = max(start, 0), min(start + count, len(self._samples))
        if low < high:
            result[low - start : high - start] = self._samples[low:high] / np.float32(_FULL)
        return result

    def close(self) -> None:
        """Let go of the samples."""
        self._samples = self._samples[:0]


def open_sound(path: Path, seconds: float) -> PlayedSound:
    """Open the sound of a file for playing.

    That of a movie is heard from the time of its frame 0, any other from its beginning.

    Args:
        path: The file.
        seconds: How much of it is wanted.

    Raises:
        MediaError: When it is missing, cannot be decoded, or has no sound.
    """
    process = decoding_process()
    if process is None:
        movie = moving_media(path)
        return SoundFile(path, seconds) if movie is None else AudioTrack.opened(movie)
    from mien.media.apart_sound import ApartSound

    return ApartSound(process, {"path": path, "seconds": seconds})


def moving_media(path: Path) -> MediaInfo | None:
    """Return facts of a file that has pictures over time; None of one that has sound alone.

    Args:
        path: A file that is taken for its sound.

    Raises:
        MediaError: When it is missing, cannot be read or has no sound.
    """
    if not os.path.isfile(path):
        raise MediaError(f"{path} does not exist.", "Check the path of the sound.", path=path)
    try:
        with open_input(path) as container:
            heard = bool(container.streams.audio)
            moving = any(
                not stream.disposition & Disposition.attached_pic
                for stream in container.streams.video
            )
    except (av.FFmpegError, OSError) as error:
        raise MediaError(
            f"{path.name} cannot be read as sound: {error.strerror or error}.",
            "Give a WAV, FLAC, MP3, M4A, Ogg or movie file.",
            path=path,
        ) from error
    if not heard:
        raise MediaError(f"{path.name} has no sound.", "Give a file that has some.", path=path)
    return probe(path) if moving else None
