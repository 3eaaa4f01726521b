"""A performance from elsewhere as layers of edits that a face follows.

A face follows a performance control by control: `replace` tracks with few keys, over the frames
that the performance reaches. Relative to rest,

    value = rest of the face + (source - rest of the source)

A control that nowhere differs by more than the tolerance from what the face does already gets no
track. So a clip that is applied to itself changes nothing.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, DoubleArray, FloatArray
from mien.errors import InputError, NoFaceError, TimeError, UsageError
from mien.model.controls import CONTROLS, GAZE, HEAD, INDEX, NAMES, Region, sides
from mien.model.edits import FADE, ControlTrack, Edit, Layer
from mien.model.evaluate import evaluate
from mien.model.interpolate import Key
from mien.model.key_reduction import reduce_keys
from mien.model.listing import list_names
from mien.model.shot import Shot
from mien.model.transfer_times import TransferTiming, source_positions, timing_span
from mien.timebase import Clock, FrameRange

__all__ = ["APPLIED_LAYER", "GROUPS", "SourcePerformance", "Transfer", "Transferred",
           "layer_names", "transfer"]  # fmt: skip

APPLIED_LAYER: Final = "applied"
"""Name of the layer that holds an applied performance when nobody names one."""
GROUPS: Final[tuple[str, ...]] = get_args(Region)
"""Names of the groups of controls: those of their regions."""
_GAP: Final = Fraction(1, 2)
"""Seconds of a source without its face that are crossed straight; over longer ones the shot's
face does what it did."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Choices for a face that follows another performance.

    Attributes:
        relative: Whether it does what the source does away from its rest, from its own rest on
            (True), or just what the source does (False); None for relative where the source is a
            tracked clip of another person, and absolute otherwise.
        only: Groups (`GROUPS`) or controls that are taken; all but gaze and head when None.
        strength: How far the face goes from what it does to what the source does, 0 to 1: for
            all, or by group.
        ease: Frames over which it is eased in and out, at ends inside the shot.
        tolerance: How far reduced keys may be from the performance in any frame, in weights; of
            gaze and head this part of their limits (45 and 10 degrees).
        at: When a still is reached; it is eased in before and out after. Without it a still is
            held over the span.
        timing: When what of the source is seen.
    """

    relative: bool | None = None
    only: Sequence[str] | None = None
    strength: float | Mapping[str, float] = 1.0
    ease: int = FADE
    tolerance: float = 0.01
    at: int | str | None = None
    timing: TransferTiming = field(default_factory=TransferTiming)

    def __post_init__(self) -> None:
        if isinstance(self.strength, Mapping):
            for name in self.strength:
                _check_group(name, GROUPS, "group")
        values = self.strength.values() if isinstance(self.strength, Mapping) else [self.strength]
        for value in values:
            if not 0 <= value <= 1:
                raise UsageError(
                    f"A strength of {value:g} cannot be meant.",
                    "Strengths run from 0 (what the face does) to 1 (what the source does).",
                )
        if self.ease < 0:
            raise UsageError(f"A face cannot be eased in over {self.ease} frames.",
                             "Give 0 or more.")  # fmt: skip
        if not (self.tolerance >= 0 and math.isfinite(self.tolerance)):
            raise UsageError(f"A tolerance of {self.tolerance:g} cannot be meant.",
                             "Give 0.01 or the like.")  # fmt: skip
        self.chosen()

    def chosen(self) -> tuple[str, ...]:
        """Return the names of the controls that are taken, where the source has them.

        Raises:
            UsageError: When a name is neither a group nor a control.
        """
        if self.only is None:
            return tuple(name for name in NAMES if name not in HEAD and name not in GAZE)
        taken: set[str] = set()
        for name in [self.only] if isinstance(self.only, str) else self.only:
            named = tuple(one.name for one in CONTROLS if one.region == name)
            named = named or sides(name) or ()
            if not named:
                _check_group(name, (*GROUPS, *NAMES), "group or control")
            taken.update(named)
        return tuple(name for name in NAMES if name in taken)

    def strengths(self) -> dict[str, float]:
        """Return the strength of every group; groups that are not named have 1."""
        if isinstance(self.strength, Mapping):
            return {name: float(self.strength.get(name, 1.0)) for name in GROUPS}
        return dict.fromkeys(GROUPS, float(self.strength))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SourcePerformance:
    """A performance that a face can follow: of another clip, an image, a project or a curve file.

    Attributes:
        name: What it is called, for people.
        controls: (T,) values by the names of controls; rows that are not valid mean nothing.
        valid: (T,) bool, the frames in which its face was seen.
        clock: When its frames are; None when nothing says, so that they are the shot's.
        rest: (59,) the controls of its face at rest; None where that is not told, and is 0.
        same_person: Whether it may be the same person as the face that follows, with the same
            face for zero; None where that is not told.
        lag: Seconds by which what is heard in the shot comes later in the source; None where
            sounds were not compared.
        unknown: Names that are no controls, and were left out.
    """

    name: str
    controls: Mapping[str, npt.NDArray[np.floating[Any]]]
    valid: BoolArray
    clock: Clock | None = None
    rest: FloatArray | None = None
    same_person: bool | None = None
    lag: Fraction | None = None
    unknown: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.valid)

    def __repr__(self) -> str:
        controls = f"{len(self.controls)} controls"
        return f"SourcePerformance('{self.name}', {controls}, {len(self)} frames)"

    @property
    def still(self) -> bool:
        """Whether it is a single pose."""
        return len(self) == 1


@dataclass(frozen=True, slots=True, eq=False)
class Transferred:
    """An edit in which a face follows a performance.

    Attributes:
        edit: The edit, with the layers of the performance.
        layers: Names of these layers: one, and one more for each group of another strength.
        controls: Names of the controls that have a track.
        alike: Names of those that have none, as the face does what the source does already.
        frames: Frames of the shot that the performance reaches.
        keys: How many keys there are.
        relative: Whether it is relative to rest.
    """

    edit: Edit
    layers: tuple[str, ...]
    controls: tuple[str, ...]
    alike: tuple[str, ...]
    frames: FrameRange
    keys: int
    relative: bool

    def __repr__(self) -> str:
        controls = list_names(self.controls) or "no controls"
        return f"Transferred(frames {self.frames}, {controls}, {self.keys} keys)"

    @property
    def keys_per_second(self) -> float:
        """Keys of a control in a second of the frames that are reached, on average."""
        seconds = float(len(self.frames) / self.edit.face.clock.rate)
        return self.keys / max(len(self.controls), 1) / max(seconds, 1e-9)


def transfer(
    edit: Edit,
    shot: Shot,
    source: SourcePerformance,
    how: Transfer,
    rest: FloatArray,
    layer: str = APPLIED_LAYER,
) -> Transferred:
    """Return an edit in which the face follows another performance, in layers of its own.

    Layers of that name, and of its groups, are replaced; what is above and below stays.

    Args:
        edit: The edit of the face.
        shot: The shot of the face.
        source: The performance.
        how: What is taken of it, and how.
        rest: (59,) the face's controls at rest.
        layer: Name of the layer; groups of another strength get `NAME mouth` and the like.

    Raises:
        NoFaceError: When the face is not seen in any frame that would be driven.
        UsageError: When a layer has no name, or every strength is 0.
        InputError: When the source has none of the controls, or nothing of it falls on the span.
        TimeError: When a time cannot be read or lies outside the shot.
    """
    if not layer.strip():
        raise UsageError("A layer needs a name.", f"Leave it out for '{APPLIED_LAYER}'.")
    relative = how.relative
    if relative is None:
        relative = source.rest is not None and source.same_person is False
    strengths = how.strengths()
    chosen = [name for name in how.chosen() if strengths[CONTROLS[INDEX[name]].region]]
    if not chosen:
        raise UsageError("With a strength of 0 nothing is taken.", "Give one above 0, up to 1.")
    names = [name for name in chosen if name in source.controls]
    if not names:
        raise InputError(
            f"{source.name} has none of the controls that are to be taken.",
            f"It has {', '.join(source.controls) or 'none at all'}.",
        )
    pieces = _still_piece(source, how, shot.clock) or _pieces(source, how, shot.clock)
    if not pieces:
        raise InputError(
            f"Nothing of {source.name} falls on the frames that are to be driven.",
            "Let it begin earlier or later, or take another span of it.",
        )
    _check_seen(edit, pieces)
    below = _below(edit, shot, layer)
    made: dict[str, list[ControlTrack]] = {}
    for name in names:
        values = np.asarray(source.controls[name], dtype=np.float64)
        if relative:
            values = values + _from_rest(source, shot, edit, rest, name)
        tracks = _tracks(name, values, pieces, below, edit.face.valid, how, shot.clock.frame_count)
        if tracks:
            made[name] = tracks
    changed, layers = _with_layers(edit, made, how, layer)
    span = FrameRange(min(one.span.start for one in pieces), max(one.span.stop for one in pieces))
    return Transferred(
        changed, layers, tuple(made), tuple(name for name in names if name not in made), span,
        sum(len(track.keys) for tracks in made.values() for track in tracks), relative,
    )  # fmt: skip


def _check_seen(edit: Edit, pieces: Sequence[_Piece]) -> None:
    if not any(edit.face.valid[one.span.start : one.span.stop].any() for one in pieces):
        driven = list_names([str(one.span) for one in pieces])
        raise NoFaceError(
            f"{edit.face.name} is not seen in the frames {driven}, which would be driven.",
            "Choose frames that show the face.",
        )


def layer_names(layer: str) -> tuple[str, ...]:
    """Return the names of all layers that a performance of a layer's name may have."""
    return (layer, *(f"{layer} {group}" for group in GROUPS))


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """Frames of the shot that the source reaches without a gap.

    Attributes:
        span: The frames.
        positions: (N,) where each lies among the frames in which the source's face was seen.
        seen: Indices of these frames.
        fade: Frames over which it is eased in and out.
        key: The frame of the key of a still; None of what moves.
    """

    span: FrameRange
    positions: DoubleArray
    seen: npt.NDArray[np.intp]
    fade: int
    key: int | None = None


def _still_piece(source: SourcePerformance, how: Transfer, clock: Clock) -> list[_Piece]:
    """Where a single pose is held; none where the source moves."""
    if not source.still:
        if how.at is not None:
            raise UsageError(
                f"A time is given for a pose, and {source.name} has {len(source)} of them.",
                "Leave the time out, or give an offset.",
            )
        return []
    if not source.valid.any():
        return []
    span, key = timing_span(how.timing.span, clock, "The span"), None
    if how.at is not None:
        if how.timing.span is not None:
            raise UsageError(
                "A pose is either at a time or over a span, and both are given.", "Give one."
            )
        key = clock.parse(how.at)
        if not 0 <= key < clock.frame_count:
            raise TimeError(
                f"{how.at} lies outside the shot, which has {clock.frame_count} frames.",
                f"Give a time before frame {clock.frame_count}.", frame=key,
            )  # fmt: skip
        span = FrameRange(max(key - how.ease, 0), min(key + how.ease + 1, clock.frame_count))
    fade = 0 if span == clock.all else how.ease
    return [_Piece(span, np.zeros(len(span)), np.zeros(1, dtype=np.intp), fade,
                   span.start if key is None else key)]  # fmt: skip


def _pieces(source: SourcePerformance, how: Transfer, clock: Clock) -> list[_Piece]:
    """The frames that are driven, in pieces between long gaps of the source."""
    times = source.clock or Clock(clock.rate, len(source))
    span = timing_span(how.timing.span, clock, "The span")
    part = timing_span(how.timing.source_span, times, "The source's span")
    positions = source_positions(how.timing, clock, times, source.lag)
    seen = np.flatnonzero(source.valid[part.start : part.stop]) + part.start
    if not len(seen):
        return []
    gaps = np.flatnonzero(np.diff(seen) - 1 > float(_GAP * times.rate)) + 1
    pieces = []
    for frames in np.split(seen, gaps):
        reached = np.flatnonzero((positions >= frames[0]) & (positions < frames[-1] + 1))
        if not len(reached):
            continue
        start, stop = int(reached[0]) + span.start, int(reached[-1]) + 1 + span.start
        whole = FrameRange(start, stop) == clock.all
        pieces.append(_Piece(FrameRange(start, stop), positions[reached], frames,
                             0 if whole else how.ease))  # fmt: skip
    return pieces


def _below(edit: Edit, shot: Shot, layer: str) -> FloatArray:
    """(T, 59) what the face does under the layer."""
    face = edit.face
    layers = []
    for one in edit.layers:
        if one.name in layer_names(layer):
            break
        layers.append(one)
    return evaluate(face.curves.controls.array, layers, face.valid, shot.breaks).target


def _from_rest(
    source: SourcePerformance, shot: Shot, edit: Edit, rest: FloatArray, name: str
) -> float:
    """How much a control of the source is moved so that its rest becomes that of the face."""
    if name in HEAD:
        # A head has no rest, but a way to be held.
        own = edit.face.curves.controls[name][edit.face.valid]
        other = np.asarray(source.controls[name])[source.valid]
        return float(np.median(own) - np.median(other)) if len(own) and len(other) else 0.0
    theirs = 0.0 if source.rest is None else float(source.rest[INDEX[name]])
    return float(rest[INDEX[name]]) - theirs


def _tracks(
    name: str,
    values: DoubleArray,
    pieces: Sequence[_Piece],
    below: FloatArray,
    valid: BoolArray,
    how: Transfer,
    frames: int,
) -> list[ControlTrack]:
    """The tracks of a control; none where it differs nowhere from what is below."""
    control = CONTROLS[INDEX[name]]
    tolerance = how.tolerance * (control.high if control.unit == "degrees" else 1)
    tracks, differs = [], False
    for piece in pieces:
        taken = np.interp(piece.positions, piece.seen, values[piece.seen])
        if control.region != "head":
            taken = np.clip(taken, control.low, control.high)
        rows = slice(piece.span.start, piece.span.stop)
        away = np.abs(taken - below[rows, INDEX[name]])[valid[rows]]
        differs |= bool((away > tolerance).any())
        if piece.key is not None:
            keys: tuple[Key, ...] = (Key(piece.key, float(taken[0]), "hold"),)
        else:
            keys = reduce_keys(taken, piece.span.start, tolerance)
        whole = piece.span == FrameRange(0, frames) and not piece.fade
        span = None if whole else piece.span
        tracks.append(ControlTrack(name, keys, "replace", span, piece.fade))
    return tracks if differs else []


def _with_layers(
    edit: Edit, made: Mapping[str, list[ControlTrack]], how: Transfer, layer: str
) -> tuple[Edit, tuple[str, ...]]:
    """An edit with tracks in a layer for each strength, and the names of these."""
    strengths = how.strengths()
    common = how.strength if isinstance(how.strength, int | float) else 1.0
    by_layer: dict[str, Layer] = {}
    for name, tracks in made.items():
        group = CONTROLS[INDEX[name]].region
        own = layer if strengths[group] == common else f"{layer} {group}"
        old = by_layer.get(own, Layer(own, (), strengths[group]))
        by_layer[own] = replace(old, tracks=(*old.tracks, *tracks))
    kept: list[Layer] = []
    place = len(edit.layers)
    for one in edit.layers:
        if one.name in layer_names(layer):
            place = min(place, len(kept))
        else:
            kept.append(one)
    new = [by_layer[name] for name in layer_names(layer) if name in by_layer]
    place = min(place, len(kept))
    return Edit(edit.face, [*kept[:place], *new, *kept[place:]]), tuple(one.name for one in new)


def _check_group(name: str, choices: Sequence[str], what: str) -> None:
    if name in choices:
        return
    near = difflib.get_close_matches(name, choices, n=1)
    raise UsageError(
        f"There is no {what} '{name}'.",
        f"Did you mean '{near[0]}'?" if near else f"The groups are {', '.join(GROUPS)}.",
        choices=GROUPS,
    )
