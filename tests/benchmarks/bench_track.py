"""Tracking against the least that a face tracker does: PyAV and a FaceMesh, frame by frame.

Bound: 0.7 times the frame rate of the bare loop, loading of the models included in both.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median

import av
import mediapipe as mp

import mien
from tests.benchmarks.common import clip, seconds

CLIPS = ("lp_s18.mp4", "lp_d6.mp4", "lp_s29.mp4", "derived_hevc10_1080p_s18.mp4")
RUNS = 3


def bare(path: Path) -> None:
    """Decode every frame and run FaceMesh with irises on it."""
    with (
        av.open(str(path)) as container,
        mp.solutions.face_mesh.FaceMesh(refine_landmarks=True) as mesh,
    ):
        for frame in container.decode(video=0):
            mesh.process(frame.to_ndarray(format="rgb24"))


def ours(path: Path) -> None:
    """Everything that `mien.track` does: faces, pose, controls, coefficients, smoothing."""
    mien.track(path, progress=False)


def main() -> None:
    """Print the ratio of frame rates, clip by clip."""
    for name in CLIPS:
        path = clip(name)
        frames = mien.open_shot(path).clock.frame_count
        pairs = [(seconds(lambda: bare(path)), seconds(lambda: ours(path))) for _ in range(RUNS)]  # noqa: B023
        ratios = [theirs / mine for theirs, mine in pairs]
        print(
            f"{name:32} {median(ratios):.2f} x ({min(ratios):.2f} to {max(ratios):.2f})"
            f" the frame rate of the bare loop (at least 0.70);"
            f" {frames / median(mine for _, mine in pairs):.0f} against"
            f" {frames / median(theirs for theirs, _ in pairs):.0f} frames/s",
            flush=True,
        )
