"""How well what is in front of faces is found, and what it costs.

Things whose place is known are drawn over real clips, one that moves past the mouth, an eye, or
goes with the head, and the clips are tracked anew. Printed are, over all frames of a clip:

    kept      of the pixels of the thing on the face, further than 2 px from its edge, those that a
              render of a mouth, lid and brow edit leaves as they are, bit for bit
    overlap   of matte and truth, intersection over union, on the face
    swing     how much the matte's area changes from frame to frame, over how much the truth's does

Then clips with nothing in front: the part of the face's area that is taken for something; and the
time of a matte, over the time of tracking the frame.

    python -m tests.benchmarks.bench_occlusion [--kinds KIND ...] [CLIP ...]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

import mien
from tests.benchmarks.common import clip
from tests.occluders import KINDS, Covered, covered_clip, measure, measure_clean

COVERED = (("lp_s18.mp4", 20), ("lp_d3.mp4", 100), ("lp_s32.mp4", 0), ("vretalk_4.mp4", 0))
CLEAN = (
    "lp_d3.mp4", "lp_d6.mp4", "lp_d9.mp4", "lp_d10.mp4", "lp_d13.mp4", "lp_d18.mp4", "lp_s18.mp4",
    "lp_s20.mp4", "lp_s29.mp4", "lp_s32.mp4", "vretalk_1.mp4", "vretalk_4.mp4",
    "pyfeat_single_face.mp4", "intel_headpose_female_fromgif.mp4", "derived_lowlight_s32.mp4",
    "skv_carphone_pristine.mp4",
)  # fmt: skip


def main(arguments: Sequence[str] = ()) -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("clips", nargs="*")
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS)
    chosen = parser.parse_args(arguments)
    for name, first in COVERED:
        if not chosen.clips or name in chosen.clips:
            for kind in chosen.kinds:
                seed = sum(map(ord, name + kind))
                print_covered(name, kind, covered_clip(clip(name), kind, first, seed=seed))
    for name in CLEAN:
        if not chosen.clips or name in chosen.clips:
            print_clean(name)


def print_covered(name: str, kind: str, covered: Covered) -> None:
    """Print how well one thing in one clip is found."""
    found = measure(covered)
    print(
        f"  {name:16} {kind:8} kept {found.kept:7.2%}   overlap {found.overlap:.3f}"
        f"   swing {found.swing:.2f}",
        flush=True,
    )


def print_clean(name: str) -> None:
    """Print how much is found where nothing is, and the cost."""
    start = time.perf_counter()
    shot = mien.track(clip(name), progress=False)
    tracking = (time.perf_counter() - start) / len(shot)
    found = measure_clean(shot)
    print(
        f"  {name:34} nothing in front: {found.share:7.3%} of the face"
        f"   {found.seconds / tracking:.2f} x tracking",
        flush=True,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
