"""When the packets of a copied sound come, on a clock that counts its samples.

Matroska rounds times to milliseconds, so packets that last less may have one time. That is no
damage, but MP4, MOV and MXF take no two packets of one time: there they come on the clock of
samples, one after the other. Of PCM, and of codecs with as many samples in every packet, the
samples are counted; of others a packet comes a sample after the one before it at least.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Stream

from mien.media.sound_cut import sample_bytes

__all__ = ["SoundClock"]

_SHORT_PACKETS: Final = ("truehd", "mlp")
"""Codecs whose packets hold as many samples each, and last less than a millisecond."""
_ROUNDING: Final = 2
"""Ticks by which two rounded times, one of a packet that was cut, may be apart."""


class SoundClock:
    """Puts the packets of one sound one after the other.

    Args:
        sound: The sound.
    """

    def __init__(self, sound: AudioStream) -> None:
        context = sound.codec_context
        self._rate = context.sample_rate
        codec = context.codec.canonical_name
        self._sample_bytes = sample_bytes(codec, context.layout.nb_channels)
        self._frame = context.frame_size if codec in _SHORT_PACKETS else 0
        self._first = self._placed = 0
        self._last: int | None = None
        self._next = 0

    def stamp(self, packet: Packet[Stream]) -> None:
        """Time a packet in samples, after the one before it.

        Args:
            packet: The next packet of the sound, with a time that does not run backwards.
        """
        if packet.dts is None or self._rate <= 0:
            return
        base = packet.time_base
        ticks = base * self._rate
        stated = time = round(packet.dts * ticks)
        samples = self._samples(packet)
        if self._last is not None:
            if samples:
                # Where a tick is a whole sample nothing was rounded.
                rounding = 0 if ticks == 1 else math.ceil(_ROUNDING * ticks)
                time = stated if stated > self._next + rounding else self._next
            else:
                time = max(stated, self._last + 1)
        if self._last is None:
            self._first = time
        later = 0 if packet.pts is None else round((packet.pts - packet.dts) * ticks)
        duration = samples or round((packet.duration or 0) * ticks) or self._usual(time)
        packet.pts = None if packet.pts is None else time + later
        packet.dts = time
        packet.duration = duration
        packet.time_base = Fraction(1, self._rate)
        self._last, self._next = time, time + samples
        self._placed += 1

    def _usual(self, time: int) -> int:
        """Samples that packets last on average; where the last says 0, MP4 would hide it."""
        return math.ceil((time - self._first) / self._placed) if self._placed else 1

    def _samples(self, packet: Packet[Stream]) -> int:
        """Samples in a packet; 0 where it does not tell."""
        return packet.size // self._sample_bytes if self._sample_bytes else self._frame
