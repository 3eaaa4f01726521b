"""What takes a performance's place is another performance; what is added to it is an amount."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.model.controls import INDEX
from mien.model.edits import Edit
from mien.model.evaluate import Evaluated, evaluate
from mien.model.face import Face
from mien.model.fading import faded
from mien.rendering.base import CacheKey, FacePlan
from mien.rendering.plans import asked_change
from mien.rendering.resume import _edit_digest
from mien.speech.layer import speaking_layer
from mien.speech.mouth import MOUTH
from mien.timebase import FrameRange
from tests.faces import make_face

FRAMES = 20
SMILE, PRESS = INDEX["mouthSmileLeft"], INDEX["mouthPressLeft"]


@pytest.fixture
def face() -> Face:
    return make_face(FRAMES)


def evaluated(edit: Edit) -> Evaluated:
    face = edit.face
    return evaluate(face.curves.controls.array, edit.layers, face.valid)


def test_amounts_depart_from_nothing(face: Face) -> None:
    assert evaluated(Edit(face).set("mouthPress", 0.1)).departed is None
    assert evaluated(Edit(face).set("smile", 0.1)).departed is None
    # Expressions and visemes by name are amounts, whatever they take the place of.
    assert evaluated(Edit(face).set("aa", 0.5, mode="replace")).departed is None
    assert evaluated(Edit(face).set("lipsShut", 0.5)).departed is None


@pytest.mark.parametrize("name", ["mouthPress", "mouthPressLeft"])
def test_what_takes_its_place_does(face: Face, name: str) -> None:
    found = evaluated(Edit(face).set(name, 0.1, mode="replace"))
    assert found.departed is not None
    assert np.array_equal(found.departed, found.delta)
    assert found.delta[:, PRESS].any()


def test_of_both_only_what_takes_its_place(face: Face) -> None:
    edit = Edit(face).set("mouthPress", 0.1, mode="replace").set("mouthSmile", 0.2)
    found = evaluated(edit)
    assert found.departed is not None
    alone = evaluated(Edit(face).set("mouthPress", 0.1, mode="replace"))
    assert np.array_equal(found.departed, alone.delta)
    assert not found.departed[:, SMILE].any()
    assert found.delta[:, SMILE].any()


def test_a_little_otherwise_is_seen_as_little(face: Face) -> None:
    """The renderer moves the skin by less than for an amount, and by as much where it is much."""

    def asked(edit: Edit) -> float:
        return float(asked_change(FacePlan(face, evaluated(edit)), 5)[PRESS])

    before = float(face.curves.controls.array[5, PRESS])
    little, much = before + 0.05, before + 0.4
    assert asked(Edit(face).set("mouthPress", little, mode="replace")) < 0.03
    assert asked(Edit(face).set("mouthPress", much, mode="replace")) == pytest.approx(0.4, abs=1e-5)
    assert asked(Edit(face).set("mouthPress", 0.05)) == pytest.approx(0.05, abs=1e-5)


def test_a_voice_moves_a_resting_mouth_by_its_amounts(face: Face) -> None:
    """Its layer takes the place of what the mouth did, and the skin goes as far as it says."""
    wave = np.sin(np.linspace(0, np.pi, FRAMES))
    curves = {name: np.zeros(FRAMES) for name in MOUTH}
    for name, most in (("mouthFunnel", 0.26), ("mouthPucker", 0.5), ("jawOpen", 0.4)):
        curves[name] = most * wave
    layer = speaking_layer(curves, {}, FrameRange(0, FRAMES))
    plan = FacePlan(face, evaluated(Edit(face).with_layer(layer)))
    shown = np.array([asked_change(plan, frame) for frame in range(FRAMES)])
    for name, values in curves.items():
        assert shown[:, INDEX[name]] == pytest.approx(values, abs=0.02), name
    # Keyed as another performance, which goes further where amounts are small.
    assert plan.evaluated.delta[:, INDEX["mouthFunnel"]].max() > 0.27


def test_it_fades_with_the_rest(face: Face) -> None:
    whole = evaluated(Edit(face).set("mouthPress", 0.3, mode="replace"))
    half = faded(whole, np.full_like(whole.delta, 0.5))
    assert half.departed is not None
    assert half.departed == pytest.approx(0.5 * whole.delta)


def test_finished_frames_tell_them_apart(face: Face) -> None:
    departing = evaluated(Edit(face).set("mouthPress", 0.1, mode="replace"))
    added = replace(departing, departed=None)
    names = [
        _edit_digest(FacePlan(face, one), CacheKey(), slice(0, 5)) for one in (departing, added)
    ]
    assert names[0] != names[1]
