"""What takes a performance's place is another performance; what is added to it is an amount."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pytest

from mien._types import FloatArray
from mien.face.amounts import GENTLY
from mien.face.deform import personal_rig
from mien.face.rig import load_rig
from mien.model.control_track import ControlTrack, Mode
from mien.model.controls import INDEX
from mien.model.edits import Edit, Layer
from mien.model.evaluate import Evaluated, evaluate
from mien.model.face import Face
from mien.model.fading import faded
from mien.model.interpolate import Key
from mien.pipeline.closed_loop import _names, with_gains
from mien.preview.painter import _differs
from mien.rendering.base import CacheKey, FacePlan
from mien.rendering.geometry.motion import FaceDeformer
from mien.rendering.plans import added_change, face_change
from mien.rendering.registry import get_renderer
from mien.rendering.resume import _edit_digest
from mien.speech.layer import speaking_layer
from mien.speech.mouth import MOUTH
from mien.timebase import FrameRange
from tests.documents import make_shot
from tests.faces import make_face

FRAMES = 20
MODES: Final[tuple[Mode, ...]] = ("add", "replace")
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
        return float(added_change(FacePlan(face, evaluated(edit)), 5)[PRESS])

    before = float(face.curves.controls.array[5, PRESS])
    far = GENTLY[0]
    little, much = before + 0.05, before + far
    assert asked(Edit(face).set("mouthPress", little, mode="replace")) < 0.03
    assert asked(Edit(face).set("mouthPress", much, mode="replace")) == pytest.approx(far, abs=1e-5)
    assert asked(Edit(face).set("mouthPress", 0.05)) == pytest.approx(0.05, abs=1e-5)


@pytest.mark.parametrize("mode", ["replace", "add"])
def test_another_frame_goes_the_rest_as_what_asks_for_it(face: Face, *, mode: Mode) -> None:
    """Frames are told by controls as they are tracked; what they lack departs, or is added."""
    before = float(face.curves.controls.array[5, PRESS])
    value = before + 0.1 if mode == "replace" else 0.1
    plan = FacePlan(face, evaluated(Edit(face).set("mouthPress", value, mode=mode)))
    change = face_change(plan, 5)
    assert change.target[PRESS] == pytest.approx(before + 0.1, abs=1e-5)
    assert change.driven[PRESS] == pytest.approx(before + added_change(plan, 5)[PRESS])
    other = change.source.copy()
    other[PRESS] += 0.05
    departed = change.departed_from(other)
    person = replace(face, identity=load_rig().mean)
    deformer = FaceDeformer(person, make_shot(FRAMES).media.orientation)
    driven = deformer.driven(other, change.target, departed)[PRESS] - other[PRESS]
    assert driven == pytest.approx(0.05, abs=1e-5) if mode == "add" else 0 < driven < 0.04


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("away", [-0.1, 0.1])
def test_another_frame_makes_no_step_where_a_curve_crosses_the_performance(
    face: Face, *, mode: Mode, away: float
) -> None:
    """What nobody asked for departs, too: from the one performance to the other."""
    rig, before = personal_rig(face), float(face.curves.controls.array[5, PRESS])
    moves = []
    for eps in (-5e-3, -5e-4, 0, 5e-4, 5e-3):
        value = before + eps if mode == "replace" else eps
        change = face_change(
            FacePlan(face, evaluated(Edit(face).set("mouthPress", value, mode=mode))), 5
        )
        other = change.source.copy()
        other[PRESS] += away
        added = rig.added_of(change.target - other, change.departed_from(other))
        moves.append(rig.moved(added)[PRESS] + min(added[PRESS], 0))
    assert np.abs(np.diff(moves)).max() < 0.03
    if away < 0:
        assert moves[2] < 0.5 * rig.moved(np.full(len(change.source), 0.1, np.float32))[PRESS]


def test_a_voice_moves_a_resting_mouth_by_its_amounts(face: Face) -> None:
    """Its layer takes the place of what the mouth did, and the skin goes as far as it says."""
    wave = np.sin(np.linspace(0, np.pi, FRAMES))
    curves = {name: np.zeros(FRAMES) for name in MOUTH}
    for name, most in (("mouthFunnel", 0.26), ("mouthPucker", 0.5), ("jawOpen", 0.4)):
        curves[name] = most * wave
    layer = speaking_layer(curves, {}, FrameRange(0, FRAMES))
    plan = FacePlan(face, evaluated(Edit(face).with_layer(layer)))
    shown = np.array([added_change(plan, frame) for frame in range(FRAMES)])
    for name, values in curves.items():
        assert shown[:, INDEX[name]] == pytest.approx(values, abs=0.02), name
    # Keyed as another performance, which goes further where amounts are small.
    assert plan.evaluated.delta[:, INDEX["mouthFunnel"]].max() > 0.27


def departure(*layers: Layer, rest: float = 0.0, name: str = "mouthPressLeft") -> FloatArray:
    """(3,) in the middle of a clip: the change, what of it departs, and what is asked."""
    face = make_face(FRAMES)
    performed = np.zeros_like(face.curves.controls.array)
    performed[:, INDEX[name]] = rest
    found = evaluate(performed, layers, face.valid)
    departed = np.zeros(1) if found.departed is None else found.departed[5, [INDEX[name]]]
    asked = added_change(FacePlan(face, found), 5)[INDEX[name]]
    return np.array([found.delta[5, INDEX[name]], departed[0], asked])


def track(value: float, mode: Mode, name: str = "mouthPress", weight: float = 1.0) -> Layer:
    return Layer(f"{name} {mode}", (ControlTrack(name, (Key(0, value, "hold"),), mode),), weight)


def test_a_departure_that_is_undone_above_it_is_none() -> None:
    undone = departure(track(0.2, "replace"), track(-0.2, "add"))
    assert undone == pytest.approx(0, abs=1e-6)
    shut = departure(track(0.14, "replace", "mouthFunnel"), track(1, "add", "lipsShut"),
                     name="mouthFunnel")  # fmt: skip
    assert shut == pytest.approx(0, abs=1e-6)


def test_an_expression_in_its_place_is_an_amount_again() -> None:
    """Whatever another performance lies below it."""
    below, above = track(0.25, "replace", "mouthFunnel"), track(0.5, "replace", "oh")
    alone = departure(above, name="mouthFunnel")
    assert alone[0] > 0.05
    assert departure(below, above, name="mouthFunnel") == pytest.approx(alone)


def test_what_is_scaled_departs_and_what_was_added_does_not() -> None:
    change, departed, _ = departure(track(0.1, "add"), track(2, "scale"), rest=0.2)
    assert (change, departed) == pytest.approx((0.4, 0.2), abs=1e-6)
    # No further than what is left of the change, and never past the performance.
    change, departed, asked = departure(track(-0.3, "add"), track(1.5, "scale"), rest=0.3)
    assert departed == 0
    assert asked == change


def test_a_fade_over_the_same_value_does_not_dip() -> None:
    """Half of another performance over an amount of as much: half of each."""
    change, departed, asked = departure(track(0.3, "add"), track(0.3, "replace", weight=0.5))
    assert (change, departed) == pytest.approx((0.3, 0.15), abs=1e-6)
    assert asked < change


def test_limits_hold_what_departs() -> None:
    change, departed, _ = departure(track(9, "replace"))
    assert departed == change


def test_what_is_no_number_is_no_departure() -> None:
    layers = (track(1e308, "replace"), track(1e308, "scale"), track(0, "scale"))
    with np.errstate(all="ignore"):
        assert departure(*layers) == pytest.approx(0)
    assert np.isfinite(departure(track(1e308, "replace"), track(1e308, "scale"))).all()


@pytest.mark.parametrize("gain", [0.8, 1.35])
def test_gains_move_the_skin_by_as_many_times(gain: float) -> None:
    """What departs as well as what is added."""
    face = make_face(FRAMES)
    rig = personal_rig(face)
    for mode in MODES:
        layer = track(0.1, mode)
        plan = FacePlan(face, evaluate(face.curves.controls.array, [layer], face.valid))
        more = with_gains(plan, {"mouthPress": gain})
        moved = [rig.moved(added_change(one, 5))[PRESS] for one in (plan, more)]
        assert moved[1] / moved[0] == pytest.approx(gain, abs=0.01)


def test_gains_move_the_plate_and_not_what_other_frames_show() -> None:
    """A frame that shows what is asked shows all of it."""
    face = make_face(FRAMES)
    plan = FacePlan(
        face, evaluate(face.curves.controls.array, [track(0.3, "add", "jawOpen")], face.valid)
    )
    plain, more = face_change(plan, 5), face_change(with_gains(plan, {"jawOpen": 1.3}), 5)
    assert more.target == pytest.approx(plain.target, abs=1e-6)
    assert more.driven[INDEX["jawOpen"]] > plain.driven[INDEX["jawOpen"]] + 0.05
    corrected = with_gains(plan, {"jawOpen": 1.3})
    same = replace(corrected.evaluated, gained=None)
    assert _differs(corrected.evaluated, same)[5]
    key, frames = CacheKey("all"), slice(5, 6)
    digests = {
        _edit_digest(one, key, frames) for one in (plan, corrected, replace(plan, evaluated=same))
    }
    assert len(digests) == 3


def test_gains_are_kept_by_what_they_are_for() -> None:
    face, shot = make_face(FRAMES), make_shot(FRAMES)
    plans = [
        FacePlan(face, evaluate(face.curves.controls.array, [track(0.15, mode)], face.valid))
        for mode in MODES
    ]
    names = [_names(shot, plan, get_renderer("warp")) for plan in plans]
    assert names[0] != names[1]
    assert _differs(plans[0].evaluated, plans[1].evaluated).all()
    assert not _differs(plans[1].evaluated, plans[1].evaluated).any()


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
