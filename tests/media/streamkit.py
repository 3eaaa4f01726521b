"""Movies of several streams, made with PyAV or by plain bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.packet import Packet
from av.stream import Disposition, Stream

from tests.media.mediakit import make_clip, picture

COVER_SIZE = (64, 48)


def image(codec: str = "mjpeg") -> bytes:
    """One picture as a file: JPEG or PNG."""
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height = COVER_SIZE
    encoder.pix_fmt = "yuvj420p" if codec == "mjpeg" else "rgb24"
    encoder.time_base = Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(picture(3, COVER_SIZE), format="rgb24")
    packets = [*encoder.encode(frame.reformat(format=encoder.pix_fmt)), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


def remuxed(
    path: Path,
    *sources: Path,
    dispositions: Sequence[int | None] = (),
    cover: str | None = None,
    text: bool = False,
    attachments: Sequence[tuple[str, str, bytes]] = (),
    metadata: dict[str, str] | None = None,
) -> Path:
    """All streams of some movies in one, their packets as they are.

    Args:
        path: The movie to write.
        sources: The movies whose streams it has, in this order.
        dispositions: Of its streams; None for that of the source.
        cover: Codec of a cover picture.
        text: Whether it has a text track, of five lines.
        attachments: Names, types and contents of files in it.
        metadata: Tags of the file.
    """
    inputs = [av.open(str(source)) for source in sources]
    with av.open(str(path), "w") as output:
        output.metadata.update(metadata or {})
        twins: dict[tuple[int, int], Stream] = {}
        wanted = iter(dispositions)
        for number, source in enumerate(inputs):
            for stream in source.streams:
                if stream.type not in ("video", "audio"):
                    continue
                twin = output.add_stream_from_template(stream, opaque=True)
                choice = next(wanted, None)
                twin.disposition = stream.disposition if choice is None else Disposition(choice)
                twins[number, stream.index] = twin
        extra: list[Packet[Stream]] = []
        if cover is not None:
            extra.append(_cover(output, cover))
        if text:
            extra += _lines(output)
        for name, kind, data in attachments:
            output.add_attachment(name, kind, data)
        output.start_encoding()
        for packet in extra:
            output.mux(packet)
        for number, source in enumerate(inputs):
            for packet in source.demux():
                if packet.dts is not None and (number, packet.stream.index) in twins:
                    packet.stream = twins[number, packet.stream.index]
                    output.mux(packet)
    for source in inputs:
        source.close()
    return path


def _cover(output: av.container.OutputContainer, codec: str) -> Packet[Stream]:
    stream = output.add_stream(codec, rate=25)
    assert isinstance(stream, av.VideoStream)
    stream.codec_context.width, stream.codec_context.height = COVER_SIZE
    stream.codec_context.pix_fmt = "yuvj420p" if codec == "mjpeg" else "rgb24"
    stream.disposition = Disposition.attached_pic
    packet: Packet[Stream] = Packet(image(codec))
    packet.stream = stream
    packet.pts = packet.dts = 0
    packet.is_keyframe = True
    return packet


def _lines(output: av.container.OutputContainer) -> list[Packet[Stream]]:
    stream = output.add_mux_stream("mov_text")
    stream.time_base = Fraction(1, 1000)
    packets = []
    for number in range(5):
        packet: Packet[Stream] = Packet(b"\0\3abc")
        packet.stream = stream
        packet.time_base = Fraction(1, 1000)
        packet.pts = packet.dts = 100 * number
        packet.duration = 100
        packets.append(packet)
    return packets


def with_data(path: Path, source: Path, letters: bytes) -> Path:
    """A MOV whose text track is called something else: a track of timed metadata."""
    remuxed(path, source, text=True)
    kind = b"clcp" if letters == b"c608" else b"meta"
    data = path.read_bytes()
    assert data.count(b"text") >= 2
    path.write_bytes(data.replace(b"text", letters).replace(b"sbtl", kind).replace(b"subt", kind))
    return path


def with_unknown_sound(path: Path, source: Path, letters: bytes = b"apac") -> Path:
    """A MOV whose last sound is in a codec that FFmpeg does not know."""
    remuxed(path, source, source, dispositions=(1, 1, 0, 0))
    data = path.read_bytes()
    at = data.rindex(b"stsd")
    tail = data[at:].replace(b"mp4a", letters).replace(b"esds", b"free")
    path.write_bytes(data[:at] + tail)
    return path


def transport_stream(
    path: Path, clips: Sequence[Path], programs: Sequence[Sequence[int]], *, m2ts: bool = False
) -> Path:
    """A transport stream of several programs.

    Args:
        path: The stream to write.
        clips: The clips whose streams it has.
        programs: Of every program the numbers of its streams.
        m2ts: Whether packets have a time in front of them, as cameras and discs write.
    """
    remuxed(path, *clips)
    packets = [path.read_bytes()[at : at + 188] for at in range(0, path.stat().st_size, 188)]
    map_id = _map_id(packets)
    entries = _map_entries(next(p for p in packets if _identifier(p) == map_id))
    maps = {0x500 + number: [entries[i] for i in held] for number, held in enumerate(programs)}
    result = []
    for packet in packets:
        if _identifier(packet) == 0 and packet[1] & 0x40:
            body = b"".join(
                (number + 1).to_bytes(2, "big") + (0xE000 | identifier).to_bytes(2, "big")
                for number, identifier in enumerate(maps)
            )
            result.append(_table(0, 0, 1, body, packet[3] & 15))
        elif _identifier(packet) == map_id:
            # As some multiplexers do, the last program comes first.
            for number, (identifier, held) in reversed(list(enumerate(maps.items()))):
                body = b"\xe0\x00\xf0\x00"
                body = (0xE000 | int.from_bytes(held[0][1:3], "big") & 0x1FFF).to_bytes(2, "big")
                body += b"\xf0\x00" + b"".join(held)
                result.append(_table(identifier, 2, number + 1, body, packet[3] & 15))
        elif _identifier(packet) != 0x11:
            result.append(packet)
    prefix = b"\0\0\0\0" if m2ts else b""
    path.write_bytes(b"".join(prefix + packet for packet in result))
    return path


def _identifier(packet: bytes) -> int:
    return int.from_bytes(packet[1:3], "big") & 0x1FFF


def _map_id(packets: list[bytes]) -> int:
    first = next(p for p in packets if _identifier(p) == 0)
    return int.from_bytes(first[15:17], "big") & 0x1FFF


def _map_entries(packet: bytes) -> list[bytes]:
    section = packet[5:]
    end = 3 + (int.from_bytes(section[1:3], "big") & 0xFFF) - 4
    at = 12 + (int.from_bytes(section[10:12], "big") & 0xFFF)
    entries = []
    while at < end:
        length = 5 + (int.from_bytes(section[at + 3 : at + 5], "big") & 0xFFF)
        entries.append(section[at : at + length])
        at += length
    return entries


def _table(identifier: int, kind: int, number: int, body: bytes, counter: int) -> bytes:
    head = bytes([kind]) + (0xB000 | (5 + len(body) + 4)).to_bytes(2, "big")
    section = head + number.to_bytes(2, "big") + b"\xc1\x00\x00" + body
    section += _crc(section).to_bytes(4, "big")
    start = b"\x47" + (0x4000 | identifier).to_bytes(2, "big") + bytes([0x10 | counter, 0])
    return (start + section).ljust(188, b"\xff")


def _crc(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x04C11DB7 if crc & 0x80000000 else 0)
        crc &= 0xFFFFFFFF
    return crc


def packets_of(path: Path, chosen: Callable[[Stream], bool]) -> list[bytes]:
    """The packets of the streams that are chosen, in the order of the file."""
    with av.open(str(path)) as container:
        streams = [stream for stream in container.streams if chosen(stream)]
        return [bytes(packet) for packet in container.demux(*streams) if packet.size]


def two_clips(folder: Path) -> tuple[Path, Path]:
    """A small clip without sound, and a larger one with it."""
    small = make_clip(folder / "small.mp4", count=8, size=(64, 48))
    large = make_clip(folder / "large.mp4", count=12, size=(96, 64), audio="aac")
    return small, large
