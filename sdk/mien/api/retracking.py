"""Faces tracked again from where somebody points, faces that were missed, and other trackers'."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from mien._types import BoolArray, FloatArray, IndexArray, PathLike
from mien.api.neutral import refreshed_neutral
from mien.api.tracking import as_tracked
from mien.errors import InputError, NoFaceError, OutputError, TimeError, UsageError
from mien.io.files import check_file, written_whole
from mien.io.landmark_file import landmark_text, read_landmarks
from mien.model.corrections import LandmarkCorrection
from mien.model.document import Project, shot_of
from mien.model.face import Face, FaceTrack
from mien.model.face_names import check_face_name, list_faces
from mien.model.landmarks import LANDMARKS, SKIN
from mien.model.shot import Shot
from mien.progress import Progress, progress_reporter
from mien.timebase import FrameRange

if TYPE_CHECKING:
    from mien.tracking.hint import FaceHint

__all__ = ["check_retracking", "export_landmarks", "import_landmarks", "retrack_face"]

_ShotOrProject = TypeVar("_ShotOrProject", Shot, Project)


def retrack_face(
    source: _ShotOrProject,
    face: int | str | None = None,
    frames: FrameRange | str | None = None,
    *,
    at: int | str,
    box: Sequence[float] | None = None,
    point: Sequence[float] | None = None,
    name: str = "",
    progress: bool | Progress = True,
) -> _ShotOrProject:
    """Track a face again from a box around it, or a point on it, in one frame.

        project = mien.retrack_face(project, 2, "100:160", at=120, box=(640, 200, 180, 220))
        project = mien.retrack_face(project, at=120, point=(300, 240), name="Anna")

    It is followed both ways through the frames, up to a cut. Edits stay; corrections by hand in
    these frames go, for what they corrected is gone.

    Args:
        source: A shot or a project whose media are at hand.
        face: Number or name of the face; None for a new one, that the tracker has missed.
        frames: The frames that are tracked again; what the face was in them is replaced. None for
            the whole of the shot, between cuts, that `at` lies in.
        at: The frame of the hint: frame, seconds or timecode.
        box: x, y, width and height around the face, brows to chin, pixels of the upright picture.
        point: x and y on the face, in its place.
        name: Name of a new face.
        progress: True for bars on a terminal, or a function that is told the stage (`track`,
            `solve`), the steps done and the steps in all.

    Returns:
        The shot, or the project, with the face as it was followed.

    Raises:
        NoFaceError: When there is no such face, or none at the hint.
        TimeError: When a frame lies outside the shot, or the hint outside of `frames`.
        UsageError: When the hint lies outside the picture or is none, is on another face, or the
            name is taken.
        NothingToDoError: When the landmarks as they were tracked were not kept.
        MediaError: When the media cannot be read.
    """
    from mien.media.reader import open_reader
    from mien.tracking.hint import follow_hint
    from mien.tracking.mediapipe.detector import BlazeFace
    from mien.tracking.mediapipe.face_mesh import FaceMesh

    shot = shot_of(source)
    old, number, called = _whose(shot, face, name)
    hint, span = check_retracking(shot, face, frames, at=at, box=box, point=point, name=name)
    others = [one for one in shot.faces if one is not old]
    before = None if old is None else as_tracked(old, shot)
    with progress_reporter(progress) as report, open_reader(shot.media) as reader:
        track = follow_hint(
            reader, hint, span, BlazeFace, FaceMesh,
            others=[_boxes(one) for one in others], progress=report,
        )  # fmt: skip
    inside = np.zeros(len(shot), dtype=bool)
    inside[span.start : span.stop] = True
    track = track if before is None else _replaced(before, track, inside)
    kept = [one for one in (() if old is None else old.corrections) if not inside[one.frame]]
    solved = _solved(replace(track, number=number), kept, called, shot, progress, old, inside)
    return _with_face(source, solved)


def check_retracking(
    shot: Shot,
    face: int | str | None,
    frames: FrameRange | str | None,
    *,
    at: int | str,
    box: Sequence[float] | None,
    point: Sequence[float] | None,
    name: str,
) -> tuple[FaceHint, FrameRange]:
    """Return the hint and the frames of `retrack_face`, or refuse what cannot be meant.

    No picture is looked at yet.
    """
    old, _, _ = _whose(shot, face, name)
    hint = _hint(shot, at, box, point)
    span = _section(shot, hint.frame)
    if frames is not None:
        asked = shot.clock.parse_range(str(frames))
        if hint.frame not in asked:
            raise TimeError(
                f"Frame {hint.frame} is not one of the frames {asked} that are to be tracked.",
                "Point at the face in one of them.",
                frame=hint.frame,
            )
        span = span.intersection(asked)
    _check_free([one for one in shot.faces if one is not old], hint)
    return hint, span


def import_landmarks(
    source: _ShotOrProject,
    path: PathLike,
    face: int | str | None = None,
    *,
    name: str = "",
    progress: bool | Progress = True,
) -> _ShotOrProject:
    """Take over a face from another tracker's landmarks.

    Args:
        source: A shot or a project, tracked or not; its media are not needed.
        path: A JSON file as docs/trackers.md says.
        face: Number or name of the face that is replaced in the frames of the file; None for a new
            one.
        name: Name of a new face.
        progress: As of `retrack_face`.

    Raises:
        InputError: When the file is missing or no such file; the message says where.
        NoFaceError: When there is no such face.
        TimeError: When a frame lies outside the shot.
        UsageError: When the name is taken.
        NothingToDoError: When the landmarks of the face as it was tracked were not kept.
    """
    shot = shot_of(source)
    old, number, called = _whose(shot, face, name)
    rows, confidence = read_landmarks(Path(path), len(shot), shot.media.orientation.upright_size)
    track = FaceTrack(number, rows, confidence)
    inside = np.asarray(confidence > 0)
    _check_tracked(shot, np.flatnonzero(inside))
    if old is not None:
        track = _replaced(as_tracked(old, shot), track, inside)
    kept = [one for one in (() if old is None else old.corrections) if not inside[one.frame]]
    return _with_face(source, _solved(track, kept, called, shot, progress, old, inside))


def export_landmarks(
    source: Shot | Project,
    path: PathLike,
    face: int | str | None = None,
    *,
    raw: bool = False,
    overwrite: bool = False,
) -> None:
    """Write a face's landmarks as JSON that `import_landmarks` reads.

    Args:
        source: A tracked shot or project.
        path: The file, `.json`.
        face: Number or name; None for the only one.
        raw: Whether as they were tracked, before smoothing and without corrections by hand.
        overwrite: Whether a file that is there is replaced.

    Raises:
        NoFaceError: When there is no such face, or there are several and none is named.
        OutputError: When the file cannot be put there.
        NothingToDoError: When `raw` was not kept.
    """
    shot = shot_of(source)
    path = Path(path)
    if path.suffix.lower() != ".json":
        raise OutputError(f"{path.name} is no name for landmarks.", "Let it end in .json.")
    check_file(path, overwrite=overwrite)
    if face is None and len(shot.faces) != 1:
        named = list_faces(shot.faces)
        raise NoFaceError(
            f"{shot.media.path.name} has {len(shot.faces) or 'no'} faces.",
            f"Say which by its number or name: {named}." if named else "Track it first.",
        )
    chosen = shot.face(shot.faces[0].number if face is None else face)
    landmarks, seen = chosen.landmarks, chosen.valid
    if raw:
        tracked = as_tracked(chosen, shot)
        landmarks, seen = tracked.landmarks, tracked.seen
    text = landmark_text(
        landmarks, np.asarray(seen), chosen.confidence, shot.media.orientation.upright_size
    )
    with written_whole(path) as file:
        file.write(json.dumps(text, separators=(",", ":")).encode())


def _whose(shot: Shot, face: int | str | None, name: str) -> tuple[Face | None, int, str]:
    """The face that is meant, with number and name; a new one where none is."""
    if face is not None:
        if name:
            raise UsageError(
                "A face that is there and a new one are meant at once.",
                "Give either the face, or the name of a new one.",
            )
        old = shot.face(face)
        return old, old.number, old.name
    number = max((one.number for one in shot.faces), default=0) + 1
    return None, number, check_face_name(shot.faces, number, name) if name else f"face {number}"


def _hint(
    shot: Shot, at: int | str, box: Sequence[float] | None, point: Sequence[float] | None
) -> FaceHint:
    from mien.tracking.hint import FaceHint

    if (box is None) == (point is None):
        raise UsageError(
            "Where the face is has to be said once.", "Give a box (x, y, w, h), or a point (x, y)."
        )
    frame = shot.clock.parse(at)
    if not 0 <= frame < len(shot):
        raise TimeError(
            f"Frame {frame} lies outside the shot, which has {len(shot)} frames.",
            f"Give a frame from 0 to {len(shot) - 1}.",
            frame=frame,
        )
    numbers = [float(value) for value in (box if box is not None else point or ())]
    if len(numbers) != (4 if box is not None else 2) or not np.isfinite(numbers).all():
        raise UsageError(f"{numbers} is no hint.", "Give x, y, width, height, or x, y.")
    if box is not None and min(numbers[2:]) < 8:
        raise UsageError(
            f"A box of {numbers[2]:g} x {numbers[3]:g} pixels holds no face.",
            "Draw it from brows to chin.",
        )
    hint = FaceHint(frame, *numbers)
    width, height = shot.media.orientation.upright_size
    x, y = hint.middle
    if not (0 <= x < width and 0 <= y < height):
        raise UsageError(
            f"The hint at {x:g}, {y:g} lies outside the picture, which is {width} x {height}.",
            "Give pixels of the upright picture, from its upper left corner.",
        )
    return hint


def _section(shot: Shot, frame: int) -> FrameRange:
    """The part of the shot between cuts, as far as it was tracked, that a frame lies in."""
    _check_tracked(shot, np.array([frame]))
    ends = [0, *shot.breaks, len(shot)]
    for span in shot.tracked_spans or ():
        ends += [span.start, span.stop]
    start = max(end for end in ends if end <= frame)
    return FrameRange(start, min(end for end in ends if end > frame))


def _check_tracked(shot: Shot, frames: IndexArray) -> None:
    """Refuse frames of a shot that was tracked in part, and not there."""
    for span in shot.untracked_spans():
        lost = frames[(frames >= span.start) & (frames < span.stop)]
        if len(lost):
            raise TimeError(
                f"Frame {lost[0]} is one of {span}, which were not tracked.",
                "Track these frames first: `mien track --frames`.",
                frame=int(lost[0]),
            )


def _boxes(face: Face) -> FloatArray:
    """(T, 4) the boxes of a face, NaN where it is not seen."""
    points = face.landmarks[:, :SKIN, :2]
    boxes = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
    boxes[~(face.confidence > 0)] = np.nan
    return np.asarray(boxes, dtype=np.float32)


def _check_free(others: Sequence[Face], hint: FaceHint) -> None:
    x, y = hint.middle
    for one in others:
        if one.confidence[hint.frame] <= 0:
            continue
        x0, y0, x1, y1 = one.box(hint.frame)
        if x0 <= x <= x1 and y0 <= y <= y1:
            raise UsageError(
                f"In frame {hint.frame} {one.name} is at {x:g}, {y:g}.",
                f"Merge it with {one.name}, or split or remove that one first.",
            )


def _replaced(old: FaceTrack, new: FaceTrack, inside: BoolArray) -> FaceTrack:
    """A track with some frames of another."""
    regions = old.region_confidence
    if regions is not None:
        fresh = new.region_confidence
        if fresh is None:
            # What is not told apart is as sure as the face.
            fresh = np.repeat(new.confidence[:, None], regions.shape[1], axis=1)
        regions = np.where(inside[:, None], fresh, regions).astype(np.float32)
    return FaceTrack(
        old.number,
        np.where(inside[:, None, None], new.landmarks, old.landmarks).astype(np.float32),
        np.where(inside, new.confidence, old.confidence).astype(np.float32),
        regions,
    )


def _solved(
    track: FaceTrack,
    corrections: Sequence[LandmarkCorrection],
    name: str,
    shot: Shot,
    progress: bool | Progress,
    old: Face | None,
    changed: BoolArray,
) -> Face:
    """Solve a face of which some frames were tracked again; what is neutral for it stays."""
    from mien.face.corrections import correct_face
    from mien.face.resmoothing import resmoothed
    from mien.face.solve import solve_face

    if track.landmarks.shape[1:] != (LANDMARKS, 3):
        raise InputError("The landmarks are not those of mien's rig.")
    with progress_reporter(progress) as report:
        neutral = None if old is None else old.neutral
        face = solve_face(
            track, shot.clock, shot.breaks, report, reuse=neutral is None, neutral=neutral
        )
        again = refreshed_neutral(face, changed, shot)
        if again is not neutral:
            face = solve_face(track, shot.clock, shot.breaks, report, neutral=again)
    face = replace(face, name=name)
    if old is not None:
        # Whoever points at a face that is there says that it is the same person.
        face = replace(face, consent=old.consent)
        face = resmoothed(face, old.smoothing, shot.breaks)
    return correct_face(face, corrections, shot.breaks) if corrections else face


def _with_face(source: _ShotOrProject, face: Face) -> _ShotOrProject:
    shot = shot_of(source)
    faces = [face if one.number == face.number else one for one in shot.faces]
    if all(one is not face for one in faces):
        faces.append(face)
    changed = replace(shot, faces=tuple(faces))
    return source.with_faces_of(changed) if isinstance(source, Project) else changed
