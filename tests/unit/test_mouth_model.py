"""The model of a mouth's inside: what its parts go with, how it is lit, that it never breaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from mien._types import AnyArray, FloatArray
from mien.model.media import Orientation
from mien.rendering.geometry.motion import FaceDeformer, FaceMotion
from mien.rendering.geometry.mouth import Cavity
from mien.rendering.geometry.tone import luma
from mien.rendering.painting.mouth.anatomy import LOWER, UPPER, TeethRow, dental_arch
from mien.rendering.painting.mouth.colours import FaceColours
from mien.rendering.painting.mouth.lips import opening_depth
from mien.rendering.painting.mouth.model import paint_mouth
from mien.testing.scenes import Scene, Spot

SKIN = np.array([0.8, 0.6, 0.5], dtype=np.float32)
COLOURS = FaceColours.of(SKIN, SKIN * np.array([0.9, 0.6, 0.6], np.float32))
TEETH_CM = 0.22
SIZE = 200


UPRIGHT = Orientation(320, 260)


def moved(
    yaw: float = 0.0, height: float = 600.0, coded: Orientation = UPRIGHT, **asked: float
) -> FaceMotion:
    scene = Scene(coded, spots=[Spot(height=height, yaw=yaw)])
    plan = scene.plan(0, **asked)
    deformer = FaceDeformer(scene.faces[0], scene.orientation)
    return deformer.motion_at(0, plan.evaluated.source[0], plan.evaluated.target[0])


@dataclass
class Painted:
    """A mouth that was painted around the middle of its resting line."""

    cavity: Cavity
    u: FloatArray
    v: FloatArray
    rgb: FloatArray

    @classmethod
    def of(cls, motion: FaceMotion, colours: FaceColours = COLOURS, size: int = SIZE) -> Painted:
        cavity = Cavity.in_target(motion, TEETH_CM)
        line = np.arange(-size, size + 1, dtype=np.float32)
        u, v = np.meshgrid(line, line)
        return cls(cavity, u, v, paint_mouth(u, v, cavity, colours))

    @property
    def inside(self) -> AnyArray:
        """Which pixels lie between the lips."""
        return opening_depth(self.cavity.edges, self.u, self.v) > 1

    def column(self, centimetres: float = 0.15) -> tuple[AnyArray, AnyArray]:
        """Heights and brightness between the lips, down a tooth beside the middle."""
        x = SIZE + round(centimetres * self.cavity.px_per_cm)
        inside = self.inside[:, x]
        return self.v[inside, x], luma(self.rgb[inside, x])


def drop_of(motion: FaceMotion) -> float:
    """Pixels by which the lower front teeth lie lower than with the jaw closed."""
    return Cavity.in_target(motion, TEETH_CM).jaw * motion.px_per_cm


def edges_of(painted: Painted) -> tuple[float, float]:
    """Heights in the picture where the upper teeth end, and where the lower ones begin."""
    v, bright = painted.column()
    middle = len(bright) // 3 + int(np.argmin(bright[len(bright) // 3 : -len(bright) // 3]))
    upper, lower = (float(v[int(np.argmin(steps))]) for steps in (
        np.diff(bright[:middle]), np.concatenate([np.zeros(middle), -np.diff(bright[middle:])]),
    ))  # fmt: skip
    return upper, lower


def test_upper_teeth_stay_with_the_skull_and_lower_ones_go_with_the_jaw() -> None:
    motions = [moved(jawOpen=value, mouthUpperUp=0.3) for value in (0.4, 0.8)]
    painted = [Painted.of(motion) for motion in motions]
    (upper, lower), (upper_wide, lower_wide) = (edges_of(one) for one in painted)
    unit = motions[0].px_per_cm
    assert upper == pytest.approx(TEETH_CM * unit, abs=0.15 * unit)
    assert upper_wide == pytest.approx(upper, abs=1)
    dropped = drop_of(motions[1]) - drop_of(motions[0])
    assert dropped > 0.5 * unit
    assert lower_wide - lower > 0.85 * dropped
    # The lip that the jaw takes along covers most of them.
    for one, height in zip(painted, (lower, lower_wide), strict=True):
        lip = float(one.cavity.edges.at(np.zeros(1, np.float32))[1][0])
        assert 0.1 * unit < lip - height < 0.65 * unit


def test_the_lower_teeth_lean_with_the_jaw_and_slide_with_it() -> None:
    straight, aside = (moved(jawOpen=0.5, jawLeft=value) for value in (0.0, 0.5))
    across = (aside.jaw_after - straight.jaw_after)[0] * aside.px_per_cm
    assert across > 0.2 * aside.px_per_cm
    before, after = Painted.of(straight), Painted.of(aside)
    row = SIZE + round(drop_of(straight)) + round(0.35 * straight.px_per_cm)
    shown = [luma(painted.rgb)[row] for painted in (before, after)]
    shifts = np.arange(-60, 61)
    middle = slice(SIZE - 60, SIZE + 60)
    fits = [np.corrcoef(np.roll(shown[0], s)[middle], shown[1][middle])[0, 1] for s in shifts]
    assert shifts[int(np.argmax(fits))] == pytest.approx(across, abs=3)


@pytest.mark.parametrize("yaw", [0.0, 25.0, 50.0])
def test_a_mirrored_head_has_a_mirrored_mouth(yaw: float) -> None:
    one, other = (Painted.of(moved(turn, jawOpen=0.6, mouthSmile=0.4)) for turn in (yaw, -yaw))
    both = one.inside & other.inside[:, ::-1]
    assert both.mean() > 0.9 * one.inside.mean() > 0
    difference = np.abs(one.rgb - other.rgb[:, ::-1]).max(axis=2)[both]
    assert difference.mean() < 0.01
    assert np.quantile(difference, 0.98) < 0.1


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_it_is_the_same_however_the_picture_is_coded(turns: int, mirrored: bool) -> None:
    size = (260, 320) if turns % 2 else (320, 260)
    coded = Orientation(*size, quarter_turns=turns, mirrored=mirrored)
    upright, turned = (
        Painted.of(moved(20.0, 300.0, orientation, jawOpen=0.5, jawLeft=0.4), size=100)
        for orientation in (UPRIGHT, coded)
    )
    assert np.abs(upright.rgb - turned.rgb).mean() < 2e-3


def test_brightness_makes_no_step_as_the_jaw_drops() -> None:
    means = []
    for value in np.linspace(0.05, 1.0, 58):
        painted = Painted.of(moved(height=300, jawOpen=float(value)), size=100)
        means.append(luma(painted.rgb)[painted.inside].mean())
    # Behind barely parted lips there are teeth alone; then it gets darker, but never at once.
    assert means[-1] < means[0]
    assert np.abs(np.diff(np.log(means))).max() < 0.08
    assert np.abs(np.diff(np.log(means), 2)).max() < 0.04


def test_teeth_are_a_little_brighter_than_skin_and_less_red_and_darker_to_the_sides() -> None:
    """Those of ten people reach 1.1 to 1.4 times its brightness: see `bench_inside`."""
    painted = Painted.of(moved(jawOpen=0.25, mouthSmile=0.8, mouthUpperUp=0.2))
    cm = painted.cavity.px_per_cm
    teeth = painted.rgb[SIZE - round(0.2 * cm) : SIZE + round(0.1 * cm)]
    front = teeth[:, SIZE + round(0.2 * cm) : SIZE + round(0.6 * cm)].mean(axis=(0, 1))
    canine = teeth[:, SIZE + round(1.6 * cm) : SIZE + round(1.8 * cm)].mean(axis=(0, 1))
    assert 1.0 < luma(front) / luma(SKIN) < 1.3
    assert front[0] / front[2] < 0.9 * SKIN[0] / SKIN[2]
    assert luma(canine) < 0.92 * luma(front)


def test_teeth_are_darker_right_below_the_lip() -> None:
    painted = Painted.of(moved(jawOpen=0.25, mouthSmile=0.8, mouthUpperUp=0.2))
    _, bright = painted.column(0.4)
    teeth = bright[: len(bright) // 2]
    assert teeth[1] < 0.75 * teeth.max()
    assert (np.diff(teeth[: int(np.argmax(teeth))]) >= -0.01).all()


def test_no_tooth_and_no_tongue_is_whiter_than_paper_on_a_bright_face() -> None:
    bright = np.full(3, 0.95, dtype=np.float32)
    for motion in (moved(jawOpen=0.3, mouthUpperUp=0.5), moved(jawOpen=1.0, mouthLowerDown=0.5)):
        painted = Painted.of(motion, FaceColours.of(bright, bright))
        assert painted.rgb.max() <= 1.01


def test_light_falls_off_into_the_mouth() -> None:
    painted = Painted.of(moved(jawOpen=0.9))
    v, bright = painted.column(0.0)
    upper, lower = edges_of(painted)
    dark = bright[(v > upper + 6) & (v < lower - 6)]
    assert 0.05 < dark.min() / luma(SKIN) < 0.5 * bright.max() / luma(SKIN)
    assert dark[-1] > 1.2 * dark.min(), "the tongue comes out of the dark"
    dim = Painted.of(moved(jawOpen=0.9), FaceColours.of(SKIN / 4, SKIN / 4))
    assert dim.rgb.max() < 0.3


def test_the_brighter_side_of_a_face_has_the_brighter_teeth() -> None:
    colours = FaceColours.of(SKIN, SKIN, sideways=0.4)
    painted = Painted.of(moved(jawOpen=0.4, mouthSmile=0.5), colours)
    bright = np.where(painted.inside, luma(painted.rgb), 0)
    assert bright[:, SIZE:].sum() > 1.15 * bright[:, : SIZE + 1].sum()


@pytest.mark.parametrize("height", [14.0, 40.0, 300.0])
@pytest.mark.parametrize("yaw", [-89.0, -65.0, 0.0, 65.0, 89.0])
@pytest.mark.parametrize("value", [-0.2, 0.0, 0.5, 1.5])
def test_it_is_finite_on_tiny_mouths_and_in_profile(
    height: float, yaw: float, value: float
) -> None:
    motion = moved(yaw, height, jawOpen=value, jawForward=0.5, mouthSmile=0.5)
    painted = Painted.of(motion, size=30)
    assert np.isfinite(painted.rgb).all()
    assert painted.rgb.min() >= 0
    assert painted.rgb.max() < 1.2
    assert np.isfinite(opening_depth(painted.cavity.edges, painted.u, painted.v)).all()


@pytest.mark.parametrize(("row", "canines", "molars"), [(UPPER, 3.5, 5.0), (LOWER, 2.6, 4.5)])
def test_rows_have_the_measures_of_an_adult(row: TeethRow, canines: float, molars: float) -> None:
    arch = dental_arch(row)
    assert np.allclose(arch.across, -arch.across[::-1], atol=1e-5)
    length = np.hypot(np.diff(arch.across), np.diff(arch.behind)).sum()
    widths = sum(tooth.width for tooth in row.teeth)
    assert length == pytest.approx(2 * widths, rel=0.01)
    ends = arch.to_joint < 0.02
    assert (np.diff(ends.astype(int)) == 1).sum() == 12, "six teeth on a side"
    points = arch.across[arch.across > 0]
    deep = arch.behind[arch.across > 0]
    assert np.interp(canines / 2, points, deep) < 1
    assert 2.5 < np.interp(molars / 2, points, deep) < 3
