from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mien.errors import MediaError
from mien.media.cache import ByteCache
from mien.media.frame import Frame, MoviePicture
from mien.media.prefetch import ByteQueue, QueueClosed, decode_ahead
from mien.media.probe import probe
from mien.media.reader import MovieReader, open_reader
from tests.media.mediakit import decoded, make_clip, samples

QUIET = {"x265-params": "log-level=error:keyint=10:open-gop=1"}
KINDS = [
    ("a.mp4", "libx264", "yuv420p", {"x264-params": "keyint=10:open-gop=1:bframes=3"}),
    ("a.mkv", "libx264", "yuv420p", {"x264-params": "keyint=10:bframes=3"}),
    ("a.mp4", "libx265", "yuv420p10le", QUIET),
    ("a.mov", "prores_ks", "yuv422p10le", {}),
    ("a.mxf", "dnxhd", "yuv422p10le", {"profile": "dnxhr_hqx"}),
    ("a.mkv", "ffv1", "gbrp16le", {}),
    ("a.webm", "libvpx-vp9", "yuv420p", {"g": "10"}),
    ("a.mp4", "libsvtav1", "yuv420p10le", {"g": "10", "preset": "10"}),
    ("a.avi", "mpeg4", "yuv420p", {"g": "10", "bf": "2"}),
    ("a.ts", "libx264", "yuv420p", {"x264-params": "keyint=10:bframes=2"}),
    ("a.mpg", "mpeg2video", "yuv420p", {"g": "10", "bf": "2"}),
    ("a.gif", "gif", "rgb8", {}),
]


@pytest.mark.parametrize(("name", "encoder", "pixel_format", "options"), KINDS)
def test_any_frame_is_the_sequential_one(
    tmp_path: Path, name: str, encoder: str, pixel_format: str, options: dict[str, str]
) -> None:
    size = (256, 128) if encoder == "dnxhd" else (96, 64)
    path = make_clip(
        tmp_path / name, encoder, pixel_format, count=44, size=size, options=options,
        rate=Fraction(25),
    )  # fmt: skip
    expected = [planes for _, planes in decoded(path)]
    facts = probe(path)
    assert facts.clock.frame_count == len(expected)
    assert facts.clock.rate == 25
    order = np.random.default_rng(7).permutation(len(expected))
    # A cache of nothing: every frame is found by seeking and decoding.
    with MovieReader(facts, cache_bytes=0) as reader:
        for index in [0, 43, 42, *order[:16].tolist()]:
            frame = reader.frame(index)
            assert frame.index == index
            assert isinstance(frame.picture, MoviePicture)
            assert samples(frame.picture.video) == expected[index]
        streamed = [samples(f.picture.video) for f in reader.stream(17, 31)]  # type: ignore[attr-defined]
        assert streamed == expected[17:31]


@pytest.mark.shared
def test_variable_rate_clip_is_found_exactly(clip: Callable[[str], Path]) -> None:
    path = clip("vretalk_1.mp4")
    expected = [planes for _, planes in decoded(path)]
    with open_reader(path) as reader:
        for index in (130, 3, 77, 76, 134, 0):
            assert samples(reader.frame(index).picture.video) == expected[index]  # type: ignore[attr-defined]


def test_frames_outside_the_shot_are_refused(tmp_path: Path) -> None:
    with open_reader(make_clip(tmp_path / "a.mp4")) as reader:
        for index in (-1, 12):
            with pytest.raises(IndexError):
                reader.frame(index)
        assert list(reader.stream(12)) == []


def test_a_consumer_may_stop_early(tmp_path: Path) -> None:
    before = threading.active_count()
    with open_reader(make_clip(tmp_path / "a.mp4", count=60)) as reader:
        stream = reader.stream()
        assert next(stream).index == 0
        stream.close()
    assert threading.active_count() == before


def test_a_file_that_changed_is_refused(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4")
    facts = probe(path)
    make_clip(path, count=20)
    with pytest.raises(MediaError, match="not the file it was"):
        open_reader(facts)
    path.unlink()
    with pytest.raises(MediaError, match="no longer"):
        open_reader(facts)


def test_the_cache_stays_within_its_bytes() -> None:
    cache: ByteCache[int, str] = ByteCache(10)
    for key in range(5):
        cache.put(key, str(key), 3)
        cache.get(0)
    assert cache.held <= 10
    assert [key for key in range(5) if cache.get(key)] == [0, 3, 4]
    cache.put(9, "too large", 11)
    assert cache.get(9) is None
    cache.put(4, "again", 5)
    assert cache.held <= 10
    cache.clear()
    assert cache.held == 0


def test_the_queue_is_bounded_in_bytes() -> None:
    queue: ByteQueue[int] = ByteQueue(items=10, limit=100)
    queue.put(1, 80)
    late = threading.Thread(target=queue.put, args=(2, 80))
    late.start()
    late.join(0.05)
    assert late.is_alive()
    assert queue.get() == 1
    late.join(5)
    assert queue.get() == 2
    queue.put(3, 1000)  # one item may always wait
    queue.close()
    assert queue.get() == 3
    with pytest.raises(QueueClosed):
        queue.get()
    with pytest.raises(QueueClosed):
        queue.put(4)


@pytest.mark.shared
def test_upright_pictures_are_turned_and_stretched(clip: Callable[[str], Path]) -> None:
    with open_reader(clip("derived_phone_rotated.mp4")) as reader:
        frame = reader.frame(0)
        upright = frame.upright_rgb()
        assert upright.shape == (1280, 720, 3)
        assert frame.upright_rgb(320).shape == (320, 180, 3)
        plate = frame.plate()
        coded = np.clip(plate.rgb() * 255, 0, 255)
        assert np.abs(np.rot90(coded, 3) - upright).mean() < 2
    with open_reader(clip("lp_d9.mp4")) as reader:  # pixels of 15:16
        assert reader.frame(0).upright_rgb().shape == (480, 480, 3)
        assert reader.frame(0).plate().width == 512


def test_an_error_that_nobody_waits_for_is_raised_nowhere(tmp_path: Path) -> None:
    with open_reader(make_clip(tmp_path / "a.mp4")) as reader:
        first = reader.frame(0)
    left = threading.Event()

    def frames() -> Iterator[Frame]:
        yield first
        left.wait()
        raise MediaError("It is damaged further on.")

    ahead = decode_ahead(frames())
    assert next(ahead) is first
    threading.Timer(0.2, left.set).start()
    ahead.close()
