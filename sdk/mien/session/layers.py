"""Commands on layers and tracks: from a document to a changed one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mien.errors import UsageError
from mien.model.document import Document
from mien.model.edits import ControlTrack, Edit, Layer, Mode
from mien.model.interpolate import Key
from mien.session.lookup import change_edit, check_frame, put_track, replace_tracks, track_at
from mien.session.refs import TrackRef
from mien.timebase import FrameRange

__all__ = [
    "add_layer",
    "add_track",
    "move_layer",
    "remove_layer",
    "remove_track",
    "remove_tracks",
    "rename_layer",
    "set_layer",
    "set_track",
]


def add_layer(document: Document, shot: str, face: int, name: str) -> Document:
    """A document with an empty layer on top of a face's layers.

    Raises:
        UsageError: When the face has a layer of that name.
    """

    def added(edit: Edit) -> Edit:
        _refuse_taken(edit, name)
        return edit.with_layer(Layer(name))

    return change_edit(document, shot, face, added)


def remove_layer(document: Document, shot: str, face: int, name: str) -> Document:
    """A document without a layer.

    Raises:
        UsageError: When there is none of that name.
    """

    def removed(edit: Edit) -> Edit:
        gone = _existing(edit, name)
        return Edit(edit.face, [layer for layer in edit.layers if layer is not gone])

    return change_edit(document, shot, face, removed)


def rename_layer(document: Document, shot: str, face: int, name: str, new: str) -> Document:
    """A document with another name for a layer.

    Raises:
        UsageError: When there is none of that name, or the new one is taken.
    """

    def renamed(edit: Edit) -> Edit:
        old = _existing(edit, name)
        if new != name:
            _refuse_taken(edit, new)
        layers = [replace(old, name=new) if layer is old else layer for layer in edit.layers]
        return Edit(edit.face, layers)

    return change_edit(document, shot, face, renamed)


def move_layer(document: Document, shot: str, face: int, name: str, index: int) -> Document:
    """A document with a layer at another place; 0 is the bottom.

    Raises:
        UsageError: When there is none of that name.
    """

    def moved(edit: Edit) -> Edit:
        layer = _existing(edit, name)
        layers = [other for other in edit.layers if other is not layer]
        layers.insert(max(0, index), layer)
        return Edit(edit.face, layers)

    return change_edit(document, shot, face, moved)


def set_layer(
    document: Document,
    shot: str,
    face: int,
    name: str,
    *,
    weight: float | None = None,
    muted: bool | None = None,
) -> Document:
    """A document with another weight of a layer, or with the layer muted or heard again.

    Raises:
        UsageError: When there is none of that name, or the weight is not from 0 to 1.
    """

    def changed(edit: Edit) -> Edit:
        layer = _existing(edit, name)
        return edit.with_layer(
            replace(
                layer,
                weight=layer.weight if weight is None else weight,
                muted=layer.muted if muted is None else muted,
            )
        )

    return change_edit(document, shot, face, changed)


def add_track(
    document: Document,
    shot: str,
    face: int,
    layer: str,
    control: str,
    *,
    value: float,
    mode: Mode = "add",
    frame: int = 0,
    span: FrameRange | None = None,
) -> Document:
    """A document with a track more, of one key, on top of a layer's tracks.

    A track of mode `scale` is a gain and one of mode `smooth` a smoothing of all that lies
    below it.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        layer: Name of the layer; made when it is missing.
        control: A control, a control without its side, an expression or a viseme.
        value: Value of the key.
        mode: What the track does.
        frame: Frame of the key.
        span: Frames in which the track acts; None for all.

    Raises:
        UnknownControlError: When nothing has the name of the control.
        TimeError: When the frame lies outside the shot.
    """
    check_frame(document, shot, frame)
    track = ControlTrack(control, (Key(frame, value),), mode, span)
    return put_track(document, shot, face, layer, track)


def remove_track(document: Document, track: TrackRef) -> Document:
    """A document without a track.

    Raises:
        UsageError: When it is not there.
    """
    return remove_tracks(document, (track,))


def remove_tracks(document: Document, tracks: Iterable[TrackRef]) -> Document:
    """A document without several tracks.

    Raises:
        UsageError: When one is not there.
    """
    gone = set(tracks)
    for ref in gone:
        track_at(document, ref)
    return replace_tracks(document, dict.fromkeys(gone))


def set_track(
    document: Document,
    track: TrackRef,
    *,
    mode: Mode | None = None,
    span: FrameRange | str | None = "keep",
    fade: int | None = None,
) -> Document:
    """A document in which a track does something else, or elsewhere.

    Args:
        document: The document.
        track: The track.
        mode: What it does; None for what it did.
        span: Frames in which it acts, None for all; `keep` for those of before.
        fade: Frames over which it is eased in and out in its span; None for those of before.

    Raises:
        UsageError: When it is not there.
    """
    old = track_at(document, track)
    new = replace(
        old,
        mode=mode or old.mode,
        span=old.span if isinstance(span, str) else span,
        fade=old.fade if fade is None else fade,
    )
    return replace_tracks(document, {track: new})


def _existing(edit: Edit, name: str) -> Layer:
    for layer in edit.layers:
        if layer.name == name:
            return layer
    raise UsageError(f"Face {edit.face.number} has no layer '{name}'.")


def _refuse_taken(edit: Edit, name: str) -> None:
    if any(layer.name == name for layer in edit.layers):
        raise UsageError(
            f"Face {edit.face.number} has a layer '{name}' already.", "Choose another name."
        )
