from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mien._types import AnyArray
from mien.rendering.reference.align import ffhq_align, ffhq_quad


@pytest.mark.shared
@pytest.mark.parametrize(("name", "file"), [("inside", "src"), ("border", "src"), ("big", "big")])
def test_aligned_as_ffhq(fixtures: Path, inputs: dict[str, AnyArray], name: str, file: str) -> None:
    picture = np.asarray(Image.open(fixtures / f"{file}_image.png").convert("RGB"))
    with np.load(fixtures / "outputs.npz", allow_pickle=False) as outputs:
        expected = outputs[f"align_{name}"]
    assert np.array_equal(ffhq_align(picture, inputs[f"lm_{name}"]), expected)


def face(eyes: float, mouth: float) -> AnyArray:
    """68 points: eyes `eyes` apart, the mouth's corners `mouth` below them."""
    points = np.zeros((68, 2))
    points[36:42], points[42:48] = (-eyes / 2, 0), (eyes / 2, 0)
    points[48], points[54] = (-10, mouth), (10, mouth)
    return points


def test_proportions() -> None:
    """Half a side is twice the distance of the eyes, or 1.8 times that of eyes and mouth."""
    wide = ffhq_quad(face(60, 50))
    np.testing.assert_allclose(
        wide, [(-120, -115), (-120, 125), (120, 125), (120, -115)], atol=1e-4
    )
    long = ffhq_quad(face(50, 60))
    assert np.hypot(*(long[3] - long[0])) == pytest.approx(2 * 1.8 * 60)


@given(
    angle=st.floats(-180, 180),
    scale=st.floats(0.2, 20),
    shift=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
)
def test_the_crop_goes_with_the_face(
    angle: float, scale: float, shift: tuple[float, float]
) -> None:
    turn = np.deg2rad(angle)
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = face(60, 55)
    moved = ffhq_quad(points @ matrix.T + shift)
    np.testing.assert_allclose(moved, ffhq_quad(points) @ matrix.T + shift, atol=1e-3 * scale * 100)
