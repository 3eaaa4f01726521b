"""Commands, one by one: what each is for, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import NoFaceError, TimeError, UnknownControlError, UsageError
from mien.model.controls import INDEX
from mien.model.document import Document, Project
from mien.model.evaluate import evaluate
from mien.model.interpolate import Key
from mien.model.presets import resolve
from mien.session import commands as c
from mien.session.refs import KeyRef, TrackRef
from mien.timebase import FrameRange
from tests.documents import make_document, make_shot

FRAMES = 48
START = make_document(2, FRAMES)
ONE, TWO = (project.id for project in START.shots)
JAW = TrackRef(ONE, 1, "edit", 0)


def keyed(*keys: Key, control: str = "jawOpen") -> Document:
    document = START
    for key in keys:
        document = c.set_key(
            document, ONE, 1, control, key.frame, key.value, interpolation=key.interpolation
        )
        if key.handle_in or key.handle_out:
            handles = {KeyRef(JAW, key.frame): (key.handle_in, key.handle_out)}
            document = c.set_handles(document, handles)
    return document


def keys(document: Document, track: TrackRef = JAW) -> list[tuple[int, float]]:
    found = document.shot(track.shot).edit(track.face).layer(track.layer).tracks[track.index]
    return [(key.frame, key.value) for key in found.keys]


def result(document: Document, control: str, frame: int, face: int = 1, shot: str = ONE) -> float:
    project = document.shot(shot)
    found = project.shot.face(face)
    target = evaluate(
        found.curves.controls.array, project.edit(face).layers, found.valid, project.shot.cuts
    ).target
    return float(target[frame, INDEX[control]])


# --- values ---------------------------------------------------------------------------------


def layered(document: Document) -> Document:
    """Something below, above and beside the layer that is edited."""
    document = c.add_track(document, ONE, 1, "below", "smile", value=0.3)
    document = c.add_track(document, ONE, 1, "below", "jawOpen", value=0.5, mode="scale")
    document = c.add_layer(document, ONE, 1, "edit")
    document = c.set_layer(document, ONE, 1, "edit", weight=0.7)
    document = c.add_track(document, ONE, 1, "above", "jawOpen", value=0.8, mode="scale")
    document = c.add_track(document, ONE, 1, "above", "mouthSmile", value=2.0, mode="smooth")
    return c.add_track(document, ONE, 1, "above", "mouthSmileLeft", value=0.1)


@pytest.mark.parametrize("auto_key", [True, False])
@pytest.mark.parametrize("document", [START, layered(START)], ids=["plain", "layered"])
def test_targets_are_met_whatever_lies_above_and_below(document: Document, auto_key: bool) -> None:
    wanted = {"jawOpen": 0.61, "mouthSmileLeft": 0.42, "mouthSmileRight": 0.77, "headYaw": 3.0}
    for frame in (10, 25, 11):
        document = c.set_value(document, ONE, 1, wanted, frame, auto_key=auto_key)
        for control, value in wanted.items():
            assert result(document, control, frame) == pytest.approx(value, abs=1e-6)
    count = 3 if auto_key else 1
    assert all(len(t.keys) == count for t in document.shot(ONE).edit(1).layer("edit").tracks)


def test_an_expression_and_targets_are_met_together() -> None:
    wanted = {"mouthSmileLeft": 0.9, "smile": 0.5, "jawOpen": 0.3}
    document = c.set_value(START, ONE, 1, wanted, 10, auto_key=True)
    assert result(document, "mouthSmileLeft", 10) == pytest.approx(0.9, abs=1e-6)
    assert result(document, "jawOpen", 10) == pytest.approx(0.3, abs=1e-6)
    asked = result(document, "mouthSmileRight", 10) - result(START, "mouthSmileRight", 10)
    assert asked == pytest.approx(0.5 * dict(resolve("smile"))["mouthSmileRight"], abs=1e-6)


def test_a_name_without_a_side_means_both() -> None:
    document = c.set_value(START, ONE, 1, {"mouthSmile": 0.6}, 10, auto_key=True)
    left, right = (result(document, f"mouthSmile{side}", 10) for side in ("Left", "Right"))
    assert (left + right) / 2 == pytest.approx(0.6, abs=1e-6)
    before = [result(START, f"mouthSmile{side}", 10) for side in ("Left", "Right")]
    assert left - right == pytest.approx(before[0] - before[1], abs=1e-6)


def test_without_auto_key_the_curve_is_raised_or_its_key_moved() -> None:
    document = keyed(Key(10, 0.2), Key(20, 0.4))
    raised = c.set_track_value(document, ONE, 1, {"jawOpen": 0.6}, 20, auto_key=False)
    assert keys(raised) == [(10, 0.2), (20, 0.6)]
    raised = c.set_track_value(document, ONE, 1, {"jawOpen": 0.6}, 30, auto_key=False)
    assert keys(raised) == [(10, pytest.approx(0.4)), (20, pytest.approx(0.6))]
    new = c.set_track_value(START, ONE, 1, {"jawOpen": 0.6}, 30, auto_key=False)
    assert keys(new) == [(30, 0.6)]


def test_a_powerless_layer_is_keyed_as_if_it_were_heard() -> None:
    muted = c.set_layer(c.add_layer(START, ONE, 1, "edit"), ONE, 1, "edit", muted=True)
    document = c.set_value(muted, ONE, 1, {"jawOpen": 0.9}, 10, auto_key=True)
    assert result(document, "jawOpen", 10) == result(START, "jawOpen", 10)
    heard = c.set_layer(document, ONE, 1, "edit", muted=False)
    assert result(heard, "jawOpen", 10) == pytest.approx(0.9, abs=1e-6)


def test_an_expression_comes_and_goes_within_its_reach() -> None:
    document = c.set_expression(START, ONE, 1, "smile", 0.5, 20, auto_key=True, reach=6)
    assert keys(document) == [(14, 0.0), (20, 0.5), (26, 0.0)]
    control, weight = resolve("smile")[0]
    for frame, share in ((13, 0), (20, 0.5), (27, 0)):
        asked = result(document, control, frame) - result(START, control, frame)
        assert asked == pytest.approx(share * weight, abs=1e-6)
    # Beside keys that are nearer there is nothing to hold, nor outside the shot.
    document = c.set_expression(document, ONE, 1, "smile", 1.0, 23, auto_key=True, reach=6)
    assert [frame for frame, _ in keys(document)] == [14, 20, 23, 26]
    document = c.set_expression(START, ONE, 1, "smile", 0.5, 2, auto_key=True, reach=6)
    assert [frame for frame, _ in keys(document)] == [2, 8]


def test_an_expression_of_the_users_is_keyed_on_its_controls() -> None:
    weights = {"jawOpen": 0.4, "browInnerUp": -0.2}
    document = c.set_expression(START, ONE, 1, weights, 0.5, 20, auto_key=True)
    tracks = document.shot(ONE).edit(1).layer("edit").tracks
    assert [(t.control, t.keys[0].value) for t in tracks] == [
        ("jawOpen", 0.2),
        ("browInnerUp", -0.1),
    ]


def test_expressions_are_copied_to_other_frames_faces_and_shots() -> None:
    taken = c.expression_at(START, ONE, 1, 7)
    for target in ((ONE, 1, 30), (ONE, 2, 7), (TWO, 2, 40)):
        document = c.copy_expression(START, (ONE, 1, 7), target, reach=5)
        got = c.expression_at(document, *target)
        # Where less than a ten-thousandth is asked, nothing is: such a change is not seen.
        assert max(abs(got[name] - taken[name]) for name in taken) <= 1.1e-4
        assert c.expression_at(document, ONE, 1, 7) == taken
    only = c.expression_at(START, ONE, 1, 7, regions=["brows"])
    assert {name[:4] for name in only} == {"brow"}
    assert "headYaw" not in taken


def test_the_performance_can_be_copied_past_the_edit() -> None:
    document = c.set_value(START, ONE, 1, {"jawOpen": 1.0}, 7, auto_key=True)
    assert c.expression_at(document, ONE, 1, 7)["jawOpen"] == pytest.approx(1.0)
    filmed = c.expression_at(document, ONE, 1, 7, source="performance")
    assert filmed == c.expression_at(START, ONE, 1, 7)


def test_an_unseen_face_has_no_expression() -> None:
    shot = make_shot(FRAMES)
    shot.faces[0].curves.valid[5] = False
    document = Document((Project(shot),))
    with pytest.raises(NoFaceError, match="not seen in frame 5"):
        c.expression_at(document, document.shots[0].id, 1, 5)
    # What is keyed there is what is added to nothing.
    keyed_there = c.set_value(document, document.shots[0].id, 1, {"jawOpen": 0.5}, 5, auto_key=True)
    assert keys(keyed_there, TrackRef(document.shots[0].id, 1, "edit", 0)) == [(5, 0.5)]


def test_reset_takes_away_keys_or_tracks() -> None:
    document = keyed(Key(10, 0.2), Key(20, 0.4))
    document = c.set_key(document, ONE, 1, "mouthSmile", 10, 0.5, layer="more")
    document = c.set_expression(document, ONE, 1, "smile", 0.5, 10, auto_key=True)
    at = c.reset(document, ONE, 1, ["jawOpen", "mouthSmile"], 10)
    assert keys(at) == [(20, 0.4)]
    assert at.shot(ONE).edit(1).layer("more").tracks == ()
    left = c.reset(document, ONE, 1, ["jawOpen", "mouthSmileLeft"]).shot(ONE).edit(1)
    assert [t.control for layer in left.layers for t in layer.tracks] == ["smile", "mouthSmile"]
    both = c.reset(document, ONE, 1, ["mouthSmileLeft", "mouthSmileRight"], layer="more")
    assert both.shot(ONE).edit(1).layer("more").tracks == ()


# --- keys -----------------------------------------------------------------------------------


def test_keys_move_together_and_stay_inside() -> None:
    document = keyed(Key(10, 0.1), Key(20, 0.2), Key(30, 0.3))
    picked = [KeyRef(JAW, 10), KeyRef(JAW, 20)]
    moved, refs = c.move_keys(document, picked, 10, 0.5)
    assert keys(moved) == [(20, 0.6), (30, 0.7)], "a key moved onto another takes its place"
    assert [ref.frame for ref in refs] == [20, 30]
    moved, refs = c.move_keys(document, picked, -99)
    assert keys(moved) == [(0, 0.1), (10, 0.2), (30, 0.3)]
    moved, refs = c.move_keys(document, picked, 99)
    assert [ref.frame for ref in refs] == [37, 47]
    assert c.move_keys(document, [], 5) == (document, ())
    assert c.move_keys(document, [KeyRef(JAW, 11)], 5)[0].same_as(document)


def test_keys_are_scaled_about_a_frame() -> None:
    document = keyed(Key(10, 0.1, "bezier", None, (4.0, 0.5)), Key(20, 0.2), Key(40, 0.4))
    scaled, refs = c.scale_keys(document, [KeyRef(JAW, f) for f in (10, 20)], 20, 1.5)
    assert keys(scaled) == [(5, 0.1), (20, 0.2), (40, 0.4)]
    assert scaled.shot(ONE).edit(1).layers[0].tracks[0].keys[0].handle_out == (6.0, 0.5)
    scaled, refs = c.scale_keys(document, [KeyRef(JAW, f) for f in (10, 20)], 20, -1)
    assert keys(scaled) == [(20, 0.2), (30, 0.1), (40, 0.4)]
    assert scaled.shot(ONE).edit(1).layers[0].tracks[0].keys[1].handle_in == (-4.0, 0.5)
    assert [ref.frame for ref in refs] == [20, 30]


def test_time_turned_around_turns_the_curve() -> None:
    document = keyed(
        Key(0, 0.1, "linear"), Key(12, 0.7, "bezier", None, (6.0, 0.4)), Key(30, 0.2, "ease"),
        Key(47, 0.5, "linear"),
    )  # fmt: skip
    turned, _ = c.scale_keys(document, [KeyRef(JAW, f) for f, _ in keys(document)], 23.5, -1)
    before, after = (
        d.shot(ONE).edit(1).layers[0].tracks[0].values(np.arange(FRAMES))
        for d in (document, turned)
    )
    np.testing.assert_allclose(after[::-1], before, atol=1e-9)


def test_a_track_without_keys_is_no_more() -> None:
    document = c.set_key(keyed(Key(10, 0.1), Key(20, 0.2)), ONE, 1, "cheekPuff", 5, 1)
    assert keys(c.delete_keys(document, [KeyRef(JAW, 20)])) == [(10, 0.1)]
    rest = c.delete_keys(document, [KeyRef(JAW, 10), KeyRef(JAW, 20)])
    assert [t.control for t in rest.shot(ONE).edit(1).layers[0].tracks] == ["cheekPuff"]


def test_keys_are_pasted_across_faces_and_duplicated() -> None:
    document = keyed(Key(10, 0.1), Key(20, 0.2))
    clipboard = c.copy_keys(document, [KeyRef(JAW, 10), KeyRef(JAW, 20)])
    pasted, refs = c.paste_keys(document, clipboard, TWO, 2, 40, "pasted")
    assert keys(pasted, refs[0].track) == [(40, 0.1)]
    assert (refs[0].track.shot, refs[0].track.face, refs[0].track.layer) == (TWO, 2, "pasted")
    doubled, refs = c.duplicate_keys(document, [KeyRef(JAW, 10)], 5)
    assert keys(doubled) == [(10, 0.1), (15, 0.1), (20, 0.2)]
    assert [ref.frame for ref in refs] == [15]
    assert not c.copy_keys(document, [])


def test_eases_run_between_their_keys_as_they_are_called() -> None:
    document = keyed(Key(0, 0.0), Key(40, 1.0))
    halves = {}
    for preset in c.EASES:
        eased = c.ease(document, [KeyRef(JAW, 0)], preset)
        curve = eased.shot(ONE).edit(1).layers[0].tracks[0].values(np.arange(41))
        assert (curve[0], curve[40]) == (pytest.approx(0), pytest.approx(1))
        halves[preset] = curve[20]
        assert (curve.max() > 1.05) == (preset == "overshoot")
        assert (curve.min() < -0.05) == (preset == "anticipate")
    assert halves["in"] < halves["in-out"] < halves["out"]
    assert halves["in-out"] == pytest.approx(0.5)
    both = c.ease(keyed(Key(0, 0), Key(10, 1), Key(20, 0)), [KeyRef(JAW, 0), KeyRef(JAW, 10)], "in")
    assert both.shot(ONE).edit(1).layers[0].tracks[0].keys[1].handle_out == (4.2, 0.0)
    with pytest.raises(UsageError, match="no ease"):
        c.ease(document, [KeyRef(JAW, 0)], "wobble")  # type: ignore[arg-type]


def test_a_key_that_is_set_again_keeps_its_handles() -> None:
    document = keyed(Key(10, 0.1, "bezier", (-2.0, 0.5), (3.0, 0.5)))
    again = c.set_key(document, ONE, 1, "jawOpen", 10, 0.9, interpolation="bezier")
    (key,) = again.shot(ONE).edit(1).layers[0].tracks[0].keys
    assert (key.value, key.handle_in) == (0.9, (-2.0, 0.5))
    assert keys(c.set_keys_value(document, [KeyRef(JAW, 10)], 0.3)) == [(10, 0.3)]


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(TimeError, match="outside one, which has 48 frames"):
        c.set_key(START, ONE, 1, "jawOpen", FRAMES, 1)
    with pytest.raises(UnknownControlError):
        c.set_value(START, ONE, 1, {"jawOpne": 1}, 5, auto_key=True)
    with pytest.raises(NoFaceError):
        c.set_key(START, ONE, 3, "jawOpen", 5, 1)
    with pytest.raises(UsageError, match="no track 4"):
        c.remove_track(START, TrackRef(ONE, 1, "edit", 4))
    with pytest.raises(UsageError, match="no layer 'x'"):
        c.remove_layer(START, ONE, 1, "x")


# --- layers, shots, markers -----------------------------------------------------------------


def test_layers_are_added_named_moved_and_weighed() -> None:
    document = START
    for name in ("a", "b", "c"):
        document = c.add_layer(document, ONE, 1, name)
    document = c.rename_layer(c.move_layer(document, ONE, 1, "c", 0), ONE, 1, "a", "first")
    document = c.set_layer(document, ONE, 1, "b", weight=0.4, muted=True)
    layers = document.shot(ONE).edit(1).layers
    assert [layer.name for layer in layers] == ["c", "first", "b"]
    assert (layers[2].weight, layers[2].muted) == (0.4, True)
    with pytest.raises(UsageError, match="already"):
        c.add_layer(document, ONE, 1, "b")
    with pytest.raises(UsageError, match="already"):
        c.rename_layer(document, ONE, 1, "c", "b")
    for name in ("c", "first", "b"):
        document = c.remove_layer(document, ONE, 1, name)
    assert document.shot(ONE).edits == ()


def test_a_track_is_given_a_span_and_keys_leave_it_alone() -> None:
    document = c.set_track(keyed(Key(10, 0.1)), JAW, span=FrameRange(5, 30), fade=3)
    document = c.move_keys(document, [KeyRef(JAW, 10)], 4)[0]
    track = document.shot(ONE).edit(1).layers[0].tracks[0]
    assert (track.span, track.fade, track.keys[0].frame) == (FrameRange(5, 30), 3, 14)
    assert c.set_track(document, JAW, mode="scale").shot(ONE).edit(1).layers[0].tracks[0].span
    whole = c.set_track(document, JAW, span=None)
    assert whole.shot(ONE).edit(1).layers[0].tracks[0].span is None


def test_markers_are_one_a_frame_and_in_order() -> None:
    document = c.add_marker(c.add_marker(START, ONE, 20, "b"), ONE, 5, "a", "red")
    document = c.move_marker(document, ONE, 5, 30)
    document = c.rename_marker(document, ONE, 20, "new")
    assert [(m.frame, m.name, m.color) for m in document.shot(ONE).markers] == [
        (20, "new", "amber"),
        (30, "a", "red"),
    ]
    document = c.move_marker(document, ONE, 30, 20)
    assert [m.name for m in document.shot(ONE).markers] == ["a"]
    assert c.remove_marker(document, ONE, 20).shot(ONE).markers == ()
    with pytest.raises(UsageError):
        c.add_marker(START, ONE, 48)
    with pytest.raises(UsageError):
        c.remove_marker(START, ONE, 1)
    with pytest.raises(TimeError):
        c.set_span(START, ONE, FrameRange(40, 49))
    with pytest.raises(UsageError, match="colour"):
        c.add_marker(START, ONE, 4, color="pink")


def test_shots_are_added_ordered_and_tracked_again() -> None:
    untracked = Project(make_shot(FRAMES, "new", faces=0))
    document = c.add_shot(START, untracked, 0)
    new = document.shots[0]
    assert [project.title for project in document.shots] == ["new", "one", "two"]
    assert not new.tracked
    tracked = c.replace_shot(document, new.id, make_shot(FRAMES, "new", faces=2))
    assert (tracked.shots[0].tracked, tracked.shots[0].id) == (True, new.id)
    with pytest.raises(UsageError, match="20"):
        c.replace_shot(document, new.id, make_shot(20))
    again = c.add_shot(document, document.shot(ONE))
    assert len({project.id for project in again.shots}) == 4
    moved = c.move_shot(c.rename_shot(document, ONE, " close "), ONE, 9)
    assert [project.title for project in moved.shots] == ["new", "two", "close"]
    assert len(c.remove_shot(moved, ONE).shots) == 2


def test_edits_follow_their_faces_when_a_shot_is_tracked_again() -> None:
    document = c.set_key(keyed(Key(10, 0.1)), ONE, 2, "jawOpen", 5, 0.5)
    fewer = c.replace_shot(document, ONE, make_shot(FRAMES, "one", faces=1)).shot(ONE)
    assert [edit.face.number for edit in fewer.edits] == [1]
    assert fewer.edits[0].face is fewer.shot.faces[0]
    named = c.rename_face(document, ONE, 2, "Ada").shot(ONE)
    assert named.shot.face(2).name == "Ada"
    assert named.edits[1].face is named.shot.face(2)
    with pytest.raises(UsageError, match="name"):
        c.rename_face(document, ONE, 2, " ")
