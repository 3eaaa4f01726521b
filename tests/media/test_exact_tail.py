"""Transport streams whose last frame fills its last packet: told from one that was cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import pytest

from mien.media.index import movie_index
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.media.transport_tail import ends_whole
from tests.media.mediakit import frame_samples, make_clip
from tests.media.test_broken_streams import film_packets, pictures

CODECS = {
    "libx264": {"x264-params": "keyint=12:bframes=2"},
    "libx265": {"x265-params": "keyint=12:bframes=2:log-level=none"},
    "mpeg2video": {"bf": "2", "g": "12"},
}
SIZE = (192, 128)


def _stuffing(path: Path) -> int:
    """Bytes with which the last packet of the film is filled up."""
    last = path.read_bytes()[-188:]
    return 1 + last[4] if last[3] & 0x20 else 0


def _padded(codec: str, packet: bytes, count: int) -> bytes:
    """A frame with so many more bytes of user data before its slices."""
    if codec == "mpeg2video":
        at = packet.index(b"\0\0\1\1")
        return packet[:at] + b"\0\0\1\xb2" + b"u" * (count - 4) + packet[at:]
    head, kinds = (b"\0\0\0\1\6\5", (1, 5)) if codec == "libx264" else (b"\0\0\0\1\x4e\1\5", (0, 1))
    size = count - len(head) - 2
    assert 16 <= size < 255
    at = packet.find(b"\0\0\1")
    while (packet[at + 3] & 31 if codec == "libx264" else packet[at + 3] >> 1 & 63) not in kinds:
        at = packet.find(b"\0\0\1", at + 3)
    at -= packet[at - 1] == 0
    return packet[:at] + head + bytes([size]) + b"u" * size + b"\x80" + packet[at:]


def _exact(folder: Path, encoder: str) -> Path:
    """A transport stream of 24 frames whose last one needs no filling up."""
    path = make_clip(folder / "a.ts", encoder, count=24, size=SIZE, options=CODECS[encoder])
    more = _stuffing(path)
    more += 184 * (more < 40)
    target = folder / "exact.ts"
    with av.open(str(path)) as given, av.open(str(target), "w") as output:
        stream = output.add_stream_from_template(given.streams.video[0])
        packets: list[Any] = [p for p in given.demux(video=0) if p.size]
        for packet in packets:
            new: Any = packet
            if packet is packets[-1]:
                new = av.Packet(_padded(encoder, bytes(packet), more))
                new.pts, new.dts, new.time_base = packet.pts, packet.dts, packet.time_base
            new.stream = stream
            output.mux(new)
    return target


@pytest.mark.parametrize("encoder", CODECS)
def test_a_last_frame_that_fills_its_packet_is_whole(tmp_path: Path, encoder: str) -> None:
    path = _exact(tmp_path, encoder)
    with av.open(str(path)) as container:
        assert ends_whole(path, container.streams.video[0].id) is False
    full = pictures(path)
    assert probe(path).clock.frame_count == len(full) == 24
    assert movie_index(path, 0).losses == ()
    with open_reader(path) as reader:
        assert [frame_samples(frame) for frame in reader.stream()] == full


@pytest.mark.parametrize("encoder", CODECS)
def test_one_that_was_cut_off_is_not(tmp_path: Path, encoder: str) -> None:
    options = {key: f"{value}:qp=4" if "params" in key else value
               for key, value in CODECS[encoder].items()} | {"qmax": "2"}  # fmt: skip
    path = make_clip(tmp_path / "a.ts", encoder, count=24, size=(320, 240), options=options)
    data, size = path.read_bytes(), len(film_packets(path)[-1])
    assert size > 3 * 184
    for packets in (1, 2, size // 184 - 1):
        cut = tmp_path / f"{packets}.ts"
        cut.write_bytes(data[: len(data) - 188 * packets])
        facts = probe(cut)
        assert facts.clock.frame_count == 23
        assert "breaks off" in movie_index(cut, 0).losses[0]
        assert all(frame_samples(f) in pictures(path) for f in open_reader(facts).stream(20))
