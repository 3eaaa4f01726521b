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
import itertools
import time
from collections.abc import Sequence

import cv2
import numpy as np

import mien
from mien.media.orient import to_coded
from mien.media.reader import open_reader
from mien.model.shot import Shot
from mien.rendering.geometry.topology import OVAL
from mien.rendering.occlusion.detected import DetectedMatte
from mien.rendering.plates import ReaderPlates
from tests.benchmarks.common import clip
from tests.occluders import KINDS, Covered, covered_clip

COVERED = (("lp_s18.mp4", 20), ("lp_d3.mp4", 100), ("lp_s32.mp4", 0), ("vretalk_4.mp4", 0))
CLEAN = (
    "lp_d3.mp4", "lp_d6.mp4", "lp_d9.mp4", "lp_d10.mp4", "lp_d13.mp4", "lp_d18.mp4", "lp_s18.mp4",
    "lp_s20.mp4", "lp_s29.mp4", "lp_s32.mp4", "vretalk_1.mp4", "vretalk_4.mp4",
    "pyfeat_single_face.mp4", "intel_headpose_female_fromgif.mp4", "derived_lowlight_s32.mp4",
    "skv_carphone_pristine.mp4",
)  # fmt: skip
EDIT = {"jawOpen": 0.4, "mouthSmile": 0.4, "eyeBlink": 0.5, "browInnerUp": 0.5}


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
    edit = mien.Edit(covered.face)
    for control, value in EDIT.items():
        edit = edit.set(control, value)
    both = either = kept = core = 0
    areas: list[tuple[int, int]] = []
    shot, face = covered.shot, covered.face
    with open_reader(shot.media) as reader:
        plates = ReaderPlates(reader)
        source = DetectedMatte(shot, plates)
        source.prepare([face])
        rendered = mien.render_frames(shot, [edit], pixels="plate", renderer="warp")
        for frame, picture in enumerate(rendered):
            plate = plates.plate(frame)
            on_face, truth = covered.on_face(frame), covered.front(frame)
            matte = source.matte(face, frame, plate) if face.valid[frame] else None
            found = np.zeros_like(truth) if matte is None else matte > 0.5
            found, truth = found & on_face, truth & on_face
            both += int(np.count_nonzero(found & truth))
            either += int(np.count_nonzero(found | truth))
            areas.append((int(np.count_nonzero(found)), int(np.count_nonzero(truth))))
            deep = covered.core(frame) & on_face
            same = (picture == plate.rgb()).all(axis=2)
            kept += int(np.count_nonzero(deep & same))
            core += int(np.count_nonzero(deep))
        source.close()
    steps = np.abs(np.diff(np.array(areas), axis=0)).sum(axis=0)
    print(
        f"  {name:16} {kind:8} kept {kept / max(core, 1):7.2%}   overlap"
        f" {both / max(either, 1):.3f}   swing {steps[0] / max(steps[1], 1):.2f}",
        flush=True,
    )


def print_clean(name: str) -> None:
    """Print how much is found where nothing is, and the cost."""
    start = time.perf_counter()
    shot = mien.track(clip(name), progress=False)
    tracking = (time.perf_counter() - start) / len(shot)
    found, seconds, count = share_found(shot)
    print(
        f"  {name:34} nothing in front: {found:7.3%} of the face"
        f"   {seconds / max(count, 1) / tracking:.2f} x tracking",
        flush=True,
    )


def share_found(shot: Shot, most: int = 60) -> tuple[float, float, int]:
    """Return the part of faces' areas that is taken for something, seconds, and frames."""
    found = area = count = 0
    seconds = 0.0
    step = max(1, len(shot) // most)
    with open_reader(shot.media) as reader:
        plates = ReaderPlates(reader)
        source = DetectedMatte(shot, plates)
        source.prepare(shot.faces)
        for face, frame in itertools.product(shot.faces, range(0, len(shot), step)):
            if not face.valid[frame]:
                continue
            plate = plates.plate(frame)
            start = time.perf_counter()
            matte = source.matte(face, frame, plate)
            seconds += time.perf_counter() - start
            count += 1
            outline = to_coded(shot.media.orientation, face.landmarks[frame, list(OVAL), :2])
            on_face = np.zeros((plate.height, plate.width), np.uint8)
            cv2.fillPoly(on_face, [np.round(outline).astype(np.int32)], 1)
            area += int(np.count_nonzero(on_face))
            if matte is not None:
                found += int(np.count_nonzero((matte > 0.02) & (on_face > 0)))
        source.close()
    return found / max(area, 1), seconds, count


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
