"""What every renderer must do, whoever wrote it: mien's own, and one written here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mien.errors import MissingDependencyError, UsageError
from mien.media.orient import turn, turn_back
from mien.media.planes import Box, Plate
from mien.model.media import Orientation
from mien.model.occlusion import Occlusion
from mien.model.settings import ReferenceSettings
from mien.model.shot import Shot
from mien.rendering.base import (
    FacePlan,
    Patch,
    PlateSource,
    Renderer,
    RenderRequest,
    RenderSession,
)
from mien.rendering.compose import compose
from mien.rendering.occlusion.session import open_behind
from mien.rendering.patches import render_patches
from mien.rendering.registry import (
    available_renderers,
    choose_renderer,
    get_renderer,
    register_renderer,
)
from mien.testing.renderers import EVERYTHING, RENDERER_CHECKS
from mien.testing.scenes import Scene, Spot, coded_hull
from tests.fingerprints import Speaker
from tests.mattes import write_movie


class Blusher(Renderer):
    """A renderer of somebody else's: it makes cheeks redder."""

    name = "blusher"

    def open(self, shot: Shot, source: PlateSource) -> RenderSession:
        return Blushing()


class Blushing(RenderSession):
    def render(self, request: RenderRequest) -> Patch | None:
        plate = request.plate
        x0, y0, x1, y1 = (round(v) for v in request.face.box(request.frame))
        box = Box(x0, y0, x1, y1).clip(plate.width, plate.height)
        if not box.width or not box.height:
            return None
        rgb = plate.rgb(box)
        rgb[..., 0] += 0.1
        mask = np.zeros(rgb.shape[:2], np.float32)
        mask[2:-2, 2:-2] = 1
        return Patch(box, rgb, mask)


@pytest.fixture(scope="module")
def reference(small_models: Path) -> Iterator[Renderer]:
    """The reference renderer with small random weights, as quick as it gets."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIEN_MODELS", str(small_models))
        settings = ReferenceSettings(steps=1, guidance=1, size=64, smoothing=1, approximate=True)
        yield get_renderer("reference", settings)


@pytest.fixture(params=["warp", "blusher", pytest.param("reference", marks=pytest.mark.slow)])
def renderer(request: pytest.FixtureRequest) -> Renderer:
    if request.param == "reference":
        renderer: Renderer = request.getfixturevalue("reference")
        return renderer
    if request.param == "blusher":
        register_renderer(Blusher())
    return get_renderer(request.param)


@pytest.fixture(params=["warp", pytest.param("reference", marks=pytest.mark.slow)])
def own(request: pytest.FixtureRequest) -> Renderer:
    """Each of mien's own."""
    own: Renderer = request.getfixturevalue(request.param)
    return own


@pytest.fixture
def warp() -> Renderer:
    return get_renderer("warp")


def rendered(
    renderer: Renderer, scene: Scene, plans: list[FacePlan], frame: int = 1
) -> tuple[Plate, list[Patch | None], Plate]:
    plate = scene.plate(frame)
    with opened(renderer, scene, plans) as session:
        patches = [next(iter(render_patches(session, [p], frame, plate)), None) for p in plans]
    return plate, patches, compose(plate, [p for p in patches if p is not None])


def opened(renderer: Renderer, scene: Scene, plans: list[FacePlan]) -> RenderSession:
    session = renderer.open(scene.shot, scene)
    session.prepare(plans)
    return session


@pytest.mark.parametrize("check", RENDERER_CHECKS, ids=lambda check: check.__name__.strip("_"))
def test_the_contract(renderer: Renderer, check: Callable[[Renderer], None]) -> None:
    check(renderer)


@pytest.mark.parametrize("x", [6, 160, 316, -400])
def test_a_face_in_the_picture_changes(own: Renderer, x: float) -> None:
    scene = Scene(spots=[Spot(x, 130, 150)])
    _, (patch,), _ = rendered(own, scene, [scene.plan(**EVERYTHING)])
    assert (patch is None) == (x == -400)


def test_both_faces_change(renderer: Renderer) -> None:
    scene = Scene(Orientation(640, 260), [Spot(), Spot(480)])
    plans = [scene.plan(0, mouthSmile=0.7), scene.plan(1, jawOpen=0.5)]
    _, patches, _ = rendered(renderer, scene, plans)
    assert None not in patches


def test_patches_change_something(renderer: Renderer) -> None:
    for kind in ("rgb8", "yuv10", "exr"):
        scene = Scene(kind=kind)
        plate, (patch,), result = rendered(renderer, scene, [scene.plan(**EVERYTHING)])
        assert patch is not None
        assert not np.array_equal(plate.rgb(), result.rgb())


def test_nothing_asked_gives_nothing(renderer: Renderer) -> None:
    scene = Scene()
    plate, patches, result = rendered(renderer, scene, [scene.plan()])
    assert patches == [None]
    assert result is plate


@pytest.mark.parametrize(("turns", "mirrored"), [(0, False), (1, False), (3, True)])
@pytest.mark.parametrize("kind", ["rgb8", "yuv10", "exr"])
def test_under_white_of_a_users_matte_nothing_changes(
    own: Renderer, kind: str, turns: int, mirrored: bool, tmp_path: Path
) -> None:
    size = (260, 320) if turns else (320, 260)
    scene = Scene(Orientation(*size, quarter_turns=turns, mirrored=mirrored), kind=kind)
    plan, plate = scene.plan(**EVERYTHING), scene.plate(1)
    upright = np.zeros((scene.frames, 260, 320), np.float32)
    upright[:, :, :161] = 1  # to the middle of the face
    path = write_movie(tmp_path / "matte.mkv", upright)
    shot = scene.shot.with_occlusion(Occlusion(matte=path))
    with open_behind(own, shot, scene) as session:
        session.prepare([plan])
        (patch,) = render_patches(session, [plan], 1, plate)
    result = compose(plate, [patch])
    free = rendered(own, scene, [plan])[2]
    white = turn_back(scene.orientation, upright[1]) == 1
    for before, after, without in zip(plate.planes, result.planes, free.planes, strict=True):
        rows = plate.height // before.shape[0]
        kept = white[::rows, ::rows]
        if rows == 2:  # chroma belongs to several pixels; the seam cuts through some
            kept = kept & white[1::2, 1::2]
        kept = np.repeat(kept, before.shape[1] // kept.shape[1], axis=1)
        assert np.array_equal(after[kept], before[kept])
        if rows == 1:
            assert not np.array_equal(without[kept], before[kept])
            assert not np.array_equal(after, before)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_rotated_plates(warp: Renderer, turns: int, mirrored: bool) -> None:
    """A picture that is coded lying down, or mirrored, gives the same render, coded so.

    What is asked of one side is done on the side that is shown: sides are those of the face.
    """
    still = Scene(Orientation(320, 260), [Spot(150, 130, yaw=12)])
    size = (260, 320) if turns % 2 else (320, 260)
    orientation = Orientation(*size, quarter_turns=turns, mirrored=mirrored)
    turned = Scene(orientation, [Spot(150, 130, yaw=12)])
    asked = {
        "mouthSmileLeft": 0.7, "mouthSmile": 0.1, "jawOpen": 0.4, "eyeBlinkRight": 0.6,
        "gazePitch": 10.0, "browInnerUp": 0.4, "headYaw": 4.0, "jawLeft": 0.3,
    }  # fmt: skip
    plate, _, upright = rendered(warp, still, [still.plan(**asked)])
    _, _, lying = rendered(warp, turned, [turned.plan(**asked)])
    stood_up = turn(orientation, lying.rgb())
    changed = np.abs(upright.rgb() - plate.rgb()).mean()
    assert np.abs(stood_up - upright.rgb()).mean() < 0.12 * changed
    assert np.abs(stood_up - plate.rgb()).mean() > 0.8 * changed


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_rotated_plates_have_their_teeth_and_gums_where_they_belong(
    warp: Renderer, turns: int
) -> None:
    """What lies above and below teeth is told by the mouth, and not by the picture's rows."""
    size = (260, 320) if turns % 2 else (320, 260)
    orientation = Orientation(*size, quarter_turns=turns)
    asked = {"mouthFrown": 0.6}
    stood, lying = (
        Speaker(coded, [Spot(150, 130, 300)], jaw=(0.3,) * 4, yaw=(0.0,) * 4)
        for coded in (Orientation(320, 260), orientation)
    )
    plate, _, upright = rendered(warp, stood, [stood.plan(0, **asked)])
    _, _, turned = rendered(warp, lying, [lying.plan(0, **asked)])
    assert np.abs(upright.rgb() - plate.rgb()).max() > 0.1
    assert np.abs(turn(orientation, turned.rgb()) - upright.rgb()).max() < 0.03


def test_oblong_pixels(warp: Renderer) -> None:
    scene = Scene(Orientation(240, 260, pixel_aspect=Fraction(4, 3)), [Spot(160, 130)])
    plate, (patch,), result = rendered(warp, scene, [scene.plan(mouthSmile=0.7)])
    assert patch is not None
    moved = np.abs(result.rgb() - plate.rgb()).max(axis=2) > 0.02
    assert (moved & ~coded_hull(scene, 0, 0.15)).sum() == 0
    assert moved.sum() > 200


@pytest.mark.parametrize("asked", [{"mouthSmile": 0.6}, {"eyeBlink": 1.0}, {"browInnerUp": 1.0}])
def test_the_background_stays(own: Renderer, asked: dict[str, float]) -> None:
    """Beyond the outline nothing moves, unless the jaw moves it."""
    for yaw in (0.0, 30.0):
        scene = Scene(spots=[Spot(yaw=yaw)])
        plate, _, result = rendered(own, scene, [scene.plan(**asked)])
        changed = np.abs(result.rgb() - plate.rgb()).max(axis=2)
        assert changed[~coded_hull(scene, 0, 0.06)].max() < 0.06


def test_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path))
    assert "warp" in available_renderers()
    chosen = choose_renderer("auto")
    assert (chosen.renderer.name, chosen.reason) == (
        "warp", "the models of reference are not installed",
    )  # fmt: skip
    assert choose_renderer("warp").reason == ""
    assert "reference" not in available_renderers()
    with pytest.raises(MissingDependencyError, match="mien models"):
        get_renderer("reference")
    with pytest.raises(UsageError, match="'warp'"):
        get_renderer("wrap")
    impostor = Blusher()
    impostor.name = "warp"
    with pytest.raises(UsageError, match="another name"):
        register_renderer(impostor)
    register_renderer(Blusher())
    assert "blusher" in available_renderers()
