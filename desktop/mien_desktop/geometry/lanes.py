"""Lanes of the timeline: who is seen when, then each face, its layers, the tracks in them.

Faces come in the order of the shot, layers with the last applied at the top, as picture editors
stack them, tracks in the order in which they act. A face and a layer show the keys of everything
below them; when they are collapsed that is all that shows.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from mien._types import ByteArray
from mien.model.controls import CONTROLS, INDEX, Region, sides
from mien.model.document import Project
from mien.model.edits import ControlTrack, Edit, Layer
from mien.model.face import Face
from mien.model.interpolate import INTERPOLATIONS, Key
from mien.model.joined import join_tracks
from mien.model.sampled import sampled
from mien.session.refs import KeyRef, TrackRef
from mien_desktop.geometry.marks import SUM

__all__ = ["READING", "ROW", "Lane", "Lanes", "Marks", "lay_out", "region"]

ROW = 20
"""Height of a lane in logical pixels."""
LaneKind = Literal["person", "face", "sight", "reading", "event", "voice", "layer", "track"]
READING = "\x00reading"
"""Stands for a layer's name in the id of the lane of readings; no layer is called so."""
_SHAPES = {name: shape for shape, name in enumerate(INTERPOLATIONS)}


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """The keys that a lane shows.

    Attributes:
        frames: (N,) int64, ascending, each once.
        shapes: (N,) uint8 shapes as geometry/marks.py numbers them.
    """

    frames: npt.NDArray[np.int64]
    shapes: ByteArray


_NO_MARKS = Marks(np.zeros(0, np.int64), np.zeros(0, np.uint8))


@dataclass(frozen=True, eq=False)
class Lane:
    """A row of the timeline.

    Attributes:
        kind: What it stands for; `person` for when the face is seen, in the face lane at the top;
            `sight` for where something is in front of the face; `reading` for all that is read
            off its performance, `event` for one kind of it; `voice` for what a layer says.
        face: Its face.
        layer: Its layer; None for a face and how it is seen.
        tracks: The track, or all tracks below, with their names.
        marks: The keys that it shows.
        collapsed: Whether what is below is hidden; of a face or a layer.
        corrected: Frames in which landmarks were put right by hand; of a person.
        runs_on: Whether the span of the track runs on at its start from another that touches it,
            and at its stop to another.
        event: The kind of events that it shows; empty for all of them.
    """

    kind: LaneKind
    face: Face
    layer: Layer | None
    tracks: tuple[tuple[TrackRef, ControlTrack], ...]
    marks: Marks
    collapsed: bool = False
    runs_on: tuple[bool, bool] = (False, False)
    corrected: tuple[int, ...] = ()
    event: str = ""

    @property
    def id(self) -> tuple[int, str | None]:
        """Key of a face or layer of a shot, to remember that it is collapsed; readings: opened."""
        if self.kind == "reading":
            return self.face.number, READING
        return self.face.number, self.layer.name if self.layer else None

    @property
    def ref(self) -> TrackRef:
        """Reference to the track."""
        return self.tracks[0][0]

    @property
    def track(self) -> ControlTrack:
        """The track."""
        return self.tracks[0][1]

    @cached_property
    def muted(self) -> bool:
        """True when nothing of it acts."""
        return self.layer is not None and (self.layer.muted or not self.layer.weight)

    def value(self, frame: int) -> float:
        """Return the value of the track at a frame."""
        # The face is evaluated from the same samples, so they are there already.
        return float(sampled(self.track, self.face.clock.frame_count)[0][frame])

    def keys_at(self, frame: int) -> Iterator[KeyRef]:
        """Return the keys of the track, or of all tracks below, at a frame."""
        return self.keys_between(frame, frame)

    def keys_between(self, first: float, last: float) -> Iterator[KeyRef]:
        """Return the keys from one time to another, both included."""
        for ref, track in self.tracks:
            start = bisect_left(track.keys, first, key=_frame)
            stop = bisect_right(track.keys, last, key=_frame)
            for key in track.keys[start:stop]:
                yield KeyRef(ref, key.frame)


@dataclass(frozen=True, eq=False)
class Lanes:
    """All lanes of a shot that are not hidden.

    Attributes:
        rows: The lanes from top to bottom, each `ROW` high.
        kept: What the next layout uses again: keys by the identity of their track.
    """

    rows: tuple[Lane, ...] = ()
    kept: dict[int, tuple[ControlTrack, Marks]] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """Height of all lanes together."""
        return ROW * len(self.rows)

    def at(self, y: float) -> Lane | None:
        """Return the lane at a height from the top of the first."""
        row = self.row(y)
        return self.rows[row] if 0 <= row < len(self.rows) else None

    def row(self, y: float) -> int:
        """Return the number of the lane at a height; beyond the ends where there is none."""
        return int(y // ROW)

    @cached_property
    def every(self) -> tuple[Marks, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """All keys, lane after lane; (N,) the number of each one's lane; where lanes begin."""
        marks = [lane.marks for lane in self.rows]
        counts = np.array([len(m.frames) for m in marks], np.int64)
        every = Marks(
            np.concatenate([_NO_MARKS.frames, *(m.frames for m in marks)]),
            np.concatenate([_NO_MARKS.shapes, *(m.shapes for m in marks)]),
        )
        begins = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return every, np.repeat(np.arange(len(marks)), counts), begins

    def top(self, lane: Lane) -> int:
        """Return the top of a lane of this layout."""
        return ROW * self.rows.index(lane)


def lay_out(
    project: Project | None,
    collapsed: frozenset[tuple[int, str | None]] = frozenset(),
    before: Lanes | None = None,
    *,
    people: bool = False,
    kinds: Mapping[int, tuple[str, ...]] | None = None,
) -> Lanes:
    """Lay out the lanes of a shot.

    Args:
        project: The shot with its edits.
        collapsed: Faces and layers, as `Lane.id` names them, whose lanes are hidden.
        before: The last layout; keys of tracks that did not change are taken from it.
        people: Whether the face lane is shown at the top, with a row for every face.
        kinds: By a face's number, the kinds of events that are read of it; None shows no readings.
    """
    if project is None:
        return Lanes()
    old = before.kept if before else {}
    kept: dict[int, tuple[ControlTrack, Marks]] = {}
    rows: list[Lane] = []
    if people:
        rows += map(_person, project.shot.faces)
    for face in project.shot.faces:
        edit = next((e for e in project.edits if e.face.number == face.number), None)
        lanes = _face(project, face, edit, collapsed, old, kept)
        reading = () if kinds is None else _reading(face, collapsed, kinds.get(face.number, ()))
        for lane in lanes:
            rows.append(lane)
            if lane.kind == "sight":
                rows += reading
                rows += _voices(face, edit)
    return Lanes(tuple(rows), kept)


def _reading(
    face: Face, collapsed: frozenset[tuple[int, str | None]], kinds: tuple[str, ...]
) -> Iterator[Lane]:
    """The lane of all events, and below it, where it was opened, one for each kind."""
    opened = (face.number, READING) in collapsed
    yield Lane("reading", face, None, (), _NO_MARKS, not opened)
    if opened:
        for kind in kinds:
            yield Lane("event", face, None, (), _NO_MARKS, event=kind)


def _voices(face: Face, edit: Edit | None) -> Iterator[Lane]:
    """A lane for every layer that a voice made, in the order of their layers."""
    for layer in reversed(edit.layers if edit else ()):
        if layer.voice is not None:
            yield Lane("voice", face, layer, (), _NO_MARKS)


def _person(face: Face) -> Lane:
    corrected = tuple(sorted({one.frame for one in face.corrections}))
    return Lane("person", face, None, (), _NO_MARKS, corrected=corrected)


def _face(
    project: Project,
    face: Face,
    edit: Edit | None,
    collapsed: frozenset[tuple[int, str | None]],
    old: dict[int, tuple[ControlTrack, Marks]],
    kept: dict[int, tuple[ControlTrack, Marks]],
) -> Iterator[Lane]:
    frames = project.shot.clock.frame_count
    below: list[Lane] = []
    for layer in reversed(edit.layers if edit else ()):
        lanes = []
        runs_on = _runs_on(layer)
        for index, track in enumerate(layer.tracks):
            ref = TrackRef(project.id, face.number, layer.name, index)
            marks = _marks(track, old, kept)
            runs = runs_on[id(track)]
            lanes.append(Lane("track", face, layer, ((ref, track),), marks, runs_on=runs))
        hidden = (face.number, layer.name) in collapsed
        below.append(_group("layer", face, layer, lanes, frames, hidden))
        if not hidden:
            below += lanes
    layers = [lane for lane in below if lane.kind == "layer"]
    hidden = (face.number, None) in collapsed
    yield _group("face", face, None, layers, frames, hidden)
    if not hidden:
        yield Lane("sight", face, None, (), _NO_MARKS)
        yield from below


def _runs_on(layer: Layer) -> dict[int, tuple[bool, bool]]:
    """By the identity of each track, whether it runs on from another and to another."""
    return {
        id(track): (place > 0, place < len(joined.tracks) - 1)
        for joined in join_tracks(layer.tracks)
        for place, track in enumerate(joined.tracks)
    }


def _group(
    kind: LaneKind, face: Face, layer: Layer | None, lanes: list[Lane], frames: int, hidden: bool
) -> Lane:
    keyed = np.zeros(frames, bool)
    for lane in lanes:
        keyed[lane.marks.frames] = True
    keys = np.flatnonzero(keyed)
    marks = Marks(keys, np.full(len(keys), SUM, np.uint8))
    tracks = tuple(pair for lane in lanes for pair in lane.tracks)
    return Lane(kind, face, layer, tracks, marks, hidden)


def _marks(
    track: ControlTrack,
    old: dict[int, tuple[ControlTrack, Marks]],
    kept: dict[int, tuple[ControlTrack, Marks]],
) -> Marks:
    # Tracks are values that share what did not change, so the very same one has the same keys.
    # Comparing them by value would take longer than making them.
    entry = old.get(id(track))
    if entry is None or entry[0] is not track:
        count = len(track.keys)
        frames = np.fromiter((key.frame for key in track.keys), np.int64, count)
        shapes = np.fromiter((_SHAPES[key.interpolation] for key in track.keys), np.uint8, count)
        entry = (track, Marks(frames, shapes))
    kept[id(track)] = entry
    return entry[1]


def _frame(key: Key) -> int:
    return key.frame


@cache
def region(control: str) -> Region | None:
    """Return the part of the face that a control moves; None for an expression or a viseme."""
    names = sides(control)
    return CONTROLS[INDEX[names[0]]].region if names else None
