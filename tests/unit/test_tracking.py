from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien._types import AnyArray
from mien.face.rig import load_rig
from mien.tracking.associate import Likeness, Tracklet, join
from mien.tracking.cuts import CutFinder, Glance
from mien.tracking.mean_fit import fit_mean
from mien.tracking.mediapipe.detector import TILE_FRACTION
from mien.tracking.mediapipe.face_mesh import confidence_of
from mien.tracking.mediapipe.graphs import INPUT_SIZE
from mien.tracking.models import Reading
from mien.tracking.regions import Region, Roi, overlap, tiles, whole


def ramp(width: int, height: int) -> AnyArray:
    """A picture whose red says x and whose green says y."""
    y, x = np.mgrid[0:height, 0:width]
    return np.asarray(np.stack([x, y, np.zeros_like(x)], axis=-1), np.float32)


def reading(x: float = 100, y: float = 100, side: float = 80) -> Reading:
    points = np.zeros((478, 3), np.float32)
    points[:468] = load_rig().mean * np.array([1, -1, -1], np.float32)
    crop = cv2.resize(scene(7), (INPUT_SIZE, INPUT_SIZE))
    roi = Roi(x, y, side, 0.0)
    return Reading(points, 0.98, 30.0, 0.005, roi, crop, roi, np.full(4, 0.005, np.float32))


def tracklet(start: int, stop: int, x: float = 100) -> Tracklet:
    piece = Tracklet(start)
    for _ in range(start, stop):
        piece.append(reading(x))
    return piece


@pytest.mark.parametrize(
    ("width", "height"), [(1920, 1080), (1080, 1920), (176, 144), (512, 512), (2, 1080), (4000, 90)]
)
def test_tiles_cover_the_picture_and_stay_inside(width: int, height: int) -> None:
    covered = np.zeros((height, width), bool)
    for tile in tiles(width, height, TILE_FRACTION, INPUT_SIZE):
        assert tile.x >= 0
        assert tile.y >= 0
        assert tile.x + tile.side <= max(width, tile.side)
        covered[tile.y : tile.y + tile.side, tile.x : tile.x + tile.side] = True
    assert covered.all()


def test_a_small_face_in_a_tile_is_large_enough_for_the_detector() -> None:
    assert 70 / tiles(1920, 1080, TILE_FRACTION, INPUT_SIZE)[0].side * INPUT_SIZE >= 20


def test_a_region_over_the_edge_is_black_outside() -> None:
    picture = np.full((100, 200, 3), 255, np.uint8)
    cut = whole(200, 100).cut(picture, INPUT_SIZE)
    assert cut.shape == (INPUT_SIZE, INPUT_SIZE, 3)
    assert cut[: INPUT_SIZE // 4 - 1].max() == 0
    assert cut[INPUT_SIZE // 4 + 1 : INPUT_SIZE * 3 // 4 - 1].min() == 255
    assert Region(500, 500, 50).cut(picture, INPUT_SIZE).max() == 0


def test_overlap_is_a_share_of_the_smaller_box() -> None:
    large, small = np.array([0, 0, 10, 10], np.float32), np.array([5, 5, 9, 15], np.float32)
    assert overlap(large, small) == pytest.approx(0.5)
    assert overlap(large, small + 100) == 0


@pytest.mark.parametrize("side", [60.0, 192.0, 460.0])
@pytest.mark.parametrize("roll", [0.0, 0.7, -1.5])
def test_a_region_shows_what_its_map_says(side: float, roll: float) -> None:
    roi = Roi(251.3, 243.8, side, roll)
    crop = roi.cut(ramp(500, 480), INPUT_SIZE)
    to_picture = roi.to_picture(INPUT_SIZE)
    at = np.array([[20, 30, 1], [96, 96, 1], [150, 60, 1]])
    places = at @ to_picture.T
    seen = crop[at[:, 1], at[:, 0], :2]
    assert np.abs(seen - places).max() < 0.05


def test_a_large_face_is_averaged_not_skipped() -> None:
    checker = (np.indices((800, 800)).sum(axis=0) % 2 * 255).astype(np.uint8)
    crop = Roi(400.0, 400.0, 768.0, 0.0).cut(np.repeat(checker[..., None], 3, axis=2), INPUT_SIZE)
    assert np.abs(crop.astype(int) - 127).max() <= 2


def test_the_mean_face_is_found_back_in_its_projection() -> None:
    turn, _ = cv2.Rodrigues(np.array([0.2, -0.5, 0.3]))
    points = np.zeros((478, 3), np.float32)
    points[:468] = (7.5 * load_rig().mean @ turn.T + [300, -200, 0]) * [1, -1, -1]
    rotation, scale = fit_mean(points)
    assert np.allclose(rotation, turn, atol=1e-3)
    assert scale == pytest.approx(7.5, rel=1e-3)


def scene(seed: int, shift: int = 0) -> AnyArray:
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 255, (6, 12, 3)).astype(np.uint8)
    wide = cv2.resize(coarse, (640, 180), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(wide[:, shift : shift + 320])


def cuts_of(pictures: list[AnyArray]) -> tuple[int, ...]:
    finder = CutFinder()
    for i, picture in enumerate(pictures):
        finder.step(i, Glance.of(picture))
    return finder.cuts


def test_a_hard_cut_is_found_at_its_frame() -> None:
    assert cuts_of([scene(1)] * 6 + [scene(2)] * 6 + [scene(3)] * 6) == (6, 12)


def test_pans_fades_and_flashes_are_no_cuts() -> None:
    pan = [scene(1, 8 * i) for i in range(30)]
    fade = [(scene(1) * (1 - i / 20)).astype(np.uint8) for i in range(20)]
    flash = [scene(1)] * 8 + [np.clip(scene(1).astype(int) + 180, 0, 255).astype(np.uint8)] * 2
    assert cuts_of(pan) == ()
    assert cuts_of(fade) == ()
    assert cuts_of([*flash, *[scene(1)] * 8]) == ()


def test_confidence_falls_with_less_evidence_and_with_disagreement() -> None:
    face = confidence_of(30, 0.006)
    hand = confidence_of(21, 0.028)
    ghost = confidence_of(8, 0.05)
    assert 0.9 < face <= 1
    assert 0.3 < hand < 0.7
    assert 0 < ghost < 0.1


def test_pieces_that_follow_each_other_closely_are_one_person() -> None:
    one, two, far = tracklet(0, 10), tracklet(13, 20, 110), tracklet(13, 20, 500)
    assert join([two, one, far], cuts=[]) == [[one, two], [far]]


def test_a_cut_or_being_seen_at_once_keeps_pieces_apart() -> None:
    one, two = tracklet(0, 10), tracklet(10, 20)
    assert join([one, two], cuts=[10]) == [[one], [two]]
    assert len(join([tracklet(0, 10), tracklet(5, 15)], cuts=[])) == 2


def test_who_looks_alike_is_one_person_across_a_cut() -> None:
    one, two = tracklet(0, 10), tracklet(50, 60, 700)
    for piece in (one, two):
        piece.likeness.add(reading())
    assert join([one, two], cuts=[30]) == [[one, two]]


def test_likeness_needs_a_look() -> None:
    assert Likeness().distance(Likeness()) == float("inf")


def test_every_pair_of_pieces_is_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A film of hundreds of shots has as many pieces."""
    compared = 0
    distance = Likeness.distance

    def counted(self: Likeness, other: Likeness, *, mirrored: bool = False) -> float:
        nonlocal compared
        compared += 1
        return distance(self, other, mirrored=mirrored)

    pieces = [tracklet(40 * i, 40 * i + 1) for i in range(20)]
    for piece in pieces:
        piece.likeness.add(reading())
    monkeypatch.setattr(Likeness, "distance", counted)
    assert join(pieces, cuts=[40 * i for i in range(1, 20)]) == [pieces]
    assert compared <= 20 * 20
