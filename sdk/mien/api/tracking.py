"""Open media and track the faces in them."""

from __future__ import annotations

from pathlib import Path

from mien._types import PathLike
from mien.errors import NoFaceError, UsageError
from mien.io.relink import remember
from mien.model.shot import Shot
from mien.progress import Progress, progress_reporter

__all__ = ["open_shot", "track"]


def open_shot(path: PathLike) -> Shot:
    """Open a movie or image sequence without looking for faces.

    Args:
        path: A movie, or the pattern of an image sequence (`shot.%04d.exr`).

    Raises:
        MediaError: When it is missing, unreadable or has no pictures.
    """
    from mien.media.probe import probe

    return Shot(probe(Path(path)), ())


def track(
    source: PathLike | Shot,
    *,
    max_faces: int | None = None,
    progress: bool | Progress = True,
) -> Shot:
    """Track every face of a shot and solve its performance.

    Args:
        source: A movie, the pattern of an image sequence, or an opened shot.
        max_faces: People to keep at most, those most seen; 10 when not given.
        progress: True for bars on a terminal, or a function that is called with the stage
            (`track`, `solve`), the steps done and the steps in all.

    Returns:
        The shot with its faces, the first to appear first.

    Raises:
        MediaError: When the media cannot be read.
        NoFaceError: When there is no face in it.
    """
    from mien.face.solve import solve_faces
    from mien.media.reader import open_reader
    from mien.tracking.tracker import MAX_FACES, track_faces

    if max_faces is not None and max_faces < 1:
        raise UsageError(f"{max_faces} faces cannot be tracked.", "Ask for one at least.")
    shot = source if isinstance(source, Shot) else open_shot(source)
    with progress_reporter(progress) as report, open_reader(shot.media) as reader:
        tracked = track_faces(
            reader,
            max_faces=max_faces or MAX_FACES,
            progress=report,
        )
        if not tracked.tracks:
            raise NoFaceError(
                f"No face was found in {shot.media.path.name}.",
                "mien edits faces that are at least about 60 pixels tall and not covered.",
            )
        faces = solve_faces(
            tracked.tracks,
            shot.clock,
            tracked.cuts,
            progress=report,
        )
    remember(shot.media.path, shot.media.fingerprint)
    return Shot(shot.media, tuple(faces), tuple(tracked.cuts))
