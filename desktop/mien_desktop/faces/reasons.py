"""Reasons why a repair of a shot's faces cannot be made now, in words for a tooltip; no Qt."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from mien.model.face import Face
from mien.model.face_repair import seen_together
from mien.model.frame_runs import frame_runs
from mien_desktop.resolve import Resolved
from mien_desktop.words import count

__all__ = ["merging", "removing", "splitting", "tracking"]

_NO_FACES = "The shot has no faces: track it first."


def merging(now: Resolved, numbers: Collection[int]) -> str:
    """Tell why some faces cannot become one; empty when they can.

    Args:
        now: What the window shows.
        numbers: Numbers of the faces.
    """
    shot = now.shot
    if shot is None or not shot.faces:
        return _NO_FACES
    if len(shot.faces) < 2:
        return "The shot has one face only."
    faces = [face for face in shot.faces if face.number in numbers]
    if len(faces) < 2:
        return "Select two faces first: click one, and the other with Ctrl."
    together = seen_together(faces)
    if together is not None:
        one, other, frames = together
        first = frame_runs(frames)[0].start
        often = int(np.count_nonzero(frames))
        return (
            f"{one.name} and {other.name} are two people: both are seen in"
            f" {count(often, 'frame')}, first in frame {first}."
        )
    return next(filter(None, map(_unsolvable, faces)), "")


def splitting(now: Resolved) -> str:
    """Tell why the current face cannot be split at the playhead; empty when it can."""
    face, frame = now.face, now.state.frame
    if face is None:
        return _NO_FACES
    seen = face.confidence > 0
    if not seen[frame]:
        return f"{face.name} is not seen at the playhead: there is nobody to split off."
    if not seen[:frame].any():
        return f"{face.name} is not seen before the playhead: all of it would be split off."
    return _unsolvable(face)


def removing(now: Resolved) -> str:
    """Tell why the current face cannot be removed; empty when it can."""
    return _NO_FACES if now.face is None else ""


def tracking(now: Resolved) -> str:
    """Tell why no face can be tracked from a box; empty when one can."""
    if now.project is None:
        return "There is no shot yet."
    if not now.project.online:
        return "The media of the shot are missing: find them first."
    return ""


def _unsolvable(face: Face) -> str:
    if face.raw_landmarks is not None:
        return ""
    return f"{face.name} was tracked by an older mien, which did not keep what is needed: track it."
