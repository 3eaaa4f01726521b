"""A cut written into the batch's folder leads to the same media, and to its projects."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from mien.editorial import list_clips, read_cut, write_back
from mien.editorial.rebase import Rebase
from mien.timebase import Clock
from tests.cuts import SMILE, clip, rendered, saved, span, timeline
from tests.unit.test_cut_edits import write_project
from tests.unit.test_project import write_movie


@pytest.fixture
def show(tmp_path: Path) -> Path:
    """A cut whose media are named relative to its folder."""
    folder = tmp_path / "show"
    (folder / "plates" / "seq").mkdir(parents=True)
    write_movie(folder / "plates" / "a b.mp4")
    write_movie(folder / "c.mp4")
    for number in range(1001, 1005):
        (folder / "plates" / "seq" / f"s.{number}.exr").write_bytes(b"x")
    images = otio.schema.ImageSequenceReference(
        "plates/seq/", "s.", ".exr", start_frame=1001, rate=24, frame_zero_padding=4,
        available_range=span(1001, 4),
    )  # fmt: skip
    items = [
        clip("a", 0, 6, url="plates/a b.mp4", edit=SMILE),
        clip("quoted", 0, 6, url="plates/a%20b.mp4"),
        clip("c", 0, 6, url="c.mp4"),
        otio.schema.Clip("s", images, span(1001, 4)),
        clip("pattern", 0, 4, url="plates/seq/s.%04d.exr"),
        clip("whole", 0, 6, url="file:///media/whole.mov"),
        clip("reel", 0, 6, url="A001"),
        clip("gone", 0, 6, url="plates/gone.mov"),
    ]
    return saved(timeline(items), folder / "show.otio")


@pytest.mark.parametrize("paths", ["relative", "absolute"])
@pytest.mark.parametrize("kind", [".otio", ".otiod"])
def test_media_are_the_same_from_the_new_folder(
    tmp_path: Path, show: Path, paths: Any, kind: str
) -> None:
    if kind == ".otiod":
        show = show.rename(show.parent / "content.otio").parent.rename(tmp_path / "show.otiod")
    before = {one.name: (one.media, one.media_exists) for one in list_clips(show).clips}
    cut = read_cut(show)
    out = tmp_path / "out" / "renders"
    out.mkdir(parents=True)
    results = [rendered(job, out, Clock(Fraction(25), 6)) for job in cut.jobs]
    back = write_back(cut, results, out, media_paths=paths)[0]
    after = {one.name: (one.media, one.media_exists) for one in list_clips(back).clips}
    assert [name for name, (_, exists) in after.items() if exists] == [
        "a", "quoted", "c", "s", "pattern",
    ]  # fmt: skip
    for name, (media, exists) in before.items():
        if exists:
            assert Path(str(after[name][0])).resolve() == Path(str(media)).resolve()
    urls = {
        item.name: getattr(item.media_reference, "target_url", "")
        for item in otio.adapters.read_from_file(str(back)).find_clips()
    }
    assert (urls["whole"], urls["reel"]) == ("file:///media/whole.mov", "A001")
    assert urls["c"].startswith("file:///" if paths == "absolute" else "../../show")
    assert cut.content.to_json_string() == read_cut(show).content.to_json_string()


def test_nothing_changes_in_the_cuts_own_folder(show: Path) -> None:
    cut = read_cut(show)
    results = [rendered(job, show.parent, Clock(Fraction(25), 6)) for job in cut.jobs]
    back = json.loads(write_back(cut, results, show.parent)[0].read_text())
    for item in back["tracks"]["children"][0]["children"]:
        item["media_references"].pop("mien", None)
    assert back == json.loads(show.read_text())


def test_a_url_is_changed_only_where_it_counts_from_the_folder(tmp_path: Path) -> None:
    moved = Rebase(tmp_path / "a", tmp_path / "b" / "c", "relative")
    for url in ("file:///m/a.mov", "/m/a.mov", "C:\\m\\a.mov", "C:/m/a.mov", "http://h/a.mov", "",
                "a.mov"):  # fmt: skip
        assert moved.url(url) == url
    assert moved.url("p/a.mov") == "../../a/p/a.mov"
    assert moved.url("p/") == "../../a/p/"
    assert not Rebase(tmp_path, tmp_path, "relative").changes


def test_a_project_that_a_clip_names_is_for_that_clip(tmp_path: Path) -> None:
    edits = tmp_path / "edits"
    write_project(edits, "sh020.mien")
    write_project(edits, "other.mien", "other.mp4", shade=100)
    items = [
        clip("a", 0, 6, url="/gone/elsewhere.mov", rate=25, edit={"project": "sh020.mien"}),
        clip("b", 0, 6, url="/gone/nowhere.mov", rate=25),
    ]
    cut = read_cut(saved(timeline(items), tmp_path / "show.otio"), edits=edits)
    assert cut.jobs[0].project == edits / "sh020.mien"
    assert [notice for notice in cut.notices if "is for no clip" in notice] == [
        "other.mien is for no clip: none shows what it edits of other.mp4."
    ]
