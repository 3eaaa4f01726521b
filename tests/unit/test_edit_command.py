"""`mien edit` and `mien render --save`: edits that are put into projects, and taken back."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mien
from mien.cli.main import run
from mien.errors import OutputError, UsageError
from mien.io.changing import changing
from mien.media.probe import probe
from mien.model.edit_history import EditHistory
from mien.model.edits import ControlTrack, Edit, Layer
from mien.model.interpolate import Key
from mien.model.shot import Shot
from mien.session import commands
from mien.timebase import FrameRange
from tests.documents import make_media
from tests.faces import make_face
from tests.unit.test_project import write_movie

FRAMES = 50
Capture = pytest.CaptureFixture[str]


def two_people() -> mien.Project:
    """A shot of two people, the second of them called Anna and smaller, with a keyed layer."""
    first, second = make_face(FRAMES), replace(make_face(FRAMES, number=2), name="Anna")
    first.landmarks[:, 0, 0] = 900
    keys = tuple(Key(frame, frame / 100) for frame in (0, 10, 20, 30))
    layer = Layer("keyed", (ControlTrack("jawOpen", keys),))
    shot = Shot(make_media(FRAMES, clock=first.clock), (first, second))
    return mien.Project(shot, (Edit(second, (layer,)),))


@pytest.fixture
def film(tmp_path: Path) -> Path:
    mien.save_project(two_people(), tmp_path / "film.mien")
    return tmp_path / "film.mien"


def edited(film: Path, capsys: Capture, *options: str, code: int = 0) -> dict[str, Any]:
    assert run(["edit", str(film), *options, "--json"]) == code
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def tracks(told: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (one["face"], layer["name"], track["control"], track["mode"], track["span"],
         track["keys"][0]["value"])
        for one in told["edits"] for layer in one["layers"] for track in layer["tracks"]
    ]  # fmt: skip


KEYED = (2, "keyed", "jawOpen", "add", None, 0.0)


def test_sets_are_those_of_render_and_every_one_can_be_taken_back(
    film: Path, capsys: Capture
) -> None:
    before = mien.load_project(film, find_media=False)
    first = edited(film, capsys, "--face", "1", "--set", "mouthSmile=+0.6@1s:2s", "--face", "anna",
                   "--set", "jawOpen=0.2", "--layer", "x")  # fmt: skip
    assert tracks(first) == [
        (1, "x", "mouthSmile", "add", [25, 50], 0.6),
        KEYED,
        (2, "x", "jawOpen", "replace", None, 0.2),
    ]
    second = edited(film, capsys, "--set", "1:mouthSmile=+0.3@1s:2s", "--layer", "x")
    assert tracks(second)[0][-1] == 0.3  # in place of 0.6, not beside it
    assert second["history"]["done"] == [
        "1:mouthSmile=+0.6@1s:2s, anna:jawOpen=0.2 in layer x", "1:mouthSmile=+0.3@1s:2s in layer x"
    ]  # fmt: skip
    assert tracks(edited(film, capsys, "--undo")) == tracks(first)
    assert tracks(edited(film, capsys, "--undo")) == [KEYED]
    after = mien.load_project(film, find_media=False)
    assert [(one.face.number, one.layers) for one in after.edits] == [
        (one.face.number, one.layers) for one in before.edits
    ]
    assert edited(film, capsys, "--undo", code=4)["error"]["code"] == "nothing-to-do"
    assert tracks(edited(film, capsys, "--redo")) == tracks(first)
    assert tracks(edited(film, capsys, "--redo")) == tracks(second)
    assert tracks(edited(film, capsys, "--list")) == tracks(second)


@pytest.mark.parametrize(
    ("removal", "left"),
    [
        ("anna:jawOpen", []),
        ("anna:jawOpen@10", [0, 20, 30]),
        ("2:jawOpen@0.3s:1s", [0, 30]),
        ("2:jawOpen@5:", [0]),
    ],
)
def test_keys_go(film: Path, capsys: Capture, removal: str, left: list[int]) -> None:
    told = edited(film, capsys, "--remove", removal)
    frames = [
        key["frame"] for one in told["edits"] for layer in one["layers"]
        for track in layer["tracks"] for key in track["keys"]
    ]  # fmt: skip
    assert frames == left
    assert tracks(edited(film, capsys, "--undo")) == [KEYED]


def test_what_was_set_is_cut_where_a_span_is_taken_out(film: Path, capsys: Capture) -> None:
    edited(film, capsys, "--set", "1:mouthSmile=+0.6", "--set", "1:mouthSmile=0.2@10:30")
    told = edited(film, capsys, "--remove", "1:mouthSmile@20:40")
    assert [one[3:] for one in tracks(told) if one[0] == 1] == [
        ("add", [0, 20], 0.6), ("add", [40, 50], 0.6), ("replace", [10, 20], 0.2)
    ]  # fmt: skip
    # Removals come first, so that one command can put something in place of something.
    told = edited(film, capsys, "--set", "1:mouthSmile=1", "--remove", "1:mouthSmile")
    assert tracks(told)[:-1] == [(1, "command line", "mouthSmile", "replace", None, 1.0)]
    assert tracks(edited(film, capsys, "--remove-layer", "command line")) == [KEYED]
    assert edited(film, capsys, "--remove-layer", "keyed", "--face", "Anna")["edits"] == []


def test_what_the_editor_did_since_stays(film: Path, capsys: Capture) -> None:
    edited(film, capsys, "--set", "1:mouthSmile=+0.6")
    session = mien.Session(mien.load_document(film, find_media=False))
    shot = session.document.shots[0].id
    session.apply("Key", lambda d: commands.set_key(d, shot, 1, "jawOpen", 4, 0.5, layer="mine"))
    session.save(film)
    told = edited(film, capsys, "--undo")
    assert tracks(told) == [(1, "mine", "jawOpen", "add", None, 0.5), KEYED]
    edited(film, capsys, "--redo")
    session = mien.Session(mien.load_document(film, find_media=False))
    session.apply("Weight", lambda d: commands.set_layer(d, shot, 1, "command line", weight=0.5))
    session.save(film)
    before = film.read_bytes()
    told = edited(film, capsys, "--undo", code=2)
    assert "layer 'command line' of face 1 was changed since" in told["error"]["cause"]
    assert film.read_bytes() == before


def test_a_face_that_is_gone_is_said(film: Path, capsys: Capture) -> None:
    edited(film, capsys, "--set", "1:mouthSmile=+0.6")
    assert run(["faces", "remove", str(film), "1"]) == 0
    capsys.readouterr()
    assert "of face 1 is gone" in edited(film, capsys, "--undo", code=2)["error"]["cause"]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ("", 2, "Nothing is to be edited"),
        ("--undo --set jawOpen=1", 2, "one thing each"),
        ("--undo --redo", 2, "one thing each"),
        ("--layer x", 2, "--layer names the layer of --set"),
        ("--set jawOpen=9", 2, "beyond"),
        ("--set mouthGrin=1", 2, "mouthGrin"),
        ("--set 3:jawOpen=1", 4, "no face 3"),
        ("--set jawOpen=1@1s:9s", 2, "outside the shot"),
        ("--remove jawOpen=1", 2, "cannot be read"),
        ("--remove 1:jawOpen", 2, "nothing of 'jawOpen'"),
        ("--remove 2:jawOpen@11", 2, "at 11"),
        ("--remove 2:jawOpen@60", 2, "outside the shot"),
        ("--remove 2:jawOpen --layer y", 2, "no layer 'y'"),
        ("--remove-layer y", 2, "It has: 'keyed'"),
        ("--face 1 --face 2 --remove jawOpen", 2, "No --set follows --face 1"),
        (
            "--remove jawOpen --face 1 --set jawOpen=1 --face 2 --set jawOpen=1",
            2,
            "before the first",
        ),
        ("--redo", 4, "was taken back"),
        ("--list --output other.mien", 2, "--list makes none"),
        ("--set jawOpen=1 -o film.mp4", 2, "no name of a project"),
    ],
)
def test_refused_and_nothing_changed(
    film: Path, capsys: Capture, options: str, code: int, words: str
) -> None:
    before = film.read_bytes()
    error = edited(film, capsys, *options.split(), code=code)["error"]
    assert words in f"{error['cause']} {error['remedy']}"
    assert film.read_bytes() == before
    assert [path.name for path in film.parent.iterdir()] == ["film.mien"]


def test_another_file_is_written_where_one_is_named(film: Path, capsys: Capture) -> None:
    before, other = film.read_bytes(), film.with_name("other.mien")
    edited(film, capsys, "--set", "1:jawOpen=1", "-o", str(other))
    assert film.read_bytes() == before
    assert len(mien.load_project(other, find_media=False).edits) == 2
    told = edited(film, capsys, "--set", "1:jawOpen=1", "-o", str(other), code=2)
    assert "exists already" in told["error"]["cause"]
    edited(film, capsys, "--set", "1:jawOpen=1", "-o", str(other), "--overwrite")


def test_what_was_written_meanwhile_is_not_replaced(film: Path) -> None:
    def change(project: mien.Project) -> mien.Project:
        film.write_bytes(film.read_bytes() + b"\0")
        return project.with_edit(project.edit(1).set("jawOpen", 1.0))

    with pytest.raises(OutputError, match="changed meanwhile"):
        mien.edit_project(film, change)
    assert film.read_bytes().endswith(b"\0")
    assert [path.name for path in film.parent.iterdir()] == ["film.mien"]


@pytest.mark.skipif(os.name == "nt", reason="Windows holds no files for one process")
def test_two_that_edit_at_once_wait_for_each_other(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edit(number: int) -> None:
        mien.edit_project(film, lambda p: p.with_edit(p.edit(1).set("jawOpen", number / 10)))

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    project = mien.load_project(film, find_media=False)
    assert len(project.edit(1).layers[0].tracks) == 4
    assert len(project.history.done) == 4
    monkeypatch.setattr("mien.io.changing._PATIENCE", 0.1)
    with changing(film), pytest.raises(OutputError, match="is being changed by process"):
        edit(5)


def test_the_history_is_bounded_and_read_back(film: Path) -> None:
    history, project = EditHistory(), two_people()
    for number in range(25):
        after = project.with_edit(project.edit(1).set("jawOpen", number / 100))
        history = history.recorded(project.edits, after.edits, f"edit {number}")
        project = after
    mien.edit_project(film, lambda p: replace(p, edits=project.edits, history=history))
    done = mien.load_project(film, find_media=False).history.done
    assert [step.title for step in done] == [f"edit {number}" for number in range(5, 25)]
    assert repr(done[-1]) == "EditStep('edit 24', 'edit' of face 1)"
    long = Layer("long", (ControlTrack("jawOpen", tuple(Key(i, 0.1) for i in range(40_000))),))
    face = make_face(FRAMES)
    history = EditHistory()
    for weight in (0.1, 0.2, 0.3):
        before = [Edit(face, [replace(long, weight=weight)])]
        history = history.recorded(before, [Edit(face, [replace(long, weight=weight + 0.1)])], "x")
    assert len(history.done) == 1


NAMES = st.sampled_from(["a", "b", "c"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["set", "remove", "layer"]), NAMES, st.integers(0, FRAMES - 2)),
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_undo_leads_back_over_any_steps_and_redo_forth(steps: list[tuple[str, str, int]]) -> None:
    project = two_people()
    states = [project]
    for kind, layer, frame in steps:
        edit = project.edit(1)
        try:
            if kind == "set":
                edit = edit.set("jawOpen", 0.5, span=FrameRange(frame, FRAMES), layer=layer)
            elif kind == "remove":
                edit = edit.remove("jawOpen", FrameRange(frame, frame + 2), layer=layer)
            else:
                edit = edit.remove_layer(layer)
        except UsageError:
            continue
        after = project.with_edit(edit)
        history = project.history.recorded(project.edits, after.edits, kind)
        project = replace(after, history=history)
        if project.edits != states[-1].edits:
            states.append(project)
    for state in reversed(states[:-1]):
        project = mien.undo_edits(project)
        assert project.edits == state.edits
    for state in states[1:]:
        project = mien.redo_edits(project)
        assert project.edits == state.edits


@settings(max_examples=60, deadline=None)
@given(start=st.integers(0, 48), length=st.integers(1, 20), span=st.booleans())
def test_a_constant_is_cut_to_the_frames_outside(start: int, length: int, span: bool) -> None:
    gone = FrameRange(start, min(start + length, FRAMES))
    track = ControlTrack(
        "jawOpen", (Key(5, 0.5, "hold"),), span=FrameRange(5, 40) if span else None
    )
    acts = set(range(5, 40)) if span else set(range(FRAMES))
    left = track.without_frames(gone, FRAMES)
    spans = [one.span or FrameRange(0, FRAMES) for one in left]
    kept = [frame for one in spans for frame in range(one.start, one.stop)]
    assert sorted(kept) == sorted(acts - set(range(gone.start, gone.stop)))
    assert all(one.keys[0].value == 0.5 for one in left)


def test_render_keeps_what_is_set(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    clip, out = write_movie(tmp_path / "x.mp4"), tmp_path / "y.mp4"
    tracked = Shot(probe(clip), (make_face(12), make_face(12, number=2)))
    film = tmp_path / "x.mien"
    mien.save_project(tracked, film)
    # The picture has no face; what is asked is so little that no pixel is painted.
    options = ["-o", str(out), "--overwrite", "--set", "2:mouthSmile=+0.00001@0:2"]
    assert run(["render", str(film), *options]) == 0
    assert not mien.load_project(film).edits
    assert run(["render", str(film), *options, "--save", "--no-fade-unseen"]) == 0
    kept = mien.load_project(film)
    assert [edit.face.number for edit in kept.edits] == [2]
    assert not kept.shot.occlusion.fade
    monkeypatch.setattr("mien.api.track", lambda *_, **__: tracked)
    assert run(["render", str(clip), *options, "--save"]) == 0
    beside = mien.load_project(tmp_path / "y.mien")
    assert beside.edits[0].layers == kept.edits[0].layers
    assert [step.title for step in beside.history.done] == ["2:mouthSmile=+1e-05@0:2"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("-o z.mp4 --save", "Nothing is set"),
        ("-o z.mp4 --set jawOpen=1 --save-as there.mien", "exists already"),
        ("-o z.mp4 --set jawOpen=1 --save-as z.txt", "no name of a project"),
        ("-o z.%04d.png --set jawOpen=1 --save", "--save-as"),
    ],
)
def test_what_cannot_be_kept_is_refused_before_anything_is_tracked(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, options: str, words: str
) -> None:
    write_movie(tmp_path / "x.mp4")
    (tmp_path / "there.mien").write_text("mine")
    monkeypatch.chdir(tmp_path)
    assert run(["render", "x.mp4", *options.split()]) == 2
    assert words in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there.mien", "x.mp4"]
