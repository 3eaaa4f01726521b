"""Open media, track the faces in them, and solve tracked faces again."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

import numpy.typing as npt

from mien._types import PathLike
from mien.errors import NoFaceError, NothingToDoError, ProjectError, UsageError
from mien.io.relink import remember
from mien.model.chosen_neutral import ChosenNeutral
from mien.model.document import Project, shot_of
from mien.model.shot import Shot, ToolVersions
from mien.progress import Progress, progress_reporter
from mien.timebase import FrameRange

if TYPE_CHECKING:
    from mien.model.face import Face, FaceTrack
    from mien.model.media import MediaInfo

__all__ = ["as_tracked", "check_solvable", "open_shot", "outdated", "probe", "solve", "track"]

_LOG = logging.getLogger(__name__)

_NONE_CHOSEN: Mapping[int, ChosenNeutral] = MappingProxyType({})

_ShotOrProject = TypeVar("_ShotOrProject", Shot, Project)


def probe(
    path: PathLike,
    *,
    stream: int | None = None,
    until_damage: bool = False,
    missing_frames: Literal["error", "hold", "black"] = "error",
    progress: bool | Progress = True,
) -> MediaInfo:
    """Look at media: their facts, as far as mien goes by them.

    Arguments and errors are those of `open_shot`.
    """
    from mien.media.probe import probe as probe_media

    with progress_reporter(progress) as report:
        media = probe_media(
            Path(path), stream=stream, until_damage=until_damage, missing_frames=missing_frames,
            progress=report,
        )  # fmt: skip
    _LOG.debug("%s is %r", media.path, media)
    return media


def open_shot(
    path: PathLike,
    *,
    stream: int | None = None,
    until_damage: bool = False,
    missing_frames: Literal["error", "hold", "black"] = "error",
    progress: bool | Progress = True,
) -> Shot:
    """Open a movie or image sequence without looking for faces.

    Args:
        path: A movie, or the pattern of an image sequence (`shot.%04d.exr`).
        stream: Number of the video stream of a movie that holds several; None for the one that
            players show.
        until_damage: Whether media that are cut short are the frames that are there, in place of
            an error.
        missing_frames: What stands for images of a sequence that are missing between others: an
            `error` that names them, `hold` for the image before, or `black`.
        progress: True for bars on a terminal, or a function that is told the stage, the steps
            done and the steps in all. A movie of 64 MB or more is reported: the megabytes that
            were indexed (`index`), and the packets decoded where frames cannot be told
            otherwise (`decode`).

    Raises:
        MediaError: When it is missing, unreadable or has no pictures.
        UsageError: When it has no such stream.
    """
    facts = probe(
        path, stream=stream, until_damage=until_damage, missing_frames=missing_frames,
        progress=progress,
    )  # fmt: skip
    return Shot(facts, ())


@overload
def track(
    source: Project,
    *,
    frames: FrameRange | str | None = None,
    tracker: str = "auto",
    max_faces: int | None = None,
    until_damage: bool = False,
    progress: bool | Progress = True,
) -> Project: ...


@overload
def track(
    source: PathLike | Shot | None = None,
    *,
    frames: npt.ArrayLike | FrameRange | None = None,
    rate: float | Fraction | None = None,
    tracker: str = "auto",
    max_faces: int | None = None,
    stream: int | None = None,
    until_damage: bool = False,
    progress: bool | Progress = True,
) -> Shot: ...


def track(
    source: PathLike | Shot | Project | None = None,
    *,
    frames: npt.ArrayLike | FrameRange | None = None,
    rate: float | Fraction | None = None,
    tracker: str = "auto",
    max_faces: int | None = None,
    stream: int | None = None,
    until_damage: bool = False,
    progress: bool | Progress = True,
) -> Shot | Project:
    """Track every face of a shot, or of some frames of it, and solve its performance.

        shot = mien.track("reel.mov", frames="01:00:10:00:01:00:12:00")
        shot = mien.track(shot, frames="120:180")  # further frames: the faces are joined

    Frames that were tracked before stay as they are: who is in the further ones is recognized
    and keeps number, name and edits, others get the numbers that follow.

    Args:
        source: A movie, the pattern of an image sequence, an opened shot, or a project, of which
            only frames are tracked that are not yet; its edits stay. Without one `frames` are the
            pictures.
        frames: The frames that are tracked, as typed (`120:180`, `4s:6s`, timecode) or a
            `FrameRange`; all when not given. Without a source (T, H, W, 3) pictures in memory,
            R'G'B' as shown on a screen: uint8, or floating point from 0 to 1. They are not
            copied: leave them as they are for as long as the shot is used.
        rate: Frames a second of pictures in memory; 25 when not given.
        tracker: Name of the tracker, of `available_trackers()`; `auto` is the one that the
            environment variable MIEN_TRACKER names, or else mien's own; for further frames the
            one that tracked the others.
        max_faces: People to keep at most, those most seen; 10 when not given.
        stream: Number of the video stream of a movie that holds several; None for the one that
            players show. An opened shot has its own.
        until_damage: Whether media that are cut short, or break off (pictures of another size),
            are tracked as far as they go. Over frames that are damaged tracking goes on in any
            case; `Shot.damaged` names them.
        progress: True for bars on a terminal, or a function that is called with the stage
            (`index` of a large movie, `track`, `solve`), the steps done and the steps in all.

    Returns:
        The shot with its faces, the first to appear first; of a project, the project.

    Raises:
        DamagedMediaError: When the media are cut short, or break off.
        MediaError: When the media cannot be read.
        NoFaceError: When there is no face in it.
        NothingToDoError: When further frames are asked for, and all of them are tracked.
        TimeError: When the frames are no span of the shot.
        UsageError: When there is no such tracker, or `frames` are no pictures.
        MissingDependencyError: When the tracker cannot be used.
    """
    if max_faces is not None and max_faces < 1:
        raise UsageError(f"{max_faces} faces cannot be tracked.", "Ask for one at least.")
    if source is not None and frames is not None and not isinstance(frames, str | FrameRange):
        raise UsageError(
            "Which frames are to be tracked is not clear.",
            "Give either a source and frames of it (`120:180`), or pictures in memory.",
        )
    how = _How(tracker, max_faces, until_damage, progress)
    if isinstance(source, Project):
        _check_online(source)
        shot = source.shot
        wanted = shot.clock.all if frames is None else _span_of(shot, frames)
        return source.with_faces_of(_track_frames(shot, wanted, how))
    pictures = frames if source is None else None
    shot = _as_shot(source, pictures, rate, stream, until_damage=until_damage, progress=progress)
    if source is not None and frames is not None:
        wanted = _span_of(shot, frames)
        if shot.faces or wanted != shot.clock.all:
            return _track_frames(shot, wanted, how)
    return _track_all(shot, how)


@dataclasses.dataclass(frozen=True, slots=True)
class _How:
    """How a shot is tracked, as `track` is asked."""

    tracker: str
    max_faces: int | None
    until_damage: bool
    progress: bool | Progress


def _track_all(shot: Shot, how: _How) -> Shot:
    """Track all frames of a shot; faces that it has are found anew."""
    from mien.media.damage import UntilDamage
    from mien.media.reader import open_reader
    from mien.tracking.base import MAX_FACES, run_tracker
    from mien.tracking.registry import MEDIAPIPE, get_tracker

    chosen = get_tracker(how.tracker)
    with progress_reporter(how.progress) as report:
        with open_reader(shot.media) as reader:
            result = run_tracker(
                chosen,
                UntilDamage(reader) if how.until_damage else reader,
                max_faces=how.max_faces or MAX_FACES,
                progress=report,
            )
        if not result.tracks:
            raise NoFaceError(
                f"No face was found in {shot.media.path.name}.",
                "mien edits faces that are at least about 60 pixels tall and not covered.",
            )
        tracks, cuts = list(result.tracks), tuple(int(cut) for cut in result.cuts)
        bare = dataclasses.replace(
            shot,
            faces=(),
            cuts=cuts,
            mixes=_plain(result.mixes),
            damaged=_plain(result.damaged),
            tracked_spans=None,
        )
        del result
        # What another package's tracker answered may be used by it again.
        own = chosen.name == MEDIAPIPE
        faces = _solve_all(tracks, bare, report, reuse=own)
    if shot.media.kind != "memory":
        remember(shot.media.path, shot.media.fingerprint)
    made_by = _made_by(chosen.name, chosen.version)
    occlusion = shot.occlusion.of_faces([face.number for face in faces])
    return dataclasses.replace(bare, faces=faces, made_by=made_by, occlusion=occlusion)


def _track_frames(shot: Shot, wanted: FrameRange, how: _How) -> Shot:
    """Track frames of a shot that are not tracked yet; faces that it has stay."""
    from mien.api.track_spans import choose_spans, track_spans
    from mien.media.damage import UntilDamage
    from mien.media.reader import open_reader
    from mien.tracking.base import MAX_FACES
    from mien.tracking.registry import get_tracker

    spans = choose_spans(shot, wanted)
    made_by = shot.made_by if shot.faces else None
    name = how.tracker
    if made_by is not None and name == "auto":
        name = made_by.tracker
    chosen = get_tracker(name)
    if made_by is not None and chosen.name != made_by.tracker:
        raise UsageError(
            f"{shot.media.path.name} was tracked by {made_by.tracker}, and further frames by"
            f" {chosen.name} would not fit.",
            f"Track them with {made_by.tracker}, or all frames anew.",
        )
    with progress_reporter(how.progress) as report, open_reader(shot.media) as reader:
        tracked = track_spans(
            shot,
            spans,
            chosen,
            UntilDamage(reader) if how.until_damage else reader,
            max_faces=how.max_faces or MAX_FACES,
            report=report,
        )
    if shot.media.kind != "memory":
        remember(shot.media.path, shot.media.fingerprint)
    if shot.faces:
        # The older of two versions: what it gave is still there.
        return tracked
    return dataclasses.replace(tracked, made_by=_made_by(chosen.name, chosen.version))


def _span_of(shot: Shot, frames: object) -> FrameRange:
    """The frames of a shot that are asked for, by the rules of typed ones."""
    return shot.clock.parse_range(str(frames))


def _check_online(project: Project) -> None:
    if not project.online:
        raise ProjectError(
            f"The media of {project.title} were not looked for, or not found.",
            "Load it with find_media, or say where they are.",
        )


def solve(source: _ShotOrProject, *, progress: bool | Progress = True) -> _ShotOrProject:
    """Solve the faces of a tracked shot again, from the landmarks as they were tracked.

    For shots that an older solver has solved. The media are not looked at.

    Args:
        source: A tracked shot, or a project, whose edits stay.
        progress: True for bars on a terminal, or a function that is told the stage (`solve`),
            the steps done and the steps in all.

    Returns:
        The shot, or the project, with its faces as this mien's solver solves them. Numbers and
        names of faces stay.

    Raises:
        NoFaceError: When it has no faces.
        NothingToDoError: When the landmarks as they were tracked were not kept.
        ProjectError: When those that were kept are damaged.
    """
    shot = shot_of(source)
    check_solvable(shot)
    tracks = [as_tracked(face, shot) for face in shot.faces]
    neutrals = {face.number: face.neutral for face in shot.faces if face.neutral is not None}
    with progress_reporter(progress) as report:
        solved = _solve_all(tracks, shot, report, reuse=True, neutrals=neutrals)
    faces = tuple(
        _corrected(dataclasses.replace(face, name=old.name, consent=old.consent), old, shot)
        for face, old in zip(solved, shot.faces, strict=True)
    )
    made_by = shot.made_by
    if made_by is not None:
        made_by = _made_by(made_by.tracker, made_by.tracker_version)
    result = dataclasses.replace(shot, faces=faces, made_by=made_by)
    if not isinstance(source, Project):
        return result
    return source.with_faces_of(result)


def _corrected(face: Face, old: Face, shot: Shot) -> Face:
    """A face that was solved again, smoothed and put right by hand as it was."""
    from mien.face.corrections import correct_face
    from mien.face.resmoothing import resmoothed

    face = resmoothed(face, old.smoothing, shot.breaks)
    if not old.corrections:
        return face
    return correct_face(face, old.corrections, shot.breaks)


def check_solvable(shot: Shot) -> None:
    """Check that the faces of a shot can be solved again; their landmarks are not unpacked yet.

    Raises:
        NoFaceError: When it has no faces.
        NothingToDoError: When the landmarks as they were tracked were not kept.
    """
    if not shot.faces:
        raise NoFaceError(f"{shot.media.path.name} has no faces to solve.", "Track it first.")
    for face in shot.faces:
        if face.raw_landmarks is None:
            raise _no_landmarks(face, shot)


def outdated(shot: Shot) -> str:
    """Return in one sentence by which older tools a shot was made, and what would bring it up.

    Empty when they are this mien's own; also when it is not known what made the shot.
    """
    from mien.face import SOLVER
    from mien.tracking.mediapipe import VERSION
    from mien.tracking.registry import MEDIAPIPE

    made_by = shot.made_by
    if made_by is None:
        return ""
    # Of other packages' trackers nothing is loaded only to be compared with.
    if made_by.tracker == MEDIAPIPE and made_by.tracker_version < VERSION:
        return f"It was made by an older tracker ({made_by}); `mien track` makes it anew."
    if made_by.solver < SOLVER:
        return f"It was made by an older solver ({made_by}); `mien solve` solves it again."
    return ""


def _as_shot(
    source: PathLike | Shot | None,
    frames: npt.ArrayLike | FrameRange | None,
    rate: float | Fraction | None,
    stream: int | None,
    *,
    until_damage: bool,
    progress: bool | Progress,
) -> Shot:
    if source is None and frames is None:
        raise UsageError(
            "What is to be tracked is not clear.", "Give either a source or frames in memory."
        )
    if stream is not None and (frames is not None or isinstance(source, Shot)):
        raise UsageError(
            "A stream goes with a movie by its path.", "Leave it out: an opened shot has its own."
        )
    if frames is not None:
        from mien.media.memory import memory_media

        pictures: Any = frames
        return Shot(memory_media(pictures, 25 if rate is None else rate), ())
    if rate is not None:
        raise UsageError(
            "A rate goes with frames in memory only.", "Leave it out: media have their own."
        )
    assert source is not None
    if isinstance(source, Shot):
        return source
    return open_shot(source, stream=stream, until_damage=until_damage, progress=progress)


def _solve_all(
    tracks: list[FaceTrack],
    shot: Shot,
    report: Progress,
    *,
    reuse: bool,
    neutrals: Mapping[int, ChosenNeutral] = _NONE_CHOSEN,
) -> tuple[Face, ...]:
    """Solve faces one by one; the list is emptied, so that each track can be let go of."""
    from mien.face.solve import solve_face

    frames = shot.clock.frame_count
    _LOG.debug("solve %d faces of %s", len(tracks), shot.media.path)
    total = len(tracks) * frames
    faces: list[Face] = []
    while tracks:

        def advance(stage: str, done: int, _: int, before: int = len(faces) * frames) -> None:
            report(stage, before + done, total)

        track = tracks.pop(0)
        neutral = neutrals.get(track.number)
        faces.append(
            solve_face(track, shot.clock, shot.breaks, advance, reuse=reuse, neutral=neutral)
        )
        del track
    return tuple(faces)


def _plain(spans: Sequence[FrameRange]) -> tuple[FrameRange, ...]:
    """Spans of plain numbers, whatever another package's tracker counted with."""
    return tuple(FrameRange(int(span.start), int(span.stop)) for span in spans)


def as_tracked(face: Face, shot: Shot) -> FaceTrack:
    """Return a face as it was tracked, before anything was solved.

    Raises:
        NothingToDoError: When its landmarks as they were tracked were not kept.
        ProjectError: When those that were kept are damaged.
    """
    try:
        tracked = face.as_tracked()
    except ValueError as error:
        raise ProjectError(
            f"The landmarks of {face.name} in {shot.media.path.name} are damaged: {error}.",
            "Restore the project from a backup, or track the shot again.",
        ) from error
    if tracked is None:
        raise _no_landmarks(face, shot)
    return tracked


def _no_landmarks(face: Face, shot: Shot) -> NothingToDoError:
    return NothingToDoError(
        f"{shot.media.path.name} keeps no landmarks as they were tracked to solve"
        f" {face.name} from.",
        "Projects of an older mien have none: track it again.",
    )


def _made_by(tracker: str, version: int) -> ToolVersions:
    from mien.face import SOLVER

    return ToolVersions(tracker, version, SOLVER)
