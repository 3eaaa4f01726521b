"""What is heard of a sound: not what an edit list hides, and of a range only the range.

Packets are copied, but a packet lasts some time (1024 samples of AAC), and its decoder needs the
one before it. So what is heard rarely begins with a packet. MP4 and MOV hide what is before by
an edit list, which FFmpeg writes for times before 0; Matroska and WebM by `CodecDelay`, and what
is after by `DiscardPadding`; PCM is cut to the sample. In MP4 and MOV the last packet is said to
be shorter: players that go by that end to the sample, others play it out. Cuts inside a sound are
followed by `sound_edits`.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from av.audio.stream import AudioStream
from av.packet import Packet, PacketSideData
from av.stream import Stream

__all__ = ["HIDES_BY_DELAY", "SoundCut", "cut_pcm", "sample_bytes"]

HIDES_BY_DELAY: Final = ("matroska", "webm")
"""Containers (FFmpeg's names) that hide the beginning of a sound by its codec delay."""
_PREROLL: Final = {"opus": 4, "mp3": 2, "flac": 0, "alac": 0, "vorbis": 0, "wavpack": 0, "tta": 0}
"""Packets that a decoder needs before the first that is heard, where it is not one."""
_WHOLE_PREROLL: Final = 3
"""The same of a whole film: what encoders put before, which is up to 2112 samples of AAC.

FFmpeg gives a second of what an edit list hides.
"""
_ROUNDED: Final = 500
"""Times in a format may be wrong by one such part of a second."""
_EVEN: Final = ("aac", "mp3", "ac3", "eac3")
"""Codecs whose packets hold as many samples each, whatever the container says of the last."""
_PCM: Final = re.compile(r"pcm_(?:[suf](\d+)(?:le|be)?|alaw|mulaw)$")
_SKIP_SAMPLES: Final = 11
"""FFmpeg's number of the side data that says how many samples are not to be heard."""


@dataclass(frozen=True, slots=True)
class SoundCut:
    """The part of a sound that is heard in an output.

    Attributes:
        begin: Second of the source at which it begins; None to begin with what is there.
        end: Second of the source at which it ends; None to end with what is there.
        codec: FFmpeg's name of the codec, whatever its decoder is called.
        rate: Samples in a second.
        sample_bytes: Bytes of a sample in all channels; 0 where packets cannot be cut.
        whole: Whether all packets before `begin` are copied to be hidden, as of a whole film.
        padding: Whether the container says how many samples at the end are not to be heard.
        zero: Second of the source that is 0 in the output.
        frame: Samples in every packet of the codec; 0 where that varies.
        hides: Whether the container hides what is copied of before `begin`.
        late: Whether it begins so late in MP4 or MOV that what is hidden before it comes after 0.
    """

    begin: Fraction | None
    end: Fraction | None
    codec: str
    rate: int
    sample_bytes: int
    whole: bool
    padding: bool
    zero: Fraction
    frame: int
    hides: bool = True
    late: bool = False

    @classmethod
    def of(
        cls,
        stream: AudioStream,
        zero: Fraction,
        stop: Fraction | None,
        container: str,
    ) -> SoundCut:
        """The part that is heard in a range of the film, or in all of it.

        Args:
            stream: The sound.
            zero: Second of the source that is 0 in the output.
            stop: Second at which a range that begins there ends; None for the whole film.
            container: FFmpeg's name of the output's container.
        """
        given = stream.container.format.name.split(",")[0]
        base = stream.time_base or Fraction(1)
        begin = end = None
        if given in ("mov", "matroska") and stream.start_time is not None:
            begin = stream.start_time * base
            if given == "mov" and stream.duration:
                end = begin + stream.duration * base
        # Not that of the decoder, which is mp3float for mp3.
        context, codec = stream.codec_context, stream.codec_context.codec.canonical_name
        if stop is not None:
            begin = max(begin, zero) if begin is not None else zero
            end = min(end, stop) if end is not None else stop
        frame = context.frame_size if codec in _EVEN else 0
        late = False
        if container in ("mp4", "mov") and begin is not None and frame and context.sample_rate:
            # Room for what a decoder needs, and for its first packet that is heard only in part.
            late = begin - zero > Fraction(2 * frame, context.sample_rate)
        return cls(
            begin,
            end,
            codec,
            context.sample_rate,
            sample_bytes(codec, context.layout.nb_channels),
            stop is None,
            container in HIDES_BY_DELAY,
            zero,
            frame,
            late=late,
        )

    def keeps(self, packet: Packet[Stream]) -> bool:
        """Whether a packet is copied: it is heard, or a decoder needs it for what is heard."""
        begin, end = self._span(packet)
        if self.begin is not None and begin < self.begin and not self._needed(begin, end):
            return False
        if self.begin is not None and begin >= self.begin and packet.is_discard:
            return False
        # A film's last packet may say less than it lasts: what has no length is kept.
        return self.end is None or begin < self.end or (self.whole and begin == end)

    def _needed(self, begin: Fraction, end: Fraction) -> bool:
        """Whether a packet that begins before the sound does is copied, and can be hidden."""
        assert self.begin is not None
        if not self.hides:
            return False
        if end > self.begin:
            return True
        if self.sample_bytes:
            return False
        if not self.padding and (begin <= self.zero if self.late else end > self.zero):
            # FFmpeg's edit list hides what is before 0; mien's, what is before a sound after it.
            return False
        preroll = _WHOLE_PREROLL if self.whole else _PREROLL.get(self.codec, 1)
        return end > self.begin - preroll * (end - begin)

    def hidden(self, packet: Packet[Stream]) -> int:
        """Samples from the beginning of a packet until something is heard."""
        skipped = _skipped(packet)
        if self.begin is None or self.sample_bytes:
            return skipped
        hidden = max(0, round((self.begin - self._span(packet)[0]) * self.rate))
        # Matroska rounds times, but not this.
        return skipped if abs(hidden - skipped) * _ROUNDED < self.rate else hidden

    def trimmed(self, packet: Packet[Stream]) -> Packet[Stream]:
        """The packet without what is not heard of it, as far as it can be said."""
        begin, end = self._span(packet)
        base = packet.time_base
        before = Fraction(0)
        if self.begin is not None and begin < self.begin < end and self.sample_bytes:
            before = self.begin - begin
        after = Fraction(0)
        if self.end is not None and begin < self.end < end:
            after = end - self.end
        if self.padding and self.end is not None and end >= self.end:
            # The last packet of MP4 says how long it is heard.
            after += max(Fraction(0), Fraction(self.frame, self.rate) - (end - begin))
        if not before and not after:
            return packet
        if self.sample_bytes:
            cuts = round(before * self.rate), round(after * self.rate)
            return cut_pcm(packet, *cuts, self.sample_bytes, self.rate)
        heard = min(end, self.end) - begin if self.end is not None else end - begin
        packet.duration = max(1, math.floor(heard / base))
        if self.padding:
            # Its signature is missing from PyAV's stubs.
            data = PacketSideData(_SKIP_SAMPLES, 10)  # type: ignore[call-arg]
            data.update(struct.pack("<IIBB", _skipped(packet), round(after * self.rate), 0, 0))
            packet.set_sidedata(data)
        return packet

    def _span(self, packet: Packet[Stream]) -> tuple[Fraction, Fraction]:
        """Seconds at which a packet begins and ends."""
        stamp = packet.pts if packet.pts is not None else packet.dts
        begin = (stamp or 0) * packet.time_base
        if self.sample_bytes:
            # The last packet of an edit says less than it holds.
            return begin, begin + Fraction(packet.size // self.sample_bytes, self.rate)
        return begin, begin + (packet.duration or 0) * packet.time_base


def cut_pcm(
    packet: Packet[Stream], before: int, after: int, sample_bytes: int, rate: int
) -> Packet[Stream]:
    """A packet of PCM without samples at its beginning and end.

    Args:
        packet: The packet.
        before: Samples to leave out at its beginning.
        after: Samples to leave out at its end.
        sample_bytes: Bytes of a sample in all channels.
        rate: Samples in a second.
    """
    data = bytes(packet)[before * sample_bytes :]
    if after:
        data = data[: -after * sample_bytes]
    result: Packet[Stream] = Packet(data)
    base = packet.time_base
    result.time_base = base
    moved = round(Fraction(before, rate) / base)
    result.pts = None if packet.pts is None else packet.pts + moved
    result.dts = None if packet.dts is None else packet.dts + moved
    result.duration = round(Fraction(len(data) // sample_bytes, rate) / base)
    result.is_keyframe = True
    result.stream = packet.stream
    return result


def _skipped(packet: Packet[Stream]) -> int:
    """Samples at the beginning of a packet that its container says are not heard."""
    if not packet.has_sidedata("skip_samples"):
        return 0
    return int.from_bytes(bytes(packet.get_sidedata("skip_samples"))[:4], "little")


def sample_bytes(codec: str, channels: int) -> int:
    """Bytes of a sample of PCM in all channels; 0 of any other codec.

    Args:
        codec: FFmpeg's name of the codec, whatever its decoder is called.
        channels: How many there are.
    """
    match = _PCM.match(codec)
    return int(match[1] or 8) // 8 * channels if match else 0
