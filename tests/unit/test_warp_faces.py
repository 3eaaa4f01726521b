"""What the warp renderer does to a face, on made and on real pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien._types import AnyArray
from mien.media.orient import to_coded
from mien.media.planes import Plate
from mien.media.reader import open_reader
from mien.model.controls import INDEX
from mien.model.edits import Edit
from mien.model.evaluate import Evaluated, evaluate
from mien.model.face import Face
from mien.model.lids import lids_closed
from mien.model.presets import resolve
from mien.model.shot import Shot
from mien.rendering.appearance.regions import needs
from mien.rendering.appearance.scan import scan_face
from mien.rendering.base import FacePlan, RenderRequest
from mien.rendering.compose import compose
from mien.rendering.geometry.contour import Edges, LocalAxes
from mien.rendering.geometry.field import remap
from mien.rendering.geometry.head import head_mesh, head_turns, turn_head
from mien.rendering.geometry.motion import FaceDeformer, FaceMotion
from mien.rendering.geometry.mouth import Cavity
from mien.rendering.geometry.tone import luma
from mien.rendering.geometry.topology import EYES, IRIS, LIPS, OVAL, Opening
from mien.rendering.painting.mouth.beside_teeth import (
    below_edge,
    extend_outward,
    right_above,
    shadow_of,
    without_rim,
)
from mien.rendering.painting.mouth.colours import FaceColours
from mien.rendering.painting.mouth.compose import _MouthGrid, upright
from mien.rendering.painting.mouth.own import bared_further
from mien.rendering.warp.renderer import WarpRenderer
from mien.testing.scenes import Scene, Spot
from tests.fingerprints import Speaker

COLOURS = FaceColours.of(np.array([0.75, 0.6, 0.5]), np.array([0.65, 0.35, 0.35]))


def motion_of(scene: Scene, **asked: float) -> FaceMotion:
    plan = scene.plan(**asked)
    deformer = FaceDeformer(scene.faces[0], scene.orientation)
    return deformer.motion_at(0, plan.evaluated.source[0], plan.evaluated.target[0])


def gap(points: AnyArray, opening: Opening) -> float:
    middle = len(opening.upper) // 2
    return float(np.linalg.norm(points[opening.lower[middle]] - points[opening.upper[middle]]))


def test_nothing_asked_moves_nothing() -> None:
    still = motion_of(Scene())
    assert not still.motion.any()
    assert np.array_equal(still.jaw_before, still.jaw_after)
    assert not any(shift.any() for shift in still.gaze.values())


@pytest.mark.parametrize("yaw", [0, 25])
def test_lids_meet_at_a_full_blink(yaw: float) -> None:
    scene = Scene(spots=[Spot(yaw=yaw)])
    motion = motion_of(scene, eyeBlink=1.0)
    for eye in EYES.values():
        frame = LocalAxes.of_opening(motion.target, eye)
        upper, lower = (motion.target[list(edge)] for edge in (eye.upper, eye.lower))
        assert Edges.through(frame, upper, lower).gap < 0.1 * motion.px_per_cm
        for blink in (0.3, 0.5):
            part = motion_of(scene, eyeBlink=blink)
            left = gap(part.target, eye) / gap(part.source, eye)
            assert left == pytest.approx(1 - lids_closed(blink), abs=0.1)


def test_a_wink_leaves_the_other_eye_alone() -> None:
    motion = motion_of(Scene(), eyeBlinkLeft=1.0)
    assert not motion.motion[list(EYES["Right"].rim)].any()
    assert np.abs(motion.motion[list(EYES["Left"].rim)]).max() > 0.2 * motion.px_per_cm


def test_widened_lids_bare_no_more_white_than_a_hair() -> None:
    """These eyes show white above the iris as they are, so that lids have nowhere to go."""

    def white(motion: FaceMotion, eye: Opening, side: str) -> float:
        axes = LocalAxes.of_opening(motion.source, eye)
        iris = axes.of(motion.iris[side])
        top = float(iris[0, 1] - np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
        lid = float(axes.of(motion.target[[eye.upper[len(eye.upper) // 2]]])[0, 1])
        return (top - lid) / motion.px_per_cm

    still = motion_of(Scene())
    for asked in (0.3, 1.0, 1.5):
        motion = motion_of(Scene(), eyeWide=asked)
        for side, eye in EYES.items():
            assert white(motion, eye, side) < white(still, eye, side) + 0.04
            lower = list(eye.lower)
            assert (motion.motion[lower[len(lower) // 2]] != 0).any(), "the lower lid gives way"


@pytest.mark.parametrize("wider", [1.0, 1.4])
def test_lips_that_are_shut_meet_however_far_the_picture_shows_them_open(wider: float) -> None:
    scene = Speaker(jaw=(0.1, 0.3, 0.6, 0.9), yaw=(0.0, 0.0, 15.0, 0.0))
    (face,) = scene.faces
    points = face.landmarks[:, :, :2]
    upper, lower = points[:, list(LIPS.upper)], points[:, list(LIPS.lower)]
    points[:, list(LIPS.lower)] = upper + wider * (lower - upper)
    layers = Edit(face).set("lipsShut", 1.0).layers
    asked = evaluate(face.curves.controls.array, layers, face.valid)
    deformer = FaceDeformer(face, scene.orientation)
    for frame in range(scene.frames):
        motion = deformer.motion_at(frame, asked.source[frame], asked.target[frame])
        frame_axes = LocalAxes.of_opening(motion.target, LIPS)
        edges = (motion.target[list(edge)] for edge in (LIPS.upper, LIPS.lower))
        assert Edges.through(frame_axes, *edges).gap < 0.01 * np.ptp(
            motion.target[list(LIPS.rim), 0]
        )


def test_the_outline_is_still_unless_the_jaw_moves_it() -> None:
    scene = Scene(spots=[Spot(yaw=20)])
    smile = motion_of(scene, mouthSmile=1.0, browInnerUp=1.0, cheekPuff=1.0)
    outline = [v for v in OVAL if v not in (152, 148, 377, 176, 400)]
    assert np.abs(smile.motion[outline]).max() < 0.25 * np.abs(smile.motion).max()
    jaw = motion_of(scene, jawOpen=1.0)
    assert jaw.motion[152, 1] > 0.8 * jaw.px_per_cm
    assert np.abs(jaw.motion[[10, 234, 454, 127, 356]]).max() < 0.1 * jaw.px_per_cm
    assert not jaw.motion[-len(OVAL) :].any()


def test_gaze_moves_the_iris_the_right_way() -> None:
    motion = motion_of(Scene(), gazeYaw=20.0, gazePitch=10.0)
    for side in IRIS:
        assert motion.gaze[side] == pytest.approx(
            [1.2 * np.sin(np.radians(20)) * np.cos(np.radians(10)) * motion.px_per_cm,
             -1.2 * np.sin(np.radians(10)) * motion.px_per_cm], rel=0.02,
        )  # fmt: skip
    look = motion_of(Scene(), eyeLookOutLeft=1.0)
    assert look.gaze["Left"][0] == pytest.approx(0.6 * look.px_per_cm, rel=0.02)
    assert not look.gaze["Right"].any()


@pytest.mark.parametrize(
    ("name", "landmark", "axis", "sign"),
    [("headYaw", 4, 0, 1), ("headPitch", 4, 1, -1), ("headRoll", 10, 0, 1)],
)
def test_the_head_turns_the_right_way(name: str, landmark: int, axis: int, sign: int) -> None:
    scene = Scene()
    plan = scene.plan(0, **{name: 5.0})
    turns = head_turns(plan.evaluated.source[0], plan.evaluated.target[0])
    _, motion = head_mesh(scene.faces[0], scene.orientation, 0, turns)
    assert sign * motion[landmark, axis] > 0.2
    assert not motion[-len(OVAL) :].any()
    plate = scene.plate(0)
    patch = turn_head(scene.faces[0], scene.orientation, 0, turns, plate, None)
    assert patch is not None
    assert np.abs(compose(plate, [patch]).rgb() - plate.rgb()).max() > 0.02


def test_what_is_seen_runs_on_where_it_ends() -> None:
    own = np.full((40, 80, 3), 0.6, dtype=np.float32)
    trust = np.zeros((40, 80), dtype=np.float32)
    trust[10:30, 20:60] = 1
    painted = np.full_like(own, 0.05)
    everywhere, nowhere = np.ones_like(trust), np.zeros_like(trust)
    colour, further, softer = extend_outward(own, trust, everywhere, COLOURS, 1.0, 20.0)
    assert (softer <= trust).all()
    inside = painted + further[..., None] * (colour - painted)
    shown = luma(inside + softer[..., None] * (own - inside))[20, 40:70]
    assert (np.diff(shown) <= 1e-5).all()
    assert shown.min() > 0.1
    assert np.abs(np.diff(shown)).max() < 0.1
    assert not extend_outward(own, trust, nowhere, COLOURS, 1.0, 20.0)[1].any()


@pytest.mark.parametrize("brightness", [0.7, 0.15])
def test_teeth_go_on_to_the_sides_and_not_above_and_below(brightness: float) -> None:
    """Below upper teeth come the lower ones, above them their gum; what is dark goes on."""
    own = np.full((70, 80, 3), brightness, dtype=np.float32)
    trust = np.zeros((70, 80), dtype=np.float32)
    trust[20:40, 20:60] = 1
    colour, further, _ = extend_outward(own, trust, np.ones_like(trust), COLOURS, 1.0, 20.0)
    teeth = brightness == 0.7
    assert further[41, 40] > 0.5
    assert (further[52, 40] < 0.1) == teeth
    assert further[30, 10] > 0.5
    assert further[8, 40] > 0.9
    above, side = colour[8, 40], colour[30, 12]
    assert (above[0] / above[1] > 1.4) == teeth
    assert side[0] / side[1] < above[0] / above[1] or not teeth


def test_gum_that_is_seen_goes_on_above_without_a_line() -> None:
    """The mean of teeth and gum would be a light line between the gum seen and that made up."""
    own, gum = np.full((70, 80, 3), 0.7, dtype=np.float32), np.array([0.5, 0.25, 0.25])
    own[:25] = gum
    trust = np.zeros((70, 80), dtype=np.float32)
    trust[20:40, 20:60] = 1
    colour, _, _ = extend_outward(own, trust, np.ones_like(trust), COLOURS, 1.0, 20.0)
    reds, greens = colour[8:20, 40, 0], colour[8:20, 40, 1]
    assert (np.diff(reds) > 0).all()
    assert reds.max() < 0.51
    assert (reds / greens > 1.9).all()
    # A lip's shadow above the teeth is no gum, and does not go on as a dark box.
    own[:25] = 0.1
    colour, _, _ = extend_outward(own, trust, np.ones_like(trust), COLOURS, 1.0, 20.0)
    assert colour[18, 40].mean() > 0.2


def test_others_make_room_right_above_and_below_teeth_that_are_seen() -> None:
    seen = np.zeros((70, 80), dtype=np.float32)
    seen[20:40, 20:60] = 1
    down = np.broadcast_to((np.arange(70.0)[:, None] - 40) / 20, seen.shape).astype(np.float32)
    above, below = right_above(seen, 20.0), below_edge(seen, down, 20.0)
    assert above[18, 40] > 0.5
    assert above[5, 40] < 0.05
    assert not above[20:].any()
    assert (below[42:, 25:55] == 1).all()
    assert not below[:39].any(), "the tips of the teeth are theirs"
    assert not below[:, :20].any()
    shadow = shadow_of(seen, below, 20.0)
    assert shadow[40:43, 40].max() > 0.1
    assert (np.diff(shadow[42:, 40]) <= 0).all()
    assert not shadow[:39].any()
    assert shadow[55:].max() < 0.01
    sliver = np.zeros_like(seen)
    sliver[38:40, 20:60] = 1
    assert not right_above(sliver, 20.0).any()
    assert not below_edge(sliver, down, 20.0).any()
    assert not below_edge(0.5 * seen, down, 20.0).any()


def test_it_is_told_how_much_more_of_the_teeth_a_lip_bares() -> None:
    raised = motion_of(Scene(), mouthUpperUp=0.6)
    before, after = Cavity.in_plate(raised, 0.3), Cavity.in_target(raised, 0.3)
    assert bared_further(before, before) == 0
    assert bared_further(after, before) > 0.2
    assert bared_further(before, after) == pytest.approx(-bared_further(after, before), abs=1e-4)


def test_teeth_lose_their_rim_only_where_a_lip_draws_back() -> None:
    trust, bared = np.zeros((60, 80), dtype=np.float32), np.zeros((60, 80), dtype=np.float32)
    trust[20:40, 20:60] = 1
    bared[20:50, 20:60] = 1
    left = without_rim(trust, bared, 20.0)
    assert left[39, 40] < 0.1
    assert left[36, 40] > 0.8
    assert (left[20:30, 25:55] == 1).all()
    assert np.array_equal(without_rim(trust, trust, 20.0), trust)
    partly = np.full_like(trust, 0.6)
    assert np.array_equal(without_rim(partly, np.ones_like(trust), 20.0), partly)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_mouth_that_is_filmed_turned_is_painted_as_upright(turns: int) -> None:
    """Gums lie above teeth on a picture that is coded on its side."""
    across, down = np.meshgrid(np.arange(40.0), np.arange(30.0))
    cavity = Cavity.in_plate(motion_of(Scene()), 0.3)
    stood = _MouthGrid(across.astype(np.float32), down.astype(np.float32), cavity)
    laid = _MouthGrid(np.rot90(stood.u, turns), np.rot90(stood.v, turns), cavity)
    assert stood.quarter_turns() == 0
    assert np.array_equal(upright(laid.v, laid.quarter_turns()), stood.v)


class Clip:
    """A tracked clip and its plates."""

    def __init__(self, path: Path) -> None:
        from mien.face.solve import solve_faces
        from mien.tracking.mediapipe.tracker import MediaPipeTracker

        self.reader = open_reader(path)
        found = MediaPipeTracker().track(self.reader)
        faces = solve_faces(found.tracks, self.reader.facts.clock)
        self.shot = Shot(self.reader.facts, faces, found.cuts)
        self.face: Face = faces[0]

    def plate(self, frame: int) -> Plate:
        return self.reader.frame(frame).plate()

    def plan(self, **asked: float) -> FacePlan:
        source = self.face.curves.controls.array
        target = source.copy()
        for name, value in asked.items():
            for control, share in resolve(name):
                target[:, INDEX[control]] += value * share
        return FacePlan(self.face, Evaluated(source, target - source))

    def points(self, frame: int) -> AnyArray:
        return to_coded(self.shot.media.orientation, self.face.landmarks[frame, :, :2])

    def render(self, frame: int, **asked: float) -> tuple[AnyArray, AnyArray, FaceMotion]:
        plan = self.plan(**asked)
        plate = self.plate(frame)
        with WarpRenderer().open(self.shot, self) as session:
            session.prepare([plan])
            patch = session.render(RenderRequest(plan, frame, plate))
        assert patch is not None
        deformer = FaceDeformer(self.face, self.shot.media.orientation)
        motion = deformer.motion_at(
            frame, plan.evaluated.source[frame], plan.evaluated.target[frame]
        )
        return plate.rgb(), compose(plate, [patch]).rgb(), motion


@pytest.fixture(scope="module")
def closed(clip: Callable[[str], Path]) -> Clip:
    return Clip(clip("lp_s18.mp4"))


def around(picture: AnyArray, point: AnyArray, radius: int = 2) -> AnyArray:
    x, y = np.round(point).astype(int)
    return picture[y - radius : y + radius + 1, x - radius : x + radius + 1].reshape(-1, 3)


@pytest.mark.slow
@pytest.mark.shared
def test_an_opened_mouth_is_no_black_hole(closed: Clip) -> None:
    before, after, motion = closed.render(100, jawOpen=0.5)
    top, bottom = (motion.target[edge[len(edge) // 2]] for edge in (LIPS.upper, LIPS.lower))
    assert bottom[1] - top[1] > 0.5 * motion.px_per_cm
    column = np.array([luma(around(after, top + t * (bottom - top), 0))[0]
                       for t in np.linspace(0.1, 0.9, 25)])  # fmt: skip
    skin = float(luma(around(before, motion.source[205])).mean())
    assert column.min() > 0.05 * skin
    assert column.max() > 0.5 * skin, "no teeth are seen"
    assert np.ptp(column) > 0.2 * skin


@pytest.mark.slow
@pytest.mark.shared
def test_closed_lids_show_skin_where_the_iris_was(closed: Clip) -> None:
    before, after, motion = closed.render(100, eyeBlink=1.0)
    for side, iris in motion.iris.items():
        lid = motion.target[EYES[side].upper[4]] - [0, 0.25 * motion.px_per_cm]
        skin, eye = luma(around(after, lid)).mean(), luma(around(before, iris[0])).mean()
        # The bulge of a lid may be lighter than the crease above it, but nothing of the iris shows.
        assert luma(around(after, iris[0], 1)).mean() - eye > 0.5 * (skin - eye)


@pytest.mark.slow
@pytest.mark.shared
def test_the_iris_moves_and_the_lids_stay(closed: Clip) -> None:
    _, after, motion = closed.render(100, gazeYaw=-20.0)
    before = closed.plate(100).rgb()
    for side, iris in motion.iris.items():
        radius = round(0.35 * motion.px_per_cm)
        there = luma(around(after, iris[0] + motion.gaze[side], radius)).mean()
        then = luma(around(before, iris[0], radius)).mean()
        left = luma(around(after, iris[0] - 1.2 * motion.gaze[side], radius)).mean()
        assert there == pytest.approx(then, abs=0.06)
        assert left > there


@pytest.fixture(scope="module")
def turned(clip: Callable[[str], Path]) -> Clip:
    """A face that is small, and turned aside."""
    return Clip(clip("lp_s32.mp4"))


@pytest.mark.slow
@pytest.mark.shared
def test_widened_lids_leave_no_bright_outline(turned: Clip) -> None:
    before, after, motion = turned.render(140, eyeWide=0.6)
    brightest = cv2.dilate(luma(before), np.ones((5, 5), np.uint8))
    for iris in motion.iris.values():
        x, y = np.round(iris[0]).astype(int)
        eye = slice(y - 12, y + 13), slice(x - 16, x + 17)
        risen = (luma(after) - brightest)[eye]
        assert np.sort(risen.ravel())[-12:].mean() < 0.12


@pytest.mark.slow
@pytest.mark.shared
def test_an_iris_follows_a_look_of_a_few_degrees(closed: Clip) -> None:
    """What it does not follow at once it would have to catch up."""
    before = closed.plate(100).rgb()
    for degrees in (2.0, 4.0):
        _, after, motion = closed.render(100, gazeYaw=degrees)
        for side, iris in motion.iris.items():
            radius = 0.6 * float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
            spread = np.arange(-radius, radius + 1, dtype=np.float32)
            at = np.stack(np.meshgrid(spread, spread), axis=2) + iris[0]
            was = remap(before, at.astype(np.float32))
            parts = np.arange(-0.5, 2.0, 0.1)
            moved = [(at + part * motion.gaze[side]).astype(np.float32) for part in parts]
            missed = [np.abs(remap(after, there) - was).mean() for there in moved]
            assert parts[int(np.argmin(missed))] == pytest.approx(1, abs=0.35)


@pytest.mark.slow
@pytest.mark.shared
def test_raised_brows_draw_no_line_on_a_cheek_that_is_turned_away(turned: Clip) -> None:
    before, after, motion = turned.render(140, browInnerUp=0.7, browOuterUp=0.7)
    change = luma(after) - luma(before)
    lines = np.abs(cv2.Laplacian(change, cv2.CV_32F))
    cheek = np.zeros(change.shape, np.uint8)
    outline = motion.source[[111, 234, 132, 58, 212, 207, 205, 101]]
    cv2.fillPoly(cheek, [np.round(outline).astype(np.int32)], 1)
    assert lines[cheek > 0].max() < 0.04


@pytest.mark.slow
@pytest.mark.shared
def test_parts_rendered_apart_are_alike(clip: Callable[[str], Path]) -> None:
    """What is taken from other frames does not depend on which frames are asked for."""
    talking = Clip(clip("vretalk_4.mp4"))
    whole = talking.plan(jawOpen=0.4)
    part = whole.evaluated.delta.copy()
    part[:50] = part[60:] = 0
    source = whole.evaluated.source
    some = replace(whole, evaluated=Evaluated(source, part))
    deformer = FaceDeformer(talking.face, talking.shot.media.orientation)
    first, second = (
        scan_face(
            talking.face, deformer, talking, talking.shot.cuts, needs(plan.evaluated)
        ).mouth.exemplar(55)
        for plan in (whole, some)
    )
    assert first is not None
    assert second is not None
    assert np.array_equal(first.crop.rgb, second.crop.rgb)
    assert first.cavity.teeth == second.cavity.teeth
