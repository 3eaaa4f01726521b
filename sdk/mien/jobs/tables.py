"""A plan as a table, and as JSON."""

from __future__ import annotations

from typing import Any

from mien.errors import MienError
from mien.jobs.plan import Plan, ShotPlan, chunks_of

__all__ = ["plan_facts", "plan_rows"]

_UNITS = ("B", "kB", "MB", "GB", "TB")


def plan_rows(plan: Plan) -> list[list[str]]:
    """Rows of a table: shots, their frames, faces, renderer, and what they will take.

    Args:
        plan: The plan.
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
    known = sum(shot.order is not None for shot in plan.shots)
    total = f"{known} of {len(plan.shots)} shots, {plan.frames} frames"
    time = _duration(seconds if any(shot.seconds for shot in plan.shots) else None)
    rows.append(["", "", str(plan.chunks), "", "", time, _size(size), total])
    return rows


def plan_facts(plan: Plan) -> dict[str, Any]:
    """The plan in JSON's types.

    Args:
        plan: The plan.
    """
    return {
        "folder": str(plan.folder),
        "chunk": plan.chunk,
        "frames": plan.frames,
        "shots": [_facts(plan, shot) for shot in plan.shots],
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
    return facts | {
        "frames": str(order.frames),
        "chunks": len(list(chunks_of(order.frames, plan.chunk))),
        "faces": _asked_faces(shot),
        "renderer": order.renderer,
        "seconds": None if shot.seconds is None else round(shot.seconds, 1),
        "bytes": shot.bytes,
        "output": str(order.output),
    }


def _asked_faces(shot: ShotPlan) -> list[int] | None:
    """Numbers of the faces that are edited; None for the largest, known after tracking only."""
    from mien.io.project import describe
    from mien.model.document import choose

    job = shot.job
    edited = bool(job.set) or job.curves is not None
    faces = {job.face} if edited and job.face is not None else set()
    largest = edited and job.face is None
    if job.project is not None:
        try:
            document = choose(describe(job.project).shots, job.shot, job.project.name)
        except MienError:
            return None
        faces |= {edit.face for edit in document.edits}
        if largest and len(document.faces) == 1:
            faces, largest = {document.faces[0].number}, False
    return None if largest else sorted(faces)


def _faces(facts: dict[str, Any]) -> str:
    faces = facts["faces"]
    return "largest" if faces is None else ", ".join(map(str, faces))


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
