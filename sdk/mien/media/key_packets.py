"""What packets say of their pictures: where decoding really may start, which are shown at once."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Final

from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

__all__ = ["Start", "has_end", "has_picture_types", "start_of", "waits"]

_INTRA: Final = (2, 7)
"""H.264's numbers of slices that are predicted from no other picture."""
_END_OF_IMAGE: Final = b"\xff\xd9"
_FILLED_UP: Final = 4096
"""Bytes at the end of a packet in which the mark of its end must be."""
_PICTURES: Final = {"mpeg1video": 0x00, "mpeg2video": 0x00, "mpeg4": 0xB6}
"""Start codes of pictures, of codecs in which all but B-pictures wait for the next such."""


class Start(enum.Enum):
    """How decoding may start with a packet."""

    NONE = "not"
    """Pictures come out whole only some time later (gradual refresh)."""
    OPEN = "open"
    """Pictures that follow in the file but are shown before may need what was before."""
    CLOSED = "closed"
    """The packet parts the film: what is before it in the file is shown before what follows,
    and nothing that follows needs it."""


def start_of(packet: Packet[Stream], video: VideoStream) -> Start:
    """How decoding may start with a packet that its format calls a key."""
    codec = video.codec_context.codec.canonical_name
    if codec not in ("h264", "hevc"):
        return Start.OPEN
    data = bytes(packet)
    for at in _units(data, _length_bytes(codec, video.codec_context.extradata)):
        if codec == "h264":
            kind = data[at] & 31
            if kind == 5:
                return Start.CLOSED
            if kind == 1:
                return Start.OPEN if _slice_kind(data[at + 1 : at + 17]) in _INTRA else Start.NONE
        elif data[at] >> 1 & 63 < 32:
            # Instantaneous refreshes, and the broken link that has no leading pictures.
            return Start.CLOSED if data[at] >> 1 & 63 in (18, 19, 20) else Start.OPEN
    return Start.OPEN


def has_end(packet: Packet[Stream], video: VideoStream) -> bool | None:
    """Whether a picture has the mark of its end, which its decoder does without.

    Returns:
        None of codecs that have no such mark.
    """
    if video.codec_context.codec.canonical_name != "mjpeg":
        return None
    # Behind it there may be what fills up a sector.
    return bytes(memoryview(packet)[-_FILLED_UP:]).rstrip(b"\0\xff").endswith(_END_OF_IMAGE)


def has_picture_types(video: VideoStream) -> bool:
    """Whether `waits` can tell of a codec."""
    return video.codec_context.codec.canonical_name in _PICTURES


def waits(packet: Packet[Stream], video: VideoStream) -> bool | None:
    """Whether a picture is shown only when the next that waits is there, as all but B-pictures.

    Returns:
        None where the codec has another order, or the packet does not tell.
    """
    code = _PICTURES.get(video.codec_context.codec.canonical_name)
    if code is None:
        return None
    data = bytes(packet)
    at = data.find(bytes((0, 0, 1, code)))
    if at < 0 or at + 6 > len(data):
        return None
    if code:
        return data[at + 4] >> 6 != 2
    return data[at + 5] >> 3 & 7 != 3


def _length_bytes(codec: str, setup: bytes | None) -> int:
    """Bytes of the length before each NAL unit; 0 where start codes part them."""
    at = 4 if codec == "h264" else 21
    if not setup or setup[0] != 1 or len(setup) <= at:
        return 0
    return (setup[at] & 3) + 1


def _units(data: bytes, length_bytes: int) -> Iterator[int]:
    """Where each NAL unit starts."""
    at = 0
    while length_bytes and at + length_bytes < len(data):
        start = at + length_bytes
        yield start
        at = start + int.from_bytes(data[at:start], "big")
    at = -1 if length_bytes else data.find(b"\0\0\1")
    while 0 <= at < len(data) - 3:
        yield at + 3
        at = data.find(b"\0\0\1", at + 3)


def _slice_kind(header: bytes) -> int:
    """The second Exp-Golomb number of a slice's header; -1 when it ends early."""
    bits = "".join(f"{byte:08b}" for byte in header)
    at = 0
    for last in (False, True):
        zeros = bits.find("1", at) - at
        if zeros < 0:
            return -1
        value = int(bits[at + zeros : at + 2 * zeros + 1] or "0", 2) - 1
        at += 2 * zeros + 1
        if last:
            return value
    return -1
