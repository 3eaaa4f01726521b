"""Files that are taken for their sound: sound alone, or movies, whose sound has a place in time."""

from __future__ import annotations

from pathlib import Path

import av
from av.stream import Disposition

from mien.errors import MediaError
from mien.media.probe import probe
from mien.model.media import MediaInfo

__all__ = ["moving_media"]


def moving_media(path: Path) -> MediaInfo | None:
    """Return facts of a file that has pictures over time; None of one that has sound alone.

    Args:
        path: A file that is taken for its sound.

    Raises:
        MediaError: When it is missing, cannot be read or has no sound.
    """
    if not path.is_file():
        raise MediaError(f"{path} does not exist.", "Check the path of the sound.", path=path)
    try:
        with av.open(str(path)) as container:
            heard = bool(container.streams.audio)
            moving = any(
                not stream.disposition & Disposition.attached_pic
                for stream in container.streams.video
            )
    except (av.FFmpegError, OSError) as error:
        raise MediaError(
            f"{path.name} cannot be read as sound: {error.strerror or error}.",
            "Give a WAV, FLAC, MP3, M4A, Ogg or movie file.",
            path=path,
        ) from error
    if not heard:
        raise MediaError(f"{path.name} has no sound.", "Give a file that has some.", path=path)
    return probe(path) if moving else None
