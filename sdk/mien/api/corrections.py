"""Landmarks put right by hand: moved in one frame, less and less around it, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import SupportsIndex, TypeVar

from mien.errors import NothingToDoError, TimeError, UsageError
from mien.model.corrections import (
    DEFAULT_FALLOFF,
    GROUPS,
    CorrectionGroup,
    LandmarkCorrection,
    correction_at,
)
from mien.model.document import Project, tracked_shot_of
from mien.model.face import Face
from mien.model.frame_runs import frame_runs
from mien.model.shot import Shot

__all__ = ["correct_landmarks", "remove_corrections", "set_corrections"]

_ShotOrProject = TypeVar("_ShotOrProject", Shot, Project)


def correct_landmarks(
    source: _ShotOrProject,
    face: int | str,
    frame: SupportsIndex | str,
    group: CorrectionGroup,
    dx: float,
    dy: float,
    *,
    falloff: int | tuple[int, int] = DEFAULT_FALLOFF,
) -> _ShotOrProject:
    """Move some of a face's landmarks by hand, where they were tracked wrongly.

        project = mien.correct_landmarks(project, "Anna", 12, "mouth", 4, -2)

    They move from where they are in that frame now, by hand or as tracked; the frames around it
    follow less and less. Pose and controls of these frames are solved anew, and all others stay
    what they are, to the bit.

    Args:
        source: A tracked shot, or a project, whose edits stay.
        face: Number or name of the face.
        frame: Frame, seconds (`1.5s`) or timecode.
        group: `left_eye`, `right_eye`, `brows`, `nose`, `mouth` or `jaw`; left and right are the
            person's.
        dx: Pixels of the upright picture to the right.
        dy: The same, down.
        falloff: Frames before and after over which it fades, one number or two. Corrections of
            one group whose fades meet are joined by a smooth way. Nothing goes on over a cut.

    Raises:
        NoFaceError: When there is no such face.
        TimeError: When the frame lies outside the shot, or the face is not there in it.
        UsageError: When there is no such group, or a number is none.
    """
    shot = tracked_shot_of(source)
    chosen = shot.face(face)
    at = shot.clock.parse(frame)
    _check_frame(chosen, at)
    before, after = falloff if isinstance(falloff, tuple) else (falloff, falloff)
    # Made first, so that what is wrong with it is said in its own terms.
    asked = LandmarkCorrection(at, group, dx, dy, before, after)
    now = correction_at(chosen.corrections, group, at, len(shot), shot.breaks)
    asked = replace(asked, dx=now[0] + dx, dy=now[1] + dy)
    others: list[LandmarkCorrection] = [
        old for old in chosen.corrections if (old.frame, old.group) != (at, group)
    ]
    return _with_corrections(source, chosen, [*others, asked])


def set_corrections(
    source: _ShotOrProject, face: int | str, corrections: Sequence[LandmarkCorrection]
) -> _ShotOrProject:
    """Give a face these corrections by hand, in place of those that it has.

    Args:
        source: A tracked shot, or a project, whose edits stay.
        face: Number or name of the face.
        corrections: All that it is to have; of one group at most one a frame.

    Raises:
        NoFaceError: When there is no such face.
        TimeError: When a frame lies outside the shot, or the face is not there in it.
        UsageError: When two are of one group in one frame.
    """
    shot = tracked_shot_of(source)
    chosen = shot.face(face)
    for one in corrections:
        _check_frame(chosen, one.frame)
    places = [(one.frame, one.group) for one in corrections]
    if len(set(places)) != len(places):
        raise UsageError("Two corrections are of one group in one frame.", "Leave one out.")
    return _with_corrections(source, chosen, corrections)


def remove_corrections(
    source: _ShotOrProject,
    face: int | str | None = None,
    *,
    frame: SupportsIndex | str | None = None,
    group: CorrectionGroup | None = None,
) -> _ShotOrProject:
    """Take corrections by hand away; what was tracked is there again, to the bit.

    Args:
        source: A tracked shot, or a project, whose edits stay.
        face: Number or name of the face; None for every face.
        frame: Only those of this frame.
        group: Only those of this group.

    Raises:
        NoFaceError: When there is no such face.
        UsageError: When there is no such group.
        NothingToDoError: When there is no such correction.
    """
    shot = tracked_shot_of(source)
    if group is not None and group not in GROUPS:
        raise UsageError(
            f"'{group}' is no group of landmarks.",
            f"Give one of {', '.join(GROUPS)}.",
            choices=GROUPS,
        )
    at = None if frame is None else shot.clock.parse(frame)
    chosen = shot.faces if face is None else (shot.face(face),)
    any_gone = False
    for one in chosen:
        kept = [
            correction
            for correction in one.corrections
            if (at is not None and correction.frame != at)
            or (group is not None and correction.group != group)
        ]
        if len(kept) < len(one.corrections):
            any_gone = True
            source = _with_corrections(source, one, kept)
    if not any_gone:
        raise NothingToDoError(
            "There is no such correction.", "`mien faces corrections SHOT.mien` lists them."
        )
    return source


def _with_corrections(
    source: _ShotOrProject, face: Face, corrections: Sequence[LandmarkCorrection]
) -> _ShotOrProject:
    from mien.face.corrections import correct_face

    shot = tracked_shot_of(source)
    corrected = correct_face(face, corrections, shot.breaks)
    faces = tuple(corrected if one.number == face.number else one for one in shot.faces)
    changed = replace(shot, faces=faces)
    return source.with_faces_of(changed) if isinstance(source, Project) else changed


def _check_frame(face: Face, frame: int) -> None:
    count = face.clock.frame_count
    if not 0 <= frame < count:
        raise TimeError(
            f"Frame {frame} lies outside the shot, which has {count} frames.",
            f"Give a frame from 0 to {count - 1}.",
            frame=frame,
        )
    if not face.valid[frame]:
        where = ", ".join(str(run) for run in frame_runs(face.valid)[:4])
        raise TimeError(
            f"{face.name} is not seen in frame {frame}: there are no landmarks to move.",
            f"It is seen in {where}.",
            frame=frame,
        )
