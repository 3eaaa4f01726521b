"""Motion JPEG of which the end is missing: its decoder says nothing, and mien does."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.media.damage import find_damage
from mien.media.probe import probe
from mien.media.reader import open_reader
from tests.media.damagekit import harm, long_clip


@pytest.mark.parametrize("suffix", [".mov", ".mkv", ".avi"])
def test_a_torn_frame_is_damage(tmp_path: Path, suffix: str) -> None:
    path = long_clip(
        tmp_path / f"a{suffix}", "mjpeg", pixel_format="yuvj420p", count=12, audio="none"
    )
    assert find_damage(probe(path), probe(path).clock.all) is None
    harm(path, 5, how="torn")
    facts = probe(path)
    lost: list[range] = []
    with open_reader(facts, cache_bytes=0) as reader:
        seen = [frame.index for frame in reader.stream(lost=lost.append)]
        assert reader.frame(6).index == 6
    assert lost == [range(5, 6)]
    assert seen == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]


def test_films_without_the_mark_are_whole(tmp_path: Path) -> None:
    path = long_clip(tmp_path / "a.avi", "mjpeg", pixel_format="yuvj420p", count=6, audio="none")
    path.write_bytes(path.read_bytes().replace(b"\xff\xd9", b"\x00\x00"))
    with open_reader(path) as reader:
        assert len(list(reader.stream())) == 6
