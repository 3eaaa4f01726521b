"""Everything of a source that is not its picture: sound, subtitles, names, attachments.

Packets are copied as they are. For a range of frames those that sound or show in it are
taken, and all times are moved by the start of the range.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import AttachmentStream, Discard, Disposition, Stream

from mien.media.carried import add_like, carried, cover_picture
from mien.media.clock_repair import has_broadcast_clock, mended
from mien.media.closing import Closing
from mien.media.codec_delay import with_codec_delay
from mien.media.index import movie_index, open_movie, searched_by_time
from mien.media.languages import quicktime_language
from mien.media.sound_clock import SoundClock
from mien.media.sound_cut import HIDES_BY_DELAY, SoundCut
from mien.media.sound_edits import EditedSound
from mien.media.streams import main_video
from mien.model.media import MediaInfo
from mien.timebase import FrameRange

if TYPE_CHECKING:
    from av.container.core import Chapter

__all__ = ["Passthrough"]

_OWN_TAGS = frozenset(
    {"major_brand", "minor_version", "compatible_brands", "encoder", "duration", "timecode"}
    | {"alpha_mode"}
    | {"bps", "number_of_frames", "number_of_bytes"}
)
"""Tags that say how the source was written, which is not how the output is."""
_TAKE_EQUAL_TIMES = ("matroska", "webm")
"""Containers in which two packets of one sound may have one time."""
_LARGEST_TIMESCALE = (1 << 31) - 1
_SAME_CLOCK = 10
"""Seconds by which streams of one program may start apart."""
_LOOK_BACK = 2
"""Seconds before a range in which the first packets that sound in it are looked for."""


class Passthrough(Closing):
    """Copies all streams but the picture from a source to an output.

    Args:
        source: Facts of a movie.
        frames: Frames that are written.
        container: FFmpeg's name of the output's container.
        from_zero: Whether the first frame comes at 0 even of a whole film.
        sound: Whether the source's sound is copied.
    """

    def __init__(
        self,
        source: MediaInfo,
        frames: FrameRange,
        container: str,
        *,
        from_zero: bool = False,
        sound: bool = True,
    ) -> None:
        self._source = source
        late = bool(source.pts[0]) and from_zero
        self._whole = frames == source.clock.all and not late
        self._input = open_movie(source.path)
        video = main_video(self._input, source.stream)
        assert video is not None
        self._video = video
        self._carried = carried(self._input, video, container, sound=sound)
        self._streams: dict[int, Stream] = {}
        self._packets: Iterator[tuple[Fraction, Packet[Stream]]] = iter(())
        self._covers: list[Packet[Stream]] = []
        self._waiting: tuple[Fraction, Packet[Stream]] | None = None
        self._cuts: dict[int, SoundCut] = {}
        self._edited: dict[int, EditedSound] = {}
        self._delayed: dict[int, InputContainer] = {}
        self._hidden: dict[int, int] = {}
        index = movie_index(source.path, source.stream)
        self._jumps, self._in_parts = index.jumps, bool(index.parts)
        start = self._origin()
        self.stop: Fraction | None = None
        if not self._whole:
            start = source.pts[frames.start] * source.time_base
            self.stop = start + (
                source.clock.seconds(frames.stop) - source.clock.seconds(frames.start)
            )
        self.start = start
        """Seconds by which all times are moved to the front."""
        self._end: Fraction | None = None
        self._last: dict[int, int] = {}
        self._sound_clocks: dict[int, SoundClock] = {}
        self._disordered: dict[str, int] = {}

    @property
    def left_out(self) -> tuple[str, ...]:
        """What of the source the output cannot carry, or is damaged, a sentence each."""
        damaged = (
            f"{self._source.path.name} is damaged in its {kind}: of packets whose times run"
            f" backwards {count} {'is' if count == 1 else 'are'} left out."
            for kind, count in sorted(self._disordered.items())
        )
        return (*self._carried.left_out, *damaged)

    def _sounds(self) -> list[AudioStream]:
        """The sounds that are copied."""
        streams = (self._input.streams[number] for number in self._carried.copied)
        return [stream for stream in streams if isinstance(stream, AudioStream)]

    def _origin(self) -> Fraction:
        """The second of the source that is 0 in a copy of the whole film.

        A broadcast's clock may stand anywhere; nor can the picture start before 0.
        """
        first = self._source.pts[0] * self._source.time_base
        if not has_broadcast_clock(self._input):
            return min(first, Fraction(0))
        sounds = [s for s in self._sounds() if s.start_time is not None]
        starts = [(s.start_time or 0) * (s.time_base or Fraction(0)) for s in sounds]
        return min([first, *(start for start in starts if abs(start - first) < _SAME_CLOCK)])

    def movie_timescale(self) -> int | None:
        """Ticks a second in which MP4 and MOV must say when streams start; None for any.

        They round the start to milliseconds, unless told otherwise: the sound would move.
        """
        numbers = (self._video.index, *self._carried.copied)
        streams = [self._input.streams[number] for number in numbers]
        streams = [s for s in streams if s.type in ("video", "audio")]
        bases = [s.time_base for s in streams if s.time_base is not None]
        starts = [(s.start_time or 0) * (s.time_base or 0) for s in streams]
        if self._in_parts:
            starts.append(self._source.pts[0] * self._source.time_base)
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
        if not self._whole:
            chapters = [c for c in map(self._clipped, chapters) if c["end"] > c["start"]]
        if chapters:
            output.set_chapters(chapters)

    def _clipped(self, chapter: Chapter) -> Chapter:
        """A chapter as far as it lies in the range, at its time in the output."""
        base, last = chapter["time_base"], self.stop
        assert base is not None
        assert last is not None
        start, end = (
            round((min(max(time * base, self.start), last) - self.start) / base)
            for time in (chapter["start"], chapter["end"])
        )
        return {**chapter, "start": start, "end": end}

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
        if not self._jumps:
            main.discard = Discard.all
        self._cut_sound(output.format.name)
        for number in plan.copied:
            self._add(output, self._input.streams[number])
        for number in plan.attachments:
            _attach(output, self._input.streams[number])
        for number in plan.covers:
            self._add_cover(output, number)
        self._packets = self._read()

    @property
    def late_starts(self) -> dict[int, Fraction]:
        """Seconds to hide of sounds that begin after 0 in MP4 and MOV, by the output's tracks."""
        return {
            self._streams[number].index: Fraction(samples, self._cuts[number].rate)
            for number, samples in self._hidden.items()
            if samples and self._cuts[number].late
        }

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
            if (self._end is None or time < self._end) and self._in_order(
                packet, output.format.name
            ):
                output.mux(packet)
            self._waiting = None

    def end_before(self, frame: int) -> None:
        """Leave out what comes with a frame of the source, or after it."""
        self._end = self._source.pts[frame] * self._source.time_base - self.start

    def _in_order(self, packet: Packet[Stream], container: str) -> bool:
        """Whether a packet does not run back before the one before it; no container takes such."""
        time, stream = packet.dts, packet.stream.index
        last = self._last.get(stream)
        if time is not None and last is not None and time < last:
            kind = packet.stream.type
            self._disordered[kind] = self._disordered.get(kind, 0) + 1
            return False
        if time is not None:
            self._last[stream] = time
        if time is not None and packet.pts is not None and packet.pts < time:
            packet.pts = time
        if stream in self._sound_clocks and container not in _TAKE_EQUAL_TIMES:
            self._sound_clocks[stream].stamp(packet)
        return True

    def close(self) -> None:
        """Let go of the source."""
        self._packets = iter(())
        self._input.close()
        for container in self._delayed.values():
            container.close()

    def _add(self, output: OutputContainer, stream: Stream) -> None:
        delayed = self._delayed.get(stream.index)
        twin = add_like(output, delayed.streams[0] if delayed else stream)
        _copy_stream_tags(stream, twin)
        self._streams[stream.index] = twin
        if isinstance(stream, AudioStream):
            self._sound_clocks[twin.index] = SoundClock(stream)

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

    def _cut_sound(self, container: str) -> None:
        """Settle what is heard of each sound, and what the output hides before it."""
        for sound in self._sounds():
            self._cuts[sound.index] = SoundCut.of(sound, self.start, self.stop, container)
            edited = EditedSound.of(self._source.path, self._input, sound)
            if edited is not None:
                self._edited[sound.index] = edited
        if container not in HIDES_BY_DELAY:
            if any(cut.late for cut in self._cuts.values()):
                self._hidden = self._hidden_samples()
            return
        for index, samples in self._hidden_samples().items():
            stream = self._input.streams[index]
            assert isinstance(stream, AudioStream)
            if samples != stream.codec_context.delay:
                try:
                    self._delayed[index] = with_codec_delay(stream, samples)
                except (av.FFmpegError, ValueError):
                    self._cuts[index] = replace(self._cuts[index], hides=False)

    def _hidden_samples(self) -> dict[int, int]:
        """Samples of each sound that are copied but not heard, at its beginning."""
        hidden: dict[int, int] = {}
        with open_movie(self._source.path) as ahead:
            sounds = [ahead.streams[index] for index in self._cuts]
            if not sounds:
                return hidden
            if self.start > _LOOK_BACK and searched_by_time(ahead.format.name):
                ahead.seek(int((self.start - _LOOK_BACK) * av.time_base))
            for packet in self._timely(ahead, sounds):
                index = packet.stream.index
                cut = self._cuts[index]
                if index not in hidden and packet.size and cut.keeps(packet):
                    hidden[index] = cut.hidden(packet)
                    if len(hidden) == len(self._cuts):
                        break
        return hidden

    def _timely(self, container: InputContainer, streams: list[Stream]) -> Iterator[Packet[Stream]]:
        """Packets on one running clock."""
        if self._jumps:
            return mended(container, *streams)
        plain = [stream for stream in streams if stream.index not in self._edited]
        readers = [
            self._edited[stream.index].packets(self.start)
            for stream in streams
            if stream.index in self._edited
        ]
        if plain:
            readers.append(container.demux(*plain))
        return heapq.merge(*readers, key=_second) if len(readers) > 1 else readers[0]

    def _read(self) -> Iterator[tuple[Fraction, Packet[Stream]]]:
        if not self._streams:
            return
        chosen = [s for s in self._input.streams if s.index in self._streams]
        before: dict[int, int | None] = {}
        for packet in self._timely(self._input, chosen):
            stream = packet.stream.index
            if packet.dts is None and packet.pts is None:
                if not packet.size or stream not in self._cuts or before.get(stream) is None:
                    continue
                # Of packets in one block of Matroska only the first may have a time.
                packet.pts = packet.dts = before[stream]
            before[stream] = packet.dts if packet.dts is not None else packet.pts
            cut = self._cuts.get(stream)
            if cut is not None:
                if not cut.keeps(packet):
                    continue
                packet = cut.trimmed(packet)
            elif packet.is_discard:
                continue
            moved = self._moved(packet)
            if moved is not None:
                yield moved

    def _moved(self, packet: Packet[Stream]) -> tuple[Fraction, Packet[Stream]] | None:
        """The packet at its time in the output; None outside the range."""
        base = packet.time_base
        stream = packet.stream.index
        stamp = packet.pts if packet.pts is not None else packet.dts
        assert stamp is not None
        begin = stamp * base - self.start
        if self.stop is not None and stream not in self._cuts:
            end = begin + (packet.duration or 0) * base
            if end <= 0 or begin >= self.stop - self.start:
                return None
            if begin < 0:
                # Matroska and WebM would move everything by what is before 0.
                late = math.ceil(-begin / base)
                packet.duration = max(1, (packet.duration or 0) - late)
                stamp += late
                packet.pts = packet.dts = stamp
                begin = stamp * base - self.start
        shift = math.floor(self.start / base + Fraction(1, 2))
        if packet.pts is not None:
            packet.pts -= shift
        if packet.dts is not None:
            packet.dts -= shift
        packet.stream = self._streams[stream]
        return begin, packet


def _second(packet: Packet[Stream]) -> Fraction:
    """When a packet comes; the first where it does not say, as what follows another in a block."""
    stamp = packet.dts if packet.dts is not None else packet.pts
    return (stamp or 0) * packet.time_base


def _attach(output: OutputContainer, stream: Stream) -> None:
    if isinstance(stream, AttachmentStream):
        output.add_attachment(stream.name or "attachment", stream.mimetype or "", stream.data)


def _copy_stream_tags(source: Stream, target: Stream) -> None:
    for key, value in source.metadata.items():
        if key.lower() not in _OWN_TAGS and not key.startswith("_STATISTICS"):
            in_mov = key == "language" and target.container.format.name == "mov"
            target.metadata[key] = quicktime_language(value) if in_mov else value
    target.disposition = source.disposition
