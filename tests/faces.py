"""Faces made from nothing, for tests that need a face but no pixels."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from mien._types import AnyArray
from mien.model.controls import NAMES
from mien.model.curves import ControlCurves, Curves, HeadPose
from mien.model.face import Face
from mien.timebase import Clock


def make_curves(frames: int, controls: AnyArray | None = None) -> Curves:
    """Curves of a still, neutral, frontal face."""
    pose = HeadPose(
        np.full(frames, 20, dtype=np.float32),
        np.tile(np.eye(3, dtype=np.float32), (frames, 1, 1)),
        np.full((frames, 2), 200, dtype=np.float32),
    )
    if controls is None:
        controls = np.zeros((frames, len(NAMES)), dtype=np.float32)
    return Curves(
        ControlCurves(controls),
        np.zeros((frames, 55), dtype=np.float32),
        "mien-rig",
        pose,
        np.ones(frames, dtype=bool),
        np.zeros(frames, dtype=bool),
    )


def make_face(frames: int, rate: Fraction = Fraction(25), number: int = 1) -> Face:
    """A still, neutral face seen in every frame."""
    curves = make_curves(frames)
    return Face(
        number,
        f"face {number}",
        Clock(rate, frames),
        np.zeros((frames, 478, 3), dtype=np.float32),
        np.ones(frames, dtype=np.float32),
        np.zeros((468, 3), dtype=np.float32),
        curves,
        curves,
    )
