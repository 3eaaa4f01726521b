"""Glasses: who wears some, and that their rims stay as they are."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mien
from mien._types import DoubleArray, FloatArray
from mien.api.occlusion import choose_occlusion
from mien.errors import NoFaceError, UsageError
from mien.media.planes import Plate
from mien.media.reader import Reader, open_reader
from mien.model.face import Face
from mien.model.occlusion import GlassesChoice, Occlusion, OcclusionChoice, read_glasses
from mien.model.shot import Shot
from mien.rendering.occlusion.glasses.curves import normals_of, snap, spread_along
from mien.rendering.occlusion.glasses.matte import GlassesMatte
from mien.rendering.occlusion.glasses.paths import best_path, best_ring
from mien.rendering.occlusion.glasses.ridges import ridges
from mien.rendering.occlusion.glasses.strokes import Stroke, draw
from mien.rendering.occlusion.mattes import Mattes
from mien.rendering.occlusion.session import open_behind
from mien.rendering.occlusion.source import MatteSource
from mien.rendering.patches import edit_plate
from mien.rendering.plans import face_plans
from mien.rendering.plates import ReaderPlates
from mien.rendering.registry import get_renderer
from tests.faces import make_face
from tests.footage import made_once
from tests.spectacles import DrawnGlasses, WornPlates

Footage = Callable[[str], tuple[Shot, Reader]]


@pytest.fixture(scope="module")
def footage(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Footage]:
    """A clip's tracked shot, and a reader of it."""
    known: dict[str, tuple[Shot, Reader]] = {}
    with ExitStack() as stack:

        def find(name: str) -> tuple[Shot, Reader]:
            if name not in known:
                clip = shared / "clips" / name
                path = made_once(
                    tmp_path_factory,
                    f"glasses-{name}.mien",
                    lambda path: mien.save_project(mien.track(clip, progress=False), path),
                )
                reader = stack.enter_context(open_reader(clip))
                known[name] = mien.load_project(path, media=clip).shot, reader
            return known[name]

        yield find


def saying(shot: Shot, choice: GlassesChoice, face: int = 1) -> Shot:
    return mien.set_glasses(shot, choice, face)


def part_of(shot: Shot, first: int, last: int) -> Shot:
    """The same shot, its faces seen in a part of it only."""
    seen = np.zeros(len(shot), dtype=bool)
    seen[first:last] = True
    faces = tuple(
        dataclasses.replace(face, confidence=np.where(seen, face.confidence, 0).astype(np.float32))
        for face in shot.faces
    )
    return dataclasses.replace(shot, faces=faces)


def worn(shot: Shot, plates: ReaderPlates | WornPlates, face: Face | None = None) -> GlassesMatte:
    source = GlassesMatte(shot, plates)
    source.prepare([face or shot.faces[0]])
    return source


def wears(source: GlassesMatte) -> bool:
    return any("kept still" in note for note in source.notes)


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "faces"),
    [
        ("lp_d12.mp4", {1: True}),  # clear frames, big turns
        ("intel_three_people_walk_pause_fromgif.mp4", {1: False, 2: True, 3: True}),  # small
        ("lp_d3.mp4", {1: False}),  # deep frowns
        ("vretalk_4.mp4", {1: False}),  # make-up
        ("skv_carphone_pristine.mp4", {1: False}),  # tiny, deep-set eyes
        ("derived_lowlight_s32.mp4", {1: False}),  # noise
    ],
)
def test_who_wears_glasses(footage: Footage, name: str, faces: dict[int, bool]) -> None:
    shot, reader = footage(name)
    half = len(shot) // 2
    for part in (shot, part_of(shot, 0, half), part_of(shot, half, len(shot))):
        for number, truth in faces.items():
            source = worn(part, ReaderPlates(reader), part.face(number))
            assert wears(source) == truth, (name, number)
            if truth:
                continue
            plate = reader.frame(half).plate()
            assert source.matte(part.face(number), half, plate) is None


STYLES = {
    "dark": DrawnGlasses(4, (0.08, 0.07, 0.07)),
    "thick": DrawnGlasses(6, (0.1, 0.06, 0.05), square=True),
    "metal": DrawnGlasses(3, (0.75, 0.74, 0.7)),
}
CASES = [("vretalk_4.mp4", "dark"), ("lp_s32.mp4", "dark"), ("lp_s32.mp4", "metal"),
         ("lp_s18.mp4", "thick")]  # fmt: skip


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(("name", "style"), CASES)
def test_rims_are_found_to_the_pixel(footage: Footage, name: str, style: str) -> None:
    shot, reader = footage(name)
    face = shot.faces[0]
    plates = WornPlates(reader, face, STYLES[style])
    source = worn(shot, plates)
    assert wears(source)
    frames = np.flatnonzero(face.valid)
    frames = frames[np.linspace(2, len(frames) - 3, 8).astype(int)]
    kept, beside, areas, truths = [], [], [], []
    for frame in frames.tolist():
        hidden = plates.hidden(frame)
        matte = source.matte(face, frame, plates.plate(frame))
        assert matte is not None
        assert matte.min() >= 0
        assert matte.max() <= 1
        kept.append(float((matte[hidden > 0.02] > 0.99).mean()))
        wider = cv2.dilate(hidden, np.ones((9, 9), dtype=np.uint8))
        x0, y0, x1, y1 = face.box(frame)
        beside.append(float(((matte > 0.5) & (wider < 0.02)).sum() / ((x1 - x0) * (y1 - y0))))
        areas.append(float(matte.sum()))
        truths.append(float(hidden.sum()))
    assert np.mean(kept) > 0.99
    assert np.mean(beside) < 0.002
    # It gets larger and smaller as the glasses do.
    changes = np.abs(np.diff(np.log(areas)))
    assert changes.max() < 1.2 * np.abs(np.diff(np.log(truths))).max() + 0.05


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("size", [0.5, 0.25])
def test_small_pictures_have_them_too(footage: Footage, size: float) -> None:
    from mien.rendering.scaled import ScaledShot

    shot, reader = footage("vretalk_4.mp4")
    large = WornPlates(reader, shot.faces[0], STYLES["thick"])
    scaled = ScaledShot(shot, size)
    face = scaled.face(shot.faces[0])

    class Small:
        def plate(self, frame: int) -> Plate:
            rgb = cv2.resize(large.plate(frame).rgb(), scaled.shot.media.orientation.upright_size,
                             interpolation=cv2.INTER_AREA)  # fmt: skip
            return Plate.from_rgb(np.round(255 * rgb).astype(np.uint8))

    source = GlassesMatte(scaled.shot, Small())
    source.prepare([face])
    frame = int(np.flatnonzero(face.valid)[40])
    matte = source.matte(face, frame, Small().plate(frame))
    assert matte is not None
    hidden = cv2.resize(large.hidden(frame), matte.shape[::-1], interpolation=cv2.INTER_AREA)
    assert float((matte[hidden > 0.5] > 0.99).mean()) > 0.9


@pytest.mark.shared
@pytest.mark.slow
def test_an_edit_leaves_the_rims_as_they_are(footage: Footage) -> None:
    shot, reader = footage("vretalk_4.mp4")
    face = shot.faces[0]
    plates = WornPlates(reader, face, STYLES["dark"])
    # So that nothing but glasses is looked for.
    shot = saying(shot.with_occlusion(Occlusion(detect=False)), "yes")
    edit = mien.Edit(face).set("browInnerUp", 0.9).set("eyeSquintLeft", 0.8)
    frame = int(np.flatnonzero(face.valid)[60])
    plans = face_plans(shot, [edit], mien.FrameRange(0, len(shot)))
    with open_behind(get_renderer("warp", None), shot, plates) as session:
        session.prepare(plans)
        plate = plates.plate(frame)
        edited, patches = edit_plate(session, plans, frame, plate)
        assert patches
        assert any("kept still" in note for note in session.notes)
    before, after = plate.rgb(), edited.rgb()
    rim = plates.hidden(frame) > 0.02
    same = (before == after).all(axis=2)
    assert float(same[rim].mean()) > 0.99
    assert (~same).sum() > 500  # skin moves


@pytest.mark.shared
@pytest.mark.slow
def test_the_users_word(footage: Footage) -> None:
    shot, reader = footage("vretalk_4.mp4")
    face = shot.faces[0]
    bare = worn(saying(shot, "yes"), ReaderPlates(reader))
    assert len(bare.notes) == 1
    assert "nothing is kept" in bare.notes[0]
    drawn = WornPlates(reader, face, STYLES["dark"])
    assert worn(saying(shot, "no"), drawn).notes == ()
    source = GlassesMatte(shot, drawn)
    assert not source.is_prepared([face])
    assert source.notes == ()
    # Of frames in which they are not worn nothing is kept.
    source.prepare([face])
    assert source.is_prepared([face])
    frame = int(np.flatnonzero(face.valid)[60])
    taken_off = source.matte(face, frame, reader.frame(frame).plate())
    there = source.matte(face, frame, drawn.plate(frame))
    assert there is not None
    assert taken_off is None or taken_off.sum() < 0.6 * there.sum()


class Worn(MatteSource):
    on_head = True

    def matte(self, face: Face, frame: int, plate: Plate) -> FloatArray:
        return np.ones((plate.height, plate.width), dtype=np.float32)


class Held(Worn):
    on_head = False


def test_what_is_worn_turns_with_the_head() -> None:
    face = make_face(1)
    plate = Plate.from_rgb(np.zeros((8, 8, 3), dtype=np.uint8))
    worn_, held = Mattes([Worn()]), Mattes([Worn(), Held()])
    amounts = []
    for turned in (0.0, 1.0, 2.0, 3.0, 20.0):
        matte = worn_.matte(face, 0, plate, turned)
        amounts.append(0.0 if matte is None else float(matte.max()))
        whole = held.matte(face, 0, plate, turned)
        assert whole is not None
        assert (whole == 1).all()
    assert amounts[0] == 1
    assert amounts[-2:] == [0, 0]
    assert amounts == sorted(amounts, reverse=True)


def test_who_wears_glasses_is_read_as_it_is_typed() -> None:
    assert read_glasses(["yes", "2=no", " 3 = AUTO"]) == ((0, "yes"), (2, "no"), (3, "auto"))
    assert read_glasses(["Anna=no", "a=b=yes"]) == (("Anna", "no"), ("a=b", "yes"))
    for wrong in ("", "maybe", "=yes", "1="):
        with pytest.raises(UsageError, match="glasses"):
            read_glasses([wrong])
    with pytest.raises(UsageError, match="no face 0"):
        read_glasses(["0=yes"])


def test_requests_speak_of_faces_or_of_all(tracked_360p: Path) -> None:
    shot = mien.load_project(tracked_360p).shot
    every = choose_occlusion(shot, OcclusionChoice(glasses=((0, "yes"),)))
    assert every.occlusion.glasses == {face.number: "yes" for face in shot.faces}
    one = OcclusionChoice(glasses=((1, "no"),)).on(OcclusionChoice(glasses=((0, "yes"),)))
    assert choose_occlusion(shot, one).occlusion.wears_glasses(1) == "no"
    assert choose_occlusion(shot, OcclusionChoice()) is shot
    with pytest.raises(NoFaceError):
        choose_occlusion(shot, OcclusionChoice(glasses=((7, "no"),)))
    with pytest.raises(NoFaceError):
        mien.set_glasses(shot, "yes", 9)
    with pytest.raises(UsageError):
        mien.set_glasses(shot, "perhaps")  # type: ignore[arg-type]
    # Of a shot that is not tracked nobody is known, and what was said waits.
    untracked = dataclasses.replace(shot, faces=())
    assert choose_occlusion(untracked, one) is untracked


@given(st.integers(0, 2**32 - 1))
def test_the_best_path_is_the_best_of_all(seed: int) -> None:
    worth = np.random.default_rng(seed).random((5, 4)).astype(np.float32)

    def total(path: tuple[int, ...]) -> float:
        steps = np.abs(np.diff(path))
        if (steps > 1).any():
            return -np.inf
        return float(worth[np.arange(5), list(path)].sum() - 0.3 * steps.sum())

    best = max(total(path) for path in np.ndindex(4, 4, 4, 4, 4))
    assert total(tuple(best_path(worth, 1, 0.3))) == pytest.approx(best, abs=1e-5)
    ring = best_ring(worth, 1, 0.3)
    assert ring.shape == (5,)
    # Of many tables it is that of each.
    many = np.random.default_rng(seed).random((2, 3, 9, 7)).astype(np.float32)
    for one in np.ndindex(2, 3):
        np.testing.assert_array_equal(best_path(many, 2, 0.3)[one], best_path(many[one], 2, 0.3))
        np.testing.assert_array_equal(best_ring(many, 2, 0.3)[one], best_ring(many[one], 2, 0.3))


def test_lines_count_and_edges_do_not() -> None:
    picture = np.ones((60, 80), dtype=np.float32)
    picture[:, 20:23] = 0.8  # a dark line
    picture[:, 50:] = 0.5  # an edge
    found = np.abs(ridges(picture, 0.06)[0])
    assert found[30, 21] > 0.15
    assert found[30, 44:56].max() < 0.02
    assert ridges(picture, 0.06)[0][30, 21] > 0


def test_curves_are_laid_onto_lines() -> None:
    turn = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    circle = np.stack([100 + 40 * np.cos(turn), 80 + 30 * np.sin(turn)], axis=1)
    fine = np.full((640, 800), 255, dtype=np.uint8)
    cv2.polylines(fine, [np.round(4 * circle + 1.5).astype(np.int32)], True, 60, 12, cv2.LINE_AA)
    picture = cv2.resize(fine, (200, 160), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    off = circle * [1.02, 0.99] + [3.0, -2.0]
    found = snap(picture, [off], [True], [np.ones(80, dtype=np.float32)], 16.0)
    away = np.abs(((found.curves[0] - circle) * normals_of(circle, True)).sum(axis=1))
    assert np.median(away) < 0.4
    assert away.max() < 1.5


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("count", [3, 40])
def test_normals_and_means_go_on_where_a_curve_closes(count: int, closed: bool) -> None:
    curve = np.random.default_rng(count).normal(size=(count, 2))
    if closed:
        run = np.roll(curve, -1, axis=0) - np.roll(curve, 1, axis=0)
    else:
        run = np.gradient(curve, axis=0)
    turned = np.stack([run[:, 1], -run[:, 0]], axis=1)
    normals = turned / np.linalg.norm(run, axis=1, keepdims=True)
    np.testing.assert_allclose(normals_of(curve, closed), normals, atol=1e-12)
    spread = spread_along(curve, closed)
    reach = min(5, count)
    kernel = cv2.getGaussianKernel(2 * reach + 1, 2.0)[:, 0]
    padded = np.pad(curve, ((reach, reach), (0, 0)), mode="wrap" if closed else "edge")
    plain = [np.convolve(padded[:, i], kernel, "valid") for i in (0, 1)]
    np.testing.assert_allclose(spread, np.stack(plain, axis=1), atol=1e-12)


@pytest.mark.parametrize("radius", [0.5, 2.0, 9.0])
def test_a_stroke_reaches_as_far_as_its_places_do(radius: float) -> None:
    points = np.random.default_rng(5).uniform(8, 92, (6, 2))
    matte = np.zeros((100, 100), dtype=np.float32)
    draw(matte, [Stroke(points, np.full(6, radius), True)], 1.0)
    y, x = np.mgrid[:100, :100]
    ring = np.concatenate([points, points[:1]])
    part = np.linspace(0, 1, 200)[:, None]
    places = np.concatenate([a + part * (b - a) for a, b in itertools.pairwise(ring)])
    away = np.hypot(x[..., None] - places[:, 0], y[..., None] - places[:, 1]).min(axis=2)
    expected = np.clip((radius + 1.5 - away) / 1.35, 0, 1)
    # Which place is the nearest is told to a pixel or so, and hardly ever tells of another.
    assert np.mean(np.abs(matte - expected) > 0.15) < 0.04
    assert matte[away > radius + 1.6].max() == 0


def test_strokes_are_drawn_as_wide_as_they_are() -> None:
    matte = np.zeros((60, 100), dtype=np.float32)
    line: DoubleArray = np.array([[20.0, 30.0], [80.0, 30.0]])
    draw(matte, [Stroke(line, np.full(2, 3.0), False)], 1.0)
    assert (matte[27:34, 50] == 1).all()
    assert (matte[[24, 36], 50] == 0).all()
    assert 0 < matte[26, 50] <= 1
    assert matte.max() == 1
    # What lies outside, or is nowhere, is no error.
    draw(matte, [Stroke(line + 500, np.full(2, 3.0), True)], 1.0)
    draw(matte, [Stroke(line * np.nan, np.full(2, 3.0), True)], 1.0)
    assert np.isfinite(matte).all()
