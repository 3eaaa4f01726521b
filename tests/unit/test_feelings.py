"""Words for feelings: all there, found by what people say, and no two alike."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

import mien
from mien._types import FloatArray
from mien.errors import UnknownControlError, UsageError
from mien.face.gaze import FULL_LOOK, gaze_change
from mien.face.rig import load_rig
from mien.model.action_units import ACTION_UNITS, GRADES, face_of_formula
from mien.model.assignments import parse_assignment
from mien.model.controls import CONTROLS, INDEX, NAMES
from mien.model.evaluate import evaluate
from mien.model.feelings import FEELING_ADJECTIVES, FEELINGS
from mien.model.presets import PRESETS, key_name, resolve
from mien.model.removals import parse_removal
from tests.faces import make_face

LEAST = 0.034
"""Of the distance between the eyes: docs/curves.md."""
MOST_DIFFERENT = 20


def vector(name: str) -> FloatArray:
    asked = np.zeros(len(NAMES), dtype=np.float32)
    for control, weight in resolve(name):
        asked[INDEX[control]] = weight
    return asked


def moved() -> FloatArray:
    """(135, 472, 3): where each word's landmarks and irises go, in distances of the eyes."""
    rig = load_rig()
    person, rest = rig.personal(rig.mean), np.zeros(len(NAMES), dtype=np.float32)
    eyes = [rig.mean[rig.groups[f"{side}_eye_upper"]].mean(axis=0) for side in ("left", "right")]
    across, up = rig.iris_reach
    faces = []
    for name in FEELINGS:
        skin = person.displacement(rest, vector(name))
        look = gaze_change(rest, vector(name)) / FULL_LOOK
        irises = np.zeros((2, 3), dtype=np.float32)
        irises[:, 0], irises[:, 1] = look[:2] * across, look[2:] * up
        faces.append(np.concatenate([skin, irises]))
    return np.asarray(np.stack(faces) / np.linalg.norm(eyes[0] - eyes[1]), dtype=np.float32)


def test_the_tree_has_135_words() -> None:
    assert len(FEELINGS) == 135
    counts = Counter(one.primary for one in FEELINGS.values())
    assert counts == {
        "love": 16, "joy": 33, "surprise": 3, "anger": 29, "sadness": 37, "fear": 17,
    }  # fmt: skip
    assert len({(one.primary, one.secondary) for one in FEELINGS.values()}) == 25
    lust = [one.name for one in FEELINGS.values() if one.secondary == "lust"]
    assert lust == [
        "arousal", "desire", "lust", "passion", "infatuation"]  # fmt: skip


def test_no_two_words_look_alike_and_none_looks_like_nothing() -> None:
    faces = moved()
    near = {}
    for (i, a), (j, b) in itertools.combinations(enumerate(FEELINGS), 2):
        apart = np.sort(np.linalg.norm(faces[i] - faces[j], axis=1))[-MOST_DIFFERENT:].mean()
        if apart < LEAST:
            near[a, b] = round(float(apart), 4)
    assert not near
    most = np.sort(np.linalg.norm(faces, axis=2), axis=1)[:, -MOST_DIFFERENT:].mean(axis=1)
    assert most.min() > 0.03, list(FEELINGS)[int(most.argmin())]


def test_stronger_words_move_more_and_pleasant_ones_smile() -> None:
    size = np.linalg.norm(moved(), axis=2).mean(axis=1)
    words = tuple(FEELINGS.values())
    intensity = np.array([one.intensity for one in words])
    assert np.corrcoef(size, intensity)[0, 1] > 0.6
    smile = [vector(one.name)[INDEX["mouthSmileLeft"]] for one in words]
    frown = [vector(one.name)[INDEX["mouthFrownLeft"]] for one in words]
    valence = [one.valence for one in words]
    assert np.corrcoef(np.subtract(smile, frown), valence)[0, 1] > 0.75


def test_faces_are_within_limits_and_symmetric_where_the_feeling_is() -> None:
    one_sided = set()
    for name, one in FEELINGS.items():
        assert 0 < one.intensity <= 1
        assert -1 <= one.valence <= 1
        assert -1 <= one.arousal <= 1
        weights = dict(resolve(name))
        for control, weight in weights.items():
            limits = CONTROLS[INDEX[control]]
            assert abs(weight) <= (1.0 if limits.unit == "weight" else limits.high)
            if not control.startswith("gaze") and weights.get(limits.mirror) != weight:
                one_sided.add(name)
    assert one_sided == {"contempt", "scorn", "spite", "vengefulness", "pity"}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("longing", "longing"),
        ("Wistful", "melancholy"),
        ("melanch", "melancholy"),
        ("wistful longing", "melancholy+longing"),
        ("sad + happy", "sadness+happiness"),
        ("happy happiness", "happiness"),
        ("smile contempt", "smile+contempt"),
        ("mouth Smile", "mouthSmile"),
        ("PP", "PP"),
    ],
)
def test_what_people_say_is_what_is_keyed(typed: str, name: str) -> None:
    assert key_name(typed) == name
    assert key_name(name) == name
    assert parse_assignment(f"Anna: {typed} = +0.5 @ 2s : 4s").control == name


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("hap", None),
        ("dis", "beginning of"),
        ("ha", "named 'ha'"),
        ("longging", "named 'longging'"),
        ("longing PP", "cannot be mixed"),
        ("longing lipsShut", "cannot be mixed"),
        ("sad happy proud", "more than two"),
        ("sad mouthSmile", "cannot be mixed"),
    ],
)
def test_what_cannot_be_told_is_refused_with_near_names(typed: str, words: str | None) -> None:
    if words is None:
        assert key_name(typed) == "happiness"
        return
    with pytest.raises(UnknownControlError, match=words) as caught:
        key_name(typed)
    assert caught.value.remedy


def test_a_mixture_is_as_strong_as_its_parts() -> None:
    for pair in (("sadness", "joy"), ("fury", "rage"), ("affection", "dread")):
        parts, both = [vector(one)[:52] for one in pair], vector("+".join(pair))[:52]
        asked = np.mean([np.linalg.norm(part) for part in parts])
        assert np.linalg.norm(both) == pytest.approx(asked, rel=0.02)
        assert both.max() <= 1
        assert {*np.flatnonzero(both)} == {*np.flatnonzero(parts[0] + parts[1])}
    with pytest.raises(UsageError):
        parse_assignment("sad joy=3")


def test_adjectives_are_of_words_and_hide_no_name() -> None:
    assert set(FEELING_ADJECTIVES.values()) <= set(FEELINGS)
    assert not set(FEELING_ADJECTIVES) & {*PRESETS, *NAMES}
    assert {*FEELINGS} - {*FEELING_ADJECTIVES.values()} == set()


def test_formulas_are_read_with_sides_and_refused_by_term() -> None:
    assert face_of_formula("L14D") == {"mouthDimpleLeft": GRADES["D"]}
    assert face_of_formula("26E 27E") == {"jawOpen": 1.0}
    assert face_of_formula("64B")["gazePitchLeft"] < 0
    assert all(unit.weights for unit in ACTION_UNITS.values())
    for wrong in ("12", "12F", "99A", "X12A"):
        with pytest.raises(UsageError, match=wrong):
            face_of_formula(f"1A {wrong}")


def test_edits_keep_the_word() -> None:
    edit = mien.Edit(make_face(12)).key("wistful longing", 3, 0.5).set("angry", 0.2)
    assert [track.control for track in edit.layers[0].tracks] == ["melancholy+longing", "anger"]


def test_a_feeling_in_place_of_the_performance_takes_its_smile_and_leaves_its_speech() -> None:
    source = np.zeros((9, len(NAMES)), dtype=np.float32)
    source[:, [INDEX["mouthSmileLeft"], INDEX["jawOpen"], INDEX["eyeBlinkLeft"]]] = 0.6
    for name in ("sadness", "unhappiness", "unhappiness+woe"):
        for mode, left in (("add", 0.6), ("replace", 0.0)):
            track = mien.ControlTrack(name, (mien.Key(0, 0.5, "hold"),), mode)  # type: ignore[arg-type]
            after = evaluate(source, [mien.Layer("edit", (track,))], np.ones(9, dtype=bool)).target
            assert after[4, INDEX["mouthSmileLeft"]] == pytest.approx(left, abs=1e-6)
            assert after[4, INDEX["jawOpen"]] == pytest.approx(0.6)
            assert after[4, INDEX["mouthFrownLeft"]] > 0.1


def test_they_are_taken_out_as_they_were_put_in() -> None:
    edit = mien.Edit(make_face(12)).set("wistful longing", 0.5).set("jawOpen", 0.1)
    for typed in ("wistful longing", "Anna: melancholy + longing", "melancholy+longing"):
        removal = parse_removal(typed)
        assert removal.control == "melancholy+longing"
        assert [one.control for one in removal.apply(edit, None).layers[0].tracks] == ["jawOpen"]
    assert [one.control for one in edit.remove("jawOpen").layers[0].tracks] == [removal.control]
    with pytest.raises(UnknownControlError, match="'longging'"):
        parse_removal("longging@2s")
