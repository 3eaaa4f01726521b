"""The index of a movie: when every frame is shown, and where decoding may start.

Built by reading all packets without decoding them. In formats that do not time every frame, or
that cannot be searched by time, packets are known by their number instead, and what they give is
checked by decoding the first of them; where that shows something else than was expected the
film is decoded once from end to end.
"""

from __future__ import annotations

import itertools
import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median_low
from typing import Final

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from mien.media.packet_scan import FilmPacket, PacketScan, scan_packets
from mien.media.seek_points import SeekPoint, packets_from
from mien.media.streams import main_video, whole_frames
from mien.progress import Progress, report_each, silent

__all__ = [
    "PacketIndex",
    "movie_index",
    "movie_url",
    "open_movie",
    "remembered_index",
    "searched_by_time",
    "stamped",
]

_TIMED: Final = ("mov", "matroska", "mxf", "nut")
"""Formats (FFmpeg's names, first word) that store the time of every frame."""
_SAMPLE: Final = 32
"""Packets after the first key that are decoded to see that each gives a frame."""
_PATIENCE: Final = 2000
"""Packets in which the first key must come to be part of that sample."""
_SHORT_TAIL: Final = 48
"""Packets after the last key up to which they are decoded to see that each gives a frame."""
_REMEMBERED: Final = 32
"""Indexes kept in memory."""
_MOST_CORRUPT: Final = 16
"""Damaged packets around which it is tried what can be decoded; of more, everything is tried."""
_BEFORE_JOIN: Final = 3
"""Packets before a join in which the count of packets may seem to be broken."""
_MEGABYTE: Final = 1 << 20
_LONG: Final = 64
"""Megabytes from which on reading a file takes so long that progress is told."""


@dataclass(frozen=True, slots=True)
class PacketIndex:
    """When every frame of the video stream is shown, and where decoding may start.

    Attributes:
        pts: Presentation times in display order, in the stream's time base, on one running
            clock.
        points: Where decoding may start, by the frame that it starts at, ascending.
        last_duration: Duration of the last frame; 0 when not known.
        declared: Frames that the file says it has, less those that an edit list leaves out; 0
            when it does not say.
        read: Frames that were found, with those that are decoded but never shown.
        hidden: Frames of the file that an edit list hides.
        end: Seconds at which the last packet of any stream ends.
        stamps: For every packet in the order of decoding the time that it is given before it
            is decoded, in place of its own: that of its frame, or None where it shows none of
            its own. Empty where packets' own times tell their frames.
        counted: Whether stamps are packets' numbers instead, and frames are known by counting
            from where decoding started.
        jumps: How often the clock was set anew.
        whole: Numbers of packets that are whole although the format says they are damaged: what
            is before a join, after which packets are counted anew.
    """

    pts: tuple[int, ...]
    points: tuple[SeekPoint, ...]
    last_duration: int
    declared: int
    read: int
    hidden: int
    end: Fraction
    stamps: tuple[int | None, ...] = ()
    counted: bool = False
    jumps: int = 0
    whole: frozenset[int] = frozenset()

    def point_before(self, frame: int) -> int | None:
        """Number of the last of `points` that starts at or before a frame; None without."""
        point = bisect_right(self.points, frame, key=lambda point: point.frame)
        return point - 1 if point else None


def movie_url(path: Path) -> str:
    """A path as FFmpeg takes it, whatever is in it: `a:b.mp4` names no protocol."""
    return f"file:{path}"


def open_movie(path: Path) -> InputContainer:
    """Open a movie; tags that are not Unicode keep their bytes as surrogates.

    Raises:
        av.FFmpegError: When it cannot be opened.
    """
    return av.open(movie_url(path), metadata_errors="surrogateescape")


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


def movie_index(path: Path, stream: int, progress: Progress = silent) -> PacketIndex:
    """Index a movie; remembered as long as the file does not change.

    Args:
        path: The movie.
        stream: Number of its video stream.
        progress: Told of the megabytes read (stage `index`), and of the packets decoded where
            that is needed (stage `decode`); stops the work by raising.

    Raises:
        av.FFmpegError: When the file cannot be read.
    """
    index = remembered_index(path, stream)
    if index is None:
        key = _key(path, stream)
        index = _built(key, progress)
        with _lock:
            _indexes[key] = index
            while len(_indexes) > _REMEMBERED:
                del _indexes[next(iter(_indexes))]
    return index


def remembered_index(path: Path, stream: int) -> PacketIndex | None:
    """The index of a movie if it was built already; None otherwise."""
    with suppress(OSError):
        key = _key(path, stream)
        with _lock:
            index = _indexes.pop(key, None)
            if index is not None:
                _indexes[key] = index
            return index
    return None


_Key = tuple[Path, int, int, int]
"""A file, its video stream, its size, and when it was changed."""
_indexes: dict[_Key, PacketIndex] = {}
"""Indexes; those used last come last."""
_lock = threading.Lock()


def _key(path: Path, stream: int) -> _Key:
    stat = path.stat()
    return path, stream, stat.st_size, stat.st_mtime_ns


def searched_by_time(container: str) -> bool:
    """Whether frames of a format (FFmpeg's name) are found by their times, without an index."""
    return container.split(",")[0] in _TIMED


def _built(key: _Key, progress: Progress) -> PacketIndex:
    path, stream, size, _ = key
    total = max(1, size // _MEGABYTE)

    def report(reached: int) -> None:
        if total >= _LONG:
            progress("index", min(total, reached // _MEGABYTE), total)

    with open_movie(path) as container:
        video = main_video(container, stream)
        assert video is not None
        scan = scan_packets(container, video, report)
        report(total * _MEGABYTE)
        name, codec = container.format.name.split(",")[0], video.codec_context.name
        pts = [p.pts for p in scan.film if p.shown]
        timed = None not in pts and len(set(pts)) == len(pts)
        if timed and name in _TIMED:
            return _timed(name, video, scan)
    # FFmpeg makes up times of pictures where the format has none, for these two in coded order.
    timed &= not (name == "avi" and codec in ("h264", "hevc"))
    deduced = None
    if name not in _TIMED and len(scan.corrupt) <= _MOST_CORRUPT:
        orders = _orders(scan, timed)
        deduced = next((o for o in orders if _holds(path, stream, scan, o)), None)
    if deduced is None:
        deduced = _Order(_decoded(path, stream, scan, progress), exact=True)
    return _by_number(path, stream, scan, deduced)


def _timed(container: str, video: VideoStream, scan: PacketScan) -> PacketIndex:
    """The index of a format that can be searched by the times of frames."""
    shown = sorted((p.pts, i) for i, p in enumerate(scan.film) if p.shown and p.pts is not None)
    points = tuple(
        SeekPoint(number, i, pts, None, False, scan.film[i].signature)
        for number, (pts, i) in enumerate(shown)
        if scan.film[i].key
    )
    pts = tuple(p for p, _ in shown)
    left_out = 0
    if container == "mov" and video.frames:
        # An edit list leaves less than there is, and the file's own index says how much.
        left_out = max(0, video.frames - len(video.index_entries))
    last = scan.film[shown[-1][1]].duration if shown else 0
    return PacketIndex(
        pts,
        points,
        _last_duration(video, pts, last),
        video.frames - left_out,
        len(scan.film),
        left_out + sum(p.hidden for p in scan.film),
        scan.end,
    )


def _last_duration(video: VideoStream, pts: Sequence[int], duration: int) -> int:
    """How long the last frame is shown: until the stream ends, where that is known.

    MP4 keeps durations in the order of decoding, so that the packet's own is another's.
    """
    if pts and video.duration and video.start_time is not None:
        rest = video.start_time + video.duration - pts[-1]
        if rest > 0:
            return rest
    return duration


@dataclass(slots=True)
class _Order:
    """Numbers of the packets whose frames are shown.

    Attributes:
        packets: In display order; in that of decoding where the former is not told.
        exact: Whether it is the display order.
    """

    packets: list[int]
    exact: bool


def _orders(scan: PacketScan, timed: bool) -> Iterator[_Order]:
    """What the packets say of the order of frames, the surest first."""
    film = scan.film
    shown = [i for i, p in enumerate(film) if p.shown]
    if timed:
        yield _Order(sorted(shown, key=lambda i: film[i].pts or 0), exact=True)
    if shown and all(film[i].waits is not None for i in shown):
        order = []
        waiting: list[int] = []
        for i in shown:
            if film[i].waits:
                order += waiting
                waiting = [i]
            else:
                order.append(i)
        yield _Order(order + waiting, exact=True)
    if any(p.closed for p in film):
        # As many frames come before each closed group of pictures as packets do.
        yield _Order(shown, exact=False)


def _holds(path: Path, stream: int, scan: PacketScan, order: _Order) -> bool:
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
    with open_movie(path) as container:
        video = main_video(container, stream)
        assert video is not None
        found = _numbers(video, itertools.islice(container.demux(video), stop), 0)
    sample = [i for i in order.packets if i < stop]
    if not order.exact:
        found.sort()
    late = len(sample) - len(found)
    if not found or sample[late:] != found:
        return False
    unseen = set(sample[:late])
    order.packets = [i for i in order.packets if i not in unseen]
    return all(
        _leave_out_damage(path, stream, scan, order, first, stop)
        for first, stop in _doubtful(scan, order)
    )


def _doubtful(scan: PacketScan, order: _Order) -> Iterator[tuple[int, int]]:
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
    if starts and last - starts[-1] <= _SHORT_TAIL:
        stretches.add((starts[-1], last))
    yield from sorted(stretches)


def _leave_out_damage(
    path: Path, stream: int, scan: PacketScan, order: _Order, first: int, stop: int
) -> bool:
    """Leave out frames of a stretch that cannot be decoded; False when others come instead."""
    with open_movie(path) as container:
        video = main_video(container, stream)
        assert video is not None
        packets = packets_from(container, video, _point(scan.film, first, 0))
        if packets is None:
            return not scan.corrupt
        found = _numbers(video, itertools.islice(packets, stop - first), first)
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


def _numbers(video: VideoStream, packets: Iterable[Packet[VideoStream]], first: int) -> list[int]:
    """Numbers of the packets whose frames come out of the decoder, in that order."""
    video.thread_type = "AUTO"
    numbered = stamped(packets, range(1 << 40), first)
    frames = list(whole_frames(p for p in numbered if p.size))
    with suppress(av.error.EOFError, av.error.InvalidDataError):
        frames += video.codec_context.decode(None)
    return [frame.pts for frame in frames if frame.pts is not None]


def _decoded(path: Path, stream: int, scan: PacketScan, progress: Progress) -> list[int]:
    """Numbers of the packets whose frames are shown, by decoding everything once."""
    total = len(scan.film)
    with open_movie(path) as container:
        video = main_video(container, stream)
        assert video is not None
        packets = report_each(container.demux(video), progress, "decode", total + 1)
        return _numbers(video, packets, 0)


def _by_number(path: Path, stream: int, scan: PacketScan, deduced: _Order) -> PacketIndex:
    """The index of a film whose packets are known by their number."""
    film, order, counted = scan.film, deduced.packets, not deduced.exact
    with open_movie(path) as container:
        video = main_video(container, stream)
        assert video is not None
        pts = _times(video, film, order)
        declared = video.frames
    stamps: list[int | None] = [*range(len(film))] if counted else [None] * len(film)
    if not counted:
        for time, i in zip(pts, order, strict=True):
            stamps[i] = time
    return PacketIndex(
        tuple(pts),
        tuple(_points(film, order, counted)),
        film[order[-1]].duration if order else 0,
        declared,
        max(len(film), _steps(film)),
        sum(p.hidden for p in film),
        scan.end,
        tuple(stamps),
        counted,
        scan.jumps,
        frozenset(i for i in scan.corrupt if any(0 < j - i <= _BEFORE_JOIN for j in scan.joins)),
    )


def _times(video: VideoStream, film: Sequence[FilmPacket], order: Sequence[int]) -> list[int]:
    """When frames are shown: as packets say, in whatever way they do, or at the nominal rate."""
    pts = [film[i].pts for i in order]
    if _ascend(pts):
        return [p for p in pts if p is not None]
    # Where decoding alone is timed, or times are made up wrongly, frames come in the same steps.
    dts = sorted(film[i].dts or 0 for i in order)
    if all(film[i].dts is not None for i in order) and _ascend(dts):
        late = [p - d for p, d in zip(pts, dts, strict=True) if p is not None]
        delay = median_low(late) if late else 0
        return [d + delay for d in dts]
    assert video.time_base is not None
    rate = _rate_of(video, film, order)
    step = 1 / (rate * video.time_base)
    start = pts[0] if pts and pts[0] is not None else 0
    return [start + round(i * step) for i in range(len(order))]


def _steps(film: Sequence[FilmPacket]) -> int:
    """Frames that AVI counts: those that were dropped, of which nothing is there, too."""
    dts = [p.dts for p in film if p.dts is not None]
    step = film[0].duration if film else 0
    return (max(dts) - min(dts)) // step + 1 if dts and step else 0


def _rate_of(video: VideoStream, film: Sequence[FilmPacket], order: Sequence[int]) -> Fraction:
    """The nominal rate of frames of which few or none are timed."""
    duration = film[order[0]].duration if order else 0
    if duration and video.time_base is not None:
        return 1 / (duration * video.time_base)
    return video.guessed_rate or video.average_rate or Fraction(25)


def _ascend(times: Sequence[int | None]) -> bool:
    known = [t for t in times if t is not None]
    return len(known) == len(times) and all(a < b for a, b in itertools.pairwise(known))


def _points(film: Sequence[FilmPacket], order: Sequence[int], counted: bool) -> Iterator[SeekPoint]:
    """Packets with which decoding may start, of those that can be told from all others."""
    number = {packet: frame for frame, packet in enumerate(order)}
    alike = Counter((p.signature, p.position) for p in film if p.key)
    latest = -1
    for i, packet in enumerate(film):
        frame = number.get(i)
        if frame is None:
            continue
        usable = packet.closed if counted else packet.key
        # No frame after it may come from a packet before it.
        if usable and frame > latest and alike[packet.signature, packet.position] == 1:
            yield _point(film, i, frame)
        latest = max(latest, frame)


def _point(film: Sequence[FilmPacket], packet: int, frame: int) -> SeekPoint:
    own = film[packet]
    before = (film[i].position for i in range(packet, -1, -1))
    position = next((p for p in before if p is not None), None)
    exact = own.position is not None
    return SeekPoint(frame, packet, own.stamp, position, exact, own.signature)
