"""The loop that makes and composes patches, and shots at another size."""

from __future__ import annotations

import numpy as np
import pytest

from mien._types import FloatArray
from mien.media.planes import Plate
from mien.model.face import Face
from mien.model.shot import Shot
from mien.rendering.base import FacePlan, Patch, PlateSource, Renderer, RenderRequest, RenderSession
from mien.rendering.occlusion.mattes import Mattes
from mien.rendering.occlusion.session import BehindSession
from mien.rendering.occlusion.source import MatteSource
from mien.rendering.patches import edit_plate, render_patches
from mien.rendering.registry import get_renderer
from mien.rendering.scaled import ScaledShot
from mien.testing.scenes import Scene, Spot


class Smallest(Renderer):
    """The least that a renderer has to be."""

    name = "smallest"

    def open(self, shot: Shot, source: PlateSource) -> RenderSession:
        return SmallestSession()


class SmallestSession(RenderSession):
    def render(self, request: RenderRequest) -> Patch | None:
        return None


def test_defaults_are_enough(capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene()
    plan, steps = scene.plan(jawOpen=0.4), []
    renderer = Smallest()
    key = renderer.cache_key(scene.shot, plan)
    assert (key.digest, key.temporal_radius) == ("", None)
    assert renderer.missing(None) is None
    with renderer.open(scene.shot, scene) as session:
        session.prepare([plan], lambda *step: steps.append(step))
        session.prepare_frames([0, 1])
        assert session.is_prepared([plan])
        assert not session.warm_up(plan.face)
        plate = scene.plate(0)
        assert edit_plate(session, [plan], 0, plate) == (plate, [])
        assert session.notes == ()
    assert steps == [("prepare", 1, 1)]


def opened(scene: Scene, plans: list[FacePlan]) -> RenderSession:
    session = get_renderer("warp").open(scene.shot, scene)
    session.prepare(plans)
    return session


def test_only_faces_that_change_in_a_frame_are_asked_for() -> None:
    scene = Scene()
    still, plan = scene.plan(), scene.plan(jawOpen=0.4)
    plan.evaluated.delta[2] = 0
    with opened(scene, [still, plan]) as session:
        assert len(render_patches(session, [still, plan], 1, scene.plate(1))) == 1
        assert render_patches(session, [still, plan], 2, scene.plate(2)) == []


def test_warp_says_what_it_makes_up() -> None:
    made_up = "no open mouth in this shot: teeth are made up"
    scene = Scene()
    for asked, notes in (({"jawOpen": 0.4}, (made_up,)), ({"mouthFrown": 0.4}, ())):
        with opened(scene, [scene.plan(**asked)]) as session:
            assert session.notes == notes
    pair = Scene(spots=[Spot(x=80), Spot(x=240)])
    with opened(pair, [pair.plan(0, browInnerUp=0.4), pair.plan(1, surprise=0.4)]) as session:
        assert session.notes == (f"face 2: {made_up}",)


class Front(MatteSource):
    """Something in front of every face."""

    def __init__(self, front: FloatArray | None) -> None:
        self.asked: list[tuple[int, int]] = []
        self._front = front

    def matte(self, face: Face, frame: int, plate: Plate) -> FloatArray | None:
        self.asked.append((face.number, frame))
        return self._front


def test_what_is_in_front_keeps_the_plates_pixels() -> None:
    scene = Scene(kind="yuv10")
    plan, plate = scene.plan(mouthSmile=0.8, jawOpen=0.4), scene.plate(1)
    front = np.zeros((plate.height, plate.width), np.float32)
    front[:, : plate.width // 2] = 1
    source = Front(front)
    with opened(scene, [plan]) as inner:
        free, _ = edit_plate(inner, [plan], 1, plate)
        session = BehindSession(inner, Mattes([source]))
        behind, (patch,) = edit_plate(session, [plan], 1, plate)
        unknown, _ = edit_plate(BehindSession(inner, Mattes([Front(None)])), [plan], 1, plate)
    assert source.asked == [(plan.face.number, 1)]
    box = patch.box
    assert not patch.mask[front[box.y0 : box.y1, box.x0 : box.x1] == 1].any()
    half = plate.width // 2
    for plain, edited, covered, same in zip(
        plate.planes, free.planes, behind.planes, unknown.planes, strict=True
    ):
        left = half * plain.shape[1] // plate.width - 1
        assert np.array_equal(covered[:, :left], plain[:, :left])
        assert not np.array_equal(edited[:, :left], plain[:, :left])
        # The face behind moves alike, but what moves out from behind is made up.
        apart = covered[:, left + 2 :].astype(float) - edited[:, left + 2 :]
        assert np.abs(apart).mean() < 6
        assert np.array_equal(same, edited)


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.5])
def test_a_scaled_shot_lies_where_its_pictures_are(scale: float) -> None:
    scene = Scene()
    scaled = ScaledShot(scene.shot, scale)
    face, small = scene.faces[0], scaled.face(scene.faces[0])
    size = scaled.shot.media.orientation.upright_size
    assert size == tuple(round(scale * side) for side in scene.orientation.upright_size)
    # The corner of the picture at -0.5 stays where it is.
    points = (face.landmarks[0, :, :2] + 0.5) * scale - 0.5
    np.testing.assert_allclose(small.landmarks[0, :, :2], points, atol=1e-3)
    mean = face.identity
    np.testing.assert_allclose(
        small.curves.pose.project(0, mean), small.landmarks[0, : len(mean), :2], atol=1e-2
    )
    plan = scene.plan(jawOpen=0.3)
    assert scaled.plan(plan) is scaled.plan(plan)
    assert scaled.plan(plan).face is scaled.shot.faces[0]
    assert np.array_equal(face.landmarks, scene.faces[0].landmarks)
