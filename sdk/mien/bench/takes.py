"""Take A of a clip, what take B does, and which frames are held against one another.

A renderer learns how a face looks from its shot. Take A is therefore a film of its own, written
without loss and tracked by itself, so that nothing of take B reaches it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mien import api
from mien._types import FloatArray, IndexArray
from mien.bench.options import MOST_FRAMES, QualityOptions
from mien.bench.pictures import eye_distance
from mien.consent import check_untracked
from mien.errors import NoFaceError, NothingToDoError
from mien.io.project import SUFFIX
from mien.model.controls import CONTROLS, INDEX
from mien.model.edits import Edit
from mien.model.face import Face
from mien.model.face_names import read_face
from mien.model.shot import Shot, main_face
from mien.pipeline import Output, render_shot
from mien.progress import Progress, silent
from mien.timebase import FrameRange

__all__ = ["LEAST_FRAMES", "Pair", "Takes", "open_takes"]

LEAST_FRAMES: Final = 12
"""Frames that a take has at least."""
_MOST_TURN: Final = 7.0
"""Degrees by which the heads of a pair differ at most."""
_LEAST_APART: Final = 0.35
"""Distance of expressions from which it is worth to edit one into the other; the noise of tracking
alone makes 0.25 of a face that holds still."""
_SPACING: Final = 7
"""Frames between pairs, so that pairs are not neighbours."""
_AHEAD: Final = 3
"""Frames before a pair from which on it is edited, for renderers that look at neighbours."""
_GAZE_UNIT: Final = 15.0
"""Degrees of gaze that count as much as a control at 1."""
_STRANGER: Final = 0.5
"""Distance of landmarks from which a face is another one, in distances of the eyes."""

_REQUESTED: Final = tuple(
    control for control in CONTROLS
    if control.region != "head" and not control.name.startswith("eyeLook")
)  # fmt: skip
"""What take A is asked for: everything but the head; looks are asked for in degrees."""
_COLUMNS: Final = [INDEX[control.name] for control in _REQUESTED]


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two neighbouring frames of take A, and those of take B that they are edited to look like.

    Attributes:
        frame: First frame in take A.
        truth: First frame in the clip.
        values: (2, C) what the controls are set to in both frames.
    """

    frame: int
    truth: int
    values: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Takes:
    """A clip, cut in two.

    Attributes:
        whole: The clip, tracked as one.
        person: The face in it.
        shot: Take A, a shot of its own.
        face: The face in take A.
        start: First frame of take A in the clip.
        cut: First frame of take B in the clip.
        stop: The frame after take B.
        pairs: The pairs, in order.
        notes: What is to be known of it.
    """

    whole: Shot
    person: Face
    shot: Shot
    face: Face
    start: int
    cut: int
    stop: int
    pairs: tuple[Pair, ...]
    notes: tuple[str, ...]

    def edit(self) -> Edit:
        """Return the edit that asks take A for all its pairs."""
        edit = Edit(self.face)
        for column, control in enumerate(_REQUESTED):
            low, high = control.low, control.high
            for pair in self.pairs:
                first, second = np.clip(pair.values[:, column], low, high).tolist()
                # What lies between pairs is not rendered: values hold until the next one is near.
                for frame, value in (
                    (max(pair.frame - _AHEAD, 0), first), (pair.frame + 1, second)
                ):  # fmt: skip
                    edit = edit.key(
                        control.name, frame, value, mode="replace", interpolation="hold"
                    )
        return edit


def open_takes(clip: Path, options: QualityOptions, folder: Path, progress: Progress) -> Takes:
    """Track a clip, cut it in two, and choose frames of like pose and unlike expression.

    Args:
        clip: A movie, an image sequence, or a project, whose shot is tracked already.
        options: What was chosen.
        folder: Where take A is written.
        progress: Called about the tracking.

    Raises:
        NothingToDoError: When the clip is too short, or its takes do nothing unlike.
        NoFaceError: When no face, or not the one that was named, is seen in both takes.
        TimeError: When a span or time cannot be read, or lies outside.
        MediaError: When the clip cannot be read.
        ConsentError: When this installation demands a consent, and the clip has none.
    """
    whole, span = _whole(clip, options, progress)
    cut = span.start + len(span) // 2 if options.cut is None else whole.clock.parse(options.cut)
    if min(cut - span.start, span.stop - cut) < LEAST_FRAMES:
        raise NothingToDoError(
            f"{clip.name} is too short: of {len(span)} frames take A has {cut - span.start}, take B"
            f" {span.stop - cut}.",
            f"Each needs {LEAST_FRAMES} at least.",
            path=clip,
        )
    person = main_face(whole) if options.face is None else whole.face(_face(options.face))
    if person.consent is None:
        check_untracked(clip.name)
    notes = []
    if len(whole.faces) > 1 and options.face is None:
        notes.append(
            f"{clip.name} has {len(whole.faces)} faces; {person.name}, the largest, was taken"
            " (--face takes another)"
        )
    path = folder / "a.mkv"
    take = FrameRange(span.start, cut)
    # A copy that is gone with the folder is no output: the ledger does not hold it.
    render_shot(whole, (), None, Output(path, take, "ffv1", lossless=True), silent)
    shot = api.track(path, progress=progress)
    face = _same_face(shot, person, take, clip)
    agreed = dataclasses.replace(face, consent=person.consent)
    shot = dataclasses.replace(shot, faces=tuple(agreed if f is face else f for f in shot.faces))
    face = agreed
    pairs = tuple(_pairs(face, person, span.start, cut, span.stop, options.pairs))
    if not pairs:
        raise NothingToDoError(
            f"{person.name} does nothing in take B of {clip.name} that it does not do in take A,"
            f" with its head within {_MOST_TURN:g} degrees.",
            "Take a livelier clip, other --frames, or another --cut.",
            path=clip,
        )
    return Takes(whole, person, shot, face, span.start, cut, span.stop, pairs, tuple(notes))


def _face(face: int | str) -> int | str:
    return read_face(face) if isinstance(face, str) else face


def _whole(clip: Path, options: QualityOptions, progress: Progress) -> tuple[Shot, FrameRange]:
    """The clip, tracked, and the frames of it that are used."""
    tracked = clip.suffix.lower() == SUFFIX
    shot = api.load_project(clip).shot if tracked else api.open_shot(clip)
    count = len(shot)
    if options.frames is None:
        span = FrameRange(0, min(MOST_FRAMES, count))
    else:
        span = shot.clock.parse_range(options.frames)
    if len(span) < 2 * LEAST_FRAMES:
        raise NothingToDoError(
            f"{clip.name} is too short: {len(span)} frames.",
            f"The benchmark needs {2 * LEAST_FRAMES} at least.",
            path=clip,
        )
    if tracked:
        return shot, span
    check_untracked(clip.name)  # before the work; nobody in a clip has said anything yet
    return api.track(shot, frames=span, progress=progress), span


def _same_face(shot: Shot, person: Face, take: FrameRange, clip: Path) -> Face:
    """The face of take A that is the clip's face."""
    there = person.landmarks[take.start : take.stop, :, :2]
    best, nearest = None, np.inf
    for face in shot.faces:
        both = np.flatnonzero(face.valid & person.valid[take.start : take.stop])
        if not len(both):
            continue
        middle = int(both[len(both) // 2])
        away = np.linalg.norm(face.landmarks[both, :, :2] - there[both], axis=-1)
        apart = float(np.median(away)) / eye_distance(there[middle])
        if apart < nearest:
            best, nearest = face, apart
    if best is None or nearest > _STRANGER:
        raise NoFaceError(
            f"{person.name} is not seen in take A of {clip.name}.",
            "Choose another --face, other --frames or another --cut.",
            path=clip,
        )
    return best


def _pairs(face: Face, person: Face, start: int, cut: int, stop: int, most: int) -> Iterator[Pair]:
    """Frames of like pose and most unlike expression, far from one another, in order."""
    from scipy.spatial.distance import cdist

    controls = person.curves.controls.array[:, _COLUMNS]
    # A hand in front of a mouth is no truth about the mouth.
    a = _runs(face.valid & ~face.weak & person.valid[start:cut])
    b = cut + _runs((person.valid & ~person.weak)[cut:stop])
    if not len(a) or not len(b):
        return
    unit = np.array([1 / _GAZE_UNIT if c.unit == "degrees" else 1 for c in _REQUESTED])
    # All controls of all pairs at once would take gigabytes of a few minutes of film.
    apart = cdist(controls[start + a] * unit, controls[b] * unit)
    turns = person.curves.pose.rotation
    cosine = (np.einsum("iab,jab->ij", turns[start + a], turns[b]) - 1) / 2
    score = np.where(np.degrees(np.arccos(np.clip(cosine, -1, 1))) < _MOST_TURN, apart, -1.0)
    own = face.curves.controls.array[:, _COLUMNS]
    chosen: list[Pair] = []
    while len(chosen) < most and score.max() > _LEAST_APART:
        row, column = (int(k) for k in np.unravel_index(score.argmax(), score.shape))
        i, j = int(a[row]), int(b[column])
        change = controls[[j, j + 1]] - controls[[start + i, start + i + 1]]
        chosen.append(Pair(i, j, np.asarray(own[[i, i + 1]] + change, dtype=np.float32)))
        score[np.abs(a - i) < _SPACING, :] = -1
        score[:, np.abs(b - j) < _SPACING] = -1
    yield from sorted(chosen, key=lambda pair: pair.frame)


def _runs(usable: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> IndexArray:
    """Frames that can be used, and whose next one can be."""
    return np.flatnonzero(usable[:-1] & usable[1:])
