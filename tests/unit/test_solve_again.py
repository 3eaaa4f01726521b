"""A shot knows what made it, and can be solved again from what was tracked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mien
from mien import face as face_room
from mien.api.tracking import outdated
from mien.errors import NoFaceError, NothingToDoError, ProjectError
from mien.face import SOLVER
from mien.face.solve import solve_face, solve_faces
from mien.model.controls import CONTROLS
from mien.model.document import Document, Project
from mien.model.face import FaceTrack
from mien.model.raw_landmarks import RawLandmarks
from mien.model.shot import Shot
from mien.timebase import Clock
from tests.command_line import run_here
from tests.film import Film
from tests.unit.test_solve import FRAMES, RATE, Puppet

MADE_BY = mien.ToolVersions("mediapipe", 1, SOLVER)


@pytest.fixture(scope="module")
def track() -> FaceTrack:
    """A puppet's face that is out of sight for a while."""
    from mien.face.rig import load_rig

    track = Puppet(load_rig()).track
    landmarks, confidence = track.landmarks.copy(), track.confidence.copy()
    noise = np.random.default_rng(5).normal(0, 0.2, landmarks.shape)
    landmarks += noise.astype(np.float32)
    landmarks[20:24], confidence[20:24] = np.nan, 0
    return FaceTrack(1, landmarks, confidence)


@pytest.fixture(scope="module")
def shot(track: FaceTrack) -> Shot:
    clock = Clock(RATE, FRAMES)
    media = replace(Film([np.zeros((8, 8, 3), np.uint8)]).facts, clock=clock)
    media = replace(media, pts=tuple(range(FRAMES)))
    (face,) = solve_faces([track], clock, (60,))
    return Shot(media, (replace(face, name="Ada"),), (60,), MADE_BY)


def test_solving_leaves_the_track_as_it_was(track: FaceTrack) -> None:
    before = track.landmarks.copy()
    (face,) = solve_faces([track], Clock(RATE, FRAMES))
    assert np.array_equal(before, track.landmarks, equal_nan=True)
    assert face.landmarks is not track.landmarks
    assert not np.array_equal(face.landmarks[:20], before[:20])


def test_memory_of_a_track_that_is_given_away_is_the_faces(track: FaceTrack) -> None:
    given = FaceTrack(1, track.landmarks.copy(), track.confidence)
    face = solve_face(given, Clock(RATE, FRAMES), reuse=True)
    (kept,) = solve_faces([track], Clock(RATE, FRAMES))
    assert face.landmarks is given.landmarks
    assert face.landmarks.tobytes() == kept.landmarks.tobytes()
    assert face.raw_landmarks is not None
    assert kept.raw_landmarks is not None
    assert face.raw_landmarks.data == kept.raw_landmarks.data


def test_a_face_gives_back_what_was_tracked(track: FaceTrack, shot: Shot) -> None:
    back = shot.faces[0].as_tracked()
    assert back is not None
    assert back.number == 1
    assert np.array_equal(back.confidence, track.confidence)
    assert np.nanmax(np.abs(back.landmarks - track.landmarks)) <= 1 / 128
    assert np.isnan(back.landmarks[20:24]).all()


def test_solved_again_by_the_same_solver_it_is_the_same_and_stays_so(shot: Shot) -> None:
    once = mien.solve(shot, progress=False)
    twice = mien.solve(once, progress=False)
    (before,), (after,), (last,) = shot.faces, once.faces, twice.faces
    valid = before.valid
    assert np.array_equal(valid, after.valid)
    assert after.curves.bridged[20:24].all()
    difference = np.abs(after.curves.controls.array - before.curves.controls.array)[valid]
    degrees = np.array([control.unit == "degrees" for control in CONTROLS])
    assert difference[:, ~degrees].max() < 0.02
    assert difference[:, degrees].max() < 0.5  # of gaze, when lids hide the irises
    assert difference.mean() < 0.01
    moved = np.abs(after.landmarks - before.landmarks)[valid]
    assert moved.max() < 0.3
    assert moved.mean() < 0.02
    assert last.landmarks.tobytes() == after.landmarks.tobytes()
    assert last.raw_landmarks is not None
    assert after.raw_landmarks is not None
    assert last.raw_landmarks.data == after.raw_landmarks.data
    assert (after.name, after.number, once.cuts, once.media) == ("Ada", 1, (60,), shot.media)


def test_it_is_noted_by_which_solver(shot: Shot, monkeypatch: pytest.MonkeyPatch) -> None:
    assert outdated(shot) == ""
    monkeypatch.setattr(face_room, "SOLVER", SOLVER + 1)
    assert f"tracker mediapipe 1, solver {SOLVER}" in outdated(shot)
    assert "`mien solve`" in outdated(shot)
    again = mien.solve(shot, progress=False)
    assert again.made_by == mien.ToolVersions("mediapipe", 1, SOLVER + 1)
    assert outdated(again) == ""


@pytest.mark.parametrize(
    ("made_by", "words"),
    [
        (mien.ToolVersions("mediapipe", 0, SOLVER), "`mien track`"),
        (mien.ToolVersions("mediapipe", 1, 0), "`mien solve`"),
        (mien.ToolVersions("portrait", 0, SOLVER), ""),
        (mien.ToolVersions("mediapipe", 9, 9), ""),
        (None, ""),
    ],
)
def test_what_older_tools_made_says_so(
    shot: Shot, made_by: mien.ToolVersions | None, words: str
) -> None:
    note = outdated(replace(shot, made_by=made_by))
    assert words in note
    assert bool(note) == bool(words)


def test_a_project_keeps_its_edits(shot: Shot) -> None:
    edit = mien.Edit(shot.faces[0]).key("mouthSmile", 3, 0.5)
    project = Project(shot, (edit,), name="hero", id="a1")
    again = mien.solve(project, progress=False)
    assert isinstance(again, Project)
    assert again.edits[0].layers == edit.layers
    assert again.edits[0].face is again.shot.faces[0]
    assert (again.name, again.id) == ("hero", "a1")


def test_progress_is_told(shot: Shot) -> None:
    told: list[tuple[str, int, int]] = []
    mien.solve(shot, progress=lambda *now: told.append(now))
    assert told[-1] == ("solve", FRAMES, FRAMES)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_what_cannot_be_solved_again(shot: Shot) -> None:
    with pytest.raises(NoFaceError, match="no faces to solve"):
        mien.solve(replace(shot, faces=()), progress=False)
    bare = replace(shot, faces=(replace(shot.faces[0], raw_landmarks=None),))
    with pytest.raises(NothingToDoError, match=r"solve Ada from.*track it again"):
        mien.solve(bare, progress=False)
    assert bare.faces[0].as_tracked() is None
    damaged = replace(shot.faces[0], raw_landmarks=RawLandmarks(b"rubbish"))
    with pytest.raises(ProjectError, match="of Ada in film are damaged"):
        mien.solve(replace(shot, faces=(damaged,)), progress=False)


# --- projects -----------------------------------------------------------------------------


@pytest.fixture
def saved(shot: Shot, tmp_path: Path) -> Path:
    edit = mien.Edit(shot.faces[0]).key("mouthSmile", 3, 0.5)
    path = tmp_path / "x.mien"
    untracked = replace(shot, faces=(), cuts=(), made_by=None)
    mien.save_document(Document((Project(shot, (edit,)), Project(untracked))), path)
    return path


def test_a_project_keeps_what_made_it_and_what_was_tracked(shot: Shot, saved: Path) -> None:
    one, other = mien.load_document(saved, find_media=False).shots
    assert one.shot.made_by == MADE_BY
    assert other.shot.made_by is None
    (before,), (after,) = shot.faces, one.shot.faces
    assert before.raw_landmarks is not None
    assert after.raw_landmarks is not None
    assert after.raw_landmarks.data == before.raw_landmarks.data
    mien.save_document(mien.load_document(saved, find_media=False), saved.with_name("y.mien"))
    assert saved.with_name("y.mien").read_bytes() == saved.read_bytes()


def test_on_the_command_line_in_place_or_beside(saved: Path) -> None:
    before = saved.read_bytes()
    done = run_here("solve", saved, "-o", saved.with_name("y.mien"), "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["shots"] == [
        {"shot": "film", "faces": [{"number": 1, "name": "Ada"}]}
    ]
    assert saved.read_bytes() == before
    refused = run_here("solve", saved, "-o", saved.with_name("y.mien"))
    assert refused.code == 2
    assert "exists already" in refused.err
    done = run_here("solve", saved)
    assert (done.code, done.out) == (0, f"wrote {saved}: 1 face solved again\n")
    assert saved.read_bytes() == saved.with_name("y.mien").read_bytes()
    (project, _) = mien.load_document(saved, find_media=False).shots
    assert project.edits[0].layers[0].tracks[0].control == "mouthSmile"


def test_an_older_solvers_project_is_read_as_it_is_and_says_so(shot: Shot, tmp_path: Path) -> None:
    path = tmp_path / "old.mien"
    mien.save_project(replace(shot, made_by=mien.ToolVersions("mediapipe", 1, 0)), path)
    done = run_here("curves", path, "-o", tmp_path / "curves.npz")
    assert done.code == 0, done.err
    assert "made by an older solver (tracker mediapipe 1, solver 0)" in done.err


def baseline(version: int) -> Project:
    path = Path(__file__).parents[1] / "baselines" / f"project-{version}.mien"
    return mien.load_project(path, find_media=False)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_of_older_projects_it_is_not_known(version: int) -> None:
    project = baseline(version)
    assert project.shot.made_by is None
    assert outdated(project.shot) == ""
    with pytest.raises(NothingToDoError, match="older mien"):
        mien.solve(project, progress=False)


def test_of_newer_ones_it_is() -> None:
    shot = baseline(4).shot
    assert shot.made_by == mien.ToolVersions("somebody's", 7, 1)
    (face,) = shot.faces
    tracked: Any = face.as_tracked()
    seen = face.confidence > 0
    assert np.allclose(tracked.landmarks[seen], face.landmarks[seen] + 0.25, atol=1 / 128)
