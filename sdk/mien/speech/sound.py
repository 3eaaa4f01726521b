"""The sound in which speech is looked for: one channel at 16 kHz, of a file or of a shot."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt

from mien.errors import InputError, MediaError
from mien.media.apart import apart
from mien.media.audio import AudioTrack, open_track
from mien.media.opening import open_input
from mien.media.resampling import resampled
from mien.media.sound_file import moving_media
from mien.model.media import MediaInfo

__all__ = ["SAMPLE_RATE", "Sound", "load_sound"]

SAMPLE_RATE: Final = 16_000
"""Samples a second, as recognisers of speech are trained for."""
LONGEST_SECONDS: Final = 2 * 3600
"""Longer sounds are refused where all of them is heard: this many take 230 MB."""
_MARGIN: Final = 1.0
"""Seconds beyond what is heard that are read."""
SILENT_DB: Final = -60.0
"""Loudness (RMS, dB below full scale) of the loudest moment below which it is silence."""
_SEARCH: Final = 5.0
"""Seconds before the end of a piece in which the quietest moment is looked for."""
_SHORTEST: Final = 0.02
_LOUDNESS_STEP: Final = 0.01
_AT_ONCE: Final = 6000
"""Steps of loudness that are worked out at once: a minute."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """One channel of sound at 16 kHz.

    Attributes:
        name: What it is called in messages.
        samples: (N,) int16.
        more: Seconds for which its file goes on after them, as the file says: what nobody is to
            hear is not read.
    """

    name: str
    samples: npt.NDArray[np.int16]
    more: float = 0.0

    def __repr__(self) -> str:
        return f"Sound('{self.name}', {self.seconds:.2f} s)"

    @property
    def seconds(self) -> float:
        """Seconds that it lasts."""
        return len(self.samples) / SAMPLE_RATE

    def cut(self, start: float, stop: float) -> Sound:
        """Return the part between two times in seconds; silence stands where there is none."""
        first, last = round(start * SAMPLE_RATE), round(stop * SAMPLE_RATE)
        kept = self.samples[max(first, 0) : max(last, 0)]
        before, after = max(-first, 0), max(last - max(first, 0) - len(kept), 0)
        if not before and not after:
            # Not once more: an hour takes 115 MB.
            return Sound(self.name, kept)
        return Sound(self.name, np.pad(kept, (min(before, last - first), after))[: last - first])

    def loudness(self) -> npt.NDArray[np.float32]:
        """Return the loudness every 10 ms: RMS over 20 ms, in dB below full scale."""
        step = round(_LOUDNESS_STEP * SAMPLE_RATE)
        count = max(len(self.samples) // step, 1)
        power = np.zeros(count, np.float32)
        for first in range(0, count, _AT_ONCE):
            # Not all at once: an hour as real numbers takes 230 MB, and its squares as many.
            part = self.samples[first * step : min(first + _AT_ONCE, count) * step]
            squares = (part.astype(np.float32) / 32768) ** 2
            squares = np.pad(squares, (0, -len(squares) % step)).reshape(-1, step)
            power[first : first + len(squares)] = squares.mean(axis=1)
        around = np.convolve(np.pad(power, 1, mode="edge"), (0.25, 0.5, 0.25), "valid")
        return np.asarray(10 * np.log10(np.maximum(around, 1e-10)), np.float32)

    def pieces(self, longest: float) -> Iterator[tuple[float, float]]:
        """Yield times in seconds from one quiet moment to the next, all of the sound.

        Args:
            longest: Seconds of a piece at most; more than five.
        """
        loudness = self.loudness()
        start = 0.0
        while self.seconds - start > longest:
            first, last = round((start + longest - _SEARCH) * 100), round((start + longest) * 100)
            # Over a tenth of a second: the moment within a stop is quiet too, and short.
            quiet = np.convolve(loudness[first:last], np.ones(10) / 10, "same")
            stop = (first + int(np.argmin(quiet))) / 100
            yield start, stop
            start = stop
        if self.seconds - start > _SHORTEST:
            yield start, self.seconds

    @property
    def is_silent(self) -> bool:
        """Whether nothing can be heard anywhere."""
        return bool(not len(self.samples) or self.loudness().max() < SILENT_DB)


@apart
def load_sound(source: MediaInfo | Path, until: float | None = None) -> Sound:
    """Read the sound of a shot, or of any file with sound.

    Args:
        source: Facts of a shot's media, whose sound is counted from the time of frame 0; or a
            path: a movie, whose sound is counted so too, or a file of sound alone.
        until: The second after which nothing is heard; all is read when None.

    Raises:
        MediaError: When the file is missing, cannot be decoded or has no sound.
        InputError: When it is longer than two hours.
    """
    path = source.path if isinstance(source, MediaInfo) else source
    media = source if isinstance(source, MediaInfo) else moving_media(path)
    told: list[float] = []
    blocks = _of_file(path, told) if media is None else _of_movie(media, told)
    # Grows in place: parts that are put together at the end would take as much once more.
    held, least = bytearray(), 2 * SAMPLE_RATE
    try:
        for block in blocks:
            held += np.ascontiguousarray(block).tobytes()
            seconds = len(held) / least
            if until is not None and told and seconds >= until + _MARGIN:
                break
            if seconds > LONGEST_SECONDS:
                raise InputError(
                    f"{path.name} has more than {LONGEST_SECONDS // 3600} hours of sound.",
                    "Cut out the part that is spoken.",
                    path=path,
                )
    finally:
        blocks.close()
    samples = np.frombuffer(held, np.int16)
    return Sound(path.name, samples, max(told[0] - len(held) / least, 0.0) if told else 0.0)


def _of_movie(
    media: MediaInfo, told: list[float]
) -> Generator[npt.NDArray[np.int16], None, None]:  # fmt: skip
    """Blocks of a movie's sound from the time of frame 0; gaps are silent.

    Into `told` goes the second at which it ends, where the file says it.
    """
    track = open_track(media)
    if track is None:
        raise MediaError(
            f"{media.path.name} has no sound.", "Give a file with the sound.", path=media.path
        )
    if track.seconds is not None:
        told.append(track.seconds)
    try:
        yield from _heard(_frames_of(track))
    except av.FFmpegError as error:
        raise _undecodable(media.path, error) from error
    finally:
        track.close()


def _frames_of(track: AudioTrack) -> Iterator[av.AudioFrame]:
    """The sound of a track without gaps, one channel."""
    written = 0
    for first, block in track.blocks():
        if first + len(block) <= written:
            continue
        if first < written:
            block = block[written - first :]
        elif first > written:
            block = np.pad(block, ((first - written, 0), (0, 0)))
        written += len(block)
        mono = np.clip(block.mean(axis=1, keepdims=True), -1, 1).T
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(mono, np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = track.rate
        yield frame


def _of_file(path: Path, told: list[float]) -> Generator[npt.NDArray[np.int16], None, None]:
    try:
        with open_input(path) as container:
            stream = container.streams.audio[0]
            if stream.duration is not None and stream.time_base is not None:
                told.append(float(stream.duration * stream.time_base))
            yield from _heard(container.decode(stream))
    except av.FFmpegError as error:
        raise _undecodable(path, error) from error


def _heard(frames: Iterable[av.AudioFrame]) -> Iterator[npt.NDArray[np.int16]]:
    return (part[0] for part in resampled(frames, "s16", "mono", SAMPLE_RATE))


def _undecodable(path: Path, error: av.FFmpegError) -> MediaError:
    return MediaError(
        f"The sound of {path.name} cannot be decoded: {error.strerror or error}.",
        "Convert it to WAV, or give the sound as a file of its own.",
        path=path,
    )
