"""A performance taken towards rest: softened, or neutral, part by part of a face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from mien._types import BoolArray
from mien.errors import NothingToDoError
from mien.model.control_track import ControlTrack
from mien.model.controls import CONTROLS, INDEX
from mien.model.face import Face
from mien.model.frame_runs import frame_runs
from mien.model.interpolate import Key
from mien.model.neutral import neutral_of
from mien.model.presets import FELT
from mien.model.reading import read_performance
from mien.timebase import FrameRange

__all__ = ["REST_GROUPS", "rest_tracks"]

_REGIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "brows": ("brows",), "eyes": ("eyes",), "cheeks": ("cheeks",), "nose": ("nose",),
    "mouth": ("mouth", "tongue"), "jaw": ("jaw",),
}  # fmt: skip
REST_GROUPS: Final[tuple[str, ...]] = tuple(_REGIONS)
"""Parts of a face that are taken to rest together."""
_NOTHING: Final = 0.03
"""How far from rest a control is that is at rest."""
_BESIDE: Final = 0.1
"""Seconds beside a blink, and a stretch of speech, that belong to it."""
_LIDS: Final = ("eyeBlinkLeft", "eyeBlinkRight")
_BLINK_FADE: Final = 2


def rest_tracks(
    face: Face,
    span: FrameRange | None,
    groups: Sequence[str],
    *,
    strength: float,
    ease: int,
    keep_blinks: bool,
    keep_speech: bool,
) -> tuple[list[ControlTrack], tuple[str, ...]]:
    """Return tracks that take parts of a face to rest (`model.neutral`).

    All of the way a control is replaced by its rest, else it is scaled towards it. Head and gaze
    are left alone.

    Args:
        face: The face.
        span: The frames; None for all.
        groups: Some of `REST_GROUPS`.
        strength: How far, 0 to 1.
        ease: Frames over which it is eased in and out.
        keep_blinks: Whether lids blink on, and shut eyes stay so.
        keep_speech: Whether lips and jaw speak on; what they feel goes.

    Returns:
        The tracks, and what was done in lines.

    Raises:
        NothingToDoError: When all of it is at rest already.
    """
    whole = span or FrameRange(0, len(face.valid))
    shut, talking = _kept(face, keep_blinks=keep_blinks, keep_speech=keep_speech)
    rest = neutral_of(face)
    regions = {region for group in groups for region in _REGIONS[group]}
    tracks: list[ControlTrack] = []
    for control in CONTROLS:
        name = control.name
        if control.region not in regions or name.startswith("eyeLook"):
            continue
        spared = None
        if name in _LIDS:
            spared = shut
        elif control.region in ("mouth", "tongue", "jaw") and name not in FELT:
            spared = talking
        value = float(np.clip(rest[INDEX[name]], 0, 1))
        fade = min(ease, _BLINK_FADE) if name in _LIDS and shut.any() else ease
        for piece in _pieces(face, span, spared):
            here = piece or whole
            seen = face.valid[here.start : here.stop]
            values = face.curves.controls[name][here.start : here.stop][seen]
            if not len(values) or np.abs(values - value).max() < _NOTHING:
                continue
            tracks += _towards(name, value, strength, piece, here.start, fade)
    if not tracks:
        raise NothingToDoError(f"{face.name} is at rest in the frames {whole} already.")
    inside = slice(whole.start, whole.stop)
    return tracks, tuple(_notes(face, whole, groups, strength, shut[inside], talking[inside]))


def _towards(
    name: str, rest: float, strength: float, span: FrameRange | None, start: int, fade: int
) -> list[ControlTrack]:
    """Tracks that take one control towards its rest."""
    if strength == 1:
        return [ControlTrack(name, (Key(start, rest, "hold"),), "replace", span, fade)]
    scale = ControlTrack(name, (Key(start, 1 - strength, "hold"),), "scale", span, fade)
    if rest < _NOTHING:
        return [scale]
    # Applied in this order: v (1 - s), and s times rest on it.
    return [scale, ControlTrack(name, (Key(start, strength * rest, "hold"),), "add", span, fade)]


def _kept(face: Face, *, keep_blinks: bool, keep_speech: bool) -> tuple[BoolArray, BoolArray]:
    """(T,) each: frames of blinks and shut eyes, and frames of speech, that are to stay."""
    reading = read_performance(face)
    shut, talking = np.zeros_like(face.valid), np.zeros_like(face.valid)
    beside = max(round(_BESIDE * float(face.clock.rate)), 1)
    events = (*reading.of("blink"), *reading.of("eyes closed")) if keep_blinks else ()
    for frames, kept in ((shut, events), (talking, reading.of("speech") if keep_speech else ())):
        for event in kept:
            frames[max(event.span.start - beside, 0) : event.span.stop + beside] = True
    return shut, talking


def _pieces(
    face: Face, span: FrameRange | None, spared: BoolArray | None
) -> list[FrameRange | None]:
    """A span without the frames that are spared; None is all frames."""
    if spared is None or not spared.any():
        return [span]
    free = np.zeros(len(face.valid), dtype=bool)
    whole = span or FrameRange(0, len(free))
    free[whole.start : whole.stop] = ~spared[whole.start : whole.stop]
    return list(frame_runs(free))


def _notes(
    face: Face,
    span: FrameRange,
    groups: Sequence[str],
    strength: float,
    shut: BoolArray,
    talking: BoolArray,
) -> list[str]:
    parts = "" if tuple(groups) == REST_GROUPS else f" ({', '.join(groups)})"
    how = "is neutral" if strength == 1 else f"is {strength:.0%} of the way to neutral"
    notes = [f"{face.name}{parts} {how} in {span}"]
    if shut.any() and "eyes" in groups:
        notes.append("blinks stay")
    if talking.any() and {"mouth", "jaw"} & set(groups):
        notes.append("lips and jaw speak on")
    return notes
