"""How curves are smoothed: chosen, taken back, kept; raw curves, landmarks and edits stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mien
from mien.errors import NoFaceError, UsageError
from mien.model.controls import CONTROLS, INDEX
from mien.model.face import FaceTrack
from mien.model.shot import Shot
from mien.model.smoothing import METHODS
from mien.session import smoothing as commands
from tests.command_line import run_here
from tests.documents import make_media
from tests.unit.test_solve_again import shot, track

__all__ = ["shot", "track"]

CHOSEN = mien.Smoothing("savgol", 1.5, (("eyes", 0.5), ("brows", 0.0)), 0.3)


def of(shot: Shot, name: str = "jawOpen", raw: bool = False) -> np.ndarray:  # type: ignore[type-arg]
    face = shot.faces[0]
    return (face.raw if raw else face.curves).controls[name]


def roughness(shot: Shot, raw: bool = False) -> float:
    return float(np.abs(np.diff(of(shot, "headPitch", raw)[30:58], n=2)).mean())


def test_as_usual_it_is_what_the_solver_gave_to_the_bit(shot: Shot) -> None:
    other = mien.smooth_faces(shot, CHOSEN)
    assert of(other).tobytes() != of(shot).tobytes()
    back = mien.smooth_faces(other)
    one, two = shot.faces[0], back.faces[0]
    assert one.smoothing == two.smoothing == mien.Smoothing()
    for first, second in (
        (one.curves.controls.array, two.curves.controls.array),
        (one.curves.flame, two.curves.flame),
        (one.curves.pose.rotation, two.curves.pose.rotation),
        (one.curves.pose.scale, two.curves.pose.scale),
        (one.curves.pose.translation, two.curves.pose.translation),
        (one.landmarks, two.landmarks),
    ):
        assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize("method", METHODS)
def test_every_method_smooths_and_leaves_what_is_not_its_own(shot: Shot, method: str) -> None:
    smoothed = mien.smooth_faces(shot, mien.Smoothing(method), "Ada")  # type: ignore[arg-type]
    (face,), (before,) = smoothed.faces, shot.faces
    rough = roughness(shot, raw=True)
    if method == "none":
        assert roughness(smoothed) == pytest.approx(rough, rel=1e-3)
        assert of(smoothed).tobytes() == of(shot, raw=True).tobytes()
    else:
        assert roughness(smoothed) < 0.8 * rough
    assert face.raw is before.raw
    assert face.landmarks is before.landmarks
    assert face.valid.tobytes() == before.valid.tobytes()
    values = face.curves.controls.array
    weights = [i for i, control in enumerate(CONTROLS) if control.unit == "weight"]
    assert values[:, weights].min() >= 0
    assert values[:, weights].max() <= 1


def test_groups_are_smoothed_each_for_itself(shot: Shot) -> None:
    smoothed = mien.smooth_faces(shot, CHOSEN)
    assert of(smoothed, "browInnerUp").tobytes() == of(shot, "browInnerUp", raw=True).tobytes()
    plain = mien.smooth_faces(shot, mien.Smoothing("savgol", 1.5, seconds=0.3))
    assert of(smoothed).tobytes() == of(plain).tobytes()
    assert np.ptp(of(smoothed, "eyeBlinkLeft")) > np.ptp(of(plain, "eyeBlinkLeft"))


def test_it_is_kept_in_projects_and_through_a_new_solve(shot: Shot, tmp_path: Path) -> None:
    path = tmp_path / "shot.mien"
    mien.save_project(mien.smooth_faces(shot, CHOSEN), path)
    project = mien.load_project(path, find_media=False)
    assert project.shot.faces[0].smoothing == CHOSEN
    again = mien.solve(project, progress=False)
    assert again.shot.faces[0].smoothing == CHOSEN
    # Landmarks that are kept are rounded.
    assert np.abs(of(again.shot) - of(project.shot)).max() < 0.02
    corrected = mien.correct_landmarks(project, 1, 40, "mouth", 0, 6, falloff=3)
    usual = mien.smooth_faces(corrected)
    assert usual.shot.faces[0].corrections == corrected.shot.faces[0].corrections
    assert np.abs(of(usual.shot) - of(shot))[38:43].max() > 0.01
    assert of(mien.remove_corrections(usual).shot).tobytes() == of(shot).tobytes()


def test_a_command_of_the_editor_changes_nothing_where_nothing_changes(shot: Shot) -> None:
    project = mien.Project(shot)
    document = mien.Document((project,))
    number = document.shots[0].id
    assert commands.smooth_faces(document, number, mien.Smoothing()) is document
    changed = commands.smooth_faces(document, number, CHOSEN, 1)
    assert changed.shots[0].shot.faces[0].smoothing == CHOSEN
    with pytest.raises(NoFaceError):
        commands.smooth_faces(document, number, CHOSEN, 7)


def test_on_the_command_line(shot: Shot, tmp_path: Path) -> None:
    path, other = tmp_path / "shot.mien", tmp_path / "other.mien"
    mien.save_project(shot, path)
    before = path.read_bytes()
    done = run_here(
        "smooth", path, "--method", "median", "--strength", "2", "--strength", "gaze=0.5",
        "-o", other,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert path.read_bytes() == before
    assert "smoothed: median, strength 2, gaze 0.5" in run_here("info", other).out
    for options, words in (
        (("--strength", "gaze=1"), "median, strength 2, gaze 1"),
        (("--method", "savgol", "--seconds", "0.4"), "savgol, strength 2, gaze 1, 0.4 s"),
        (("--reset",), "adaptive"),
    ):
        assert run_here("smooth", other, *options).code == 0
        found = mien.load_project(other, find_media=False)
        assert str(found.shot.faces[0].smoothing) == words
    assert of(found.shot).tobytes() == of(shot).tobytes()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "--reset"),
        (("--reset", "--method", "none"), "said once"),
        (("--method", "kalman"), "savgol"),
        (("--strength", "much"), "'much'"),
        (("--strength", "ears=1"), "brows"),
        (("--strength", "nan"), "from 0"),
        (("--strength", "eyes=9"), "eyes"),
        (("--seconds", "0.2"), "adaptive"),
        (("--method", "savgol", "--seconds", "-1"), "more than 0"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(
    shot: Shot, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    path = tmp_path / "shot.mien"
    mien.save_project(shot, path)
    before = path.read_bytes()
    run_here("smooth", path, *options).refused(2, words)
    assert path.read_bytes() == before


def test_shots_without_faces_have_nothing_to_smooth() -> None:
    with pytest.raises(NoFaceError):
        mien.smooth_faces(Shot(make_media(3), ()), "none")
    with pytest.raises(UsageError):
        mien.Smoothing("none", seconds=0.2)


def blinking(frames: int = 5, noise: float = 0.1, seed: int = 3) -> FaceTrack:
    """A still face that blinks once."""
    from mien.face.rig import load_rig
    from tests.unit.test_solve import Puppet

    rig = load_rig()
    puppet = Puppet(rig)
    puppet.gaze = np.zeros(90)
    controls = np.zeros((90, len(CONTROLS)), np.float32)
    lids = np.sin(np.pi * (np.arange(frames) + 0.5) / frames)
    for side in ("Left", "Right"):
        controls[40 : 40 + frames, INDEX[f"eyeBlink{side}"]] = lids
    personal = rig.personal(puppet.identity)
    shapes = np.stack(
        [np.concatenate([personal.shape(controls[t]), puppet._irises(rig, t)]) for t in range(90)]
    )
    points = 14 * shapes * [1, -1, -1] + [320, 240, 0]
    points += np.random.default_rng(seed).normal(0, noise, points.shape)
    return FaceTrack(1, points.astype(np.float32), np.ones(90, np.float32))


def test_a_blink_of_five_frames_keeps_nine_tenths_of_its_depth() -> None:
    from mien.face.solve import solve_face
    from tests.unit.test_solve import RATE

    face = solve_face(blinking(), mien.Clock(RATE, 90))
    for side in ("Left", "Right"):
        raw, smoothed = (c.controls[f"eyeBlink{side}"] for c in (face.raw, face.curves))
        assert raw.max() > 0.7
        assert np.ptp(smoothed) > 0.9 * np.ptp(raw)
    still = face.curves.controls.array[:36]
    weights = [i for i, control in enumerate(CONTROLS) if control.unit == "weight"]
    jitter = np.diff(still[:, weights], n=2, axis=0).std(axis=0)
    assert jitter.max() < 0.01
