"""Between edits, with what can be taken back of them, and the parts of a project's JSON."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mien.errors import MienError, ProjectError
from mien.io.schema import (
    INTERPOLATION_LETTERS,
    EditHistoryPart,
    EditPart,
    EditStepPart,
    KeysPart,
    LayerChangePart,
    LayerPart,
    TrackPart,
)
from mien.io.voice_parts import make_voice, voice_part
from mien.model.edit_history import EditHistory, EditStep, LayerChange
from mien.model.edits import ControlTrack, Edit, Layer
from mien.model.interpolate import Key
from mien.model.shot import Shot
from mien.timebase import FrameRange

__all__ = ["edit_part", "history_part", "make_edit", "make_history"]

_INTERPOLATIONS = {letter: name for name, letter in INTERPOLATION_LETTERS.items()}


def edit_part(edit: Edit, folder: Path) -> EditPart:
    """Return an edit, its face by number, as a project in `folder` keeps it."""
    return EditPart(
        face=edit.face.number,
        layers=tuple(_layer_part(layer, folder) for layer in edit.layers),
    )


def _layer_part(layer: Layer, folder: Path) -> LayerPart:
    return LayerPart(
        name=layer.name,
        weight=layer.weight,
        muted=layer.muted,
        tracks=tuple(_track_part(track) for track in layer.tracks),
        voice=None if layer.voice is None else voice_part(layer.voice, folder),
    )


def _track_part(track: ControlTrack) -> TrackPart:
    keys = KeysPart(
        frames=tuple(key.frame for key in track.keys),
        values=tuple(key.value for key in track.keys),
        interpolations="".join(INTERPOLATION_LETTERS[key.interpolation] for key in track.keys),
        handles=tuple(
            (index, key.handle_in, key.handle_out)
            for index, key in enumerate(track.keys)
            if key.handle_in or key.handle_out
        ),
    )
    span = None if track.span is None else (track.span.start, track.span.stop)
    return TrackPart(control=track.control, mode=track.mode, span=span, fade=track.fade, keys=keys)


def make_edit(part: EditPart, shot: Shot, path: Path) -> Edit:
    """Make the edit that a project kept.

    Args:
        part: The edit.
        shot: The shot with its face.
        path: The project file.

    Raises:
        ProjectError: When the shot has no such face, or the edit names an unknown control
            or contradicts itself; the message says where.
    """
    where = f"the edit of face {part.face}"
    try:
        face = shot.face(part.face)
        layers = []
        for layer in part.layers:
            where = f"layer '{layer.name}' of face {part.face}"
            layers.append(_make_layer(layer, path.parent))
        return Edit(face, layers)
    except MienError as error:
        raise ProjectError(
            f"{path.name} cannot be used: {where}: {error.cause}", error.remedy
        ) from error


def _make_layer(part: LayerPart, folder: Path) -> Layer:
    tracks = tuple(_make_track(track) for track in part.tracks)
    voice = None if part.voice is None else make_voice(part.voice, folder)
    return Layer(part.name, tracks, part.weight, part.muted, voice)


def _make_track(part: TrackPart) -> ControlTrack:
    handles = {index: (back, out) for index, back, out in part.keys.handles}
    columns = zip(part.keys.frames, part.keys.values, part.keys.interpolations, strict=True)
    keys = tuple(
        Key(frame, value, _INTERPOLATIONS[letter], *handles.get(index, (None, None)))
        for index, (frame, value, letter) in enumerate(columns)
    )
    span = None if part.span is None else FrameRange(*part.span)
    return ControlTrack(part.control, keys, part.mode, span, part.fade)


def history_part(history: EditHistory, folder: Path) -> EditHistoryPart:
    """Return what can be taken back of a shot's edits, as a project in `folder` keeps it."""
    done, undone = (_steps_part(steps, folder) for steps in (history.done, history.undone))
    return EditHistoryPart(done=done, undone=undone)


def _steps_part(steps: Iterable[EditStep], folder: Path) -> tuple[EditStepPart, ...]:
    return tuple(
        EditStepPart(
            title=step.title,
            changes=tuple(
                LayerChangePart(
                    face=change.face,
                    name=change.name,
                    index=change.index,
                    before=None if change.before is None else _layer_part(change.before, folder),
                    after=change.after,
                )
                for change in step.changes
            ),
        )
        for step in steps
    )


def make_history(part: EditHistoryPart, folder: Path) -> EditHistory:
    """Make what a project kept of steps that can be taken back.

    Raises:
        MienError: When a layer of it contradicts itself.
    """
    return EditHistory(_make_steps(part.done, folder), _make_steps(part.undone, folder))


def _make_steps(parts: Iterable[EditStepPart], folder: Path) -> tuple[EditStep, ...]:
    return tuple(
        EditStep(
            step.title,
            tuple(
                LayerChange(
                    change.face,
                    change.name,
                    change.index,
                    None if change.before is None else _make_layer(change.before, folder),
                    change.after,
                )
                for change in step.changes
            ),
        )
        for step in parts
    )
