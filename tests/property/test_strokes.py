"""Strokes on a matte: they lie where they were painted, and go where the head goes."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien._types import FloatArray
from mien.errors import UsageError
from mien.media.orient import to_upright
from mien.model.curves import HeadPose
from mien.model.face import Face
from mien.model.media import Orientation
from mien.model.occlusion import MatteStroke
from mien.rendering.occlusion.strokes import (
    MatteCorrections,
    moved_points,
    stroke_coverage,
    stroke_matte,
)
from mien.rendering.scaled import ScaledShot
from mien.testing.scenes import Scene
from mien.timebase import FrameRange
from tests.profiles import examples

SIZE = (320, 260)
SCENE = Scene()
FACE = SCENE.faces[0]
SPAN = FrameRange(0, SCENE.frames)

points = st.lists(st.tuples(st.floats(60, 260), st.floats(40, 220)), min_size=1, max_size=5).map(
    tuple
)
strokes = st.builds(
    MatteStroke, st.just(1), st.just(0), st.just(SPAN), points, st.floats(1, 30), st.booleans()
)


def turned(degrees: tuple[float, float, float]) -> FloatArray:
    """A rotation by yaw, pitch and roll."""
    x, y, z = np.radians(degrees)
    about_y = np.array([[np.cos(x), 0, np.sin(x)], [0, 1, 0], [-np.sin(x), 0, np.cos(x)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(y), -np.sin(y)], [0, np.sin(y), np.cos(y)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return np.asarray(about_y @ about_x @ about_z, dtype=np.float32)


def posed(rotation: FloatArray, scale: float = 1.0, shift: tuple[float, float] = (0, 0)) -> Face:
    """The scene's face, whose head has another pose in every frame but the first."""
    pose = FACE.curves.pose
    scales, rotations, places = pose.scale.copy(), pose.rotation.copy(), pose.translation.copy()
    scales[1:] *= scale
    rotations[1:] = rotation
    places[1:] += np.array(shift, np.float32)
    curves = dataclasses.replace(FACE.curves, pose=HeadPose(scales, rotations, places))
    return dataclasses.replace(FACE, curves=curves)


@given(strokes)
@examples(60)
def test_a_stroke_lies_within_its_width_and_covers_its_line(stroke: MatteStroke) -> None:
    drawn = stroke_coverage(stroke, FACE, 0, Orientation(*SIZE))
    assert drawn is not None
    box, coverage = drawn
    assert coverage.dtype == np.float32
    assert coverage.min() >= 0
    assert coverage.max() <= 1
    whole = stroke_matte(stroke, FACE, 0, SIZE)
    assert np.array_equal(whole[box.y0 : box.y1, box.x0 : box.x1], coverage)
    line = np.array(stroke.points)
    dense = np.concatenate([np.linspace(a, b, 200) for a, b in zip(line, [*line[1:], line[-1]],
                                                                   strict=True)])  # fmt: skip
    rows, columns = np.nonzero(whole > 0)
    for row, column in list(zip(rows, columns, strict=True))[::37]:
        nearest = np.hypot(dense[:, 0] - column, dense[:, 1] - row).min()
        assert nearest < stroke.radius + 1.5
    if stroke.radius > 2:
        at = np.round(line).astype(int)
        assert (whole[at[:, 1], at[:, 0]] == 1).all()


@given(strokes, st.floats(-30, 30), st.floats(-30, 30), st.floats(-50, 50), st.floats(0.6, 1.6))
@examples(60)
def test_a_head_that_moves_in_the_picture_takes_strokes_along(
    stroke: MatteStroke, dx: float, dy: float, roll: float, scale: float
) -> None:
    """Without turns out of the picture the way is a similarity about the head's place."""
    face = posed(turned((0, 0, roll)), scale, (dx, dy))
    line = np.array(stroke.points)
    there, grown = moved_points(line, face, 0, 2)
    assert grown == pytest.approx(scale, rel=1e-5)
    origin = FACE.curves.pose.translation[0]
    angle = np.radians(-roll)  # y is up on the head, down in the picture
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    wanted = origin + (dx, dy) + scale * (line - origin) @ turn.T
    np.testing.assert_allclose(there, wanted, atol=1e-2)


@given(points, st.floats(-35, 35), st.floats(-25, 25))
@examples(60)
def test_points_on_a_face_stay_on_it_when_it_turns(
    where: tuple[tuple[float, float], ...], yaw: float, pitch: float
) -> None:
    """Painted on landmarks, they are found near those landmarks."""
    face = posed(turned((yaw, pitch, 0)))
    pose = face.curves.pose
    # The middle of the face: there its depth changes slowly.
    shown = pose.project(0, face.identity)
    near = np.argsort(((shown - pose.translation[0]) ** 2).sum(axis=1))
    chosen = [near[int(abs(x * 7 + y)) % 60] for x, y in where]
    front = [i for i in chosen if face.identity[i, 2] > np.median(face.identity[:, 2])]
    if not front:
        return
    there, _ = moved_points(shown[front].astype(np.float64), face, 0, 3)
    wanted = pose.project(3, face.identity)[front]
    height = float(np.ptp(shown[:, 1]))
    assert np.abs(there - wanted).max() < 0.06 * height


@given(strokes, st.integers(0, 3), st.sampled_from([Fraction(1), Fraction(4, 3), Fraction(2)]))
@examples(60)
def test_stored_pictures_show_what_upright_ones_do(
    stroke: MatteStroke, turns: int, aspect: Fraction
) -> None:
    size = (240, 260) if turns % 2 == 0 else (195, 320)
    orientation = Orientation(*size, turns, aspect)
    drawn = stroke_coverage(stroke, FACE, 0, orientation)
    if drawn is None:
        return
    box, coverage = drawn
    line = np.array(stroke.points)
    dense = np.concatenate([np.linspace(a, b, 300) for a, b in zip(line, [*line[1:], line[-1]],
                                                                   strict=True)])  # fmt: skip
    y, x = np.mgrid[box.y0 : box.y1, box.x0 : box.x1]
    upright = to_upright(orientation, np.stack([x, y], axis=-1)).reshape(-1, 2)[::53]
    far = np.hypot(*(upright[:, None] - dense[None]).transpose(2, 0, 1)).min(axis=1)
    found = coverage.reshape(-1)[::53]
    assert (found[far > stroke.radius + 1.2] == 0).all()
    assert (found[far < stroke.radius - 1.2] == 1).all()


@given(st.lists(strokes, min_size=1, max_size=4), st.integers(0, 3))
@examples(60)
def test_strokes_lie_on_each_other_in_order(painted: list[MatteStroke], frame: int) -> None:
    orientation = Orientation(*SIZE)
    rng = np.random.default_rng(3)
    found = rng.random((SIZE[1], SIZE[0]), dtype=np.float32)
    kept = found.copy()
    matte = MatteCorrections(painted, orientation).apply(found, FACE, frame)
    assert matte is not None
    assert np.array_equal(found, kept)
    last = stroke_matte(painted[-1], FACE, frame, SIZE)
    assert (matte[last == 1] == (0 if painted[-1].erase else 1)).all()
    untouched = np.ones(found.shape, bool)
    for stroke in painted:
        untouched &= stroke_matte(stroke, FACE, frame, SIZE) == 0
    assert np.array_equal(matte[untouched], found[untouched])
    # Another face's matte is not touched, and neither are frames that a stroke is not for.
    other = dataclasses.replace(FACE, number=2)
    assert MatteCorrections(painted, orientation).apply(found, other, frame) is found
    later = [dataclasses.replace(one, span=FrameRange(0, 1)) for one in painted]
    assert MatteCorrections(later, orientation).apply(found, FACE, 2) is found


def test_an_eraser_alone_finds_nothing_to_erase() -> None:
    eraser = MatteStroke(1, 0, SPAN, ((100, 100),), 5, erase=True)
    corrections = MatteCorrections([eraser], Orientation(*SIZE))
    assert corrections
    assert corrections.apply(None, FACE, 0) is None
    assert not MatteCorrections([], Orientation(*SIZE))


def test_a_dab_is_a_disc_with_a_soft_edge() -> None:
    matte = stroke_matte(MatteStroke(1, 0, SPAN, ((100.0, 90.0),), 10.0), FACE, 1, SIZE)
    assert matte.sum() == pytest.approx(np.pi * 100, rel=0.01)
    assert np.array_equal(matte[80:101, 90:111], matte[80:101, 90:111].T)
    row = matte[90]
    assert (row[109], row[110], row[111]) == (1, 0.5, 0)


def test_strokes_far_outside_the_picture_are_nothing() -> None:
    far = MatteStroke(1, 0, SPAN, ((9e5, -9e5),), 5)
    assert stroke_coverage(far, FACE, 0, Orientation(*SIZE)) is None
    assert MatteCorrections([far], Orientation(*SIZE)).apply(None, FACE, 0) is None
    huge = MatteStroke(1, 0, SPAN, ((100, 100),), 1e6)
    assert (stroke_matte(huge, FACE, 0, SIZE) == 1).all()
    with pytest.raises(UsageError, match="numbers"):
        MatteStroke(1, 0, SPAN, ((float("nan"), 0),), 5)
    with pytest.raises(UsageError, match="far outside"):
        MatteStroke(1, 0, SPAN, ((10, 10), (1e39, 10)), 5)
    with pytest.raises(UsageError, match="30000 points"):
        MatteStroke(1, 0, SPAN, ((10.0, 10.0),) * 30_000, 5)


def test_where_the_head_is_not_known_a_stroke_stays() -> None:
    face = posed(turned((0, 0, 0)), 1, (50, 0))
    valid = face.curves.valid.copy()
    valid[2] = False
    lost = dataclasses.replace(face, curves=dataclasses.replace(face.curves, valid=valid))
    line = np.array([[100.0, 90.0]])
    assert np.array_equal(moved_points(line, lost, 0, 2)[0], line)
    assert not np.array_equal(moved_points(line, lost, 0, 1)[0], line)


@pytest.mark.parametrize("scale", [0.5, 1.5])
def test_small_pictures_show_them_too(scale: float) -> None:
    stroke = MatteStroke(1, 0, SPAN, ((150.0, 120.0), (200.0, 140.0)), 9.0)
    scaled = ScaledShot(SCENE.shot, scale)
    small = scaled.shot.media.orientation
    found = MatteCorrections([stroke], small, scale).apply(None, scaled.face(FACE), 2)
    assert found is not None
    whole = stroke_matte(stroke, FACE, 2, SIZE)
    assert found.sum() == pytest.approx(scale**2 * whole.sum(), rel=0.02)
