"""Commands on modifiers: gain and smoothing of a control, constant or keyed.

A modifier is a track of mode `scale` or `smooth` on top of the others of its layer: it acts on
the performance and on all that is asked below it, and taking it away brings everything back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

from mien.model.document import Document
from mien.model.edits import ControlTrack
from mien.session.insert import insert_key
from mien.session.keys import delete_keys, set_key
from mien.session.layers import add_track
from mien.session.lookup import find_track, replace_tracks, track_at
from mien.session.refs import KeyRef

__all__ = ["NEUTRAL", "Modifier", "key_modifier", "set_modifier"]

Modifier = Literal["scale", "smooth"]
NEUTRAL: Final[dict[Modifier, float]] = {"scale": 1.0, "smooth": 0.0}
"""Values that change nothing: a gain of 1, a smoothing of 0 frames."""


def set_modifier(
    document: Document,
    shot: str,
    face: int,
    control: str,
    modifier: Modifier,
    value: float,
    frame: int,
    *,
    layer: str = "edit",
) -> Document:
    """A document in which a modifier has a value at a frame.

    One that has a single key is constant and stays so; one with more gets a key at the frame.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        control: A control, or a control without its side.
        modifier: `scale` for a gain, `smooth` for a smoothing in frames.
        value: The value.
        frame: The frame.
        layer: Name of the layer; made when it is missing.
    """
    ref = find_track(document, shot, face, layer, control, modifier)
    if ref is None:
        if value == NEUTRAL[modifier]:
            return document
        return add_track(document, shot, face, layer, control, value=value, mode=modifier)
    track = track_at(document, ref)
    if len(track.keys) > 1:
        return insert_key(document, ref, frame, value)
    (key,) = track.keys
    return replace_tracks(document, {ref: replace(track, keys=(replace(key, value=value),))})


def key_modifier(
    document: Document,
    shot: str,
    face: int,
    control: str,
    modifier: Modifier,
    frame: int,
    *,
    layer: str = "edit",
) -> Document:
    """A document in which a modifier has a key at a frame, or has it no longer.

    A constant modifier becomes a keyed one by its second key.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        control: A control, or a control without its side.
        modifier: `scale` for a gain, `smooth` for a smoothing in frames.
        frame: The frame.
        layer: Name of the layer; made when it is missing.
    """
    ref = find_track(document, shot, face, layer, control, modifier)
    if ref is None:
        value = NEUTRAL[modifier]
        return set_key(document, shot, face, control, frame, value, layer=layer, mode=modifier)
    track = track_at(document, ref)
    if track.key_at(frame) is not None:
        return delete_keys(document, [KeyRef(ref, frame)])
    if len(track.keys) == 1:
        document = replace_tracks(document, {ref: _eased(track)})
    return insert_key(document, ref, frame)


def _eased(track: ControlTrack) -> ControlTrack:
    """A constant's only key, which holds, as the first of several that run into each other."""
    return replace(track, keys=tuple(replace(key, interpolation="ease") for key in track.keys))
