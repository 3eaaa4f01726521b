"""Everything of a source that is not its picture: sound, subtitles, names, attachments.

Packets are copied as they are. For a range of frames those that sound or show in it are
taken, and all times are moved by the start of the range.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from av.container import OutputContainer
from av.packet import Packet
from av.stream import AttachmentStream, Discard, Disposition, Stream

from mien.media.carried import carried, cover_picture
from mien.media.closing import Closing
from mien.media.index import open_movie
from mien.media.streams import main_video
from mien.model.media import MediaInfo
from mien.timebase import FrameRange

__all__ = ["Passthrough"]

_OWN_TAGS = frozenset(
    {"major_brand", "minor_version", "compatible_brands", "encoder", "duration", "timecode"}
    | {"alpha_mode"}
    | {"bps", "number_of_frames", "number_of_bytes"}
)
"""Tags that say how the source was written, which is not how the output is."""
_LARGEST_TIMESCALE = (1 << 31) - 1
_SHIFTS_NEGATIVE_TIMES = ("matroska", "webm", "mxf")
"""Containers without edit lists: a packet before time 0 moves all others, the picture too.

Of a range such packets are left out; of a whole film every packet is copied, and all of it
starts as much later (one frame of AAC, 21 ms at 48 kHz).
"""


class Passthrough(Closing):
    """Copies all streams but the picture from a source to an output.

    Args:
        source: Facts of a movie.
        frames: Frames that are written.
        container: FFmpeg's name of the output's container.
        from_zero: Whether the first frame comes at 0 even of a whole film.
    """

    def __init__(
        self, source: MediaInfo, frames: FrameRange, container: str, *, from_zero: bool = False
    ) -> None:
        self._source = source
        late = bool(source.pts[0]) and from_zero
        self._whole = frames == source.clock.all and not late
        self._input = open_movie(source.path)
        video = main_video(self._input, source.stream)
        assert video is not None
        self._video = video
        self._carried = carried(self._input, video, container)
        self._streams: dict[int, Stream] = {}
        self._packets: Iterator[tuple[Fraction, Packet[Stream]]] = iter(())
        self._covers: list[Packet[Stream]] = []
        self._waiting: tuple[Fraction, Packet[Stream]] | None = None
        start = Fraction(0)
        self.stop: Fraction | None = None
        if not self._whole:
            start = source.pts[frames.start] * source.time_base
            self.stop = start + (
                source.clock.seconds(frames.stop) - source.clock.seconds(frames.start)
            )
        self.start = start
        """Seconds by which all times are moved to the front."""
        self._end: Fraction | None = None

    @property
    def left_out(self) -> tuple[str, ...]:
        """What of the source the output cannot carry, a sentence each."""
        return self._carried.left_out

    def movie_timescale(self) -> int | None:
        """Ticks a second in which MP4 and MOV must say when streams start; None for any.

        They round the start to milliseconds, unless told otherwise: the sound would move.
        """
        numbers = (self._video.index, *self._carried.copied)
        streams = [self._input.streams[number] for number in numbers]
        streams = [s for s in streams if s.type in ("video", "audio")]
        bases = [s.time_base for s in streams if s.time_base is not None]
        starts = [(s.start_time or 0) * (s.time_base or 0) for s in streams]
        if self._whole and all((start * 1000).denominator == 1 for start in starts):
            return None
        scale = math.lcm(*(base.denominator for base in bases))
        return scale if scale <= _LARGEST_TIMESCALE else None

    def add_tags(self, output: OutputContainer, timecode: str | None) -> None:
        """Copy the container's tags and chapters."""
        for key, value in self._input.metadata.items():
            if key.lower() not in _OWN_TAGS:
                output.metadata[key] = value
        if timecode is not None:
            output.metadata["timecode"] = timecode
        chapters = self._input.chapters()
        if chapters and self._whole:
            output.set_chapters(chapters)

    def add_streams(self, output: OutputContainer, video: Stream, timecode: str | None) -> None:
        """Add the other streams to the output, and the tags of the picture's stream."""
        main, plan = self._video, self._carried
        _copy_stream_tags(main, video)
        if len(self._input.streams.video) > 1:
            # Of several pictures another may have been the default; in the output it is this.
            video.disposition |= Disposition.default
        for data in self._input.streams.data:
            if "reel_name" in data.metadata:
                video.metadata["reel_name"] = data.metadata["reel_name"]
        if timecode is not None:
            video.metadata["timecode"] = timecode
        main.discard = Discard.all
        for number in plan.copied:
            self._add(output, self._input.streams[number])
        for number in plan.attachments:
            _attach(output, self._input.streams[number])
        for number in plan.covers:
            self._add_cover(output, number)
        self._packets = self._read(output.format.name)

    def feed(self, output: OutputContainer, until: Fraction | None) -> None:
        """Copy the packets up to a time of the output in seconds; all of them when None."""
        while self._covers:
            output.mux(self._covers.pop())
        while True:
            if self._waiting is None:
                self._waiting = next(self._packets, None)
            if self._waiting is None:
                return
            time, packet = self._waiting
            if until is not None and time > until:
                return
            if self._end is None or time < self._end:
                output.mux(packet)
            self._waiting = None

    def end_before(self, frame: int) -> None:
        """Leave out what comes with a frame of the source, or after it."""
        self._end = self._source.pts[frame] * self._source.time_base - self.start

    def close(self) -> None:
        """Let go of the source."""
        self._input.close()

    def _add(self, output: OutputContainer, stream: Stream) -> None:
        twin = output.add_stream_from_template(stream)
        _copy_stream_tags(stream, twin)
        self._streams[stream.index] = twin

    def _add_cover(self, output: OutputContainer, number: int) -> None:
        name, kind, picture = cover_picture(self._source.path, number)
        if output.format.name == "matroska":
            output.add_attachment(name, kind, picture)
            return
        stream = output.add_stream_from_template(self._input.streams[number], opaque=True)
        stream.disposition = Disposition.attached_pic
        packet = Packet(picture)
        packet.stream = stream
        packet.pts = packet.dts = 0
        packet.is_keyframe = True
        self._covers.append(packet)

    def _read(self, container: str) -> Iterator[tuple[Fraction, Packet[Stream]]]:
        if not self._streams:
            return
        earliest = container in _SHIFTS_NEGATIVE_TIMES and not self._whole
        chosen = [s for s in self._input.streams if s.index in self._streams]
        for packet in self._input.demux(*chosen):
            if packet.dts is None and packet.pts is None:
                continue
            moved = self._moved(packet, earliest)
            if moved is not None:
                yield moved

    def _moved(
        self, packet: Packet[Stream], earliest: bool
    ) -> tuple[Fraction, Packet[Stream]] | None:
        """The packet at its time in the output; None outside the range."""
        base = packet.time_base
        stamp = packet.pts if packet.pts is not None else packet.dts
        assert stamp is not None
        begin = stamp * base - self.start
        if self.stop is not None:
            end = begin + (packet.duration or 0) * base
            before = begin < 0 if earliest else end <= 0
            if before or begin >= self.stop - self.start:
                return None
            shift = math.floor(self.start / base + Fraction(1, 2))
            if packet.pts is not None:
                packet.pts -= shift
            if packet.dts is not None:
                packet.dts -= shift
        packet.stream = self._streams[packet.stream.index]
        return begin, packet


def _attach(output: OutputContainer, stream: Stream) -> None:
    if isinstance(stream, AttachmentStream):
        output.add_attachment(stream.name or "attachment", stream.mimetype or "", stream.data)


def _copy_stream_tags(source: Stream, target: Stream) -> None:
    for key, value in source.metadata.items():
        if key.lower() not in _OWN_TAGS and not key.startswith("_STATISTICS"):
            target.metadata[key] = value
    target.disposition = source.disposition
