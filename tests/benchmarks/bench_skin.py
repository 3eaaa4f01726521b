"""How much of what skin does is told: by a person's own frames, and by folds that anybody has.

The chosen frames of a clip are cut into a first and a second half. Each half is asked what changes
between frames of one to frames of the other, which it has not seen: pairs with like head pose and
unlike expression. Printed is the part of the change of log R'G'B' that is missed, in four places (0
is the truth, 1 is nothing told), with what is learned from the other half, and with folds alone for
those pairs that smile more by 0.3.

    python -m tests.benchmarks skin [CLIP ...] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

import mien
from mien._types import BoolArray, FloatArray
from mien.media.reader import open_reader
from mien.model.controls import INDEX
from mien.rendering.appearance.canonical import SIZE, skin_mask
from mien.rendering.appearance.library import FaceLibrary
from mien.rendering.appearance.library_frame import LibraryFrame
from mien.rendering.appearance.regions import FaceRegion
from mien.rendering.appearance.scan import scan_face
from mien.rendering.appearance.skin import SkinAppearance, filmed_skin, learn_skin
from mien.rendering.geometry.features import features
from mien.rendering.geometry.motion import FaceDeformer
from mien.rendering.plates import ReaderPlates
from tests.benchmarks.bench_apply import tracked

CLIPS = ("lp_d18", "lp_d12", "lp_d10", "vretalk_4", "lp_d6", "lp_d9", "clm_cap12_edit", "lp_d3",
         "lp_d13")  # fmt: skip
PLACES = {
    "cheeks": ((205, 50, 203, 36, 187, 92, 216, 207), (425, 280, 423, 266, 411, 322, 436, 427)),
    "chin": ((199, 200, 18, 421, 201),),
    "brows": ((9, 8, 108, 337, 107, 336, 66, 296),),
    "forehead": ((10, 151, 108, 337, 67, 297),),
}
PAIRS = 12
TURNED = 7.0
LEAST = 0.15
SMILES = 0.3
_SMILE = [INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]


def main(arguments: Sequence[str] = ()) -> None:
    """Print a row for each clip, and all of them together."""
    parser = argparse.ArgumentParser(prog="bench_skin")
    parser.add_argument("clips", nargs="*", default=CLIPS)
    parser.add_argument("--keep", type=Path, help="where tracked clips are kept for the next time")
    asked = parser.parse_args(arguments)
    every = []
    print(
        f"  {'missed of the change':22}"
        + "".join(f"{one:>10}" for one in PLACES)
        + "  cheeks by folds"
    )
    with tempfile.TemporaryDirectory() as folder:
        for clip in asked.clips:
            rows = _rows(tracked(clip, asked.keep or Path(folder)))
            if rows:
                every += rows
                print(f"  {clip:22}{_told(rows)}", flush=True)
    if every:
        print(f"  {'all':22}{_told(every)}")


def _told(rows: Sequence[dict[str, tuple[float, float]]]) -> str:
    def part(name: str) -> str:
        values = np.array([row[name] for row in rows if name in row])
        return f"{values[:, 0].sum() / values[:, 1].sum():10.2f}" if len(values) else f"{'-':>10}"

    return "".join(part(name) for name in (*PLACES, "folds"))


def _rows(shot: mien.Shot) -> list[dict[str, tuple[float, float]]]:
    """For each pair and place, what is missed and what there is: sums of squares."""
    face = mien.main_face(shot)
    with open_reader(shot.media) as reader:
        deformer = FaceDeformer(face, shot.media.orientation)
        found = scan_face(face, deformer, ReaderPlates(reader), shot.breaks, (FaceRegion.LIBRARY,))
    frames = found.library.frames
    halves = frames[: len(frames) // 2], frames[len(frames) // 2 :]
    rows = []
    for known, other in (halves, halves[::-1]):
        skin = learn_skin(FaceLibrary(known), face.identity)
        places = _places(skin.layout)
        for a, b in _pairs(known, other):
            change = _look(b, skin) - _look(a, skin)
            learned = np.log(skin.change(a.controls, b.controls, a.rotation).ratio).mean(axis=-1)
            row = {name: _missed(learned, change, at) for name, at in places.items()}
            if float((b.controls - a.controls)[_SMILE].mean()) > SMILES:
                folds = skin.folds.change(a.controls, b.controls).mean(axis=-1)
                row["folds"] = _missed(folds, change, places["cheeks"])
            rows.append(row)
    return rows


def _missed(told: FloatArray, change: FloatArray, at: BoolArray) -> tuple[float, float]:
    return float(((told - change)[at] ** 2).sum()), float((change[at] ** 2).sum())


def _look(frame: LibraryFrame, skin: SkinAppearance) -> FloatArray:
    look = filmed_skin(frame, skin.layout, skin_mask(skin.layout))
    return np.asarray(look.mean(axis=-1), dtype=np.float32)


def _places(layout: FloatArray) -> dict[str, BoolArray]:
    bare = skin_mask(layout) > 0.5
    made = {}
    for name, outlines in PLACES.items():
        mask = np.zeros((SIZE, SIZE), dtype=np.uint8)
        for outline in outlines:
            corners = cv2.convexHull(np.round(layout[list(outline)]).astype(np.int32))
            cv2.fillConvexPoly(mask, corners, 1)
        made[name] = np.asarray((mask > 0) & bare)
    return made


def _pairs(
    known: Sequence[LibraryFrame], other: Sequence[LibraryFrame]
) -> list[tuple[LibraryFrame, LibraryFrame]]:
    """Frames of both halves with like pose and unlike expression, the most unlike first."""
    if not known or not other:
        return []
    first, second = (np.stack([frame.rotation for frame in half]) for half in (known, other))
    cosine = (np.einsum("iab,jab->ij", first, second) - 1) / 2
    turned = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    still = np.eye(3, dtype=np.float32)
    a, b = (
        features(np.stack([f.controls for f in half]), np.stack([still] * len(half)))
        for half in (known, other)
    )
    unlike = np.where(turned < TURNED, np.linalg.norm(a[:, None] - b[None], axis=2), -1)
    chosen: list[tuple[LibraryFrame, LibraryFrame]] = []
    while len(chosen) < PAIRS and unlike.max() > LEAST:
        i, j = (int(k) for k in np.unravel_index(unlike.argmax(), unlike.shape))
        chosen.append((known[i], other[j]))
        unlike[i] -= 0.5
        unlike[:, j] -= 0.5
    return chosen


if __name__ == "__main__":
    main(sys.argv[1:])
