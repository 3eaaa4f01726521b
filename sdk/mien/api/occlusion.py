"""Tell shots what is in front of their faces: a matte, glasses."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TypeVar

from mien._types import PathLike
from mien.model.document import Project, shot_of
from mien.model.media import MediaInfo
from mien.model.occlusion import GlassesChoice, Occlusion, OcclusionChoice
from mien.model.shot import Shot

__all__ = [
    "check_occlusion_matte",
    "check_stored_matte",
    "choose_glasses",
    "choose_occlusion",
    "refuse_matte_as_output",
    "set_glasses",
    "set_occlusion_matte",
]

_ShotOrProject = TypeVar("_ShotOrProject", Shot, Project)


def set_occlusion_matte(source: _ShotOrProject, matte: PathLike | None) -> _ShotOrProject:
    """Give a shot a matte of what is in front of its faces, in place of what mien finds.

    White is in front: there the plate stays as it is, bit for bit. How white a pixel is, is told
    by its luma, in any pixel format; alpha is not looked at. Frames belong together one by one,
    whatever the rates; of images that are more than the shot's those with the same numbers are
    used. Strokes that were painted lie on top of it.

    Args:
        source: The shot, or a project.
        matte: The movie, the pattern of an image sequence, or one of its images, in the shape of
            the stored or of the upright picture; one of another size is scaled. None for none.

    Returns:
        The shot, or the project, with it. `mien.check_occlusion_matte` says how it is used.

    Raises:
        MediaError: When it cannot be read, or has another shape or number of frames.
        UsageError: When it is the shot itself.
    """
    shot = shot_of(source)
    given = _given(shot.media, shot.occlusion, None if matte is None else Path(matte))
    return _with(source, given)


def set_glasses(
    source: _ShotOrProject, glasses: GlassesChoice, face: int | str = 1
) -> _ShotOrProject:
    """Say whether a face wears glasses, whose rims then stay as they are.

    Args:
        source: The shot, or a project.
        glasses: `auto` lets mien look, `yes` has it look for fainter rims, `no` has it not look.
        face: The face's number or name.

    Returns:
        The shot, or the project, with it.

    Raises:
        NoFaceError: When the shot has no such face.
        UsageError: When it is none of these words.
    """
    return choose_glasses(source, OcclusionChoice(glasses=((face, glasses),)))


def check_occlusion_matte(shot: Shot, matte: PathLike) -> tuple[str, ...]:
    """Return what is to be known of how a matte would be used for a shot; usually nothing.

    Raises:
        MediaError: When it cannot be read, or has another shape or number of frames.
        UsageError: When it is the shot itself.
    """
    from mien.rendering.occlusion.matte_file import probe_matte

    return probe_matte(Path(matte), shot.media).remarks


def choose_occlusion(source: _ShotOrProject, choice: OcclusionChoice) -> _ShotOrProject:
    """Treat things in front of a shot's faces as a request says; what it leaves open stays.

    Raises:
        MediaError: When its matte cannot be used.
        NoFaceError: When it speaks of the glasses of a face that the shot does not have.
        UsageError: When its matte is the shot itself.
    """
    shot = shot_of(source)
    occlusion = choice.over(shot.occlusion)
    if choice.matte is not None:
        occlusion = _given(shot.media, occlusion, choice.matte)
    given = source if occlusion is shot.occlusion else _with(source, occlusion)
    # Of a shot that is not yet tracked nobody knows who is in it.
    return choose_glasses(given, choice) if shot.faces else given


def choose_glasses(source: _ShotOrProject, choice: OcclusionChoice) -> _ShotOrProject:
    """Say who wears glasses as a request does; what it leaves open stays.

    Raises:
        NoFaceError: When the shot has no such face.
    """
    if not choice.glasses:
        return source
    shot = shot_of(source)
    worn = dict(shot.occlusion.glasses)
    for which, word in choice.glasses:
        faces = [shot.face(which)] if which else shot.faces
        worn |= {face.number: word for face in faces}
    return _with(source, dataclasses.replace(shot.occlusion, glasses=worn))


def check_stored_matte(media: MediaInfo, occlusion: Occlusion) -> None:
    """Refuse a shot whose matte is lost, or does not fit it any more.

    Args:
        media: Facts of the shot's media.
        occlusion: How things in front of its faces are treated.

    Raises:
        MediaError: When the matte is lost or cannot be used.
        UsageError: When the matte is the shot itself.
    """
    if occlusion.matte is None:
        return
    from mien.rendering.occlusion.matte_file import probe_matte
    from mien.rendering.occlusion.user_matte import check_online

    check_online(media, occlusion)
    probe_matte(occlusion.matte, media)


def refuse_matte_as_output(output: Path, occlusion: Occlusion) -> None:
    """Refuse an output that would be written over the matte.

    Raises:
        OutputError: When it would.
    """
    if occlusion.matte is None or not occlusion.matte_online:
        return
    from mien.media.outputs import refuse_same
    from mien.media.sequence import find_sequence

    images = find_sequence(occlusion.matte)
    refuse_same(output, occlusion.matte if images is None else images.path, "the matte")


def _given(media: MediaInfo, old: Occlusion, matte: Path | None) -> Occlusion:
    """What is said of a shot's occluders, with a matte that was looked at."""
    if matte is None:
        return dataclasses.replace(old, matte=None, matte_content="", matte_online=True)
    from mien.io.relink import remember
    from mien.rendering.occlusion.matte_file import probe_matte

    found = probe_matte(matte, media).media
    remember(found.path, found.fingerprint)
    return dataclasses.replace(
        old, matte=found.path.absolute(), matte_content=found.fingerprint, matte_online=True
    )


def _with(source: _ShotOrProject, occlusion: Occlusion) -> _ShotOrProject:
    if isinstance(source, Project):
        return dataclasses.replace(source, shot=source.shot.with_occlusion(occlusion))
    return source.with_occlusion(occlusion)
