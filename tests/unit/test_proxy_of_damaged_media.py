"""A film that was opened as far as it goes has a proxy as far as it goes."""

from __future__ import annotations

import re
from pathlib import Path

import av
import pytest

from mien.errors import DamagedMediaError
from mien.media.probe import probe
from mien.preview.proxy import ProxyStore
from mien.preview.proxy_files import SEGMENT
from tests.media.damagekit import harm
from tests.media.mediakit import picture
from tests.waiting import wait_until


def film(path: Path) -> Path:
    """400 frames, with the index in front."""
    size = (64, 48)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as output:
        stream = output.add_stream("libx264", rate=25, options={"g": "10"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for index in range(400):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture(index, size), "rgb24")))
        output.mux(stream.encode(None))
    return path


def cut_off(path: Path) -> Path:
    """A film whose index says 400 frames, and whose copy ended before."""
    film(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    return path


def test_a_film_that_is_cut_short_has_a_proxy(tmp_path: Path) -> None:
    source = cut_off(tmp_path / "a.mp4")
    with pytest.raises(DamagedMediaError):
        probe(source)
    media = probe(source, until_damage=True)
    assert SEGMENT < media.clock.frame_count < 400
    proxy = ProxyStore(tmp_path / "proxies").open(media, lambda: None)
    proxy.start()
    wait_until(lambda: bool(proxy.made.all()) or bool(proxy.problem), "the proxy")
    proxy.close()
    # Only its last frames are not whole, and what they are in is left out.
    whole = media.clock.frame_count // SEGMENT * SEGMENT
    assert proxy.made[:whole].all()
    assert proxy.problem == "" or "is damaged at frame" in proxy.problem
    there = proxy.picture(whole - 1)
    assert there is not None
    assert there.std() > 10


def test_damage_in_the_middle_costs_its_own_segment(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mp4")
    harm(source, SEGMENT + 10)
    media = probe(source)
    proxy = ProxyStore(tmp_path / "proxies").open(media, lambda: None)
    proxy.start()
    wait_until(lambda: bool(proxy.problem), "the end of the work")
    proxy.close()
    # Its group of pictures is named from where nothing more comes out of the decoder.
    assert re.search(r"is damaged at frame 1[23]\d of 400", proxy.problem)
    assert proxy.made.tolist() == [index // SEGMENT != 1 for index in range(400)]
