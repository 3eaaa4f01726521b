"""Coefficients fitted to landmarks: known ones are found again, real faces are followed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import lsq_linear
from scipy.spatial.transform import Rotation

import mien
from mien._types import FloatArray
from mien.face.flame import FlameHead, rotations
from mien.face.flame_fit import _within, fit_head
from mien.face.heads import Head, prepare
from mien.face.pose import Alignment
from mien.face.rig import load_rig
from mien.model.controls import NAMES
from mien.model.curves import ControlCurves, Curves, HeadPose
from mien.model.face import Face
from mien.model.landmarks import LANDMARKS
from mien.timebase import Clock
from tests.flame_heads import made_head

FRAMES = 150
WIDTH = 200.0
"""Pixels of the synthetic face, about."""


@lru_cache(maxsize=1)
def _ready() -> Head:
    return prepare(FlameHead.from_arrays(made_head(), "flame2020"))


@pytest.fixture
def head() -> Head:
    return _ready()


def performance(random: np.random.Generator) -> FloatArray:
    """(T, 55) smooth coefficients: expressions of a standard deviation, blinks, a jaw."""
    seconds = np.arange(FRAMES)[:, None] / 30
    phase, speed = random.uniform(0, 6, 55), random.uniform(1, 6, 55)
    wave = np.sin(seconds * speed + phase)
    flame: FloatArray = wave.astype(np.float32)
    flame[:, :50] *= np.linspace(1.2, 0.2, 50)
    flame[:, 50:52] = np.clip(wave[:, 50:52] * 2 - 1, 0, 1)
    flame[:, 52] = 0.12 + 0.12 * wave[:, 52]
    flame[:, 53:] = 0.04 * wave[:, 53:]
    return flame


def synthetic(head: Head, noise: float, seed: int = 0) -> tuple[Face, FloatArray, FloatArray]:
    """A face of known coefficients, seen with noise in pixels; the true landmarks in pixels."""
    random = np.random.default_rng(seed)
    flame = performance(random)
    shape = random.normal(size=40)
    person = head.landmarks.shaped(shape)
    metres = person.vertices(flame[:, :50], eyelids=flame[:, 50:52], jaw=flame[:, 52:])
    points = head.embedding.points_to_canonical(metres)
    size = WIDTH / np.ptp(load_rig().mean[:, 0])
    seconds = np.arange(FRAMES)[:, None] / 30
    turns = rotations(0.3 * np.sin(seconds * [1.1, 1.7, 0.6]))
    place = (np.sin(seconds * [0.5, 0.7, 0.9]) * 40).astype(np.float32)
    scale = np.asarray(size * (1 + 0.1 * np.sin(seconds[:, 0])), dtype=np.float32)
    pixels = Alignment(scale, turns, place).apply(points) * np.array([1, -1, -1], np.float32)
    landmarks = np.full((FRAMES, LANDMARKS, 3), np.nan, dtype=np.float32)
    landmarks[:, :468] = pixels + random.normal(scale=noise, size=pixels.shape)
    neutral = head.embedding.points_to_canonical(person.template)
    return _face(landmarks, neutral), flame, pixels


def fitted_face(frames: int) -> Face:
    """The first frames of a face that the made head explains."""
    face, _, _ = synthetic(_ready(), noise=0.2)
    return _face(face.landmarks[:frames], face.identity)


def _face(landmarks: FloatArray, identity: FloatArray) -> Face:
    frames = len(landmarks)
    curves = Curves(
        controls=ControlCurves(np.zeros((frames, len(NAMES)), dtype=np.float32)),
        flame=np.zeros((frames, 55), dtype=np.float32),
        basis="mien-rig",
        pose=HeadPose(
            np.ones(frames, np.float32),
            np.tile(np.eye(3, dtype=np.float32), (frames, 1, 1)),
            np.zeros((frames, 2), np.float32),
        ),
        valid=np.ones(frames, dtype=np.bool_),
        bridged=np.zeros(frames, dtype=np.bool_),
    )
    clock = Clock(Fraction(30), frames)
    confidence = np.ones(frames, dtype=np.float32)
    return Face(1, "face 1", clock, landmarks, confidence, identity, curves, curves)


def test_known_coefficients_are_found(head: Head) -> None:
    face, truth, _ = synthetic(head, noise=0.0)
    fit = fit_head(head, face, raw=True)
    away = fit.flame - truth
    # Expressions of 0.54 in the mean are told to 0.1: the rest is held back as unlikely.
    assert np.sqrt((away[:, :50] ** 2).mean()) < 0.12
    assert np.abs(away[:, 50:52]).max() < 0.2
    assert np.abs(away[:, 52:]).max() < 0.02
    # What matters most, the mesh, is where the face is: a thousandth of its width.
    assert np.nanmax(fit.error) < 1e-3


def test_noise_is_smoothed_away(head: Head) -> None:
    face, truth, pixels = synthetic(head, noise=0.7)
    raw, steady = fit_head(head, face, raw=True), fit_head(head, face)

    def jitter(flame: FloatArray) -> float:
        return float(np.abs(np.diff(flame[:, :50], n=3, axis=0)).mean())

    assert jitter(steady.flame) < 0.2 * jitter(raw.flame)
    away = [np.sqrt(((fit.flame - truth)[:, :50] ** 2).mean()) for fit in (raw, steady)]
    assert away[1] < away[0] < 0.15
    assert np.abs(steady.flame[:, 50:] - truth[:, 50:]).max() < 0.25
    assert np.nanmedian(steady.error) < 0.7 * 2**0.5 / WIDTH + 1e-3
    # Blinks keep their edges.
    np.testing.assert_allclose(steady.flame[:, 50].max(), truth[:, 50].max(), atol=0.15)
    assert pixels.shape == (FRAMES, 468, 3)


def test_the_pose_is_flames_own(head: Head) -> None:
    """A program that knows FLAME alone puts the mesh where the face is."""
    face, _, pixels = synthetic(head, noise=0.0)
    fit = fit_head(head, face, raw=True)
    size = (1280, 720)
    turn, moved = fit.global_pose(size)
    own = head.landmarks.shaped(fit.shape)
    flame = fit.flame
    vector = Rotation.from_matrix(turn).as_rotvec()
    metres = own.vertices(
        flame[:, :50], eyelids=flame[:, 50:52], jaw=flame[:, 52:], rotation=vector
    )
    scale = fit.pose.scale / fit.scale
    shown = (metres + moved[:, None])[..., :2] * scale[:, None, None] * [1, -1]
    shown += (np.array(size) - 1) / 2
    miss = np.linalg.norm(shown - pixels[..., :2], axis=2)
    # The person's shape is found to about a millimetre, which is a pixel here.
    assert np.median(miss) < 0.01 * WIDTH


def test_frames_without_a_face_are_left_alone(head: Head) -> None:
    face, _, _ = synthetic(head, noise=0.0)
    whole = fit_head(head, face, raw=True)
    gaps = face.curves.valid.copy()
    gaps[40:60] = False
    landmarks = face.landmarks.copy()
    landmarks[40:60] = np.nan
    curves = dataclasses.replace(face.curves, valid=gaps)
    holed = fit_head(head, dataclasses.replace(face, landmarks=landmarks, curves=curves), raw=True)
    assert not holed.flame[40:60].any()
    assert np.isnan(holed.error[40:60]).all()
    np.testing.assert_allclose(holed.flame[gaps], whole.flame[gaps], atol=1e-3)
    nobody = dataclasses.replace(curves, valid=np.zeros(FRAMES, dtype=np.bool_))
    empty = fit_head(head, dataclasses.replace(face, curves=nobody))
    assert not empty.flame.any()


def test_the_same_bytes_twice(head: Head) -> None:
    face, _, _ = synthetic(head, noise=0.5)
    one, two = fit_head(head, face), fit_head(head, face)
    assert one.flame.tobytes() == two.flame.tobytes()
    assert one.shape.tobytes() == two.shape.tobytes()


def test_bounds_hold_and_the_rest_makes_up_for_them() -> None:
    random = np.random.default_rng(0)
    design = random.normal(size=(40, 6))
    normal, target = design.T @ design, random.normal(size=(30, 6))
    low, high = np.full((30, 6), -0.02), np.full((30, 6), 0.02)
    low[:, :5], high[:, :5] = -np.inf, np.inf
    right = target @ normal
    many = np.broadcast_to(normal, (30, 6, 6)).copy()
    found = _within(many, right, target, low, high)
    assert (found >= low - 1e-6).all()
    assert (found <= high + 1e-6).all()
    for row, asked in zip(found, target, strict=True):
        exact = lsq_linear(design, design @ asked, bounds=(low[0], high[0])).x
        np.testing.assert_allclose(row, exact, atol=1e-3)


@pytest.mark.slow
@pytest.mark.shared
def test_a_real_face_is_followed(head: Head, clip: Callable[[str], Path]) -> None:
    shot = mien.track(clip("vretalk_4.mp4"), progress=False)
    face = shot.faces[0]
    fit = fit_head(head, face, cuts=shot.cuts)
    # 0.3 % of the face's width when written: the head is made, the face is not.
    assert np.nanmedian(fit.error) < 0.006
    flame, valid = fit.flame[face.valid], face.curves.flame[face.valid]
    assert (flame[:, 50:52] >= 0).all()
    assert (flame[:, 50:52] <= 1).all()
    assert np.abs(flame[:, :50]).max() < 6
    # Jaw and lids mean the same in every basis, and move together in both.
    for column, least in ((50, 0.6), (51, 0.6), (52, 0.7)):
        assert np.corrcoef(flame[:, column], valid[:, column])[0, 1] > least
    raw = fit_head(head, face, cuts=shot.cuts, raw=True)
    rough = [np.abs(np.diff(one.flame[:, :50], n=3, axis=0)).mean() for one in (raw, fit)]
    assert rough[1] < 0.75 * rough[0]
