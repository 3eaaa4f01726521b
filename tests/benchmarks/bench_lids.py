"""Lids beside what is tracked of them, and what is left of blinks that are removed.

Both are told by MediaPipe's Face Landmarker, which did not track: how much of an eye's opening is
gone where so much of `eyeBlink` is tracked, in six clips' own blinks; and, in all frames of the
blinks that `remove_blinks` takes out, its score for a blink beside what it has before and after.

    python -m tests.benchmarks lids [CLIP ...] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import mien
from mien.media.reader import open_reader
from mien.model.lids import lids_closed
from mien.model.retouch_blinks import blink_windows
from mien.pipeline.editing import FrameEditor
from mien.rendering.plans import face_plans
from mien.rendering.plates import ReaderPlates
from mien.rendering.registry import get_renderer
from tests.benchmarks.bench_apply import tracked
from tests.benchmarks.bench_asked import CLIPS
from tests.benchmarks.common import measure

EVERY = 2
STEPS = (0.05, 0.15, 0.25, 0.35, 0.5, 0.65, 0.8, 1.01)
EYES = ((159, 145, 33, 133), (386, 374, 263, 362))
"""Upper and lower lid, outer and inner corner."""
NARROW = 0.1
"""Rise of the score at which an eye looks narrow."""


def main(arguments: Sequence[str] = ()) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(prog="bench_lids")
    parser.add_argument("clips", nargs="*", default=CLIPS)
    parser.add_argument("--keep", type=Path, help="where tracked clips are kept for the next time")
    asked = parser.parse_args(arguments)
    blinks: list[npt.NDArray[np.float64]] = []
    left = {}
    with tempfile.TemporaryDirectory() as folder:
        for clip in asked.clips:
            shot = tracked(clip, asked.keep or Path(folder))
            blinks.append(_lids(shot))
            left[clip] = _left(shot)
    values, closed = np.concatenate(blinks, axis=1)
    print("  tracked     frames  closed  of model/lids.py")
    for low, high in itertools.pairwise(STEPS):
        which = (values >= low) & (values < high)
        if which.any():
            told = lids_closed(values[which]).mean()
            print(
                f"  {low:.2f} - {high:.2f} {which.sum():7} {closed[which].mean():8.2f} {told:8.2f}"
            )
    print("  removed blinks   frames  narrow: plate  edit   mean rise: plate  edit")
    for clip, rises in left.items():
        if len(rises):
            print(f"  {clip:16}{_row(rises)}")
    print(f"  {'all':16}{_row(np.concatenate([one for one in left.values() if len(one)]))}")


def _row(rises: npt.NDArray[np.float64]) -> str:
    narrow, mean = (rises > NARROW).sum(axis=0), rises.mean(axis=0)
    return f"{len(rises):7}{narrow[0]:15}{narrow[1]:6}{mean[0]:18.2f}{mean[1]:6.2f}"


def _lids(shot: mien.Shot) -> npt.NDArray[np.float64]:
    """(2, N) what is tracked of a blink, and the part of the opening that is gone."""
    tool, face = measure(), mien.main_face(shot)
    eye, rows = tool.landmarker(), []
    with open_reader(shot.media, cache_bytes=0) as reader:
        for frame in np.flatnonzero(face.valid)[::EVERY].tolist():
            seen = tool.see(eye, reader.frame(frame).upright_rgb())
            if seen is not None:
                for side, lids in zip(("Right", "Left"), EYES, strict=True):
                    tracked_blink = face.curves.controls[f"eyeBlink{side}"][frame]
                    rows.append((tracked_blink, _opening(seen[1], lids)))
    values, openings = np.array(rows, dtype=np.float64).T
    rest = float(np.median(openings[values < STEPS[0]]))
    return np.stack([values, 1 - openings / rest])


def _opening(points: npt.NDArray[np.float64], eye: tuple[int, int, int, int]) -> float:
    upper, lower, outer, inner = points[list(eye)]
    return float(np.linalg.norm(upper - lower) / np.linalg.norm(outer - inner))


def _left(shot: mien.Shot) -> npt.NDArray[np.float64]:
    """(N, 2) by how much plate and edit are seen to blink, in frames of blinks."""
    tool, face = measure(), mien.main_face(shot)
    windows = blink_windows(face, shot.cuts)
    if not windows:
        return np.zeros((0, 2))
    eye = tool.landmarker()
    project = mien.retouch.remove_blinks(mien.Project(shot))
    (plan,) = face_plans(shot, list(project.edits), shot.clock.all)
    rows = []
    with open_reader(shot.media, cache_bytes=0) as reader:
        session = get_renderer("warp").open(shot, ReaderPlates(reader))
        session.prepare([plan])
        editor = FrameEditor([plan], lambda: session)
        for window in windows:
            around = [frame for frame in (window.start, window.stop + 3) if frame < len(face.valid)]
            rest = min(_blink(tool, eye, reader.frame(frame)) for frame in around)
            for frame in range(window.start, window.stop):
                plate = reader.frame(frame)
                rows.append([_blink(tool, eye, one) - rest for one in (plate, editor.edit(plate))])
        session.close()
    return np.array(rows)


def _blink(tool: Any, eye: Any, frame: Any) -> float:
    seen = tool.see(eye, frame.upright_rgb())
    if seen is None:
        return 0.0
    return float(seen[0]["eyeBlinkLeft"] + seen[0]["eyeBlinkRight"]) / 2


if __name__ == "__main__":
    main(sys.argv[1:])
