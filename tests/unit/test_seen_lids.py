"""Brows that a tracker lifts with shut lids are read as brows that stay."""

from __future__ import annotations

import numpy as np
import pytest

from mien.face.rig import PersonalRig, load_rig
from mien.face.seen_lids import RISE, brow_rises, without_rises
from mien.face.solve import solve_face
from mien.model.controls import INDEX, NAMES
from mien.timebase import Clock
from tests.unit.test_solve import FRAMES, RATE, Puppet

BROWS = [INDEX[name] for name in NAMES if name.startswith("brow")]
LIDS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
SHUT = slice(41, 43)
OPEN = [36, 37, 47, 48]


def test_brows_rise_and_lids_do_not() -> None:
    rig = load_rig()
    rises = brow_rises(rig.mean, rig.groups)
    both = rises["left"] + rises["right"]
    brows = np.concatenate([rig.groups["left_brow"], rig.groups["right_brow"]])
    assert np.median(both[brows]) == pytest.approx(RISE, rel=0.2)
    assert both.max() <= RISE * 1.0001
    for name in ("left_eye_upper", "right_eye_lower", "lips_outer_upper", "oval"):
        assert not both[rig.groups[name]].any(), name
    assert rises["left"][rig.groups["left_brow"]].min() > 0.5 * RISE
    assert rises["right"][rig.groups["left_brow"]].max() < 0.5 * RISE
    mirrored = rises["left"][rig.mirror[: len(both)]]
    assert np.abs(mirrored - rises["right"]).max() < 0.01 * RISE


def test_an_edit_that_shuts_lids_moves_no_brow_by_it() -> None:
    personal = PersonalRig(load_rig(), load_rig().mean)
    shut = np.zeros(len(NAMES), np.float32)
    shut[LIDS] = 1
    moved = personal.displacement(np.zeros_like(shut), shut)
    assert not moved[load_rig().groups["left_brow"]].any()
    # Exported shapes are what the skin does, too.
    assert not personal.fields[LIDS][:, load_rig().groups["left_brow"]].any()


@pytest.mark.parametrize("raised", [0.0, 0.5])
def test_brows_stay_through_a_blink(raised: float) -> None:
    puppet = Puppet(load_rig())
    personal = load_rig().personal(puppet.identity)
    # What brows do besides stays what it is; the puppet's own blink is in frames 40 to 44.
    puppet.controls[:, BROWS] = 0
    puppet.controls[:, INDEX["browOuterUpLeft"]] = raised
    puppet.controls[:, INDEX["browOuterUpRight"]] = raised
    points = puppet.clean.copy()
    for frame in range(FRAMES):
        shape = np.concatenate(
            [personal.shape(puppet.controls[frame]), puppet._irises(load_rig(), frame)]
        )
        points[frame] = 14 * shape * [1, -1, -1] + [320, 240, 0]
    track = type(puppet.track)(1, points.astype(np.float32), puppet.track.confidence)
    face = solve_face(track, Clock(RATE, FRAMES), identity=puppet.identity)
    brows = face.raw.controls.array[:, BROWS]
    assert np.abs(brows[SHUT].mean(axis=0) - brows[OPEN].mean(axis=0)).max() < 0.06
    assert face.raw.controls.array[SHUT][:, LIDS].min() > 0.8
    outer = [INDEX["browOuterUpLeft"], INDEX["browOuterUpRight"]]
    assert face.raw.controls.array[SHUT][:, outer].mean() == pytest.approx(raised, abs=0.05)


def test_no_habit_is_learned_of_it() -> None:
    """Of curves of an earlier solver, which raise the brows instead, brows would sink."""
    rig = load_rig()
    rises = np.stack([brow_rises(rig.mean, rig.groups)[side] for side in ("left", "right")])
    rng = np.random.default_rng(3)
    blinks = np.array([[0, 0], [1, 1], [0.5, 0], [1, 1]], dtype=np.float32)
    other = np.zeros((4, 468, 2), np.float32)
    other[..., 0] = rng.normal(0, 0.05, (4, 468))
    sunk = other.copy()
    sunk[..., 1] -= blinks @ rises
    assert np.abs(without_rises(sunk, blinks, rises) - other).max() < 0.02
    # Whoever moves brows much with a blink, or without one, goes on to do so.
    much = other.copy()
    much[[0, 3], :, 1] += 3 * rises.sum(axis=0)
    kept = without_rises(much, blinks, rises)
    assert np.array_equal(kept[0], much[0])
    assert kept[3, :, 1].max() > 0.6 * much[3, :, 1].max()
