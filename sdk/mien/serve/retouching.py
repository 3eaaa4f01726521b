"""What the method `retouch` does."""

from __future__ import annotations

from mien import api, retouch
from mien.model.evaluate import evaluate
from mien.model.retouch import RetouchOptions
from mien.serve import messages as say
from mien.serve.shots import Shots
from mien.timebase import FrameRange

__all__ = ["retouch_face"]


def retouch_face(shots: Shots, params: say.RetouchParams) -> say.RetouchResult:
    """Do an everyday job on a face of an open shot.

    Args:
        shots: The client's shots.
        params: What is asked.

    Raises:
        MienError: When it cannot be done; nothing has changed then.
    """
    opened = shots.find(params.shot)
    project = opened.project
    shot = project.shot
    face = api.main_face(shot) if params.face is None else shot.face(params.face)
    span = None
    if params.span is not None:
        span = retouch.read_span(shot, FrameRange(params.span[0], params.span[1]))
    options = RetouchOptions(
        span, tuple(params.at), params.strength, params.ease, params.movement,
        tuple(params.only), params.keep_blinks, params.keep_speech,
    )  # fmt: skip
    notes: list[str] = []
    made = retouch.retouch(project, params.kind, face.number, options, notice=notes.append)
    edit = made.edit(face.number)
    opened.set_edit(edit)
    asked = evaluate(face.curves.controls.array, edit.layers, face.valid, shot.breaks)
    return say.RetouchResult(
        face=face.number, layer=params.kind, notes=notes, active_frames=int(asked.active.sum())
    )
