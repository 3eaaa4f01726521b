"""What a project holds, in plain words and numbers: media, faces, edits."""

from __future__ import annotations

import dataclasses
from typing import Any

from mien.model.document import Project
from mien.model.edits import ControlTrack, Edit
from mien.model.face import Face
from mien.model.frame_runs import frame_runs
from mien.model.shot import Shot
from mien.timebase import FrameRange

__all__ = ["summarize_project"]


def summarize_project(project: Project) -> dict[str, Any]:
    """Describe a shot and its edits in JSON's types; no picture is read.

    Spans are pairs of frames, the second of them excluded.

    Args:
        project: The shot with its edits.
    """
    shot, clock = project.shot, project.shot.clock
    media = shot.media
    edited = {edit.face.number for edit in project.edits}
    return {
        "shot": project.title,
        "id": project.id,
        "media": {
            "path": str(media.path),
            "online": project.online,
            "size": list(media.orientation.upright_size),
            "codec": media.codec,
            "frames": clock.frame_count,
            "rate": str(clock.rate),
            "variable_rate": clock.times is not None,
            "seconds": round(float(clock.seconds(clock.frame_count)), 6),
            "start": None if clock.start is None else str(clock.start),
        },
        "made_by": None if shot.made_by is None else dataclasses.asdict(shot.made_by),
        "cuts": list(shot.cuts),
        "mixes": [_span(mix) for mix in shot.mixes],
        "tracked_spans": _spans(shot),
        "faces": [_face(face, face.number in edited) for face in shot.faces],
        "edits": [_edit(edit) for edit in project.edits],
        "history": {
            "done": [step.title for step in project.history.done],
            "undone": [step.title for step in project.history.undone],
        },
        "markers": [dataclasses.asdict(marker) for marker in project.markers],
        "span": None if project.span is None else _span(project.span),
        "settings": {name: dict(values) for name, values in project.settings.items()},
        "examples": [
            {"path": str(one.path), "online": one.online, "problem": one.problem}
            for one in shot.examples
        ],
        "occlusion_matte": None if shot.occlusion.matte is None else str(shot.occlusion.matte),
    }


def _face(face: Face, edited: bool) -> dict[str, Any]:
    seen = face.confidence > 0
    confidence = float(face.confidence[seen].mean()) if seen.any() else 0.0
    return {
        "number": face.number,
        "name": face.name,
        "edited": edited,
        "frames_seen": int(seen.sum()),
        "spans": [_span(run) for run in frame_runs(seen)],
        "confidence": round(confidence, 3),
        "seen_badly": [one.to_dict() for one in face.weak_spans()],
        "corrections": [dataclasses.asdict(one) for one in face.corrections],
        "neutral": _neutral(face),
        "smoothing": str(face.smoothing),
        "consent": None if face.consent is None else face.consent.to_dict(),
    }


def _neutral(face: Face) -> dict[str, Any] | None:
    """What was chosen to be neutral; None where it was learned."""
    chosen = face.neutral
    if chosen is None:
        return None
    return {"frame": chosen.frame, "picture": chosen.picture or None, "frames": chosen.frames}


def _edit(edit: Edit) -> dict[str, Any]:
    return {
        "face": edit.face.number,
        "layers": [
            {
                "name": layer.name,
                "weight": layer.weight,
                "muted": layer.muted,
                "tracks": [_track(track) for track in layer.tracks],
            }
            for layer in edit.layers
        ],
    }


def _track(track: ControlTrack) -> dict[str, Any]:
    return {
        "control": track.control,
        "mode": track.mode,
        "span": None if track.span is None else _span(track.span),
        "fade": track.fade,
        "keys": [
            {"frame": key.frame, "value": key.value, "interpolation": key.interpolation}
            for key in track.keys
        ],
    }


def _spans(shot: Shot) -> list[list[int]] | None:
    """The frames that were tracked; None for all."""
    return None if shot.tracked_spans is None else [_span(span) for span in shot.tracked_spans]


def _span(span: FrameRange) -> list[int]:
    return [span.start, span.stop]
