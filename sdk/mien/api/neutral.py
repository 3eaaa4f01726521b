"""What is neutral for a person: chosen by a frame or a picture, or learned again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, SupportsIndex, TypeVar

import numpy as np

from mien._types import BoolArray, PathLike
from mien.errors import NoFaceError, NothingToDoError, TimeError, UsageError
from mien.model.chosen_neutral import ChosenNeutral
from mien.model.controls import INDEX
from mien.model.document import Project, shot_of, tracked_shot_of
from mien.model.face import Face
from mien.model.frame_runs import frame_runs
from mien.model.neutral import rest_frames
from mien.model.shot import Shot, main_face
from mien.progress import Progress, progress_reporter

__all__ = ["refreshed_neutral", "reset_neutral", "set_neutral"]

_ShotOrProject = TypeVar("_ShotOrProject", Shot, Project)

_SHUT: Final = 0.5
"""How far lids are closed in a frame of which it is said that eyes are shut."""
_OPEN: Final = 0.3
"""How far the jaw is open in one of which it is said that the mouth is."""


def set_neutral(
    source: _ShotOrProject,
    face: int | str | None = None,
    *,
    frame: SupportsIndex | str | None = None,
    image: PathLike | None = None,
    notice: Callable[[str], None] | None = None,
    progress: bool | Progress = True,
) -> _ShotOrProject:
    """Say what is neutral for a person: there all controls are at about 0.

        project = mien.set_neutral(project, "Anna", frame="2.5s")
        project = mien.set_neutral(project, image="anna_at_rest.jpg")
        project = mien.set_neutral(project)  # where the shot shows the face at rest

    The face is solved again from its landmarks as they were tracked, with that as its neutral
    face, so curves, exports, presets and transfer follow. The choice is kept with the face.

    Args:
        source: A tracked shot, or a project, whose edits stay.
        face: Number or name of the face; None for the largest.
        frame: Frame, seconds (`1.5s`) or timecode in which the face is neutral. Frames beside it
            in which the face is the same count as well.
        image: A picture of the same person with a neutral face, in its place. With neither, it is
            where the shot shows the face at rest (`mien.model.neutral`).
        notice: Called with a line about each thing that is doubtful: eyes that are shut, a mouth
            that is wide open, a picture that seems to be of somebody else.
        progress: True for bars on a terminal, or a function that is told the stage, the steps done
            and the steps in all.

    Returns:
        The shot, or the project, with the face solved again.

    Raises:
        NoFaceError: When there is no such face, or none in the picture.
        TimeError: When the frame lies outside the shot, or the face is not seen in it.
        UsageError: When both a frame and a picture are given, or the picture is a clip.
        MediaError: When the picture cannot be read.
        NothingToDoError: When the landmarks as they were tracked were not kept.
    """
    from mien.face.neutral import frames_like, shown_shape

    if frame is not None and image is not None:
        raise UsageError(
            "What is neutral is said twice.", "Give either a frame of the shot or a picture."
        )
    shot = tracked_shot_of(source)
    chosen = main_face(shot) if face is None else shot.face(face)
    at = None if frame is None else _seen_frame(chosen, shot.clock.parse(frame))
    base = _solved(chosen, shot, None, progress) if chosen.neutral is not None else chosen
    if image is not None:
        neutral = _of_picture(shot, base, Path(image), notice, progress)
    else:
        frames = rest_frames(base) if at is None else frames_like(base, at, shot.breaks)
        if not frames.any():
            raise NoFaceError(f"{chosen.name} is not seen anywhere in {shot.media.path.name}.")
        shape = shown_shape(base, frames)
        neutral = ChosenNeutral(shape, at, "", int(np.count_nonzero(frames)))
    if notice is not None:
        for line in _doubts(base, neutral):
            notice(line)
    return _with_face(source, _solved(chosen, shot, neutral, progress))


def reset_neutral(
    source: _ShotOrProject,
    face: int | str | None = None,
    *,
    progress: bool | Progress = True,
) -> _ShotOrProject:
    """Let a person's neutral face be the one that is learned from the shot again.

    Args:
        source: A tracked shot, or a project, whose edits stay.
        face: Number or name of the face; None for the largest.
        progress: As of `set_neutral`.

    Raises:
        NoFaceError: When there is no such face.
        NothingToDoError: When nothing was chosen, or the landmarks as they were tracked were not
            kept.
    """
    shot = tracked_shot_of(source)
    chosen = main_face(shot) if face is None else shot.face(face)
    if chosen.neutral is None:
        raise NothingToDoError(
            f"No neutral face was chosen for {chosen.name}: it is the one learned from the shot."
        )
    return _with_face(source, _solved(chosen, shot, None, progress))


def refreshed_neutral(face: Face, changed: BoolArray, shot: Shot) -> ChosenNeutral | None:
    """Return what is neutral for a face some of whose frames were tracked again.

    Where the frame that was chosen is among them, it shows the neutral face as it is tracked now.

    Args:
        face: The face, as it was solved on what was neutral before.
        changed: (T,) the frames that were tracked again.
        shot: Its shot.
    """
    from mien.face.neutral import frames_like, shown_shape

    old = face.neutral
    if old is None or old.frame is None or not changed[old.frame]:
        return old
    if not face.confidence[old.frame] > 0:
        return old
    frames = frames_like(face, old.frame, shot.breaks)
    shape = shown_shape(face, frames)
    return ChosenNeutral(shape, old.frame, "", int(np.count_nonzero(frames)))


def _of_picture(
    shot: Shot,
    face: Face,
    path: Path,
    notice: Callable[[str], None] | None,
    progress: bool | Progress,
) -> ChosenNeutral:
    """What a picture of the person shows."""
    from mien.api.examples import example_tracker
    from mien.api.tracking import track
    from mien.face.likeness import may_be_same
    from mien.face.neutral import shown_shape
    from mien.media.probe import probe_any

    media = probe_any(path)
    count = media.clock.frame_count
    if count != 1:
        raise UsageError(
            f"{path.name} has {count} frames: it is no picture.",
            "Give a picture of the person with a neutral face.",
        )
    tracker = example_tracker(shot)
    shown = main_face(track(Shot(media, ()), tracker=tracker, progress=progress))
    if notice is not None and not may_be_same(face, shown):
        notice(f"{path.name} seems to show somebody else than {face.name}")
    shape = shown_shape(shown, np.ones(1, dtype=bool))
    return ChosenNeutral(shape, None, path.name)


def _doubts(face: Face, neutral: ChosenNeutral) -> list[str]:
    """What speaks against a choice, each in a line."""
    from mien.face.solve import solve_landmarks

    pixels = neutral.shape[None] * np.array([1, -1, -1], dtype=np.float32)
    curves = solve_landmarks(pixels, np.ones(1, dtype=bool), face.identity).controls
    where = f"in {neutral.picture}" if neutral.picture else f"in frame {neutral.frame}"
    if not neutral.picture and neutral.frame is None:
        where = "at rest"
    lines = []
    if float(curves["eyeBlink"][0]) > _SHUT:
        lines.append(f"{face.name}'s eyes are shut {where}: they will hardly close further")
    if float(curves["jawOpen"][0] - curves.array[0, INDEX["mouthClose"]]) > _OPEN:
        lines.append(f"{face.name}'s mouth is wide open {where}: closed it will be no neutral")
    return lines


def _solved(
    face: Face, shot: Shot, neutral: ChosenNeutral | None, progress: bool | Progress
) -> Face:
    from mien.api.tracking import as_tracked
    from mien.face.corrections import correct_face
    from mien.face.resmoothing import resmoothed
    from mien.face.solve import solve_face

    track = as_tracked(face, shot)
    with progress_reporter(progress) as report:
        solved = solve_face(track, shot.clock, shot.breaks, report, reuse=True, neutral=neutral)
    solved = replace(solved, name=face.name, consent=face.consent)
    solved = resmoothed(solved, face.smoothing, shot.breaks)
    return correct_face(solved, face.corrections, shot.breaks) if face.corrections else solved


def _seen_frame(face: Face, frame: int) -> int:
    count = len(face.confidence)
    if not 0 <= frame < count:
        raise TimeError(
            f"Frame {frame} lies outside the shot, which has {count} frames.",
            f"Give a frame from 0 to {count - 1}.",
            frame=frame,
        )
    seen = face.confidence > 0
    if not seen[frame]:
        where = ", ".join(str(run) for run in frame_runs(seen)[:4])
        raise TimeError(
            f"{face.name} is not seen in frame {frame}: nothing there can be its neutral face.",
            f"It is seen in {where}.",
            frame=frame,
        )
    return frame


def _with_face(source: _ShotOrProject, face: Face) -> _ShotOrProject:
    shot = shot_of(source)
    faces = tuple(face if one.number == face.number else one for one in shot.faces)
    changed = replace(shot, faces=faces)
    return source.with_faces_of(changed) if isinstance(source, Project) else changed
