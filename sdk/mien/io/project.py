"""Project files (`.mien`): tracked shots and their edits.

A zip archive with `project.json` (schema.py) and, for every shot, stored `.npy` arrays in
`shots/N/` (shot_arrays.py).

Nothing is extracted to disk and no member is chosen by a name from the file, so no path can
lead outside.
"""

from __future__ import annotations

import errno
import os
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import mien
from mien.errors import MienError, OperationCancelledError, OutputError, ProjectError
from mien.io import relink as media_places
from mien.io.arrays import ZIP_ERRORS, ArrayReader, write_array, write_member
from mien.io.files import FileVersion, check_file, written_whole
from mien.io.media_search import find_in_folder
from mien.io.parts import make_project, shot_part
from mien.io.schema import ProjectDocument
from mien.io.shot_arrays import read_shot, shot_arrays
from mien.io.versions import read_document
from mien.media.fingerprint import content_of_fingerprint
from mien.media.sequence import find_sequence
from mien.model.document import Document, Project
from mien.model.edits import Edit
from mien.model.marker import Marker
from mien.model.media import MediaInfo
from mien.model.occlusion import Occlusion
from mien.model.scaled_shot import with_media
from mien.model.shot import Example
from mien.progress import Progress, silent

__all__ = [
    "SUFFIX",
    "Document",
    "Marker",
    "Project",
    "check_pictures",
    "check_project",
    "describe",
    "find_shots",
    "load",
    "load_document",
    "relink",
    "save",
    "save_document",
]

SUFFIX = ".mien"
"""Ending of project files; by it they are told from media."""

_DOCUMENT = "project.json"
_LARGEST_DOCUMENT = 64 << 20
"""Bytes of JSON that are read at most; two million keys take them."""


def check_project(path: Path, *, overwrite: bool) -> None:
    """Refuse a project file that cannot be written, before any work is done for it.

    Raises:
        OutputError: When its name does not end in `.mien`, or it cannot be put there.
    """
    if path.suffix.lower() != SUFFIX:
        raise OutputError(
            f"{path.name} is no name of a project.",
            f"Let it end in {SUFFIX}, as {path.stem}.mien.",
            path=path,
        )
    check_file(path, overwrite=overwrite)


def save_document(document: Document, path: Path, version: FileVersion | None = None) -> None:
    """Write a project file, whole or not at all.

    Args:
        document: The document.
        path: The file.
        version: What is to be replaced; None replaces whatever is there.

    Raises:
        OutputError: When it cannot be put there, or something else than `version` is there.
        WriteError: When the disk is full; what was there before stays.
    """
    check_project(path, overwrite=True)
    document = Document(tuple(map(_matte_seen, document.shots)))
    folders = [f"shots/{number}/" for number in range(1, len(document.shots) + 1)]
    parts = tuple(
        shot_part(project, path.parent, folder)
        for project, folder in zip(document.shots, folders, strict=True)
    )
    whole = ProjectDocument(written_by=f"mien {mien.__version__}", shots=parts)
    text = whole.model_dump_json(by_alias=True).encode()
    if len(text) > _LARGEST_DOCUMENT:
        raise OutputError(
            f"{path.name} would hold more keys than can be read again.",
            "Save its shots as several projects.",
            path=path,
        )
    with written_whole(path, version) as file, zipfile.ZipFile(file, "w") as archive:
        write_member(archive, _DOCUMENT, text, packed=True)
        for project, folder in zip(document.shots, folders, strict=True):
            for name, array in shot_arrays(project.shot).items():
                write_array(archive, folder + name, array, packed=False)


def load_document(
    path: Path, *, media: Mapping[str, Path] | None = None, find_media: bool = True
) -> Document:
    """Read a project file with all its shots.

    Args:
        path: The project file.
        media: By a shot's id, where its media are, when they are not where relink.py may
            look by itself.
        find_media: Whether the media of the others are looked for; shots whose media are
            not are offline (`Project.online`).

    Raises:
        ProjectError: When the file is missing, corrupt or too new, or media are lost.
        MediaError: When one of `media` cannot be read.
    """
    document, given = _read(path), media or {}
    return Document(
        tuple(
            relink(project, given.get(project.id), path)
            if find_media or project.id in given
            else project
            for project in document.shots
        )
    )


def find_shots(document: Document, path: Path | None, progress: Progress = silent) -> Document:
    """A document with the media found of those of its offline shots that can be.

    Args:
        document: The document.
        path: Its file; None looks only where this user last had the media.
        progress: Told how far large media are indexed; stops the work by raising.
    """

    def found(project: Project) -> Project:
        if project.online:
            return project
        try:
            return relink(project, None, path, progress)
        except OperationCancelledError:
            raise
        except MienError:
            return project  # it stays offline, and people are asked where it is

    shots = tuple(found(project) for project in document.shots)
    unchanged = all(new is old for new, old in zip(shots, document.shots, strict=True))
    return document if unchanged else Document(shots)


def relink(
    project: Project, media: Path | None, path: Path | None = None, progress: Progress = silent
) -> Project:
    """A shot with its media found again.

    Args:
        project: The shot.
        media: Where its media are, as the user says: a file, or a folder that holds them; None to
            look for them.
        path: The project file beside which they are looked for; None for none.
        progress: Told how far large media are indexed; stops the work by raising.

    Raises:
        ProjectError: When they are not found, or show something else than was tracked.
        MediaError: When `media` cannot be read.
    """
    shot, wanted = project.shot, project.shot.media.fingerprint
    name = project.title if path is None else path.name
    folder = None if path is None else path.parent
    if media is not None and os.path.isdir(media):
        media = find_in_folder(media, project)
    place = media or media_places.find_media(shot.media.path, wanted, folder, name)
    facts = media_places.take_media(shot.media, place, name, progress)
    if shot.media.orientation.upright_size != facts.orientation.upright_size:
        check_pictures(project, facts, folder)
    media_places.remember(place, wanted)
    if content_of_fingerprint(facts.fingerprint) != content_of_fingerprint(wanted):
        media_places.remember(place, facts.fingerprint)
    examples = tuple(_relinked(example, folder, progress) for example in shot.examples)
    moved = with_media(shot, facts)
    occlusion = _with_matte(moved.occlusion, folder)
    found = project.with_faces_of(replace(moved, examples=examples, occlusion=occlusion))
    edits = tuple(_with_sounds(edit, folder) for edit in found.edits)
    return replace(found, edits=edits, online=True)


def _relinked(example: Example, folder: Path | None, progress: Progress) -> Example:
    """An example with its media found again; as it is where they are not: no render needs it."""
    shot = example.shot
    if shot is None or example.online:
        return example
    name = shot.media.path.name
    try:
        place = media_places.find_media(shot.media.path, shot.media.fingerprint, folder, name)
        facts = media_places.take_media(shot.media, place, name, progress)
    except OperationCancelledError:
        raise
    except MienError:
        return example
    media_places.remember(place, shot.media.fingerprint)
    return Example(place, with_media(shot, facts), example.problem)


def _with_sounds(edit: Edit, folder: Path | None) -> Edit:
    """An edit whose voices' sounds are found again; keys need none, playing and exports do."""
    for layer in edit.layers:
        voice = layer.voice
        if voice is None or voice.sound is None or voice.sound_online or not voice.content:
            continue
        try:
            place = media_places.find_media(voice.sound, voice.content, folder, voice.sound.name)
        except MienError:
            continue
        media_places.remember(place, voice.content)
        found = replace(voice, sound=place, sound_online=True)
        edit = edit.with_layer(replace(layer, voice=found))
    return edit


def _with_matte(occlusion: Occlusion, folder: Path | None) -> Occlusion:
    """What is in front of faces, with its matte found again; renders say where it is not."""
    matte, wanted = occlusion.matte, occlusion.matte_content
    if matte is None or not wanted or occlusion.matte_online:
        return occlusion
    try:
        place = media_places.find_media(matte, wanted, folder, matte.name)
    except MienError:
        return occlusion
    media_places.remember(place, wanted)
    return replace(occlusion, matte=place, matte_online=True)


def _matte_seen(project: Project) -> Project:
    """A shot whose matte is named by what it holds now, so that it is found again."""
    occlusion = project.shot.occlusion
    if occlusion.matte is None or not occlusion.matte_online:
        return project
    content = media_places.content_of(occlusion.matte)
    if content is None:
        return project
    images = find_sequence(occlusion.matte)
    place = occlusion.matte if images is None else images.path
    media_places.remember(place, content)
    if (place, content) == (occlusion.matte, occlusion.matte_content):
        return project
    seen = replace(occlusion, matte=place, matte_content=content)
    return replace(project, shot=replace(project.shot, occlusion=seen))


def check_pictures(project: Project, facts: MediaInfo, folder: Path | None = None) -> bool:
    """Refuse media that show other pictures than those that were tracked, where these are there.

    Args:
        project: The shot.
        facts: Facts of other media with its frames.
        folder: Folder of the project file; None when there is none.

    Returns:
        Whether what was tracked is at hand, so that pictures could be compared.

    Raises:
        ProjectError: When they show other pictures.
    """
    from mien.io.media_pictures import first_unlike

    media, title = project.shot.media, project.title
    if media.kind == "memory":
        return False
    try:
        if project.online:
            place = media.path
        else:
            place = media_places.find_media(media.path, media.fingerprint, folder, title)
        tracked = media_places.take_media(media, place, title)
        unlike = first_unlike(tracked, facts)
    except (MienError, OSError):
        return False
    if unlike is not None:
        raise ProjectError(
            f"{facts.path} shows another picture at frame {unlike} than {place.name}, on which"
            f" {title} was tracked.",
            "Point to the same material, or track the new one.",
            path=facts.path,
        )
    return True


def save(project: Project, path: Path) -> None:
    """Write a project file that holds one shot; as `save_document`."""
    save_document(Document((project,)), path)


def load(
    path: Path,
    *,
    shot: str | int | None = None,
    media: Path | None = None,
    find: bool = True,
    progress: Progress = silent,
) -> Project:
    """Read one shot of a project file.

    Args:
        path: The project file.
        shot: Name, number from 1, or id of the shot; None for the only one.
        media: Where its media are, when they are not where relink.py may look by itself.
        find: Whether the media are looked for; without, the shot is offline.
        progress: Told how far large media are indexed; stops the work by raising.

    Raises:
        UsageError: When there is no such shot, or none is named of several.
        ProjectError: When the file is missing, corrupt or too new, or its media are lost.
    """
    project = _read(path).choose(shot, path.name)
    if find or media is not None:
        return relink(project, media, path, progress)
    return project


def describe(path: Path) -> ProjectDocument:
    """What a project says of itself, without its arrays or its media.

    Raises:
        ProjectError: When the file is missing, corrupt or too new.
    """
    try:
        _check_regular(path)
        with zipfile.ZipFile(path) as archive:
            return read_document(_document(archive, path.name), path.name)
    except MienError as error:
        error.path = error.path or path
        raise
    except ZIP_ERRORS as error:
        raise _unreadable(path, error) from error


def _read(path: Path) -> Document:
    try:
        _check_regular(path)
        with zipfile.ZipFile(path) as archive:
            document = read_document(_document(archive, path.name), path.name)
            # A small file could name the same arrays many thousands of times.
            if len({part.arrays for part in document.shots}) < len(document.shots):
                raise ProjectError(f"{path.name} is corrupt: its shots have the same arrays.")
            projects = []
            for part in document.shots:
                arrays = ArrayReader(archive, path.name, part.arrays)
                shot = read_shot(part, arrays, path.parent, path.name)
                projects.append(make_project(part, shot, path))
    except MienError as error:
        error.path = error.path or path
        raise
    except ZIP_ERRORS as error:
        raise _unreadable(path, error) from error
    return Document(tuple(projects))


def _document(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        info = archive.getinfo(_DOCUMENT)
    except KeyError as error:
        raise ProjectError(f"{name} is no mien project.", "Make one with `mien track`.") from error
    if info.file_size > _LARGEST_DOCUMENT:
        raise ProjectError(f"{name} is corrupt: its {_DOCUMENT} has {info.file_size} bytes.")
    with archive.open(info) as stream:
        # Not all at once: room is made for what its header says that it is packed into.
        return stream.read(info.file_size + 1)


def _check_regular(path: Path) -> None:
    """Refuse pipes and devices, which may have no end."""
    if "\0" in str(path):
        raise ProjectError(f"{str(path)!r} is no name of a file.", "Check the name.")
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise ProjectError(
            f"{path} is a pipe or a device, not a project.", "Give a .mien file.", path=path
        )


def _unreadable(path: Path, error: BaseException) -> ProjectError:
    if isinstance(error, FileNotFoundError):
        return ProjectError(f"There is no project {path}.", "Check the name.", path=path)
    if isinstance(error, IsADirectoryError):
        return ProjectError(f"{path} is a folder, not a project.", "Give a .mien file.", path=path)
    if isinstance(error, PermissionError):
        return ProjectError(f"{path} may not be read.", "Change its rights.", path=path)
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
        # The disk's fault and not the file's: nobody is to throw a project away for it.
        reason = (error.strerror or "the disk failed").lower()
        return ProjectError(
            f"{path} cannot be read: {reason}.", "Check its name, and the disk.", path=path
        )
    if path.suffix.lower() != SUFFIX and not zipfile.is_zipfile(path):
        return ProjectError(
            f"{path.name} is no project.", f"Make one with `mien track {path.name}`.", path=path
        )
    return ProjectError(
        f"{path.name} is corrupt: {error}.",
        "Restore it from a backup, or track the shot again.",
        path=path,
    )
