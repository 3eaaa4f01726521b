"""What every renderer must do, whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from mien.media.planes import Plate
from mien.model.media import Orientation
from mien.rendering.base import FacePlan, Patch, Renderer, RenderRequest, RenderSession
from mien.rendering.compose import compose
from mien.rendering.patches import render_patches
from mien.rendering.registry import renderer_problem
from mien.testing.contract import require
from mien.testing.scenes import Scene, Spot

__all__ = ["EVERYTHING", "RENDERER_CHECKS", "check_patch", "check_renderer", "open_session"]

EVERYTHING: Final[Mapping[str, float]] = {
    "mouthSmile": 0.6, "jawOpen": 0.5, "browInnerUp": 0.7, "eyeBlink": 0.5, "gazeYaw": 12.0,
    "mouthFrown": -0.3, "eyeWide": 0.2,
}  # fmt: skip
"""An edit of every region of a face."""
_ROUNDS: Final = 3
"""How often threads ask for every frame at once."""


def check_renderer(renderer: Renderer) -> None:
    """Check that a renderer keeps the promises that mien's pipeline, batches and editor rely on.

    It is given small drawn shots (`mien.testing.Scene`).

    Args:
        renderer: The renderer.

    Raises:
        ContractError: When it breaks one; the message says which.
    """
    for check in RENDERER_CHECKS:
        check(renderer)


def open_session(renderer: Renderer, scene: Scene, plans: Sequence[FacePlan]) -> RenderSession:
    """Open a renderer on a scene, prepared for edits."""
    session = renderer.open(scene.shot, scene)
    session.prepare(plans)
    return session


def check_patch(patch: Patch, plate: Plate) -> None:
    """Check that a patch is one that can be composed into a plate."""
    box = patch.box
    require(
        box.clip(plate.width, plate.height) == box, f"A patch lies inside the plate, not {box}."
    )
    require(patch.rgb.dtype == np.float32, f"Pixels are float32, not {patch.rgb.dtype}.")
    require(patch.mask.dtype == np.float32, f"Masks are float32, not {patch.mask.dtype}.")
    require(bool(np.isfinite(patch.rgb).all()), "Pixels are finite.")
    low, high = float(patch.mask.min(initial=0)), float(patch.mask.max(initial=0))
    require(low >= 0 and high <= 1, f"Masks lie from 0 to 1, not {low:g} to {high:g}.")
    border = np.concatenate([patch.mask[[0, -1]].ravel(), patch.mask[:, [0, -1]].ravel()])
    require(not border.any(), "A mask is 0 on its border, or the patch would have a seam.")


def _says_what_it_is(renderer: Renderer) -> None:
    problem = renderer_problem(renderer)
    require(problem is None, f"A renderer says what it is: {problem}.")
    version = renderer.pixels
    require(isinstance(version, int) and version > 0, f"`pixels` counts from 1, not {version!r}.")


def _patches_can_be_composed(renderer: Renderer) -> None:
    for kind in ("rgb8", "yuv10", "exr"):
        scene = Scene(kind=kind)
        plan, plate = scene.plan(**EVERYTHING), scene.plate(1)
        with open_session(renderer, scene, [plan]) as session:
            patches = render_patches(session, [plan], 1, plate)
        for patch in patches:
            check_patch(patch, plate)
        result = compose(plate, patches)
        changed = np.zeros((plate.height, plate.width), bool)
        for patch in patches:
            box = patch.box
            changed[box.y0 : box.y1, box.x0 : box.x1] |= patch.mask > 0
        for before, after in zip(plate.planes, result.planes, strict=True):
            samples = _may_change(changed, before.shape)
            require(
                np.array_equal(before[~samples], after[~samples]),
                f"Nothing changes outside the mask ({kind}).",
            )


def _may_change(
    changed: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], shape: tuple[int, ...]
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Samples of a plane that share a pixel with a mask: chroma belongs to several pixels."""
    height, width = changed.shape
    if shape[0] < height:
        blocks = changed.reshape(shape[0], height // shape[0], shape[1], width // shape[1])
        return np.asarray(blocks.any(axis=(1, 3)))
    return np.repeat(changed, shape[1] // width, axis=1)


def _leaves_the_plate_alone(renderer: Renderer) -> None:
    # Planes in memory of its own: what is written through a view that was unlocked shows.
    scene = Scene(kind="yuv10")
    plan, plate = scene.plan(**EVERYTHING), scene.plate(1)
    before = [plane.copy() for plane in plate.planes]
    with open_session(renderer, scene, [plan]) as session:
        compose(plate, render_patches(session, [plan], 1, plate))
    same = all(np.array_equal(a, b) for a, b in zip(before, plate.planes, strict=True))
    require(same, "The plate that is given is not changed.")


def _order_does_not_matter(renderer: Renderer) -> None:
    scene = Scene()
    plan = scene.plan(**EVERYTHING)

    def render(order: list[int]) -> dict[int, Patch | None]:
        with open_session(renderer, scene, [plan]) as session:
            return {i: session.render(RenderRequest(plan, i, scene.plate(i))) for i in order}

    there, back = render([0, 1, 2, 3]), render([3, 1, 0, 2, 1])
    for frame, patch in there.items():
        require(
            same_patch(patch, back[frame]),
            f"Frame {frame} is the same whatever was asked for before, in any session.",
        )


def _threads_do_not_matter(renderer: Renderer) -> None:
    if not renderer.concurrent:
        return
    scene = Scene()
    plan = scene.plan(**EVERYTHING)
    frames = list(range(scene.frames))
    with open_session(renderer, scene, [plan]) as session:

        def render(frame: int) -> Patch | None:
            return session.render(RenderRequest(plan, frame, scene.plate(frame)))

        alone = [render(frame) for frame in frames]
        with ThreadPoolExecutor(scene.frames) as pool:
            together = list(pool.map(render, _ROUNDS * frames))
    require(
        all(map(same_patch, _ROUNDS * alone, together)),
        "A `concurrent` renderer makes the same pixels when several threads ask at once.",
    )


def same_patch(one: Patch | None, other: Patch | None) -> bool:
    """Tell whether two patches have the same bytes."""
    if one is None or other is None:
        return one is other
    return (
        one.box == other.box
        and one.rgb.tobytes() == other.rgb.tobytes()
        and one.mask.tobytes() == other.mask.tobytes()
    )


def _keys_tell_what_pixels_depend_on(renderer: Renderer) -> None:
    """An edit beyond the radius of a frame's key changes nothing in it."""
    scene = Scene(frames=8)
    edits = scene.plan(**EVERYTHING), scene.plan(**EVERYTHING)
    keys = [renderer.cache_key(scene.shot, plan) for plan in edits]
    require(keys[0] == keys[1], "The same edit has the same key.")
    radius = keys[0].temporal_radius
    if radius is None or radius >= scene.frames - 1:
        return
    edits[1].evaluated.delta[radius + 1 :] *= 0.5
    patches, keys = [], []
    for plan in edits:
        keys.append(renderer.cache_key(scene.shot, plan))
        with open_session(renderer, scene, [plan]) as session:
            patches.append(session.render(RenderRequest(plan, 0, scene.plate(0))))
    require(
        keys[0] != keys[1] or same_patch(*patches),
        f"What lies more than {radius} frames away changes no pixel, as the key says.",
    )


def _faces_may_be_anywhere(renderer: Renderer) -> None:
    spots = [
        Spot(6, 130, 150), Spot(316, 130, 150), Spot(160, 2, 150), Spot(160, 255, 150),
        Spot(160, 130, 60), Spot(160, 130, 24), Spot(160, 130, 600), Spot(160, 130, 150, 40),
        Spot(160, 130, 150, -75), Spot(-400, 130, 150),
    ]  # fmt: skip
    for spot in spots:
        scene = Scene(spots=[spot])
        plan, plate = scene.plan(**EVERYTHING), scene.plate(1)
        with open_session(renderer, scene, [plan]) as session:
            patches = render_patches(session, [plan], 1, plate)
        for patch in patches:
            check_patch(patch, plate)
        require(spot.x > -400 or not patches, "A face outside the picture changes nothing.")


def _faces_have_their_own_edits(renderer: Renderer) -> None:
    scene = Scene(Orientation(640, 260), [Spot(), Spot(480)])
    one, both = [scene.plan(0, mouthSmile=0.7)], [scene.plan(0, mouthSmile=0.7)]
    both.append(scene.plan(1, jawOpen=0.5))
    plate = scene.plate(1)
    results = []
    for plans in (one, both):
        with open_session(renderer, scene, plans) as session:
            results.append(compose(plate, render_patches(session, plans, 1, plate)).rgb())
    require(
        np.array_equal(results[0][:, 330:], plate.rgb()[:, 330:]),
        "An edit of one face leaves the other alone.",
    )
    require(
        np.array_equal(results[0][:, :300], results[1][:, :300]),
        "A face looks the same whatever is asked of another.",
    )


def _reports_progress(renderer: Renderer) -> None:
    scene = Scene()
    steps: list[tuple[str, float]] = []
    with renderer.open(scene.shot, scene) as session:
        session.prepare(
            [scene.plan(jawOpen=0.5)],
            lambda stage, done, total: steps.append((stage, done / total)),
        )
    fractions = [fraction for _, fraction in steps]
    require({stage for stage, _ in steps} == {"prepare"}, "Preparing is the stage `prepare`.")
    require(fractions == sorted(fractions), "Progress only goes up.")
    require(fractions[-1:] == [1.0], "Progress ends with all of it done.")


def _other_edits_of_the_same_shot(renderer: Renderer) -> None:
    """A session that is prepared anew renders what a new session would."""
    scene = Scene()
    first, second = scene.plan(eyeBlink=0.5), scene.plan(**EVERYTHING)
    with open_session(renderer, scene, [first]) as session:
        session.render(RenderRequest(first, 1, scene.plate(1)))
        session.prepare([second])
        require(session.is_prepared([second]), "What was prepared is prepared.")
        again = session.render(RenderRequest(second, 1, scene.plate(1)))
    with open_session(renderer, scene, [second]) as session:
        fresh = session.render(RenderRequest(second, 1, scene.plate(1)))
    require(same_patch(again, fresh), "An edit looks the same whatever was asked for before.")


RENDERER_CHECKS: Final[tuple[Callable[[Renderer], None], ...]] = (
    _says_what_it_is,
    _patches_can_be_composed,
    _leaves_the_plate_alone,
    _order_does_not_matter,
    _threads_do_not_matter,
    _keys_tell_what_pixels_depend_on,
    _faces_may_be_anywhere,
    _faces_have_their_own_edits,
    _reports_progress,
    _other_edits_of_the_same_shot,
)
"""The single checks of `check_renderer`, for those who want a test of each."""
