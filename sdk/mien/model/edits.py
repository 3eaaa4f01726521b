"""Edits: keys on controls, in tracks, in layers, on a face. All of them are values."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Literal, SupportsIndex, get_args

import numpy as np
import numpy.typing as npt

from mien._math import ease
from mien.errors import TimeError, UsageError
from mien.model.face import Face
from mien.model.interpolate import Interpolation, Key, sample
from mien.model.listing import list_names
from mien.model.presets import check_value, resolve
from mien.model.shot import Shot
from mien.timebase import Clock, FrameRange

__all__ = ["FADE", "Edit", "Layer", "Mode", "ControlTrack", "influence_in", "stacked_edits"]

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


@dataclass(frozen=True, slots=True)
class Layer:
    """A named group of tracks.

    Attributes:
        name: The name, unique in an edit.
        tracks: Tracks, applied in order.
        weight: How much of the layer is taken, 0..1.
        muted: Whether the layer is left out.
    """

    name: str
    tracks: tuple[ControlTrack, ...] = ()
    weight: float = 1.0
    muted: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= 1:
            raise UsageError(f"Layer '{self.name}' has the weight {self.weight}.",
                             "Weights run from 0 to 1.")  # fmt: skip

    def __repr__(self) -> str:
        weight = "" if self.weight == 1 else f", weight {self.weight:g}"
        muted = ", muted" if self.muted else ""
        controls = list_names([track.control for track in self.tracks])
        return f"Layer('{self.name}', {controls or 'no tracks'}{weight}{muted})"


@dataclass(frozen=True, slots=True, init=False)
class Edit:
    """The edit of one face: layers, bottom first.

    Edits are values: each method returns a new one.

        edit = Edit(face).key("mouthSmile", "1.0s", 0).key("mouthSmile", "1.5s", 0.6)

    Args:
        face: The face that is edited.
        layers: Layers, bottom first; names are unique.
    """

    face: Face
    layers: tuple[Layer, ...]

    def __init__(self, face: Face, layers: Sequence[Layer] = ()) -> None:
        names = [layer.name for layer in layers]
        if len(set(names)) != len(names):
            raise UsageError(f"Two layers of face {face.number} have the same name.")
        object.__setattr__(self, "face", face)
        object.__setattr__(self, "layers", tuple(layers))

    def __repr__(self) -> str:
        tracks = [track for layer in self.layers for track in layer.tracks]
        keys = sum(len(track.keys) for track in tracks)
        controls = list_names([track.control for track in tracks])
        layers = "1 layer" if len(self.layers) == 1 else f"{len(self.layers)} layers"
        what = f", {keys} keys on {controls}" if keys else ""
        return f"Edit(face {self.face.number}, {layers}{what})"

    def key(
        self,
        control: str,
        time: SupportsIndex | str,
        value: float,
        *,
        interpolation: Interpolation = "ease",
        mode: Mode = "add",
        layer: str = "edit",
        handle_in: tuple[float, float] | None = None,
        handle_out: tuple[float, float] | None = None,
    ) -> Edit:
        """Return this edit with a key more.

        Args:
            control: A control, a control without its side, an expression or a viseme.
            time: Frame, seconds (`1.5s`) or timecode.
            value: Value in the control's unit.
            interpolation: How the curve runs to the next key.
            mode: Whether the track adds to the performance, replaces it or scales it.
            layer: Name of the layer; a new one is put on top.
            handle_in: Bezier handle (frames, value) before the key.
            handle_out: Bezier handle (frames, value) after the key.

        Raises:
            UnknownControlError: When nothing has that name.
            UsageError: When the value is beyond the control's limits.
            TimeError: When the time cannot be read or lies outside the shot.
        """
        check_value(control, value, mode)
        frame = self.face.clock.parse(time)
        if not 0 <= frame < self.face.clock.frame_count:
            raise TimeError(
                f"The key at {time} lies outside the shot, which has"
                f" {self.face.clock.frame_count} frames.",
                f"Give a time before frame {self.face.clock.frame_count}.",
                frame=frame,
            )
        key = Key(frame, float(value), interpolation, handle_in, handle_out)
        target = self.layer(layer)
        tracks = list(target.tracks)
        for i, track in enumerate(tracks):
            if (track.control, track.mode, track.span) == (control, mode, None):
                tracks[i] = track.with_key(key)
                break
        else:
            tracks.append(ControlTrack(control, (key,), mode))
        return self.with_layer(replace(target, tracks=tuple(tracks)))

    def set(
        self,
        control: str,
        value: float,
        *,
        span: FrameRange | str | None = None,
        mode: Mode = "add",
        layer: str = "edit",
    ) -> Edit:
        """Return this edit with a constant value over a span, eased in and out inside it.

        Where it touches a span of the same control, the value runs on from one to the other.

        Args:
            control: A control, a control without its side, an expression or a viseme.
            value: Value in the control's unit.
            span: `1.0s:2.0s`, a range of frames, or None for the whole shot.
            mode: Whether the value is added to the performance, replaces it or scales it.
            layer: Name of the layer; a new one is put on top.

        Raises:
            UnknownControlError: When nothing has that name.
            UsageError: When the value is beyond the control's limits.
            TimeError: When the span cannot be read or lies outside the shot.
        """
        check_value(control, value, mode)
        if isinstance(span, str):
            span = self.face.clock.parse_range(span)
        elif span is not None and span.stop > self.face.clock.frame_count:
            self.face.clock.parse_range(str(span))
        start = span.start if span is not None else 0
        track = ControlTrack(control, (Key(start, float(value), "hold"),), mode, span)
        target = self.layer(layer)
        return self.with_layer(replace(target, tracks=(*target.tracks, track)))

    def remove(
        self, control: str, where: FrameRange | str | None = None, *, layer: str | None = None
    ) -> Edit:
        """Return this edit without what it asks of a control.

        Args:
            control: The control, as it was set or keyed.
            where: A span, whose frames are taken out of what was set and whose keys go; a time
                (`1.5s`), whose key goes; or None for all of it.
            layer: Name of the layer that it is taken from; None for all layers.

        Raises:
            UsageError: When there is nothing of the kind.
            TimeError: When the span or the time cannot be read or lies outside the shot.
        """
        clock = self.face.clock
        span = _read_place(where, clock)
        names = [one.name for one in self.layers] if layer is None else [layer]
        changed = self
        for name in names:
            tracks: list[ControlTrack] = []
            for track in self.existing_layer(name).tracks:
                if track.control != control:
                    tracks.append(track)
                elif isinstance(span, int):
                    if len(track.keys) > 1 or track.key_at(span) is None:
                        gone = [span] if track.key_at(span) else []
                        tracks.append(track.with_keys((), gone) if gone else track)
                elif span is not None:
                    tracks += track.without_frames(span, clock.frame_count)
            changed = changed.with_layer(replace(self.existing_layer(name), tracks=tuple(tracks)))
        if changed == self:
            raise UsageError(
                f"{self.face.name} has nothing of '{control}'"
                f"{'' if where is None else f' at {where}'}"
                f"{'' if layer is None else f' in layer {layer!r}'}.",
                _controls_of(self.layers),
            )
        # What was empty before stays; layers are made by people, too.
        kept = [one for one, old in zip(changed.layers, self.layers, strict=True)
                if one.tracks or not old.tracks]  # fmt: skip
        return Edit(self.face, kept)

    def remove_layer(self, name: str) -> Edit:
        """Return this edit without a layer.

        Raises:
            UsageError: When there is none of that name.
        """
        gone = self.existing_layer(name)
        return Edit(self.face, [layer for layer in self.layers if layer is not gone])

    def existing_layer(self, name: str) -> Layer:
        """Return the layer with a name.

        Raises:
            UsageError: When there is none of that name; the message lists those that are there.
        """
        if all(layer.name != name for layer in self.layers):
            there = ", ".join(f"'{layer.name}'" for layer in self.layers)
            raise UsageError(
                f"{self.face.name} has no layer '{name}'.",
                f"It has: {there}." if there else "It has none.",
                choices=[layer.name for layer in self.layers],
            )
        return self.layer(name)

    def layer(self, name: str) -> Layer:
        """Return the layer with a name; an empty one when there is none yet."""
        return next((layer for layer in self.layers if layer.name == name), Layer(name))

    def with_layer(self, layer: Layer) -> Edit:
        """Return this edit with a layer replaced, or put on top when its name is new."""
        layers = [layer if old.name == layer.name else old for old in self.layers]
        if layer.name not in (old.name for old in self.layers):
            layers.append(layer)
        return Edit(self.face, layers)


def _read_place(where: FrameRange | str | None, clock: Clock) -> FrameRange | int | None:
    """A span, a frame, or nothing, of what was typed."""
    if not isinstance(where, str):
        return where
    # Timecodes have colons themselves: three, or two and a semicolon.
    if ":" in where and where.count(":") + where.count(";") != 3:
        return clock.parse_range(where)
    frame = clock.parse(where)
    if not 0 <= frame < clock.frame_count:
        raise TimeError(
            f"{where} lies outside the shot, which has {clock.frame_count} frames.",
            f"Give a time before frame {clock.frame_count}.",
            frame=frame,
        )
    return frame


def _controls_of(layers: Sequence[Layer]) -> str:
    controls = dict.fromkeys(track.control for layer in layers for track in layer.tracks)
    return f"Edited are: {list_names(list(controls))}." if controls else "Nothing of it is edited."


def stacked_edits(shot: Shot, edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Stack edits, one a face: the layers of several, one above the other.

    A name of a layer that comes again is numbered.

    Args:
        shot: The shot, whose faces the edits get.
        edits: Edits of its faces, the lowest first.

    Raises:
        UsageError: When an edit belongs to another shot.
        NoFaceError: When the shot has no such face.
    """
    layers: dict[int, list[Layer]] = {}
    for edit in edits:
        face = edit.face
        if len(face.confidence) != shot.clock.frame_count:
            raise UsageError(
                f"The edit of face {face.number} is for a shot of {len(face.confidence)} frames;"
                f" {shot.media.path.name} has {shot.clock.frame_count}.",
                "Make the edit with a face of this shot.",
            )
        shot.face(face.number)
        layers.setdefault(face.number, []).extend(edit.layers)
    return tuple(Edit(shot.face(number), _renamed(stack)) for number, stack in layers.items())


def _renamed(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Layers with unique names: a name that comes again is numbered."""
    taken: set[str] = set()
    result = []
    for layer in layers:
        name, number = layer.name, 2
        while name in taken:
            name, number = f"{layer.name} {number}", number + 1
        taken.add(name)
        result.append(replace(layer, name=name))
    return tuple(result)
