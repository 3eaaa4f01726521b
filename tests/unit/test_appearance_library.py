"""What is learned of one person from a shot: frames, skin, regions of other frames, habits."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien._types import FloatArray
from mien.face.gaze import degrees_to_looks
from mien.face.rig import load_rig
from mien.media.planes import Plate
from mien.model.controls import INDEX
from mien.model.landmarks import SKIN
from mien.model.media import Orientation
from mien.rendering.appearance.appearance import Appearance
from mien.rendering.appearance.canonical import SIZE, canonical_points, skin_mask, to_canonical
from mien.rendering.appearance.donors import choose_donors
from mien.rendering.appearance.folds import FoldMaps
from mien.rendering.appearance.library import FaceLibrary, LibraryScan, choose_frames
from mien.rendering.appearance.regions import FaceRegion
from mien.rendering.appearance.skin import learn_skin
from mien.rendering.base import RenderRequest
from mien.rendering.change import FaceChange
from mien.rendering.geometry.field import Zone
from mien.rendering.geometry.habits import Habits
from mien.rendering.geometry.motion import FaceDeformer
from mien.rendering.geometry.regression import SmoothFunction
from mien.rendering.geometry.topology import EYES
from mien.rendering.painting.donor import DonorLayer, RegionLayer, lay_region, take_shape
from mien.rendering.painting.face import FacePainter
from mien.rendering.painting.paint import paint
from mien.rendering.warp.renderer import WarpRenderer
from mien.testing.scenes import Scene, Spot

BLINK, SMILE = INDEX["eyeBlinkLeft"], INDEX["mouthSmileLeft"]
CHEEK, FOREHEAD = 425, 151
"""A landmark on the left cheek, and one that no smile reaches."""
UPRIGHT = np.eye(3, dtype=np.float32)


class Performance(Scene):
    """A face that smiles more and more, with a cheek that darkens; at the end it blinks."""

    def __init__(self, frames: int = 24, height: float = 200) -> None:
        size = round(1.5 * height), round(1.3 * height)
        spot = Spot(0.75 * height, 0.65 * height, height)
        super().__init__(orientation=Orientation(*size), spots=[spot], frames=frames)
        self.face = self.faces[0]
        controls = self.face.curves.controls.array
        controls[:, SMILE] = np.linspace(0, 1, frames)
        controls[3 * frames // 4 :, BLINK] = 1
        rig = load_rig().personal(self.face.identity)
        for frame, row in enumerate(controls):
            shape = self.face.curves.pose.project(frame, rig.shape(row))
            self.face.landmarks[frame, :SKIN, :2] = shape

    def plate(self, frame: int) -> Plate:
        picture = np.ascontiguousarray(super().plate(frame).rgb())
        shade = np.zeros(picture.shape[:2], dtype=np.float32)
        x, y = np.round(self.face.landmarks[frame, CHEEK, :2]).astype(int).tolist()
        radius = int(self.spots[0].height / 14)
        cv2.circle(shade, (x, y), radius, 1.0, -1)
        smile = float(self.face.curves.controls.array[frame, SMILE])
        picture *= 1 - 0.25 * smile * cv2.GaussianBlur(shade, (0, 0), 3)[..., None]
        return Plate.from_rgb((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))

    def library(self) -> FaceLibrary:
        scan = LibraryScan(self.face, self.orientation)
        for frame in sorted(scan.frames):
            scan.examine(frame, self.plate(frame))
        return scan.result()


@pytest.fixture(scope="module")
def performance() -> Performance:
    return Performance()


@pytest.fixture(scope="module")
def library(performance: Performance) -> FaceLibrary:
    return performance.library()


def asked(**controls: float) -> FloatArray:
    values = np.zeros(len(INDEX), dtype=np.float32)
    for name, value in controls.items():
        values[INDEX[name]] = value
    return values


# A smooth function


@given(st.integers(0, 1000))
def test_a_function_finds_the_line_through_what_was_seen(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.uniform(-1, 1, (60, 3)).astype(np.float32)
    slope = rng.uniform(-1, 1, (3, 2))
    function = SmoothFunction.through(
        points, np.asarray(points @ slope + 5.0, dtype=np.float64), 0.01
    )
    there, back = points[0], points[1]
    values, known = function.difference(there, back)
    assert values == pytest.approx((back - there) @ slope, abs=0.05)
    assert known > 0.9
    assert function.difference(there, there)[0] == pytest.approx(0, abs=1e-6)


def test_a_function_knows_what_it_has_not_seen() -> None:
    points = np.zeros((40, 2), dtype=np.float32)
    points[:, 0] = np.linspace(0, 1, 40)
    function = SmoothFunction.through(points, points[:, :1].astype(np.float64), noise=0.1)
    start = np.zeros(2, dtype=np.float32)
    _, seen = function.difference(start, np.array([1, 0], dtype=np.float32))
    values, unseen = function.difference(start, np.array([0, 1], dtype=np.float32))
    assert seen > 0.9
    assert unseen < 0.3
    assert abs(float(values[0])) < 0.1


# The frames


def test_frames_are_spread_over_what_the_face_does(performance: Performance) -> None:
    chosen = choose_frames(performance.face)
    smiles = performance.face.curves.controls.array[chosen, SMILE]
    assert chosen == sorted(set(chosen))
    assert smiles.min() == 0
    assert smiles.max() == 1
    assert np.diff(np.sort(smiles)).max() < 0.1


def test_a_library_is_bounded_however_long_the_shot() -> None:
    long = Performance(frames=400)
    assert len(choose_frames(long.face)) <= 96


def test_frames_that_motion_blurs_or_that_are_not_seen_are_left_out() -> None:
    moving = Performance()
    moving.face.landmarks[10, :, 0] += 30
    moving.face.confidence[5] = 0.1
    assert not {5, 9, 10, 11} & set(choose_frames(moving.face))


def test_a_still_and_a_face_that_is_never_seen_make_no_trouble() -> None:
    assert len(choose_frames(Performance(frames=1).face)) == 1
    unseen = Performance()
    hidden = replace(unseen.face.curves, valid=np.zeros(unseen.frames, dtype=bool))
    assert choose_frames(replace(unseen.face, curves=hidden)) == []
    assert not len(learn_skin(FaceLibrary(), unseen.face.identity).components)
    assert choose_donors(FaceLibrary(), asked(), asked(jawOpen=1), UPRIGHT, 20) == ()


def test_a_face_that_leaves_the_picture_is_no_example() -> None:
    scene = Performance()
    scene.face.landmarks[4, :, 0] += scene.orientation.width
    scan = LibraryScan(scene.face, scene.orientation)
    scan.examine(4, scene.plate(4))
    assert scan.result().frames == ()


@pytest.mark.parametrize("height", [200, 1400])
def test_a_large_face_is_kept_smaller_and_its_motion_lies_on_it(height: float) -> None:
    scene = Performance(frames=8, height=height)
    frame = scene.library().frames[3]
    assert frame.rgb.shape[0] * frame.rgb.shape[1] <= 1.02 * 640 * 640
    motion = FaceDeformer(scene.face, scene.orientation).motion_at(
        frame.frame, frame.controls, frame.controls
    )
    there = motion.mapped(frame.offset, frame.scale)
    assert there.source[:SKIN] == pytest.approx(frame.points[:SKIN], abs=0.02)
    assert there.px_per_cm == pytest.approx(motion.px_per_cm * frame.scale)


# Skin


def texel(layout: FloatArray, landmark: int) -> tuple[int, int]:
    x, y = np.round(layout[landmark]).astype(int).tolist()
    return y, x


def test_the_layout_holds_still_whatever_the_face_does(performance: Performance) -> None:
    layout = canonical_points(performance.face.identity)
    mask = skin_mask(layout)
    assert mask[texel(layout, CHEEK)] == pytest.approx(1, abs=0.01)
    assert mask[texel(layout, 159)] == 0, "an eye"
    assert mask[0, 0] == 0
    first, last = (
        to_canonical(performance.plate(i).rgb(), performance.face.landmarks[i, :SKIN, :2], layout)
        for i in (0, performance.frames // 2)
    )
    assert first.shape == (SIZE, SIZE, 3)
    y, x = texel(layout, CHEEK)
    assert last[y, x].mean() < 0.97 * first[y, x].mean()


def test_a_cheek_darkens_with_the_smile_that_darkened_it(
    performance: Performance, library: FaceLibrary
) -> None:
    skin = learn_skin(library, performance.face.identity)
    ratio = skin.change(asked(), asked(mouthSmileLeft=1.0), UPRIGHT).ratio
    back = skin.change(asked(mouthSmileLeft=1.0), asked(), UPRIGHT).ratio
    cheek, forehead = texel(skin.layout, CHEEK), texel(skin.layout, FOREHEAD)
    assert ratio[cheek].mean() < 0.93
    assert ratio[forehead].mean() == pytest.approx(1, abs=0.03)
    # Folds that nothing was learned of go in another way than they came; what was learned does not.
    bare = replace(skin, folds=FoldMaps(skin.folds.columns, np.zeros_like(skin.folds.maps)))
    there = bare.change(asked(), asked(mouthSmileLeft=1.0), UPRIGHT).ratio
    here = bare.change(asked(mouthSmileLeft=1.0), asked(), UPRIGHT).ratio
    assert (there * here) == pytest.approx(1, abs=1e-4)
    assert (ratio * back) == pytest.approx(1, abs=0.03)
    assert skin.change(asked(), asked(), UPRIGHT).ratio == pytest.approx(1, abs=1e-6)


def test_too_few_frames_teach_nothing_but_what_anybodys_skin_does(
    performance: Performance, library: FaceLibrary
) -> None:
    few = learn_skin(FaceLibrary(library.frames[:5]), performance.face.identity)
    ratio = few.change(asked(), asked(mouthSmileLeft=1.0), UPRIGHT).ratio
    change = few.folds.change(asked(), asked(mouthSmileLeft=1.0))
    assert np.abs(change).max() > 0.1
    assert np.log(ratio) == pytest.approx(change, abs=0.005)


class Smooth(Performance):
    """A face whose skin stays as it is when it smiles."""

    def plate(self, frame: int) -> Plate:
        return Scene.plate(self, frame)


def test_a_face_that_is_seen_to_smile_without_a_fold_gets_next_to_none() -> None:
    smooth = Smooth()
    skin = learn_skin(smooth.library(), smooth.face.identity)
    ratio = skin.change(asked(), asked(mouthSmileLeft=1.0), UPRIGHT).ratio
    change = skin.folds.change(asked(), asked(mouthSmileLeft=1.0))
    folded = change < -0.08
    assert np.log(ratio)[folded].mean() > 0.5 * change[folded].mean()


# Regions of other frames


def test_a_blink_comes_from_a_frame_that_blinks(library: FaceLibrary) -> None:
    (eye,) = choose_donors(library, asked(), asked(eyeBlinkLeft=1.0), UPRIGHT, 25)
    assert eye.region == "Left"
    assert eye.amount > 0.9
    assert all(frame.controls[BLINK] == 1 for frame, _ in eye.frames)
    assert sum(weight for _, weight in eye.frames) == pytest.approx(1)


def test_what_no_frame_shows_comes_from_none(library: FaceLibrary) -> None:
    assert choose_donors(library, asked(), asked(eyeBlinkRight=1.0), UPRIGHT, 25) == ()
    assert choose_donors(library, asked(), asked(gazeYawLeft=20), UPRIGHT, 25) == ()
    assert choose_donors(library, asked(), asked(), UPRIGHT, 25) == ()


@given(st.floats(0, 1), st.floats(0, 1))
def test_donors_change_without_a_step(smile: float, blink: float) -> None:
    shots = _known_library()

    def seen(amount: float) -> dict[tuple[str, int], float]:
        target = asked(mouthSmileLeft=smile, eyeBlinkLeft=amount)
        chosen = choose_donors(shots, asked(), target, UPRIGHT, 25)
        return {
            (donors.region, frame.frame): donors.amount * weight
            for donors in chosen
            for frame, weight in donors.frames
        }

    before, after = seen(blink), seen(blink + 0.0005)
    for key in before.keys() | after.keys():
        assert abs(before.get(key, 0) - after.get(key, 0)) < 0.08


_KNOWN: list[FaceLibrary] = []


def _known_library() -> FaceLibrary:
    if not _KNOWN:
        _KNOWN.append(Performance().library())
    return _KNOWN[0]


def test_a_region_is_laid_in_the_pictures_light_and_nowhere_else(performance: Performance) -> None:
    deformer = FaceDeformer(performance.face, performance.orientation)
    still = performance.face.curves.controls.array[0]
    motion = deformer.motion_at(0, still, still)
    plate = performance.plate(0).rgb()
    height, width = plate.shape[:2]
    canvas = Zone(0, 0, width // 2, height // 2, 2)
    below = plate[: canvas.height, : canvas.width].copy()
    picture, mask = below.copy(), np.zeros(below.shape[:2], dtype=np.float32)
    donor = DonorLayer(1.0, motion.target, 0.8 * plate, np.zeros(2, dtype=np.float32))
    lay_region(picture, mask, canvas, motion, RegionLayer("Left", 1.0, (donor,)))
    assert picture == pytest.approx(below, abs=0.03), "the same face in darker light"
    assert mask.max() > 0.9
    assert np.array_equal(picture[mask == 0], below[mask == 0])


def test_a_region_takes_the_shape_of_other_frames(performance: Performance) -> None:
    deformer = FaceDeformer(performance.face, performance.orientation)
    array = performance.face.curves.controls.array
    motion = deformer.motion_at(0, array[0], array[0])
    blinking = deformer.motion_at(20, array[20], array[20])
    shaped = take_shape(motion, "Left", 1.0, [(blinking, 1.0)])
    lid = 386
    assert shaped.target[lid] == pytest.approx(blinking.source[lid], abs=0.8)
    assert shaped.target[FOREHEAD] == pytest.approx(motion.target[FOREHEAD])
    assert take_shape(motion, "Left", 0.0, [(blinking, 1.0)]).motion == pytest.approx(motion.motion)


@pytest.mark.parametrize("weights", [False, True])
def test_eyes_of_another_frame_come_to_look_where_they_are_to(*, weights: bool) -> None:
    """From that frame's look to the one asked for, in degrees or in weights; not twice as far."""
    scene = Performance()
    controls = scene.face.curves.controls.array
    look = np.zeros((len(controls), 4), dtype=np.float32)
    look[:, 0] = np.where(controls[:, BLINK] == 1, 15, 6)
    degrees_to_looks(look, controls)
    source, target = controls[0], controls[0].copy()
    target[BLINK] = 1
    if weights:
        target[INDEX["eyeLookOutLeft"]] += 4 / 30
    else:
        target[INDEX["gazeYawLeft"]] += 4
    painter = FacePainter(scene.face, scene.orientation)
    appearance = Appearance({FaceRegion.LIBRARY: scene.library()})
    _, regions = painter._motion(
        appearance, 0, FaceChange(source, target, target, np.zeros_like(source))
    )
    (eye,) = (region for region in regions if region.name == "Left")
    for donor in eye.donors:
        expected = 1.2 * (np.sin(np.radians(10)) - np.sin(np.radians(15)))
        turned = donor.motion.gaze["Left"] / donor.motion.px_per_cm
        assert turned == pytest.approx([expected, 0], abs=0.02)


# Habits


def test_habits_are_what_the_rig_does_not_do() -> None:
    """A corner of the mouth that goes farther up than the rig's is met by an edit."""
    scene = Performance(frames=40)
    unit = float(scene.face.curves.pose.scale[0])
    corner = 291
    smiles = scene.face.curves.controls.array[:, SMILE]
    scene.face.landmarks[:, corner, 1] -= 0.4 * unit * smiles
    habits = Habits(scene.face, load_rig().personal(scene.face.identity))
    moved, known = habits.beyond_rig(asked(), asked(mouthSmileLeft=1.0), UPRIGHT)
    assert known > 0.6
    assert moved[corner] == pytest.approx([0, -0.4], abs=0.15)
    assert np.abs(moved[FOREHEAD]).max() < 0.05
    assert habits.beyond_rig(asked(), asked(jawOpen=1.0), UPRIGHT)[1] < 0.3


def test_few_frames_have_no_habits() -> None:
    scene = Performance(frames=4)
    habits = Habits(scene.face, load_rig().personal(scene.face.identity))
    moved, known = habits.beyond_rig(asked(), asked(mouthSmileLeft=1.0), UPRIGHT)
    assert known == 0
    assert not moved.any()


# All together


def test_an_edit_shows_what_the_shot_knows(performance: Performance) -> None:
    """A smile that is asked for brings the cheek's shadow along, and leaves the rest alone."""
    plan = performance.plan(mouthSmileLeft=0.8)
    with WarpRenderer().open(performance.shot, performance) as session:
        session.prepare([plan])
        plate = performance.plate(0)
        patch = session.render(RenderRequest(plan, 0, plate))
        again = session.render(RenderRequest(plan, 0, performance.plate(0)))
    assert patch is not None
    assert again is not None
    assert np.array_equal(patch.rgb, again.rgb)
    x, y = np.round(performance.face.landmarks[20, CHEEK, :2]).astype(int).tolist()
    inside = patch.rgb[y - patch.box.y0, x - patch.box.x0].mean()
    assert inside < 0.95 * plate.rgb()[y, x].mean()


def test_a_lid_that_comes_down_is_no_shadow_of_the_fold() -> None:
    """Where no frame shows it closed, it is nearer to the skin around it than the fold is."""
    scene = Scene(spots=[Spot(height=200)], orientation=Orientation(320, 280))
    face = scene.faces[0]
    points = face.landmarks[0, :, :2]
    picture = np.full((280, 320, 3), 0.6, dtype=np.float32)
    upper = points[list(EYES["Left"].upper)]
    unit = float(face.curves.pose.scale[0])
    fold = np.concatenate([upper - [0, 0.4 * unit], upper[::-1]])
    cv2.fillPoly(picture, [np.round(fold).astype(np.int32)], (0.2, 0.2, 0.2))
    plan = scene.plan(eyeBlink=1.0)
    evaluated = plan.evaluated
    deformer = FaceDeformer(face, scene.orientation)
    motion = deformer.motion_at(0, evaluated.source[0], evaluated.target[0])
    patch = paint(motion, Plate.from_rgb(picture), 0, Appearance())
    assert patch is not None
    lid = motion.target[386] - [0, 0.3 * unit]
    x, y = np.round(lid).astype(int).tolist()
    assert 0.33 < float(patch.rgb[y - patch.box.y0, x - patch.box.x0].mean()) < 0.6


def test_made_up_lids_are_said(performance: Performance) -> None:
    """The shot shows the left eye closed, and never the right one."""
    for name, notes in (
        ("eyeBlinkLeft", ()),
        ("eyeBlinkRight", ("no closed eyes in this shot: lids are made up",)),
    ):
        with WarpRenderer().open(performance.shot, performance) as session:
            session.prepare([performance.plan(**{name: 0.8})])
            assert session.notes == notes
