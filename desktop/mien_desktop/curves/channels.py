"""Channels that the curve editor shows of a document, each with its curves; no Qt.

A channel is a name that can be keyed: a control, a control without its side, an expression or a
viseme. It has a line for each of its tracks, and where it stands for a control the curves of the
performance and of the result. Action units are channels too, to be looked at: they follow the
controls, before the edits and after them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mien._types import BoolArray, FloatArray
from mien.model.controls import CONTROLS, INDEX, NAMES, Region, sides
from mien.model.curves import ControlCurves
from mien.model.edits import ControlTrack
from mien.model.face import Face
from mien.model.unit_curves import UNIT_NAMES, unit_curves
from mien.session.refs import KeyRef, TrackRef
from mien_desktop.resolve import Resolved

__all__ = ["COLORS", "DEGREES_UNIT", "SMOOTH_UNIT", "Channel", "Line", "CurveScene", "build_scene"]

COLORS = 13
"""Colours that there are."""
SMOOTH_UNIT = 10.0
"""Frames of smoothing that are drawn as high as a weight of 1."""
DEGREES_UNIT = 10.0
"""Degrees that are drawn as high as a weight of 1."""
_INDEX = {name: i for i, name in enumerate(NAMES)} | {
    name: INDEX[pair[0]]
    for name in {n.removesuffix("Left").removesuffix("Right") for n in NAMES}
    if (pair := sides(name)) is not None
}


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A track as it is drawn.

    Attributes:
        ref: The track's name in the document.
        track: The track.
        unit: What its values are divided by before they are drawn.
        muted: Whether its layer takes no part.
    """

    ref: TrackRef
    track: ControlTrack
    unit: float
    muted: bool

    @property
    def modifier(self) -> bool:
        """True for a track that changes what lies below instead of asking for values."""
        return self.track.mode in ("scale", "smooth")


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """A name that can be keyed, and its curves.

    Attributes:
        name: The name.
        region: Region of the control; None for expressions and visemes.
        unit: What values are divided by before they are drawn: 1 for weights, more for degrees,
            so that both fit in one picture.
        color: Index of its colour.
        lines: Its tracks, bottom first.
        source: (T,) performance; None for expressions and visemes.
        result: (T,) what the face does after all edits.
        raw: (T,) performance before it was smoothed; None where that is not to be seen.
    """

    name: str
    region: Region | None
    unit: float
    color: int
    lines: tuple[Line, ...] = ()
    source: FloatArray | None = None
    result: FloatArray | None = None
    raw: FloatArray | None = None

    @property
    def derived(self) -> bool:
        """True for an action unit, which follows the controls and cannot be keyed."""
        return self.name in UNIT_NAMES

    @property
    def line(self) -> Line | None:
        """The line that keys are added to: the uppermost that asks for values."""
        return next((line for line in reversed(self.lines) if not line.modifier), None)


@dataclass(frozen=True, slots=True, eq=False)
class CurveScene:
    """Everything that the curve editor shows.

    Attributes:
        channels: The channels of the list, in the order of the face.
        shown: Names of those that are drawn.
        active: Name of the one that fields and new keys are about.
        valid: (T,) frames in which the face can be edited.
        keys: The selected keys.
    """

    channels: tuple[Channel, ...] = ()
    shown: frozenset[str] = frozenset()
    active: str | None = None
    valid: BoolArray | None = None
    keys: frozenset[KeyRef] = frozenset()

    def channel(self, name: str | None) -> Channel | None:
        """Return the channel of a name; None when there is none."""
        return next((channel for channel in self.channels if channel.name == name), None)

    @property
    def drawn(self) -> tuple[Channel, ...]:
        """The channels that are drawn, the active one last and so on top."""
        drawn = [c for c in self.channels if c.name in self.shown]
        return tuple(sorted(drawn, key=lambda channel: channel.name == self.active))

    @property
    def lines(self) -> tuple[tuple[Channel, Line], ...]:
        """The lines that are drawn; modifiers only of the active channel."""
        return tuple(
            (channel, line)
            for channel in self.drawn
            for line in channel.lines
            if channel.name == self.active or not line.modifier
        )

    def selected(self) -> list[tuple[Line, int]]:
        """Return every selected key, as its line and its index in the track; by frame."""
        frames: dict[TrackRef, set[int]] = {}
        for ref in self.keys:
            frames.setdefault(ref.track, set()).add(ref.frame)
        selected_keys = [
            (line, i)
            for channel in self.channels
            for line in channel.lines
            if line.ref in frames
            for i, key in enumerate(line.track.keys)
            if key.frame in frames[line.ref]
        ]
        return sorted(selected_keys, key=lambda pair: pair[0].track.keys[pair[1]].frame)


def build_scene(
    now: Resolved, active: str | None = None, *, units: bool = False, raw: bool = False
) -> CurveScene:
    """Return everything that the curve editor shows.

    Listed is what has a track and what was chosen. Drawn is what was chosen; without a choice
    what the selected tracks and keys belong to, and without those everything that has a track.

    Args:
        now: Document and view state.
        active: The channel that was last touched.
        units: Whether action units are listed too.
        raw: Whether performances are seen as they were before smoothing too.
    """
    if now.face is None or now.edit is None or now.evaluated is None:
        return CurveScene()
    lines = _lines(now)
    listed = UNIT_NAMES if units else ()
    chosen = [n for n in now.state.controls if n in _INDEX or n in lines or n in listed]
    names = sorted({*lines, *chosen, *listed}, key=_order)
    source = ControlCurves(now.evaluated.source)
    result = ControlCurves(now.evaluated.target)
    colors = _colors(names)
    before, after = (_units(now, curves) if units else {} for curves in (source, result))
    channels = tuple(
        Channel(name, None, 1.0, colors[name], (), before[name], after[name])
        if name in before
        else _channel(name, colors[name], lines.get(name, ()), source, result)
        for name in names
    )
    wanted = {key.track for key in now.state.keys} | now.state.tracks
    selected = [n for n in names if any(line.ref in wanted for line in lines.get(n, ()))]
    shown = frozenset(chosen or selected or list(lines))
    if active not in shown:
        active = next((n for n in [*selected, *chosen, *names] if n in shown), None)
    if raw:
        channels = _with_raw(now, now.face, channels)
    return CurveScene(channels, shown, active, now.face.valid, now.state.keys)


def _with_raw(now: Resolved, face: Face, channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
    """Give every channel that has a performance the same as it was before smoothing."""
    derived = any(channel.derived for channel in channels)
    units = _units(now, face.raw.controls) if derived else {}
    return tuple(
        channel
        if channel.source is None
        else replace(
            channel,
            raw=units[channel.name] if channel.derived else face.raw.controls[channel.name],
        )
        for channel in channels
    )


def _units(now: Resolved, controls: ControlCurves) -> dict[str, FloatArray]:
    assert now.face is not None
    return unit_curves(controls.array, now.face.valid, float(now.face.clock.rate))


def _lines(now: Resolved) -> dict[str, list[Line]]:
    assert now.project is not None
    assert now.edit is not None
    lines: dict[str, list[Line]] = {}
    for layer in now.edit.layers:
        for index, track in enumerate(layer.tracks):
            ref = TrackRef(now.project.id, now.edit.face.number, layer.name, index)
            line = Line(ref, track, _unit(track.control, track.mode), layer.muted)
            lines.setdefault(track.control, []).append(line)
    return lines


def _channel(
    name: str, color: int, lines: Iterable[Line], source: ControlCurves, result: ControlCurves
) -> Channel:
    if name not in _INDEX:
        return Channel(name, None, 1.0, color, tuple(lines))
    region = CONTROLS[_INDEX[name]].region
    unit = _unit(name, "add")
    return Channel(name, region, unit, color, tuple(lines), source[name], result[name])


def _unit(name: str, mode: str) -> float:
    if mode == "smooth":
        return SMOOTH_UNIT
    if mode == "scale" or name not in _INDEX:
        return 1.0
    control = CONTROLS[_INDEX[name]]
    return DEGREES_UNIT if control.unit == "degrees" else 1.0


def _order(name: str) -> tuple[int, str]:
    if name in UNIT_NAMES:
        return (len(NAMES) + 1 + UNIT_NAMES.index(name), name)
    return (_INDEX.get(name, len(NAMES)), name)


def _colors(names: Iterable[str]) -> dict[str, int]:
    """Return a colour for each name: its own, or the next when another in the list has that."""
    colors: dict[str, int] = {}
    for name in names:
        own = _INDEX.get(name, sum(map(ord, name)))
        taken = {color % COLORS for color in colors.values()}
        free = (own + i for i in range(COLORS) if (own + i) % COLORS not in taken)
        colors[name] = next(free, own)
    return colors
