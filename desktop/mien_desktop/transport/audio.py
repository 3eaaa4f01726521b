"""Sound while playing: fed ahead of time to a device, whose clock then tells the time.

    Feed      reads the shot's sound along the course of time, in a thread, a little ahead
    Speaker   takes blocks from it whenever its device wants some, and knows what was heard

A block that comes too late is silence, and what it would have held is left out, so that sound
never falls behind the picture.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

import numpy as np

from mien._types import DoubleArray, FloatArray
from mien_desktop.geometry.playback_clock import PlaybackClock

__all__ = ["DeviceSpeaker", "Feed", "NoSoundError", "Sound", "Speaker", "audible"]

FASTEST_HEARD: Final = 2.0
"""Speed beyond which sound is noise; faster, and backward, plays without."""
_BLOCK: Final = 1024
"""Samples read at once."""
_AHEAD: Final = 0.4
"""Seconds that are read ahead."""
_CLOSE: Final = 2.0
"""Seconds that a thread is waited for."""

SampleSource = Callable[[int], FloatArray]


class NoSoundError(Exception):
    """There is no device, or no library to reach it; the text says which."""


class Sound(Protocol):
    """The sound of a shot, as `mien.media.audio.AudioTrack` reads it."""

    rate: int
    channels: int

    def read(self, start: int, count: int) -> FloatArray:
        """Return (count, channels) samples; `start` counts from the time of frame 0."""
        ...


class Speaker(Protocol):
    """Plays samples at its own pace."""

    def start(self, rate: int, channels: int, pull: SampleSource) -> None:
        """Begin to play what `pull` gives.

        Args:
            rate: Samples a second.
            channels: Channels of a sample.
            pull: Asked from another thread for (n, channels) samples; answers at once.

        Raises:
            NoSoundError: When nothing can be heard here.
        """
        ...

    def heard(self) -> float:
        """Return the seconds of sound that were heard since the start."""
        ...

    def stop(self) -> None:
        """Be silent."""
        ...


def audible(speed: float) -> bool:
    """Return whether sound is played at a speed."""
    return 0 < speed <= FASTEST_HEARD


class Feed:
    """The samples of a shot along a playback clock.

    Args:
        sound: The shot's sound.
        clock: How time runs; forward.
    """

    def __init__(self, sound: Sound, clock: PlaybackClock) -> None:
        self._sound = sound
        self._clock = clock
        self._blocks: deque[tuple[int, FloatArray]] = deque()
        self._made = self._taken = 0
        self._demand = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="playback-sound", daemon=True)
        self._thread.start()

    @property
    def ready(self) -> int:
        """Samples from the start on up to which all is read, or left out."""
        return self._made

    def pull(self, count: int) -> FloatArray:
        """Return the next samples (count, channels); silence for those that are not read yet."""
        result = np.zeros((count, self._sound.channels), dtype=np.float32)
        with self._demand:
            start, self._taken = self._taken, self._taken + count
            while self._blocks and self._blocks[0][0] < self._taken:
                at, block = self._blocks[0]
                low, high = max(at, start), min(at + len(block), self._taken)
                if low < high:
                    result[low - start : high - start] = block[low - at : high - at]
                if at + len(block) > self._taken:
                    break
                self._blocks.popleft()
            self._demand.notify()
        return result

    def close(self) -> None:
        """Read no more."""
        with self._demand:
            self._closed = True
            self._demand.notify()
        self._thread.join(_CLOSE)

    def samples(self, start: int, count: int) -> FloatArray:
        """Return (count, channels) samples that are due from the `start`-th on."""
        clock, rate = self._clock, self._sound.rate
        begin = round(clock.begin * rate)
        length = max(round(clock.length * rate), 1)
        first = round(float(clock.clock.seconds(clock.start)) * rate) - begin
        positions = first + (start + np.arange(count, dtype=np.float64)) * clock.speed
        if clock.loop:
            return self._round(positions, begin, length)
        silent = positions >= length
        samples = self._read(begin + positions)
        samples[silent] = 0
        return samples

    def _round(self, positions: DoubleArray, begin: int, length: int) -> FloatArray:
        """Read samples at positions that go round in the span, in pieces between the turns."""
        turns = np.floor(positions / length)
        starts = np.concatenate([[0], np.flatnonzero(np.diff(turns)) + 1, [len(positions)]])
        pieces = [
            self._read(begin + positions[a:b] - turns[a] * length)
            for a, b in itertools.pairwise(starts)
        ]
        return np.concatenate(pieces)

    def _read(self, positions: DoubleArray) -> FloatArray:
        """Read (N, channels) samples at ascending positions, between samples by interpolation."""
        first = int(np.floor(positions[0]))
        if self._clock.speed == 1:
            return self._sound.read(first, len(positions))
        read = self._sound.read(first, int(np.ceil(positions[-1])) - first + 1)
        at = np.arange(len(read))
        columns = [np.interp(positions - first, at, column) for column in read.T]
        return np.stack(columns, axis=1).astype(np.float32)

    def _run(self) -> None:
        ahead = round(_AHEAD * self._sound.rate)
        while True:
            with self._demand:
                self._demand.wait_for(lambda: self._closed or self._made < self._taken + ahead)
                if self._closed:
                    return
                # What is late already is left out.
                at = max(self._made, self._taken)
            block = self.samples(at, _BLOCK)
            with self._demand:
                self._blocks.append((at, block))
                self._made = at + len(block)


class DeviceSpeaker:
    """The sound device that the system has chosen, through PortAudio."""

    def __init__(self) -> None:
        self._stream: Any = None
        self._rate = 1
        self._block: tuple[int, float] | None = None
        self._heard = 0.0

    def start(self, rate: int, channels: int, pull: SampleSource) -> None:
        """Begin to play; see `Speaker`."""
        try:
            # Loaded only now: it looks for PortAudio, which a machine need not have.
            import sounddevice
        except (ImportError, OSError) as error:
            raise NoSoundError(f"sound needs PortAudio ({error})") from error
        self._rate, self._block, self._heard = rate, None, 0.0
        sent = 0

        def call(out: FloatArray, count: int, times: Any, status: object) -> None:
            nonlocal sent
            out[:] = pull(count)
            self._block = sent, times.outputBufferDacTime
            sent += count

        try:
            self._stream = sounddevice.OutputStream(
                samplerate=rate, channels=channels, dtype="float32", callback=call
            )
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            self._stream = None
            raise NoSoundError(f"no sound device plays {rate} Hz ({error})") from error

    def heard(self) -> float:
        """Return the seconds heard; see `Speaker`."""
        stream, block = self._stream, self._block
        if stream is not None and block is not None:
            # A block begins to be heard when it is due; time as the device tells it jitters.
            heard = block[0] / self._rate + float(stream.time) - block[1]
            self._heard = max(self._heard, heard)
        return self._heard

    def stop(self) -> None:
        """Be silent; see `Speaker`."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.abort()
            stream.close()
