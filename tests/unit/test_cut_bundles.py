"""Media inside of `.otioz` bundles: seen without unpacking, unpacked as shots need them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from mien.editorial import list_clips, read_cut, write_back
from mien.editorial.bundle import Bundle
from mien.errors import MediaError, WriteError
from mien.io.relink import content_of
from mien.timebase import Clock
from tests.cuts import SMILE, clip, rendered, span, timeline
from tests.unit.test_project import write_movie


def bundled(path: Path, cut: Any, files: Mapping[str, bytes | Path]) -> Path:
    """A bundle of a cut, with files under their names."""
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("content.otio", cut.to_json_string())
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.read_bytes()
            bundle.writestr(name, data)
    return path


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    write_movie(tmp_path / "plate.mp4")
    return tmp_path / "plate.mp4"


@pytest.fixture
def show(tmp_path: Path, movie: Path) -> Path:
    images = otio.schema.ImageSequenceReference(
        "media/", "s.", ".exr", start_frame=1001, rate=24, frame_zero_padding=4,
        available_range=span(1001, 2),
    )  # fmt: skip
    items = [
        clip("a", 0, 6, url="media/a%20b.mp4", edit=SMILE),
        clip("b", 0, 6, url="D:\\Old\\b.mp4"),
        otio.schema.Clip("s", images, span(1001, 2)),
        clip("gone", 0, 6, url="media/gone.mov"),
    ]
    return bundled(
        tmp_path / "show.otioz", timeline(items),
        {"media/a b.mp4": movie, "media/b.mp4": movie, "media/s.1001.exr": b"x",
           "media/s.1002.exr": b"y"},
    )  # fmt: skip


def test_what_is_inside_is_seen_and_nothing_is_unpacked(tmp_path: Path, show: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    listing = list_clips(show)
    assert [(one.name, one.media, one.media_exists) for one in listing.clips] == [
        ("a", f"{show}/media/a b.mp4", True), ("b", f"{show}/media/b.mp4", True),
        ("s", f"{show}/media/s.%04d.exr", True), ("gone", "media/gone.mov", False),
    ]  # fmt: skip
    assert listing.notices == ("The media of gone are neither in show.otioz nor beside it.",)
    assert sorted(tmp_path.rglob("*")) == before


def test_what_shots_need_is_unpacked_and_the_new_cut_names_all_of_it(
    tmp_path: Path, show: Path
) -> None:
    steps: list[tuple[str, int, int]] = []
    out = tmp_path / "out"
    cut = read_cut(show, media_folder=out / "show.media", progress=lambda *s: steps.append(s))
    assert [job.media for job in cut.jobs] == [out / "show.media" / "media" / "a b.mp4"]
    assert steps == [("unpack", 1, 1)]
    assert not (out / "show.media" / "media" / "b.mp4").exists()
    back = write_back(cut, [rendered(cut.jobs[0], out, Clock(Fraction(25), 6))], out)[0]
    show.unlink()
    out = out.rename(tmp_path / "elsewhere")
    listing = list_clips(out / back.name)
    assert [one.media_exists for one in listing.clips] == [True, True, True, False]
    media = listing.clips[2].media
    assert media is not None
    assert Path(media).parent == out / "show.media" / "media"


def test_without_a_folder_the_cache_has_the_media_and_keeps_them(
    tmp_path: Path, show: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / "cache")
    media = [read_cut(show).jobs[0].media for _ in range(2)]
    assert media[0] == media[1]
    assert media[0] is not None
    assert media[0].is_relative_to(tmp_path / "cache" / "bundles")
    assert content_of(media[0]) == Bundle(show).content_of(show / "media" / "a b.mp4")


def test_a_bundle_that_changed_is_unpacked_anew(tmp_path: Path) -> None:
    cut = timeline([clip("a", 0, 6, url="media/a.mp4", edit=SMILE)])
    for content in (b"one", b"two"):
        path = bundled(tmp_path / "a.otioz", cut, {"media/a.mp4": content})
        media = read_cut(path, media_folder=tmp_path / "m").jobs[0].media
        assert media is not None
        assert media.read_bytes() == content


@pytest.mark.parametrize("name", ["../a.mp4", "/tmp/a.mp4", "media/../../a.mp4", "C:/a.mp4"])
def test_no_path_leads_out_of_the_bundle(tmp_path: Path, name: str) -> None:
    path = bundled(tmp_path / "a.otioz", timeline([clip("a", 0, 6, url=name, edit=SMILE)]),
                   {name: b"x"})  # fmt: skip
    cut = read_cut(path, media_folder=tmp_path / "m")
    assert cut.jobs[0].media is None or not cut.jobs[0].media.exists()
    assert not (tmp_path / "m").exists()
    assert not (tmp_path / "a.mp4").exists()


def test_a_link_in_the_folder_leads_nowhere(tmp_path: Path, show: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "m" / "media").symlink_to(tmp_path / "outside")
    problem = read_cut(show, media_folder=tmp_path / "m").jobs[0].problem
    assert problem is not None
    assert "leads out of" in problem.cause
    assert not list((tmp_path / "outside").iterdir())


def test_a_bomb_and_a_full_disk_are_refused_before_a_byte_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.otioz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("media/a.mov", bytes(1 << 20))
    monkeypatch.setattr("mien.editorial.bundle._LARGE", 1 << 19)
    with pytest.raises(MediaError, match="would unpack from"):
        Bundle(path).unpack(path / "media" / "a.mov", tmp_path / "m")
    monkeypatch.setattr("mien.editorial.bundle._RATIO", 1 << 20)
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("", (), {"free": 1 << 20})())
    with pytest.raises(WriteError, match="do not fit"):
        Bundle(path).unpack(path / "media" / "a.mov", tmp_path / "m")
    assert not list((tmp_path / "m").iterdir())


def test_a_damaged_file_costs_its_own_shot(tmp_path: Path) -> None:
    items = [clip(name, 0, 6, url=f"media/{name}.mov", edit=SMILE) for name in "ab"]
    path = bundled(tmp_path / "a.otioz", timeline(items),
                   {"media/a.mov": b"A" * 100, "media/b.mov": b"B" * 100})  # fmt: skip
    path.write_bytes(path.read_bytes().replace(b"A" * 100, b"C" * 100))
    first, second = read_cut(path, media_folder=tmp_path / "m").jobs
    assert first.problem is not None
    assert "media/a.mov in a.otioz is damaged: Bad CRC-32" in first.problem.cause
    assert second.problem is None
    assert not (tmp_path / "m" / "media" / "a.mov").exists()
