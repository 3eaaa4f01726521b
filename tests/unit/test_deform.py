"""Where landmarks are after an edit: the rig's geometry in the picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien._types import AnyArray
from mien.face.deform import deform_landmarks, head_motion, iris_motion, personal_rig
from mien.face.rig import load_rig
from mien.model.controls import CONTROLS, INDEX
from mien.model.face import Face
from mien.model.landmarks import SKIN
from tests.faces import make_face

LEFT_CORNER, RIGHT_CORNER, CHIN, NOSE = 291, 61, 152, 1


@pytest.fixture(scope="module")
def face() -> Face:
    """The mean face, neutral and frontal, 20 pixels a centimetre."""
    made = make_face(3)
    mean = load_rig().mean
    points = np.zeros((3, 478, 3), dtype=np.float32)
    points[:, :SKIN, :2] = made.curves.pose.project(0, mean)
    for iris in (slice(468, 473), slice(473, 478)):
        points[:, iris, :2] = points[0, 168, :2]
    return replace(made, identity=mean, landmarks=points)


def asked(**values: float) -> AnyArray:
    target = np.zeros(len(CONTROLS), dtype=np.float32)
    for name, value in values.items():
        target[INDEX[name]] = value
    return target


def moved(face: Face, **values: float) -> AnyArray:
    return deform_landmarks(face, 1, asked(**values)) - face.landmarks[1, :, :2]


def test_what_is_not_asked_does_not_move(face: Face) -> None:
    assert not moved(face).any()


def test_a_smile_lifts_and_widens_its_own_corner(face: Face) -> None:
    motion = moved(face, mouthSmileLeft=0.7)
    assert motion[LEFT_CORNER, 0] > 3
    assert motion[LEFT_CORNER, 1] < -3
    assert np.linalg.norm(motion[RIGHT_CORNER]) < 0.3 * np.linalg.norm(motion[LEFT_CORNER])


def test_the_skin_is_where_the_rig_has_it(face: Face) -> None:
    target = asked(jawOpen=0.6, browInnerUp=0.5)
    skin = personal_rig(face).displacement(asked(), target)
    expected = face.curves.pose.displace(1, skin)
    found = deform_landmarks(face, 1, target)[:SKIN] - face.landmarks[1, :SKIN, :2]
    assert found == pytest.approx(expected, abs=1e-4)


def test_a_look_moves_the_irises_alone(face: Face) -> None:
    motion = moved(face, gazeYawLeft=20, gazeYawRight=20)
    # Towards the person's left is right in the picture: 1.2 cm times the sine of 20 degrees.
    assert motion[468:, 0] == pytest.approx(20 * 1.2 * np.sin(np.radians(20)), rel=1e-3)
    assert np.abs(motion[CHIN]).max() < 0.1


def test_a_turned_head_takes_everything_along(face: Face) -> None:
    motion = moved(face, headYaw=8)
    assert motion[NOSE, 0] > motion[CHIN, 0] > 0
    assert (motion[468:, 0] > 0).all()
    still = head_motion(face.identity, face.identity, np.zeros(3, np.float32))
    assert still == pytest.approx(0, abs=1e-5)


def test_irises_move_on_a_sphere() -> None:
    for yaw in (-30, 10, 30):
        motion = iris_motion(asked(), asked(gazeYawLeft=yaw))["Left"]
        assert np.linalg.norm(motion + np.array([0, 0, 1.2])) == pytest.approx(1.2, rel=1e-5)
