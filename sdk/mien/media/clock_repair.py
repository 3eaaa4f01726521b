"""One running clock out of several: streams whose clock is set anew in the middle.

Transport and program streams that were recorded in pieces, or joined, jump in time. Sound and
picture jump together but not in the same place of the file, so a jump that one stream met is
looked for in the others, and all of them move by the same amount: they stay in step.
"""

from __future__ import annotations

from collections.abc import Iterator
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
_NEAR: Final = Fraction(2)
"""Seconds from where it should go on within which a stream met the same jump as another."""


def has_broadcast_clock(container: InputContainer) -> bool:
    """Whether times of this format have no zero, and may jump."""
    return container.format.name in _BROADCAST


class ClockRepair:
    """Moves the times of packets, met in the order of the file, onto one running clock.

    Attributes:
        jumps: How often the clock was set anew.
    """

    def __init__(self) -> None:
        self.jumps = 0
        self._offsets: list[Fraction] = [Fraction(0)]
        self._used: dict[int, Fraction] = {}
        self._expected: dict[int, Fraction] = {}

    def shift(self, packet: Packet[Stream]) -> int:
        """What to add to the packet's times, in its time base."""
        stamp = packet.dts if packet.dts is not None else packet.pts
        base = packet.time_base
        stream = packet.stream.index
        offset = self._used.get(stream, self._offsets[-1])
        if stamp is None or packet.stream.type not in _STEADY:
            return round(offset / base)
        time = stamp * base
        expected = self._expected.get(stream)
        if expected is not None and not _goes_on(time + offset, expected):
            offset = self._offset(time, expected)
        self._used[stream] = offset
        self._expected[stream] = time + offset + (packet.duration or 0) * base
        return round(offset / base)

    def _offset(self, time: Fraction, expected: Fraction) -> Fraction:
        """The move that lets a stream go on: another stream's, or a new one."""
        for offset in reversed(self._offsets):
            if abs(time + offset - expected) <= _NEAR:
                return offset
        self.jumps += 1
        self._offsets.append(expected - time)
        return self._offsets[-1]


def mended(container: InputContainer, *streams: Stream) -> Iterator[Packet[Stream]]:
    """The packets of streams with their times on one running clock.

    All streams are read, as the clock is mended by all of them.
    """
    repair = ClockRepair()
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


def _goes_on(time: Fraction, expected: Fraction) -> bool:
    return -_BACKWARDS <= time - expected <= _LONGEST_PAUSE
