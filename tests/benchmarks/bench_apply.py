"""How well a face that follows another clip is seen to do what the person there does.

The outside eye (MediaPipe's Face Landmarker) looks at the source and at the rendered frames, and
its scores are correlated over time, those of blinks, smiles, the jaw and the brows. Where a source
moves by less than a tenth nothing is told. The head of the render is compared with the plate's.
Last, a clip is applied to itself, which must give no edit at all.

    python -m tests.benchmarks.bench_apply [SOURCE:TARGET ...] [--keep DIR] [--strips DIR]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

import mien
from mien._types import AnyArray, DoubleArray
from mien.model.controls import INDEX
from mien.model.transfer_times import source_positions
from mien.timebase import FrameRange
from tests.benchmarks.common import clip, measure

PAIRS = ("lp_d10:lp_d9", "vretalk_4:lp_d18", "lp_d3:vretalk_1", "lp_s18:lp_d10", "lp_d6:lp_s18",
         "lp_d9:vretalk_4")  # fmt: skip
ASKED = 0.85
SECONDS = 2.5
STILL = 0.1
"""Range of a score in the source below which it says nothing."""
CHANNELS: dict[str, tuple[tuple[str, float], ...]] = {
    "jawOpen": (("jawOpen", 1.0),),
    "smile": (("mouthSmileLeft", 0.5), ("mouthSmileRight", 0.5)),
    "blink": (("eyeBlinkLeft", 0.5), ("eyeBlinkRight", 0.5)),
    "brows": (
        ("browInnerUp", 0.5), ("browOuterUpLeft", 0.25), ("browOuterUpRight", 0.25),
        ("browDownLeft", -0.25), ("browDownRight", -0.25),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the outside eye sees of one pair.

    Attributes:
        correlation: By channel; not a number where the source does not move.
        solved: By channel, of what is seen of the source with mien's curves of it.
        shown: By channel, of what the face is asked for with what is seen of the render.
        scores: By channel, (N, 3) the source, the render, the plate.
        turned: Median degrees between the head of the render and the plate's.
        keys: Keys of a control in a second.
    """

    correlation: dict[str, float]
    solved: dict[str, float]
    shown: dict[str, float]
    scores: dict[str, DoubleArray]
    turned: float
    keys: float


def main(arguments: Sequence[str] = ()) -> None:
    """Print a row for each pair, and the means."""
    parser = argparse.ArgumentParser(prog="bench_apply")
    parser.add_argument("pairs", nargs="*", default=PAIRS)
    parser.add_argument("--keep", type=Path, help="where tracked clips are kept for the next time")
    parser.add_argument("--strips", type=Path, help="where to write source above render")
    asked = parser.parse_args(arguments)
    print(f"  {'':20}" + "".join(f"{name:>10}" for name in CHANNELS) + "      head    keys/s")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for pair in asked.pairs:
            source, target = (tracked(name, asked.keep or Path(folder)) for name in pair.split(":"))
            strip = None if asked.strips is None else asked.strips / f"{pair.replace(':', '_')}.png"
            one = measured(source, target, strip)
            rows.append(one)
            cells = "".join(f"{value:10.2f}" for value in one.correlation.values())
            print(f"  {pair:20}{cells}{one.turned:8.2f} deg{one.keys:7.1f}", flush=True)
            for name, values in (("by mien's curves", one.solved), ("asked and shown", one.shown)):
                print(f"    {name:18}" + "".join(f"{value:10.2f}" for value in values.values()))
        name = asked.pairs[0].partition(":")[2]
        shot = tracked(name, asked.keep or Path(folder))
        alike = mien.apply(shot, shot).alike
    means = [np.nanmean([row.correlation[name] for row in rows]) for name in CHANNELS]
    print(f"  {'mean':20}" + "".join(f"{value:10.2f}" for value in means))
    print(f"  {'asked':20}" + "".join(f"{ASKED:10.2f}" for _ in CHANNELS))
    print(f"  {name} applied to itself: {'no edit at all' if alike else 'EDITS'}")


def tracked(name: str, folder: Path) -> mien.Shot:
    """A clip, tracked once."""
    kept = folder / f"{name}.mien"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        mien.save_project(mien.track(clip(f"{name}.mp4")), kept)
    return mien.load_project(kept).shot


def measured(source: mien.Shot, target: mien.Shot, strip: Path | None) -> Outcome:
    """Apply the liveliest seconds of one clip to another, and look at both."""
    span = liveliest(source)
    frames = round(SECONDS * float(target.clock.rate))
    driven = f"0:{min(frames, target.clock.frame_count)}"
    timing = mien.TransferTiming(span=driven, source_span=span)
    applied = mien.apply(target, source, mien.Transfer(timing=timing, ease=0))
    reached = f"{applied.made.frames.start}:{applied.made.frames.stop}"
    renders = list(mien.render_frames(target, [applied.edit], reached, renderer="warp"))
    plates = list(mien.render_frames(target, [], reached))
    there = _source_frames(timing, source, target, applied.made.frames)
    first = source.clock.parse_range(span).start
    films = list(mien.render_frames(source, [], span))
    sources = [films[i - first] for i in there]
    del films
    tool = measure()
    detector = tool.landmarker()
    triples = zip(sources, renders, plates, strict=True)
    seen = [[tool.see(detector, picture) for picture in row] for row in triples]
    usable = [i for i, row in enumerate(seen) if all(one is not None for one in row)]
    whole = [seen[i] for i in usable]
    scores = {
        name: np.array([[_score(one[0], recipe) for one in row] for row in whole])
        for name, recipe in CHANNELS.items()
    }
    turned = [
        float(np.degrees(np.arccos(np.clip((np.trace(row[1][2] @ row[2][2].T) - 1) / 2, -1, 1))))
        for row in whole
    ]
    if strip is not None:
        _write_strip(strip, sources, renders, plates)
    performed = _moves(mien.main_face(source).curves.controls.array)
    layers = applied.edit.layers
    face = applied.edit.face
    asked = _moves(mien.evaluate(face.curves.controls.array, layers, face.valid).target)
    here = [applied.made.frames.start + i for i in usable]
    there = [there[i] for i in usable]
    correlation: dict[str, float] = {}
    solved: dict[str, float] = {}
    shown: dict[str, float] = {}
    for column, (name, values) in enumerate(scores.items()):
        correlation[name] = _correlation(values[:, 0], values[:, 1])
        solved[name] = _correlation(values[:, 0], performed[there, column])
        moves = not np.isnan(correlation[name])
        shown[name] = _correlation(asked[here, column], values[:, 1]) if moves else np.nan
    keys = applied.made.keys_per_second
    return Outcome(correlation, solved, shown, scores, float(np.median(turned)), keys)


def _source_frames(
    timing: mien.TransferTiming, source: mien.Shot, target: mien.Shot, frames: FrameRange
) -> list[int]:
    """The frame of the source that each frame follows, by the time: rates may vary."""
    start = target.clock.parse_range(str(timing.span)).start
    reached = slice(frames.start - start, frames.stop - start)
    positions = source_positions(timing, target.clock, source.clock)[reached]
    part = source.clock.parse_range(str(timing.source_span))
    nearest = np.clip(np.rint(positions).astype(int), part.start, part.stop - 1)
    return [int(frame) for frame in nearest]


def liveliest(shot: mien.Shot) -> str:
    """The span of a clip in which the channels move most, together."""
    face = mien.main_face(shot)
    rows = face.curves.controls.array
    length = min(round(SECONDS * float(shot.clock.rate)), len(rows))
    moves = _moves(rows)
    starts = range(0, len(rows) - length + 1, 5)
    spread = [np.log(moves[start : start + length].std(axis=0) + 0.02).sum() for start in starts]
    best = starts[int(np.argmax(spread))]
    return f"{best}:{best + length}"


def _moves(rows: AnyArray) -> DoubleArray:
    """(T, 4) the channels of (T, 59) controls."""
    columns = [
        sum(weight * rows[:, INDEX[name]] for name, weight in recipe)
        for recipe in CHANNELS.values()
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def _score(scores: dict[str, float], recipe: Sequence[tuple[str, float]]) -> float:
    return sum(weight * scores[name] for name, weight in recipe)


def _correlation(first: DoubleArray, second: DoubleArray) -> float:
    if not len(first) or np.ptp(first) < STILL or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def _write_strip(path: Path, *rows: Sequence[AnyArray]) -> None:
    chosen = np.linspace(0, len(rows[0]) - 1, 8).astype(int)
    made = []
    for row in rows:
        size = (256, round(256 * row[0].shape[0] / row[0].shape[1]))
        small = [cv2.resize(row[i], size, interpolation=cv2.INTER_AREA) for i in chosen]
        made.append(np.hstack(small))
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.vstack(made)[..., ::-1])


if __name__ == "__main__":
    main(sys.argv[1:])
