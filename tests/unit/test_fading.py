"""Fades: edits go where a face, or a region of it, is not seen, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import mien
from mien._math import smoothstep
from mien._types import FloatArray
from mien.model.control_regions import regions_of
from mien.model.controls import CONTROLS, INDEX
from mien.model.edits import Edit
from mien.model.face import Face
from mien.model.fading import COVERED, SEEN, fade_weights, faded
from mien.model.occlusion import REGIONS, Occlusion
from mien.rendering.plans import face_plans, weak_notes
from tests.documents import make_shot
from tests.faces import make_face
from tests.profiles import examples

FRAMES = 60
MOUTH, BROWS = INDEX["mouthSmileLeft"], INDEX["browInnerUp"]
JAW, NOSE = INDEX["jawOpen"], INDEX["noseSneerLeft"]


def seen(**regions: tuple[slice, float]) -> Face:
    """A face of which some regions are seen badly for a while."""
    confidence = np.ones((FRAMES, 4), np.float32)
    for name, (span, value) in regions.items():
        confidence[span, REGIONS.index(name)] = value
    return replace(make_face(FRAMES), region_confidence=confidence)


def whole(values: FloatArray) -> Face:
    """A face of which only the whole confidence is known."""
    return replace(make_face(FRAMES), confidence=values)


def test_what_is_seen_is_not_touched() -> None:
    assert (fade_weights(seen()) == 1).all()
    assert (fade_weights(make_face(FRAMES)) == 1).all()
    # However tracking varies while a face is seen well.
    wavering = np.random.default_rng(0).uniform(0.61, 1, (FRAMES, 4)).astype(np.float32)
    assert (fade_weights(replace(make_face(FRAMES), region_confidence=wavering)) == 1).all()


def test_a_covered_mouth_fades_what_moves_it_and_nothing_else() -> None:
    weights = fade_weights(seen(mouth=(slice(25, 35), 0.1)))
    assert (weights[25:35, [MOUTH, JAW]] == 0).all()
    assert (weights[:, [BROWS, NOSE]] == 1).all()
    # In ramps, which end soon.
    assert (weights[[10, 50], MOUTH] == 1).all()
    assert np.abs(np.diff(weights[:, MOUTH])).max() < 0.2


def test_a_covered_jaw_leaves_the_smile() -> None:
    weights = fade_weights(seen(jaw=(slice(25, 35), 0.0)))
    assert (weights[30] == [0 if "jaw" in regions_of(one) else 1 for one in CONTROLS]).all()


def test_a_face_that_comes_in_begins_at_nothing() -> None:
    face = make_face(FRAMES)
    face.curves.valid[:20] = False
    face.confidence[:20] = 0
    face.confidence[20:24] = 0.15
    weights = fade_weights(face)[:, MOUTH]
    assert (weights[:24] == 0).all()
    assert (np.diff(weights) >= 0).all()
    assert weights[40:].min() == 1


def test_a_face_that_is_there_from_a_cut_on_does_not_fade_in() -> None:
    face = make_face(FRAMES)
    face.curves.valid[:20] = False
    face.confidence[:20] = 0
    assert (fade_weights(face, (20,))[20:] == 1).all()
    assert (fade_weights(face)[20] < 0.2).all()


def test_a_short_gap_that_is_bridged_does_not_pump() -> None:
    face = make_face(FRAMES)
    face.confidence[20:23] = 0
    face.curves.bridged[20:23] = True
    assert (fade_weights(face) == 1).all()


@examples(30)
@given(
    arrays(np.float32, (FRAMES, 4), elements=st.floats(0, 1, width=32)),
    st.sets(st.integers(1, FRAMES - 1), max_size=3),
    st.sampled_from([Fraction(25), Fraction(60), Fraction(24000, 1001)]),
)
def test_weights_are_steady_and_no_more_than_what_is_seen(
    regions: FloatArray, cuts: set[int], rate: Fraction
) -> None:
    face = replace(make_face(FRAMES, rate), region_confidence=regions)
    weights = fade_weights(face, cuts)
    own = smoothstep(regions, COVERED, SEEN)
    for name, column in (("mouth", MOUTH), ("brows", BROWS)):
        assert (weights[:, column] <= own[:, REGIONS.index(name)] + 1e-6).all()
    steps = np.abs(np.diff(weights, axis=0))
    steps[[cut - 1 for cut in cuts]] = 0
    assert steps.max() <= 0.21


def test_plans_fade_and_the_shot_can_say_otherwise() -> None:
    shot = make_shot(FRAMES)
    regions = np.ones((FRAMES, 4), np.float32)
    regions[20:40, REGIONS.index("mouth")] = 0
    face = replace(shot.faces[0], region_confidence=regions)
    dim = replace(shot, faces=(face,))
    edit = Edit(face).set("mouthSmile", 0.3).set("browInnerUp", 0.3)
    bright = replace(dim, occlusion=Occlusion(fade=False))
    plain = replace(dim, faces=(replace(face, region_confidence=None),))
    (asked,) = face_plans(bright, [edit], shot.clock.all)
    (plan,) = face_plans(dim, [edit], shot.clock.all)
    (known,) = face_plans(plain, [replace(edit, face=plain.faces[0])], shot.clock.all)
    assert (asked.evaluated.delta == known.evaluated.delta).all()
    assert not plan.evaluated.delta[20:40, MOUTH].any()
    assert (plan.evaluated.delta[:, BROWS] == asked.evaluated.delta[:, BROWS]).all()
    far = [*range(10), *range(50, FRAMES)]
    assert (plan.evaluated.delta[far] == asked.evaluated.delta[far]).all()
    assert weak_notes(dim, [1], shot.clock.all) == (
        "face 1 was seen badly (edits of what is not seen fade): mouth 20:40.",
    )
    assert weak_notes(plain, [1], shot.clock.all) == ()
    curves = face.curves.controls.array
    asked_for = mien.evaluate(curves, edit.layers, face.valid)
    assert (asked_for.delta == asked.evaluated.delta).all()  # what the editor shows stays as asked


def test_an_edit_that_counts_in_full_is_itself() -> None:
    shot = make_shot(FRAMES)
    (plan,) = face_plans(shot, [Edit(shot.faces[0]).set("jawOpen", 0.5)], shot.clock.all)
    assert faded(plan.evaluated, fade_weights(shot.faces[0])) is plan.evaluated


@pytest.mark.parametrize("control", CONTROLS, ids=lambda one: one.name)
def test_controls_know_their_regions(control: mien.Control) -> None:
    assert set(regions_of(control)) <= set(REGIONS)
    assert bool(regions_of(control)) == (control.region not in ("nose", "head"))
