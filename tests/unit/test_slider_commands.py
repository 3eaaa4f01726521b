"""What stands beside a slider, and modifiers."""

from __future__ import annotations

import numpy as np
import pytest

from mien._types import AnyArray
from mien.errors import NoFaceError, TimeError
from mien.model.controls import CONTROLS, INDEX, NAMES
from mien.model.document import Document
from mien.model.evaluate import evaluate
from mien.session import commands as c
from mien.session.refs import TrackRef
from tests.documents import make_document

START = make_document(1, 48)
SHOT = START.shots[0].id
PERFORMED = START.shots[0].shot.face(1).curves.controls.array


def targets(document: Document) -> AnyArray:
    project = document.shot(SHOT)
    face = project.shot.face(1)
    found = evaluate(PERFORMED, project.edit(1).layers, face.valid, project.shot.cuts)
    return found.target


def moved(document: Document) -> set[tuple[int, str]]:
    """Frames and controls whose target is not the performance."""
    changed = np.argwhere(np.abs(targets(document) - PERFORMED) > 1e-6)
    return {(int(frame), NAMES[column]) for frame, column in changed}


def test_partners_are_controls_that_do_the_same_on_the_other_side() -> None:
    assert c.partner("mouthSmileLeft") == "mouthSmileRight"
    assert c.partner("gazeYawRight") == "gazeYawLeft"
    for alone in ("jawOpen", "headYaw", "mouthLeft", "jawRight"):
        assert c.partner(alone) is None


def test_linked_sides_move_by_as_much() -> None:
    before = {"mouthSmileLeft": 0.2, "mouthSmileRight": 0.1}
    values = c.linked({"mouthSmileLeft": 0.5}, before)
    assert values == {"mouthSmileLeft": 0.5, "mouthSmileRight": pytest.approx(0.4)}
    assert c.linked({"jawOpen": 0.5}, {"jawOpen": 0.0}) == {"jawOpen": 0.5}


def test_a_key_holds_what_is_there_and_a_second_press_takes_it_away() -> None:
    document = c.set_key(START, SHOT, 1, "jawOpen", 0, 0.0, interpolation="linear")
    document = c.set_key(document, SHOT, 1, "jawOpen", 40, 0.4)
    keyed = c.toggle_key(document, SHOT, 1, ["jawOpen"], 20)
    track = keyed.shot(SHOT).edit(1).layer("edit").tracks[0]
    assert track.key_at(20) is not None
    np.testing.assert_allclose(targets(keyed), targets(document), atol=1e-6)
    assert c.toggle_key(keyed, SHOT, 1, ["jawOpen"], 20).same_as(document)


def test_keys_of_several_controls_are_set_until_all_have_one() -> None:
    document = c.set_key(START, SHOT, 1, "jawOpen", 5, 0.3)
    both = c.toggle_key(document, SHOT, 1, ["jawOpen", "mouthPucker"], 5)
    tracks = both.shot(SHOT).edit(1).layer("edit").tracks
    assert [track.control for track in tracks] == ["jawOpen", "mouthPucker"]
    assert (
        not c.toggle_key(both, SHOT, 1, ["jawOpen", "mouthPucker"], 5)
        .shot(SHOT)
        .edit(1)
        .layer("edit")
        .tracks
    )


def test_restoring_a_constant_removes_it_and_a_keyed_control_keeps_its_other_keys() -> None:
    constant = c.set_key(START, SHOT, 1, "jawOpen", 5, 0.3)
    assert not moved(c.restore(constant, SHOT, 1, ["jawOpen"], 20))
    keyed = c.set_key(constant, SHOT, 1, "jawOpen", 40, 0.4)
    back = c.restore(keyed, SHOT, 1, ["jawOpen", "mouthPucker"], 20)
    left = {frame for frame, _ in moved(back)}
    assert 20 not in left
    assert {5, 40} <= left
    track = back.shot(SHOT).edit(1).layer("edit").tracks[0]
    assert [key.frame for key in track.keys] == [5, 20, 40]


def test_restoring_what_an_expression_does_changes_nothing_far_away() -> None:
    surprised = c.set_expression(START, SHOT, 1, "surprise", 1.0, 24, auto_key=True)
    back = c.restore(surprised, SHOT, 1, ["browInnerUp"], 24, reach=6)
    brow, jaw = INDEX["browInnerUp"], INDEX["jawOpen"]
    assert targets(back)[24, brow] == pytest.approx(PERFORMED[24, brow], abs=1e-6)
    np.testing.assert_allclose(targets(back)[:, jaw], targets(surprised)[:, jaw])
    far = [frame for frame in range(48) if abs(frame - 24) > 6]
    np.testing.assert_allclose(targets(back)[far, brow], targets(surprised)[far, brow], atol=1e-6)


@pytest.mark.parametrize(("way", "source"), [("left", "Left"), ("right", "Right")])
def test_one_side_is_copied_to_the_other(way: c.Way, source: str) -> None:
    names = [control.name for control in CONTROLS if control.region == "mouth"]
    document = c.mirror(START, SHOT, 1, 7, way, controls=names, auto_key=True)
    after = targets(document)[7]
    other = {"Left": "Right", "Right": "Left"}[source]
    smile = PERFORMED[7, INDEX[f"mouthSmile{source}"]]
    for side in (source, other):
        assert after[INDEX[f"mouthSmile{side}"]] == pytest.approx(smile, abs=1e-6)
    # What moves the whole mouth has no sides.
    for name in ("mouthLeft", "mouthRight", "mouthPucker"):
        assert after[INDEX[name]] == PERFORMED[7, INDEX[name]]
    assert not any(name.endswith(source) for _, name in moved(document))


def test_swapping_turns_everything_to_the_other_side_and_back() -> None:
    names = ["mouthSmileLeft", "mouthLeft", "gazeYawLeft", "gazePitchLeft", "jawOpen"]
    once = c.mirror(START, SHOT, 1, 7, "swap", controls=names, auto_key=True)
    after, before = targets(once)[7], PERFORMED[7]
    assert after[INDEX["mouthSmileLeft"]] == pytest.approx(before[INDEX["mouthSmileRight"]])
    assert after[INDEX["mouthRight"]] == pytest.approx(before[INDEX["mouthLeft"]])
    assert after[INDEX["gazeYawLeft"]] == pytest.approx(-before[INDEX["gazeYawRight"]])
    assert after[INDEX["gazePitchLeft"]] == pytest.approx(before[INDEX["gazePitchRight"]])
    twice = c.mirror(once, SHOT, 1, 7, "swap", controls=names, auto_key=True)
    np.testing.assert_allclose(targets(twice)[7], before, atol=1e-5)


def test_a_modifier_is_constant_until_it_gets_a_second_key() -> None:
    same = c.set_modifier(START, SHOT, 1, "jawOpen", "scale", 1.0, 10)
    assert same is START
    gain = c.set_modifier(START, SHOT, 1, "jawOpen", "scale", 0.5, 10)
    jaw = INDEX["jawOpen"]
    np.testing.assert_allclose(targets(gain)[:, jaw], PERFORMED[:, jaw] / 2, atol=1e-4)
    less = c.set_modifier(gain, SHOT, 1, "jawOpen", "scale", 0.25, 30)
    track = less.shot(SHOT).edit(1).layer("edit").tracks[0]
    assert [key.value for key in track.keys] == [0.25]
    keyed = c.key_modifier(less, SHOT, 1, "jawOpen", "scale", 30)
    keyed = c.set_modifier(keyed, SHOT, 1, "jawOpen", "scale", 1.0, 40)
    track = keyed.shot(SHOT).edit(1).layer("edit").tracks[0]
    assert [(key.frame, key.value) for key in track.keys] == [(0, 0.25), (30, 0.25), (40, 1.0)]
    assert {key.interpolation for key in track.keys} == {"ease"}
    back = c.key_modifier(keyed, SHOT, 1, "jawOpen", "scale", 40)
    assert len(back.shot(SHOT).edit(1).layer("edit").tracks[0].keys) == 2


def test_smoothing_is_keyed_where_there_was_none_and_taken_away() -> None:
    document = c.key_modifier(START, SHOT, 1, "jawOpen", "smooth", 12)
    assert not moved(document)  # no frames of smoothing change nothing
    document = c.set_modifier(document, SHOT, 1, "jawOpen", "smooth", 3.0, 12)
    jaw = INDEX["jawOpen"]
    assert np.diff(targets(document)[:, jaw]).std() < np.diff(PERFORMED[:, jaw]).std() / 2
    assert not moved(c.remove_track(document, TrackRef(SHOT, 1, "edit", 0)))


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(TimeError, match="outside"):
        c.toggle_key(START, SHOT, 1, ["jawOpen"], 99)
    with pytest.raises(NoFaceError):
        c.restore(START, SHOT, 9, ["jawOpen"], 0)
