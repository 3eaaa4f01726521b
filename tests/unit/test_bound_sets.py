"""Which face a set is for: on the command line, in lists of shots, in cuts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mien
from mien import api
from mien.cli.main import run
from mien.errors import InputError, MienError, UsageError
from mien.io.curves import write_curve_file
from mien.io.curves.collect import shot_curves
from mien.jobs.edits import check_request, request_edits, requested_faces
from mien.jobs.job import CurvesInput, ShotJob
from mien.jobs.shot_task import ShotSpec, read_shot_spec
from mien.jobs.yaml import read_jobs
from mien.media.probe import probe
from mien.model.assignments import parse_assignment
from mien.model.edits import Edit
from mien.model.shot import Shot
from mien.timebase import FrameRange
from tests.documents import make_shot
from tests.faces import make_face
from tests.unit.test_project import write_movie

Capture = pytest.CaptureFixture[str]
Asked = list[tuple[int, list[str]]]
"""By face: the controls that are set for it."""


def asked_of(edits: Any) -> Asked:
    return [
        (edit.face.number, [track.control for layer in edit.layers for track in layer.tracks])
        for edit in edits
    ]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A project of two people, the second of whom is called Anna and fills more of the picture."""
    faces = []
    for number, size in ((1, 20.0), (2, 90.0)):
        face = make_face(12, number=number)
        face.landmarks[:, 0, :2] = size
        faces.append(face)
    shot = Shot(probe(write_movie(tmp_path / "x.mp4")), tuple(faces))
    path = tmp_path / "x.mien"
    api.save_project(mien.rename_face(shot, 2, "Anna"), path)
    return path


@pytest.fixture
def rendered(film: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `mien render` on it, and returns what it asks for; its exit code where it refuses."""
    asked: list[Asked] = []

    def render(project: Any, output: Any, *, edits: list[Edit], **more: object) -> Any:
        asked.append(asked_of(edits))
        return api.RenderReport(Path(output), 12, 0, 0, (), None, "h264", 1.0)

    monkeypatch.setattr(api, "render", render)

    def called(*arguments: str) -> Asked | int:
        code = run(["render", str(film), "-o", str(film.with_name("o.mp4")), *arguments])
        return code or asked.pop()

    return called


A, B, C = "jawOpen=+0.1", "mouthSmile=+0.2", "browDown=+0.3"


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("--face 1 --set A --face 2 --set B", [(1, ["jawOpen"]), (2, ["mouthSmile"])]),
        ("--face 2 --set A --set B --face 1 --set C",
         [(2, ["jawOpen", "mouthSmile"]), (1, ["browDown"])]),
        ("--face Anna --set A --face 1 --set B", [(2, ["jawOpen"]), (1, ["mouthSmile"])]),
        ("--face=1 --set=A --face=anna --set=B", [(1, ["jawOpen"]), (2, ["mouthSmile"])]),
        ("--face 1 --set A --face 2 --set B --face 1 --set C",
         [(1, ["jawOpen", "browDown"]), (2, ["mouthSmile"])]),
        ("--set 1:A --set Anna:B", [(1, ["jawOpen"]), (2, ["mouthSmile"])]),
        ("--set 1:A --set B", [(1, ["jawOpen"]), (2, ["mouthSmile"])]),
        ("--set 1:A --face 1 --set B --face 2 --set C",
         [(1, ["jawOpen", "mouthSmile"]), (2, ["browDown"])]),
        ("--set A --face 1", [(1, ["jawOpen"])]),
        ("--face 1 --set A --set B", [(1, ["jawOpen", "mouthSmile"])]),
        ("--face Anna --set 2:A", [(2, ["jawOpen"])]),
        ("--set A", [(2, ["jawOpen"])]),
    ],
)  # fmt: skip
def test_order_counts_on_the_command_line(rendered: Any, typed: str, asked: Asked) -> None:
    assert rendered(*letters(typed)) == asked


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ("--set A --face 1 --set B --face 2", 2, "stands before the first of several --face"),
        ("--set A --face 1 --face 2 --set B", 2, "stands before the first"),
        ("--face 1 --face 2 --set A", 2, "No --set follows --face 1"),
        ("--face 1 --set A --face 2", 2, "No --set follows --face 2"),
        ("--face 1", 2, "nothing is set"),
        ("--face 1 --set 2:A", 2, "'jawOpen' names face 2, and stands under face 1"),
        ("--face 1 --set Anna:A", 2, "names face 'Anna', and stands under face 1"),
        ("--face Bob --set A", 4, "has no face 'Bob'. Its faces are: 1, 2 (Anna)."),
        ("--set Ana:A", 4, "Did you mean 'Anna'?"),
        ("--set 3:A", 4, "has no face 3"),
        ("--set 0:A", 2, "There is no face 0"),
        ("--face -1 --set A", 2, "There is no face -1"),
        ("--set :A", 2, "The set ':jawOpen=+0.1' cannot be read"),
    ],
)
def test_what_is_ambiguous_is_refused_in_one_line(
    rendered: Any, typed: str, code: int, said: str, capsys: Capture
) -> None:
    assert rendered(*letters(typed)) == code
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def letters(typed: str) -> list[str]:
    """The arguments, with whole sets for their letters."""
    for letter, text in (("A", A), ("B", B), ("C", C)):
        for before in (" ", "=", ":"):
            typed = f"{typed} ".replace(f"{before}{letter} ", f"{before}{text} ").strip()
    return typed.split()


def test_a_movie_that_is_not_tracked_has_numbers_only(
    film: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "track", lambda shot: pytest.fail("it was tracked first"))
    movie, output = str(film.with_name("x.mp4")), str(film.with_name("o.mp4"))
    assert run(["render", movie, "-o", output, "--set", f"Anna:{A}"]) == 4
    assert "x.mp4 is not tracked yet, so that nobody in it is called 'Anna'" in (
        capsys.readouterr().err
    )


@given(st.text(min_size=1, max_size=40).filter(lambda s: s.strip() and s.isprintable()))
def test_any_name_can_stand_before_a_set(name: str) -> None:
    try:
        face = mien.rename_face(make_shot(4), 1, name).faces[0]
    except UsageError:
        return  # numbers
    for text in (f"{name}:jawOpen=+0.5@1:3", f" {name} : jawOpen = +0.5 @ 1:3"):
        one = parse_assignment(text)
        assert (one.control, one.value, one.span) == ("jawOpen", 0.5, "1:3")
        assert one.face is not None
        assert mien.rename_face(make_shot(4), 1, name).face(one.face).name == face.name


def job(film: Path, *sets: str, **more: Any) -> ShotJob:
    return ShotJob("a", project=film, set=sets, **more)


def test_a_list_of_shots_binds_as_the_command_line(film: Path) -> None:
    path = film.with_name("jobs.yaml")
    path.write_text(
        f'shots:\n  - project: x.mien\n    set: ["1:{A}", "Anna:{B}"]\n'
        f'  - project: x.mien\n    face: Anna\n    set: "{A}"\n'
        "  - project: x.mien\n    curves: [{file: a.npz, to_face: 1}, "
        "{file: b.json, face: Bob, to_face: Anna}]\n"
    )
    one, two, three = read_jobs(path)
    shot = mien.load_project(film).shot
    assert asked_of(request_edits(one, shot)[0]) == [(1, ["jawOpen"]), (2, ["mouthSmile"])]
    assert asked_of(request_edits(two, shot)[0]) == [(2, ["jawOpen"])]
    folder = film.parent
    assert three.curves == (
        CurvesInput(folder / "a.npz", to_face=1),
        CurvesInput(folder / "b.json", "Bob", to_face="Anna"),
    )
    assert requested_faces(three, shot.faces, "x") == ({1, 2}, False)


@pytest.mark.parametrize(
    ("shot", "said"),
    [
        ('{media: x.mp4, set: "Anna:jawOpen=1"}', "not tracked yet"),
        ("{media: x.mp4, face: Anna, set: jawOpen=1}", "not tracked yet"),
        ('{media: x.mp4, face: 1, set: "2:jawOpen=1"}', "it names face 2, and stands under face 1"),
        (
            "{media: x.mp4, face: 2, curves: {file: a.npz, to_face: 1}}",
            "it names face 1, and stands under face 2",
        ),
        ('{project: x.mien, set: ":jawOpen=1"}', "cannot be read"),
    ],
)
def test_what_a_list_cannot_mean_is_named_with_its_line(
    tmp_path: Path, shot: str, said: str
) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(f"shots:\n  - {shot}\n")
    with pytest.raises(InputError, match=f"jobs.yaml, line 2: .*{said}"):
        read_jobs(path)


def test_two_people_follow_two_files_and_sets_on_top(film: Path) -> None:
    shot = mien.load_project(film).shot
    paths = [film.with_name(name) for name in ("one.json", "two.json")]
    source = make_shot(12)
    for path in paths:
        write_curve_file(path, shot_curves(source, source.faces, raw=False, fits={}))
    curves = (CurvesInput(paths[0], to_face=1), CurvesInput(paths[1], to_face="Anna"))
    wanted = job(film, f"1:{A}", f"Anna:{B}", curves=curves)
    edits, _ = request_edits(wanted, shot)
    assert [(edit.face.number, len(edit.layers)) for edit in edits] == [(1, 2), (2, 2)]
    both = job(film, curves=(CurvesInput(paths[0]), CurvesInput(paths[1], to_face=2)))
    (edit,), _ = request_edits(both, shot)
    assert [layer.name for layer in edit.layers] == ["imported", "imported 2"]


def test_the_workers_get_it_whole_and_read_orders_of_before(film: Path) -> None:
    curves = (CurvesInput(film.with_name("a.npz"), to_face="Anna"),)
    wanted = job(film, f"1:{A}", face="1", curves=curves)
    spec = ShotSpec.of(wanted, FrameRange(0, 5), film.with_name("o.mp4"), film.parent)
    path = film.with_name("order.json")
    path.write_text(spec.to_json())
    assert read_shot_spec(path) == spec

    former = json.loads(spec.to_json()) | {"format": "mien.order/2"}
    former["curves"] = {k: v for k, v in former["curves"][0].items() if k != "to_face"}
    path.write_text(json.dumps(former))
    assert [one.file.name for one in read_shot_spec(path).curves] == ["a.npz"]
    path.write_text(json.dumps(former | {"curves": None}))
    assert read_shot_spec(path).curves == ()


def test_a_face_that_is_not_there_is_found_before_the_batch_begins(film: Path) -> None:
    shot = mien.load_project(film).shot
    for sets, said in (((f"Bob:{A}",), "no face 'Bob'"), ((f"3:{A}",), "no face 3")):
        with pytest.raises(MienError, match=said):
            check_request(job(film, *sets), shot.faces, "x.mp4")
    with pytest.raises(MienError, match="not tracked yet"):
        check_request(job(film, f"Anna:{A}"), None, "x.mp4")
    check_request(job(film, f"2:{A}", face="Anna"), shot.faces, "x.mp4")


DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_the_command_line_says_what_is_read(rendered: Any) -> None:
    page = (DOCS / "command-line.md").read_text()
    sets = re.findall(r"^\| `((?:\w+:)?[a-zA-Z]+=[^`]+)` \|", page, re.MULTILINE)
    assert [parse_assignment(text).face for text in sets] == [None, None, None, 2, "Anna"]
    faces = page.partition("\n## Faces\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`--[^|]+) \| ([^|]+) \|$", faces, re.MULTILINE)
    assert len(rows) == 7
    for typed, meaning in rows:
        for one in re.findall(r"`([^`]+)`", typed):
            asked = rendered(*letters(one))
            assert isinstance(asked, int) == meaning.startswith("refused"), one


def test_the_list_in_the_page_of_batches_is_read(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", (DOCS / "batches.md").read_text(), re.DOTALL)
    (tmp_path / "jobs.yaml").write_text(text)
    named = {job.name: job for job in read_jobs(tmp_path / "jobs.yaml")}
    assert [one.to_face for one in named["sh017"].curves] == [1, "Anna"]
