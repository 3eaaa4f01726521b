"""How far controls swing with the head: of a face at rest that turns, and against the outside eye.

Means of controls (but looks, which follow the eyes) in the frames that are turned by 36 degrees or
more, and by 24 to the other side, less those in frames within 20 degrees of the front. Then, of
faces that speak and laugh turned by 10 to 29 degrees, the mean correlation of the raw controls
with the Face Landmarker's scores, over those that vary.
"""

from __future__ import annotations

import numpy as np

import mien
from mien._types import AnyArray
from mien.model.controls import ARKIT, INDEX
from tests.benchmarks.bench_solve import VARIES
from tests.benchmarks.common import clip, measure

AT_REST = "intel_headpose_female_fromgif.mp4"
TURNED = ("lp_s32.mp4", "lp_s18.mp4", "vretalk_1.mp4", "lp_d3.mp4", "lp_d12.mp4")
SKIN = [INDEX[name] for name in ARKIT if not name.startswith("eyeLook") and name != "tongueOut"]


def swings(curves: mien.Curves) -> dict[str, float]:
    """The change of each control's mean, away from the front, the larger of both sides."""
    yaw, values = curves.controls["headYaw"], curves.controls.array
    front = values[np.abs(yaw) <= 20].mean(axis=0)
    sides = [values[some].mean(axis=0) - front for some in (yaw <= -36, yaw >= 24) if some.any()]
    return {ARKIT[i]: float(max((side[i] for side in sides), key=abs)) for i in SKIN}


def agreement(path: str) -> tuple[float, int, str]:
    """Mean correlation with the outside eye, of how many controls, and the yaws."""
    tool = measure()
    curves = mien.main_face(mien.track(clip(path), progress=False)).raw
    detector, scores = tool.landmarker(), []
    for _, picture in tool.frames(str(clip(path))):
        seen = tool.see(detector, picture)
        scores.append([np.nan if seen is None else seen[0].get(name, 0.0) for name in ARKIT])
    found = [
        float(np.corrcoef(curves.controls.array[some, i], theirs[some])[0, 1])
        for i, theirs in ((i, np.array(scores)[:, i]) for i in SKIN)
        if theirs[some := _both(theirs, curves)].std() > VARIES
        and curves.controls.array[some, i].std() > 0
    ]
    yaw = curves.controls["headYaw"]
    return float(np.mean(found)), len(found), f"yaw {yaw.min():.0f} to {yaw.max():.0f}"


def _both(theirs: AnyArray, curves: mien.Curves) -> AnyArray:
    return np.asarray(np.isfinite(theirs) & curves.valid[: len(theirs)])


def main() -> None:
    """Print the largest swings, and the correlations."""
    face = mien.main_face(mien.track(clip(AT_REST), progress=False))
    for name, curves in (("raw", face.raw), ("smoothed", face.curves)):
        ordered = sorted(swings(curves).items(), key=lambda one: -abs(one[1]))[:6]
        yaw = curves.controls["headYaw"]
        print(
            f"at rest, yaw {yaw.min():.0f} to {yaw.max():.0f}, {name}: "
            + ", ".join(f"{control} {swing:+.2f}" for control, swing in ordered)
        )
    for path in TURNED:
        mean, count, yaws = agreement(path)
        print(f"{path} ({yaws}): correlation {mean:.3f} of {count} controls")


if __name__ == "__main__":
    main()
