"""Movies with harm done to their bytes: a clean result or an error of mien's, in bounded time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import mien
from mien.errors import MienError
from mien.provenance.places import sidecar_path
from tests.media.mediakit import make_clip
from tests.media.mutations import mutated

SOURCES = {
    "mp4": ("libx264", "yuv420p", "aac"),
    "mov": ("prores_ks", "yuv422p10le", "pcm_s16le"),
    "mkv": ("libx264", "yuv420p", "aac"),
    "webm": ("libvpx-vp9", "yuv420p", "libopus"),
    "ts": ("mpeg2video", "yuv420p", "mp2"),
    "avi": ("mpeg4", "yuv420p", "mp2"),
    "mxf": ("mpeg2video", "yuv420p", None),
}
FEW, MANY = range(8), range(8, 68)
LONGEST = 20
"""Seconds that none may take; they take a fraction of one."""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A second of each format."""
    folder = tmp_path_factory.mktemp("sources")
    return {
        name: make_clip(
            folder / f"a.{name}", encoder, pixel_format, count=24, gop=8, audio=audio
        ).read_bytes()
        for name, (encoder, pixel_format, audio) in SOURCES.items()
    }


def endure(name: str, content: bytes, folder: Path, *, until_damage: bool) -> None:
    """Render a file: it ends as asked, or with an error of mien's and nothing left."""
    path = folder / f"a.{name}"
    path.write_bytes(content)
    out = folder / (f"out.{name}" if name in ("mp4", "mov", "mkv", "webm") else "out.mkv")
    start = time.monotonic()
    said: MienError | None = None
    try:
        report = mien.render(path, out, until_damage=until_damage, progress=False)
    except MienError as error:
        said = error
    else:
        assert report.frames > 0
        assert mien.open_shot(out).clock.frame_count == report.frames
        out.unlink()
        sidecar_path(out).unlink(missing_ok=True)
    assert time.monotonic() - start < LONGEST
    if said is not None:
        assert "\n" not in str(said)
        assert "unexpected" not in str(said)
    assert [one.name for one in folder.iterdir()] == [path.name]


@pytest.mark.parametrize("seed", FEW)
@pytest.mark.parametrize("name", SOURCES)
def test_harm(name: str, seed: int, sources: dict[str, bytes], tmp_path: Path) -> None:
    endure(name, mutated(sources[name], seed), tmp_path, until_damage=bool(seed % 2))


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES)
def test_more_harm(name: str, sources: dict[str, bytes], tmp_path: Path) -> None:
    for seed in MANY:
        endure(name, mutated(sources[name], seed), tmp_path, until_damage=bool(seed % 2))
