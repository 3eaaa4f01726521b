"""Which frames of a shot show a face at rest, and what its controls are there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mien._types import BoolArray, FloatArray
from mien.model.controls import CONTROLS, INDEX, NAMES
from mien.model.face import Face
from mien.model.neutral import neutral_of, rest_frames
from tests.faces import make_curves, make_face

FRAMES = 120


def performed(controls: FloatArray, valid: BoolArray | None = None) -> Face:
    """A face that does what it is told, with a tracker's jitter."""
    jitter = np.random.default_rng(3).normal(0, 0.01, controls.shape)
    curves = make_curves(len(controls), np.clip(controls + jitter, 0, 1).astype(np.float32))
    if valid is not None:
        curves = replace(curves, valid=valid)
    return replace(make_face(len(controls)), curves=curves)


def at_rest(frames: int = FRAMES) -> FloatArray:
    """Brows a little up and lids a little narrow, with nothing felt."""
    controls = np.zeros((frames, len(NAMES)), dtype=np.float32)
    controls[:, INDEX["browInnerUp"]] = 0.3
    controls[:, [INDEX["eyeSquintLeft"], INDEX["eyeSquintRight"]]] = 0.2
    return controls


def test_rest_is_found_between_a_long_smile_speech_and_blinks() -> None:
    controls = at_rest()
    controls[40:80, [INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]] = 0.8
    speech = 0.25 + 0.25 * np.sin(np.arange(30) * 1.7)
    controls[80:110, INDEX["jawOpen"]] = speech
    controls[10:14, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 0.9
    controls[:, INDEX["gazeYawLeft"]] = 12
    face = performed(controls)
    frames = np.flatnonzero(rest_frames(face))
    assert len(frames) >= 5
    assert not set(frames) & {*range(10, 14), *range(40, 110)}
    values = neutral_of(face)
    assert values.shape == (59,)
    assert values.dtype == np.float32
    assert abs(values[INDEX["browInnerUp"]] - 0.3) < 0.03
    assert abs(values[INDEX["eyeSquintLeft"]] - 0.2) < 0.03
    assert values[INDEX["mouthSmileLeft"]] < 0.05
    restless = [INDEX[c.name] for c in CONTROLS if c.region in ("gaze", "head")]
    assert not values[restless].any()


def test_who_speaks_throughout_is_at_rest_where_lips_meet() -> None:
    controls = at_rest()
    controls[:, INDEX["jawOpen"]] = np.clip(0.3 * np.sin(np.arange(FRAMES) * 0.8), 0, 1)
    assert neutral_of(performed(controls))[INDEX["jawOpen"]] < 0.06


def test_a_face_never_seen_has_no_rest() -> None:
    face = performed(at_rest(8), np.zeros(8, dtype=bool))
    assert not rest_frames(face).any()
    assert not neutral_of(face).any()


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_frames_of_rest_are_seen_and_the_same_each_time(frames: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    valid = rng.random(frames) < 0.7
    face = performed(rng.uniform(0, 1, (frames, len(NAMES))).astype(np.float32), valid)
    rest = rest_frames(face)
    assert not (rest & ~valid).any()
    assert rest.any() == valid.any()
    assert np.array_equal(neutral_of(face), neutral_of(face))
