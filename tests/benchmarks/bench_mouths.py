"""How steady the inside of an edited mouth is from frame to frame.

Clips are edited to open the mouth wide, and the mean brightness between the lips' inner edges is
followed over frames. Some of it is the plate's own doing: the mouth opens, the light changes. So
steps are counted twice: as they are, and less what a smooth curve of the opening's height and
the brightness of the skin explains. The worst of each is printed too, in per cent.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

import mien
from mien._types import BoolArray, DoubleArray, FloatArray
from mien.media.orient import to_coded
from mien.model.evaluate import evaluate
from mien.model.face import Face
from mien.rendering.geometry.motion import FaceDeformer
from mien.rendering.geometry.tone import luma
from mien.rendering.geometry.topology import LIPS, SKIN_SAMPLES
from tests.benchmarks.common import clip

CASES: tuple[tuple[str, Mapping[str, float]], ...] = (
    ("lp_d10", {"jawOpen": 0.7}),
    ("vretalk_4", {"jawOpen": 0.6, "mouthSmile": 0.8}),
    ("lp_s20", {"jawOpen": 0.6}),
    ("lp_s18", {"jawOpen": 0.5}),
)
FRAMES = 51
STEP = 0.10
"""A change of brightness from frame to frame that is seen as a pop."""


def main() -> None:
    """Print a row for each clip."""
    for name, asked in CASES:
        shot = mien.track(clip(f"{name}.mp4"), progress=False)
        face = shot.faces[0]
        edit = mien.Edit(face)
        for control, value in asked.items():
            edit = edit.set(control, value)
        rows = followed(shot, face, edit)
        steps = np.abs(np.expm1(np.diff(rows[:, 0])))
        rest = np.abs(np.expm1(np.diff(unexplained(rows))))
        edits = " ".join(f"{control} {value:+.1f}" for control, value in asked.items())
        print(
            f"  {name:10} {edits:26} steps over {STEP:.0%}: {int((steps > STEP).sum())} of"
            f" {len(steps)}, worst {steps.max():.0%}; unexplained: {int((rest > STEP).sum())},"
            f" worst {rest.max():.0%} (none)",
            flush=True,
        )


def followed(shot: mien.Shot, face: Face, edit: mien.Edit) -> DoubleArray:
    """(T, 3) logarithms of the brightness inside, the opening's height in cm, and the skin's."""
    deformer = FaceDeformer(face, shot.media.orientation)
    evaluated = evaluate(face.curves.controls.array, edit.layers, face.valid, shot.cuts)
    rows = []
    frames = mien.render_frames(
        shot, edits=[edit], renderer="warp", frames=f"0:{FRAMES}", pixels="plate"
    )
    for index, picture in enumerate(frames):
        motion = deformer.motion_at(index, evaluated.source[index], evaluated.target[index])
        rim = motion.target[list(LIPS.rim)]
        inside = between(rim, picture.shape[:2], 0.1 * motion.px_per_cm)
        gap = np.ptp(rim @ motion.mouth_axes.down) / motion.px_per_cm
        skin = to_coded(shot.media.orientation, face.landmarks[index, list(SKIN_SAMPLES), :2])
        x, y = np.round(skin).astype(int).T
        cheeks = luma(cv2.GaussianBlur(picture, (0, 0), 0.15 * motion.px_per_cm))[y, x]
        rows.append([luma(picture)[inside].mean(), gap, cheeks.mean()])
    return np.log(np.array(rows))


def between(rim: FloatArray, shape: tuple[int, ...], margin: float) -> BoolArray:
    """(h, w) bool, the pixels inside a rim (N, 2), less a margin."""
    inside = np.zeros(shape, np.uint8)
    cv2.fillPoly(inside, [np.round(rim).astype(np.int32)], 1)
    width = 2 * max(round(margin), 1) + 1
    return np.asarray(cv2.erode(inside, np.ones((width, width), np.uint8)) > 0)


def unexplained(rows: DoubleArray) -> DoubleArray:
    """(T,) the brightness inside less the parabola of height and skin that fits it best."""
    inside, gap, skin = rows.T
    terms = np.stack([np.ones_like(gap), gap, gap**2, skin], axis=1)
    return np.asarray(inside - terms @ np.linalg.lstsq(terms, inside, rcond=None)[0])
