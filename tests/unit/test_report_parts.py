"""Parts of a report on data whose answer is plain: neighbours over cuts, values that are none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.reporting.faces import Tracked
from mien.reporting.likeness import LikenessMeter
from mien.reporting.pixels import _unlike
from tests.documents import make_shot

FRAMES = 6


@dataclass
class Shade:
    """Takes people for who they are by how bright their pictures are."""

    name: str = "shade"
    reason: str = "a test"
    sees_pixels: bool = True
    same_person: float = 0.5

    def describe(
        self, picture: npt.NDArray[np.uint8], landmarks: npt.ArrayLike
    ) -> FloatArray | None:
        return np.array([picture.mean() / 255], np.float32)

    def similarity(self, first: npt.ArrayLike, second: npt.ArrayLike) -> float:
        return 1 - float(np.abs(np.asarray(first) - np.asarray(second)).max())


def meter(cuts: tuple[int, ...] = ()) -> LikenessMeter:
    """Has seen a face that is dark before a cut, and bright after it."""
    everywhere, points = np.ones(FRAMES, np.bool_), np.zeros((FRAMES, 478, 2), np.float32)
    controls = np.zeros((FRAMES, 59), np.float32)
    face = Tracked(make_shot(FRAMES).faces[0], controls, everywhere, points, points)
    made = LikenessMeter(Shade(), [face], [everywhere], cuts)
    for row in range(FRAMES):
        picture = np.full((4, 4, 3), 0 if row < 3 else 255, np.uint8)
        made.take(row, picture, np.asarray(picture // 2))
    return made


def test_frames_on_both_sides_of_a_cut_are_no_neighbours() -> None:
    assert meter().floor(0) == 0.8
    cut = meter((3,))
    assert cut.floor(0) == 1
    np.testing.assert_allclose(cut.similarity[0], [1, 1, 1, 0.5, 0.5, 0.5], atol=0.01)


def test_a_value_that_is_no_number_is_like_another_one() -> None:
    one = np.array([1, np.nan, np.nan, np.inf, 0], np.float16)
    other = np.array([1, np.nan, 2, np.inf, 1], np.float16)
    assert _unlike(one, other).tolist() == [False, False, True, False, True]
    assert _unlike(np.array([1, 2], np.uint8), np.array([1, 3], np.uint8)).tolist() == [False, True]
