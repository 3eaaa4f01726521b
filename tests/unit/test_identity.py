"""Who a face is: which model is chosen, what it says of shapes, and of real people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import mien
from mien import doctor
from mien.face.rig import load_rig
from mien.identity import IDENTITY_MODELS, choose, choose_identity, identity_states
from mien.model.controls import INDEX
from mien.model.landmarks import LANDMARKS, SKIN

CLIPS = ("pyfeat_single_face.mp4", "vretalk_4.mp4", "lp_s18.mp4")
BLACK = np.zeros((480, 640, 3), np.uint8)


@dataclass(frozen=True)
class Seen:
    """Pictures of one person, with the landmarks in them."""

    pictures: list[npt.NDArray[np.uint8]]
    landmarks: npt.NDArray[np.float32]


def landmarks_of(
    people: dict[int, float], controls: dict[str, float], turn: float = 0.0, size: float = 12.0
) -> npt.NDArray[np.float32]:
    """Landmarks (478, 2) of a face of the rig, turned about the vertical."""
    rig = load_rig()
    shape = rig.mean.astype(np.float64)
    for mode, amount in people.items():
        shape = shape + amount * rig.people.modes[mode].reshape(SKIN, 3)
    for name, amount in controls.items():
        shape = shape + amount * rig.fields[INDEX[name]]
    x = np.cos(turn) * shape[:, 0] + np.sin(turn) * shape[:, 2]
    points = np.stack([320 + size * x, 240 - size * shape[:, 1]], axis=1)
    irises = np.repeat(points[[159, 386]], 5, axis=0)
    return np.asarray(np.concatenate([points, irises]), dtype=np.float32)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Take packages and models away."""

    def take(*modules: str) -> None:
        monkeypatch.setenv("MIEN_MODELS", str(tmp_path))
        monkeypatch.setattr(
            choose, "find_spec", lambda name: None if name in modules else find_spec(name)
        )

    return take


@pytest.fixture(scope="module")
def people(clip: Callable[[str], Path]) -> list[Seen]:
    seen = []
    for name in CLIPS:
        shot = mien.track(clip(name), frames=mien.FrameRange(0, 3), progress=False)
        frames = list(mien.render_frames(shot, [], "0:3", progress=False))
        seen.append(Seen(frames, mien.main_face(shot).landmarks))
    return seen


def test_the_best_installed_is_chosen_and_says_why(without: Callable[..., None]) -> None:
    without()
    model = choose_identity()
    assert model.name == "dlib-resnet"
    assert "arcface lacks the model arcface-antelopev2 (mien models fetch" in model.reason
    assert model.sees_pixels


def test_without_networks_the_shape_is_all_and_that_is_said(without: Callable[..., None]) -> None:
    without("dlib")
    model = mien.choose_identity()
    assert (model.name, model.sees_pixels) == ("landmarks", False)
    assert 'dlib-resnet lacks dlib-bin (pip install "mien[identity]")' in model.reason
    with pytest.raises(mien.MissingDependencyError, match="dlib-resnet lacks dlib-bin"):
        choose_identity("dlib-resnet")
    (check,) = (check for check in doctor.examine() if check.name == "identity")
    assert check.state == "optional"
    assert check.remedy == 'pip install "mien[identity]"'


def test_a_model_of_another_name_is_refused() -> None:
    with pytest.raises(mien.UsageError, match="no identity model 'facenet'") as refused:
        choose_identity("facenet")
    assert all(name in refused.value.remedy for name in IDENTITY_MODELS)


def test_doctor_names_the_model(without: Callable[..., None]) -> None:
    without()
    (check,) = (check for check in doctor.examine() if check.name == "identity")
    assert check.state == "ok"
    assert check.detail.startswith("dlib-resnet: ")


def test_a_shape_is_the_person_s_whatever_the_head_and_the_face_do() -> None:
    model = choose_identity("landmarks")
    one = {0: 1.5, 2: -1.0}
    first = model.describe(BLACK, landmarks_of(one, {}))
    moved = {"jawOpen": 0.5, "mouthSmileLeft": 0.4, "mouthSmileRight": 0.4}
    again = model.describe(BLACK, landmarks_of(one, moved, turn=0.25, size=9.0))
    other = model.describe(BLACK, landmarks_of({0: -1.0, 1: 1.5}, {}))
    assert first is not None
    assert again is not None
    assert other is not None
    assert model.similarity(first, first) == 1
    assert model.similarity(first, again) > model.same_person
    assert model.similarity(first, other) < 0.3


@pytest.mark.parametrize("name", IDENTITY_MODELS)
def test_nothing_is_told_of_what_is_not_on_the_picture(name: str, models: Path) -> None:
    model = choose_identity(name)
    inside = landmarks_of({}, {})
    unseen = np.full((LANDMARKS, 3), np.nan, np.float32)
    for landmarks in (unseen, inside - 2000, inside * 0.01 + 100):
        assert model.describe(BLACK, landmarks) is None


@pytest.mark.parametrize("name", IDENTITY_MODELS)
def test_one_picture_is_one_person(name: str, models: Path) -> None:
    model = choose_identity(name)
    noise = np.random.default_rng(4).integers(0, 255, (480, 640, 3)).astype(np.uint8)
    first = model.describe(noise, landmarks_of({}, {}))
    assert first is not None
    assert first.dtype == np.float32
    assert len(first) == {"arcface": 512, "dlib-resnet": 128}.get(name, len(first))
    again = model.describe(noise.copy(), landmarks_of({}, {}).astype(np.float64))
    assert again is not None
    assert model.similarity(first, again) == 1


def test_a_damaged_model_is_named(
    monkeypatch: pytest.MonkeyPatch, without: Callable[..., None]
) -> None:
    from mien.identity import resnet

    without()
    monkeypatch.setattr(resnet, "NETWORK_FILE", "nothing.dat")
    with pytest.raises(mien.WeightsError, match=r"nothing\.dat cannot be read"):
        choose_identity("dlib-resnet").describe(BLACK, landmarks_of({}, {}))


@pytest.mark.shared
@pytest.mark.parametrize("name", ["dlib-resnet", "landmarks"])
def test_neighbouring_frames_are_more_alike_than_other_people(
    name: str, people: list[Seen]
) -> None:
    model = choose_identity(name)
    rows = [
        [model.describe(one.pictures[i], one.landmarks[i]) for i in range(len(one.pictures))]
        for one in people
    ]
    own = [model.similarity(row[0], row[i]) for row in rows for i in (1, 2)]  # type: ignore[arg-type]
    others = [
        model.similarity(a, b)  # type: ignore[arg-type]
        for one, other in combinations(rows, 2)
        for a in one
        for b in other
    ]
    assert min(own) > max(others) + 0.2
    assert min(own) > model.same_person
    assert max(others) < model.same_person or not model.sees_pixels


def test_states_are_in_the_order_of_choice() -> None:
    assert tuple(state.name for state in identity_states()) == IDENTITY_MODELS
    assert identity_states()[-1].usable
