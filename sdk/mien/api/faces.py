"""Repairs of a tracked shot: who is who."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from mien.api.tracking import as_tracked
from mien.errors import TimeError, UsageError
from mien.model.chosen_neutral import ChosenNeutral
from mien.model.corrections import LandmarkCorrection
from mien.model.document import Project, tracked_shot_of
from mien.model.edits import Edit
from mien.model.face import Face, FaceTrack
from mien.model.face_names import list_faces
from mien.model.face_repair import (
    common_consent,
    joined_layers,
    merged_occlusion,
    merged_track,
    seen_together,
    split_occlusion,
    split_track,
)
from mien.model.frame_runs import frame_runs
from mien.model.occlusion import Occlusion
from mien.model.shot import Shot
from mien.model.smoothing import Smoothing
from mien.progress import Progress, progress_reporter
from mien.timebase import FrameRange

__all__ = ["merge_faces", "remove_face", "rename_face", "split_face"]

_ShotOrProject = TypeVar("_ShotOrProject", Shot, Project)


def merge_faces(
    source: _ShotOrProject, faces: Sequence[int | str], *, progress: bool | Progress = True
) -> _ShotOrProject:
    """Make one face of several that are the same person.

    What is asked of any of them goes on, in the frames in which that one was seen. A consent is
    that of the person, and so of the whole; where two of them have different ones, it has none.

    Args:
        source: A tracked shot, or a project, whose edits go along.
        faces: Numbers or names of two faces or more; the first keeps its number and name.
        progress: True for bars on a terminal, or a function that is told the stage (`solve`),
            the steps done and the steps in all.

    Returns:
        The shot, or the project, with the faces as one, solved as one.

    Raises:
        NoFaceError: When there is no such face.
        UsageError: When they are fewer than two, or two of them are seen in one frame.
        NothingToDoError: When the landmarks as they were tracked were not kept.
    """
    shot = tracked_shot_of(source)
    numbers = list(dict.fromkeys(shot.face(which).number for which in faces))
    if len(numbers) < 2:
        raise UsageError("Merging takes two faces or more.", _choice(shot))
    merged = [shot.face(number) for number in numbers]
    together = seen_together(merged)
    if together is not None:
        one, other, frames = together
        first = frame_runs(frames)[0].start
        raise UsageError(
            f"{one.name} and {other.name} are both seen in frame {first}"
            f" ({int(frames.sum())} frames in all): they are two people.",
            "Merge faces that are never in one frame, or split one of them there first.",
        )
    kept = merged[0]
    corrections = _merged_corrections(merged)
    track = merged_track([as_tracked(face, shot) for face in merged])
    neutral = next((face.neutral for face in merged if face.neutral is not None), None)
    chosen = _Chosen(corrections, neutral, kept.smoothing)
    solved = _solved(track, chosen, shot, progress)
    gone = set(numbers[1:])
    result = _with_faces(
        source,
        [
            replace(solved, name=kept.name, consent=common_consent(merged))
            if face is kept
            else face
            for face in shot.faces
            if face.number not in gone
        ],
        merged_occlusion(shot.occlusion, gone, kept.number),
    )
    if not isinstance(source, Project) or not isinstance(result, Project):
        return result
    asked = {edit.face.number: edit.layers for edit in source.edits}
    layers = joined_layers([(face, asked.get(face.number, ())) for face in merged])
    return result.with_edit(Edit(result.shot.face(kept.number), layers))


def _merged_corrections(faces: Sequence[Face]) -> list[LandmarkCorrection]:
    """Corrections of faces that become one: of a frame, those of the face that is seen in it.

    A face that was bridged over frames may have been put right where another one is seen.
    """
    kept: dict[tuple[int, str], LandmarkCorrection] = {}
    for face in faces:
        for one in face.corrections:
            there = [other for other in faces if other.confidence[one.frame] > 0]
            if face in there or not there:
                kept.setdefault((one.frame, one.group), one)
    return list(kept.values())


def split_face(
    source: _ShotOrProject,
    face: int | str,
    frames: FrameRange | str,
    *,
    progress: bool | Progress = True,
) -> _ShotOrProject:
    """Make two faces of one that is two people.

    Both keep what was asked of the one, each in its own frames. Its consent stays with the face
    that keeps its number: the other one is somebody else, whom nobody asked yet.

    Args:
        source: A tracked shot, or a project, whose edits go along.
        face: Number or name of the face.
        frames: The frames that are of somebody else, as `120:` or `2s:4s`; that person gets the
            next number that is free.
        progress: As for `merge_faces`.

    Returns:
        The shot, or the project, with one face more, both of them solved by themselves.

    Raises:
        NoFaceError: When there is no such face.
        TimeError: When the face is not seen in those frames, or nowhere else.
        NothingToDoError: When the landmarks as they were tracked were not kept.
    """
    shot = tracked_shot_of(source)
    whole = shot.face(face)
    span = shot.clock.parse_range(str(frames))
    seen = whole.confidence > 0
    count = int(seen[span.start : span.stop].sum())
    if not count or count == int(seen.sum()):
        where = ", ".join(str(run) for run in frame_runs(seen)[:4])
        raise TimeError(
            f"{whole.name} is {'not seen' if not count else 'seen only'} in the frames {span}:"
            " there are no two people to tell apart.",
            f"It is seen in {where}; give some of these frames.",
        )
    number = max(one.number for one in shot.faces) + 1
    tracks = split_track(as_tracked(whole, shot), span, number)
    inside = [one for one in whole.corrections if one.frame in span]
    others = [one for one in whole.corrections if one.frame not in span]
    # Whoever it was chosen in keeps it; a picture is of the one that was asked for by that name.
    neutral = whole.neutral
    goes = neutral is not None and neutral.frame is not None and neutral.frame in span
    stays = _Chosen(others, None if goes else neutral, whole.smoothing)
    leaves = _Chosen(inside, neutral if goes else None, whole.smoothing)
    first = _solved(tracks[0], stays, shot, progress)
    second = _solved(tracks[1], leaves, shot, progress)
    first = replace(first, name=whole.name, consent=whole.consent)
    faces = [first if one is whole else one for one in shot.faces]
    faces.append(second)
    treated = split_occlusion(shot.occlusion, whole.number, span, number)
    result = _with_faces(source, faces, treated)
    if not isinstance(source, Project) or not isinstance(result, Project):
        return result
    layers = source.edit(whole.number).layers
    return result.with_edit(Edit(second, layers)) if layers else result


def remove_face(source: _ShotOrProject, face: int | str) -> _ShotOrProject:
    """Take a face out of a shot, with what is asked of it: a bystander, or something that is none.

    Args:
        source: A tracked shot, or a project.
        face: Number or name of the face.

    Raises:
        NoFaceError: When there is no such face.
    """
    shot = tracked_shot_of(source)
    gone = shot.face(face)
    faces = [one for one in shot.faces if one is not gone]
    if isinstance(source, Project):
        edits = tuple(edit for edit in source.edits if edit.face.number != gone.number)
        source = replace(source, edits=edits)
    return _with_faces(source, faces)


def rename_face(source: _ShotOrProject, face: int | str, name: str) -> _ShotOrProject:
    """Give a face a name, by which it can be asked for everywhere.

        shot = mien.rename_face(shot, 1, "Anna")
        edit = mien.Edit(shot.face("Anna"))

    Args:
        source: A tracked shot, or a project.
        face: Number or name of the face.
        name: The name: one line, no number, and no other face's name.

    Raises:
        NoFaceError: When there is no such face.
        UsageError: When the name is empty, a number, or another face's.
    """
    return _with_faces(source, tracked_shot_of(source).with_face_name(face, name).faces)


def _with_faces(
    source: _ShotOrProject, faces: Sequence[Face], occlusion: Occlusion | None = None
) -> _ShotOrProject:
    """A shot with other faces; edits of those that are there stay with their numbers."""
    shot = tracked_shot_of(source)
    numbers = {face.number for face in faces}
    treated = shot.occlusion if occlusion is None else occlusion
    changed = replace(shot, faces=tuple(faces), occlusion=treated.of_faces(numbers))
    if not isinstance(source, Project):
        return changed
    edits = tuple(
        Edit(changed.face(edit.face.number), edit.layers)
        for edit in source.edits
        if edit.face.number in numbers
    )
    new = numbers - {face.number for face in shot.faces}
    return replace(source, shot=changed, edits=edits, history=source.history.without_faces(new))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Chosen:
    """What somebody chose for a face, which a new solve does not take away."""

    corrections: Sequence[LandmarkCorrection]
    neutral: ChosenNeutral | None
    smoothing: Smoothing


def _solved(track: FaceTrack, chosen: _Chosen, shot: Shot, progress: bool | Progress) -> Face:
    from mien.face.corrections import correct_face
    from mien.face.resmoothing import resmoothed
    from mien.face.solve import solve_face

    with progress_reporter(progress) as report:
        face = solve_face(
            track, shot.clock, shot.breaks, report, reuse=True, neutral=chosen.neutral
        )
    face = resmoothed(face, chosen.smoothing, shot.breaks)
    if not chosen.corrections:
        return face
    return correct_face(face, chosen.corrections, shot.breaks)


def _choice(shot: Shot) -> str:
    return f"The shot has: {list_faces(shot.faces)}."
