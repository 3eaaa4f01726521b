"""Whether the last picture of a stream is all there, told by its decoder.

A decoder that came to the end of a whole picture looks at nothing behind it. So the picture is
decoded several times, with other bytes behind it: one that was cut off comes out differently.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream

from mien.media.frame import planes_of
from mien.media.nal_units import annex_b_units
from mien.media.opening import open_input
from mien.media.packet_scan import PacketScan
from mien.media.seek_points import SeekPoint, packets_from
from mien.media.streams import main_video

__all__ = ["last_is_whole"]

_BEHIND: Final = (b"", b"\x55" * 64, b"\xaa" * 64, b"\xff\x93\x6c\x11" * 16)
"""What is put behind the last picture; none of it begins a unit of its own."""
_STRICT: Final = {"h264": _BEHIND, "hevc": _BEHIND, "mpeg2video": _BEHIND[:1]}
"""What is tried with each codec. MPEG-2 has no code of zeros, by which its decoder sees the end."""
_MOST_PIXELS: Final = 1 << 29
"""Pixels that are decoded for it each time: 250 frames of HD."""
_ALIKE: Final = 12
"""Pictures before the last that must have as many slices as it has."""


def last_is_whole(path: Path, stream: int, scan: PacketScan) -> bool:
    """Whether the last packet of a film holds all of its picture; False where it is not sure.

    Args:
        path: The movie.
        stream: Number of its video stream.
        scan: Its packets.
    """
    film = scan.film
    keys = [i for i, packet in enumerate(film) if packet.key]
    if not keys or film[-1].hidden:
        return False
    fields = [packet for packet in film[-_ALIKE:] if not packet.shown and not packet.hidden]
    if fields and film[-1].shown:
        return False  # its second field may be missing
    start = keys[-2:][0]
    with suppress(av.FFmpegError, OSError), open_input(path) as container:
        video = main_video(container, stream)
        if video is None or video.codec_context.codec.canonical_name not in _STRICT:
            return False
        size = video.codec_context.width * video.codec_context.height
        if (len(film) - start) * size > _MOST_PIXELS:
            return False
        own = film[start]
        point = SeekPoint(
            0, start, own.stamp, own.position, own.position is not None, own.signature
        )
        packets = packets_from(container, video, point)
        if packets is None:
            return False
        sized = (bytes(packet) for packet in packets if packet.size)
        return _is_whole(video, list(itertools.islice(sized, len(film) - start)))
    return False


def _is_whole(video: VideoStream, packets: Sequence[bytes]) -> bool:
    codec = video.codec_context.codec.canonical_name
    slices = {_slices(codec, packet) for packet in packets[-_ALIKE:]}
    if len(packets) < 2 or len(slices) != 1:
        return False  # slices may be missing, of which the others tell nothing
    first: list[int] | None = None
    for behind in _STRICT[codec]:
        pictures = _pictures(video, [*packets[:-1], packets[-1] + behind])
        if pictures is None or (first is not None and pictures != first):
            return False
        first = pictures
    return bool(first)


def _pictures(video: VideoStream, packets: Sequence[bytes]) -> list[int] | None:
    """Checksums of what comes out of a decoder; None where it says that something is damaged."""
    decoder = av.CodecContext.create(video.codec_context.codec.canonical_name, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.extradata = video.codec_context.extradata
    decoder.thread_count = 1
    decoder.options = {"err_detect": "explode"}
    sums = []
    try:
        for number, data in enumerate([*packets, None]):
            packet = None if data is None else Packet(data)
            if packet is not None:
                packet.pts = number
            for frame in decoder.decode(packet):
                if frame.pts is not None and frame.pts > len(packets) - _ALIKE:
                    if frame.is_corrupt:
                        return None
                    sums.append(_sum(frame))
    except av.FFmpegError:
        return None
    return sums


def _sum(frame: av.VideoFrame) -> int:
    total = 0
    for view, plane in zip(planes_of(frame), frame.planes, strict=True):
        total = zlib.crc32(np.ascontiguousarray(view[:, : plane.width]).tobytes(), total)
    return total


def _slices(codec: str, packet: bytes) -> int:
    """How many slices a packet has."""
    kinds = (packet[at] for at in annex_b_units(packet))
    if codec == "h264":
        return sum(kind & 31 in (1, 2, 5) for kind in kinds)
    if codec == "hevc":
        return sum(kind >> 1 & 63 < 32 for kind in kinds)
    return sum(0 < kind < 0xB0 for kind in kinds)
