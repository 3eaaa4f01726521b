"""A line beside a mouth that stops smiling goes with the smile; skin beside it stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien._types import FloatArray
from mien.model.controls import INDEX
from mien.model.landmarks import SKIN
from mien.model.media import Orientation
from mien.rendering.appearance.library import FaceLibrary
from mien.rendering.appearance.skin import learn_skin
from mien.rendering.geometry.field import MeshRaster, Zone
from mien.rendering.geometry.motion import FaceDeformer
from mien.rendering.geometry.topology import warp_mesh
from mien.rendering.painting.skin import shade_skin
from mien.testing.scenes import Scene, Spot

FOLD = (423, 426, 436)
CHEEK = 50


@pytest.fixture(scope="module")
def painted() -> tuple[FloatArray, FloatArray, FloatArray]:
    """A face with a dark line beside its mouth, the same without its smile, and its landmarks."""
    scene = Scene(orientation=Orientation(600, 520), spots=[Spot(300, 260, 400)], frames=1)
    face = scene.faces[0]
    calm = np.zeros(len(INDEX), dtype=np.float32)
    smiling = calm.copy()
    smiling[[INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]] = 0.9
    motion = FaceDeformer(face, scene.orientation).motion_at(0, smiling, smiling)
    zone = Zone(0, 0, 150, 130, 4)
    plate = np.full((zone.height, zone.width, 3), (0.7, 0.5, 0.4), dtype=np.float32)
    line = np.round(motion.target[list(FOLD)]).astype(np.int32)
    cv2.polylines(plate, [line], False, (0.5, 0.3, 0.2), 5, cv2.LINE_AA)
    picture, mask = plate.copy(), np.zeros(plate.shape[:2], dtype=np.float32)
    mesh = warp_mesh()
    raster = MeshRaster.of(zone, motion.target, np.concatenate([mesh.filled, mesh.skin]))
    skin = learn_skin(FaceLibrary(), face.identity)
    change = skin.change(smiling, calm, np.eye(3, dtype=np.float32))
    shade_skin(picture, mask, raster, motion, change, skin.layout)
    return plate, picture, motion.target[:SKIN]


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
