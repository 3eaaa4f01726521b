"""Credentials of files read, and a project's say in whether its renders have any."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mien._types import PathLike
from mien.io.changing import hold_project
from mien.io.project import load_document, save_document

if TYPE_CHECKING:
    from mien.provenance.reading import Provenance

__all__ = ["read_provenance", "switch_provenance"]


def read_provenance(path: PathLike, *, anchors: PathLike | None = None) -> Provenance:
    """Read the Content Credentials (C2PA) of a file, of mien's or others, and check them.

    Args:
        path: A movie, an image or another file, a pattern of images or one of them, or a sidecar.
        anchors: A file of certificates (PEM) that are trusted to vouch for signers; None for none.

    Raises:
        InputError: When the certificates cannot be read.
        MediaError: When the file is not there or cannot be read.
    """
    from mien.provenance.identity import read_certificates
    from mien.provenance.reading import read_provenance as read

    trusted = "" if anchors is None else read_certificates(Path(anchors))
    return read(Path(path), anchors=trusted)


def switch_provenance(project: PathLike, wanted: bool, shot: str | None = None) -> tuple[str, ...]:
    """Write into a project whether its renders carry signed credentials.

    Args:
        project: The `.mien` file.
        wanted: Whether they do.
        shot: Name, number or id of the shot; None for all.

    Returns:
        The names of the shots that say otherwise than before.

    Raises:
        ProjectError: When the project cannot be read.
        UsageError: When it has no such shot.
        WriteError: When it cannot be written.
    """
    path = Path(project)
    with hold_project(path, None) as version:
        document = load_document(path, find_media=False)
        chosen = document.shots if shot is None else (document.choose(shot, path.name),)
        changed = [one for one in chosen if one.provenance is not wanted]
        for one in changed:
            document = document.with_shot(replace(one, provenance=wanted))
        if changed:
            save_document(document, path, version)
    return tuple(one.title for one in changed)
