"""What else the Face Landmarker sees change when people really blink, as a yardstick.

`fidelity` counts every control that was not asked for. A closing lid hides the iris, and the
network then reports eyes that look down and squint; it does so in untouched footage too.
"""

from __future__ import annotations

import numpy as np

from tests.benchmarks.common import clip, measure

CLIPS = ("lp_d9", "vretalk_4", "clm_cap12_edit", "lp_s18")
EVERY = 2
NEAR = 8
RISES = (0.38, 0.54)
"""Blinks about as deep as those that an edit of +0.8 reaches."""


def main() -> None:
    """Print the mean rise of real blinks and the mean change of all other controls."""
    tool = measure()
    detector = tool.landmarker()
    rises, others = [], []
    for name in CLIPS:
        seen = [
            (i, scores[0])
            for i, picture in tool.frames(str(clip(f"{name}.mp4")), every=EVERY)
            if (scores := tool.see(detector, picture)) is not None
        ]
        names = list(seen[0][1])
        frames = np.array([i for i, _ in seen])
        values = np.array([[scores[n] for n in names] for _, scores in seen])
        blinks = [n.startswith("eyeBlink") for n in names]
        closed = values[:, blinks].mean(axis=1)
        rest = np.median(closed) + 0.05
        for i in np.flatnonzero(closed > rest + 0.25):
            near = (np.abs(frames - frames[i]) <= NEAR) & (closed < rest)
            if not near.any():
                continue
            change = values[i] - values[near].mean(axis=0)
            rise = change[blinks].mean()
            if RISES[0] < rise < RISES[1]:
                rises.append(rise)
                others.append(np.abs(change[np.logical_not(blinks)]).mean())
    print(
        f"{len(rises)} frames of real blinks: eyeBlink {np.mean(rises):+.3f},"
        f" others {np.mean(others):.3f}"
    )
