"""What is seen of an edit, and the gains that follow from it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien._types import FloatArray
from mien.face.achieved import CORRECTED, SEEN, edit_motion, seen_amounts
from mien.face.amounts import HALF, MOST
from mien.face.deform import personal_rig
from mien.model.controls import INDEX, NAMES, sides
from mien.model.evaluate import Evaluated
from mien.pipeline.closed_loop import with_gains
from mien.pipeline.gains_cache import GainsCache
from mien.rendering.base import FacePlan
from mien.testing.scenes import Scene

FACE = Scene().faces[0]
RIG = personal_rig(FACE)


def delta(**weights: float) -> FloatArray:
    values = np.zeros(len(NAMES), dtype=np.float32)
    for name, weight in weights.items():
        values[[INDEX[side] for side in sides(name) or ()]] = weight
    return values


def plan(**weights: float) -> FacePlan:
    source = FACE.curves.controls.array
    return FacePlan(FACE, Evaluated(source, np.tile(delta(**weights), (len(source), 1))))


def shown(part: float, **weights: float) -> FloatArray:
    """Landmarks of frame 0 when so much is seen of each control as usually, times `part`."""
    motion = edit_motion(FACE, 0, delta(**weights))
    points: FloatArray = FACE.landmarks[0].copy()
    points[:468, :2] += part * motion.motions.sum(axis=0) + motion.rest
    return points


@given(
    st.floats(0.3, 1.8), st.sampled_from(sorted(SEEN)), st.floats(0.2, 1.0), st.floats(-20, 20),
    st.floats(0.99, 1.01),
)  # fmt: skip
def test_what_is_seen_is_told_whatever_the_head_does(
    part: float, name: str, weight: float, shift: float, growth: float
) -> None:
    before = FACE.landmarks[0]
    after = shown(part, **{name: weight})
    after[:, :2] = (after[:, :2] - before[:, :2].mean(axis=0)) * growth + shift
    after[:, :2] += before[:, :2].mean(axis=0)
    seen = seen_amounts([edit_motion(FACE, 0, delta(**{name: weight}))], [before], [after])
    amount, reach = seen[name]
    # A little is believed beforehand.
    assert amount == pytest.approx(part, abs=0.06 + 0.06 * abs(1 - part))
    assert reach > 0


def test_controls_that_move_together_are_told_apart() -> None:
    asked = {"mouthSmile": 0.5, "browDown": 0.6, "mouthPress": 0.4, "jawOpen": -0.1}
    motion = edit_motion(FACE, 0, delta(**asked))
    assert set(motion.names) == {"mouthSmile", "browDown", "mouthPress"}
    parts = {"mouthSmile": 0.7, "browDown": 1.3, "mouthPress": 1.0}
    after = FACE.landmarks[0].copy()
    after[:468, :2] += motion.rest
    for name, one in zip(motion.names, motion.motions, strict=True):
        after[:468, :2] += parts[name] * one
    seen = seen_amounts([motion], [FACE.landmarks[0]], [after])
    assert {name: round(amount, 1) for name, (amount, _) in seen.items()} == parts


def test_nothing_is_seen_where_nothing_is_added() -> None:
    assert seen_amounts([], [], []) == {}
    motion = edit_motion(FACE, 0, delta(mouthSmile=-0.4))
    assert motion.names == ()
    assert seen_amounts([motion], [FACE.landmarks[0]], [FACE.landmarks[0]]) == {}


def test_amounts_are_what_the_tables_say() -> None:
    assert set(HALF) == set(MOST)
    for name, most in MOST.items():
        columns = [INDEX[side] for side in sides(name) or ()]
        for weight, moved in ((0.5, HALF[name]), (1.0, most)):
            assert RIG.moved(delta(**{name: weight}))[columns] == pytest.approx(moved, rel=1e-5)


@given(st.sampled_from(sorted(MOST)), st.floats(0, 1.5))
def test_how_far_skin_moves_can_be_turned_back(name: str, weight: float) -> None:
    there = RIG.added(RIG.moved(delta(**{name: weight})))
    assert there == pytest.approx(delta(**{name: weight}), abs=0.01)


@given(st.sampled_from(sorted(SEEN)), st.floats(0.05, 1.0), st.floats(0.8, 1.35))
def test_a_gain_moves_the_skin_so_many_times_as_far(name: str, weight: float, gain: float) -> None:
    columns = list(CORRECTED[name])
    open_plan = plan(**{name: weight})
    closed = with_gains(open_plan, {name: gain}).evaluated.delta
    before, after = (RIG.moved(one)[0, columns] for one in (open_plan.evaluated.delta, closed))
    most = RIG.moved(delta(**{name: 1.0}))[columns]
    wanted = np.minimum(before * gain, np.maximum(before, 1.1 * most))
    assert after == pytest.approx(wanted, rel=0.02)
    others = np.setdiff1d(np.arange(len(NAMES)), columns)
    assert np.array_equal(closed[:, others], open_plan.evaluated.delta[:, others])


def test_gains_leave_alone_what_is_taken_away_and_what_they_do_not_name() -> None:
    for asked, gains in (
        ({"mouthSmile": -0.5}, {"mouthSmile": 1.3}),
        ({"mouthSmile": 0.5}, {"browDown": 1.3}),
        ({"mouthSmile": 0.5}, {"mouthSmile": 1.0}),
        ({"mouthSmile": 0.5}, {}),
        ({"mouthSmile": 0.5}, {"gazeYaw": 1.3}),
    ):
        open_plan = plan(**asked)
        assert with_gains(open_plan, gains) is open_plan


def test_gains_are_kept_and_damage_is_nothing_known(tmp_path: Path) -> None:
    cache = GainsCache(tmp_path / "gains")
    assert cache.load("face", "edit") is None
    assert cache.last("face") == {}
    cache.store("face", "edit", {"mouthSmile": 1.25})
    cache.store("face", "other", {"browDown": 0.875})
    assert GainsCache(tmp_path / "gains").load("face", "edit") == {"mouthSmile": 1.25}
    assert cache.last("face") == {"mouthSmile": 1.25, "browDown": 0.875}
    assert cache.load("another", "edit") is None
    cache.store("face", "as usual", {}, ["mouthSmile", "jawOpen"])
    assert cache.last("face") == {"browDown": 0.875}
    for number in range(40):
        cache.store("face", f"edit {number}", {})
    assert cache.load("face", "edit") is None
    assert cache.load("face", "edit 39") == {}
    (path,) = (tmp_path / "gains").iterdir()
    for text in (
        "", "[]", "{", "null", json.dumps({"edits": [], "last": {}}), "[" * 5000,
        json.dumps({"edits": {"edit": {"mouthSmile": 99.0}}, "last": {"mouthSmile": "much"}}),
        json.dumps({"edits": {"edit": {"mouthSmile": True}}, "last": 3}),
    ):  # fmt: skip
        path.write_text(text)
        assert cache.load("face", "edit") is None, text
        assert cache.last("face") == {}, text
        cache.store("face", "edit", {"jawOpen": 1.125})
        assert cache.load("face", "edit") == {"jawOpen": 1.125}
    assert cache.clear() > 0
    assert cache.entries() == []


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "gains").write_text("a file is in the way")
    cache = GainsCache(tmp_path / "gains")
    cache.store("face", "edit", {"jawOpen": 1.125})
    assert cache.load("face", "edit") is None
