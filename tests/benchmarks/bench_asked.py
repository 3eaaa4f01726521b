"""How far what is asked of a face is seen in its render, control by control.

Each control is asked for alone, on six clips, in frames all over each in which there is room for
it. Two eyes look at plate and render: MediaPipe's Face Landmarker, whose scores are those of the
controls (`score`), and its landmarks (`field`): how much of the control's own motion, as the rig
has it, they show. A score of 1.0 is one that rises by as much as was asked. Where the landmarker
reads a control on few real faces that do it, its landmarks tell: `--real` prints on how many, of
the plates alone: those in which its score moves by a tenth, of those in which its own landmarks
do a quarter of the control.

    python -m tests.benchmarks asked [CLIP ...] [--open-loop] [--amount 0.5] [--only NAME ...]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

import mien
from mien._types import AnyArray
from mien.face.achieved import edit_motion, seen_amounts
from mien.face.deform import personal_rig
from mien.media.frame import Frame
from mien.media.reader import open_reader
from mien.model.controls import INDEX, sides
from mien.pipeline.closed_loop import close_loop
from mien.pipeline.editing import FrameEditor
from mien.pipeline.gains_cache import GainsCache
from mien.rendering.base import FacePlan
from mien.rendering.plans import face_plans
from mien.rendering.plates import ReaderPlates
from mien.rendering.registry import get_renderer
from mien.tracking.picture_reader import PictureReader
from tests.benchmarks.bench_apply import tracked
from tests.benchmarks.common import measure

CLIPS = ("lp_d10", "lp_s18", "lp_d18", "vretalk_1", "lp_s20", "lp_d3")
CONTROLS: dict[str, tuple[str, ...]] = {
    "mouthSmile": ("mouthSmile",),
    "mouthFrown": ("mouthFrown",),
    "jawOpen": ("jawOpen",),
    "mouthPucker": ("mouthPucker",),
    "mouthFunnel": ("mouthFunnel",),
    "mouthStretch": ("mouthStretch",),
    "mouthUpperUp": ("mouthUpperUp",),
    "mouthLowerDown": ("mouthLowerDown",),
    "browsUp": ("browInnerUp", "browOuterUp"),
    "browDown": ("browDown",),
    "eyeBlink": ("eyeBlink",),
    "eyeWide": ("eyeWide",),
    "eyeSquint": ("eyeSquint",),
    "mouthPress": ("mouthPress",),
    "noseSneer": ("noseSneer",),
}
BY_LANDMARKS = ("browDown", "eyeWide", "mouthFrown", "noseSneer")
"""Controls that the Face Landmarker reads on few of the real faces that do them. It reads funnels
on few as well, but so many controls move the lips that its landmarks do not tell them."""
DONE, MOVES = 0.25, 0.1
"""Range of a control, in units of its field, from which a face does it, and of its score, from
which it is read."""
MOSTLY = (0.02, 0.98)
"""Quantiles between which a range is taken."""
REAL = 60
"""Frames of a clip that tell whether a control is read."""
STEADY = (1, 4, 5, 195, 197, 6, 168, 127, 356, 234, 454, 10, 162, 389, 33, 263, 133, 362)
"""Landmarks that expressions hardly move."""
WITHIN = (0.8, 1.2)
LOOKED_AT, USED = 16, 4
ROOM = 0.35
"""Score up to which a frame has room for more of a control."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen of one control in one clip: means over frames, of what was asked.

    Attributes:
        score: Rise of the Face Landmarker's score.
        field: Part of the control's motion that its landmarks show.
        others: Mean change of its other scores.
        turned: Degrees by which its head turns.
        mien: How much mien's own tracker sees of it, 1 for as much as usually; 0 where it does
            not look after that control.
        gain: The closed loop's, 1 without.
    """

    score: float
    field: float
    others: float
    turned: float
    mien: float
    gain: float


def main(arguments: Sequence[str] = ()) -> None:
    """Print a row for each control: means over the clips, and each clip's."""
    parser = argparse.ArgumentParser(prog="bench_asked")
    parser.add_argument("clips", nargs="*", default=CLIPS)
    parser.add_argument("--open-loop", action="store_true")
    parser.add_argument("--amount", type=float, default=0.5)
    parser.add_argument("--only", nargs="+", choices=CONTROLS, default=list(CONTROLS))
    parser.add_argument("--keep", type=Path, help="where tracked clips are kept for the next time")
    parser.add_argument("--json", type=Path, help="where to write all figures")
    parser.add_argument("--real", action="store_true", help="print on how many faces it is read")
    asked = parser.parse_args(arguments)
    found: dict[str, dict[str, Seen]] = {name: {} for name in asked.only}
    read: dict[str, list[bool]] = {name: [] for name in asked.only}
    with tempfile.TemporaryDirectory() as folder:
        for clip in asked.clips:
            with _Looker(tracked(clip, asked.keep or Path(folder)), Path(folder) / clip) as looker:
                looks = looker.real() if asked.real else []
                for name in asked.only:
                    if asked.real:
                        read[name] += looker.reads(name, looks)
                    else:
                        found[name][clip] = looker.seen(
                            name, asked.amount, closed=not asked.open_loop
                        )
    if asked.real:
        print("  read on so many real faces, of those that do it:")
        for name, faces in read.items():
            print(f"  {name:15} {sum(faces)} of {len(faces)}")
        return
    _print(found)
    if asked.json is not None:
        text = {n: {c: _plain(one) for c, one in row.items()} for n, row in found.items()}
        asked.json.write_text(json.dumps(text, indent=1))


def _plain(one: Seen) -> dict[str, float]:
    return {name: round(getattr(one, name), 4) for name in Seen.__slots__}


def _print(found: dict[str, dict[str, Seen]]) -> None:
    print(f"  {'':15} score  field  told   others  head  mien  gain   each clip")
    good = 0
    for name, row in found.items():
        score, field, other, turned, own, gain = (
            mean(getattr(one, part) for one in row.values()) for part in Seen.__slots__
        )
        by = "field" if name in BY_LANDMARKS else "score"
        good += WITHIN[0] <= (field if by == "field" else score) <= WITHIN[1]
        each = " ".join(f"{getattr(one, by):.2f}" for one in row.values())
        figures = f"{score:6.2f}{field:7.2f}   {by}{other:8.3f}{turned:6.2f}{own:6.2f}{gain:6.2f}"
        print(f"  {name:15}{figures}   {each}")
    print(f"  within {WITHIN[0]} to {WITHIN[1]}: {good} of {len(found)}")


class _Looker:
    """Looks at renders of one shot."""

    def __init__(self, shot: mien.Shot, folder: Path) -> None:
        self.shot = shot
        self.face = mien.main_face(shot)
        self.tool = measure()
        self.landmarker = self.tool.landmarker()
        self.renderer = get_renderer("warp")
        self.cache = GainsCache(folder)
        self.eye = PictureReader()

    def __enter__(self) -> _Looker:
        self._reader = open_reader(self.shot.media, cache_bytes=0)
        self._session = self.renderer.open(self.shot, ReaderPlates(self._reader))
        usable = np.flatnonzero(self.face.curves.valid & (self.face.confidence > 0.7))
        places = np.linspace(0, len(usable) - 1, LOOKED_AT).round().astype(int)
        self.plates = {}
        for frame in dict.fromkeys(usable[places].tolist()):
            seen = self._look(self._reader.frame(frame).upright_rgb())
            if seen is not None:
                self.plates[frame] = seen
        return self

    def __exit__(self, *error: object) -> None:
        self.eye.close()
        self._session.close()
        self._reader.close()

    def real(self) -> list[tuple[int, Any]]:
        """What is seen of plates all over the clip, by their frames."""
        usable = np.flatnonzero(self.face.curves.valid & (self.face.confidence > 0.7))
        places = np.linspace(0, len(usable) - 1, REAL).round().astype(int)
        frames = dict.fromkeys(usable[places].tolist())
        looks = [(frame, self._look(self._reader.frame(frame).upright_rgb())) for frame in frames]
        return [(frame, seen) for frame, seen in looks if seen is not None]

    def reads(self, name: str, looks: Sequence[tuple[int, Any]]) -> list[bool]:
        """Whether the score moves; nothing where the face does not do it."""
        amounts = []
        for frame, seen in looks:
            field = self._field(name, frame)
            rest = self.face.curves.pose.project(frame, self.face.identity)
            moved = seen[1][: len(field)] - rest
            # What moves the whole head, or is how the face is built, is no expression.
            steady = list(STEADY)
            ones = np.ones((len(rest), 1))
            map_, *_ = np.linalg.lstsq(np.hstack([rest, ones])[steady], moved[steady], rcond=None)
            moved = moved - np.hstack([rest, ones]) @ map_
            amounts.append(float((moved * field).sum() / (field**2).sum()))
        scores = [_score(seen, name) for _, seen in looks]
        if np.ptp(np.quantile(amounts, MOSTLY)) < DONE:
            return []
        return [bool(np.ptp(np.quantile(scores, MOSTLY)) > MOVES)]

    def seen(self, name: str, amount: float, *, closed: bool) -> Seen:
        """Ask for a control, and look."""
        edit = mien.Edit(self.face)
        for control in CONTROLS[name]:
            edit = edit.set(control, amount)
        (open_plan,) = face_plans(self.shot, [edit], self.shot.clock.all)
        plan, gain = open_plan, 1.0
        if closed:
            looped = close_loop(self.shot, [open_plan], self.renderer, cache=self.cache)
            (plan,) = looped.plans
            gains = looped.gains.get(self.face.number, {})
            gain = mean(gains.get(control, 1.0) for control in CONTROLS[name])
        frames = [frame for frame, seen in self.plates.items() if _score(seen, name) <= ROOM]
        if len(frames) < USED:
            frames = sorted(self.plates, key=lambda frame: _score(self.plates[frame], name))[:USED]
        places = np.linspace(0, len(frames) - 1, USED).round().astype(int)
        rows = []
        self._session.prepare([plan])
        for frame in sorted({frames[place] for place in places}):
            editor = FrameEditor([plan], lambda: self._session)
            plate = self._reader.frame(frame)
            picture = editor.edit(plate).upright_rgb()
            after = self._look(picture)
            if after is not None:
                own = self._own(name, open_plan, plate, picture)
                rows.append([*self._compared(name, frame, after, amount), own])
        score, field, others, turned, own = np.mean(rows, axis=0).tolist()
        return Seen(score, field, others, turned, own, gain)

    def _compared(self, name: str, frame: int, after: Any, amount: float) -> list[float]:
        before = self.plates[frame]
        field = self._field(name, frame)
        moved = (after[1] - before[1])[: len(field)]
        own = {side for control in CONTROLS[name] for side in sides(control) or ()}
        others = [abs(after[0][key] - value) for key, value in before[0].items() if key not in own]
        turn = (np.trace(before[2] @ after[2].T) - 1) / 2
        return [
            (_score(after, name) - _score(before, name)) / amount,
            float((moved * field).sum() / (field**2).sum()) / amount,
            mean(others),
            float(np.degrees(np.arccos(np.clip(turn, -1, 1)))),
        ]

    def _own(self, name: str, plan: FacePlan, plate: Frame, picture: AnyArray) -> float:
        """How much mien's own tracker sees, of what it usually does."""
        near, frame = self.face.landmarks[plate.index], plate.index
        before = self.eye.read(plate.upright_rgb(), near)
        after = self.eye.read(picture, near)
        if before is None or after is None:
            return 0.0
        motion = edit_motion(self.face, frame, plan.evaluated.delta[frame])
        seen = seen_amounts([motion], [before], [after])
        return mean(seen.get(control, (0.0, 0.0))[0] for control in CONTROLS[name])

    def _field(self, name: str, frame: int) -> AnyArray:
        columns = [INDEX[side] for control in CONTROLS[name] for side in sides(control) or ()]
        fields = personal_rig(self.face).fields[columns].sum(axis=0)
        return self.face.curves.pose.displace(frame, fields.astype(np.float32))

    def _look(self, picture: AnyArray) -> Any:
        return self.tool.see(self.landmarker, picture)


def _score(seen: Any, name: str) -> float:
    scores: dict[str, float] = seen[0]
    return mean(scores[side] for control in CONTROLS[name] for side in sides(control) or ())


if __name__ == "__main__":
    main(sys.argv[1:])
