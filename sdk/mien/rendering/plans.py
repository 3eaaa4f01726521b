"""What is asked of the faces of a shot, evaluated for renderers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.face.deform import personal_rig
from mien.model.controls import CONTROLS
from mien.model.edits import Edit, stacked_edits
from mien.model.evaluate import evaluate
from mien.model.face import Face
from mien.model.fading import fade_weights, faded
from mien.model.mixes import mix_weights
from mien.model.shot import Shot
from mien.model.spans import join_spans, list_spans
from mien.model.weak_spans import WeakSpan, describe_weak_spans
from mien.rendering.base import FacePlan
from mien.rendering.change import FaceChange
from mien.timebase import FrameRange

__all__ = [
    "added_change",
    "added_changes",
    "face_change",
    "face_plans",
    "untracked_notes",
    "weak_notes",
    "with_performances",
]


def face_plans(shot: Shot, edits: Sequence[Edit], span: FrameRange) -> list[FacePlan]:
    """The faces in which anything is asked in a span, with what is asked of them.

    Where a face, or a region of it, is not seen well less is asked of it (model/fading.py), unless
    the shot says otherwise; and nothing where one shot becomes another (model/mixes.py).

    Args:
        shot: The shot.
        edits: Edits of its faces; several edits of one face are applied in order.
        span: The frames.

    Raises:
        UsageError: When an edit belongs to another shot.
        NoFaceError: When the shot has no such face.
    """
    plans = []
    for edit in stacked_edits(shot, edits):
        face = edit.face
        evaluated = evaluate(face.curves.controls.array, edit.layers, face.valid, shot.breaks)
        if evaluated.active.any():
            evaluated = faded(evaluated, _weights(shot, face))
        if evaluated.active[span.start : span.stop].any():
            plans.append(FacePlan(face, evaluated))
    return plans


def added_change(plan: FacePlan, frame: int) -> FloatArray:
    """Return (59,) what is added to a performance in a frame, for whoever moves a face by its rig.

    A performance that takes another's place departs from it as people do, and not by an amount that
    somebody asked for; see `EditAmounts.from_departure`.

    Args:
        plan: A face and its edit.
        frame: Index of the frame.
    """
    departed = plan.evaluated.departed
    here = None if departed is None else departed[frame]
    return personal_rig(plan.face).added_of(plan.evaluated.delta[frame], here)


def face_change(plan: FacePlan, frame: int) -> FaceChange:
    """Return the change of a face in a frame.

    Args:
        plan: A face and its edit.
        frame: Index of the frame.
    """
    evaluated = plan.evaluated
    source, delta = evaluated.source[frame], evaluated.delta[frame]
    whole = evaluated.departed
    departed = np.zeros_like(delta) if whole is None else whole[frame]
    gained = evaluated.gained
    shown = delta if gained is None else delta - gained[frame]
    return FaceChange(source, source + shown, source + added_change(plan, frame), departed)


def added_changes(plan: FacePlan) -> FloatArray:
    """Return (T, 59) the same of all frames; see `added_change`."""
    evaluated = plan.evaluated
    return personal_rig(plan.face).added_of(evaluated.delta, evaluated.departed)


def weak_notes(shot: Shot, numbers: Iterable[int], span: FrameRange) -> tuple[str, ...]:
    """Say of faces that are edited where they were seen badly, for the report.

    Args:
        shot: The shot.
        numbers: Numbers of the faces.
        span: The frames that are rendered.

    Raises:
        NoFaceError: When the shot has no such face.
    """
    then = "edits of what is not seen fade" if shot.occlusion.fade else "edits are not faded"
    notes = []
    for number in sorted(set(numbers)):
        face = shot.face(number)
        spans = [
            WeakSpan(one.span.intersection(span), one.regions)
            for one in face.weak_spans()
            if len(one.span.intersection(span))
        ]
        if spans:
            notes.append(f"{face.name} was seen badly ({then}): {describe_weak_spans(spans)}.")
    return tuple(notes)


def untracked_notes(shot: Shot, edits: Iterable[Edit], span: FrameRange) -> tuple[str, ...]:
    """Say where something is asked of faces in frames that were not tracked, for the report.

    Args:
        shot: The shot.
        edits: Edits of its faces.
        span: The frames that are rendered.
    """
    missing = shot.untracked_spans(span)
    asked = [
        span if track.span is None else track.span
        for edit in edits
        for layer in edit.layers
        for track in layer.tracks
    ]
    where = join_spans(gap.intersection(one) for gap in missing for one in asked)
    if not where:
        return ()
    return (
        f"The frames {list_spans(where)} were not tracked: edits do nothing there"
        f" (`mien track SHOT.mien --frames {where[0]}`).",
    )


def with_performances(
    shot: Shot, plans: Sequence[FacePlan], performances: Mapping[int, npt.ArrayLike]
) -> list[FacePlan]:
    """Plans in which faces do what coefficients say instead.

    Args:
        shot: The shot.
        plans: What else is asked of its faces, which comes on top.
        performances: By a face's number, (T, 55) FLAME coefficients in `flame2020`.

    Raises:
        UsageError: When coefficients have another shape.
        NoFaceError: When the shot has no such face.
        MissingDependencyError: When the FLAME 2020 head is not installed.
    """
    from mien.rendering.performance import replace_performance

    known = {plan.face.number: plan for plan in plans}
    for number, flame in performances.items():
        face = shot.face(number)
        known[number] = replace_performance(face, flame, known.get(number), _weights(shot, face))
    return [known[number] for number in sorted(known)]


def _weights(shot: Shot, face: Face) -> FloatArray:
    """(T, 59) how far what is asked of a face counts: nothing in a mix, little where unseen."""
    mixed = mix_weights(len(shot), shot.mixes, shot.clock.rate)[:, None]
    if shot.occlusion.fade:
        return fade_weights(face, shot.breaks) * mixed
    return np.broadcast_to(mixed, (len(shot), len(CONTROLS)))
