"""How steady an edited face is, and whether it stays the same person.

An expression is held over a stretch of a clip. Of the plate and of the edit, both within what the
edit changes: how landmarks (by the outside eye) and fine detail jump from frame to frame, as the
standard deviation over time of their second difference, edit over plate; and how like the person
of the plate the edit is for a net that tells people apart, over how like neighbouring frames of
the plate are for it.

    python -m tests.benchmarks.bench_steadiness [CLIP ...]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import onnxruntime

import mien
from mien._types import AnyArray, BoolArray, DoubleArray, FloatArray
from mien.rendering.reference.identity import align_face, five_points
from tests.benchmarks.common import SHARED, clip
from tests.benchmarks.takes import landmarks, main_face

CLIPS = ("lp_s18", "lp_s32", "vretalk_4", "lp_d10")
EDITS: tuple[dict[str, float], ...] = (
    {"mouthSmile": 0.5},
    {"jawOpen": 0.4},
    {"mouthPucker": 0.6},
    {"mouthFrown": 0.6},
    {"browInnerUp": 0.6, "browOuterUp": 0.6},
    {"browDown": 0.6},
    {"eyeBlink": 0.5},
    {"eyeWide": 0.6},
    {"eyeSquint": 0.7},
    {"noseSneer": 0.7},
)
FRAMES = 40
FLICKER, LIKENESS = 1.15, 0.90
"""The most that edits may flicker over the plate, and the least they must be like it."""
DETAIL_PX = 1.5
"""Standard deviation of the blur beside which detail is fine."""


def main(arguments: Sequence[str] = ()) -> None:
    """Print a row for each edit and clip, and the worst of each figure."""
    parser = argparse.ArgumentParser(prog="bench_steadiness")
    parser.add_argument("clips", nargs="*", default=CLIPS)
    rows = []
    for name in parser.parse_args(arguments).clips:
        shot = mien.track(clip(f"{name}.mp4"), progress=False)
        face = main_face(shot)
        start = _first_run(face.curves.valid)
        span = f"{start}:{start + FRAMES}"
        plate = list(mien.render_frames(shot, frames=span))
        seen = [landmarks(picture) for picture in plate]
        for asked in EDITS:
            edit = mien.Edit(face)
            for control, value in asked.items():
                edit = edit.set(control, value)
            edited = list(mien.render_frames(shot, [edit], span, renderer="warp"))
            figures = compared(plate, edited, seen)
            rows.append(figures)
            label = " ".join(f"{control} {value:+.1f}" for control, value in asked.items())
            print(f"  {name:10} {label:34}" + _told(figures), flush=True)
    middle = np.median(rows, axis=0)
    worst = [*np.max(rows, axis=0)[:2], np.min(rows, axis=0)[2]]
    print(f"  {'median':45}" + _told(middle))
    print(f"  {'worst':45}" + _told(worst))
    print(f"  {'asked':45}" + _told([FLICKER, FLICKER, LIKENESS]))


def compared(
    plate: list[AnyArray], edited: list[AnyArray], seen: list[FloatArray | None]
) -> list[float]:
    """Flicker of landmarks and of detail over the plate's, and likeness over that of neighbours."""
    pairs = [
        (index, was, now)
        for index, (was, picture) in enumerate(zip(seen, edited, strict=True))
        if was is not None and (now := landmarks(picture)) is not None
    ]
    before, after = (np.stack([pair[k] for pair in pairs]) for k in (1, 2))
    mask = changed(plate, edited)
    detail = [np.array([energy(p, mask) for p in pictures]) for pictures in (plate, edited)]
    who = [identity(plate[index], points) for index, points, _ in pairs]
    changed_to = [identity(edited[index], points) for index, _, points in pairs]
    neighbours = [float(a @ b) for a, b in pairwise(who)]
    likeness = [float(a @ b) for a, b in zip(who, changed_to, strict=True)]
    return [
        float(jumps(after) / jumps(before)),
        float(jumps(np.log(detail[1])) / jumps(np.log(detail[0]))),
        float(np.mean(likeness) / np.mean(neighbours)),
    ]


def jumps(values: AnyArray) -> DoubleArray:
    """Standard deviation over time (the first axis) of the second difference."""
    return np.asarray(np.diff(values, 2, axis=0).std(axis=0).mean())


def changed(plate: list[AnyArray], edited: list[AnyArray]) -> BoolArray:
    """(h, w) where most frames are changed."""
    share = np.mean(
        [(np.abs(a.astype(int) - b).max(axis=2) > 1) for a, b in zip(plate, edited, strict=True)],
        axis=0,
    )
    return np.asarray(share > 0.5)


def energy(picture: AnyArray, mask: BoolArray) -> float:
    """Mean square of the fine detail of a picture inside a mask."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.square(grey - cv2.GaussianBlur(grey, (0, 0), DETAIL_PX))[mask].mean())


def identity(picture: AnyArray, points: FloatArray) -> FloatArray:
    """(N,) of length 1, who the face in a picture is to the net."""
    crop = align_face(picture, five_points(points))
    batch = (crop.astype(np.float32).transpose(2, 0, 1)[None] - 127.5) / 127.5
    net = _net()
    found = net.run(None, {net.get_inputs()[0].name: batch})[0].ravel()
    return np.asarray(found / np.linalg.norm(found), np.float32)


@cache
def _net() -> Any:
    return onnxruntime.InferenceSession(SHARED / "models" / "mobilefacenet_int8.onnx")


def _first_run(valid: BoolArray) -> int:
    """The first frame from which the face is seen for long enough."""
    for start in range(len(valid) - FRAMES):
        if valid[start : start + FRAMES].all():
            return start
    raise SystemExit(f"the face is nowhere seen for {FRAMES} frames")


def _told(figures: Sequence[float]) -> str:
    return "".join(
        f"  {name} {value:.2f}"
        for name, value in zip(("landmarks", "detail", "likeness"), figures, strict=True)
    )


if __name__ == "__main__":
    main(sys.argv[1:])
