"""Tracks: keys on one control, over a span."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from mien._math import ease
from mien.errors import TimeError, UsageError
from mien.model.interpolate import Key, sample
from mien.model.presets import resolve
from mien.timebase import FrameRange

__all__ = ["FADE", "MODES", "ControlTrack", "Mode", "influence_in"]

Mode = Literal["add", "replace", "scale", "smooth"]
MODES: tuple[str, ...] = get_args(Mode)
_FEW = 32
"""Changes of keys that are spliced in one by one; more are sorted in together."""
FADE = 6
"""Frames over which a track with a span is eased in and out."""


@dataclass(frozen=True, slots=True)
class ControlTrack:
    """Keys on one control.

    Attributes:
        control: A control, a control without its side, an expression or a viseme.
        keys: Keys in ascending order of frames, one a frame.
        mode: Whether the value is added to the performance, replaces it or scales it, or says
            by how many frames (standard deviation of a Gaussian) what lies below is smoothed.
        span: Frames in which the track acts; None for all.
        fade: Frames over which it is eased in and out inside the span. Where the span of
            another track of this control, mode and layer touches, there is an eased step from
            one value to the other in place of both.
    """

    control: str
    keys: tuple[Key, ...]
    mode: Mode = "add"
    span: FrameRange | None = None
    fade: int = FADE

    def __post_init__(self) -> None:
        resolve(self.control)
        if self.mode not in MODES:
            raise UsageError(
                f"'{self.mode}' is no mode.", f"Choose one of {', '.join(MODES)}.", choices=MODES
            )
        frames = [key.frame for key in self.keys]
        if not frames or any(b <= a for a, b in itertools.pairwise(frames)):
            raise UsageError(f"The keys of {self.control} are not in ascending order.")

    def __repr__(self) -> str:
        span = "" if self.span is None else f", span {self.span}"
        keys = f"key at {self.keys[0].frame}"
        if len(self.keys) > 1:
            keys = f"{len(self.keys)} keys from {self.keys[0].frame} to {self.keys[-1].frame}"
        return f"ControlTrack('{self.control}', {self.mode}, {keys}{span})"

    @classmethod
    def sampled(
        cls,
        control: str,
        start: int,
        values: npt.NDArray[np.float64],
        frames: int,
        *,
        mode: Mode = "add",
        fade: int = 0,
    ) -> ControlTrack:
        """Return a track that has a value for every frame.

        Linear keys give back their own values exactly; inside a run of equal values keys would
        say nothing, and are left out.

        Args:
            control: A control, a control without its side, an expression or a viseme.
            start: Frame of the first value.
            values: (N,) values, N at least 1.
            frames: Frames of the shot.
            mode: How the values act.
            fade: Frames over which they are eased in and out.

        Raises:
            TimeError: When there are more values than frames.
            UsageError: When there are none, or the control or the mode is unknown.
        """
        stop = start + len(values)
        if not len(values):
            raise UsageError(f"The track of {control} has no values.", "Send one for every frame.")
        if stop > frames:
            raise TimeError(
                f"The values of {control} reach frame {stop - 1}; the shot has {frames} frames.",
                f"Send {frames - start} at most, or start earlier.",
            )
        needed = np.ones(len(values), dtype=bool)
        needed[1:-1] = (values[1:-1] != values[:-2]) | (values[1:-1] != values[2:])
        indices = np.flatnonzero(needed).tolist()
        keys = tuple(
            Key(start + index, value, "linear")
            for index, value in zip(indices, values[needed].tolist(), strict=True)
        )
        whole = start == 0 and stop == frames and not fade
        return cls(control, keys, mode, None if whole else FrameRange(start, stop), fade)

    def with_key(self, key: Key) -> ControlTrack:
        """Return this track with a key more; a key at the same frame is replaced."""
        return self.with_keys((key,))

    def with_keys(self, added: Iterable[Key], removed: Iterable[int] = ()) -> ControlTrack:
        """Return this track without the keys at some frames, and with others.

        Args:
            added: Keys, in any order; keys at the same frames are replaced, and of several
                at one frame the last stays.
            removed: Frames whose keys are taken away first.

        Raises:
            UsageError: When no key is left.
        """
        added, removed = tuple(added), tuple(removed)
        if len(added) + len(removed) <= _FEW:
            keys = list(self.keys)
            for frame in removed:
                keys[_slot(keys, frame)] = ()
            for key in added:
                keys[_slot(keys, key.frame)] = (key,)
        else:
            by_frame = {key.frame: key for key in self.keys}
            for frame in removed:
                by_frame.pop(frame, None)
            by_frame.update((key.frame, key) for key in added)
            keys = [by_frame[frame] for frame in sorted(by_frame)]
        if not keys:
            raise UsageError(f"No key of {self.control} would be left.", "Remove the track.")
        # In order by now: the checks of a new track would take as long as it has keys.
        track = copy(self)
        object.__setattr__(track, "keys", tuple(keys))
        return track

    def without_frames(self, frames: FrameRange, count: int) -> tuple[ControlTrack, ...]:
        """Return what is left of this track when some frames are taken out of it.

        What has a span, or one value for all frames, is cut in two; of other keys those inside
        go, and the curve runs on from the one before to the one after.

        Args:
            frames: The frames.
            count: Frames of the shot.
        """
        if self.span is None and len(self.keys) > 1:
            keys = tuple(key for key in self.keys if not frames.start <= key.frame < frames.stop)
            return (replace(self, keys=keys),) if keys else ()
        acts = self.span or FrameRange(0, count)
        if frames.stop <= acts.start or acts.stop <= frames.start:
            return (self,)
        left = []
        for start, stop in ((acts.start, frames.start), (frames.stop, acts.stop)):
            if start < stop:
                single = (replace(self.keys[0], frame=start),) if len(self.keys) == 1 else self.keys
                left.append(replace(self, keys=single, span=FrameRange(start, stop)))
        return tuple(left)

    def key_at(self, frame: int) -> Key | None:
        """Return the key at a frame; None when there is none."""
        return next(iter(self.keys[_slot(self.keys, frame)]), None)

    def values(self, frames: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the (N,) values at (N,) frames."""
        return sample(self.keys, frames)

    def influence(self, frames: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return how much the track acts, (N,) of 0..1 at (N,) frames: smoothstep in and out."""
        if self.span is None:
            return np.ones(np.shape(frames))
        return influence_in(self.span, self.fade, self.fade, frames)


def influence_in(
    span: FrameRange, fade_in: int, fade_out: int, frames: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Return how much acts at (N,) frames what acts in a span: (N,) of 0..1.

    Args:
        span: The span.
        fade_in: Frames over which it is eased in, inside the span.
        fade_out: Frames over which it is eased out, inside the span.
        frames: The frames.
    """
    times = np.asarray(frames, dtype=np.float64)
    # A short span has no room for two fades: it gets a triangle.
    room = (len(span) - 1) / 2
    rise = (times - span.start + 1) / (min(fade_in, room) + 1)
    fall = (span.stop - times) / (min(fade_out, room) + 1)
    return ease(np.clip(np.minimum(rise, fall), 0, 1))


def _slot(keys: Sequence[Key], frame: int) -> slice:
    """Where the key at a frame is, or would be."""
    at = bisect_left(keys, frame, key=lambda key: key.frame)
    return slice(at, at + (at < len(keys) and keys[at].frame == frame))
