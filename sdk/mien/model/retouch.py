"""Everyday jobs on a face: look at the lens, hold the eyes, blinks, less of a performance.

Each is a pure function from a face to tracks of edits in a layer named after the job, which can be
keyed over, weighed and taken out like any other. A job that is done again takes the place of what
it did in the same frames, so that twice is as once.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias, get_args

from mien.errors import NothingToDoError, UsageError
from mien.model.control_track import FADE, ControlTrack
from mien.model.edits import Layer
from mien.model.face import Face
from mien.model.retouch_blinks import added_blinks, removed_blinks
from mien.model.retouch_gaze import GAZE_MOVEMENT, gaze_tracks
from mien.model.retouch_rest import REST_GROUPS, rest_tracks
from mien.timebase import FrameRange

__all__ = ["RETOUCH_KINDS", "RetouchKind", "RetouchOptions", "RetouchedLayer", "retouch_layer"]

RetouchKind: TypeAlias = Literal[
    "lens", "hold-eyes", "remove-blinks", "blink", "soften", "neutralise"
]
"""What a job is called; its layer is, too."""
RETOUCH_KINDS: Final[tuple[RetouchKind, ...]] = get_args(RetouchKind)

_MODES: Final = ("replace", "smooth", "scale", "add")
_SOFTENED: Final = 0.5
"""How much a performance is softened when nobody says."""


@dataclass(frozen=True, slots=True)
class RetouchOptions:
    """Options of an everyday job.

    Attributes:
        span: The frames; None for all.
        at: Of `blink` the frames in which eyes are to be shut; of `hold-eyes` the frame whose look
            is held.
        strength: How much of it, 0 to 1; None for all of it, and half for `soften`.
        ease: Frames over which it is eased in and out inside the span.
        movement: Of `lens` and `hold-eyes`, how much of the eyes' own small movements is kept, 0
            to 1; None for half, and a quarter.
        only: Of `soften` and `neutralise`, which of `REST_GROUPS`; none for all of them.
        keep_blinks: Of these, whether blinks stay.
        keep_speech: Of these, whether what lips and jaw do in speech stays.

    Raises:
        UsageError: When a number is out of its range, or there is no such group.
    """

    span: FrameRange | None = None
    at: tuple[int, ...] = ()
    strength: float | None = None
    ease: int = FADE
    movement: float | None = None
    only: tuple[str, ...] = ()
    keep_blinks: bool = True
    keep_speech: bool = True

    def __post_init__(self) -> None:
        for name, value in (("strength", self.strength), ("movement", self.movement)):
            if value is not None and not (math.isfinite(value) and 0 <= value <= 1):
                raise UsageError(f"The {name} {value:g} cannot be meant.", "Give 0 to 1.")
        if self.strength == 0:
            raise UsageError("At the strength 0 nothing is done.", "Give more, up to 1.")
        if self.ease < 0:
            raise UsageError(f"Nothing is eased over {self.ease} frames.", "Give 0 or more.")
        for group in self.only:
            if group not in REST_GROUPS:
                raise UsageError(
                    f"'{group}' is no part of a face.",
                    f"Give some of {', '.join(REST_GROUPS)}.",
                    choices=REST_GROUPS,
                )


@dataclass(frozen=True, slots=True)
class RetouchedLayer:
    """What a job made.

    Attributes:
        layer: The layer with the job's tracks, and those that it had elsewhere.
        notes: What was done, and what could not be, in a line each.
    """

    layer: Layer
    notes: tuple[str, ...]


def retouch_layer(
    face: Face, layer: Layer, kind: RetouchKind, options: RetouchOptions, cuts: Sequence[int] = ()
) -> RetouchedLayer:
    """Return the layer of a job with its tracks.

    Args:
        face: The face.
        layer: The job's layer as it is; an empty one when there is none yet.
        kind: The job.
        options: How it is to be done.
        cuts: First frames of new shots.

    Raises:
        NothingToDoError: When there is nothing of the kind to do in these frames.
        TimeError: When the face is not seen where a blink is to be.
        UsageError: When there is no such job, or an option is missing or is not one of it.
    """
    if kind not in RETOUCH_KINDS:
        raise UsageError(
            f"'{kind}' is no job.", f"Choose one of {', '.join(RETOUCH_KINDS)}.",
            choices=RETOUCH_KINDS,
        )  # fmt: skip
    _check(kind, options)
    count = len(face.valid)
    span = options.span or FrameRange(0, count)
    if not face.valid[span.start : span.stop].any():
        raise NothingToDoError(
            f"{face.name} is not seen in the frames {span}.", "Choose frames that show the face."
        )
    if kind == "blink":
        tracks, notes = added_blinks(face, options.at, _strength(options, 1), cuts)
        return RetouchedLayer(_with(layer, _kept_apart(layer, tracks), tracks), notes)
    if kind == "remove-blinks":
        tracks, notes = removed_blinks(face, span, _strength(options, 1), cuts)
        old = [one for one in layer.tracks if not _meet(one.span, span)]
        return RetouchedLayer(_with(layer, old, tracks), notes)
    if kind in ("lens", "hold-eyes"):
        movement = options.movement
        tracks, notes = gaze_tracks(
            face, options.span, cuts, ease=options.ease, strength=_strength(options, 1),
            at=None if kind == "lens" else (options.at or (None,))[0], lens=kind == "lens",
            movement=GAZE_MOVEMENT[kind] if movement is None else movement,
        )  # fmt: skip
    else:
        tracks, notes = rest_tracks(
            face, options.span, options.only or REST_GROUPS,
            strength=_strength(options, _SOFTENED if kind == "soften" else 1), ease=options.ease,
            keep_blinks=options.keep_blinks, keep_speech=options.keep_speech,
        )  # fmt: skip
    controls = {track.control for track in tracks}
    return RetouchedLayer(_with(layer, _outside(layer, controls, span, count), tracks), notes)


def _strength(options: RetouchOptions, usual: float) -> float:
    return usual if options.strength is None else options.strength


def _check(kind: RetouchKind, options: RetouchOptions) -> None:
    if kind == "blink" and not options.at:
        raise UsageError("When to blink is not said.", "Give the frame in which eyes are shut.")
    if kind == "hold-eyes" and len(options.at) > 1:
        raise UsageError("Eyes are held as they are in one frame.", "Give one.")
    if options.at and kind not in ("blink", "hold-eyes"):
        raise UsageError(f"A frame goes with blink and hold-eyes, not with {kind}.")
    if options.only and kind not in ("soften", "neutralise"):
        raise UsageError(f"Parts of a face go with soften and neutralise, not with {kind}.")
    if options.movement is not None and kind not in ("lens", "hold-eyes"):
        raise UsageError(f"Movement goes with lens and hold-eyes, not with {kind}.")


def _with(layer: Layer, old: Iterable[ControlTrack], new: Sequence[ControlTrack]) -> Layer:
    """A layer with tracks in an order that does not depend on which came first."""
    return replace(layer, tracks=tuple(sorted((*old, *new), key=_order)))


def _order(track: ControlTrack) -> tuple[int, str, int]:
    # What scales comes before what is added to it.
    start = 0 if track.span is None else track.span.start
    return start, track.control, _MODES.index(track.mode)


def _meet(span: FrameRange | None, other: FrameRange) -> bool:
    return span is None or bool(len(span.intersection(other)))


def _kept_apart(layer: Layer, tracks: Sequence[ControlTrack]) -> list[ControlTrack]:
    """Tracks of a layer that lie apart from new ones."""
    spans = [one.span for one in tracks if one.span is not None]
    return [old for old in layer.tracks if not any(_meet(old.span, span) for span in spans)]


def _outside(
    layer: Layer, controls: Collection[str], span: FrameRange, count: int
) -> list[ControlTrack]:
    """Tracks of a layer without what they ask of some controls in a span."""
    kept: list[ControlTrack] = []
    for track in layer.tracks:
        kept += track.without_frames(span, count) if track.control in controls else (track,)
    return kept
