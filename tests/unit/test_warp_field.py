"""Fields and contours: exact where geometry says what they must be."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien._math import ease, smoothstep
from mien.model.landmarks import SKIN
from mien.rendering.geometry.contour import Edges, LocalAxes
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.field import MeshRaster, Zone, dense, remap, window
from mien.rendering.geometry.tone import blurred, diffuse, grain, grain_level, softness
from mien.rendering.geometry.topology import EYES, IRIS, LIPS, OVAL, still_mesh, warp_mesh

SQUARE = np.array([[0, 0], [40, 0], [40, 40], [0, 40]], np.float32)
HALVES = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


@pytest.mark.parametrize("cell", [1, 2, 3])
def test_an_affine_motion_is_met_exactly(cell: int) -> None:
    slope = np.array([[0.1, -0.05], [0.02, 0.08]], np.float32)
    motion = SQUARE @ slope + [3, -2]
    zone = Zone(0, 0, 40 // cell, 40 // cell, cell)
    field = dense(zone, SQUARE, motion.astype(np.float32), HALVES)
    x, y = zone.pixels()
    wanted = np.stack([x, y], axis=2) @ slope + [3, -2]
    inner = slice(4 * cell, -4 * cell)
    assert np.abs(field - wanted)[inner, inner].max() < 0.02


def test_nothing_moves_outside_the_mesh() -> None:
    field = dense(Zone(-20, -20, 100, 100, 1), SQUARE, np.ones_like(SQUARE), HALVES)
    assert not field[:12].any()
    assert not field[-12:].any()
    assert field[40, 40] == pytest.approx([1, 1])


def test_slivers_do_no_harm() -> None:
    points = np.array([[5, 5], [35, 5], [20, 5.01], [20, 30]], np.float32)
    motion = np.array([[1, 0], [-1, 0], [0, 9], [0, 0]], np.float32)
    triangles = np.array([[0, 1, 2], [0, 2, 3], [2, 1, 3]], np.int32)
    field = dense(Zone(0, 0, 40, 40, 1), points, motion, triangles)
    assert np.isfinite(field).all()
    assert np.abs(field).max() < 10


def test_what_is_laid_over_a_raster_is_seen_as_if_it_came_last() -> None:
    zone, points = Zone(-4, -4, 16, 16, 3), np.concatenate([SQUARE, SQUARE + 6])
    motion = np.arange(16, dtype=np.float32).reshape(8, 2)
    first, second = HALVES, HALVES + 4
    laid = MeshRaster.of(zone, points.astype(np.float32), first).under(second)
    at_once = dense(zone, points.astype(np.float32), motion, np.concatenate([first, second]))
    assert np.array_equal(laid.field(motion), at_once)


def test_a_crop_goes_on_beyond_its_border() -> None:
    rgb = np.random.default_rng(3).random((20, 24, 3), dtype=np.float32)
    crop = PlateCrop(rgb, np.array([10, 5], dtype=np.float32))
    zone = Zone(6, 2, 32, 26, 1)
    wider = np.pad(rgb, ((3, 3), (4, 4), (0, 0)), mode="edge")
    assert np.array_equal(crop.pixels(zone), wider)
    still = np.zeros((zone.height, zone.width, 2), dtype=np.float32)
    assert np.array_equal(crop.moved(zone, still), wider)
    moved = crop.moved(zone, still + np.array([2, 1], dtype=np.float32))
    assert np.array_equal(moved[1:, 2:], wider[:-1, :-2])


@pytest.mark.parametrize("sigma", [3.0, 9.0, 30.0])
def test_wide_blurs_are_blurs(sigma: float) -> None:
    picture = np.random.default_rng(4).random((101, 143, 3), dtype=np.float32)
    picture[30:60, 50:90] += 1
    exact = cv2.GaussianBlur(picture, (0, 0), sigma)
    assert blurred(picture, sigma) == pytest.approx(exact, abs=0.02)
    assert blurred(picture[..., 0], sigma) == pytest.approx(exact[..., 0], abs=0.02)


def test_an_unmoved_picture_is_unchanged() -> None:
    picture = np.random.default_rng(2).random((30, 40, 3), dtype=np.float32)
    y, x = np.indices((30, 40), dtype=np.float32)
    assert np.array_equal(remap(picture, x, y), picture)


def test_a_window_is_zero_on_its_border() -> None:
    edge = window(20, 30, 5)
    assert not edge[[0, -1]].any()
    assert not edge[:, [0, -1]].any()
    assert edge[10, 15] == 1


def test_edges_pass_through_their_landmarks_and_do_not_overshoot() -> None:
    upper = np.array([[10, 50], [20, 44], [30, 40], [40, 44], [50, 50]], np.float32)
    lower = np.array([[10, 50], [20, 51], [30, 58], [40, 51], [50, 50]], np.float32)
    frame = LocalAxes.between(upper[0], upper[-1], np.array([30, 90], np.float32))
    edges = Edges.through(frame, upper, lower)
    top, bottom = edges.at(frame.of(upper)[:, 0])
    assert np.allclose(top, frame.of(upper)[:, 1], atol=0.1)
    assert np.allclose(bottom, frame.of(lower)[:, 1], atol=0.1)
    assert edges.upper.min() >= -10.01
    assert edges.gap == pytest.approx(18, abs=0.2)
    x, y = np.array([[30, 30, 5], [49, 39, 50]], np.float32)
    inside = edges.depth(*frame.locate(x, y))
    assert inside[0] > 8
    assert inside[1] < 0
    assert inside[2] < 0


@pytest.mark.parametrize("turn", [0, 90, 180, 270, 33])
def test_a_frame_knows_down_from_up_however_the_picture_lies(turn: int) -> None:
    angle = np.radians(turn)
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = np.array([[0, 0], [10, 0], [5, 7]])
    first, second, below = (corners @ rotation).astype(np.float32)
    frame = LocalAxes.between(first, second, below)
    assert np.allclose(frame.of(below[None]), [[5, 7]], atol=1e-4)
    place = frame.to_pixels(np.full(1, 5, np.float32), np.full(1, 7, np.float32))
    assert np.allclose(np.ravel(place), below, atol=1e-4)


def test_the_mesh_covers_the_face_once() -> None:
    mesh = warp_mesh()
    assert mesh.vertices == SKIN + sum(len(eye.rim) for eye in EYES.values()) + len(OVAL)
    for triangles in (np.concatenate([mesh.skin, mesh.filled]), still_mesh()):
        edges = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        _, count = np.unique(edges, axis=0, return_counts=True)
        assert count.max() <= 2
        assert (count == 1).sum() == len(OVAL)
    assert not np.isin(mesh.without(LIPS.upper[1:-1]), LIPS.upper[1:-1]).any()
    assert all(len(iris) == 5 for iris in IRIS.values())


def test_softness_finds_the_blur_of_an_edge() -> None:
    import cv2

    step = np.zeros((80, 80, 3), np.float32)
    step[:, 40:] = 1
    for sigma in (1.0, 2.0, 3.5):
        assert softness(cv2.GaussianBlur(step, (0, 0), sigma)) == pytest.approx(sigma, rel=0.25)


def test_grain_is_measured_and_made_alike() -> None:
    smooth = np.linspace(0.2, 0.8, 200, dtype=np.float32)[None, :, None].repeat(200, 0)
    noisy = smooth.repeat(3, 2) + grain((200, 200), 0.02, seed=5)
    assert grain_level(noisy) == pytest.approx(0.02, rel=0.2)
    assert np.array_equal(grain((8, 8), 0.1, 3), grain((8, 8), 0.1, 3))
    assert not np.array_equal(grain((8, 8), 0.1, 3), grain((8, 8), 0.1, 4))


def test_diffusion_keeps_what_is_known_and_fills_the_rest() -> None:
    picture = np.full((40, 40, 3), 0.6, np.float32)
    picture[15:25, 15:25] = 9
    known = np.ones((40, 40), np.float32)
    known[15:25, 15:25] = 0
    filled = diffuse(picture, known, 2.0)
    assert np.allclose(filled, 0.6, atol=1e-3)


def test_smoothstep_runs_from_zero_to_one() -> None:
    assert smoothstep([-1.0, 0.0, 0.5, 1.0, 2.0], 0.0, 1.0).tolist() == [0, 0, 0.5, 1, 1]
    assert smoothstep(0.25, 0.0, 1.0) == pytest.approx(0.15625)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ease_keeps_the_precision_it_is_given(dtype: type) -> None:
    eased = ease(np.linspace(0, 1, 11, dtype=dtype))
    assert eased.dtype == dtype
    assert np.allclose(eased + eased[::-1], 1)
