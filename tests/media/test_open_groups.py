"""Raw streams and AVI: open groups of pictures are entered, and lost pictures are seen."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from mien.media import index as index_module
from mien.media.index import movie_index
from mien.media.picture_order import DisplayOrder, missing_pictures, order_reader
from mien.media.probe import probe
from mien.media.reader import MovieReader, open_reader
from tests.media.mediakit import frame_samples, make_clip
from tests.media.test_broken_streams import film_packets, pictures

OPEN = {
    "libx265": {"x265-params": "keyint=12:bframes=3:scenecut=0:log-level=none"},
    "libx264": {"x264-params": "keyint=12:bframes=3:open-gop=1:scenecut=0"},
}
FORMATS = [("hevc", "libx265"), ("h264", "libx264"), ("avi", "libx264")]


def _clip(folder: Path, container: str, encoder: str) -> Path:
    return make_clip(
        folder / f"a.{container}", encoder, count=48, rate=Fraction(25),
        options=OPEN[encoder], container=container,
    )  # fmt: skip


@pytest.mark.parametrize(("container", "encoder"), FORMATS)
def test_an_open_group_is_entered_where_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, container: str, encoder: str
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the film is decoded from end to end")

    monkeypatch.setattr(index_module, "_decoded", refuse)
    path = _clip(tmp_path, container, encoder)
    full = pictures(path)
    index = movie_index(path, 0)
    assert [point.frame for point in index.points] == [0, 12, 24, 36]
    with open_reader(path, cache_bytes=0) as reader:
        assert isinstance(reader, MovieReader)
        assert [frame_samples(frame) for frame in reader.stream()] == full
        # Frames that lead a key frame come from the group before it, and cost no more than that.
        for i in (40, 35, 34, 12, 11, 36, 47, 23):
            decoded = [frame_samples(frame) for frame in reader.walk(i)]
            assert decoded[-1] == full[i], i
            assert len(decoded) <= 13


@pytest.mark.parametrize(("container", "encoder"), FORMATS[:2])
@pytest.mark.parametrize("lost", [12, 13, 17])
def test_a_picture_that_is_gone_takes_none_for_its_own(
    tmp_path: Path, container: str, encoder: str, lost: int
) -> None:
    """With all of a packet gone, its start code too, nothing but other pictures tells of it."""
    options = {
        "libx265": {"x265-params": "keyint=12:open-gop=0:scenecut=0:log-level=none"},
        "libx264": {"x264-params": "keyint=12:bframes=2:scenecut=0"},
    }
    path = make_clip(
        tmp_path / f"a.{container}", encoder, count=36, rate=Fraction(25),
        options=options[encoder], container=container,
    )  # fmt: skip
    full, packets = pictures(path), film_packets(path)
    broken = tmp_path / f"b.{container}"
    data = path.read_bytes()
    at = data.find(packets[lost])
    broken.write_bytes(data[:at] + bytes(len(packets[lost])) + data[at + len(packets[lost]) :])
    gone: list[range] = []
    facts = probe(broken)
    with open_reader(facts, cache_bytes=0) as reader:
        seen = [frame_samples(frame) for frame in reader.stream(lost=gone.append)]
    assert facts.clock.frame_count == 35
    assert all(picture in full for picture in seen)
    assert sum(map(len, gone)) <= 12
    assert seen[-12:] == full[-12:]
    if lost != 12:
        losses = movie_index(broken, 0).losses
        assert len(losses) == 1
        assert "1 frame is missing" in losses[0]
        # The frames behind the hole are shown when they were.
        assert facts.pts[-1] == probe(path).pts[-1]


def test_places_of_pictures(tmp_path: Path) -> None:
    path = _clip(tmp_path, "hevc", "libx265")
    reader = order_reader("hevc", None)
    assert reader is not None
    places = [reader.read(packet) for packet in film_packets(path)]
    told = [place for place in places if place is not None]
    assert len(told) == 48
    assert {place.run for place in told} == {1}
    assert sorted(place.number for place in told) == list(range(48))
    assert order_reader("mpeg2video", None) is None
    # An end of the sequence: what leads the key frame behind it is never shown.
    key = 1 + next(i for i, place in enumerate(told[1:]) if place.number == 12)
    again = order_reader("hevc", film_packets(path)[0])
    assert again is not None
    parts = [film_packets(path)[key - 1] + b"\0\0\1\x48\x01", *film_packets(path)[key : key + 3]]
    before, entry, *after = [place for place in map(again.read, parts) if place is not None]
    assert (before.run, entry.run) == (1, 2)
    assert not after[0].shown
    assert all(place.shown == (place.number > entry.number) for place in after)


def test_holes_between_places() -> None:
    even = [DisplayOrder(1, 2 * i, shown=True) for i in range(20)]
    assert missing_pictures(even) == {}
    assert missing_pictures([*even[:5], *even[7:]]) == {5: 2}
    # Places that are never even say nothing.
    assert missing_pictures([DisplayOrder(1, i * i, shown=True) for i in range(9)]) == {}
    assert missing_pictures([*even[:1], None]) == {}
