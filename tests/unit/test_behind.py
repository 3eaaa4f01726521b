"""Faces behind things: what hides them stays, what they hide is made up, and nothing is dragged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

import mien
from mien._types import BoolArray, FloatArray
from mien.media.planes import Box, Plate
from mien.media.reader import Reader, open_reader
from mien.model.edits import Edit
from mien.model.evaluate import evaluate
from mien.model.face import Face
from mien.model.settings import ReferenceSettings
from mien.model.shot import Shot
from mien.rendering.base import FacePlan, OcclusionSource, Patch, PlateSource, RenderRequest
from mien.rendering.compose import compose
from mien.rendering.geometry.features import clear_frames, open_frames
from mien.rendering.geometry.field import Zone, hold_inside
from mien.rendering.geometry.fill import fill_holes
from mien.rendering.occlusion import session as behind
from mien.rendering.occlusion.session import BehindSession
from mien.rendering.occlusion.source import MatteSource
from mien.rendering.reference.face_sequence import _seen_average
from mien.rendering.registry import get_renderer
from mien.rendering.warp.renderer import WarpRenderer, WarpSession
from mien.testing.scenes import Scene, Spot

BLUE = np.array([0.1, 0.3, 0.9], np.float32)


@dataclass(frozen=True)
class Thing:
    """A thing in front of a face, whose matte is known.

    Attributes:
        kind: `disc`, `bar`, or `blob`, which is as uneven as a hand.
        landmark: Where on the face it is.
        size: Its radius, or half its width, cm of the head.
        soft: Pixels over which its edge runs out.
    """

    kind: str
    landmark: int
    size: float
    soft: float = 4.0

    def drawn(self, face: Face, frame: int, plate: Plate) -> tuple[Plate, FloatArray, FloatArray]:
        """The plate with the thing, its matte (H, W), and its colours (H, W, 3)."""
        unit = float(face.curves.pose.scale[frame])
        at = face.landmarks[frame, self.landmark, :2]
        x, y = np.meshgrid(np.arange(plate.width) - at[0], np.arange(plate.height) - at[1])
        if self.kind == "bar":
            depth = np.abs(0.4 * x - 0.9 * y) - self.size * unit
        else:
            uneven = 0.25 * np.sin(5 * np.arctan2(y, x)) if self.kind == "blob" else 0
            depth = np.hypot(x, y) - self.size * unit * (1 + uneven)
        matte = np.clip(0.5 - depth / self.soft, 0, 1).astype(np.float32)
        stripes = 0.7 + 0.3 * np.sin(0.6 * x + 0.2 * y)
        colours = np.asarray(BLUE * stripes[..., None], dtype=np.float32)
        return laid(plate, colours, matte), matte, colours


def laid(plate: Plate, colours: FloatArray, matte: FloatArray) -> Plate:
    """A plate with colours (H, W, 3) over it, in its own pixel format."""
    over = plate.copy()
    over.add(over.box, np.asarray(matte[..., None] * (colours - over.rgb()), dtype=np.float32))
    return over


def with_patch(plate: Plate, patch: Patch | None, matte: FloatArray | None = None) -> Plate:
    if patch is None:
        return plate
    return compose(plate, [patch if matte is None else behind._behind(patch, matte)])


def near(matte: FloatArray, pixels: int) -> BoolArray:
    """(H, W) where nothing is in front, but something is within so many pixels."""
    kernel = np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8)
    grown = cv2.dilate((matte > 0).astype(np.uint8), kernel) > 0
    return np.asarray(grown & (matte == 0))


@dataclass(frozen=True)
class Error:
    """What a result differs by from the truth, of 255: mean beside a thing, root mean square in
    its soft edge."""

    beside: float
    edge: float

    @classmethod
    def of(cls, result: Plate, truth: Plate, matte: FloatArray, box: Box) -> Error:
        part = np.zeros(matte.shape, bool)
        part[box.y0 : box.y1, box.x0 : box.x1] = True
        off = 255 * (result.rgb() - truth.rgb())
        edge = (matte > 0) & (matte < 1) & part
        beside = float(np.abs(off[near(matte, 6) & part]).mean())
        return cls(beside, float(np.sqrt((off[edge] ** 2).mean())))


def same_inside(plate: Plate, result: Plate, matte: FloatArray) -> float:
    """The part of a thing's pixels farther than 2 px from its edge that are bit-identical."""
    kernel = np.ones((5, 5), np.uint8)
    inner = cv2.erode((matte == 1).astype(np.uint8), kernel) > 0
    return float((plate.rgb() == result.rgb()).all(axis=2)[inner].mean())


class Film:
    """A clip that is tracked, and its plates."""

    def __init__(self, path: Path) -> None:
        self.shot: Shot = mien.track(path, progress=False)
        self.reader: Reader = open_reader(self.shot.media)

    def plate(self, frame: int) -> Plate:
        return self.reader.frame(frame).plate()

    def plan(self, asked: Mapping[str, float]) -> FacePlan:
        face = self.shot.faces[0]
        edit = Edit(face)
        for name, value in asked.items():
            edit = edit.set(name, value)
        evaluated = evaluate(face.curves.controls.array, edit.layers, face.valid)
        return FacePlan(face, evaluated)


@pytest.fixture(scope="module")
def film(clip: Callable[[str], Path]) -> Callable[[str], Film]:
    known: dict[str, Film] = {}

    def find(name: str) -> Film:
        if name not in known:
            known[name] = Film(clip(name))
        return known[name]

    return find


CASES = {
    "jaw behind a bar": ({"jawOpen": 0.5}, Thing("bar", 176, 0.5)),
    "smile behind a disc": ({"mouthSmile": 0.8}, Thing("disc", 291, 0.9)),
    "mouth behind a blob": ({"jawOpen": 0.4}, Thing("blob", 61, 0.9)),
    "blink behind a disc": ({"eyeBlink": 1.0}, Thing("disc", 33, 0.8)),
    "brow behind a bar": ({"browInnerUp": 0.9}, Thing("bar", 105, 0.4)),
}


@pytest.mark.shared
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("name", "frame"), [("lp_s18.mp4", 140), ("lp_d3.mp4", 60), ("pyfeat_single_face.mp4", 20)]
)
def test_an_edit_behind_a_thing_is_the_clean_edit_with_the_thing_over_it(
    film: Callable[[str], Film], name: str, frame: int, case: str
) -> None:
    asked, thing = CASES[case]
    clip = film(name)
    plan, plate = clip.plan(asked), clip.plate(frame)
    plate_behind, matte, colours = thing.drawn(plan.face, frame, plate)
    with WarpRenderer().open(clip.shot, clip) as session:
        session.prepare([plan])
        clean = session.render(RenderRequest(plan, frame, plate))
        unknown = session.render(RenderRequest(plan, frame, plate_behind))
        known = session.render(RenderRequest(plan, frame, plate_behind, occlusion=matte))
    truth = laid(with_patch(plate, clean), colours, matte)
    before = with_patch(plate_behind, unknown, matte)
    after = with_patch(plate_behind, known, matte)
    assert clean is not None
    errors = [Error.of(one, truth, matte, clean.box) for one in (before, after)]
    assert errors[1].beside < 2
    assert errors[1].edge < max(3, 0.5 * errors[0].edge)
    assert errors[1].beside < errors[0].beside + 0.6
    assert same_inside(plate_behind, after, matte) >= 0.99


@pytest.mark.shared
def test_a_thing_that_is_there_in_every_frame_is_not_taken_for_the_face(
    film: Callable[[str], Film], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    clip, frame, thing = film("pyfeat_single_face.mp4"), 20, Thing("bar", 176, 0.5)
    plan = clip.plan({"jawOpen": 0.5})

    class Worn:
        def plate(self, frame: int) -> Plate:
            return thing.drawn(plan.face, frame, clip.plate(frame))[0]

    plate, matte, _ = thing.drawn(plan.face, frame, clip.plate(frame))
    with WarpRenderer().open(clip.shot, Worn()) as session:
        session.prepare([plan])
        unknown = session.render(RenderRequest(plan, frame, plate))
        known = session.render(RenderRequest(plan, frame, plate, occlusion=matte))
    blue = [
        bluish(with_patch(plate, patch, matte).rgb()[near(matte, 20)]) for patch in (unknown, known)
    ]
    assert blue[0] > 0.01
    assert blue[1] < 0.002


def bluish(colours: FloatArray) -> float:
    """The part of colours (N, 3) in which blue is strongest by far."""
    return float((colours[:, 2] > colours[:, 0] + 0.1).mean())


class Covered(Scene):
    """A scene with a blue disc over the chin, all of one colour; an `OcclusionSource`."""

    thing = Thing("disc", 176, 1.2)

    def plate(self, frame: int) -> Plate:
        return self.thing.drawn(self.faces[0], frame, super().plate(frame))[0]

    def occlusion(self, face: Face, frame: int, plate: Plate) -> FloatArray | None:
        return self.thing.drawn(face, frame, plate)[1]

    def _upright(self, frame: int) -> FloatArray:
        picture = super()._upright(frame)
        return np.asarray(0.3 * picture + 0.7 * np.array([0.8, 0.6, 0.5], np.float32))


@pytest.mark.parametrize("asked", [{"jawOpen": 0.7}, {"mouthSmile": 0.9}, {"headYaw": 10.0}])
@pytest.mark.parametrize("kind", ["rgb8", "yuv10"])
def test_nothing_of_what_is_in_front_is_dragged_along(asked: dict[str, float], kind: str) -> None:
    scene = Covered(kind=kind)
    plan, plate = scene.plan(**asked), scene.plate(1)
    matte = scene.occlusion(plan.face, 1, plate)
    assert matte is not None
    with WarpRenderer().open(scene.shot, scene) as session:
        session.prepare([plan])
        result = with_patch(
            plate, session.render(RenderRequest(plan, 1, plate, occlusion=matte)), matte
        )
    assert isinstance(scene, OcclusionSource)
    assert same_inside(plate, result, matte) >= 0.99
    if kind == "rgb8":  # the other has one hue everywhere
        beside = near(matte, 25) & ~near(matte, 1)
        assert bluish(result.rgb()[beside]) == 0
    else:
        assert not (result.rgb() == plate.rgb()).all()


@pytest.mark.slow
def test_the_reference_renderer_drags_nothing_along(models: Path) -> None:
    settings = ReferenceSettings(
        steps=1, size=64, smoothing=1, anchors=0, guidance=1, approximate=True, threads=1
    )
    scene = Covered()
    plan, plate = scene.plan(jawOpen=0.7), scene.plate(1)
    thing, renderer = scene.thing, get_renderer("reference", settings)
    matte = thing.drawn(plan.face, 1, plate)[1]
    with renderer.open(scene.shot, scene) as session:
        session.prepare([plan])
        patch = session.render(RenderRequest(plan, 1, plate, occlusion=matte))
    result = with_patch(plate, patch, matte)
    assert patch is not None
    assert same_inside(plate, result, matte) >= 0.99
    # What networks of random weights make is any colour, but not striped like the disc.
    beside = near(matte, 25) & ~near(matte, 1)
    assert bluish(result.rgb()[beside]) < 0.05


def test_an_average_over_time_leaves_out_what_is_covered() -> None:
    weights = {0: 0.25, 1: 0.5, 2: 0.25}
    changes = {i: np.full((4, 4, 3), float(i), np.float32) for i in weights}
    half = np.zeros((4, 4), np.float32)
    half[:, :2] = 1
    whole = np.ones((4, 4, 3), np.float32)
    average = _seen_average(weights, changes, {0: None, 1: None, 2: half}, whole)
    np.testing.assert_allclose(average[:, 2:], 1.0, atol=0.01)
    np.testing.assert_allclose(average[:, :2], 2 / 3, atol=0.01)
    nowhere = _seen_average(weights, changes, dict.fromkeys(weights, np.ones_like(half)), whole)
    np.testing.assert_allclose(nowhere, whole, atol=1e-3)


@pytest.mark.parametrize("where", ["nowhere", "beside"])
def test_what_does_not_touch_the_face_changes_nothing(where: str) -> None:
    scene = Scene()
    plan, plate = scene.plan(jawOpen=0.4, mouthSmile=0.4), scene.plate(1)
    matte = np.zeros((plate.height, plate.width), np.float32)
    if where == "beside":
        matte[:, :12] = 1
    with WarpRenderer().open(scene.shot, scene) as session:
        session.prepare([plan])
        free = session.render(RenderRequest(plan, 1, plate))
        same = session.render(RenderRequest(plan, 1, plate, occlusion=matte))
    assert free is not None
    assert same is not None
    assert np.array_equal(free.rgb, same.rgb)
    assert np.array_equal(free.mask, same.mask)


@pytest.mark.parametrize("asked", [{"jawOpen": 0.6}, {"eyeBlink": 1.0}, {"headYaw": 8.0}])
def test_a_face_that_is_wholly_covered_is_rendered_without_harm(asked: dict[str, float]) -> None:
    scene = Scene()
    plan, plate = scene.plan(**asked), scene.plate(1)
    matte = np.ones((plate.height, plate.width), np.float32)
    with WarpRenderer().open(scene.shot, scene) as session:
        session.prepare([plan])
        patch = session.render(RenderRequest(plan, 1, plate, occlusion=matte))
    result = with_patch(plate, patch, matte)
    assert np.array_equal(result.rgb(), plate.rgb())


def test_renderers_that_look_at_other_frames_are_told_what_is_in_front_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene, matte = Scene(), np.ones((260, 320), np.float32)

    class Front(MatteSource):
        def matte(self, face: Face, frame: int, plate: Plate) -> FloatArray | None:
            return matte if frame == 2 else None

    opened: list[PlateSource] = []

    class Curious(WarpRenderer):
        def open(self, shot: Shot, source: PlateSource) -> WarpSession:
            opened.append(source)
            return super().open(shot, source)

    monkeypatch.setattr(behind, "_sources", lambda *_: [Front()])
    with behind.open_behind(Curious(), scene.shot, scene) as session:
        assert isinstance(session, BehindSession)
    (source,) = opened
    assert isinstance(source, OcclusionSource)
    assert np.array_equal(source.plate(2).rgb(), scene.plate(2).rgb())
    assert source.occlusion(scene.faces[0], 1, scene.plate(1)) is None
    assert source.occlusion(scene.faces[0], 2, scene.plate(2)) is matte


def test_frames_in_which_a_face_is_covered_are_not_learned_from() -> None:
    face = Scene(frames=6).faces[0]
    assert clear_frames(face).all()
    regions = np.ones((6, 4), np.float32)
    regions[2, 2] = regions[4, 0] = 0.3  # mouth; eyes
    covered = replace(face, region_confidence=regions)
    assert open_frames(face).all()
    assert clear_frames(covered).tolist() == [True, True, False, True, False, True]
    assert open_frames(covered, "mouth").tolist() == [True, True, False, True, True, True]


def test_holes_are_filled_from_around_and_what_is_known_stays() -> None:
    rng = np.random.default_rng(0)
    picture = rng.uniform(0.2, 0.8, (37, 53, 3)).astype(np.float32)
    known = np.ones((37, 53), np.float32)
    known[10:30, 12:40] = 0
    filled = fill_holes(picture, known)
    np.testing.assert_allclose(filled[known == 1], picture[known == 1], atol=1e-5)
    assert filled.min() >= 0.19
    assert filled.max() <= 0.81
    flat = fill_holes(np.full_like(picture, 0.4), known, step=3)
    np.testing.assert_allclose(flat, 0.4, atol=1e-5)
    assert not fill_holes(picture, np.zeros_like(known)).any()


@pytest.mark.parametrize("seed", range(4))
def test_nothing_moves_in_from_beyond_the_picture(seed: int) -> None:
    zone = Zone(-10, 5, 30, 20, 3)
    width, height = 70, 60
    rng = np.random.default_rng(seed)
    field = cv2.resize(rng.uniform(-12, 12, (4, 5, 2)).astype(np.float32), (90, 60))
    held = field.copy()
    hold_inside(held, zone, width, height)
    x, y = zone.pixels()
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    for axis, place, last in ((0, x, width - 1), (1, y, height - 1)):
        source = (place - held[..., axis])[inside]
        came_in = np.sign(held[..., axis]) * (place - last / 2) < 0
        assert source[came_in[inside]].min() >= -1e-3
        assert source[came_in[inside]].max() <= last + 1e-3
        deep = np.minimum(place, last - place) > 2 * np.abs(field[..., axis]) + 1
        assert np.array_equal(held[..., axis][deep], field[..., axis][deep])


@pytest.mark.parametrize("x", [0, 40, 160, 280, 320])
def test_a_head_that_leaves_the_picture_turns_less(x: int) -> None:
    scene = Scene(spots=[Spot(x=x)])
    plan, plate = scene.plan(headYaw=10.0), scene.plate(1)
    with WarpRenderer().open(scene.shot, scene) as session:
        session.prepare([plan])
        patch = session.render(RenderRequest(plan, 1, plate))
    changed = with_patch(plate, patch).rgb() - plate.rgb()
    if x in (0, 320):
        assert not changed.any()
    elif x == 160:
        assert np.abs(changed).max() > 0.1
