"""A cut that comes back leads to media, projects and curve files that were not where it says."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from mien.editorial import list_clips, read_cut, write_back
from mien.editorial.clip_edits import rename_assets
from mien.errors import InputError
from mien.jobs.job import ShotResult
from mien.timebase import Clock
from tests.cuts import SMILE, clip, rendered, saved, span, timeline
from tests.unit.test_cut_edits import write_project
from tests.unit.test_project import write_movie

CLOCK = Clock(Fraction(25), 6)


def unnamed(name: str, metadata: dict[str, Any] | None = None) -> Any:
    return otio.schema.Clip(
        name, otio.schema.MissingReference(), span(0, 6), metadata={**(metadata or {})}
    )


@pytest.fixture
def show(tmp_path: Path) -> Path:
    """A cut none of whose media are where it says, and all of which are beside it."""
    folder = tmp_path / "show"
    (folder / "in").mkdir(parents=True)
    for name in ("a.mp4", "d.mp4", "in/b 1.mp4", "100%25 #.mp4"):
        write_movie(folder / name)
    (folder / "seq").mkdir()
    for number in range(1001, 1005):
        (folder / "seq" / f"s.{number}.exr").write_bytes(b"x")
    images = otio.schema.ImageSequenceReference(
        "file:///Volumes/X/seq/", "s.", ".exr", start_frame=1001, rate=24, frame_zero_padding=4,
        available_range=span(1001, 4),
    )  # fmt: skip
    items = [
        clip("gone folder", 0, 6, url="media/gone/a.mp4", edit=SMILE),
        clip("volume", 0, 6, url="file:///Volumes/X/a.mp4"),
        clip("windows", 0, 6, url="C:\\x\\a.mp4"),
        clip("server", 0, 6, url="file://nas/x/a.mp4"),
        clip("odd name", 0, 6, url="/gone/100%25 #.mp4"),
        clip("pattern", 0, 4, url="/gone/seq/s.####.exr"),
        otio.schema.Clip("sequence", images, span(1001, 4)),
        unnamed("d.mp4"),
        unnamed("metadata", {"AYON": {"path": "in/b 1.mp4"}}),
        clip("network", 0, 6, url="http://host/x"),
        clip("nowhere", 0, 6, url="file:///Volumes/X/nowhere.mp4"),
    ]
    items[-2].metadata["AYON"] = {"path": "in/b 1.mp4"}
    return saved(timeline(items), folder / "show.otio")


@pytest.mark.parametrize("paths", ["relative", "absolute"])
@pytest.mark.parametrize("through_otio", [False, True])
def test_media_that_were_beside_the_cut_are_named_where_they_are(
    tmp_path: Path, show: Path, paths: Any, through_otio: bool
) -> None:
    before = {one.name: (one.media, one.media_exists) for one in list_clips(show).clips}
    assert [name for name, (_, exists) in before.items() if not exists] == ["nowhere"]
    out = tmp_path / "out" / "renders"
    out.mkdir(parents=True)
    write_movie(out / "a.mp4")  # another film of the same name
    cut = read_cut(show)
    if through_otio:
        object.__setattr__(cut, "text", None)
    results = [rendered(job, out, CLOCK) for job in cut.jobs]
    back = write_back(cut, results, out, media_paths=paths)[0]
    after = {one.name: (one.media, one.media_exists) for one in list_clips(back).clips}
    for name, (media, exists) in before.items():
        assert after[name][1] == exists, name
        if exists:
            assert Path(str(after[name][0])).resolve() == Path(str(media)).resolve(), name
    references = {
        one.name: one.media_references()["DEFAULT_MEDIA"]
        for one in otio.adapters.read_from_file(str(back)).find_clips()
    }
    assert references["nowhere"].target_url == "file:///Volumes/X/nowhere.mp4"
    assert references["sequence"].available_range == span(1001, 4)
    assert references["sequence"].start_frame == 1001
    start = (tmp_path / "show").as_uri() if paths == "absolute" else "../../show"
    assert references["volume"].target_url == f"{start}/a.mp4"
    assert references["d.mp4"].target_url == f"{start}/d.mp4"
    assert references["sequence"].target_url_base == f"{start}/seq/"
    # Written back once more it is the same.
    again = write_back(read_cut(back), [], out, media_paths=paths)[0]
    once = otio.adapters.read_from_file(str(again)).find_clips()
    assert {one.name: one.media_references()["DEFAULT_MEDIA"].to_json_string() for one in once} == {
        name: one.to_json_string() for name, one in references.items()
    }


def test_whole_paths_are_those_of_the_files_in_the_cuts_own_folder_too(show: Path) -> None:
    back = write_back(read_cut(show), [], show.parent, media_paths="absolute")[0]
    urls = {
        one.name: getattr(one.media_reference, "target_url", None)
        for one in otio.adapters.read_from_file(str(back)).find_clips()
    }
    assert urls["gone folder"] == (show.parent / "a.mp4").as_uri()
    assert urls["volume"] == "file:///Volumes/X/a.mp4"


def test_clips_of_the_old_schema_get_their_media(tmp_path: Path, show: Path) -> None:
    document = json.loads(show.read_text())
    for node in document["tracks"]["children"][0]["children"]:
        node["OTIO_SCHEMA"] = "Clip.1"
        references = node.pop("media_references")
        node.pop("active_media_reference_key")
        node["media_reference"] = references["DEFAULT_MEDIA"]
        if node["name"] == "d.mp4":
            node["media_reference"] = None
    show.write_text(json.dumps(document))
    out = tmp_path / "out"
    out.mkdir()
    back = write_back(read_cut(show), [], out)[0]
    clips = list_clips(back).clips
    assert [one.name for one in clips if not one.media_exists] == ["nowhere"]
    nodes = json.loads(back.read_text())["tracks"]["children"][0]["children"]
    assert {node["OTIO_SCHEMA"] for node in nodes} == {"Clip.1"}


def test_a_render_is_not_taken_for_media_that_are_gone(tmp_path: Path) -> None:
    write_project(tmp_path / "edits", "a.mien")
    path = saved(
        timeline([clip("a", 0, 6, url="/gone/a.mov", rate=25, edit={"project": "a.mien"})]),
        tmp_path / "show.otio",
    )
    out = tmp_path / "out"
    out.mkdir()
    cut = read_cut(path, edits=tmp_path / "edits")
    result = ShotResult(cut.jobs[0], "done", out / "a.mov", CLOCK.all, CLOCK)
    write_movie(out / "a.mov")
    back = write_back(cut, [result], out)[0]
    listed = list_clips(back, edits=tmp_path / "edits").clips[0]
    assert (listed.media, listed.media_exists) == ("/gone/a.mov", False)
    assert read_cut(back, edits=tmp_path / "edits").jobs[0].media is None


def edited(tmp_path: Path) -> Path:
    show = tmp_path / "show"
    (show / "projects").mkdir(parents=True)
    write_project(show / "projects", "e.mien")
    (show / "curves").mkdir()
    for name in ("s.npz", "t.npz", "u.npz"):
        (show / "curves" / name).write_bytes(b"x")
    write_movie(show / "a.mp4")
    names: list[dict[str, Any]] = [
        {"project": "projects/e.mien"},
        {"curves": "curves/s.npz"},
        {"curves": {"file": "curves/t.npz"}},
        {"curves": ["curves/s.npz", {"file": "curves/u.npz", "to_face": 2}]},
    ]
    items = [clip(f"c{n}", 0, 6, url="a.mp4", edit=edit) for n, edit in enumerate(names)]
    items.append(clip("effect", 0, 6, url="a.mp4", speed=1.0))
    items[-1].effects[0].metadata["mien"] = {"project": "projects/e.mien"}
    return saved(timeline(items), show / "show.otio")


def files_of(path: Path, edits: Path | None = None) -> list[tuple[Path, ...]]:
    return [
        tuple(
            file.resolve()
            for file in (*filter(None, [job.project]), *(one.file for one in job.curves))
        )
        for job in read_cut(path, edits=edits).jobs
    ]


@pytest.mark.parametrize("through_otio", [False, True])
def test_edits_inside_the_new_folder_are_named_from_it(tmp_path: Path, through_otio: bool) -> None:
    path = edited(tmp_path)
    cut = read_cut(path)
    if through_otio:
        object.__setattr__(cut, "text", None)
    notices: list[str] = []
    back = write_back(cut, [], tmp_path, notify=notices.append)[0]
    assert files_of(back) == files_of(path)
    assert all(file.is_file() for files in files_of(back) for file in files)
    assert (list(list_clips(back).notices), notices) == ([], [])


def test_of_edits_outside_the_new_folder_their_folder_is_said_once(tmp_path: Path) -> None:
    path = edited(tmp_path)
    out = tmp_path / "show" / "renders"
    out.mkdir()
    notices: list[str] = []
    back = write_back(read_cut(path), [], out, notify=notices.append)[0]
    assert notices == [
        f"show.mien.otio asks for projects or curve files of {path.parent}, outside its own folder:"
        f" when it is opened again, give --edits {path.parent}."
    ]
    assert "c0: There is no project" in "\n".join(list_clips(back).notices)
    assert files_of(back, path.parent) == files_of(path)
    assert list_clips(back, edits=path.parent).notices == ()
    # Who gave the folder before knows it.
    notices.clear()
    write_back(read_cut(path, edits=path.parent), [], out, notify=notices.append)
    assert notices == []


def test_edits_of_two_folders_are_to_be_put_together(tmp_path: Path) -> None:
    path = edited(tmp_path)
    (tmp_path / "edits" / "projects").mkdir(parents=True)
    (path.parent / "projects" / "e.mien").rename(tmp_path / "edits" / "projects" / "e.mien")
    out = tmp_path / "out"
    out.mkdir()
    notices: list[str] = []
    cut = read_cut(path, edits=tmp_path / "edits")
    write_back(cut, [], out, notify=notices.append)
    assert len(notices) == 1
    assert f"{tmp_path / 'edits'} and {path.parent}" in notices[0]
    assert "one folder" in notices[0]


def test_a_strangers_cut_names_nothing_outside_by_coming_back(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    write_project(tmp_path / "secret", "e.mien")
    edit = {"project": "../secret/e.mien"}
    path = tmp_path / "show" / "show.otio"
    path.parent.mkdir()
    saved(timeline([clip("a", 0, 6, edit=edit), clip("b", 0, 6, edit=SMILE)]), path)
    back = write_back(read_cut(path), [], tmp_path)[0]
    first = next(iter(otio.adapters.read_from_file(str(back)).find_clips()))
    assert dict(first.metadata["mien"]) == edit


def test_a_folder_in_which_no_clip_names_a_file_is_refused(tmp_path: Path) -> None:
    path = edited(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no project"):
        read_cut(path, edits=tmp_path / "empty")


@pytest.mark.parametrize("edit", [None, 3, "x", {"schema": "mien.render/1", "project": "p.mien"},
                                  {"schema": "mien.edit/2", "project": "p.mien"},
                                  {"project": 7, "curves": [3, None]}])  # fmt: skip
def test_only_names_of_edits_are_renamed(edit: Any) -> None:
    metadata = {"mien": edit}
    rename_assets(metadata, lambda name, _: f"other/{name}")
    assert metadata == {"mien": edit}


def test_files_that_are_not_there_are_notices_of_the_listing(tmp_path: Path) -> None:
    write_movie(tmp_path / "a.mp4")
    items = [
        clip("a", 0, 6, url="a.mp4", edit={"project": "e.mien"}),
        clip("b", 0, 6, url="a.mp4", edit={"curves": ["s.npz", "t.npz"]}),
    ]
    (tmp_path / "s.npz").write_bytes(b"x")
    listing = list_clips(saved(timeline(items), tmp_path / "show.otio"))
    assert listing.notices == (
        f"a: There is no project {tmp_path / 'e.mien'}. Check the name.",
        f"b: There is no curve file {tmp_path / 't.npz'}. Check the name.",
    )
    assert [bool(one.edits) for one in listing.clips] == [True, True]
