"""Finding tracks and layers in a document, and putting changed ones back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from mien.errors import TimeError, UsageError
from mien.model.document import Document, Project
from mien.model.edits import ControlTrack, Edit, Layer, Mode
from mien.session.refs import KeyRef, TrackRef

__all__ = [
    "by_track",
    "change_edit",
    "change_layer",
    "change_shot",
    "check_frame",
    "find_track",
    "put_track",
    "replace_tracks",
    "track_at",
]


def change_shot(document: Document, shot: str, change: Callable[[Project], Project]) -> Document:
    """A document with one shot changed.

    Raises:
        UsageError: When there is no such shot.
    """
    return document.with_shot(change(document.shot(shot)))


def change_edit(
    document: Document, shot: str, face: int, change: Callable[[Edit], Edit]
) -> Document:
    """A document with the edit of one face changed.

    Raises:
        UsageError: When there is no such shot.
        NoFaceError: When it has no such face.
    """
    project = document.shot(shot)
    return document.with_shot(project.with_edit(change(project.edit(face))))


def change_layer(
    document: Document, shot: str, face: int, layer: str, change: Callable[[Layer], Layer]
) -> Document:
    """A document with one layer changed; a new one is put on top.

    Raises:
        UsageError: When there is no such shot.
        NoFaceError: When it has no such face.
    """
    return change_edit(
        document, shot, face, lambda edit: edit.with_layer(change(edit.layer(layer)))
    )


def put_track(
    document: Document, shot: str, face: int, layer: str, track: ControlTrack
) -> Document:
    """A document with a track on top of those of a layer, which is made when it is missing."""
    return change_layer(
        document, shot, face, layer, lambda old: replace(old, tracks=(*old.tracks, track))
    )


def track_at(document: Document, ref: TrackRef) -> ControlTrack:
    """The track of a reference.

    Raises:
        UsageError: When it is not there (any more).
        NoFaceError: When the shot has no such face.
    """
    tracks = document.shot(ref.shot).edit(ref.face).layer(ref.layer).tracks
    if not 0 <= ref.index < len(tracks):
        raise UsageError(f"Layer '{ref.layer}' of face {ref.face} has no track {ref.index}.")
    return tracks[ref.index]


def find_track(
    document: Document, shot: str, face: int, layer: str, control: str, mode: Mode = "add"
) -> TrackRef | None:
    """The track over the whole shot that keys of a control belong to; None without one."""
    for index, track in enumerate(document.shot(shot).edit(face).layer(layer).tracks):
        if (track.control, track.mode, track.span) == (control, mode, None):
            return TrackRef(shot, face, layer, index)
    return None


def replace_tracks(document: Document, tracks: Mapping[TrackRef, ControlTrack | None]) -> Document:
    """A document with tracks replaced; those that become None are removed."""
    by_layer: defaultdict[tuple[str, int, str], dict[int, ControlTrack | None]] = defaultdict(dict)
    for ref, track in tracks.items():
        by_layer[ref.shot, ref.face, ref.layer][ref.index] = track
    for (shot, face, name), changed in by_layer.items():

        def put(layer: Layer, changed: Mapping[int, ControlTrack | None] = changed) -> Layer:
            kept = (changed.get(i, track) for i, track in enumerate(layer.tracks))
            return replace(layer, tracks=tuple(track for track in kept if track is not None))

        document = change_layer(document, shot, face, name, put)
    return document


def by_track(keys: Iterable[KeyRef]) -> dict[TrackRef, list[int]]:
    """Frames of keys in ascending order, by their tracks."""
    frames: defaultdict[TrackRef, set[int]] = defaultdict(set)
    for key in keys:
        frames[key.track].add(key.frame)
    return {track: sorted(found) for track, found in sorted(frames.items())}


def check_frame(document: Document, shot: str, frame: int) -> None:
    """Refuse a frame outside a shot.

    Raises:
        TimeError: When it is.
    """
    project = document.shot(shot)
    count = project.shot.clock.frame_count
    if not 0 <= frame < count:
        raise TimeError(
            f"Frame {frame} lies outside {project.title}, which has {count} frames.",
            f"Give a frame from 0 to {count - 1}.",
            frame=frame,
        )
