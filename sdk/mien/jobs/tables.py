"""A plan as a table, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mien.errors import MienError
from mien.jobs.edits import expected_faces, requested_faces
from mien.jobs.plan import Plan, ShotPlan, chunks_of
from mien.model.face_names import FaceLabel, FaceLike, face_facts, list_faces

__all__ = ["plan_facts", "plan_rows"]

_UNITS = ("B", "kB", "MB", "GB", "TB")


def plan_rows(plan: Plan, unedited: Sequence[str] = ()) -> list[list[str]]:
    """Rows of a table: shots, their frames, faces, renderer, and what they will take.

    Args:
        plan: The plan.
        unedited: Names of clips of which nothing is asked.
    """
    rows = [["shot", "frames", "chunks", "faces", "renderer", "time", "disk", ""]]
    seconds, size = 0.0, 0
    for shot in plan.shots:
        facts = _facts(plan, shot)
        seconds += shot.seconds or 0
        size += shot.bytes
        if shot.order is None:
            rows.append([shot.job.name, "", "", "", "", "", "", f"left out: {shot.problem}"])
            continue
        rows.append(
            [
                shot.job.name, str(shot.order.frames), str(facts["chunks"]), _faces(facts),
                shot.job.renderer, _duration(shot.seconds), _size(shot.bytes),
                str(shot.order.output),
            ]
        )  # fmt: skip
    rows += [[name, "", "", "", "", "", "", "no edits"] for name in unedited]
    rows += [["", "", "", "", "", "", "", line] for line in _trackings(plan)]
    known = sum(shot.order is not None for shot in plan.shots)
    total = f"{known} of {len(plan.shots)} shots, {plan.frames} frames"
    time = _duration(seconds if any(shot.seconds for shot in plan.shots) else None)
    rows.append(["", "", str(plan.chunks), "", "", time, _size(size), total])
    return rows


def _trackings(plan: Plan) -> list[str]:
    """What is tracked first, a line each."""
    lines = []
    for shot in plan.shots:
        span = _tracked(shot)
        if span is not None and shot.facts is not None:
            lines.append(f"tracked first: {shot.facts.path.name} {span}")
    return list(dict.fromkeys(lines))


def plan_facts(plan: Plan, unedited: Sequence[str] = ()) -> dict[str, Any]:
    """The plan in JSON's types.

    Args:
        plan: The plan.
        unedited: Names of clips of which nothing is asked.
    """
    return {
        "folder": str(plan.folder),
        "chunk": plan.chunk,
        "frames": plan.frames,
        "shots": [_facts(plan, shot) for shot in plan.shots],
        "unedited": list(unedited),
    }


def _facts(plan: Plan, shot: ShotPlan) -> dict[str, Any]:
    order, problem = shot.order, shot.problem
    facts: dict[str, Any] = {
        "name": shot.job.name,
        "origin": shot.job.origin,
        "problem": None if problem is None else str(problem),
    }
    if order is None:
        return facts
    faces = _edited_faces(shot)
    return facts | {
        "frames": str(order.frames),
        "tracked": _tracked(shot),
        "chunks": len(list(chunks_of(order.frames, plan.chunk))),
        "faces": None if faces is None else [face_facts(face) for face in faces],
        "renderer": order.renderer,
        "seconds": None if shot.seconds is None else round(shot.seconds, 1),
        "bytes": shot.bytes,
        "encoding": shot.encoding,
        "output": str(order.output),
    }


def _tracked(shot: ShotPlan) -> str | None:
    """The frames that are tracked for a shot; None where its project says who is in it."""
    order, facts = shot.order, shot.facts
    if order is None or facts is None or order.project is not None:
        return None
    return str(order.tracked_span or facts.clock.all)


def _edited_faces(shot: ShotPlan) -> Sequence[FaceLike] | None:
    """The faces that are edited; None for the largest, known after tracking only."""
    from mien.io.project import describe
    from mien.model.document import choose

    job = shot.job
    if job.project is None:
        return expected_faces(job)
    try:
        document = choose(describe(job.project).shots, job.shot, job.project.name)
        numbers, largest = requested_faces(job, document.faces, job.project.name)
    except MienError:
        return None
    numbers |= {edit.face for edit in document.edits}
    if largest and len(document.faces) != 1:
        return None
    if largest:
        numbers = {document.faces[0].number}
    return [face for face in document.faces if face.number in numbers]


def _faces(facts: dict[str, Any]) -> str:
    faces = facts["faces"]
    return "largest" if faces is None else list_faces([FaceLabel(**face) for face in faces])


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _size(size: float) -> str:
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.0f} {_UNITS[unit]}" if size >= 10 or not unit else f"{size:.1f} {_UNITS[unit]}"
