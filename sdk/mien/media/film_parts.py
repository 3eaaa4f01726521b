"""A film that an edit list cuts inside: which of its pictures are shown, in which order and when.

FFmpeg can begin every part but the first only where its packets let it: pictures come late, or
their times overlap. So the packets of such a film are read without the edit list, which is
followed here. A part may also repeat what another has shown, or go back.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from mien.media.opening import open_input
from mien.media.packet_scan import FilmPacket
from mien.media.seek_points import SeekPoint
from mien.media.stream_facts import track_description

__all__ = [
    "FilmPart",
    "ShownParts",
    "is_cut_inside",
    "open_without_edits",
    "packets_between",
    "shown_parts",
]


@dataclass(frozen=True, slots=True)
class FilmPart:
    """Frames that are shown one after the other out of a stretch of the file.

    Attributes:
        start: Number of its first frame.
        stop: The one after its last.
        times: When each of them is shown in the file, without the edit list.
        last: Time of decoding of the last packet that is needed.
    """

    start: int
    stop: int
    times: tuple[int, ...]
    last: int


@dataclass(frozen=True, slots=True)
class ShownParts:
    """What an edit list shows of a film.

    Attributes:
        pts: When frames are shown, in ticks of the stream, ascending.
        parts: Where they come from.
        points: Where decoding may start, with the time of decoding as stamp.
        last_duration: Ticks that the last frame is shown.
        hidden: Pictures that are not shown.
    """

    pts: tuple[int, ...]
    parts: tuple[FilmPart, ...]
    points: tuple[SeekPoint, ...]
    last_duration: int
    hidden: int


@dataclass(frozen=True, slots=True)
class _Edit:
    """A part in seconds: when it is shown, how long, and where its media begin."""

    begin: Fraction
    length: Fraction
    media: Fraction


def is_cut_inside(container: InputContainer, video: VideoStream) -> bool:
    """Whether several parts of a film are shown, that can be told from each other."""
    return bool(_edits(container, video))


def open_without_edits(path: Path) -> InputContainer:
    """A movie as it lies in the file, whatever of it is shown."""
    return open_input(path, {"ignore_editlist": "1"}, metadata_errors="surrogateescape")


def shown_parts(
    container: InputContainer, video: VideoStream, plain: VideoStream, film: Sequence[FilmPacket]
) -> ShownParts | None:
    """What is shown of a film that is cut inside; None where FFmpeg's reading has to do.

    Args:
        container: The movie.
        video: The film in it.
        plain: The same, opened without edit lists.
        film: Its packets, read without edit lists.
    """
    edits, base = _edits(container, video), plain.time_base
    decoded = [p.dts for p in film if p.dts is not None]
    shown = sorted((p.pts, i) for i, p in enumerate(film) if p.pts is not None)
    starts = [pts for pts, _ in shown]
    usable = film and len(decoded) == len(shown) == len(film) and base is not None
    if not edits or not usable or not (_ascend(decoded) and _ascend(starts)):
        return None
    assert base is not None
    keys = [(pts, i) for pts, i in shown if film[i].key]
    description = track_description(container, video)
    sliver = description.tick if description is not None else Fraction(0)
    ends = [*starts[1:], starts[-1] + _last(plain, starts[-1], film[shown[-1][1]].duration)]
    pts: list[int] = []
    parts: list[FilmPart] = []
    points: list[SeekPoint] = []
    seen: set[int] = set()
    until = 0
    for edit in edits:
        start, times, last = len(pts), [], decoded[0]
        point = -1
        for k in range(max(0, bisect_right(starts, edit.media / base) - 1), len(starts)):
            a, b = starts[k] * base - edit.media, ends[k] * base - edit.media
            if a >= edit.length:
                break
            # Lists count in coarser ticks: what is met by one of them alone is not meant.
            least = min(sliver, (b - a) / 2)
            if min(b, edit.length) - max(a, Fraction(0)) <= least:
                continue
            time = round((edit.begin + max(a, Fraction(0))) / base)
            before = bisect_right(keys, (starts[k], len(film))) - 1
            if before < 0 or (pts and time <= pts[-1]):
                continue
            if before != point:
                point = before
                points.append(_point(len(pts), keys[before][1], film))
            pts.append(time)
            times.append(starts[k])
            seen.add(k)
            last = max(last, decoded[shown[k][1]])
            until = round((edit.begin + min(b, edit.length)) / base)
        if times:
            parts.append(FilmPart(start, len(pts), tuple(times), last))
    duration = until - pts[-1] if pts else 0
    return ShownParts(tuple(pts), tuple(parts), tuple(points), duration, len(film) - len(seen))


def packets_between(
    container: InputContainer, video: VideoStream, first: int, last: int
) -> Iterator[Packet[VideoStream]]:
    """Packets of a film from one to another, by their times of decoding.

    Raises:
        av.FFmpegError: When the file does not let itself be searched.
    """
    container.seek(first, stream=video)
    for packet in container.demux(video):
        if packet.size and packet.dts is not None and packet.dts >= first:
            if packet.dts > last:
                return
            yield packet


def _edits(container: InputContainer, video: VideoStream) -> list[_Edit]:
    """The parts of a film that is shown in several; empty of others.

    Parts of which one goes on where the other ends are one.
    """
    described = track_description(container, video)
    # In fragments, the file's index counts no frames, and a list is another thing.
    if described is None or described.retimed or not video.frames:
        return []
    edits = described.edits
    if sum(edit.start is not None for edit in edits) < 2 or any(not e.seconds for e in edits):
        return []
    parts: list[_Edit] = []
    at = Fraction(0)
    for edit in edits:
        if edit.start is not None:
            before = parts[-1] if parts else None
            if (
                before is not None
                and before.begin + before.length == at
                and abs(before.media + before.length - edit.start) <= described.tick
            ):
                parts[-1] = _Edit(before.begin, before.length + edit.seconds, before.media)
            else:
                parts.append(_Edit(at, edit.seconds, edit.start))
        at += edit.seconds
    return parts


def _point(frame: int, packet: int, film: Sequence[FilmPacket]) -> SeekPoint:
    return SeekPoint(frame, packet, film[packet].dts, None, False, film[packet].signature)


def _last(plain: VideoStream, pts: int, duration: int) -> int:
    """Ticks that the last picture of the file lasts; MP4 keeps them in the order of decoding."""
    rest = (plain.start_time or 0) + (plain.duration or 0) - pts
    return rest if rest > 0 else max(1, duration)


def _ascend(times: Sequence[int]) -> bool:
    return all(a < b for a, b in itertools.pairwise(times))
