"""The state of a shot, as its row shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mien.model.document import Project

__all__ = ["StatusTone", "Status", "status"]

StatusTone = Literal["plain", "ready", "edited", "busy", "bad"]
"""How a state is shown: by a dot of its colour."""


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a shot.

    Attributes:
        text: In a few words.
        tone: Its colour.
        fraction: Part of the work on it that is done, 0..1; None when nothing is being done or
            when that is not known yet.
    """

    text: str
    tone: StatusTone
    fraction: float | None = None


def status(project: Project, tracking: tuple[float | None] | None = None) -> Status:
    """Return the state of a shot.

    Args:
        project: The shot.
        tracking: Of a shot being tracked, the part that is done, or None in its place while it
            waits; None for others.
    """
    if not project.online:
        return Status("media missing", "bad")
    if tracking is not None:
        (fraction,) = tracking
        text = "waiting" if fraction is None else f"tracking {round(100 * fraction)} %"
        return Status(text, "busy", fraction)
    if not project.tracked:
        return Status("untracked", "plain")
    faces = len(project.shot.faces)
    count = "1 face" if faces == 1 else f"{faces} faces"
    spans = project.shot.tracked_spans
    if spans is not None:
        count += f" in {sum(map(len, spans))} of {len(project.shot)} frames"
    edited = any(layer.tracks for edit in project.edits for layer in edit.layers)
    return Status(f"{count}, edited", "edited") if edited else Status(count, "ready")
