"""How small and large lips are held to be, and that skin never folds over itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien._types import FloatArray
from mien.face.rig import load_rig
from mien.model.landmarks import SKIN
from mien.model.media import Orientation
from mien.rendering.geometry.motion import FaceDeformer, FaceMotion
from mien.rendering.geometry.mouth_size import mouth_size_held
from mien.rendering.geometry.spread import lip_spread
from mien.rendering.geometry.topology import EYES, LIPS
from mien.rendering.geometry.unfold import facing_sign, unfolded
from mien.testing.scenes import Scene, Spot

FIRST, LAST, UPPER, LOWER = LIPS.upper[0], LIPS.upper[-1], LIPS.upper[5], LIPS.lower[5]


UPRIGHT = Orientation(640, 360)
TURNED = Orientation(640, 360, quarter_turns=1)
MIRRORED = Orientation(640, 360, mirrored=True)


def neutral(orientation: Orientation = UPRIGHT, yaw: float = 0.0) -> FaceMotion:
    """A face at rest."""
    scene = Scene(orientation, spots=[Spot(height=200, yaw=yaw)])
    face = scene.faces[0]
    plan = scene.plan(0)
    deformer = FaceDeformer(face, scene.orientation)
    return deformer.motion_at(0, plan.evaluated.source[0], plan.evaluated.target[0])


def pulled(motion: FaceMotion, narrower: float, opened: float) -> FloatArray:
    """Motion of the skin whose lips go so many parts of the mouth's width inwards and down."""
    points = motion.source[:SKIN]
    width = float(np.linalg.norm(motion.seam[-1] - motion.seam[0]))
    push = np.zeros((len(LIPS.upper) + len(LIPS.lower), 2), dtype=np.float32)
    inwards = np.linspace(0.5, -0.5, len(LIPS.upper)) * narrower * width
    push[:, :] = np.tile(inwards, 2)[:, None] * motion.mouth_axes.along
    round_ = np.sin(np.linspace(0, np.pi, len(LIPS.lower))) * opened * width
    push[len(LIPS.upper) :] += round_[:, None] * motion.mouth_axes.down
    moved = lip_spread() @ push
    assert moved.shape == points.shape
    return np.asarray(moved, dtype=np.float32)


def size(motion: FaceMotion, moves: FloatArray) -> tuple[float, float]:
    """Width of the mouth over the neutral one's, and its height over its width."""
    at = motion.source[:SKIN] + moves
    width = float((at[LAST] - at[FIRST]) @ motion.mouth_axes.along)
    height = float((at[LOWER] - at[UPPER]) @ motion.mouth_axes.down)
    return width / float(np.linalg.norm(motion.seam[-1] - motion.seam[0])), height / width


def held(motion: FaceMotion, moves: FloatArray) -> FloatArray:
    """How lips that go too far move back."""
    return held_from(motion, motion.source[:SKIN], moves)


def held_from(motion: FaceMotion, points: FloatArray, moves: FloatArray) -> FloatArray:
    """The same of a mouth that was filmed with other landmarks."""
    return mouth_size_held(
        points, moves, motion.seam, motion.px_per_cm, motion.mouth_width, lip_spread()
    )


@pytest.mark.parametrize(("narrower", "opened"), [(0.2, 0.0), (-0.2, 0.1), (0.1, 0.5)])
def test_what_people_do_is_left_as_it_is(narrower: float, opened: float) -> None:
    motion = neutral()
    assert np.abs(held(motion, pulled(motion, narrower, opened))).max() < 1e-3


@given(st.floats(-1.5, 1.5), st.floats(0, 3), st.sampled_from([UPRIGHT, TURNED, MIRRORED]))
@settings(max_examples=60)
def test_no_mouth_is_narrower_wider_or_longer_than_any_that_was_filmed(
    narrower: float, opened: float, orientation: Orientation
) -> None:
    motion = neutral(orientation)
    moves = pulled(motion, narrower, opened)
    width, length = size(motion, moves + held(motion, moves))
    assert 0.47 < width < 1.45
    assert length < 1.3


def test_more_that_is_asked_for_is_never_less_that_is_done() -> None:
    motion = neutral()
    widths, lengths = [], []
    for amount in np.linspace(0, 1.5, 16):
        moves = pulled(motion, float(amount), 0.0)
        widths.append(size(motion, moves + held(motion, moves))[0])
        moves = pulled(motion, 0.0, float(amount))
        lengths.append(size(motion, moves + held(motion, moves))[1])
    assert (np.diff(widths) < 1e-4).all()
    assert (np.diff(lengths) > -1e-4).all()


def test_a_mouth_that_was_filmed_smaller_may_stay_so() -> None:
    """It is neither opened nor widened by something else that is asked for."""
    motion = neutral()
    small = motion.source[:SKIN] + pulled(motion, 0.8, 0.0)
    still = np.zeros_like(small)
    assert not held_from(motion, small, still).any()
    further = pulled(motion, 0.1, 0.0)
    back = held_from(motion, small, further)
    both = np.asarray([FIRST, LAST])
    assert np.allclose((further + back)[both], 0, atol=0.5)


def areas(motion: FaceMotion, points: FloatArray) -> FloatArray:
    """Twice the areas of what of the skin faces us, over what they are in the plate."""
    triangles = np.asarray(load_rig().triangles)
    edges = [*LIPS.rim, *(vertex for eye in EYES.values() for vertex in eye.rim)]
    triangles = triangles[~np.isin(triangles, edges).any(axis=1)]

    def of(at: FloatArray) -> FloatArray:
        a, b, c = at[triangles].transpose(1, 2, 0)
        return np.asarray((b - a)[0] * (c - a)[1] - (b - a)[1] * (c - a)[0])

    before, after = of(motion.source[:SKIN]), of(points)
    seen = np.abs(before) > 0.1 * np.median(np.abs(before))
    return np.asarray(after[seen] / before[seen])


@pytest.mark.parametrize("landmark", [17, 18, 52, 205])
@pytest.mark.parametrize("way", [(0, 1), (1, 0), (-1, 1)])
def test_a_landmark_that_overtakes_its_neighbours_takes_them_along(
    landmark: int, way: tuple[int, int]
) -> None:
    motion = neutral()
    moves = np.zeros((SKIN, 2), dtype=np.float32)
    moves[landmark] = np.asarray(way) * 1.6 * motion.px_per_cm
    was = areas(motion, motion.source[:SKIN] + moves)
    assert was.min() < 0
    now = areas(motion, motion.source[:SKIN] + unfolded(motion.source, moves, facing_sign(UPRIGHT)))
    assert now.min() > 0
    assert (now < 0.1).sum() <= 1


def test_skin_that_is_not_folded_moves_as_it_is_asked_to() -> None:
    motion = neutral()
    for amount in (0.0, 0.1, 0.2):
        moves = pulled(motion, amount, amount)
        assert np.array_equal(unfolded(motion.source, moves, facing_sign(UPRIGHT)), moves)


def test_lips_that_meet_are_not_drawn_apart() -> None:
    motion = neutral()
    moves = pulled(motion, 0.9, 0.0)
    moves[list(LIPS.lower)] -= 0.3 * motion.px_per_cm * motion.mouth_axes.down
    rim = list(LIPS.rim)
    put = unfolded(motion.source, moves, facing_sign(UPRIGHT))
    assert np.abs(put - moves).max() > 0.1 * motion.px_per_cm
    assert np.allclose(put[rim], moves[rim], atol=1e-4)


@pytest.mark.parametrize("yaw", [35.0, 60.0, 80.0])
def test_a_turned_head_opens_its_mouth_as_far(yaw: float) -> None:
    """A turn makes a mouth shorter in the picture, and no opening smaller."""
    motion = neutral(yaw=yaw)
    width = motion.mouth_width * motion.px_per_cm
    moves = np.zeros((SKIN, 2), dtype=np.float32)
    push = np.zeros(len(LIPS.upper) + len(LIPS.lower), dtype=np.float32)
    push[len(LIPS.upper) :] = 0.8 * width * np.sin(np.linspace(0, np.pi, len(LIPS.lower)))
    moves += (lip_spread() @ push)[:, None].astype(np.float32) * motion.mouth_axes.down
    assert np.abs(held(motion, moves)).max() < 0.02 * width


@pytest.mark.parametrize("orientation", [UPRIGHT, TURNED, MIRRORED])
@pytest.mark.parametrize("yaw", [-60.0, 0.0, 30.0])
def test_what_is_seen_of_skin_is_told_in_any_picture(orientation: Orientation, yaw: float) -> None:
    motion = neutral(orientation, yaw)
    still = np.zeros((SKIN, 2), dtype=np.float32)
    sign = facing_sign(orientation)
    assert np.array_equal(unfolded(motion.source, still, sign), still)
    moves = still.copy()
    moves[18] = -1.2 * motion.px_per_cm * motion.mouth_axes.down
    put = unfolded(motion.source, moves, sign) - moves
    assert np.abs(put).max() > 0.1 * motion.px_per_cm
    # Told the other way round, only what is turned away would be looked at.
    wrong = unfolded(motion.source, moves, -sign) - moves
    assert np.abs(wrong[18]).max() < 0.1 * np.abs(put[18]).max()


def test_folds_are_put_right_little_by_little() -> None:
    """What is a little more folded is put right a little more, and nothing is thrown far."""
    motion = neutral()
    sign, before = facing_sign(UPRIGHT), None
    for amount in np.linspace(0, 1, 61):
        moves = pulled(motion, float(amount), 0.6 * float(amount))
        moves[[17, 84, 314]] += 0.8 * amount * motion.px_per_cm * motion.mouth_axes.down
        now = unfolded(motion.source, moves, sign) - moves
        assert np.abs(now).max() < 2.5 * motion.px_per_cm
        if before is not None:
            assert np.abs(now - before).max() < 0.15 * motion.px_per_cm
        before = now
