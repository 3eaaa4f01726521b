"""A line beside a mouth that stops smiling goes with the smile; skin beside it stays."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from mien._types import FloatArray
from mien.model.controls import INDEX
from mien.model.landmarks import SKIN
from mien.model.media import Orientation
from mien.rendering.appearance.library import FaceLibrary
from mien.rendering.appearance.skin import SkinAppearance, SkinChange, learn_skin
from mien.rendering.geometry.field import MeshRaster, Zone
from mien.rendering.geometry.motion import FaceDeformer
from mien.rendering.geometry.topology import warp_mesh
from mien.rendering.painting.skin import shade_skin
from mien.testing.scenes import Scene, Spot

FOLD = (423, 426, 436)
CHEEK = 50


def unfolded(
    change_of: Callable[[SkinAppearance, FloatArray, FloatArray], SkinChange], *, line: bool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """A face that is tracked to smile, the same with its skin changed, and its landmarks.

    Args:
        change_of: How a skin changes from one performance to another.
        line: Whether there is a dark line beside its mouth.
    """
    scene = Scene(orientation=Orientation(600, 520), spots=[Spot(300, 260, 400)], frames=1)
    face = scene.faces[0]
    calm = np.zeros(len(INDEX), dtype=np.float32)
    smiling = calm.copy()
    smiling[[INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]] = 0.9
    motion = FaceDeformer(face, scene.orientation).motion_at(0, smiling, smiling)
    zone = Zone(0, 0, 150, 130, 4)
    plate = np.full((zone.height, zone.width, 3), (0.7, 0.5, 0.4), dtype=np.float32)
    if line:
        path = np.round(motion.target[list(FOLD)]).astype(np.int32)
        cv2.polylines(plate, [path], False, (0.5, 0.3, 0.2), 5, cv2.LINE_AA)
    picture, mask = plate.copy(), np.zeros(plate.shape[:2], dtype=np.float32)
    mesh = warp_mesh()
    raster = MeshRaster.of(zone, motion.target, np.concatenate([mesh.filled, mesh.skin]))
    skin = learn_skin(FaceLibrary(), face.identity)
    shade_skin(picture, mask, raster, motion, change_of(skin, smiling, calm), skin.layout)
    return plate, picture, motion.target[:SKIN]


@pytest.fixture(scope="module")
def painted() -> tuple[FloatArray, FloatArray, FloatArray]:
    """A face with a dark line beside its mouth, the same without its smile, and its landmarks."""
    upright = np.eye(3, dtype=np.float32)
    return unfolded(lambda skin, *ends: skin.change(*ends, upright), line=True)


def lightened(skin: SkinAppearance, source: FloatArray, target: FloatArray) -> SkinChange:
    """What frames tell of a smile that folds deeply: without it the fold is as much lighter."""
    ratio = np.exp(3 * skin.folds.change(source, target)).astype(np.float32)
    return SkinChange(ratio, np.zeros(ratio.shape[:2], np.float32))


@pytest.mark.parametrize("line", [False, True])
def test_a_fold_that_is_not_there_leaves_no_light_streak(*, line: bool) -> None:
    """A face that is tracked to smile more than it does has no fold to be smoothed away."""
    plate, picture, points = unfolded(lightened, line=line)
    x, y = np.round(points[426]).astype(int).tolist()
    lighter = float((picture[y, x] / plate[y, x]).mean())
    assert lighter > 1.35 if line else lighter < 1.25


def test_the_line_goes_and_keeps_no_tint(painted: tuple[FloatArray, ...]) -> None:
    plate, picture, points = painted
    x, y = np.round(points[426]).astype(int).tolist()
    before, after = (one[y, x] / one[60, 60] for one in (plate, picture))
    assert before.max() < 0.75
    assert after.min() > before.min() + 0.2
    assert np.ptp(after) < np.ptp(before)


def test_what_has_no_line_stays_as_it_is(painted: tuple[FloatArray, ...]) -> None:
    plate, picture, points = painted
    x, y = np.round(points[CHEEK]).astype(int).tolist()
    assert picture[y, x] == pytest.approx(plate[y, x], abs=0.01)
    assert picture[60, 60] == pytest.approx(plate[60, 60], abs=1e-6)
