"""The order in which packets' frames are shown, where a format does not tell it surely.

It is deduced from what packets say, and the deduction is checked by decoding where it may be
wrong: at the beginning, around damage, and at an end that may have been cut off.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from mien.media.packet_scan import FilmPacket, PacketScan
from mien.media.seek_points import SeekPoint, packets_from, stamped
from mien.media.streams import whole_frames

__all__ = ["FrameOrder", "frame_numbers", "holds", "point_at", "possible_orders"]

_SAMPLE: Final = 10
"""Packets after the first key that are decoded to see that each gives a frame."""
_PATIENCE: Final = 2000
"""Packets in which the first key must come to be part of that sample."""
_SHORT_TAIL: Final = 48
"""Packets after the last key up to which they are decoded to see that each gives a frame."""


@dataclass(slots=True)
class FrameOrder:
    """Numbers of the packets whose frames are shown.

    Attributes:
        packets: In display order; in that of decoding where the former is not told.
        exact: Whether it is the display order.
    """

    packets: list[int]
    exact: bool


def possible_orders(scan: PacketScan, timed: bool) -> Iterator[FrameOrder]:
    """What the packets say of the order of frames, the surest first."""
    film = scan.film
    shown = [i for i, p in enumerate(film) if p.shown]
    if timed:
        yield FrameOrder(sorted(shown, key=lambda i: film[i].pts or 0), exact=True)
    if shown and all(film[i].waits is not None for i in shown):
        order = []
        waiting: list[int] = []
        for i in shown:
            if film[i].waits:
                order += waiting
                waiting = [i]
            else:
                order.append(i)
        yield FrameOrder(order + waiting, exact=True)
    if any(p.closed for p in film):
        # As many frames come before each closed group of pictures as packets do.
        yield FrameOrder(shown, exact=False)


def holds(
    container: InputContainer, video: VideoStream, scan: PacketScan, order: FrameOrder
) -> bool:
    """Whether the first frames, and the last, are as an order says; leaves out what is never shown.

    Before the first whole frame, and after the last, there may be packets that cannot be
    decoded.
    """
    film = scan.film
    key = next((i for i, p in enumerate(film) if p.key), None)
    if key is None or key > _PATIENCE:
        return False
    stop = min(len(film), key + _SAMPLE)
    if stop < len(film) and not film[stop].shown:
        stop += 1
    # A film that is timed and begins with a refresh has nothing that is left to be seen.
    certain = order.exact and order.packets[0] == key == 0 and film[0].closed
    if not certain and not _leave_out_head(container, video, film, order, stop):
        return False
    return all(
        _leave_out_damage(container, video, scan, order, first, stop)
        for first, stop in _doubtful(scan, order)
    )


def _leave_out_head(
    container: InputContainer,
    video: VideoStream,
    film: Sequence[FilmPacket],
    order: FrameOrder,
    stop: int,
) -> bool:
    """Leave out what comes before the first whole frame; False when others come than expected."""
    packets = _from_start(container, video, film)
    if packets is None:
        return False
    found = frame_numbers(video, itertools.islice(packets, stop), 0)
    sample = [i for i in order.packets if i < stop]
    if not order.exact:
        found.sort()
    late = len(sample) - len(found)
    if not found or sample[late:] != found:
        return False
    unseen = set(sample[:late])
    order.packets = [i for i in order.packets if i not in unseen]
    return True


def _from_start(
    container: InputContainer, video: VideoStream, film: Sequence[FilmPacket]
) -> Iterator[Packet[VideoStream]] | None:
    """The packets from the first on, once more; None where they cannot be got to."""
    with suppress(av.FFmpegError, OSError):
        container.seek(0, stream=video, unsupported_byte_offset=True)
        packets = container.demux(video)
        first = next(p for p in packets if p.size or p.pos is None)
        if (first.size, first.pos) == (film[0].signature[0], film[0].position):
            return itertools.chain([first], packets)
    return None


def _doubtful(scan: PacketScan, order: FrameOrder) -> Iterator[tuple[int, int]]:
    """Stretches of packets, from a key to the next, in which frames may be missing.

    They are the last, where a recording may have been cut off, and those with damage.
    """
    film, last = scan.film, len(scan.film)
    shown = set(order.packets)
    starts = [i for i, p in enumerate(film) if i in shown and (p.key if order.exact else p.closed)]
    stretches = set()
    for packet in scan.corrupt:
        after = bisect_right(starts, packet)
        if after:
            stop = starts[after] if after < len(starts) else last
            stretches.add((starts[after - 1], stop))
    if starts and last - starts[-1] <= _SHORT_TAIL and not scan.entire:
        stretches.add((starts[-1], last))
    yield from sorted(stretches)


def _leave_out_damage(
    container: InputContainer,
    video: VideoStream,
    scan: PacketScan,
    order: FrameOrder,
    first: int,
    stop: int,
) -> bool:
    """Leave out frames of a stretch that cannot be decoded; False when others come instead."""
    packets = packets_from(container, video, point_at(scan.film, first, 0))
    if packets is None:
        return not scan.corrupt
    found = frame_numbers(video, itertools.islice(packets, stop - first), first)
    if not order.exact:
        found.sort()
    if first not in found:
        return False
    found = found[found.index(first) :]
    start = order.packets.index(first)
    expected = [i for i in order.packets[start:] if first <= i < stop]
    there = set(found)
    if [i for i in expected if i in there] != found:
        return False
    lost = set(expected) - there
    order.packets = [i for i in order.packets if i not in lost]
    return True


def frame_numbers(
    video: VideoStream, packets: Iterable[Packet[VideoStream]], first: int
) -> list[int]:
    """Numbers of the packets whose frames come out of the decoder, in that order."""
    if not video.codec_context.is_open:
        video.thread_type = "AUTO"
    numbered = stamped(packets, range(1 << 40), first)
    frames = list(whole_frames(p for p in numbered if p.size))
    with suppress(av.error.EOFError, av.error.InvalidDataError):
        frames += video.codec_context.decode(None)
    return [frame.pts for frame in frames if frame.pts is not None]


def point_at(film: Sequence[FilmPacket], packet: int, frame: int) -> SeekPoint:
    """The place of a key packet, whose frame has a number."""
    own = film[packet]
    before = (film[i].position for i in range(packet, -1, -1))
    position = next((p for p in before if p is not None), None)
    exact = own.position is not None
    return SeekPoint(frame, packet, own.stamp, position, exact, own.signature)
