"""Commands on values of controls: what sliders, palettes and copied expressions ask for.

A slider shows what a control does in the end, its target, and keys of an `add` track hold what is
added. What is to be added so that a target is met is found by asking twice: a target is a straight
line over the value of one key, whatever lies above and below.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mien.errors import NoFaceError
from mien.model.controls import ARKIT, CONTROLS, INDEX, sides
from mien.model.document import Document, Project
from mien.model.edits import ControlTrack, Edit, Layer
from mien.model.evaluate import evaluate, unlimited
from mien.model.interpolate import Key
from mien.model.presets import resolve
from mien.session.lookup import (
    change_edit,
    check_frame,
    find_track,
    put_track,
    replace_tracks,
    track_at,
)

__all__ = [
    "copy_expression",
    "expression_at",
    "reset",
    "set_expression",
    "set_track_value",
    "set_value",
]

_LEAST_GAIN = 1e-6
"""Change of a target for a change of a key; below it the key is powerless."""


def set_value(
    document: Document,
    shot: str,
    face: int,
    controls: Mapping[str, float],
    frame: int,
    *,
    layer: str = "edit",
    auto_key: bool,
    reach: int = 0,
) -> Document:
    """A document in which controls have given targets at a frame.

    Every control has its own track in the layer, made when it is missing. Where a layer above
    leaves it no say, or the layer itself is muted, the difference is keyed as if it were heard.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        controls: By name, what the control is to do in the end, in its unit; for a name without
            a side the mean of both. The value of an expression or viseme is its track's.
        frame: The frame.
        layer: Name of the layer; made when it is missing.
        auto_key: Whether a key is set at the frame; otherwise the key that is there is changed,
            or the whole track is raised or lowered when there is none.
        reach: With `auto_key`, the frames to either side of a new key beyond which nothing
            changes: keys of what was there are set too. 0 for none, and then the first key
            of a track holds over the whole shot.

    Raises:
        UnknownControlError: When nothing has one of the names.
        TimeError: When the frame lies outside the shot.
        NoFaceError: When the shot has no such face.
    """
    check_frame(document, shot, frame)
    values = {name: value for name, value in controls.items() if sides(name) is None}
    wanted = {name: value for name, value in controls.items() if sides(name) is not None}
    # Expressions first: they drive controls that have targets.
    document = set_track_value(
        document, shot, face, values, frame, layer=layer, auto_key=auto_key, reach=reach
    )
    solved = _solved(document, shot, face, wanted, frame, layer, auto_key) if wanted else {}
    return set_track_value(
        document, shot, face, solved, frame, layer=layer, auto_key=auto_key, reach=reach
    )


def set_track_value(
    document: Document,
    shot: str,
    face: int,
    values: Mapping[str, float],
    frame: int,
    *,
    layer: str = "edit",
    auto_key: bool,
    reach: int = 0,
) -> Document:
    """As `set_value`, with the values of the tracks themselves: what is added."""
    check_frame(document, shot, frame)
    last = document.shot(shot).shot.clock.frame_count - 1
    for control, value in values.items():
        ref = find_track(document, shot, face, layer, control)
        if ref is None:
            made = ControlTrack(control, (Key(frame, value),))
            if auto_key and reach:
                made = made.with_keys(
                    _pins(ControlTrack(control, (Key(frame, 0.0),)), frame, reach, last)
                )
            document = put_track(document, shot, face, layer, made)
        else:
            old = track_at(document, ref)
            track = _valued(old, frame, value, auto_key=auto_key)
            if auto_key and reach and old.key_at(frame) is None:
                track = track.with_keys(_pins(old, frame, reach, last))
            document = replace_tracks(document, {ref: track})
    return document


def set_expression(
    document: Document,
    shot: str,
    face: int,
    expression: str | Mapping[str, float],
    strength: float,
    frame: int,
    *,
    layer: str = "edit",
    auto_key: bool,
    reach: int = 0,
) -> Document:
    """A document in which an expression is added at a frame.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        expression: Name of an expression or viseme, which is keyed as one; or weights of
            controls, as users keep them.
        strength: How much of it.
        frame: The frame.
        layer: Name of the layer; made when it is missing.
        auto_key: As in `set_value`.
        reach: As in `set_value`.
    """
    weights = {expression: 1.0} if isinstance(expression, str) else expression
    values = {name: weight * strength for name, weight in weights.items()}
    return set_track_value(
        document, shot, face, values, frame, layer=layer, auto_key=auto_key, reach=reach
    )


def expression_at(
    document: Document,
    shot: str,
    face: int,
    frame: int,
    *,
    source: str = "result",
    controls: Collection[str] | None = None,
    regions: Collection[str] | None = None,
) -> dict[str, float]:
    """What a face does at a frame: by control, its value.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        frame: The frame.
        source: `result` for what is asked for, `performance` for what was filmed.
        controls: Sided names of controls; None for all but gaze and head.
        regions: Parts of the face, as `mouth`, that are taken of these; None for all.

    Raises:
        NoFaceError: When the face is not seen in that frame.
        TimeError: When the frame lies outside the shot.
    """
    check_frame(document, shot, frame)
    project = document.shot(shot)
    found = project.shot.face(face)
    if not found.valid[frame]:
        raise NoFaceError(
            f"{found.name} is not seen in frame {frame} of {project.title}.",
            "Choose a frame that shows the face.",
        )
    values = found.curves.controls.array[frame]
    if source == "result":
        layers = project.edit(face).layers
        performance = found.curves.controls.array
        values = evaluate(performance, layers, found.valid, project.shot.breaks).target[frame]
    wanted = ARKIT if controls is None else controls
    return {
        control.name: float(values[INDEX[control.name]])
        for control in CONTROLS
        if control.name in wanted and (regions is None or control.region in regions)
    }


def copy_expression(
    document: Document,
    source: tuple[str, int, int],
    target: tuple[str, int, int],
    *,
    of: str = "result",
    controls: Collection[str] | None = None,
    regions: Collection[str] | None = None,
    layer: str = "edit",
    auto_key: bool = True,
    reach: int = 0,
) -> Document:
    """A document in which a face does at a frame what another, or itself, does at another.

    Args:
        document: The document.
        source: Shot, face and frame that the expression is taken from.
        target: Shot, face and frame that it is given to.
        of: As `source` of `expression_at`.
        controls: As in `expression_at`.
        regions: As in `expression_at`.
        layer: Name of the layer that is keyed.
        auto_key: As in `set_value`.
        reach: As in `set_value`.
    """
    shot, face, frame = source
    values = expression_at(
        document, shot, face, frame, source=of, controls=controls, regions=regions
    )
    shot, face, frame = target
    return set_value(
        document, shot, face, values, frame, layer=layer, auto_key=auto_key, reach=reach
    )


def reset(
    document: Document,
    shot: str,
    face: int,
    controls: Iterable[str],
    frame: int | None = None,
    layer: str | None = None,
) -> Document:
    """A document without the edits of controls.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        controls: Names of controls, expressions or visemes. A track on both sides goes when
            both sides are named.
        frame: Only keys at this frame; None for the tracks.
        layer: Only in this layer; None for all.
    """
    named = set(controls)
    named |= {side for name in named for side in sides(name) or ()}

    def meant(track: ControlTrack) -> bool:
        return track.control in named or all(s in named for s in sides(track.control) or ("",))

    def kept(track: ControlTrack) -> ControlTrack | None:
        if not meant(track):
            return track
        if frame is None or (len(track.keys) == 1 and track.key_at(frame)):
            return None
        return track.with_keys((), (frame,))

    def cleared(old: Layer) -> Layer:
        if layer not in (None, old.name):
            return old
        tracks = (kept(track) for track in old.tracks)
        return replace(old, tracks=tuple(track for track in tracks if track is not None))

    return change_edit(
        document, shot, face, lambda edit: Edit(edit.face, [cleared(old) for old in edit.layers])
    )


def _valued(track: ControlTrack, frame: int, value: float, *, auto_key: bool) -> ControlTrack:
    """A track that has a value at a frame."""
    key = track.key_at(frame)
    if key is not None:
        return track.with_key(replace(key, value=value))
    if auto_key:
        before = max((k for k in track.keys if k.frame < frame), key=_frame, default=track.keys[0])
        return track.with_key(Key(frame, value, before.interpolation))
    rise = value - float(track.values([frame])[0])
    return replace(track, keys=tuple(replace(k, value=k.value + rise) for k in track.keys))


def _pins(old: ControlTrack, frame: int, reach: int, last: int) -> list[Key]:
    """Keys of what a track did, `reach` frames from a new key, where no other key is nearer."""
    pins = []
    others = [key.frame for key in old.keys if key.frame != frame]
    for place in (frame - reach, frame + reach):
        between = range(min(place, frame), max(place, frame) + 1)
        if 0 <= place <= last and not any(other in between for other in others):
            pins.append(Key(place, float(old.values([place])[0])))
    return pins


def _frame(key: Key) -> int:
    return key.frame


def _solved(
    document: Document,
    shot: str,
    face: int,
    wanted: Mapping[str, float],
    frame: int,
    layer: str,
    auto_key: bool,
) -> dict[str, float]:
    """Values that tracks must have at a frame for controls to have their targets."""
    names = [side for name in wanted for side, _ in resolve(name)]

    def targets(value: float) -> npt.NDArray[np.float64]:
        tried = set_track_value(
            document, shot, face, dict.fromkeys(wanted, value), frame, layer=layer,
            auto_key=auto_key,
        )  # fmt: skip
        found = _targets(tried.shot(shot), face, frame, layer, names)
        return np.array([np.mean([found[side] for side, _ in resolve(name)]) for name in wanted])

    at_zero = targets(0.0)
    gain = targets(1.0) - at_zero
    gain[np.abs(gain) < _LEAST_GAIN] = 1.0
    values = (np.array(list(wanted.values())) - at_zero) / gain
    return dict(zip(wanted, values.tolist(), strict=True))


def _targets(
    project: Project, face: int, frame: int, layer: str, names: Sequence[str]
) -> dict[str, float]:
    """Targets of controls at a frame, without limits, with a layer heard."""
    found = project.shot.face(face)
    driving = []
    for old in project.edit(face).layers:
        tracks = [t for t in old.tracks if any(side in names for side, _ in resolve(t.control))]
        heard = old.name == layer
        driving.append(
            replace(old, tracks=tuple(tracks), muted=old.muted and not heard,
                    weight=old.weight or float(heard))
        )  # fmt: skip
    values = unlimited(
        found.curves.controls.array, driving, found.valid, project.shot.breaks, names
    )
    return dict(zip(names, values[frame].tolist(), strict=True))
