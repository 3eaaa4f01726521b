"""Say where the media of projects are now: moved, on another machine, or in another size."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from mien._types import PathLike
from mien.errors import ProjectError
from mien.io import project as project_file
from mien.io.changing import hold_project
from mien.io.project import Document, Project
from mien.media.fingerprint import content_of_fingerprint
from mien.path_map import PathMap

__all__ = ["RelinkReport", "relink", "relink_file"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RelinkReport:
    """A shot whose media were found, and how they are the same.

    Attributes:
        project: The shot on them, its faces and strokes in their size.
        before: Where its media were said to be.
        same_content: Whether the file holds what was tracked, byte for byte as far as is looked.
        compared: Whether pictures were compared, where it does not: what was tracked was at hand.
        scale: Size of the pictures over that of those that were tracked.
    """

    project: Project
    before: Path
    same_content: bool
    compared: bool
    scale: float

    @property
    def media(self) -> Path:
        """Path of its media."""
        return self.project.shot.media.path

    def __repr__(self) -> str:
        return f"RelinkReport({self})"

    def __str__(self) -> str:
        width, height = self.project.shot.media.orientation.upright_size
        scaled = f", scaled to {width} x {height}" if self.scale != 1 else ""
        if self.same_content:
            how = "what was tracked"
        elif self.compared:
            how = "another file with the same pictures"
        else:
            how = "another file; what was tracked is not at hand to compare it with"
        return f"{self.project.title}: {self.media} ({how}{scaled})"


def relink(source: Project, media: PathLike) -> RelinkReport:
    """Say where the media of a shot are now, in this size or in another.

        project = mien.relink(project, "/mnt/full/sh010.mov").project

    Another file is taken where it has the same number of frames at the same rate in the same
    shape, and, so far as what was tracked is at hand, shows the same pictures. Landmarks and
    strokes scale with it; edits stay as they are.

    Args:
        source: The shot; its media need not be there.
        media: The movie or the pattern of images, or a folder that holds them, where they are
            known by what they hold or by their name.

    Raises:
        ProjectError: When they have another length, rate or shape or show something else, or a
            folder holds none, or several that may be meant.
        MediaError: When they cannot be read.
    """
    return _relinked(source, Path(media), None)


def relink_file(
    path: PathLike,
    media: PathLike | None = None,
    *,
    shot: str | int | None = None,
    rules: PathMap | None = None,
    output: PathLike | None = None,
) -> tuple[RelinkReport, ...]:
    """Write into a `.mien` file where the media of its shots are now; nothing else changes.

    Args:
        path: The file.
        media: The media of the shot, or a folder in which those of all its shots are looked for.
        shot: Name or number of the shot, where it holds several and only one is meant.
        rules: Rules of where folders are, in place of `media`.
        output: The file that is written; else the same.

    Returns:
        The shots that were relinked.

    Raises:
        UsageError: When it has no such shot, or a file is given for several.
        ProjectError: When the media of a shot are not found, or show something else; nothing is
            written then.
        MediaError: When they cannot be read.
        OutputError: When it cannot be written to, or another program changes it.
    """
    place, written = Path(path), None if output is None else Path(output)
    with hold_project(place, written) as version:
        document, reports = _relinked_document(place, media, shot, rules)
        project_file.save_document(document, place if written is None else written, version)
    return reports


def _relinked_document(
    place: Path, media: PathLike | None, shot: str | int | None, rules: PathMap | None
) -> tuple[Document, tuple[RelinkReport, ...]]:
    document = project_file.load_document(place, find_media=False)
    shots = document.shots
    folder = media is not None and os.path.isdir(media)
    if shot is not None or (rules is None and not folder):
        shots = (document.choose(shot, place.name),)
    reports = []
    for project in shots:
        if rules is not None:
            report = _mapped(project, rules, place)
        else:
            assert media is not None
            report = _relinked(project, Path(media), place)
        document = document.with_shot(report.project)
        reports.append(report)
    return document, tuple(reports)


def _mapped(source: Project, rules: PathMap, path: Path | None) -> RelinkReport:
    stored = source.shot.media.path
    texts = [str(stored)]
    if path is not None and stored.is_relative_to(path.parent):
        # On this system a path of Windows is one that counts from the project's folder.
        texts.append(stored.relative_to(path.parent).as_posix())
    mapped = next((found for found in map(rules.map, texts) if found is not None), None)
    if mapped is None:
        raise ProjectError(
            f"No rule is for {texts[-1]}, the media of {source.title}.",
            "Map the folder in which they were, as the project names it (`mien info`).",
        )
    return _relinked(source, Path(mapped), path)


def _relinked(source: Project, media: Path, path: Path | None) -> RelinkReport:
    before = source.shot.media
    project = project_file.relink(source, media, path)
    after = project.shot.media
    same = content_of_fingerprint(before.fingerprint) == content_of_fingerprint(after.fingerprint)
    folder = None if path is None else path.parent
    compared = not same and project_file.check_pictures(source, after, folder)
    sizes = before.orientation.upright_size[0], after.orientation.upright_size[0]
    return RelinkReport(project, before.path, same, compared, sizes[1] / sizes[0])
