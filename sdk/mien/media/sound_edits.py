"""Sound that an edit list cuts inside: what is heard of it, on one running clock.

FFmpeg begins every part but the first with the next whole packet, up to a packet early, and lets
the part before run over. So the packets of such a sound are read without the edit list, which is
followed here: PCM is cut to the sample; of coded sound the nearest packets come one after the
other without a gap, so that no part is more than half a packet early or late however many cuts
there are, and whether a player goes by times or counts samples.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from mien.media.opening import open_input
from mien.media.sound_cut import cut_pcm, sample_bytes
from mien.media.stream_facts import track_description

__all__ = ["EditedSound"]

_PREROLL: Final = 8
"""Packets that are read before the first part, of which the output hides what it needs."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a sound: the seconds at which it is heard, and where its media begin."""

    begin: Fraction
    end: Fraction
    media: Fraction


@dataclass(frozen=True, slots=True)
class EditedSound:
    """A sound in MP4 or MOV of which several parts are heard, one after the other.

    Attributes:
        path: The movie.
        number: The stream's number.
        parts: What is heard.
        sample_bytes: Bytes of a sample of PCM in all channels; 0 of coded sound.
        frame: Ticks that every packet of coded sound lasts.
        rate: Samples in a second.
    """

    path: Path
    number: int
    parts: tuple[_Part, ...]
    sample_bytes: int
    frame: int
    rate: int

    @classmethod
    def of(cls, path: Path, container: InputContainer, sound: AudioStream) -> EditedSound | None:
        """The parts of a sound; None where FFmpeg's own reading of it will do.

        Args:
            path: The movie.
            container: The movie, opened.
            sound: One of its sounds.
        """
        described = track_description(container, sound)
        if described is None or described.retimed:
            return None
        parts: list[_Part] = []
        at = Fraction(0)
        for edit in described.edits:
            if edit.start is None and parts:
                return None  # silence inside: no packets to give
            if edit.start is not None:
                parts.append(_Part(at, at + edit.seconds, edit.start))
            at += edit.seconds
        if len(parts) < 2 or any(part.begin == part.end for part in parts):
            return None
        base, context = sound.time_base, sound.codec_context
        assert base is not None
        size = sample_bytes(context.codec.canonical_name, context.layout.nb_channels)
        with _without_edits(path) as plain:
            times = [entry.timestamp for entry in plain.streams[sound.index].index_entries]
        steps = {after - before for before, after in itertools.pairwise(times)}
        if not times or times[0] != 0 or (not size and len(steps) != 1):
            return None  # in fragments, or in packets of any length
        frame = 0 if size else steps.pop()
        return cls(path, sound.index, tuple(parts), size, frame, context.sample_rate)

    def packets(self, start: Fraction) -> Iterator[Packet[Stream]]:
        """The packets of what is heard, with those before it that a decoder may need.

        Args:
            start: Second from which on they are wanted; earlier parts may be left out.
        """
        with _without_edits(self.path) as container:
            stream = container.streams[self.number]
            if self.sample_bytes:
                for part in self.parts:
                    if part.end > start:
                        yield from self._samples_of(part, container, stream)
                return
            base = stream.time_base
            assert base is not None
            # Packets come at this time, or whole packets before or after it.
            first = round((self.parts[0].begin - self.parts[0].media) / base)
            edges = [
                math.ceil((part.begin / base - first) / self.frame - Fraction(1, 2))
                for part in self.parts
            ]
            edges[0] -= _PREROLL
            edges.append(math.ceil((self.parts[-1].end / base - first) / self.frame))
            for part, (begin, end) in zip(self.parts, itertools.pairwise(edges), strict=True):
                if part.end <= start - _PREROLL * self.frame * base:
                    continue
                heard = (part.begin - part.media) / base - first
                yield from self._nearest(container, stream, first, range(begin, end), heard)

    def _samples_of(
        self, part: _Part, container: InputContainer, stream: Stream
    ) -> Iterator[Packet[Stream]]:
        """A part of PCM, to the sample."""
        begin, end = round(part.begin * self.rate), round(part.end * self.rate)
        media = round(part.media * self.rate)
        for packet in _from(container, stream, part.media):
            assert packet.pts is not None
            at = round(packet.pts * packet.time_base * self.rate)
            count = packet.size // self.sample_bytes
            before = max(0, media - at)
            after = max(0, at + count - media - (end - begin))
            if before + after < count:
                packet = cut_pcm(packet, before, after, self.sample_bytes, self.rate)
                heard = Fraction(begin + at + before - media, self.rate)
                packet.pts = packet.dts = round(heard / packet.time_base)
                yield packet
            if after:
                return

    def _nearest(
        self,
        container: InputContainer,
        stream: Stream,
        first: int,
        places: range,
        later: Fraction,
    ) -> Iterator[Packet[Stream]]:
        """A part of coded sound: the packets nearest to what is to be heard.

        Args:
            container: The movie, without its edit list.
            stream: The sound.
            first: Tick of the place 0.
            places: Places that the packets take, one packet after the other.
            later: Ticks by which the part's packets are heard later than in the media, from there.
        """
        assert stream.time_base is not None
        number = round(places.start - later / self.frame)
        place = places.start + max(0, -number)
        number = max(0, number)
        for packet in _from(container, stream, number * self.frame * stream.time_base):
            assert packet.pts is not None
            if packet.pts < number * self.frame:
                continue
            if place >= places.stop:
                return
            packet.pts = packet.dts = first + place * self.frame
            place += 1
            yield packet


def _without_edits(path: Path) -> InputContainer:
    """A movie with its sound as it lies in the file."""
    return open_input(path, {"ignore_editlist": "1"}, metadata_errors="surrogateescape")


def _from(container: InputContainer, stream: Stream, second: Fraction) -> Iterator[Packet[Stream]]:
    """Packets of a stream, from the one on in which a second lies."""
    assert stream.time_base is not None
    container.seek(math.floor(second / stream.time_base), stream=stream, backward=True)
    return (packet for packet in container.demux(stream) if packet.size)
