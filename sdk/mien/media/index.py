"""The index of a movie: when every frame is shown, and where decoding may start.

Built by reading all packets without decoding them. Formats that do not time every frame
are decoded once from end to end instead.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from mien.media.streams import main_video, whole_frames

__all__ = ["PacketIndex", "movie_index", "movie_url", "open_movie"]

_TIMED = ("mov", "matroska", "mxf", "nut")
"""Formats (FFmpeg's names, first word) that store the time of every frame."""


@dataclass(frozen=True, slots=True)
class PacketIndex:
    """When every frame of the video stream is shown, and where decoding may start.

    Attributes:
        pts: Presentation times in display order, in the stream's time base.
        keys: Presentation times of the frames at which decoding may start, ascending;
            empty when frames cannot be found by their time and must be counted.
        last_duration: Duration of the last frame; 0 when not known.
        declared: Frames that the file says it has; 0 when it does not say.
        read: Frames that were found, with those that are decoded but never shown.
        end: Seconds at which the last packet of any stream ends.
    """

    pts: tuple[int, ...]
    keys: tuple[int, ...]
    last_duration: int
    declared: int
    read: int
    end: Fraction


def movie_url(path: Path) -> str:
    """A path as FFmpeg takes it, whatever is in it: `a:b.mp4` names no protocol."""
    return f"file:{path}"


def open_movie(path: Path) -> InputContainer:
    """Open a movie; tags that are not Unicode keep their bytes as surrogates.

    Raises:
        av.FFmpegError: When it cannot be opened.
    """
    return av.open(movie_url(path), metadata_errors="surrogateescape")


def movie_index(path: Path, stream: int) -> PacketIndex:
    """Index a movie; remembered as long as the file does not change.

    Args:
        path: The movie.
        stream: Number of its video stream.

    Raises:
        av.FFmpegError: When the file cannot be read.
    """
    stat = path.stat()
    return _remembered(path, stream, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=32)
def _remembered(path: Path, stream: int, size: int, modified: int) -> PacketIndex:
    with open_movie(path) as container:
        index = _demuxed(container, stream)
        if index is not None:
            return index
    with open_movie(path) as container:
        return _decoded(container, stream)


def _demuxed(container: InputContainer, stream: int) -> PacketIndex | None:
    """The index from packets alone; None when they do not tell."""
    video = main_video(container, stream)
    assert video is not None
    shown: list[tuple[int, int, bool]] = []
    read = 0
    end = Fraction(0)
    for packet in container.demux():
        if packet.dts is None and packet.pts is None:
            continue
        if packet.pts is not None:
            end = max(end, (packet.pts + (packet.duration or 0)) * packet.time_base)
        if packet.stream.index != video.index or not packet.size:
            continue
        read += 1
        if packet.is_discard:
            continue
        if packet.pts is None:
            return None
        shown.append((packet.pts, packet.duration or 0, packet.is_keyframe))
    shown.sort()
    pts = tuple(p for p, _, _ in shown)
    if len(set(pts)) < len(pts) or container.format.name.split(",")[0] not in _TIMED:
        return None
    keys = tuple(p for p, _, key in shown if key)
    return PacketIndex(pts, keys, _last_duration(video, shown), video.frames, read, end)


def _last_duration(video: VideoStream, shown: list[tuple[int, int, bool]]) -> int:
    """How long the last frame is shown: until the stream ends, where that is known.

    MP4 keeps durations in the order of decoding, so that the packet's own is another's.
    """
    if not shown:
        return 0
    pts, duration, _ = shown[-1]
    if video.duration and video.start_time is not None:
        rest = video.start_time + video.duration - pts
        if rest > 0:
            return rest
    return duration


def _decoded(container: InputContainer, stream: int) -> PacketIndex:
    """The index from decoding everything once."""
    video = main_video(container, stream)
    assert video is not None
    video.thread_type = "AUTO"
    times: list[int | None] = []
    duration = 0
    for frame in whole_frames(container.demux(video)):
        times.append(frame.pts)
        duration = frame.duration or duration
    pts = [t for t in times if t is not None]
    if len(pts) < len(times) or any(b <= a for a, b in itertools.pairwise(pts)):
        # No usable times at all: count at the nominal rate.
        assert video.time_base is not None
        rate = video.guessed_rate or video.average_rate or Fraction(25)
        step = 1 / (rate * video.time_base)
        pts = [round(i * step) for i in range(len(times))]
    end = Fraction(0)
    if pts and video.time_base is not None:
        end = (pts[-1] + duration) * video.time_base
    return PacketIndex(tuple(pts), (), duration, video.frames, len(pts), end)
