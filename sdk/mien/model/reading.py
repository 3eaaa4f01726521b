"""What a performance does, read off its curves: blinks, smiles, looks, speech, feelings.

A timeline for people: what an editor would note down while watching a take. Each kind of event is
a rule on action units (unit_curves.py), head pose and gaze, stated at its function; everything is
a pure function of the curves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, FloatArray
from mien.errors import UsageError
from mien.model.controls import GAZE, INDEX, NAMES
from mien.model.feelings import FEELINGS
from mien.model.frame_runs import frame_runs
from mien.model.presets import FELT
from mien.model.unit_curves import BLINK_SECONDS, unit_curves
from mien.timebase import FrameRange

if TYPE_CHECKING:
    from mien.model.face import Face

__all__ = ["EVENT_KINDS", "PerformanceEvent", "PerformanceReading", "read_performance"]

EventKind = Literal[
    "blink",
    "eyes closed",
    "smile",
    "brow raise",
    "frown",
    "at the lens",
    "away",
    "speech",
    "feeling",
]
EVENT_KINDS: Final[tuple[EventKind, ...]] = get_args(EventKind)

_RISE: Final = 0.25
"""By how much lids close beyond what they do around, for a blink."""
_AROUND: Final = 0.4
"""Seconds to either side of a blink that tell what lids do around it."""
_LEAST: Final = 0.3
"""Seconds that a smile, a raised brow or a frown lasts at least."""
_LENS: Final = 10.0
"""Degrees between the look and the line to the camera within which it is at the lens."""
_LOOK: Final = 0.2
"""Seconds that a look lasts at least; shorter ones are on their way."""
_SPEECH: Final = (0.07, 2.0)
"""How far lips part and meet again in speech, and how often in a second they turn."""
_WINDOW: Final = 0.8
"""Seconds over which speech and feelings are judged."""
_FELT: Final = 0.3
"""How strong (root of the sum of squares of its controls) a face is that shows a feeling."""
_ALIKE: Final = 0.6
"""Cosine of a face and a word from which the word is named."""

_Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PerformanceEvent:
    """Something that a face does over a few frames.

    Attributes:
        kind: What it is; one of `EVENT_KINDS`.
        span: The frames.
        peak: The frame in which it is at its most.
        strength: How strong it is there, 0 to 1.
        detail: More in words: `with cheeks` of a smile that raises them, `left` of a look or of
            a blink of one eye, the word for a feeling; empty where there is nothing to add.
    """

    kind: EventKind
    span: FrameRange
    peak: int
    strength: float
    detail: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        return {
            "kind": self.kind, "start": self.span.start, "stop": self.span.stop,
            "peak": self.peak, "strength": round(self.strength, 3), "detail": self.detail,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PerformanceReading:
    """A reading of what a face does over a shot.

    Attributes:
        events: Everything that was read, by first frame.
        units: Action units by name, (T,) from 0 to 1; NaN where the face is not seen.
        gaze_angle: (T,) degrees between the look and the line to the camera; NaN likewise.
    """

    events: tuple[PerformanceEvent, ...]
    units: Mapping[str, FloatArray]
    gaze_angle: FloatArray

    def __repr__(self) -> str:
        counts = [(kind, len(self.of(kind))) for kind in EVENT_KINDS]
        told = ", ".join(f"{count} x {kind}" for kind, count in counts if count)
        return f"PerformanceReading({told or 'nothing'})"

    def of(self, kind: EventKind) -> tuple[PerformanceEvent, ...]:
        """Return the events of one kind.

        Raises:
            UsageError: When there is no such kind.
        """
        if kind not in EVENT_KINDS:
            raise UsageError(f"'{kind}' is no kind of event.", f"One of: {', '.join(EVENT_KINDS)}.")
        return tuple(event for event in self.events if event.kind == kind)


def read_performance(face: Face, controls: FloatArray | None = None) -> PerformanceReading:
    """Read what a face does off its curves.

    Args:
        face: A tracked face.
        controls: (T, 59) values that are read instead of the performance's, as `evaluate` gives
            for edits. The head is taken to be where it was tracked.

    Returns:
        Its events, action units and look.
    """
    rate, valid = float(face.clock.rate), face.valid
    read = face.curves.controls.array if controls is None else controls
    units = unit_curves(read, valid, rate)
    values = np.nan_to_num(read).astype(np.float64)
    known = {name: np.nan_to_num(unit).astype(np.float64) for name, unit in units.items()}
    look = _look(values, face.curves.pose.rotation)
    speech = tuple(_speech(values, valid, rate))
    talking = np.zeros(len(valid), dtype=bool)
    for event in speech:
        talking[event.span.start : event.span.stop] = True
    events = [
        *_blinks(values, valid, rate),
        *_closed(known, valid),
        *_held("smile", known["AU12"], 0.25, valid, rate, known),
        *_held("brow raise", np.minimum(known["AU1"], known["AU2"]), 0.25, valid, rate, known),
        *_held("frown", known["AU4"], 0.3, valid, rate, known),
        *_looks(look, values, valid, rate),
        *speech,
        *_feelings(values, valid, talking, rate),
    ]
    events.sort(key=lambda event: (event.span.start, EVENT_KINDS.index(event.kind)))
    angle = np.where(valid, look[0], np.nan).astype(np.float32)
    return PerformanceReading(tuple(events), units, angle)


def _blinks(controls: _Values, valid: BoolArray, rate: float) -> Iterator[PerformanceEvent]:
    """Peaks of a lid's closure that rise by `_RISE` above both sides and fall again in time."""
    lids = controls[:, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]]
    both = lids.mean(axis=1)
    reach = max(round(_AROUND * rate), 1)
    taken, runs = -1, iter(frame_runs(valid))
    run = FrameRange(0, 0)
    for peak in _peaks(both, valid):
        if peak <= taken:
            continue
        while peak >= run.stop:
            run = next(runs)
        before = both[max(peak - reach, run.start, taken + 1) : peak + 1]
        after = both[peak : min(peak + reach + 1, run.stop)]
        base = max(before.min(), after.min())
        if both[peak] - base < _RISE:
            continue
        half = (both[peak] + base) / 2
        start, stop = peak, peak + 1
        while start > run.start and both[start - 1] > half:
            start -= 1
        while stop < run.stop and both[stop] > half:
            stop += 1
        if stop - start > BLINK_SECONDS * rate:
            continue
        taken = stop - 1
        left, right = lids[peak] - lids[[start, stop - 1]].min(axis=0)
        one = abs(lids[peak, 0] - lids[peak, 1]) > 0.5 and min(left, right) < _RISE
        detail = ("left" if lids[peak, 0] > lids[peak, 1] else "right") if one else ""
        yield PerformanceEvent("blink", FrameRange(start, stop), peak, _part(both[peak]), detail)


def _peaks(values: _Values, valid: BoolArray) -> list[int]:
    """Frames whose value is above that of the frame before and no less than that after."""
    lower = np.where(valid, values, -np.inf)
    padded = np.concatenate([[-np.inf], lower, [-np.inf]])
    top = (padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]) & valid
    peaks: list[int] = np.flatnonzero(top).tolist()
    return peaks


def _closed(units: Mapping[str, _Values], valid: BoolArray) -> Iterator[PerformanceEvent]:
    """Spans of closed eyes."""
    for run in frame_runs(valid & (units["AU43"] > 0)):
        yield _event("eyes closed", run, units["AU43"])


def _held(
    kind: EventKind,
    values: _Values,
    least: float,
    valid: BoolArray,
    rate: float,
    units: Mapping[str, _Values],
) -> Iterator[PerformanceEvent]:
    """Spans over which a unit is beyond a value for a while; dips of a few frames are none."""
    for run in frame_runs(valid & (values > least), round(_LEAST * rate / 2)):
        if len(run) >= _LEAST * rate:
            cheeks = kind == "smile" and units["AU6"][run.start : run.stop].max() > 0.25
            yield _event(kind, run, values, "with cheeks" if cheeks else "")


def _look(controls: _Values, rotation: FloatArray) -> tuple[_Values, _Values]:
    """(T,) degrees between look and camera, and (T, 3) the look: person's left, up, to the camera.

    The mean of both eyes, turned with the head. The camera is taken to be straight ahead of the
    picture's plane, as everywhere in mien: a face at the edge of a wide shot is off by its angle.
    """
    yaw_left, yaw_right, pitch_left, pitch_right = (np.radians(controls[:, INDEX[n]]) for n in GAZE)
    yaw, pitch = (yaw_left + yaw_right) / 2, (pitch_left + pitch_right) / 2
    ahead = np.stack([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)], 1)
    look = np.einsum("tij,tj->ti", np.nan_to_num(rotation.astype(np.float64)), ahead)
    return np.degrees(np.arccos(np.clip(look[:, 2], -1, 1))), look


def _looks(
    look: tuple[_Values, _Values], controls: _Values, valid: BoolArray, rate: float
) -> Iterator[PerformanceEvent]:
    """Spans in which the eyes are at the lens, and away; shut lids do not interrupt a look."""
    angle, way = look
    lids = controls[:, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]].mean(axis=1)
    seen = valid & (lids < 0.6)
    there = seen & (angle <= _LENS)
    apart = round(BLINK_SECONDS * rate)
    for kind, frames in (("at the lens", there), ("away", seen & ~there)):
        for run in frame_runs(frames | (valid & ~seen)):
            inside = np.flatnonzero(frames[run.start : run.stop])
            if not len(inside):
                continue
            run = FrameRange(run.start + int(inside[0]), run.start + int(inside[-1]) + 1)
            if len(run) < _LOOK * rate or len(run) - len(inside) > max(apart, len(inside)):
                continue
            x, y = way[run.start : run.stop, :2][frames[run.start : run.stop]].mean(axis=0)
            side = (
                ("left" if x > 0 else "right") if abs(x) > abs(y) else ("up" if y > 0 else "down")
            )
            strength = 1 - np.minimum(angle / 90, 1) if kind == "at the lens" else angle / 90
            yield _event(kind, run, strength, "" if kind == "at the lens" else side)  # type: ignore[arg-type]


def _speech(controls: _Values, valid: BoolArray, rate: float) -> Iterator[PerformanceEvent]:
    """Spans in which the lips part and meet again and again, as they do in speech."""
    parted = controls[:, INDEX["jawOpen"]] * (1 - np.clip(controls[:, INDEX["mouthClose"]], 0, 1))
    parted = parted + 0.5 * controls[:, INDEX["mouthLowerDownLeft"]]
    half = max(round(_WINDOW * rate / 2), 1)
    swing, turns = np.zeros(len(parted)), np.zeros(len(parted))
    for frame in np.flatnonzero(valid).tolist():
        window = parted[max(frame - half, 0) : frame + half + 1]
        swing[frame] = np.ptp(window)
        steps = np.diff(window)
        way = np.sign(steps[np.abs(steps) > 0.1 * swing[frame]])
        turns[frame] = np.count_nonzero(np.diff(way)) * rate / max(len(window), 1)
    talking = valid & (swing > _SPEECH[0]) & (turns >= _SPEECH[1])
    for run in frame_runs(talking, half):
        if len(run) >= _LEAST * rate:
            yield _event("speech", run, np.minimum(swing * 2, 1))


def _feelings(
    controls: _Values, valid: BoolArray, speech: BoolArray, rate: float
) -> Iterator[PerformanceEvent]:
    """Spans by the word whose face is nearest, in the direction of its controls.

    Where the face speaks only what speech leaves alone is compared: brows, lids, cheeks, nose and
    the corners of the mouth.
    """
    half = max(round(_WINDOW * rate / 2), 1)
    kernel = np.ones(2 * half + 1)
    counted = np.maximum(np.convolve(valid.astype(float), kernel, "full")[half:-half], 1)
    seen = np.where(valid[:, None], controls, 0)
    shown = np.stack(
        [np.convolve(column, kernel, "full")[half:-half] / counted for column in seen.T], axis=1
    )
    words = np.zeros((len(FEELINGS), len(NAMES)))
    for row, one in enumerate(FEELINGS.values()):
        for control, weight in one.weights:
            words[row, INDEX[control]] = weight
    felt = np.zeros(len(shown), dtype=bool)
    best = np.zeros(len(shown), dtype=np.intp)
    strength = np.zeros(len(shown))
    silent = [INDEX[name] for name in NAMES if name not in _UNFELT]
    speaking = [INDEX[name] for name in FELT]
    for frames, columns in ((valid & ~speech, silent), (valid & speech, speaking)):
        part, face = words[:, columns], shown[frames][:, columns]
        size = np.linalg.norm(face, axis=1)
        lengths = np.linalg.norm(part, axis=1)
        # A word of which little is compared cannot be told from others.
        part = np.where(lengths[:, None] > 0.3, part / np.maximum(lengths, 1e-6)[:, None], 0)
        alike = face @ part.T / np.maximum(size, 1e-6)[:, None]
        best[frames], strength[frames] = alike.argmax(axis=1), size
        felt[frames] = (size > _FELT) & (alike.max(axis=1) > _ALIKE)
    names = tuple(FEELINGS)
    for index in np.unique(best[felt]).tolist():
        for run in frame_runs(felt & (best == index)):
            if len(run) >= _LEAST * rate:
                yield _event("feeling", run, np.minimum(strength / 2, 1), names[index])


_UNFELT: Final = frozenset(
    name
    for name in NAMES
    if name.startswith(("gaze", "head", "eyeLook", "eyeBlink", "jawLeft", "jawRight", "tongue"))
)
"""Controls that say little of a feeling: where people look, and that they blink."""


def _event(kind: EventKind, run: FrameRange, values: _Values, detail: str = "") -> PerformanceEvent:
    peak = run.start + int(np.argmax(values[run.start : run.stop]))
    return PerformanceEvent(kind, run, peak, _part(values[peak]), detail)


def _part(value: float) -> float:
    return float(np.clip(value, 0, 1))
