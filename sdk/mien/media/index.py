"""The index of a movie: when every frame is shown, and where decoding may start.

Built by reading all packets without decoding them. In formats that do not time every frame, or
that cannot be searched by time, packets are known by their number instead, and what they give is
checked by decoding the first of them; where that shows something else than was expected the
film is decoded once from end to end.
"""

from __future__ import annotations

import itertools
import threading
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median_low
from typing import Final

from av.container import InputContainer
from av.video.stream import VideoStream

from mien.media.film_parts import FilmPart, is_cut_inside, open_without_edits, shown_parts
from mien.media.frame_order import (
    FrameOrder,
    decode_numbers,
    holds,
    point_at,
    possible_orders,
    with_damage,
)
from mien.media.opening import open_input
from mien.media.packet_scan import FilmPacket, PacketScan, scan_packets
from mien.media.picture_order import missing_pictures
from mien.media.seek_points import SeekPoint
from mien.media.streams import main_video
from mien.media.whole_tail import last_is_whole
from mien.progress import Progress, report_each, silent

__all__ = [
    "PacketIndex",
    "movie_index",
    "movie_url",
    "open_movie",
    "remembered_index",
    "searched_by_time",
]

_TIMED: Final = ("mov", "matroska", "mxf", "nut")
"""Formats (FFmpeg's names, first word) that store the time of every frame."""
_REMEMBERED: Final = 32
"""Indexes kept in memory."""
_MOST_CORRUPT: Final = 16
"""Damaged packets around which it is tried what can be decoded; of more, everything is tried."""
_BEFORE_JOIN: Final = 3
"""Packets before a join in which the count of packets may seem to be broken."""
_NEAR_HOLE: Final = 20
"""Frames from a damaged packet within which a hole in the times comes from it."""
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
        breaks_off: Whether nothing that follows damage can be used, up to the next of `points`: no
            container says which frames are there, or nothing says what they were predicted from.
        bereft: Numbers of packets before which one is missing that they are predicted from.
        jumps: How often the clock was set anew.
        whole: Numbers of packets that are whole although the format says they are damaged: what
            is before a join, after which packets are counted anew.
        losses: What is not there of it, where it was recorded badly: a sentence each.
        last_packet: Number of the last packet of a frame that is shown.
        torn: Frames that lack the mark of their end, which nearly all others have: their decoder
            makes up the rest without a word.
        parts: Where frames come from, of a film that an edit list cuts inside: it is read without
            the list then. Empty of others.
        rate: The nominal rate of such a film without the list; None of others.
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
    breaks_off: bool = False
    bereft: frozenset[int] = frozenset()
    jumps: int = 0
    whole: frozenset[int] = frozenset()
    losses: tuple[str, ...] = ()
    last_packet: int = 0
    torn: frozenset[int] = frozenset()
    parts: tuple[FilmPart, ...] = ()
    rate: Fraction | None = None

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
    return open_input(path, metadata_errors="surrogateescape")


def movie_index(
    path: Path,
    stream: int,
    progress: Progress = silent,
    container: InputContainer | None = None,
) -> PacketIndex:
    """Index a movie; remembered as long as the file does not change.

    Args:
        path: The movie.
        stream: Number of its video stream.
        progress: Told of the megabytes read (stage `index`), and of the packets decoded where
            that is needed (stage `decode`); stops the work by raising.
        container: The movie, opened and not yet read from; it may be read to its end. None to
            open it here.

    Raises:
        av.FFmpegError: When the file cannot be read.
    """
    index = remembered_index(path, stream)
    if index is None:
        key = _key(path, stream)
        if container is not None:
            index = _built(container, key, progress)
        else:
            with open_movie(path) as container:
                index = _built(container, key, progress)
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


def _built(container: InputContainer, key: _Key, progress: Progress) -> PacketIndex:
    path, stream, size, _ = key
    total = max(1, size // _MEGABYTE)

    def report(reached: int) -> None:
        if total >= _LONG:
            progress("index", min(total, reached // _MEGABYTE), total)

    video = main_video(container, stream)
    assert video is not None
    if is_cut_inside(container, video):
        index = _in_parts(path, container, video, report)
        if index is not None:
            return index
    scan = scan_packets(container, video, report)
    report(total * _MEGABYTE)
    if scan.entire is False:
        scan.entire = last_is_whole(path, stream, scan)
    name, codec = container.format.name.split(",")[0], video.codec_context.codec.canonical_name
    pts = [p.pts for p in scan.film if p.shown]
    timed = None not in pts and len(set(pts)) == len(pts)
    if timed and name in _TIMED:
        return _timed(name, video, scan)
    # FFmpeg makes up times of pictures where the format has none, here in coded order.
    timed &= not (name == "avi" and codec in ("h264", "hevc"))
    deduced = None
    if name not in _TIMED and len(scan.corrupt) <= _MOST_CORRUPT:
        orders = possible_orders(scan, timed)
        deduced = next((o for o in orders if holds(container, video, scan, o)), None)
    if deduced is None:
        deduced = _decoded(path, stream, scan, timed, progress)
    return _by_number(video, scan, deduced)


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
        torn=_torn(scan.film, [i for _, i in shown]),
    )


def _in_parts(
    path: Path, container: InputContainer, video: VideoStream, report: Callable[[int], None]
) -> PacketIndex | None:
    """The index of a film that an edit list cuts inside; None where it does not tell enough."""
    with open_without_edits(path) as whole:
        plain = whole.streams[video.index]
        assert isinstance(plain, VideoStream)
        scan = scan_packets(whole, plain, report)
        film = shown_parts(container, video, plain, scan.film)
        if film is None:
            return None
        return PacketIndex(
            film.pts,
            film.points,
            film.last_duration,
            plain.frames,
            len(scan.film),
            film.hidden,
            scan.end,
            parts=film.parts,
            rate=plain.guessed_rate or plain.average_rate,
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


def _decoded(
    path: Path, stream: int, scan: PacketScan, timed: bool, progress: Progress
) -> FrameOrder:
    """The order of frames by decoding everything once."""
    total = len(scan.film)
    with open_movie(path) as container:
        video = main_video(container, stream)
        assert video is not None
        packets = report_each(container.demux(video), progress, "decode", total + 1)
        found = decode_numbers(video, packets, 0)
    return with_damage(scan, found, possible_orders(scan, timed))


def _by_number(video: VideoStream, scan: PacketScan, deduced: FrameOrder) -> PacketIndex:
    """The index of a film whose packets are known by their number."""
    film, order, counted = scan.film, deduced.packets, not deduced.exact
    pts, declared = _times(video, film, order), video.frames
    missing = missing_pictures([film[i].display for i in order]) if deduced.placed else {}
    if missing and scan.counts_packets:
        pts = _with_holes(pts, missing)
    stamps: list[int | None] = [*range(len(film))] if counted else [None] * len(film)
    if not counted:
        for time, i in zip(pts, order, strict=True):
            stamps[i] = time
    losses = _holes_told(missing) if missing else _holes(scan, order, pts)
    if deduced.dangling:
        losses += ("The frame at its end is left out: the recording breaks off in it.",)
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
        counted or deduced.placed,
        frozenset(i for i, p in enumerate(film) if p.display is not None and p.display.bereft),
        scan.jumps,
        frozenset(i for i in scan.corrupt if any(0 < j - i <= _BEFORE_JOIN for j in scan.joins)),
        losses,
        max(order, default=0) if deduced.dangling else len(film) - 1,
        _torn(film, order),
    )


def _torn(film: Sequence[FilmPacket], order: Sequence[int]) -> frozenset[int]:
    """Frames whose packets lack the mark of their end, where it is usual in the film."""
    torn = [frame for frame, i in enumerate(order) if film[i].ended is False]
    return frozenset(torn if 2 * len(torn) < len(order) else ())


def _holes(scan: PacketScan, order: Sequence[int], pts: Sequence[int]) -> tuple[str, ...]:
    """What is said of frames of which nothing came through: their time is left, beside damage."""
    if len(pts) < 3:
        return ()
    step = median_low(b - a for a, b in itertools.pairwise(pts))
    number = {packet: frame for frame, packet in enumerate(order)}
    damaged = sorted(number[i] for i in scan.corrupt if i in number and i not in scan.alone)
    holes = []
    for frame, (a, b) in enumerate(itertools.pairwise(pts), 1):
        near = bisect_left(damaged, frame - _NEAR_HOLE)
        if 2 * (b - a) > 3 * step and near < len(damaged) and damaged[near] < frame + _NEAR_HOLE:
            holes.append((frame, round((b - a) / step) - 1))
    return _holes_told(dict(holes))


def _with_holes(pts: Sequence[int], missing: Mapping[int, int]) -> list[int]:
    """Times of frames that are a packet apart, with room for those that are missing."""
    step = median_low(b - a for a, b in itertools.pairwise(pts))
    gaps = itertools.accumulate(missing.get(i, 0) for i in range(len(pts)))
    return [time + step * gap for time, gap in zip(pts, gaps, strict=True)]


def _holes_told(holes: Mapping[int, int]) -> tuple[str, ...]:
    """Say before which frames how many are missing."""
    if not holes:
        return ()
    lost, places = sum(holes.values()), ", ".join(str(frame) for frame in [*holes][:3])
    more = f" and {len(holes) - 3} more places" if len(holes) > 3 else ""
    return (
        f"The recording is damaged: {lost} {'frame is' if lost == 1 else 'frames are'} missing"
        f" before frame {places}{more}; those around are shown at their own times.",
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
            yield point_at(film, i, frame)
        latest = max(latest, frame)
