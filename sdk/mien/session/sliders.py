"""Commands behind what stands beside a slider: its key, its reset, its other side.

All speak of targets, what a control does in the end, as `set_value` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from mien.model.controls import CONTROLS, INDEX, sides
from mien.model.document import Document
from mien.session.lookup import find_track, track_at
from mien.session.values import expression_at, reset, set_value

__all__ = ["Way", "linked", "mirror", "partner", "restore", "toggle_key"]

Way = Literal["left", "right", "swap"]
"""Which side is copied to the other, or that both change places."""
_TURNING = frozenset({"gazeYawLeft", "gazeYawRight", "headYaw", "headRoll"})
"""Controls whose sign says a side: when sides change places, they point the other way."""


def partner(control: str) -> str | None:
    """The control that does the same on the other side.

    `mouthLeft` and `mouthRight` move the whole mouth and are no partners.
    """
    other = CONTROLS[INDEX[control]].mirror
    base = control.removesuffix("Left").removesuffix("Right")
    return other if other != control and sides(base) is not None else None


def linked(values: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    """Targets with those of the other sides, which move by as much.

    A face is never quite even, so the other side keeps its distance instead of being set to the
    same value.

    Args:
        values: By control, the new target.
        before: By control, the target before; of both sides.
    """
    found = dict(values)
    for name, value in values.items():
        other = partner(name)
        if other is not None and other not in values:
            found[other] = before[other] + value - before[name]
    return found


def toggle_key(
    document: Document,
    shot: str,
    face: int,
    controls: Iterable[str],
    frame: int,
    *,
    layer: str = "edit",
) -> Document:
    """A document with a key for each control at a frame, or without when all have one.

    A new key holds what the control does there already.

    Raises:
        NoFaceError: When the face is not seen in that frame.
        TimeError: When the frame lies outside the shot.
    """
    names = tuple(controls)
    missing = []
    for name in names:
        ref = find_track(document, shot, face, layer, name)
        if ref is None or track_at(document, ref).key_at(frame) is None:
            missing.append(name)
    if not missing:
        return reset(document, shot, face, names, frame, layer)
    values = expression_at(document, shot, face, frame, controls=missing)
    return set_value(document, shot, face, values, frame, layer=layer, auto_key=True)


def restore(
    document: Document,
    shot: str,
    face: int,
    controls: Iterable[str],
    frame: int,
    *,
    layer: str = "edit",
    reach: int = 12,
) -> Document:
    """A document in which controls do at a frame what the performance does.

    A constant edit is taken away. One with several keys gets a key that asks for the
    performance, so that what it asks elsewhere stays. What an expression or another layer does
    to a control is taken back around the frame.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        controls: Sided names of controls.
        frame: The frame.
        layer: Name of the layer that is changed.
        reach: Frames over which what others do is taken back, to either side.

    Raises:
        NoFaceError: When the face is not seen in that frame.
        TimeError: When the frame lies outside the shot.
    """
    names = tuple(controls)
    keyed, constant = set(), []
    for name in names:
        ref = find_track(document, shot, face, layer, name)
        if ref is not None and len(track_at(document, ref).keys) == 1:
            constant.append(name)
        elif ref is not None:
            keyed.add(name)
    document = reset(document, shot, face, constant, None, layer)
    performed = expression_at(document, shot, face, frame, source="performance", controls=names)
    now = expression_at(document, shot, face, frame, controls=names)
    off = {name: value for name, value in performed.items() if now[name] != value}
    for own, frames in ((True, 0), (False, reach)):
        values = {name: value for name, value in off.items() if (name in keyed) is own}
        document = set_value(
            document, shot, face, values, frame, layer=layer, auto_key=True, reach=frames
        )
    return document


def mirror(
    document: Document,
    shot: str,
    face: int,
    frame: int,
    way: Way,
    *,
    controls: Iterable[str],
    layer: str = "edit",
    auto_key: bool,
) -> Document:
    """A document in which one side of a face does at a frame what the other does.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        frame: The frame.
        way: `left` to copy the person's left side to the right, `right` for the other way
            round, `swap` to let both change places; only then are head, mouth and jaw turned
            to the other side too.
        controls: Controls to mirror; those of the other sides belong to them.
        layer: Name of the layer.
        auto_key: As in `set_value`.

    Raises:
        NoFaceError: When the face is not seen in that frame.
        TimeError: When the frame lies outside the shot.
    """
    named = set(controls)
    named |= {CONTROLS[INDEX[name]].mirror for name in named}
    now = expression_at(document, shot, face, frame, controls=named)
    wanted = {}
    for name in now:
        source = CONTROLS[INDEX[name]].mirror
        copied = partner(name) is not None and not name.lower().endswith(way)
        if way == "swap" or copied:
            turned = way == "swap" and name in _TURNING
            wanted[name] = -now[source] if turned else now[source]
    changed = {name: value for name, value in wanted.items() if value != now[name]}
    return set_value(document, shot, face, changed, frame, layer=layer, auto_key=auto_key)
