"""Edits: tracks of keys (control_track.py) in layers on a face. All of them are values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import SupportsIndex

from mien.errors import TimeError, UsageError
from mien.model.control_track import FADE, MODES, ControlTrack, Mode, influence_in
from mien.model.face import Face
from mien.model.interpolate import Interpolation, Key
from mien.model.listing import list_names
from mien.model.presets import check_value, key_name
from mien.model.shot import Shot
from mien.model.voice import Voice
from mien.timebase import Clock, FrameRange

__all__ = [
    "FADE", "MODES", "ControlTrack", "Edit", "Layer", "Mode", "influence_in", "stacked_edits",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layer:
    """A named group of tracks.

    Attributes:
        name: The name, unique in an edit.
        tracks: Tracks, applied in order.
        weight: How much of the layer is taken, 0..1.
        muted: Whether the layer is left out.
        voice: The speech that the tracks were made from, if they were.
    """

    name: str
    tracks: tuple[ControlTrack, ...] = ()
    weight: float = 1.0
    muted: bool = False
    voice: Voice | None = None

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
            control: A control, a control without its side, an expression, a viseme or feelings
                (`wistful longing`).
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
        control = key_name(control)
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
            control: A control, a control without its side, an expression, a viseme or feelings
                (`wistful longing`).
            value: Value in the control's unit.
            span: `1.0s:2.0s`, a range of frames, or None for the whole shot.
            mode: Whether the value is added to the performance, replaces it or scales it.
            layer: Name of the layer; a new one is put on top.

        Raises:
            UnknownControlError: When nothing has that name.
            UsageError: When the value is beyond the control's limits.
            TimeError: When the span cannot be read or lies outside the shot.
        """
        control = key_name(control)
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
        clock, control = self.face.clock, key_name(control)
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
