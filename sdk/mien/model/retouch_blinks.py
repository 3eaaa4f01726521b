"""Blinks taken out of a performance, and blinks put in."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from mien.errors import NothingToDoError, TimeError
from mien.model.control_track import ControlTrack
from mien.model.face import Face
from mien.model.interpolate import Key, sample
from mien.model.key_reduction import reduce_keys
from mien.model.lids import lids_closed, lids_tracked
from mien.model.reading import read_performance
from mien.timebase import FrameRange

__all__ = ["added_blinks", "blink_windows", "removed_blinks"]

_LIDS: Final = ("eyeBlinkLeft", "eyeBlinkRight")
_AROUND: Final = (
    *_LIDS, "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight",
)  # fmt: skip
"""What lids do in a blink, by any control."""
_REACH: Final = 0.3
"""Seconds before and after a blink's middle part in which lids are back where they rest."""
_BACK: Final = 0.04
"""How near, of a closure, to the least around it lids are back."""
_AJAR: Final = 0.3
"""By how much lids differ before and after a blink of which one side is not seen."""
_TAIL: Final = 0.13
"""Seconds in which lids are still on their way when they are tracked as back: eyes that are held
open run into them."""
_OPENER: Final = 0.05
"""By how much more open eyes are asked for than they rest: lids that come down may be tracked as
open still, and whoever renders looks at them where less of a blink is asked for."""
_TOLERANCE: Final = 0.01
"""By how much keys may be off."""
_NOTHING: Final = 0.02
"""Change of a control that is none."""
_CLOSING, _SHUT, _OPENING = 0.14, 0.04, 0.28
"""Seconds of a blink's parts: lids fall about twice as fast as they rise (VanderWerf, Brassinga,
Reits, Aramideh and Ongerboer de Visser 2003, spontaneous blinks; Trutoiu, Carter, Matthews and
Hodgins 2011, whose animated ones look natural so)."""

_Values = npt.NDArray[np.float64]


def removed_blinks(
    face: Face, span: FrameRange, strength: float, cuts: Sequence[int]
) -> tuple[list[ControlTrack], tuple[str, ...]]:
    """Return tracks that hold eyes open through every blink that meets some frames.

    Args:
        face: The face.
        span: The frames.
        strength: How far eyes stay open, 0 to 1.
        cuts: First frames of new shots.

    Raises:
        NothingToDoError: When there is no blink.
    """
    every = blink_windows(face, cuts)
    windows = [one for one in every if len(one.intersection(span))]
    if not windows:
        raise NothingToDoError(
            f"{face.name} does not blink in the frames {span}.",
            "`mien read` says when it does; eyes that are closed for long are no blinks.",
        )
    tracks = []
    for blink in windows:
        later = [one.start for one in every if one.start >= blink.stop]
        window = _with_tail(face, blink, min(later, default=len(face.valid)), cuts)
        for name in _AROUND:
            values = face.curves.controls[name][window.start : window.stop].astype(np.float64)
            first, last = float(values[0]), float(values[-1])
            if name in _LIDS and abs(first - last) > _AJAR:
                # Where the shot begins or ends in a blink, the other side tells.
                first = last = min(first, last)
            open_values = np.linspace(first, last, len(values))
            away = values - open_values
            if np.abs(away).max() < _NOTHING:
                continue
            if name in _LIDS:
                away[1:-1] = np.maximum(away[1:-1], 0) + _OPENER
                after = len(window) - len(blink) + 1
                away[-after:] *= np.linspace(1, 0, after)
            keys = reduce_keys(values - strength * away, window.start, _TOLERANCE)
            tracks.append(ControlTrack(name, keys, "replace", window, 0))
    count = "1 blink" if len(windows) == 1 else f"{len(windows)} blinks"
    where = ", ".join(f"{one.start}-{one.stop - 1}" for one in windows)
    return tracks, (f"{count} of {face.name} removed: {where}",)


def _with_tail(face: Face, blink: FrameRange, end: int, cuts: Sequence[int]) -> FrameRange:
    """The frames of a blink and those after it in which lids are still on their way."""
    _, high = _section(face, blink.stop - 1, cuts)
    tail = max(round(_TAIL * float(face.clock.rate)), 1)
    return FrameRange(blink.start, max(min(blink.stop + tail, high, end), blink.stop))


def blink_windows(face: Face, cuts: Sequence[int] = ()) -> list[FrameRange]:
    """Return the frames of each blink, from where lids begin to fall to where they are back."""
    lids = np.mean([face.curves.controls[name] for name in _LIDS], axis=0).astype(np.float64)
    reach = max(round(_REACH * float(face.clock.rate)), 1)
    windows: list[FrameRange] = []
    for event in read_performance(face).of("blink"):
        low, high = _section(face, event.peak, cuts)
        start, stop = event.span.start, event.span.stop - 1
        first, last = max(start - reach, low), min(stop + reach, high - 1)
        before, after = lids[first : start + 1], lids[stop : last + 1]
        height = lids[event.peak] - min(before.min(), after.min())
        back = _BACK * height
        # The last frame before that is as open as lids get, and the first one after.
        start = first + int(np.flatnonzero(before <= before.min() + back)[-1])
        stop += int(np.flatnonzero(after <= after.min() + back)[0])
        if stop <= start:
            continue
        if windows and start < windows[-1].stop:
            windows[-1] = FrameRange(windows[-1].start, max(stop + 1, windows[-1].stop))
        else:
            windows.append(FrameRange(start, stop + 1))
    return windows


def added_blinks(
    face: Face, at: Sequence[int], strength: float, cuts: Sequence[int]
) -> tuple[list[ControlTrack], tuple[str, ...]]:
    """Return tracks that blink.

    Args:
        face: The face.
        at: Frames in which eyes are shut.
        strength: How far lids come down, 0 to 1.
        cuts: First frames of new shots.

    Raises:
        TimeError: When a frame lies outside the shot, or the face is not seen in all of a blink.
        NothingToDoError: When it blinks at all of these frames already.
    """
    own = blink_windows(face, cuts)
    tracks: list[ControlTrack] = []
    notes, taken = [], FrameRange(0, 0)
    for frame in sorted(set(at)):
        window = _blink_window(face, frame, cuts)
        meets = [one for one in own if len(one.intersection(window))]
        if meets:
            notes.append(f"{face.name} blinks in {meets[0].start}-{meets[0].stop - 1} already")
            continue
        if len(window.intersection(taken)):
            notes.append(f"the blink at {frame} would meet the one before, and is left out")
            continue
        taken = window
        for name in _LIDS:
            values = face.curves.controls[name]
            rest = float(values[window.start]), float(values[window.stop - 1])
            keys = _blink_keys(window, frame, rest, strength, float(face.clock.rate))
            tracks.append(ControlTrack(name, keys, "replace", window, 0))
        notes.append(f"{face.name} blinks in {window.start}-{window.stop - 1}")
    if not tracks:
        raise NothingToDoError(f"{'; '.join(notes)}.", "Choose another frame.")
    return tracks, tuple(notes)


def _blink_window(face: Face, frame: int, cuts: Sequence[int]) -> FrameRange:
    count, rate = len(face.valid), float(face.clock.rate)
    if not 0 <= frame < count:
        raise TimeError(
            f"Frame {frame} lies outside the shot, which has {count} frames.",
            f"Give a frame from 0 to {count - 1}.",
            frame=frame,
        )
    closing, shut, opening = _parts(rate)
    start, stop = frame - closing, frame + shut + opening
    low, high = _section(face, frame, cuts)
    if start < low or stop > high:
        where = f"It is seen in {low}:{high}." if high > low else "It is not seen there."
        raise TimeError(
            f"{face.name} is not there for all of a blink at frame {frame}, which takes"
            f" {start}:{stop}.",
            where,
            frame=frame,
        )
    return FrameRange(start, stop)


def _parts(rate: float) -> tuple[int, int, int]:
    """Frames in which lids fall, are shut, and rise."""
    return (
        max(round(_CLOSING * rate), 2), max(round(_SHUT * rate), 1), max(round(_OPENING * rate), 3),
    )  # fmt: skip


def _blink_keys(
    window: FrameRange, frame: int, rest: tuple[float, float], strength: float, rate: float
) -> tuple[Key, ...]:
    """A blink whose lids fall at once and rise more and more slowly."""
    closing, shut, _ = _parts(rate)
    before, after = (float(lids_closed(one)) for one in rest)
    depth = max(strength, before, after)
    last = frame + shut - 1
    shut_keys = [Key(frame, depth, "linear", handle_in=(-0.3 * closing, 0.0))] if shut > 1 else []
    rise = window.stop - 1 - last
    way = (
        Key(window.start, before, "bezier", handle_out=(0.35 * closing, 0.0)),
        *shut_keys,
        Key(last, depth, "bezier", (-0.3 * closing, 0.0) if shut == 1 else None,
            (0.25 * rise, 0.0)),
        Key(window.stop - 1, after, "linear", handle_in=(-0.5 * rise, 0.0)),
    )  # fmt: skip
    blink = lids_tracked(sample(way, np.arange(window.start, window.stop)))
    return reduce_keys(blink, window.start, _TOLERANCE)


def _section(face: Face, frame: int, cuts: Sequence[int]) -> tuple[int, int]:
    """The frames round one in which the face is seen without a cut."""
    ends = [0, *sorted(cut for cut in cuts if 0 < cut < len(face.valid)), len(face.valid)]
    low, high = next((a, b) for a, b in itertools.pairwise(ends) if a <= frame < b)
    if not face.valid[frame]:
        return frame, frame
    unseen = np.flatnonzero(~face.valid[low:high]) + low
    before, after = unseen[unseen < frame], unseen[unseen > frame]
    return (
        int(before[-1]) + 1 if len(before) else low, int(after[0]) if len(after) else high,
    )  # fmt: skip
