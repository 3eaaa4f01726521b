"""The order in which packets' frames are shown, where a format does not tell it surely.

It is deduced from what packets say, and the deduction is checked by decoding where it may be
wrong: at the beginning, around damage, and at an end that may have been cut off.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import av
from av.codec.context import ThreadType
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from mien.media.packet_scan import FilmPacket, PacketScan
from mien.media.picture_order import believable_orders
from mien.media.seek_points import SeekPoint, packets_from, stamped
from mien.media.streams import whole_frames

__all__ = [
    "Decoded",
    "FrameOrder",
    "decode_numbers",
    "holds",
    "point_at",
    "possible_orders",
    "with_damage",
]

_SAMPLE: Final = 10
"""Packets after the first key that are decoded to see that each gives a frame."""
_PATIENCE: Final = 2000
"""Packets in which the first key must come to be part of that sample."""
_SHORT_TAIL: Final = 48
"""Packets after the last key up to which they are decoded to see that each gives a frame."""
_DANGLING: Final = 2
"""Packets at the end that a recording that was stopped may have begun and not finished."""
_MOST_HELD_BACK: Final = 16
"""Pictures that a decoder of H.264 or HEVC holds back at most until an earlier one came."""
_LATE: Final = 32
"""Packets after which decoders with many threads still speak of one that is damaged."""


@dataclass(slots=True)
class FrameOrder:
    """Numbers of the packets whose frames are shown.

    Attributes:
        packets: In display order; in that of decoding where the former is not told.
        exact: Whether it is the display order.
        dangling: Frames at the end that are left out: they were begun, and not finished.
        placed: Whether pictures alone say it, and nothing of the container.
    """

    packets: list[int]
    exact: bool
    dangling: int = 0
    placed: bool = False


@dataclass(slots=True)
class Decoded:
    """What came out of a decoder.

    Attributes:
        numbers: Numbers of the packets whose frames came out, in that order.
        torn: Those of them that the decoder made up in part.
        failed: Numbers of the packets at which it said that something is damaged.
    """

    numbers: list[int] = field(default_factory=list)
    torn: set[int] = field(default_factory=set)
    failed: list[int] = field(default_factory=list)


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
    placed = _placed(film, shown)
    if placed is not None:
        yield FrameOrder(placed, exact=True, placed=True)
    if any(p.closed for p in film):
        # As many frames come before each closed group of pictures as packets do.
        yield FrameOrder(shown, exact=False)


def _placed(film: Sequence[FilmPacket], shown: Sequence[int]) -> list[int] | None:
    """The order in which pictures say themselves that they are shown; None where they do not."""
    runs: dict[int, dict[int, int]] = {}
    damaged: dict[int, list[int]] = {}
    run = None
    for i, place in zip(shown, believable_orders([film[i].display for i in shown]), strict=True):
        if place is None:
            if run is None:
                return None
            damaged.setdefault(run, []).append(i)
            continue
        run = place.run
        if runs.setdefault(run, {}).setdefault(place.number, i) != i:
            return None  # two claim one place: that decoding started anew was lost
    order: list[int] = []
    for run, counts in sorted(runs.items()):
        if not _fill_in(counts, damaged.get(run, [])):
            return None
        order += [i for _, i in sorted(counts.items())]
    number = {packet: k for k, packet in enumerate(shown)}
    # No decoder holds back more: what is shown earlier than that is counted wrongly.
    if any(number[i] - k > _MOST_HELD_BACK for k, i in enumerate(order)):
        return None
    return order


def _fill_in(counts: dict[int, int], damaged: Sequence[int]) -> bool:
    """Give pictures whose headers are damaged the places that are left; False without these."""
    if not damaged:
        return True
    places = sorted(counts)
    step = min((b - a for a, b in itertools.pairwise(places)), default=1)
    free = [c for a, b in itertools.pairwise(places) for c in range(a + step, b, step)]
    if len(free) > len(damaged):
        return False
    free += [places[-1] + step * (k + 1) for k in range(len(damaged) - len(free))]
    counts.update(zip(free, damaged, strict=True))
    return True


def holds(
    container: InputContainer, video: VideoStream, scan: PacketScan, order: FrameOrder
) -> bool:
    """Whether the first frames, and the last, are as an order says; leaves out what is never shown.

    Before the first whole frame there may be packets that cannot be decoded, and after the last
    one that was begun. What is damaged in between stays: it is missed when it is read.
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
    _leave_out_cut(order, scan)
    return bool(order.packets) and all(
        _is_as_told(container, video, scan, order, first, stop)
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
    found = decode_numbers(video, itertools.islice(packets, stop), 0).numbers
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
    if starts and last - starts[-1] <= _SHORT_TAIL and scan.entire is None:
        # A frame that is shown before the last key needs what is before that.
        start = starts[-1]
        leads = order.exact and any(i > start for i in order.packets[: order.packets.index(start)])
        stretches.add((starts[-2] if leads and len(starts) > 1 else start, last))
    yield from sorted(stretches)


def _is_as_told(
    container: InputContainer,
    video: VideoStream,
    scan: PacketScan,
    order: FrameOrder,
    first: int,
    stop: int,
) -> bool:
    """Whether a stretch is as an order says, but for frames that are damaged and do not come.

    Of the last stretch, what was begun and not finished is left out.
    """
    point = point_at(scan.film, first, 0)
    found = _carefully(container, video, point, stop)
    if found is None:
        return not scan.corrupt
    begin = order.packets.index(first)
    expected = [i for i in order.packets[begin:] if first <= i < stop]
    numbers = found.numbers if order.exact else sorted(found.numbers)
    if first in numbers:
        numbers = numbers[numbers.index(first) :]
    elif stop < len(scan.film) or stop - first > _DANGLING:
        return False
    there = set(numbers)
    if [i for i in expected if i in there] != numbers:
        return False
    unseen = scan.alone.intersection(expected) - there
    order.packets = [i for i in order.packets if i not in unseen]
    expected = [i for i in expected if i not in unseen]
    if stop == len(scan.film):
        _leave_out_dangling(order, set(expected) - (there - found.torn))
    return bool(order.packets)


def _carefully(
    container: InputContainer, video: VideoStream, point: SeekPoint, stop: int
) -> Decoded | None:
    """What is decoded one frame at a time; None where it cannot be got to.

    Of several at once, damage takes whole ones along, and is not always spoken of.
    """
    with suppress(av.FFmpegError, OSError), av.open(container.name) as again:
        stream = again.streams[video.index]
        assert isinstance(stream, VideoStream)
        stream.thread_type = "SLICE"
        packets = packets_from(again, stream, point)
        if packets is not None:
            count = stop - point.packet
            return decode_numbers(stream, itertools.islice(packets, count), point.packet)
    return None


def _leave_out_cut(order: FrameOrder, scan: PacketScan) -> None:
    """Leave out the last packet of a stream that breaks off in it; decoders may not say so."""
    if scan.entire is False and len(order.packets) > 1:
        order.packets.remove(max(order.packets))
        order.dangling = 1


def _leave_out_dangling(order: FrameOrder, damaged: set[int]) -> None:
    """Leave out of the last packets those that give no whole frame, where they are few."""
    tail = set(itertools.takewhile(lambda i: i in damaged, sorted(order.packets, reverse=True)))
    if len(tail) > _DANGLING or order.dangling:
        return
    order.packets = [i for i in order.packets if i not in tail]
    order.dangling = len(tail)


def with_damage(scan: PacketScan, decoded: Decoded, orders: Iterable[FrameOrder]) -> FrameOrder:
    """The order that a decoder found, with the frames in it that are damaged and did not come.

    Args:
        scan: The packets.
        decoded: What came out of all of them.
        orders: Orders that the packets speak of.
    """
    if not decoded.numbers:
        return FrameOrder([], exact=True)
    there, last = set(decoded.numbers), max(decoded.numbers)
    lost = _lost(scan, decoded, there)
    merged = None
    for order in orders:
        candidate = [i for i in order.packets if i in there or i in lost]
        if order.exact and [i for i in candidate if i in there] == decoded.numbers:
            begin = candidate.index(decoded.numbers[0])
            merged = FrameOrder(candidate[begin:], exact=True)
            break
    if merged is None:
        # Without times, a frame is shown about when it is decoded.
        packets = list(decoded.numbers)
        for i in sorted(lost):
            if packets[0] < i < last:
                after = next(n for n, other in enumerate(packets) if other > i)
                packets.insert(after, i)
        merged = FrameOrder(packets, exact=True)
    _leave_out_cut(merged, scan)
    _leave_out_dangling(merged, lost | decoded.torn)
    return merged


def _lost(scan: PacketScan, found: Decoded, there: set[int]) -> set[int]:
    """Packets of frames that did not come, in groups of pictures in which something is damaged."""
    film = scan.film
    keys = [i for i, p in enumerate(film) if p.key]
    lost: set[int] = set()
    for bad in {*scan.corrupt, *found.failed}:
        after = bisect_right(keys, bad)
        stop = keys[after] if after < len(keys) else len(film)
        before = bisect_right(keys, max(0, bad - _LATE)) if bad in found.failed else after
        start = keys[before - 1] if before else 0
        lost.update(i for i in range(start, stop) if film[i].shown and i not in there)
    return lost - scan.alone


def decode_numbers(
    video: VideoStream, packets: Iterable[Packet[VideoStream]], first: int
) -> Decoded:
    """What comes out of the decoder of packets, by their numbers; no picture is kept."""
    if not video.codec_context.is_open and video.thread_type is not ThreadType.SLICE:
        video.thread_type = "AUTO"
    result, latest = Decoded(), first

    def failed() -> bool:
        result.failed.append(latest)
        return True

    def numbered() -> Iterator[Packet[VideoStream]]:
        nonlocal latest
        for packet in stamped(packets, range(1 << 40), first):
            if packet.size:
                latest = packet.pts or 0
                yield packet

    def note(frame: av.VideoFrame) -> None:
        if frame.pts is not None:
            result.numbers.append(frame.pts)
            if frame.is_corrupt:
                result.torn.add(frame.pts)

    for frame in whole_frames(numbered(), failed):
        note(frame)
    with suppress(av.error.EOFError, av.error.InvalidDataError):
        for frame in video.codec_context.decode(None):
            note(frame)
    return result


def point_at(film: Sequence[FilmPacket], packet: int, frame: int) -> SeekPoint:
    """The place of a key packet, whose frame has a number."""
    own = film[packet]
    before = (film[i].position for i in range(packet, -1, -1))
    position = next((p for p in before if p is not None), None)
    exact = own.position is not None
    return SeekPoint(frame, packet, own.stamp, position, exact, own.signature)
