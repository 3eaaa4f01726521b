"""One pass over a movie's packets, without decoding: what an index is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, NamedTuple

from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from mien.media.clock_repair import ClockRepair, has_broadcast_clock
from mien.media.h264_fields import FieldPairs
from mien.media.key_packets import Start, has_end, has_picture_types, start_of, waits
from mien.media.picture_order import DisplayOrder, OrderReader, order_reader
from mien.media.seek_points import signature
from mien.media.streams import opened_from
from mien.media.transport_tail import ends_whole

__all__ = ["FilmPacket", "PacketScan", "scan_packets"]

_WHOLE_FRAMES: Final = ("mov", "matroska", "mxf", "nut")
"""Formats (FFmpeg's names, first word) whose packets hold both fields of a frame."""
_RAW: Final = ("h264", "hevc")
"""Formats that are nothing but the packets."""
_UNTIMED: Final = (*_RAW, "avi")
"""Formats that do not say when pictures of H.264 and HEVC are shown."""
_EVERY: Final = 256
"""Packets between two reports of progress."""


class FilmPacket(NamedTuple):
    """A packet of the film.

    Attributes:
        pts: When its frame is shown, on one running clock; None when not known.
        dts: When it is decoded, on one running clock; None when not known.
        stamp: The time by which the file can be searched for it.
        duration: How long its frame is shown; 0 when not known.
        key: Whether decoding may start here.
        shown: Whether it gives a frame of its own: not hidden, and no second field.
        hidden: Whether an edit list hides it.
        position: Its byte in the file; None when not known.
        signature: Size and checksum; the checksum of packets with `key` alone.
        closed: Whether it parts the film: `Start.CLOSED`.
        waits: Whether it is shown when the next that waits is there; None when it is not told.
        display: Where its picture is shown, by itself; None where that is not needed or not told.
        ended: Whether its picture has the mark of its end; None in codecs without one.
    """

    pts: int | None
    dts: int | None
    stamp: int | None
    duration: int
    key: bool
    shown: bool
    hidden: bool
    position: int | None
    signature: tuple[int, int]
    closed: bool
    waits: bool | None
    display: DisplayOrder | None = None
    ended: bool | None = None


@dataclass(slots=True)
class PacketScan:
    """What the packets of a movie say.

    Attributes:
        film: Packets of the film in the order of decoding.
        end: Seconds at which the last packet of any stream ends.
        jumps: How often the clock was set anew.
        corrupt: Numbers of the packets that are damaged, or may be, ascending.
        alone: Those of them that are a field without its other one, of which decoders may make
            nothing; nothing is damaged then.
        joins: Numbers of the packets of the film from which on its clock is another.
        counts_packets: Whether times are packets' numbers at a nominal rate, as of raw streams.
        entire: Whether the last frame of a transport stream is all there; None when not known.
    """

    film: list[FilmPacket] = field(default_factory=list)
    end: Fraction = Fraction(0)
    jumps: int = 0
    corrupt: list[int] = field(default_factory=list)
    alone: frozenset[int] = frozenset()
    joins: list[int] = field(default_factory=list)
    entire: bool | None = None
    counts_packets: bool = False


def scan_packets(
    container: InputContainer, video: VideoStream, report: Callable[[int], None]
) -> PacketScan:
    """Read all packets of a movie.

    Args:
        container: The movie, at its beginning.
        video: The film's stream.
        report: Called with the byte that was reached, now and then; may raise to stop.
    """
    scan = PacketScan()
    name = container.format.name.split(",")[0]
    whole = name in _WHOLE_FRAMES
    context, codec = video.codec_context, video.codec_context.codec.canonical_name
    places = order_reader(codec, context.extradata) if name in _UNTIMED else None
    fields = FieldPairs() if codec == "h264" and not whole else None
    typed = has_picture_types(video)
    repair = ClockRepair(container.streams) if has_broadcast_clock(container) else None
    ends: dict[int, int] = {}
    reached = moved = 0
    film = video.index
    corrupt: set[int] = set()
    alone: set[int] = set()
    for count, packet in enumerate(container.demux()):
        if count % _EVERY == 0:
            reached = max(reached, packet.pos or 0)
            report(reached)
        if not packet.size:
            continue
        shift = repair.shift(packet) if repair is not None else 0
        pts = packet.pts
        stream = packet.stream_index
        if pts is not None:
            pts += shift
            end = pts + (packet.duration or 0)
            if end > ends.get(stream, 0):
                ends[stream] = end
        if stream == film:
            if shift != moved and scan.film:
                scan.joins.append(len(scan.film))
            moved = shift
            if packet.is_corrupt:
                corrupt.add(len(scan.film))
            scan.film.append(
                _film_packet(packet, video, pts, shift, whole or not typed, fields, places)
            )
            if fields is not None and fields.alone:
                alone.add(len(scan.film) - 2)
    scan.corrupt = sorted(corrupt | alone)
    scan.alone = frozenset(alone - corrupt)
    for stream, end in ends.items():
        scan.end = max(scan.end, end * (container.streams[stream].time_base or Fraction(0)))
    if container.format.name == "mpegts":
        scan.entire = ends_whole(opened_from(container), video.id)
    scan.counts_packets = name in _RAW
    scan.jumps = repair.jumps if repair is not None else 0
    return scan


def _film_packet(
    packet: Packet[Stream],
    video: VideoStream,
    pts: int | None,
    shift: int,
    untyped: bool,
    fields: FieldPairs | None,
    orders: OrderReader | None,
) -> FilmPacket:
    key, dts, hidden = packet.is_keyframe, packet.dts, packet.is_discard
    order = None if orders is None else orders.read(bytes(packet))
    second = False
    if fields is not None and (key or fields.allowed):
        second = fields.is_second(bytes(packet))
    start = start_of(packet, video) if key else Start.NONE
    return FilmPacket(
        pts,
        None if dts is None else dts + shift,
        dts if dts is not None else packet.pts,
        packet.duration or 0,
        start is not Start.NONE,
        not second and not hidden and (order is None or order.shown),
        hidden,
        packet.pos,
        signature(packet) if key else (packet.size, 0),
        start is Start.CLOSED,
        None if untyped else waits(packet, video),
        order,
        has_end(packet, video),
    )
