"""A movie open for decoding: its frames in display order, from the start or from a key frame."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

import av
from av.codec.context import ThreadType
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from mien.media.film_parts import open_without_edits, packets_between
from mien.media.index import PacketIndex, open_movie
from mien.media.seek_points import packets_from, stamped
from mien.media.streams import main_video, whole_frames

__all__ = ["Film"]


class Film:
    """The film of a movie, with times as its index has them.

    Args:
        path: The movie.
        stream: Number of its video stream.
        index: Its index.
        threads: Threads that decode; 0 lets the decoder choose.
        by: What threads work on: `AUTO`, or `SLICE` for one frame at a time.

    Raises:
        av.FFmpegError: When it cannot be opened.
    """

    def __init__(
        self,
        path: Path,
        stream: int,
        index: PacketIndex,
        *,
        threads: int = 0,
        by: Literal["AUTO", "SLICE"] = "AUTO",
    ) -> None:
        self._index = index
        self._container: InputContainer = (
            open_without_edits(path) if index.parts else open_movie(path)
        )
        video = main_video(self._container, stream)
        assert video is not None
        self.video: VideoStream = video
        """The stream that is decoded."""
        video.thread_type = by
        video.codec_context.thread_count = threads

    def packets(self, point: int | None = None) -> Iterator[Packet[VideoStream]] | None:
        """Packets to decode, with times of the index.

        Args:
            point: Number of the place in the index to start at; None for the beginning, which
                can be had before anything else was read.

        Returns:
            None where that place cannot be got to.

        Raises:
            av.FFmpegError: When the file does not let itself be searched.
        """
        stamps, whole = self._index.stamps, self._index.whole
        if point is None:
            packets: Iterator[Packet[VideoStream]] = self._container.demux(self.video)
            return stamped(packets, stamps, whole=whole) if stamps else packets
        place = self._index.points[point]
        if not stamps:
            assert place.stamp is not None
            self._container.seek(place.stamp, stream=self.video)
            return self._container.demux(self.video)
        found = packets_from(self._container, self.video, place)
        return None if found is None else stamped(found, stamps, place.packet, whole)

    def frames(self, point: int | None = None) -> Iterator[av.VideoFrame] | None:
        """The frames that come out of those packets; see `packets`.

        Raises:
            av.error.InvalidDataError: When a packet is damaged, and nothing that follows can be
                used: `PacketIndex.breaks_off`.
        """
        if self._index.parts:
            return self._of_parts(0 if point is None else self._index.points[point].frame)
        packets = self.packets(point)
        if packets is None:
            return None
        if self._index.counted:
            return whole_frames(self._of_frames(packets), lambda: False)
        if not self._index.breaks_off:
            return whole_frames(packets)
        first = 0 if point is None else self._index.points[point].packet
        return self._until_damage(self._until_gap(packets, first))

    def _of_parts(self, first: int) -> Iterator[av.VideoFrame]:
        """Frames from one on at which decoding may start, of a film that is cut inside."""
        for part in self._index.parts:
            if part.stop <= first:
                continue
            start = max(first, part.start)
            point = self._index.point_before(start)
            assert point is not None
            stamp = self._index.points[point].stamp
            assert stamp is not None
            shown = zip(part.times, self._index.pts[part.start : part.stop], strict=True)
            times = dict(itertools.islice(shown, start - part.start, None))
            packets = packets_between(self._container, self.video, stamp, part.last)
            for frame in itertools.chain(whole_frames(packets), self._held_back()):
                # What comes before the part, or between its pictures, is only decoded.
                if frame.pts in times:
                    frame.pts = times[frame.pts]
                    yield frame

    def _held_back(self) -> Iterator[av.VideoFrame]:
        """What the decoder gives when nothing follows."""
        with suppress(av.FFmpegError):
            yield from self.video.codec_context.decode(None)

    def _until_damage(self, packets: Iterator[Packet[VideoStream]]) -> Iterator[av.VideoFrame]:
        """Frames up to damage, with those that the decoder holds back there."""
        try:
            yield from whole_frames(packets, lambda: False)
        except av.error.InvalidDataError:
            if self.video.thread_type is ThreadType.SLICE:
                # Of several frames at once, it may hold back some that come after the damage.
                with suppress(av.FFmpegError):
                    yield from self.video.codec_context.decode(None)
            raise

    def _until_gap(
        self, packets: Iterator[Packet[VideoStream]], first: int
    ) -> Iterator[Packet[VideoStream]]:
        """Packets up to one before which another is missing that it is predicted from."""
        number = first
        for packet in packets:
            if packet.size:
                # A picture at which decoding starts needs none from before it.
                if number in self._index.bereft and number != first:
                    raise av.error.InvalidDataError(0, "a picture is missing", None)
                number += 1
            yield packet

    def _of_frames(self, packets: Iterator[Packet[VideoStream]]) -> Iterator[Packet[VideoStream]]:
        """Packets from the first whole frame to the last one, without what cannot be decoded."""
        points, last = self._index.points, self._index.last_packet
        first = points[0].packet if points and points[0].frame == 0 else 0
        for packet in packets:
            if not packet.size or packet.pts is None or first <= packet.pts <= last:
                yield packet

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()
