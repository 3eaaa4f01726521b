"""On whose word faces are edited: said of a face, taken back, and checked in a ledger."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from mien._types import PathLike
from mien.errors import InputError
from mien.model.consent import Consent
from mien.model.document import Project, project_of, tracked_shot_of
from mien.model.shot import Shot
from mien.timebase import FrameRange

__all__ = ["check_consent", "clear_consent", "hash_document", "set_consent"]

_ShotOrProject = TypeVar("_ShotOrProject", Shot, Project)


def set_consent(source: _ShotOrProject, face: int | str, consent: Consent) -> _ShotOrProject:
    """Say on whose word a face may be edited; it is kept with the face.

        consent = mien.Consent("Anna Example", "clause 7 of her contract", date(2026, 1, 1))
        project = mien.set_consent(project, "Anna", consent)

    Args:
        source: A tracked shot, or a project, whose edits stay.
        face: Number or name of the face.
        consent: What permits it.

    Raises:
        NoFaceError: When there is no such face.
    """
    return _with_consent(source, face, consent)


def clear_consent(source: _ShotOrProject, face: int | str) -> _ShotOrProject:
    """Take back what was said of a face: nothing permits that it is edited.

    Args:
        source: A tracked shot, or a project, whose edits stay.
        face: Number or name of the face.

    Raises:
        NoFaceError: When there is no such face.
    """
    return _with_consent(source, face, None)


def hash_document(path: PathLike) -> str:
    """Return the SHA-256 of a document, as `Consent.document` takes it; it is kept nowhere.

    Raises:
        InputError: When it cannot be read.
    """
    from mien.media.fingerprint import sha256_of

    path = Path(path)
    if os.path.exists(path) and not os.path.isfile(path):
        raise InputError(f"The document {path} is no file.", "Give the file itself.", path=path)
    try:
        return sha256_of(path)
    except OSError as error:
        raise InputError(
            f"The document {path} cannot be read: {(error.strerror or str(error)).lower()}.",
            "Check its name, or give its hash.",
            path=path,
        ) from error


def check_consent(
    source: Shot | Project,
    frames: FrameRange | str | None = None,
    *,
    provenance: bool | None = None,
) -> None:
    """Refuse what a render would refuse by this installation's policy, at once.

    Edits that lack a consent, and an output without the credentials that are demanded.

    `render` does it as well; this is for what comes before, such as a form of an export.

    Args:
        source: A project with its edits.
        frames: Frames that are to be rendered; None for all.
        provenance: Whether the output is to carry signed credentials; None for what the project
            says. Mattes carry none and need none: True for them.

    Raises:
        ConsentError: When an edit lacks the consent that this installation's policy demands.
        OutputError: When it demands credentials, and there are to be none.
        PolicyError: When that policy cannot be read.
        TimeError: When the frames lie outside the shot.
    """
    from mien.consent import permit_render
    from mien.rendering.plans import face_plans

    project = project_of(source)
    clock = project.shot.clock
    span = clock.all if frames is None else clock.parse_range(str(frames))
    plans = face_plans(project.shot, project.edits, span)
    permit = permit_render(project.shot, plans, span, title=project.title)
    permit.check_signed(project.provenance if provenance is None else provenance)


def _with_consent(
    source: _ShotOrProject, face: int | str, consent: Consent | None
) -> _ShotOrProject:
    shot = tracked_shot_of(source)
    chosen = shot.face(face)
    faces = tuple(replace(one, consent=consent) if one is chosen else one for one in shot.faces)
    changed = replace(shot, faces=faces)
    return source.with_faces_of(changed) if isinstance(source, Project) else changed
