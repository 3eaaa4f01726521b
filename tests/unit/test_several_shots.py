"""Project files with several shots: told apart, chosen by name or number, none lost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mien import api, training
from mien.cli.main import app
from mien.editorial.sidecars import Sidecars
from mien.errors import InputError, MienError, ProjectError, UsageError
from mien.io import project as project_file
from mien.io.project import load_document, save_document
from mien.jobs.plan import make_plan
from mien.jobs.tables import plan_facts
from mien.jobs.yaml import read_jobs
from mien.media.probe import probe
from mien.model.document import Document, Project
from mien.model.edits import Edit
from mien.model.marker import Marker
from mien.model.settings import ReferenceSettings
from mien.model.shot import Shot
from mien.timebase import FrameRange
from tests.documents import make_document, make_shot
from tests.unit.test_project import FRAMES, first_shot, rewritten, write_movie


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Two tracked shots and one that is not yet, with their media."""
    shots = []
    for number, name in enumerate(("wide", "close", "later")):
        media = probe(write_movie(tmp_path / f"{name}.mp4", shade=40 * number))
        faces = make_shot(FRAMES, name, faces=number).faces if number else ()
        edits = tuple(Edit(face).key("jawOpen", 3, 0.5 * number) for face in faces[:1])
        shots.append(Project(Shot(media, faces), edits))
    wide, close, later = shots
    close = replace(close, name="hero", markers=(Marker(2, "x", "red"),), span=FrameRange(1, 5))
    save_document(Document((wide, close, later)), tmp_path / "film.mien")
    return tmp_path / "film.mien"


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=True)
    if isinstance(done.exception, MienError):
        return done.exception.exit_code, str(done.exception)
    return done.exit_code, done.output


def test_everything_of_every_shot_comes_back(saved: Path) -> None:
    wide, close, later = load_document(saved).shots
    assert [project.title for project in (wide, close, later)] == ["wide", "hero", "later"]
    assert [project.tracked for project in (wide, close, later)] == [False, True, True]
    assert (close.markers, close.span) == ((Marker(2, "x", "red"),), FrameRange(1, 5))
    assert later.edit(1).layers[0].tracks[0].keys[0].value == 1.0
    assert later.edit(2).layers == ()
    again = saved.with_name("again.mien")
    save_document(load_document(saved), again)
    assert again.read_bytes() == saved.read_bytes(), "ids are stable"


def test_a_shot_is_chosen_by_name_number_or_id(saved: Path) -> None:
    ids = [project.id for project in load_document(saved).shots]
    for which in ("hero", 2, "2", ids[1]):
        assert api.load_project(saved, which).id == ids[1]
    with pytest.raises(UsageError, match=r"holds 3 shots. .*1 \(wide\), 2 \(hero\), 3 \(later\)"):
        api.load_project(saved)
    for which in ("close", 0, 4, "-1", "٢٢"):
        with pytest.raises(UsageError, match="holds no shot"):
            api.load_project(saved, which)


def test_two_of_one_name_are_told_by_their_numbers(saved: Path) -> None:
    document = load_document(saved)
    twice = document.with_shot(replace(document.shots[2], name="hero"))
    save_document(twice, saved)
    with pytest.raises(UsageError, match="holds 2 shots named hero"):
        api.load_project(saved, "hero")
    assert api.load_project(saved, 3).shot.media.path.name == "later.mp4"


def test_media_are_found_shot_by_shot(saved: Path) -> None:
    saved.with_name("close.mp4").unlink()
    assert api.load_project(saved, "wide").online
    with pytest.raises(ProjectError, match=r"close\.mp4, was not found"):
        api.load_project(saved, "hero")
    found = project_file.find_shots(load_document(saved, find_media=False), saved)
    assert [project.online for project in found.shots] == [True, False, True]


def test_pictures_of_a_shot_that_is_offline_are_not_rendered(saved: Path, tmp_path: Path) -> None:
    offline = api.load_project(saved, "hero", find_media=False)
    with pytest.raises(ProjectError, match="media of hero were not looked for"):
        api.render(offline, tmp_path / "out.mkv", lossless=True)
    document = api.load_document(saved, media={offline.id: saved.with_name("close.mp4")})
    assert all(project.online for project in document.shots)
    api.save_document(document, tmp_path / "again.mien")
    assert (tmp_path / "again.mien").read_bytes() == saved.read_bytes()


@pytest.mark.parametrize(
    ("media", "title"),
    [
        ("sh010.mov", "sh010"),
        ("sh010.%04d.exr", "sh010"),
        ("sh010_%d.png", "sh010"),
        ("%04d.exr", "%04d"),
        ("a.b.mov", "a.b"),
    ],
)
def test_shots_are_called_as_their_media(media: str, title: str) -> None:
    shot = make_shot(9)
    named = Project(replace(shot, media=replace(shot.media, path=Path("/plates") / media)))
    assert named.title == title


def test_ids_are_given_where_they_lack_or_clash() -> None:
    one, two = make_document(2).shots
    clash = Document((one, replace(two, id=one.id), replace(one, id="")))
    ids = [project.id for project in clash.shots]
    assert (ids[0], len(set(ids))) == (one.id, 3)
    assert [p.id for p in Document((replace(one, id=""), replace(two, id=""))).shots] == [
        one.id,
        two.id,
    ]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("id", "../x", "shots.0.id"),
        ("arrays", "faces/", "shots.0.arrays"),
        ("arrays", "shots/../", "shots.0.arrays"),
        ("arrays", "shots/9/", "shots/9/media/pts.npy"),
        ("span", [0, 99], "lies outside wide"),
        ("span", [5, 5], "is empty"),
        ("span", [5, 2], "backwards"),
        ("markers", [{"frame": 99, "name": "", "color": "red"}], "lies outside wide"),
        ("markers", [{"frame": 1, "name": "", "color": "red"}] * 2, "ascending"),
        ("markers", [{"frame": 1, "name": "", "color": "pink"}], "shots.0.markers.0.color"),
    ],
)
def test_what_contradicts_itself_is_refused(
    saved: Path, field: str, value: object, words: str
) -> None:
    document = project_file.describe(saved).model_dump(mode="json", by_alias=True)
    assert first_shot(saved)["name"] == ""
    document["shots"][0][field] = value
    rewritten(saved, {"project.json": json.dumps(document).encode()})
    with pytest.raises(ProjectError, match=words):
        load_document(saved)


def test_the_command_line_asks_which_shot(saved: Path, tmp_path: Path) -> None:
    code, text = run("render", saved, "-o", tmp_path / "out.mkv")
    assert (code, "2 (hero)" in text) == (2, True)
    code, text = run("render", saved, "-o", tmp_path / "out.mkv", "--shot", "wide", "--json")
    assert code == 0, text
    assert json.loads(text)["source"].endswith("wide.mp4")
    code, text = run("curves", saved, "-o", tmp_path / "c.json", "--basis", "mien-rig")
    assert (code, "3 shots" in text) == (2, True)
    arguments = ("curves", saved, "-o", tmp_path / "c.json", "--basis", "mien-rig")
    assert run(*arguments, "--shot", 3)[0] == 0
    movie = tmp_path / "wide.mp4"
    for verb in ("render", "curves"):
        code, text = run(verb, movie, "-o", tmp_path / "out.npz", "--shot", 1)
        assert (code, "--shot goes with a project" in text) == (2, True)


def test_a_list_of_shots_names_them(saved: Path, tmp_path: Path) -> None:
    jobs = tmp_path / "jobs.yaml"
    jobs.write_text("shots:\n- project: film.mien\n  shot: hero\n- project: film.mien\n")
    plan = make_plan(read_jobs(jobs), tmp_path / "out")
    hero, unnamed = plan.shots
    assert hero.order is not None
    assert (hero.job.name, hero.order.shot) == ("hero", "hero")
    assert plan_facts(plan)["shots"][0]["faces"] == [{"number": 1, "name": "face 1"}]
    assert unnamed.problem is not None
    assert "holds 3 shots" in str(unnamed.problem)
    jobs.write_text("shots:\n- media: wide.mp4\n  shot: 1\n  set: smile=1\n")
    with pytest.raises(InputError, match="names a shot of a project"):
        read_jobs(jobs)


def test_projects_beside_a_cut_may_hold_several(saved: Path, tmp_path: Path) -> None:
    sidecars = Sidecars(tmp_path, ["close", "later"])
    ids = [project.id for project in load_document(saved).shots]
    assert sidecars.project_for("close", tmp_path / "close.mp4", None) == (saved, ids[1])
    assert sidecars.project_for("later", tmp_path / "later.mp4", None) == (saved, ids[2])
    assert sidecars.project_for("wide", tmp_path / "wide.mp4", None) == (None, None)
    assert [notice[:18] for notice in sidecars.unused()] == ["film.mien, wide, i"]


def test_a_trained_shot_leaves_the_others_alone(saved: Path) -> None:
    before = load_document(saved)
    lora = saved.with_name("ada.safetensors")
    assert training._remember_lora(saved, "hero", lora)
    after = load_document(saved)
    kept = ReferenceSettings.from_stored(after.shots[1].settings)
    assert kept == ReferenceSettings(shot_lora=str(lora))
    for one, two in zip(before.shots, after.shots, strict=True):
        assert [edit.layers for edit in one.edits] == [edit.layers for edit in two.edits]
        assert (one.id, one.markers, len(one.shot.faces)) == (
            two.id,
            two.markers,
            len(two.shot.faces),
        )


def test_a_plan_for_a_project_without_faces_is_told(saved: Path, tmp_path: Path) -> None:
    document = load_document(saved)
    bare = replace(document.shots[0], shot=replace(document.shots[0].shot, faces=()), edits=())
    save_document(Document((bare,)), saved)
    jobs = tmp_path / "jobs.yaml"
    jobs.write_text("shots:\n- project: film.mien\n  set: [jawOpen=+0.2]\n")
    (shot,) = plan_facts(make_plan(read_jobs(jobs), tmp_path / "out"))["shots"]
    assert shot.get("faces") is None
