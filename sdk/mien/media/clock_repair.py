"""One running clock out of several: streams whose clock is set anew in the middle.

Transport and program streams that were recorded in pieces, or joined, jump in time. Sound and
picture jump together but not in the same place of the file, so a jump that one stream met is
looked for in the others, and all of them move by the same amount: they stay in step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Final

from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

__all__ = ["ClockRepair", "has_broadcast_clock", "mended"]

_BROADCAST: Final = ("mpegts", "mpeg")
"""Formats (FFmpeg's names) whose clock may start anywhere and be set anew anywhere."""
_LONGEST_PAUSE: Final = Fraction(10)
"""Seconds without a picture or sound that are a pause; a longer step is a clock set anew."""
_BACKWARDS: Final = Fraction(1)
"""Seconds by which a clock must step back to count as set anew."""
_STEADY: Final = ("video", "audio")
"""Streams by which the clock is judged; subtitles may well be silent for a minute."""
_KEPT: Final = 8
"""Moves of the clock that are looked through for one that another stream has met."""
_NEAR: Final = Fraction(2)
"""Seconds from where it should go on within which a stream met the same jump as another."""


def has_broadcast_clock(container: InputContainer) -> bool:
    """Whether times of this format have no zero, and may jump."""
    return container.format.name in _BROADCAST


class ClockRepair:
    """Moves the times of packets, met in the order of the file, onto one running clock.

    Args:
        streams: All streams of the movie.

    Attributes:
        jumps: How often the clock was set anew.
    """

    def __init__(self, streams: Iterable[Stream]) -> None:
        self.jumps = 0
        # Formats with such a clock give all streams one time base: counting in it is quick.
        bases = {s.time_base for s in streams if s.time_base is not None}
        self._tick = min(bases, default=Fraction(1))
        scales = {s.index: (s.time_base or self._tick) / self._tick for s in streams}
        self._scales = {index: scale for index, scale in scales.items() if scale != 1}
        self._steady = {s.index for s in streams if s.type in _STEADY}
        self._pause, self._back, self._near = (
            round(span / self._tick) for span in (_LONGEST_PAUSE, _BACKWARDS, _NEAR)
        )
        self._offsets = [0]
        self._used: dict[int, int] = {}
        self._expected: dict[int, int] = {}

    def shift(self, packet: Packet[Stream]) -> int:
        """What to add to the packet's times, in its time base."""
        stream = packet.stream_index
        if stream in self._scales:
            return self._scaled_shift(packet, self._scales[stream])
        stamp = packet.dts
        if stamp is None:
            stamp = packet.pts
        offset = self._used.get(stream, self._offsets[-1])
        if stamp is None or stream not in self._steady:
            return offset
        expected = self._expected.get(stream)
        if expected is not None and not -self._back <= stamp + offset - expected <= self._pause:
            offset = self._offset(stamp, expected)
        self._used[stream] = offset
        self._expected[stream] = stamp + offset + (packet.duration or 0)
        return offset

    def _scaled_shift(self, packet: Packet[Stream], scale: Fraction) -> int:
        """The same of a stream that counts in ticks of its own; it is not judged by."""
        return round(self._used.get(packet.stream_index, self._offsets[-1]) / scale)

    def _offset(self, time: int, expected: int) -> int:
        """The move that lets a stream go on: another stream's, or a new one."""
        for offset in reversed(self._offsets):
            if abs(time + offset - expected) <= self._near:
                return offset
        self.jumps += 1
        # Streams meet a jump within seconds of each other: older ones are of no more use.
        self._offsets = [*self._offsets[1 - _KEPT :], expected - time]
        return self._offsets[-1]


def mended(container: InputContainer, *streams: Stream) -> Iterator[Packet[Stream]]:
    """The packets of streams with their times on one running clock.

    All streams are read, as the clock is mended by all of them.
    """
    repair = ClockRepair(container.streams)
    wanted = {stream.index for stream in streams}
    for packet in container.demux():
        shift = repair.shift(packet) if packet.size else 0
        if packet.stream.index not in wanted:
            continue
        if packet.pts is not None:
            packet.pts += shift
        if packet.dts is not None:
            packet.dts += shift
        yield packet
