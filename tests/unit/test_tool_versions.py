"""Results of tracker and solver are those of their versions: who changes them raises the number.

`python -m tests.baselines tools` writes the results of new versions.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien._types import AnyArray
from mien.face import SOLVER
from mien.face.rig import load_rig
from mien.face.solve import solve_faces
from mien.model.face import Face
from mien.timebase import Clock
from mien.tracking.mediapipe import VERSION
from mien.tracking.mediapipe.tracker import MediaPipeTracker
from tests.film import Film
from tests.unit.test_solve import FRAMES, RATE, Puppet

BASELINE = Path(__file__).parents[1] / "baselines" / "tools.npz"
POINTS = slice(None, None, 7)
"""Landmarks that are kept of each face."""

LIMITS = {
    "landmarks": 0.05,
    "confidence": 0.01,
    "controls": 0.05,
    "raw_controls": 0.05,
    "smoothed": 0.05,
    "identity": 0.002,
}
"""By how much processors may differ: pixels, weights and degrees, canonical units."""


def tracked() -> dict[str, AnyArray]:
    """Return what the tracker makes of a portrait that moves."""
    portrait = np.asarray(pytest.importorskip("skimage.data").astronaut())
    film = Film([np.roll(portrait, 3 * step, axis=1) for step in range(8)])
    (track,) = MediaPipeTracker().track(film).tracks
    return {"landmarks": track.landmarks[:, POINTS], "confidence": track.confidence}


def solved() -> dict[str, AnyArray]:
    """Return what the solver makes of a puppet."""
    face: Face
    (face,) = solve_faces([Puppet(load_rig()).track], Clock(RATE, FRAMES), (60,))
    return {
        "controls": face.curves.controls.array[::5],
        "raw_controls": face.raw.controls.array[::5],
        "smoothed": face.landmarks[::5, POINTS],
        "identity": face.identity[POINTS],
    }


@pytest.fixture(scope="module")
def baseline() -> dict[str, AnyArray]:
    with np.load(BASELINE) as file:
        return dict(file)


def test_the_tracker(baseline: dict[str, AnyArray]) -> None:
    assert baseline["tracker_version"] == VERSION, "write the new version's results"
    compare(tracked(), baseline, "the tracker's results changed: raise tracking.mediapipe.VERSION")


def test_the_solver(baseline: dict[str, AnyArray]) -> None:
    assert baseline["solver"] == SOLVER, "write the new version's results"
    compare(solved(), baseline, "the solver's results changed: raise face.SOLVER")


def compare(now: dict[str, AnyArray], then: dict[str, AnyArray], words: str) -> None:
    for name, array in now.items():
        assert np.abs(array - then[name]).max() < LIMITS[name], f"{words} ({name})"
