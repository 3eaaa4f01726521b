"""The embedded rig: its contract, its geometry, and the figures of its README."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from mien._types import AnyArray
from mien.face.amounts import GENTLY, MOST, EditAmounts
from mien.face.flame_coefficients import (
    EXPRESSION,
    EYELIDS,
    JAW,
    controls_to_flame,
    flame_displacement,
    flame_to_controls,
)
from mien.face.gaze import degrees_to_looks, gaze_change, looks_to_degrees
from mien.face.rig import PersonalRig, Rig, load_rig
from mien.model.controls import ARKIT, CONTROLS, GAZE, HEAD, INDEX, NAMES, sides
from mien.model.lids import lids_closed

SIDES = ("left", "right")


@pytest.fixture(scope="module")
def rig() -> Rig:
    return load_rig()


@pytest.fixture(scope="module", params=["mean", "another"])
def personal(rig: Rig, request: pytest.FixtureRequest) -> PersonalRig:
    """The mean face, and one of the faces that people are known to have."""
    identity = rig.mean.copy()
    if request.param == "another":
        identity += (rig.people.modes[0] - rig.people.modes[2]).reshape(-1, 3).astype(np.float32)
    return rig.personal(identity)


def controls(**values: float) -> AnyArray:
    row = np.zeros(len(NAMES), dtype=np.float32)
    for name, value in values.items():
        row[INDEX[name]] = value
    return row


def opening(rig: Rig, shape: AnyArray, upper: str, lower: str) -> AnyArray:
    """Height of the opening along the upper margin."""
    above, below = shape[rig.groups[upper]], shape[rig.groups[lower]]
    order = np.argsort(below[:, 0])
    return above[:, 1] - np.interp(above[:, 0], below[order, 0], below[order, 1])


def test_shapes(rig: Rig) -> None:
    assert rig.mean.shape == (468, 3)
    assert rig.fields.shape == (59, 468, 3)
    assert rig.fields.dtype == np.float32
    assert np.isfinite(rig.fields).all()
    assert rig.mirror.shape == (478,)
    assert not rig.fields[[INDEX[name] for name in GAZE + HEAD]].any()


def test_the_mesh_is_whole(rig: Rig) -> None:
    edges: dict[tuple[int, int], int] = {}
    for a, b, c in rig.triangles.tolist():
        for edge in ((a, b), (b, c), (c, a)):
            edges[edge] = edges.get(edge, 0) + 1
    # Every edge runs once each way, save at the oval, the eyes and the mouth.
    assert set(edges.values()) == {1}
    border = [edge for edge in edges if edge[::-1] not in edges]
    assert len(border) == 36 + 16 + 16 + 20
    corners = rig.mean[rig.triangles]
    turn = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert (turn[:, 2] > 0).mean() > 0.95


def test_left_and_right_are_mirror_images(rig: Rig) -> None:
    pairs = rig.mirror[:468]
    flip = np.array([-1, 1, 1], dtype=np.float32)
    assert np.array_equal(rig.mirror[rig.mirror], np.arange(478))
    assert np.allclose(rig.mean, rig.mean[pairs] * flip, atol=1e-5)
    for name in ARKIT:
        other = rig.fields[INDEX[CONTROLS[INDEX[name]].mirror]]
        assert np.allclose(rig.fields[INDEX[name]], other[pairs] * flip, atol=2e-3), name


def test_the_unit_is_a_centimetre_and_the_axes_are_right(rig: Rig) -> None:
    left, right = rig.groups["left_eye_upper"][-1], rig.groups["right_eye_upper"][-1]
    assert 8 < rig.mean[left, 0] - rig.mean[right, 0] < 10
    assert rig.mean[10, 1] > rig.mean[152, 1] + 14
    assert rig.mean[:, 2].argmax() in rig.groups["nose"]


@pytest.mark.parametrize(
    ("name", "landmark", "axis", "sign"),
    [
        ("mouthSmileLeft", 291, 0, 1),
        ("mouthSmileLeft", 291, 1, 1),
        ("mouthFrownLeft", 291, 1, -1),
        ("browDownLeft", 285, 1, -1),
        ("browInnerUp", 285, 1, 1),
        ("browOuterUpLeft", 300, 1, 1),
        ("jawOpen", 152, 1, -1),
        ("jawLeft", 152, 0, 1),
        ("jawRight", 152, 0, -1),
        ("jawForward", 152, 2, 1),
        ("cheekPuff", 434, 0, 1),
        ("cheekSquintLeft", 347, 1, 1),
        ("noseSneerLeft", 278, 1, 1),
        ("mouthPucker", 291, 0, -1),
        ("mouthFunnel", 291, 0, -1),
        ("mouthStretchLeft", 291, 0, 1),
        ("mouthUpperUpLeft", 270, 1, 1),
        ("mouthLowerDownLeft", 321, 1, -1),
        ("mouthLeft", 0, 0, 1),
        ("eyeSquintLeft", 374, 1, 1),
        ("eyeWideLeft", 386, 1, 1),
        ("mouthShrugLower", 17, 1, 1),
    ],
)
def test_controls_move_where_their_names_say(
    rig: Rig, name: str, landmark: int, axis: int, sign: int
) -> None:
    assert sign * rig.fields[INDEX[name], landmark, axis] > 0.1


def test_controls_stay_in_their_region(rig: Rig) -> None:
    lids = np.concatenate([rig.groups[f"{s}_eye_{m}"] for s in SIDES for m in ("upper", "lower")])
    mouth = np.concatenate([rig.groups[name] for name in rig.groups if name.startswith("lips")])
    for name in ARKIT:
        size = np.linalg.norm(rig.fields[INDEX[name]], axis=1)
        region = CONTROLS[INDEX[name]].region
        if region != "eyes":
            assert size[lids].max() <= 0.12, name
        if region in ("eyes", "brows"):
            assert size[mouth].max() == 0, name
        if name.startswith("mouth") and name.endswith("Left") and name != "mouthLeft":
            assert size[61] < 0.2 * size.max(), name


def test_nothing_asked_nothing_moves(personal: PersonalRig) -> None:
    source = controls(mouthSmileLeft=0.4, eyeBlinkLeft=0.3, jawOpen=0.2, gazePitchLeft=-8)
    assert not personal.displacement(source, source.copy()).any()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    "besides", [{}, {"eyeSquintLeft": 0.6}, {"eyeWideLeft": 0.8}, {"eyeLookDownLeft": 0.9}]
)
def test_lids_meet_at_a_full_blink(
    personal: PersonalRig, side: str, besides: dict[str, float]
) -> None:
    swapped = {name.replace("Left", side.title()): value for name, value in besides.items()}
    lids = (f"{side}_eye_upper", f"{side}_eye_lower")
    blink = f"eyeBlink{side.title()}"
    shape = personal.shape(controls(**swapped, **{blink: 1}))
    gap = opening(personal.rig, shape, *lids)
    neutral = opening(personal.rig, personal.identity, *lids)
    assert np.abs(gap).max() < 0.1 * neutral.max()
    closed = personal.shape(controls(**{blink: 1})) - personal.identity
    upper = closed[personal.rig.groups[lids[0]][4], 1]
    lower = closed[personal.rig.groups[lids[1]][4], 1]
    assert 0.75 < -upper / (lower - upper) < 0.85


def test_lids_never_pass_each_other(personal: PersonalRig) -> None:
    shape = personal.shape(controls(eyeBlinkLeft=1.5, eyeSquintLeft=1, eyeLookDownLeft=1.5))
    assert opening(personal.rig, shape, "left_eye_upper", "left_eye_lower").min() > -0.1


@pytest.mark.parametrize("jaw", [0.0, 0.3, 1.0])
def test_lips_meet_when_the_mouth_is_closed(personal: PersonalRig, jaw: float) -> None:
    shape = personal.shape(controls(jawOpen=jaw, mouthClose=1))
    gap = opening(personal.rig, shape, "lips_inner_upper", "lips_inner_lower")
    neutral = opening(personal.rig, personal.identity, "lips_inner_upper", "lips_inner_lower")
    assert np.abs(gap).max() < np.abs(neutral).max() + 0.05


def test_an_open_jaw_parts_the_lips_and_moves_the_chin(rig: Rig) -> None:
    moved = rig.fields[INDEX["jawOpen"]]
    assert 1.5 < np.linalg.norm(moved[152]) < 4
    assert moved[13, 1] - moved[14, 1] > 2


def test_lids_follow_the_gaze(personal: PersonalRig) -> None:
    still = controls()
    down = personal.displacement(still, controls(eyeLookDownLeft=1))
    same = personal.displacement(still, controls(gazePitchLeft=-30))
    lid = personal.rig.groups["left_eye_upper"][4]
    assert np.allclose(down, same, atol=1e-5)
    assert down[lid, 1] < -0.2
    assert personal.displacement(still, controls(gazePitchLeft=20))[lid, 1] > 0.02


def test_gaze_in_degrees_and_weights_is_the_same_look() -> None:
    gaze = np.array([[12, 9, -6, -6], [-15, -15, 3, 3]], dtype=np.float32)
    rows = np.zeros((2, len(NAMES)), dtype=np.float32)
    degrees_to_looks(gaze, rows)
    assert np.allclose(looks_to_degrees(rows), gaze)
    assert rows[0, INDEX["eyeLookOutLeft"]] == pytest.approx(0.4)
    assert rows[0, INDEX["eyeLookInRight"]] == pytest.approx(0.3)
    assert rows[0, INDEX["eyeLookDownLeft"]] == pytest.approx(0.2)
    asked = rows[0] + controls(gazeYawLeft=5, eyeLookOutLeft=0.1)
    assert gaze_change(rows[0], asked)[0] == pytest.approx(8)


def test_what_is_added_is_emphasised_and_what_is_taken_away_is_not(personal: PersonalRig) -> None:
    corner, smile = 291, INDEX["mouthSmileLeft"]
    asked = controls(mouthSmileLeft=0.1)
    emphasised = EditAmounts(personal.rig.emphasis).moved(asked)[smile]
    assert emphasised > 0.12
    field = personal.fields[smile, corner]
    added = personal.displacement(controls(), asked)[corner]
    taken = personal.displacement(controls(mouthSmileLeft=0.5), controls())[corner]
    assert np.allclose(added, emphasised * field, atol=0.01)
    assert np.allclose(taken, -0.5 * field, atol=0.03)


def moved(personal: PersonalRig, landmarks: Sequence[int], **asked: float) -> AnyArray:
    """Mean displacement of landmarks (person's right and left) in edits of the neutral face."""
    names = {side: value for name, value in asked.items() for side in sides(name) or ()}
    shifts = personal.displacement(controls(), controls(**names))[list(landmarks)]
    return np.asarray(shifts.mean(axis=0))


def test_at_1_a_control_does_what_people_do_at_their_most(personal: PersonalRig) -> None:
    face = personal.identity
    mouth = float(np.linalg.norm(face[291] - face[61]))
    eyes = float(np.linalg.norm(face[263] - face[33]))
    eye = float(face[386, 1] - face[374, 1])
    assert -0.08 < moved(personal, (61, 291), mouthFrown=1)[1] / mouth < -0.06
    assert 0.2 < moved(personal, (159, 386), eyeWide=1)[1] / eye < 0.35
    assert 0.09 < moved(personal, (105, 334), browInnerUp=0.8, browOuterUp=0.8)[1] / eyes < 0.12
    assert -0.09 < moved(personal, (107, 336), browDown=1)[1] / eyes < -0.06
    smile, pucker = (
        personal.displacement(controls(), controls(**asked))[[61, 291], 0]
        for asked in ({"mouthSmileLeft": 1, "mouthSmileRight": 1}, {"mouthPucker": 1})
    )
    assert 0.25 < (smile[1] - smile[0]) / mouth < 0.4
    assert -0.42 < (pucker[1] - pucker[0]) / mouth < -0.3


def test_pressed_lips_are_no_smile(personal: PersonalRig) -> None:
    """What is learned of them lifts and widens the mouth; what is added hardly does."""
    asked = controls(mouthPressLeft=1.0, mouthPressRight=1.0)
    reach = personal.reached(controls(), asked)
    field = personal.fields[INDEX["mouthPressLeft"]] + personal.fields[INDEX["mouthPressRight"]]
    learned = MOST["mouthPress"] * field
    added = personal.displacement(controls(), asked)
    assert reach[INDEX["mouthPressLeft"]] == pytest.approx(MOST["mouthPress"])
    for corner in (61, 291):
        assert added[corner, 1] == pytest.approx(0.4 * learned[corner, 1], rel=0.02)
        assert added[corner, 0] == pytest.approx(0.5 * learned[corner, 0], rel=0.02)
    assert np.allclose(added[[1, 168, 33, 263, 152]], learned[[1, 168, 33, 263, 152]], atol=0.02)
    # Lips that press already are as they were learned, and what is taken away is too.
    taken = personal.displacement(asked, controls())[[61, 291]]
    assert np.allclose(taken, -field[[61, 291]], atol=0.03)


def test_lids_are_opened_by_as_much_as_they_are_closed(personal: PersonalRig) -> None:
    lids = [159, 386]
    closed = personal.displacement(controls(), controls(eyeBlinkLeft=0.3, eyeBlinkRight=0.3))
    opened = personal.displacement(controls(eyeBlinkLeft=0.3, eyeBlinkRight=0.3), controls())
    assert np.allclose(opened[lids], -closed[lids], rtol=0.1)
    eye = float(personal.identity[386, 1] - personal.identity[374, 1])
    assert -closed[386, 1] / eye == pytest.approx(0.8 * lids_closed(0.3), rel=0.05)


@pytest.mark.parametrize("start", [0.0, 0.2, 0.5, 0.8])
def test_lids_close_the_part_that_is_left_as_real_ones_do(start: float) -> None:
    lid, amounts = INDEX["eyeBlinkLeft"], EditAmounts(load_rig().emphasis)
    source = controls(eyeBlinkLeft=start)
    for target in np.linspace(start, 1, 7):
        reached = float(amounts.reached(source, controls(eyeBlinkLeft=float(target)))[lid])
        left = (1 - lids_closed(target)) / max(1 - float(lids_closed(start)), 1e-6)
        assert 1 - reached == pytest.approx((1 - start) * left, abs=1e-5)


def test_what_is_added_to_much_goes_no_further_than_people_do(personal: PersonalRig) -> None:
    amounts = EditAmounts(personal.rig.emphasis)
    for name in MOST:
        (side, *_) = sides(name) or ()
        most, steps = INDEX[side], np.linspace(0, 1, 11)
        for start in (0.0, 0.3, 0.9):
            source = controls(**{side: start})
            reached = [amounts.reached(source, controls(**{side: start + s}))[most] for s in steps]
            assert (np.diff(reached) >= -1e-6).all(), name
            assert reached[0] == pytest.approx(start)
            assert reached[-1] == pytest.approx(max(start, MOST[name]), abs=1e-5)
        less = amounts.reached(controls(**{side: 0.8}), controls(**{side: 0.2}))
        assert less[most] == pytest.approx(0.2)


def test_a_move_grows_steadily_with_what_is_asked(personal: PersonalRig) -> None:
    steps = np.linspace(0, 1.5, 31)
    still = controls(jawOpen=0.3)
    for name in ("eyeBlinkLeft", "mouthSmileLeft", "jawOpen", "mouthClose"):
        moved = [
            personal.displacement(still, controls(**{"jawOpen": 0.3, name: float(value)}))
            for value in steps
        ]
        jumps = np.abs(np.diff(moved, axis=0)).max(axis=(1, 2))
        assert jumps.max() < 0.4, name


@pytest.mark.parametrize("name", sorted(MOST))
def test_another_performance_departs_gently(rig: Rig, name: str) -> None:
    """A little otherwise is seen as little; what is far from it is an amount that is asked for."""
    amounts = EditAmounts(rig.emphasis)
    column = INDEX[(sides(name) or ())[0]]
    departed = np.zeros((121, len(NAMES)), dtype=np.float32)
    departed[:, column] = np.linspace(-0.2, 1.0, 121)
    asked = amounts.from_departure(departed)[:, column]
    assert (np.diff(asked) > 0).all()
    beyond = departed[:, column] >= np.float32(GENTLY[0])
    below = departed[:, column] <= 0
    assert np.array_equal(asked[beyond | below], departed[beyond | below, column])
    moved = amounts.moved(amounts.from_departure(departed))[:, column]
    small = departed[:, column] == np.float32(0.01)
    if name != "eyeBlink":
        assert 0 < moved[small] < 0.02
    back = amounts.to_departure(amounts.from_departure(departed))[:, column]
    assert back == pytest.approx(departed[:, column], abs=1e-5)


def test_what_is_asked_for_beside_it_is_added(personal: PersonalRig) -> None:
    delta, departed = controls(mouthPressLeft=0.5), controls(mouthPressLeft=0.1)
    asked = personal.added_of(delta, departed)[INDEX["mouthPressLeft"]]
    alone = personal.added_of(departed, departed)[INDEX["mouthPressLeft"]]
    assert alone < 0.06
    assert asked == pytest.approx(0.4 + alone, abs=1e-6)
    assert np.array_equal(personal.added_of(delta, None), delta)


def test_the_basis_is_orthonormal(rig: Rig) -> None:
    assert rig.expression.shape == (50, 1404)
    assert np.allclose(rig.expression @ rig.expression.T, np.eye(50), atol=1e-5)


def test_coefficients_mean_what_the_layout_says() -> None:
    flame = controls_to_flame(controls(eyeBlinkLeft=0.7, eyeBlinkRight=0.2))
    assert flame[EYELIDS] == pytest.approx([0.7, 0.2], abs=1e-4)
    assert np.abs(flame[JAW]).max() < 1e-6
    jaw = controls_to_flame(controls(jawOpen=1))[JAW]
    assert 0.2 < jaw[0] < 0.7
    assert abs(jaw[1]) < 1e-3
    assert controls_to_flame(controls(jawLeft=1))[JAW][1] > 0.05
    assert controls_to_flame(controls(jawRight=1))[JAW][1] < -0.05
    assert controls_to_flame(np.zeros((4, 3, 59), dtype=np.float32)).shape == (4, 3, 55)


def test_coefficients_make_the_same_face_as_controls(rig: Rig) -> None:
    random = np.random.default_rng(7)
    rows = np.zeros((20, len(NAMES)), dtype=np.float32)
    rows[:, : len(ARKIT)] = random.random((20, len(ARKIT))) * (random.random((20, 52)) < 0.2)
    rows[:, [INDEX[n] for n in ARKIT if n.startswith("eye")]] *= 0.3
    expected = np.tensordot(rows, rig.personal(rig.mean).fields, axes=1)
    assert np.abs(flame_displacement(controls_to_flame(rows)) - expected).max() < 0.02


def test_controls_come_back_from_coefficients() -> None:
    random = np.random.default_rng(8)
    unseen = [INDEX[n] for n in NAMES if n.startswith("eyeLook") or n == "tongueOut"]
    rows = np.zeros((50, len(NAMES)), dtype=np.float32)
    rows[:, : len(ARKIT)] = random.random((50, 52)) * (random.random((50, 52)) < 0.1)
    rows[:, unseen] = 0
    # Lids closed more than shut cannot be told apart.
    rows[:, [INDEX["eyeSquintLeft"], INDEX["eyeSquintRight"]]] = 0
    back = flame_to_controls(controls_to_flame(rows))
    assert back[:, EXPRESSION].shape == (50, 50)
    assert np.abs(back - rows).mean() < 0.01
    assert np.percentile(np.abs(back - rows), 99) < 0.15


@pytest.mark.slow
@pytest.mark.shared
def test_the_figures_of_its_readme_hold(
    rig: Rig, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Learned anew from a few frames of five people, the rig is the one that is shipped."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "tools"))
    from rigmaker import align, collect, learn, topology

    detector = collect.landmarker(shared / "models" / "face_landmarker.task")
    names = ("lp_d10", "lp_d12", "lp_d18", "pyfeat_single_face", "vretalk_4")
    tracked = [
        collect.collect(shared / "clips" / f"{name}.mp4", detector, tmp_path, samples=45)
        for name in names
    ]
    _, rough, _ = align.align(tracked)
    pairs = topology.mirror(rough)
    assert np.array_equal(pairs, rig.mirror)
    clips, mean, _ = align.align(tracked, pairs)
    away = align.similarity(rig.mean[None].astype(float), mean[:468], np.ones(468))[0] - mean[:468]
    assert np.sqrt((away**2).sum(axis=1).mean()) < 0.5
    shares = learn.left_out(clips, pairs)
    assert shares.mean() > 0.5
    fields = rig.personal(rig.mean).fields[: len(ARKIT)].astype(float)
    assert learn.explained(clips, fields).mean() > 0.55
    learned = learn.regress(clips, pairs)
    lips = np.concatenate([rig.groups[name] for name in rig.groups if name.startswith("lips")])
    brows = np.concatenate([rig.groups["left_brow"], rig.groups["right_brow"]])
    for control, where in (("jawOpen", lips), ("mouthPucker", lips), ("browInnerUp", brows)):
        one = learned[ARKIT.index(control), where, :2].ravel()
        other = rig.fields[INDEX[control], where, :2].ravel()
        assert one @ other > 0.85 * np.linalg.norm(one) * np.linalg.norm(other), control
