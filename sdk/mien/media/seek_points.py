"""Places in a movie at which decoding may start, and how to get there in files without an index.

Such a place is found by its byte or, where a format does not take bytes, by its time; and it is
known to be the right one by the bytes of its packet. So the packets that follow are known by
counting, whatever times they bear.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

__all__ = ["SeekPoint", "packets_from", "signature", "stamped"]

_FARTHEST: Final = 2000
"""Packets that are looked at for the one that was sought."""

_SIGNED_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class SeekPoint:
    """A packet at which decoding may start.

    Attributes:
        frame: Number of the first frame that comes out whole.
        packet: Number of the packet, in the order of decoding.
        stamp: The packet's time in the file, for formats that seek by time; None without.
        position: Byte at which reading may start to get to it; None when not known.
        exact: Whether that is the packet's own byte.
        signature: Its `signature`.
    """

    frame: int
    packet: int
    stamp: int | None
    position: int | None
    exact: bool
    signature: tuple[int, int]


def signature(packet: Packet[Any]) -> tuple[int, int]:
    """Size of a packet, and a checksum of its first bytes."""
    return packet.size, zlib.crc32(memoryview(packet)[:_SIGNED_BYTES])


def packets_from(
    container: InputContainer, video: VideoStream, point: SeekPoint
) -> Iterator[Packet[VideoStream]] | None:
    """The packets from a place on; None where it cannot be got to."""
    for by_bytes in (True, False):
        target = point.position if by_bytes else point.stamp
        if target is None:
            continue
        try:
            container.seek(target, stream=video, unsupported_byte_offset=by_bytes)
        except (av.FFmpegError, OSError):
            continue
        packets = container.demux(video)
        for packet in itertools.islice(packets, _FARTHEST):
            if _is_it(packet, point):
                return itertools.chain([packet], packets)
    return None


def _is_it(packet: Packet[VideoStream], point: SeekPoint) -> bool:
    if packet.size != point.signature[0] or (point.exact and packet.pos != point.position):
        return False
    return signature(packet) == point.signature


def stamped(
    packets: Iterable[Packet[VideoStream]],
    stamps: Sequence[int | None],
    first: int = 0,
    whole: frozenset[int] = frozenset(),
) -> Iterator[Packet[VideoStream]]:
    """Packets with the times of an index in place of their own.

    Args:
        packets: The packets of the film.
        stamps: `PacketIndex.stamps`.
        first: Number of the first of the packets.
        whole: `PacketIndex.whole`.
    """
    for packet in packets:
        if packet.size:
            packet.pts = stamps[first] if first < len(stamps) else None
            packet.dts = None
            if first in whole:
                packet.is_corrupt = False
            first += 1
        elif packet.pos is not None or packet.dts is not None:
            # An empty packet says that a picture stays; a decoder would take it for the end.
            continue
        yield packet
