"""What is asked of the clips of a cut, and which files that may lead to."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from mien.editorial import read_cut
from mien.editorial.media_refs import resolve_media
from mien.errors import InputError, MissingDependencyError, NothingToDoError, UsageError
from mien.io import project as project_file
from mien.io.project import Project
from mien.jobs.job import CurvesInput, ShotJob
from mien.media.probe import probe
from mien.model.edits import Edit
from mien.model.shot import Shot
from mien.timebase import FrameRange
from tests.cuts import SMILE, clip, clock, saved, span, timeline
from tests.faces import make_face
from tests.unit.test_project import FRAMES, write_movie


def jobs(folder: Path, *items: Any, **wishes: Any) -> list[ShotJob]:
    return list(read_cut(saved(timeline(list(items)), folder / "show.otio"), **wishes).jobs)


def test_edits_are_found_on_clips_and_on_their_effects(tmp_path: Path) -> None:
    on_effect = clip("B.mov", 10, 24)
    edit = {"mien": {"set": ["jawOpen=+0.2"], "face": 2}}
    on_effect.effects.append(otio.schema.Effect("mien", "mien.expression", edit))
    first, second = jobs(
        tmp_path, clip("a", 0, 48, edit=SMILE), clip("plain", 0, 24), on_effect, handles=8,
        renderer="warp", codec="prores", lossless=True,
    )  # fmt: skip
    assert (first.name, first.clip, first.set) == ("a", 0, ("mouthSmile=+0.5",))
    assert first.media == Path("/media/a.mov")
    assert first.frames_of(clock()) == FrameRange(0, 56)
    assert (second.name, second.clip, second.face) == ("B", 2, 2)
    assert second.origin == "show.otio, V1, 00:00:03:00"
    assert (second.renderer, second.codec, second.lossless) == ("warp", "prores", True)
    assert first.problem is None


def test_names_of_shots_are_unique_and_no_paths(tmp_path: Path) -> None:
    items = [clip(name, 0, 24, edit=SMILE, url="/m/a.mov") for name in ("a", "A", "../../x/y", "")]
    assert [job.name for job in jobs(tmp_path, *items)] == ["a", "A_2", "x_y", "shot"]


def test_a_cut_without_edits_says_so(tmp_path: Path) -> None:
    with pytest.raises(NothingToDoError, match="None of the 1 clips"):
        jobs(tmp_path, clip("a", 0, 24))
    with pytest.raises(NothingToDoError):
        jobs(tmp_path, clip("a", 0, 24, edit={"schema": "mien.note/1", "text": "not an edit"}))
    with pytest.raises(UsageError, match="handles"):
        jobs(tmp_path, clip("a", 0, 24, edit=SMILE), handles=-1)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"set": ["mouthSmle=1"]}, r"set\[1\]: .*mouthSmile"),
        ({"set": ["jawOpen=1"], "fase": 1}, "fase"),
        ({"set": 3}, "set: a list is expected"),
        ({"set": ["jawOpen=1"], "face": 0}, "face: There is no face 0"),
        ({"schema": "mien.edit/2", "keys": []}, "newer mien"),
        (["jawOpen=1"], "no list of fields"),
        ({"project": "../../secret.mien"}, "outside its folder"),
        ({"project": "/etc/secret.mien"}, "outside its folder"),
        ({"curves": "../../secret.npz"}, "curve file ../../secret.npz, which lies outside"),
        ({"curves": {"file": "a.npz", "mode": "scale"}}, r"curves\.mode: \'scale\' is no choice"),
    ],
)
def test_a_wrong_edit_fails_its_shot_alone(tmp_path: Path, edit: Any, said: str) -> None:
    wrong, right = jobs(tmp_path, clip("a", 0, 24, edit=edit), clip("b", 0, 24, edit=SMILE))
    assert re.search(said, str(wrong.problem))
    assert right.problem is None


def test_a_project_may_be_in_the_cuts_folder_or_in_that_of_edits(tmp_path: Path) -> None:
    edits = tmp_path / "edits"
    write_project(edits, "a.mien")
    (tmp_path / "cut").mkdir()
    item = clip("a", 0, 24, edit={"schema": "mien.edit/1", "project": "a.mien"})
    (job,) = jobs(tmp_path / "cut", item, edits=edits)
    assert job.project == edits / "a.mien"
    (job,) = jobs(tmp_path / "cut", item.deepcopy())
    assert job.project == tmp_path / "cut" / "a.mien"


def test_curves_may_be_in_the_cuts_folder_or_in_that_of_edits(tmp_path: Path) -> None:
    (tmp_path / "edits").mkdir()
    (tmp_path / "edits" / "talk.npz").touch()
    edit = {"schema": "mien.edit/1", "curves": {"file": "talk.npz", "offset": 3}, "face": 2}
    (job,) = jobs(tmp_path, clip("a", 0, 24, edit=edit), edits=tmp_path / "edits")
    assert job.curves == (CurvesInput(tmp_path / "edits" / "talk.npz", offset=3),)
    assert job.face == 2
    (job,) = jobs(tmp_path, clip("a", 0, 24, edit={"curves": "talk.npz"}))
    assert job.curves == (CurvesInput(tmp_path / "talk.npz"),)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///m/a%20b.mov", "/m/a b.mov"), ("file://localhost/m/a.mov", "/m/a.mov"),
        ("/m/a%20b.mov", "/m/a%20b.mov"), ("plates/a.mov", "plates/a.mov"),
        ("file:///m/a%20b.%04d.exr", "/m/a b.%04d.exr"), ("C:\\media\\a.mov", "a.mov"),
        ("file:///C:/media/a.mov", "/C:/media/a.mov"),
        ("http://host/a.mov", None), ("concat:a.mov|b.mov", None), ("file://host/a.mov", "a.mov"),
        ("\\\\server\\share\\a.mov", "a.mov"), ("", None), ("a\0b", None),
    ],
)  # fmt: skip
def test_only_files_are_followed(tmp_path: Path, url: str, path: str | None) -> None:
    place = resolve_media(otio.schema.ExternalReference(url), tmp_path)
    assert (None if place is None else place.path) == (None if path is None else tmp_path / path)


def test_media_are_found_beside_a_cut_that_moved(tmp_path: Path) -> None:
    write_movie(tmp_path / "a.mov")
    place = resolve_media(otio.schema.ExternalReference("file:///gone/a.mov"), tmp_path)
    assert place is not None
    assert (place.path, place.exists) == (tmp_path / "a.mov", True)


def test_the_images_of_a_sequence_count_by_the_cut(tmp_path: Path) -> None:
    (tmp_path / "seq").mkdir()
    for number in range(996, 1101):
        (tmp_path / "seq" / f"a.{number:04}.exr").write_bytes(b"x")
    reference = otio.schema.ImageSequenceReference(
        f"file://{tmp_path}/seq/", "a.", ".exr", start_frame=1001, rate=25, frame_zero_padding=4,
        available_range=span(1001, 100, 25),
    )  # fmt: skip
    item = otio.schema.Clip("a", reference, span(1011, 50, 25), {"mien": SMILE})
    (job,) = jobs(tmp_path, item)
    assert job.media == tmp_path / "seq" / "a.%04d.exr"
    assert job.frames_of(clock(105)) == FrameRange(15, 65)


def test_a_clip_without_media_is_named(tmp_path: Path) -> None:
    item = otio.schema.Clip("a", otio.schema.MissingReference(), span(0, 24), {"mien": SMILE})
    (job,) = jobs(tmp_path, item)
    assert job.problem is not None
    assert "where the media of a are" in job.problem.cause


def test_an_earlier_render_is_never_the_source(tmp_path: Path) -> None:
    item = clip("a", 0, 24, edit=SMILE)
    references = dict(item.media_references())
    references["mien"] = otio.schema.ExternalReference("file:///renders/a.mov")
    item.set_media_references(references, "mien")
    assert jobs(tmp_path, item)[0].media == Path("/media/a.mov")


def test_a_retime_that_cannot_be_followed_renders_all_and_says_so(tmp_path: Path) -> None:
    item = clip("a", 0, 24, edit=SMILE)
    item.effects.append(otio.schema.TimeEffect(effect_name="curve"))
    cut = read_cut(saved(timeline([item]), tmp_path / "show.otio"))
    assert cut.jobs[0].frames is None
    assert "all of its media is rendered" in cut.notices[0]


def write_project(
    folder: Path,
    name: str,
    movie: str = "plate.mp4",
    asked: FrameRange | None = None,
    shade: int = 0,
) -> Path:
    """A project with one edit, and its media beside it."""
    folder.mkdir(exist_ok=True)
    media = folder / movie
    facts = probe(media if media.exists() else write_movie(media, shade=shade))
    face = make_face(FRAMES)
    edit = Edit(face).set("mouthSmile", 0.5, span=asked)
    project_file.save(
        Project(Shot(facts, (replace(face, clock=facts.clock),)), (edit,)), folder / name
    )
    return folder / name


def test_sidecars_match_by_media_then_by_name(tmp_path: Path) -> None:
    edits = tmp_path / "edits"
    for name in ("sh010", "sh020"):
        write_project(edits, f"{name}.mien")
    write_project(edits, "other.mien", "other.mp4", shade=100)
    url = (edits / "plate.mp4").as_uri()
    first, second = jobs(
        tmp_path,
        *(clip(name, 0, 6, url=url, rate=25) for name in ("sh010", "SH020", "sh030")),
        clip("other", 0, 6, url="file:///elsewhere/unrelated.mov", rate=25),
        edits=edits,
    )
    assert (first.project, second.project) == (edits / "sh010.mien", edits / "sh020.mien")
    assert first.media == edits / "plate.mp4"
    cut = read_cut(tmp_path / "show.otio", edits=edits)
    assert [notice for notice in cut.notices if "other.mien is for no clip" in notice]


def test_a_sidecar_is_not_for_a_clip_of_other_frames(tmp_path: Path) -> None:
    edits = tmp_path / "edits"
    write_project(edits, "plate.mien", asked=FrameRange(0, 4))
    url = (edits / "plate.mp4").as_uri()
    early, late = (clip(name, at, 4, url=url, rate=25) for name, at in (("early", 0), ("late", 6)))
    assert [job.name for job in jobs(tmp_path, early, late, edits=edits)] == ["early"]


def test_two_sidecars_that_fit_alike_are_refused(tmp_path: Path) -> None:
    edits = tmp_path / "edits"
    write_project(edits, "one.mien")
    write_project(edits, "two.mien")
    (job,) = jobs(tmp_path, clip("a", 0, 6, url=(edits / "plate.mp4").as_uri()), edits=edits)
    assert job.problem is not None
    assert "one.mien and two.mien both fit the clip a" in job.problem.cause


def test_media_that_are_gone_are_matched_by_their_name(tmp_path: Path) -> None:
    edits = tmp_path / "edits"
    write_project(edits, "sh010.mien")
    (job,) = jobs(tmp_path, clip("sh010", 0, 6, url="/gone/plate.mp4", rate=25), edits=edits)
    assert (job.project, job.media) == (edits / "sh010.mien", None)


def test_a_folder_of_edits_must_be_one(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder, said in (("none", "is no folder"), ("empty", "holds no project")):
        with pytest.raises(InputError, match=said):
            jobs(tmp_path, clip("a", 0, 24), edits=tmp_path / folder)


def test_an_edl_that_names_no_files_is_matched_by_reel_and_timecode(tmp_path: Path) -> None:
    edits = tmp_path / "edits"
    write_project(edits, "smile.mien", "A001.mp4", asked=FrameRange(0, 4))
    event = "{:03}  A001  V  C  00:00:00:{:02} 00:00:00:{:02} 01:00:00:{:02} 01:00:00:{:02}\n"
    text = "TITLE: t\n\n" + event.format(1, 0, 4, 0, 4) + "* FROM CLIP NAME: early\n"
    text += event.format(2, 6, 10, 4, 8) + "* FROM CLIP NAME: late\n"
    (tmp_path / "t.edl").write_text(text)
    (job,) = read_cut(tmp_path / "t.edl", rate="25", edits=edits).jobs
    assert (job.name, job.project, job.media) == ("early", edits / "smile.mien", None)
    assert job.origin == "t.edl, V, 01:00:00:00"


def test_without_otio_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentimelineio", None)
    with pytest.raises(MissingDependencyError, match=r"mien\[editorial\]"):
        read_cut(tmp_path / "cut.otio")
