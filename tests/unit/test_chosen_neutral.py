"""What is neutral for a person, chosen: curves follow, the choice stays, doubts are said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mien
from mien.cli.main import run
from mien.errors import NoFaceError, NothingToDoError, TimeError, UsageError
from mien.model.controls import ARKIT, INDEX
from mien.model.document import Project
from mien.model.face import Face
from mien.model.neutral import neutral_of, rest_frames
from mien.session import commands

WEIGHTS = [INDEX[name] for name in ARKIT if "eyeLook" not in name]


@pytest.fixture(scope="module")
def project(tracked_360p: Path) -> Project:
    return mien.load_project(tracked_360p)


@pytest.fixture(scope="module")
def expressive(project: Project) -> int:
    """A frame in which the face does much, and holds still."""
    (face,) = project.shot.faces
    weights = face.curves.controls.array[:, WEIGHTS]
    moved = np.abs(np.gradient(weights, axis=0)).sum(axis=1)
    blinking = 9 * (face.curves.controls["eyeBlink"] > 0.4)
    return int(np.argmax(weights.sum(axis=1) - 4 * moved - blinking))


@pytest.fixture(scope="module")
def chosen(project: Project, expressive: int) -> Project:
    edited = project.with_edit(project.edit(1).set("jawOpen", 0.2))
    return mien.set_neutral(edited, frame=expressive, progress=False)


def only(source: Project) -> Face:
    (face,) = source.shot.faces
    return face


def strongest(face: Face, frame: int) -> float:
    return float(face.curves.controls.array[frame, WEIGHTS].max())


def test_all_controls_are_at_0_where_the_face_is_neutral(
    project: Project, chosen: Project, expressive: int
) -> None:
    assert strongest(only(project), expressive) > 0.25
    assert strongest(only(chosen), expressive) < 0.1
    neutral = only(chosen).neutral
    assert neutral is not None
    assert (neutral.frame, neutral.picture) == (expressive, "")
    assert repr(neutral) == f"ChosenNeutral(as in frame {expressive})"
    assert not neutral_of(only(chosen)).any()
    # What the face does goes on: eyes blink as they did.
    before, after = (only(one).curves.controls["eyeBlink"] for one in (project, chosen))
    assert np.corrcoef(before, after)[0, 1] > 0.95
    assert chosen.edit(1).layers[0].tracks[0].control == "jawOpen"


def test_the_choice_stays_through_files_new_solves_and_repairs(
    chosen: Project, expressive: int, tmp_path: Path
) -> None:
    mien.save_project(chosen, tmp_path / "x.mien")
    kept = mien.load_project(tmp_path / "x.mien", find_media=False)
    values = only(chosen).curves.controls.array
    assert np.array_equal(only(kept).curves.controls.array, values)
    again = mien.solve(kept, progress=False)
    assert np.array_equal(only(again).curves.controls.array, values)
    assert str(only(again).neutral) == f"as in frame {expressive}"
    parts = mien.split_face(kept, 1, f"{expressive}:", progress=False)
    assert [face.neutral is not None for face in parts.shot.faces] == [False, True]
    joined = mien.merge_faces(parts, [1, 2], progress=False)
    assert strongest(only(joined), expressive) < 0.1


def test_frames_that_are_tracked_again_show_what_is_neutral(
    chosen: Project, expressive: int, tmp_path: Path
) -> None:
    mien.export_landmarks(chosen, tmp_path / "x.json", raw=True)
    again = mien.import_landmarks(chosen, tmp_path / "x.json", 1, progress=False)
    neutral = only(again).neutral
    assert neutral is not None
    assert neutral.frame == expressive
    assert strongest(only(again), expressive) < 0.15


def test_reset_is_as_it_was_learned(project: Project, chosen: Project) -> None:
    again = mien.solve(project, progress=False)
    reset = mien.reset_neutral(chosen, progress=False)
    assert np.array_equal(only(reset).curves.controls.array, only(again).curves.controls.array)
    with pytest.raises(NothingToDoError, match="learned from the shot"):
        mien.reset_neutral(reset)


def test_rest_is_neutral_when_nothing_is_said(project: Project) -> None:
    at_rest = mien.set_neutral(project, progress=False)
    frames = rest_frames(only(project))
    assert str(only(at_rest).neutral) == f"as at rest, in {frames.sum()} frames"
    before, after = (
        np.abs(only(one).curves.controls.array[frames][:, WEIGHTS]).mean()
        for one in (project, at_rest)
    )
    assert after < before / 2


def test_a_picture_of_the_person_is_neutral(
    project: Project, expressive: int, tmp_path: Path
) -> None:
    path = tmp_path / "still.png"
    Image.fromarray(project.shot.frame(expressive)).save(path)
    said: list[str] = []
    made = mien.set_neutral(project, image=path, notice=said.append, progress=False)
    neutral = only(made).neutral
    assert neutral is not None
    assert (neutral.frame, neutral.picture) == (None, "still.png")
    assert strongest(only(made), expressive) < 0.2
    assert not any("somebody else" in line for line in said)
    blank = tmp_path / "blank.png"
    Image.new("RGB", (320, 240), "gray").save(blank)
    with pytest.raises(NoFaceError, match=r"blank\.png"):
        mien.set_neutral(project, image=blank, progress=False)


def test_shut_eyes_are_said(project: Project) -> None:
    shut = int(only(project).curves.controls["eyeBlink"].argmax())
    assert only(project).curves.controls["eyeBlink"][shut] > 0.5
    said: list[str] = []
    mien.set_neutral(project, frame=shut, notice=said.append, progress=False)
    assert any(f"eyes are shut in frame {shut}" in line for line in said)


def test_what_cannot_be_neutral_is_refused(project: Project, talk_360p: Path) -> None:
    with pytest.raises(TimeError, match="outside the shot"):
        mien.set_neutral(project, frame=900)
    with pytest.raises(UsageError, match="said twice"):
        mien.set_neutral(project, frame=3, image="x.png")
    with pytest.raises(UsageError, match="is no picture"):
        mien.set_neutral(project, image=talk_360p)
    with pytest.raises(NoFaceError):
        mien.set_neutral(project, "Bob", frame=3)
    unseen = mien.split_face(project, 1, "40:", progress=False)
    with pytest.raises(TimeError, match="not seen in frame 50"):
        mien.set_neutral(unseen, 1, frame=50)


def test_the_command_and_the_session_choose(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.mien"
    mien.save_project(project, path)
    assert run(["faces", "neutral", str(path), "--frame", "12"]) == 0
    assert "neutral as in frame 12" in capsys.readouterr().out
    assert run(["faces", "neutral", str(path), "--reset"]) == 0
    assert "neutral" not in capsys.readouterr().out
    assert run(["faces", "neutral", str(path), "--reset"]) == 4
    assert run(["faces", "neutral", str(path), "--auto", "--frame", "3"]) == 2
    document = mien.load_document(path, find_media=False)
    open_session = mien.Session(document)
    shot = document.shots[0].id
    open_session.apply("Neutral", lambda old: commands.set_neutral(old, shot, 1, 12))
    (face,) = open_session.document.shots[0].shot.faces
    assert str(face.neutral) == "as in frame 12"
    open_session.undo()
    assert open_session.document.shots[0].shot.faces[0].neutral is None
