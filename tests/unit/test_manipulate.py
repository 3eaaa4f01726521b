"""A handle goes where it is pulled, as far as its controls may go, and comes back."""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

import mien
from mien._types import AnyArray
from mien.face.manipulate import HANDLES, drag, handles
from mien.model.controls import CONTROLS, INDEX
from mien.model.face import Face
from tests.profiles import examples

pytestmark = pytest.mark.slow

FREELY = examples(40, HealthCheck.function_scoped_fixture, HealthCheck.too_slow)
BY_NAME = {handle.name: handle for handle in HANDLES}
ANY = st.sampled_from(sorted(BY_NAME))
STEP = st.floats(-0.4, 0.4)
FOLLOWS = 0.25
"""Part of a pull that may be missed: the damping, and skin that moves along a curve."""


@pytest.fixture(scope="module")
def face(tracked_360p: Path) -> Face:
    """A face of 72 frames of real footage."""
    return mien.load_project(tracked_360p).shot.faces[0]


def performance(face: Face, frame: int) -> AnyArray:
    return np.array(face.curves.controls.array[frame])


def pulled(
    face: Face, frame: int, start: AnyArray, name: str, offset: tuple[float, float]
) -> tuple[AnyArray, AnyArray]:
    """How far a handle goes, and the controls that take it there."""
    target = start.copy()
    for control, value in drag(face, frame, start, name, offset).items():
        target[INDEX[control]] = value
    return handles(face, frame, target)[name] - handles(face, frame, start)[name], target


@FREELY
@given(frame=st.integers(0, 71), name=ANY, x=STEP, y=STEP)
def test_limits_hold_and_only_the_handle_s_controls_move(
    face: Face, frame: int, name: str, x: float, y: float
) -> None:
    unit = float(face.curves.pose.scale[frame])
    start = performance(face, frame)
    found = drag(face, frame, start, name, (x * unit, y * unit))
    allowed = set()
    for control in BY_NAME[name].controls:
        allowed |= {control, f"{control}Left", f"{control}Right"}
    assert found.keys() <= allowed
    for control, value in found.items():
        limits, was = CONTROLS[INDEX[control]], float(start[INDEX[control]])
        least = min(0.0, was) if limits.unit == "weight" else min(limits.low, was)
        assert least - 1e-5 <= value <= max(limits.high, was) + 1e-5
    if found and "Left" in name and not name.startswith("eye"):
        other = name.replace("Left", "Right")
        assert not any(control.endswith("Right") for control in found), other


@FREELY
@given(frame=st.integers(0, 71), name=ANY, x=STEP, y=STEP)
def test_back_at_its_start_all_is_as_it_was(
    face: Face, frame: int, name: str, x: float, y: float
) -> None:
    start = performance(face, frame)
    _, target = pulled(face, frame, start, name, (20 * x, 20 * y))
    assert drag(face, frame, target, name, (0.0, 0.0)) == {}
    assert drag(face, frame, start, name, (0.0, 0.0)) == {}
    plain = handles(face, frame, start)
    for handle in HANDLES:
        assert np.allclose(plain[handle.name], face.landmarks[frame, handle.landmark, :2])


@FREELY
@given(frame=st.integers(0, 71), name=ANY, x=STEP, y=STEP)
def test_a_handle_follows_where_its_limits_allow(
    face: Face, frame: int, name: str, x: float, y: float
) -> None:
    """Pulled to where controls can take it, it gets there by the same or by others."""
    handle, start = BY_NAME[name], performance(face, frame)
    rng = np.random.default_rng(crc32(repr((frame, name, x, y)).encode()))
    goal = start.copy()
    for control in handle.controls:
        for column in columns(control):
            unit = 15.0 if CONTROLS[column].unit == "degrees" else 0.5
            goal[column] = np.clip(start[column] + unit * (rng.random() - 0.3), 0, 1)
    offset = handles(face, frame, goal)[name] - handles(face, frame, start)[name]
    got, _ = pulled(face, frame, start, name, (float(offset[0]), float(offset[1])))
    wanted = along(face, frame, offset) if handle.upright else offset
    reached = along(face, frame, got) if handle.upright else got
    slack = 0.03 * float(face.curves.pose.scale[frame])
    assert np.linalg.norm(reached - wanted) <= FOLLOWS * np.linalg.norm(wanted) + slack


def columns(control: str) -> list[int]:
    """Columns of a control, or of both its sides."""
    return [INDEX[name] for name in (control, f"{control}Left", f"{control}Right") if name in INDEX]


def along(face: Face, frame: int, vector: AnyArray) -> AnyArray:
    """The part of a vector that goes up and down on the face."""
    up = face.curves.pose.displace(frame, np.array([[0, 1, 0]], dtype=np.float32))[0]
    up = up / np.linalg.norm(up)
    return np.asarray((vector @ up) * up)


def test_a_smile_is_pulled_up_and_a_frown_down(face: Face) -> None:
    start = performance(face, 30)
    up = drag(face, 30, start, "mouthCornerLeft", (0.0, -6.0))
    assert up["mouthSmileLeft"] > start[INDEX["mouthSmileLeft"]] + 0.05
    down = drag(face, 30, start, "mouthCornerLeft", (0.0, 6.0))
    smile = down.get("mouthSmileLeft", start[INDEX["mouthSmileLeft"]])
    frown = down.get("mouthFrownLeft", start[INDEX["mouthFrownLeft"]])
    assert frown - smile > start[INDEX["mouthFrownLeft"]] - start[INDEX["mouthSmileLeft"]]
    shut = drag(face, 30, start, "lidUpperRight", (0.0, 12.0))
    assert shut["eyeBlinkRight"] > start[INDEX["eyeBlinkRight"]] + 0.2
    opened = drag(face, 30, start, "chin", (0.0, 10.0))
    assert opened["jawOpen"] > start[INDEX["jawOpen"]] + 0.05
    look = drag(face, 30, start, "eyeLeft", (3.0, 0.0))
    assert look["gazeYawLeft"] > start[INDEX["gazeYawLeft"]]
    assert look["gazeYawRight"] > start[INDEX["gazeYawRight"]]


def test_an_unknown_handle_is_an_error(face: Face) -> None:
    with pytest.raises(KeyError):
        drag(face, 0, performance(face, 0), "ear", (1.0, 0.0))
