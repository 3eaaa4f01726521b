"""The project of a clip: which `.mien` file in its folder is of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from mien.errors import MienError
from mien.io.project import SUFFIX, describe
from mien.model.document import media_title
from mien.model.media import MediaInfo

__all__ = ["project_beside"]

_LOOKED_AT: Final = 64
"""Projects that are opened at most; folders of thousands are not searched."""


def project_beside(media: MediaInfo) -> Path | None:
    """Return the project in the folder of media that holds a shot of them; None when none does.

    One that is named as the media are comes first, then the others by name. What counts is what
    the media held when they were tracked, not their name.

    Args:
        media: Facts of the media.
    """
    if not media.fingerprint:
        return None
    folder = media.path.parent
    names = [media.path.with_suffix(SUFFIX).name, media_title(media.path.name) + SUFFIX]
    try:
        others = sorted(path.name for path in folder.iterdir() if path.suffix.lower() == SUFFIX)
    except OSError:
        return None
    for name in list(dict.fromkeys((*names, *others)))[:_LOOKED_AT]:
        try:
            shots = describe(folder / name).shots
        except MienError:
            continue
        if any(shot.media.fingerprint == media.fingerprint for shot in shots):
            return folder / name
    return None
