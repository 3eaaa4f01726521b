"""How many blinks `mien read` finds of those that the Face Landmarker sees, and how many too many.

A blink of the Face Landmarker is a peak of the mean of both its eyeBlink scores that is above
0.4, rises by 0.25 above what is around it within half a second to either side, and lasts for less
than half a second at half its height.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import find_peaks

import mien
from tests.benchmarks.common import clip, measure

CLIPS = ("lp_d10", "lp_d18", "lp_d9", "lp_s18", "vretalk_1", "vretalk_4")
NEAR = 0.12
"""Seconds by which two peaks of one blink may differ."""


def main() -> None:
    """Print blinks that are there, found, missed and made up, by clip and in all."""
    tool = measure()
    total = np.zeros(3, dtype=int)
    for name in CLIPS:
        path = clip(f"{name}.mp4")
        shot = mien.track(path)
        rate = float(shot.clock.rate)
        face = mien.main_face(shot)
        read = np.array([event.peak for event in mien.read_performance(face).of("blink")])
        seen = _seen(tool, str(path), rate)
        missed = sum(not (np.abs(read - peak) <= NEAR * rate).any() for peak in seen)
        false = sum(not (np.abs(seen - peak) <= NEAR * rate).any() for peak in read)
        print(f"{name}: {len(seen)} blinks, {missed} missed, {false} made up")
        total += len(seen), missed, false
    there, missed, false = total.tolist()
    print(f"found {1 - missed / there:.1%} of {there}, made up {false / there:.1%}")


def _seen(tool: object, path: str, rate: float) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    detector = tool.landmarker()  # type: ignore[attr-defined]
    closed = []
    for _, picture in tool.frames(path):  # type: ignore[attr-defined]
        scores = tool.see(detector, picture)  # type: ignore[attr-defined]
        closed.append(
            0.0 if scores is None else (scores[0]["eyeBlinkLeft"] + scores[0]["eyeBlinkRight"]) / 2
        )
    peaks, _ = find_peaks(
        closed, height=0.4, prominence=0.25, wlen=int(rate) | 1, width=(0, 0.5 * rate)
    )
    return np.asarray(peaks)
