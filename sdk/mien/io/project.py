"""Project files (`.mien`): a tracked shot and its edits.

A zip archive with `project.json` (schema.py) and stored `.npy` arrays:

    media/pts.npy                (T,) int64
    media/times.npy              (T, 2) int64, numerators and denominators of seconds; only
                                 when the frame rate varies
    faces/N/landmarks.npy        (T, 478, 3) float32
    faces/N/confidence.npy       (T,) float32
    faces/N/identity.npy         (468, 3) float32
    faces/N/curves/*.npy         controls, flame, scale, rotation, translation, valid, bridged
    faces/N/raw/*.npy            the same before smoothing

Nothing is extracted to disk and no member is chosen by a name from the file, so no path can
lead outside.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import mien
from mien.errors import MienError, OutputError, ProjectError
from mien.io.arrays import ZIP_ERRORS, ArrayReader, write_array, write_member
from mien.io.files import check_file, written_whole
from mien.io.parts import (
    edit_part,
    face_part,
    make_edit,
    make_facts,
    make_settings,
    media_part,
    settings_part,
)
from mien.io.relink import find_media, remember, take_media
from mien.io.schema import FacePart, MediaPart, ProjectDocument, read_document
from mien.model.controls import NAMES
from mien.model.curves import FLAME_SIZE, ControlCurves, Curves, HeadPose
from mien.model.edits import Edit
from mien.model.face import LANDMARKS, Face
from mien.model.settings import ReferenceSettings
from mien.model.shot import MediaFacts, Shot
from mien.timebase import Clock

__all__ = ["SUFFIX", "Project", "check_project", "describe", "load", "save"]

SUFFIX = ".mien"
"""Ending of project files; by it they are told from media."""

_DOCUMENT = "project.json"
_LARGEST_DOCUMENT = 64 << 20
"""Bytes of JSON that are read at most; ten thousand keys take one of them."""
_SKIN = 468


@dataclass(frozen=True, slots=True, eq=False)
class Project:
    """A tracked shot and what is asked of its faces.

    Attributes:
        shot: The shot.
        edits: The edits, at most one a face.
        reference: Settings of the reference renderer; None for those of a final render.
    """

    shot: Shot
    edits: tuple[Edit, ...] = ()
    reference: ReferenceSettings | None = None


def check_project(path: Path, *, overwrite: bool) -> None:
    """Refuse a project file that cannot be written, before any work is done for it.

    Raises:
        OutputError: When its name does not end in `.mien`, or it cannot be put there.
    """
    if path.suffix.lower() != SUFFIX:
        raise OutputError(
            f"{path.name} is no name of a project.", f"Let it end in {SUFFIX}, as {path.stem}.mien."
        )
    check_file(path, overwrite=overwrite)


def save(project: Project, path: Path) -> None:
    """Write a project file, whole or not at all.

    Raises:
        OutputError: When it cannot be put there.
        WriteError: When the disk is full; what was there before stays.
    """
    check_project(path, overwrite=True)
    shot = project.shot
    document = ProjectDocument(
        written_by=f"mien {mien.__version__}",
        media=media_part(shot.media, path.parent),
        cuts=shot.cuts,
        faces=tuple(face_part(face) for face in shot.faces),
        edits=tuple(edit_part(edit) for edit in project.edits),
        reference=settings_part(project.reference, path.parent),
    )
    text = document.model_dump_json(indent=1, by_alias=True).encode()
    with written_whole(path) as file, zipfile.ZipFile(file, "w") as archive:
        write_member(archive, _DOCUMENT, text, packed=True)
        for name, array in _arrays(shot).items():
            write_array(archive, name, array, packed=False)


def load(path: Path, *, media: Path | None = None, find: bool = True) -> Project:
    """Read a project file.

    Args:
        path: The project file.
        media: Where the media are, when they are not where relink.py may look by itself.
        find: Whether the media are looked for; without, `shot.media.path` is only what the
            project says, and is not to be opened.

    Raises:
        ProjectError: When the file is missing, corrupt or too new, or its media are lost.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            document = read_document(_document(archive, path.name), path.name)
            shot = _shot(document, ArrayReader(archive, path.name), path)
            reference = make_settings(document.reference, path)
    except ZIP_ERRORS as error:
        raise _unreadable(path, error) from error
    if find or media is not None:
        shot = _relinked(shot, document.media.path, media, path)
    edits = tuple(make_edit(part, shot, path.name) for part in document.edits)
    if len({edit.face.number for edit in edits}) != len(edits):
        raise ProjectError(f"{path.name} is corrupt: it has two edits of one face.")
    return Project(shot, edits, reference)


def describe(path: Path) -> ProjectDocument:
    """What a project says of itself, without its arrays or its media.

    Raises:
        ProjectError: When the file is missing, corrupt or too new.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return read_document(_document(archive, path.name), path.name)
    except ZIP_ERRORS as error:
        raise _unreadable(path, error) from error


def _relinked(shot: Shot, relative: str, media: Path | None, path: Path) -> Shot:
    wanted = shot.media.fingerprint
    place = media or find_media(relative, wanted, path)
    facts = take_media(shot.media, place, path.name)
    remember(place, wanted)
    faces = tuple(replace(face, clock=facts.clock) for face in shot.faces)
    return replace(shot, media=facts, faces=faces)


def _document(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        info = archive.getinfo(_DOCUMENT)
    except KeyError as error:
        raise ProjectError(f"{name} is no mien project.", "Make one with `mien track`.") from error
    if info.file_size > _LARGEST_DOCUMENT:
        raise ProjectError(f"{name} is corrupt: its {_DOCUMENT} has {info.file_size} bytes.")
    return archive.read(info)


def _unreadable(path: Path, error: BaseException) -> ProjectError:
    if isinstance(error, FileNotFoundError):
        return ProjectError(f"There is no project {path}.", "Check the name.")
    if isinstance(error, IsADirectoryError):
        return ProjectError(f"{path} is a folder, not a project.", "Give a .mien file.")
    if isinstance(error, PermissionError):
        return ProjectError(f"{path} may not be read.", "Change its rights.")
    return ProjectError(
        f"{path.name} is corrupt: {error}.", "Restore it from a backup, or track the shot again."
    )


def _arrays(shot: Shot) -> dict[str, npt.NDArray[Any]]:
    media = shot.media
    arrays: dict[str, npt.NDArray[Any]] = {"media/pts.npy": np.array(media.pts, dtype="<i8")}
    if media.clock.times is not None:
        times = [(time.numerator, time.denominator) for time in media.clock.times]
        arrays["media/times.npy"] = np.array(times, dtype="<i8").reshape(-1, 2)
    for face in shot.faces:
        folder = f"faces/{face.number}"
        arrays[f"{folder}/landmarks.npy"] = face.landmarks
        arrays[f"{folder}/confidence.npy"] = face.confidence
        arrays[f"{folder}/identity.npy"] = face.identity
        for name, curves in (("curves", face.curves), ("raw", face.raw)):
            for part, array in (
                ("controls", curves.controls.array),
                ("flame", curves.flame),
                ("scale", curves.pose.scale),
                ("rotation", curves.pose.rotation),
                ("translation", curves.pose.translation),
                ("valid", curves.valid),
                ("bridged", curves.bridged),
            ):
                arrays[f"{folder}/{name}/{part}.npy"] = array
    return {
        name: np.ascontiguousarray(array, dtype="<f4" if array.dtype.kind == "f" else array.dtype)
        for name, array in arrays.items()
    }


def _shot(document: ProjectDocument, arrays: ArrayReader, path: Path) -> Shot:
    try:
        facts = _facts(document.media, arrays, path)
        faces = tuple(_face(part, facts.clock, arrays) for part in document.faces)
    except ProjectError:
        raise
    except (MienError, ValueError, ZeroDivisionError) as error:
        raise ProjectError(f"{path.name} is corrupt: {error}") from error
    if len({face.number for face in faces}) != len(faces):
        raise ProjectError(f"{path.name} is corrupt: two of its faces have the same number.")
    return Shot(facts, faces, document.cuts)


def _facts(part: MediaPart, arrays: ArrayReader, path: Path) -> MediaFacts:
    frames = part.frame_count
    pts = arrays.read("media/pts.npy", "<i8", (frames,))
    times = None
    if part.variable_rate:
        pairs = arrays.read("media/times.npy", "<i8", (frames, 2)).tolist()
        times = tuple(Fraction(top, bottom) for top, bottom in pairs)
    return make_facts(part, path.parent / part.path, tuple(pts.tolist()), times)


def _face(part: FacePart, clock: Clock, arrays: ArrayReader) -> Face:
    frames = clock.frame_count
    folder = f"faces/{part.number}"
    found = arrays.group(
        folder,
        {
            "landmarks": ("<f4", (frames, LANDMARKS, 3)),
            "confidence": ("<f4", (frames,)),
            "identity": ("<f4", (_SKIN, 3)),
        },
    )
    return Face(
        part.number,
        part.name,
        clock,
        found["landmarks"],
        found["confidence"],
        found["identity"],
        _curves(f"{folder}/curves", part.basis, frames, arrays),
        _curves(f"{folder}/raw", part.basis, frames, arrays),
    )


def _curves(folder: str, basis: str, frames: int, arrays: ArrayReader) -> Curves:
    found = arrays.group(
        folder,
        {
            "controls": ("<f4", (frames, len(NAMES))),
            "flame": ("<f4", (frames, FLAME_SIZE)),
            "scale": ("<f4", (frames,)),
            "rotation": ("<f4", (frames, 3, 3)),
            "translation": ("<f4", (frames, 2)),
            "valid": ("|b1", (frames,)),
            "bridged": ("|b1", (frames,)),
        },
    )
    valid = found["valid"]
    for name in ("controls", "flame", "scale", "rotation", "translation"):
        if not np.isfinite(found[name][valid]).all():
            raise ValueError(f"{folder}/{name}.npy holds values that are not numbers.")
    pose = HeadPose(found["scale"], found["rotation"], found["translation"])
    controls = ControlCurves(found["controls"])
    return Curves(controls, found["flame"], basis, pose, valid, found["bridged"])
