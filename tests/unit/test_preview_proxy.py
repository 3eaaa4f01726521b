"""Proxies: made in the background, of use at once, never half a file, never more than allowed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

from mien.errors import UsageError
from mien.media.lock import Lock
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.model.media import MediaInfo
from mien.preview.picture import displayed, small_scale
from mien.preview.playback_cache import pack
from mien.preview.proxy import Proxy, ProxyStore
from mien.preview.proxy_files import SEGMENT, ProxyFolder, cache_limit, make_room
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> MediaInfo:
    """282 frames of 1280 x 720, which get brighter: three segments, quickly decoded."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=30, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        planes = np.full((720 * 3 // 2, 1280), 128, np.uint8)
        slope = np.linspace(20, 80, 1280).astype(np.uint8)
        for number in range(282):
            planes[:720] = slope + np.uint8(number // 2)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        film.mux(stream.encode(None))
    return probe(path)


def made(folder: Path, media: MediaInfo, *, share: float = 1.0) -> Proxy:
    """A proxy of which at least a share is made, stopped."""
    proxy = ProxyStore(folder).open(media, lambda: None)
    proxy.start()
    wait_until(lambda: proxy.made.mean() >= share or proxy.problem, "the proxy")
    proxy.close()
    return proxy


@pytest.mark.slow
def test_a_proxy_shows_every_frame_and_is_not_made_twice(media: MediaInfo, tmp_path: Path) -> None:
    proxy = made(tmp_path, media)
    with open_reader(media) as reader:
        for frame in (0, SEGMENT - 1, SEGMENT, 281):
            there = proxy.picture(frame)
            assert there is not None
            assert there.shape == (540, 960, 3)
            exact = displayed(reader.frame(frame), media, small_scale(media))
            # A frame more or less is half a code value away, 282 frames are 141.
            assert np.abs(there.astype(int) - exact).mean() < 2
    folder = ProxyFolder(tmp_path, media)
    times = [folder.file(i).stat().st_mtime_ns for i in range(folder.segments)]
    again = made(tmp_path, media)
    assert again.made.all()
    assert [folder.file(i).stat().st_mtime_ns for i in range(folder.segments)] == times


@pytest.mark.slow
def test_a_killed_maker_leaves_no_half_file_and_the_next_one_goes_on(
    media: MediaInfo, tmp_path: Path
) -> None:
    proxy = made(tmp_path, media, share=0.3)
    folder = ProxyFolder(tmp_path, media)
    first = folder.file(0).stat().st_mtime_ns
    assert not proxy.made.all(), "the clip is too short for this test"
    for segment in np.flatnonzero(folder.made()):
        assert folder.picture(int(segment) * SEGMENT) is not None
    left = folder.path / ".000002.frames.1.partial"
    left.write_bytes(b"half")
    assert made(tmp_path, media).made.all()
    assert not left.exists()
    assert folder.file(0).stat().st_mtime_ns == first


@pytest.mark.slow
def test_what_is_wanted_is_made_first(media: MediaInfo, tmp_path: Path) -> None:
    proxy = ProxyStore(tmp_path).open(media, lambda: None)
    proxy.start()
    proxy.want(270)
    wait_until(proxy.made.any, "a segment")
    proxy.close()
    assert proxy.made[270]


@pytest.mark.slow
def test_a_second_maker_waits_for_the_first(media: MediaInfo, tmp_path: Path) -> None:
    folder = ProxyFolder(tmp_path, media)
    folder.used()
    lock = Lock(folder.path / "lock")
    told: list[None] = []
    proxy = ProxyStore(tmp_path).open(media, lambda: told.append(None))
    picture = pack(np.zeros((16, 16, 3), dtype=np.uint8))
    folder.write(0, [picture] * SEGMENT)
    proxy.start()
    # What the first has made is told by the second while it waits, and is all that there is.
    wait_until(lambda: told, "the second maker")
    assert proxy.made[:SEGMENT].all()
    assert np.flatnonzero(folder.made()).tolist() == [0]
    proxy.close()
    lock.release()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_the_maker_ends_with_whoever_started_it(media: MediaInfo, tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from mien.media.probe import probe;"
        "from mien.preview.proxy import ProxyStore;"
        "proxy = ProxyStore(Path(sys.argv[2])).open(probe(sys.argv[1]), lambda: None);"
        "proxy.start(); print(proxy._process.pid, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", script, str(media.path), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        maker = int(owner.stdout.readline())
        owner.kill()
    wait_until(lambda: not _runs(maker), "the maker goes on by itself")


def _runs(process: int) -> bool:
    """Whether a process runs; one that ended and waits for its parent does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def facts(fingerprint: str, media: MediaInfo) -> MediaInfo:
    import dataclasses

    return dataclasses.replace(media, fingerprint=fingerprint)


def filled(place: Path, media: MediaInfo, name: str, age: float) -> ProxyFolder:
    """A proxy with one segment, last used so many seconds ago."""
    folder = ProxyFolder(place, facts(name, media))
    folder.used()
    picture = pack(np.zeros((16, 16, 3), dtype=np.uint8))
    folder.write(0, [picture] * SEGMENT)
    os.utime(folder.path, (time.time() - age,) * 2)
    return folder


def test_the_proxy_used_longest_ago_makes_room(media: MediaInfo, tmp_path: Path) -> None:
    old, new, own = (
        filled(tmp_path, media, name, age) for name, age in (("a", 300), ("b", 200), ("c", 400))
    )
    size = own.file(0).stat().st_size
    assert make_room(tmp_path, own.path, size, 3 * size)
    assert not old.path.exists()
    assert new.path.exists()
    assert own.path.exists()
    assert not make_room(tmp_path, own.path, size, size)
    assert own.path.exists()


@pytest.mark.slow
def test_a_proxy_that_has_no_room_says_so(media: MediaInfo, tmp_path: Path) -> None:
    proxy = ProxyStore(tmp_path, limit=1 << 20).open(media, lambda: None)
    proxy.start()
    wait_until(lambda: proxy.problem, "what is wrong")
    proxy.close()
    assert "MIEN_CACHE_LIMIT" in proxy.problem
    assert not proxy.made.any()
    assert not list(tmp_path.rglob("*.frames"))


def test_images_rendered_anew_have_another_proxy(media: MediaInfo, tmp_path: Path) -> None:
    import cv2

    for number in range(1, 4):
        cv2.imwrite(str(tmp_path / f"a.{number:04}.png"), np.full((20, 30, 3), number, np.uint8))
    sequence = probe(tmp_path / "a.%04d.png")
    before = ProxyFolder(tmp_path, sequence).path
    assert ProxyFolder(tmp_path, sequence).path == before
    os.utime(tmp_path / "a.0002.png", (1, 1))
    assert ProxyFolder(tmp_path, sequence).path != before


def test_a_damaged_segment_is_made_again(media: MediaInfo, tmp_path: Path) -> None:
    folder = filled(tmp_path, media, media.fingerprint, 0)
    proxy = ProxyStore(tmp_path).open(media, lambda: None)
    assert proxy.made[:SEGMENT].all()
    assert not proxy.made[SEGMENT:].any()
    whole = folder.file(0).read_bytes()
    for damaged in (b"", whole[:40], b"MIENPRX1" + b"\xff" * 2000):
        folder.file(0).write_bytes(damaged)
        proxy = ProxyStore(tmp_path).open(media, lambda: None)
        assert proxy.picture(3) is None
        assert not proxy.made.any()
        assert not folder.file(0).exists()


def test_the_limit_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIEN_CACHE_LIMIT", raising=False)
    assert cache_limit() == 20 << 30
    for text, size in (("500M", 500 << 20), ("1.5G", 3 << 29), ("2 GiB", 2 << 30), ("4096", 4096)):
        monkeypatch.setenv("MIEN_CACHE_LIMIT", text)
        assert cache_limit() == size
    for wrong in ("much", "3X", "-"):
        monkeypatch.setenv("MIEN_CACHE_LIMIT", wrong)
        with pytest.raises(UsageError, match="MIEN_CACHE_LIMIT"):
            cache_limit()
