"""The reference renderer's picture path, without its networks: square, need, paste, time."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from mien._types import AnyArray
from mien.media.orient import to_coded
from mien.media.planes import Plate
from mien.model.media import Orientation
from mien.model.settings import ReferenceSettings
from mien.rendering.geometry.topology import LIPS
from mien.rendering.reference.crop import CropPath
from mien.rendering.reference.face_sequence import strength_of
from mien.rendering.reference.inpaint_mask import InpaintMask, inpaint_mask_of
from mien.rendering.reference.paste import correction_of, in_colours_of, paste, with_patch
from mien.rendering.reference.temporal import Timing, noise_field, temporal_weights
from mien.rendering.reference.warped import Warped
from mien.testing.scenes import Scene, Spot

OPEN = {"jawOpen": 0.6, "mouthSmile": 0.4}
SIZE = 256


class Textured(Scene):
    """A face with pores: detail at the plate's own resolution, still from frame to frame."""

    def plate(self, frame: int) -> Plate:
        picture = super().plate(0).rgb()
        rough = np.random.default_rng(3).standard_normal(picture.shape[:2], dtype=np.float32)
        rough = cv2.GaussianBlur(rough, (0, 0), 0.7)
        picture = np.clip(picture + 0.05 * rough[..., None], 0, 1)
        return Plate.from_rgb((picture * 255 + 0.5).astype(np.uint8))


class Stage:
    """One frame of a scene, ready to be pasted into."""

    def __init__(self, scene: Scene, **asked: float) -> None:
        plan = scene.plan(**asked)
        self.warped = Warped(plan, scene.shot, scene)
        self.plate = scene.plate(0)
        self.crop = CropPath(plan.face, scene.shot, SIZE).at(0)
        motion = self.warped.motion(0)
        patch = self.warped.patch(0, self.plate)
        assert patch is not None
        self.patch = patch
        self.need: InpaintMask = inpaint_mask_of(motion, self.crop)
        box = self.crop.box(self.plate)
        picture = with_patch(self.plate.rgb(box), patch, box)
        self.square = self.crop.take(picture, (box.x0, box.y0))
        self.made = self.crop.lay(self.need.made, patch.box)

    def pasted(self, regenerated: AnyArray) -> AnyArray:
        picture = in_colours_of(regenerated, self.square, self.need)
        correction = correction_of(picture - self.square, self.square, self.need, 1.0)
        return paste(self.patch, self.plate, self.crop, correction).rgb


def detail(picture: AnyArray, where: AnyArray) -> float:
    """Energy of a picture's finest detail."""
    fine = picture - cv2.GaussianBlur(picture, (0, 0), 1.0)
    return float((fine[where] ** 2).mean())


@pytest.fixture(scope="module")
def close_up() -> Stage:
    scene = Textured(Orientation(3840, 2160), [Spot(1920, 1100, 1700)])
    return Stage(scene, **OPEN)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("aspect", [Fraction(1), Fraction(4, 3)])
def test_the_square_holds_the_face_as_ffhq_does(turns: int, aspect: Fraction) -> None:
    width, height = (round(320 / aspect), 260) if turns % 2 == 0 else (round(260 / aspect), 320)
    scene = Scene(Orientation(width, height, turns, aspect), [Spot(160, 130, 100)])
    face = scene.faces[0]
    crop = CropPath(face, scene.shot, SIZE).at(1)
    points = crop.locate(to_coded(scene.orientation, face.landmarks[1, :468, :2]))
    right, left = points[[33, 133]].mean(axis=0), points[[362, 263]].mean(axis=0)
    mouth = points[[61, 291]].mean(axis=0)
    assert right[0] == pytest.approx(SIZE * 0.385, abs=6)
    assert left[0] == pytest.approx(SIZE * 0.615, abs=6)
    assert right[1] == pytest.approx(left[1], abs=1)
    assert mouth[0] == pytest.approx(SIZE / 2, abs=2)
    assert mouth[1] - left[1] == pytest.approx(0.23 * SIZE, rel=0.2)


def test_a_square_laid_back_lies_where_it_was_taken() -> None:
    scene = Scene(spots=[Spot(160, 130, 110)])
    crop = CropPath(scene.faces[0], scene.shot, SIZE).at(1)
    plate = scene.plate(1)
    box = crop.box(plate)
    again = crop.lay(crop.of_plate(plate), box)
    inside = crop.lay(np.ones((SIZE, SIZE), np.float32), box) > 0.5
    inside[:20] = inside[-20:] = inside[:, :20] = inside[:, -20:] = False
    assert np.abs(again - plate.rgb(box))[inside].mean() < 0.004


def test_what_merely_moves_is_not_made_anew() -> None:
    scene = Scene(spots=[Spot(160, 130, 150)])
    brows, mouth = Stage(scene, browInnerUp=0.3), Stage(scene, **OPEN)
    assert brows.need.made.max() < 0.2
    lips = mouth.crop.locate(mouth.warped.motion(0).target[[13, 14]]).mean(axis=0).astype(int)
    assert mouth.need.made[lips[1], lips[0]] > 0.95
    assert mouth.need.made[: SIZE // 3].max() < 0.1
    for need in (brows.need, mouth.need):
        for part in (need.made, need.shaded, need.face):
            assert part.shape == (SIZE, SIZE)
            assert 0 <= part.min() <= part.max() <= 1


def test_a_look_stays_the_warps() -> None:
    need = Stage(Scene(spots=[Spot(160, 130, 150)]), gazeYaw=20.0).need
    assert not need.made.max() > 0.05


def test_a_close_up_keeps_its_own_resolution(close_up: Stage) -> None:
    """A regenerated square of 256 pixels over a face of 1700 takes no detail from what moves."""
    assert close_up.crop.scale > 8
    regenerated = cv2.GaussianBlur(close_up.square, (0, 0), 2.0) * 0.8 + 0.1
    result = close_up.pasted(regenerated)
    moved = (close_up.patch.mask > 0.9) & (close_up.made < 0.01)
    assert moved.sum() > 100_000
    ratio = detail(result, moved) / detail(close_up.patch.rgb, moved)
    assert ratio == pytest.approx(1.0, abs=0.02)


def test_what_is_made_comes_from_the_square_with_the_plates_grain(close_up: Stage) -> None:
    made = close_up.made > 0.99
    assert made.sum() > 10_000
    regenerated = close_up.square.copy()
    inside = close_up.need.made > 0.5
    regenerated[inside] = [0.9, 0.2, 0.2]
    result = close_up.pasted(regenerated)
    red = result[made].mean(axis=0)
    assert red[0] - red[1] > 0.4
    # What the warp had there is gone, but for its grain.
    assert detail(result, made) < 1.3 * detail(close_up.patch.rgb, made)
    assert detail(result, made) > 0.2 * detail(close_up.patch.rgb, made)


def test_a_face_in_other_colours_leaves_no_seam(close_up: Stage) -> None:
    tinted = close_up.square * np.array([1.15, 0.85, 0.9], np.float32) + np.array(
        [0.05, 0.1, -0.05], np.float32
    )
    result = close_up.pasted(tinted)
    change = cv2.GaussianBlur(result - close_up.patch.rgb, (0, 0), 12.0)
    assert np.percentile(np.abs(change)[close_up.patch.mask > 0.5], 99) < 0.08


def test_nothing_regenerated_changes_nothing(close_up: Stage) -> None:
    change = np.abs(close_up.pasted(close_up.square) - close_up.patch.rgb)
    assert change[close_up.made < 1e-3].max() < 0.005


def test_frames_go_together_by_their_numbers_alone() -> None:
    asked = np.zeros(60, bool)
    asked[5:50] = True
    timing = Timing(asked, (30,), group=8, spacing=16)
    assert timing.together(6) == (5, 6, 7)
    assert timing.together(29) == tuple(range(24, 30))
    assert timing.together(31) == (30, 31)
    assert timing.around(29, 3) == (26, 27, 28, 29)
    assert timing.around(30, 3) == (30, 31, 32, 33)
    for frame in np.flatnonzero(asked):
        assert sum(share for _, share in timing.anchors(int(frame))) == pytest.approx(1)
    assert timing.anchors(5) == ((16, 1.0),) or dict(timing.anchors(5))[16] == 1
    assert dict(timing.anchors(40)) == {32: 0.5, 48: 0.5}
    assert Timing(asked, (), 8, 0).anchors(6) == ()


def test_neighbours_count_less_the_further_they_are() -> None:
    def still(frame: int) -> AnyArray:
        return np.zeros((468, 2), np.float32)

    def moving(frame: int) -> AnyArray:
        return np.full((468, 2), 0.1 * frame, np.float32)

    frames = tuple(range(10))
    weights = temporal_weights(5, frames, 4, still)
    assert sum(weights.values()) == pytest.approx(1)
    assert weights[4] == pytest.approx(weights[6])
    assert weights[5] > weights[6] > weights[7] > weights[8]
    assert temporal_weights(5, frames, 4, moving)[5] > 0.75

    def talking(frame: int) -> AnyArray:
        place = np.zeros((468, 2), np.float32)
        place[list(LIPS.rim)] = 0.1 * frame
        return place

    assert temporal_weights(5, frames, 4, talking)[5] > 0.75
    assert temporal_weights(5, (5,), 0, still) == {5: 1.0}


def test_one_noise_a_face() -> None:
    assert np.array_equal(noise_field(1, 2, (1, 4, 8, 8)), noise_field(1, 2, (1, 4, 8, 8)))
    assert not np.array_equal(noise_field(1, 2, (1, 4, 8, 8)), noise_field(1, 3, (1, 4, 8, 8)))


def test_a_slight_edit_starts_from_the_plate() -> None:
    scene = Scene()
    slight, strong = (strength_of(scene.plan(mouthSmile=v)) for v in (0.05, 0.9))
    assert 0.4 <= slight < 0.6
    assert strong == 1
    assert ReferenceSettings().strength == 0
