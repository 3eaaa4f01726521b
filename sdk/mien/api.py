"""The verbs: open a shot, track it, render it, keep it as a project.

Everything here takes and gives values of model/; the work is done in the rooms below.
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from mien.errors import NoFaceError, ProjectError, UsageError
from mien.io import project as project_file
from mien.io.project import SUFFIX, Document, Project
from mien.io.relink import remember
from mien.model.edits import Edit, stacked_edits
from mien.model.face import Face
from mien.model.settings import ReferenceSettings
from mien.model.shot import Shot, main_face
from mien.progress import Progress, progress_reporter
from mien.timebase import FrameRange

if TYPE_CHECKING:
    from mien.face.flame_fit import FlameFit
    from mien.rendering.base import Renderer

__all__ = [
    "Document",
    "Project",
    "RenderReport",
    "WrittenCurves",
    "export_curves",
    "fit_flame",
    "load_document",
    "load_project",
    "main_face",
    "open_shot",
    "render",
    "save_document",
    "save_project",
    "track",
]

PathLike = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class RenderReport:
    """What a render did.

    Attributes:
        output: The file, or the pattern of an image sequence.
        frames: Frames written.
        frames_edited: Frames in which a face was changed.
        frames_resumed: Frames that an earlier render, stopped or killed, had finished.
        faces: Numbers of the faces with edits.
        renderer: Name of the renderer; None when nothing was asked of it.
        codec: Name of the codec, as `--codec` takes it.
        seconds: Time it took.
        notes: What is to be known of how the frames were made.
    """

    output: Path
    frames: int
    frames_edited: int
    frames_resumed: int
    faces: tuple[int, ...]
    renderer: str | None
    codec: str
    seconds: float
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON's types."""
        return dataclasses.asdict(self) | {
            "output": str(self.output),
            "faces": list(self.faces),
            "notes": list(self.notes),
            "seconds": round(self.seconds, 3),
        }


def open_shot(path: PathLike) -> Shot:
    """Look at a movie or image sequence without looking for faces.

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
    """Find every face of a shot and what it does.

    Args:
        source: A movie, the pattern of an image sequence, or an opened shot.
        max_faces: People to keep at most, those most seen; 10 when not given.
        progress: True for bars on a terminal, or a function that is told the stage
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
    with progress_reporter(progress) as told, open_reader(shot.media) as reader:
        found = track_faces(
            reader,
            max_faces=max_faces or MAX_FACES,
            progress=lambda done, total: told("track", done, total),
        )
        if not found.tracks:
            raise NoFaceError(
                f"No face was found in {shot.media.path.name}.",
                "mien edits faces that are at least about 60 pixels tall and not covered.",
            )
        faces = solve_faces(
            found.tracks,
            shot.clock,
            found.cuts,
            progress=lambda done, total: told("solve", done, total),
        )
    remember(shot.media.path, shot.media.fingerprint)
    return Shot(shot.media, tuple(faces), tuple(found.cuts))


def render(
    source: Shot | Project | PathLike,
    output: PathLike,
    *,
    edits: Sequence[Edit] = (),
    performances: Mapping[int, npt.ArrayLike] | None = None,
    renderer: str = "auto",
    settings: ReferenceSettings | None = None,
    frames: FrameRange | str | None = None,
    codec: str | None = None,
    lossless: bool = False,
    overwrite: bool = False,
    matte: bool = False,
    progress: bool | Progress = True,
) -> RenderReport:
    """Write a shot with edited faces. Nothing else changes.

    Args:
        source: A shot, a project, a `.mien` file, or media to be copied as they are.
        output: The file to write, or the pattern of an image sequence (`out.%04d.exr`).
        edits: What is asked of the faces, on top of the edits of a project; several edits of
            one face are applied in order.
        performances: By a face's number, (T, 55) FLAME coefficients in `flame2020` that take
            the place of what it does; edits come on top.
        renderer: Name of the renderer, or `auto` for the best that is installed.
        settings: How the reference renderer makes frames; when not given those of the
            project, or of a final render.
        frames: Frames to write, as a range or typed (`1.0s:2.0s`); None for all.
        codec: Name of the video codec; None for the source's family.
        lossless: Whether the output is decoded to exactly the pixels that were rendered.
        overwrite: Whether a file of that name may be replaced.
        matte: Whether the mask of what is changed is written in place of the picture: grey,
            black where the plate stays, white where it is wholly replaced.
        progress: True for bars on a terminal, or a function that is told the stage
            (`prepare`, `render`), the steps done and the steps in all.

    Raises:
        OutputError: When the output cannot be put there; nothing was done.
        UsageError: When an edit belongs to another shot, or no renderer has that name.
        TimeError: When the span lies outside the shot.
        MediaError: When the source cannot be read.
        WriteError: When the output fails half-way; nothing is left under its name.
        CancelledError: When Ctrl-C stops a costly render; its finished frames are kept, and
            the same call goes on from there.
    """
    from mien.media.codecs import choose_encoding
    from mien.media.outputs import check_output
    from mien.pipeline import Output, render_shot
    from mien.rendering.base import NotingRenderer
    from mien.rendering.plans import face_plans, with_performances

    start = time.monotonic()
    project = _as_project(source, edits)
    shot, path = project.shot, Path(output)
    encoding = choose_encoding(path, shot.media, codec=codec, lossless=lossless)
    check_output(path, shot.media, overwrite=overwrite, codec=codec, lossless=lossless)
    span = _span(shot, frames)
    plans = face_plans(shot, (*project.edits, *edits), span)
    if performances:
        plans = with_performances(shot, plans, performances)
    chosen = _renderer(renderer, settings or project.reference, needed=bool(plans))
    destination = Output(path, span, codec, lossless, overwrite, matte)
    with progress_reporter(progress) as told:
        rendered = render_shot(shot, plans, chosen, destination, told)
    return RenderReport(
        output=path,
        frames=len(span),
        frames_edited=rendered.edited,
        frames_resumed=rendered.resumed,
        faces=tuple(plan.face.number for plan in plans),
        renderer=chosen.name if chosen else None,
        codec=encoding.codec.name,
        seconds=time.monotonic() - start,
        notes=chosen.notes if isinstance(chosen, NotingRenderer) else (),
    )


def save_project(shot: Shot | Project, path: PathLike, edits: Sequence[Edit] = ()) -> None:
    """Keep a shot and its edits as a `.mien` file, whole or not at all.

    Args:
        shot: The shot, or a project whose edits are kept too.
        path: The file; one of that name is replaced.
        edits: Edits of the shot's faces; several of one face become one.

    Raises:
        OutputError: When it cannot be put there.
        WriteError: When the disk is full; what was there before stays.
    """
    project = shot if isinstance(shot, Project) else Project(shot)
    stacked = stacked_edits(project.shot, (*project.edits, *edits))
    project_file.save(dataclasses.replace(project, edits=stacked), Path(path))


def load_project(
    path: PathLike,
    shot: str | int | None = None,
    *,
    media: PathLike | None = None,
    find_media: bool = True,
) -> Project:
    """Open a shot of a `.mien` file.

    Args:
        path: The file.
        shot: Name or number (from 1) of the shot, for a file that holds several.
        media: Where its media are, when they are neither in or beside the project's folder
            nor where this user had them when they tracked them.
        find_media: Whether the media are looked for; curves can be used without.

    Raises:
        UsageError: When it has no such shot, or several and none is named.
        ProjectError: When it is missing, corrupt or too new, or its media are not found.
        MediaError: When `media` cannot be read.
    """
    place = None if media is None else Path(media)
    return project_file.load(Path(path), shot=shot, media=place, find=find_media)


def load_document(
    path: PathLike,
    *,
    media: Mapping[str, PathLike] | None = None,
    find_media: bool = True,
) -> Document:
    """Open a `.mien` file with all its shots.

    Args:
        path: The file.
        media: By a shot's id, where its media are, when they are neither in or beside the
            file's folder nor where this user had them when they tracked them.
        find_media: Whether the media of the others are looked for; without, these shots are
            offline: their curves can be used, their pictures not.

    Raises:
        ProjectError: When it is missing, corrupt or too new, or media are not found.
        MediaError: When one of `media` cannot be read.
    """
    places = {shot: Path(place) for shot, place in (media or {}).items()}
    return project_file.load_document(Path(path), media=places, find_media=find_media)


def save_document(document: Document, path: PathLike) -> None:
    """Keep several shots and their edits as one `.mien` file, whole or not at all.

    Raises:
        OutputError: When it cannot be put there.
        WriteError: When the disk is full; what was there before stays.
    """
    project_file.save_document(document, Path(path))


def fit_flame(
    shot: Shot,
    *,
    basis: str = "auto",
    faces: Sequence[Face] | None = None,
    raw: bool = False,
) -> tuple[FlameFit, ...]:
    """What faces do, in the coefficients of an installed FLAME head.

    Args:
        shot: A tracked shot.
        basis: `flame2020`, `flame2023` or `flame2023-open`; `auto` takes the first of these
            that is installed.
        faces: The faces; all of the shot when None.
        raw: Whether the coefficients are left as fitted, without smoothing.

    Returns:
        A fit for each face: coefficients, shape and pose.

    Raises:
        UsageError: When no head has that name; `mien-rig` needs no fit, its coefficients are
            in `face.curves.flame`.
        MissingDependencyError: When the head is not installed; it says how to get it.
        WeightsError: When one of its files cannot be used.
    """
    from mien.face import flame_fit
    from mien.face.heads import choose_head

    head = choose_head(basis)
    return tuple(
        flame_fit.fit_flame(face, head, cuts=shot.cuts, raw=raw)
        for face in (shot.faces if faces is None else faces)
    )


@dataclass(frozen=True, slots=True)
class WrittenCurves:
    """What a curve file holds.

    Attributes:
        faces: Numbers of its faces.
        basis: Basis of their FLAME coefficients.
    """

    faces: tuple[int, ...]
    basis: str


def export_curves(
    shot: Shot,
    path: PathLike,
    *,
    face: int | None = None,
    raw: bool = False,
    basis: str = "auto",
    overwrite: bool = False,
) -> WrittenCurves:
    """Write what faces do over a shot to a file for other programs.

    Args:
        shot: A tracked shot.
        path: The file: `.npz` holds one face, `.json` one or all.
        face: Number of the face; when not given the largest (`.npz`) or all (`.json`).
        raw: Whether the curves are taken before smoothing.
        basis: Of the FLAME coefficients: `mien-rig`, or an installed head; `auto` takes a head
            if there is one.
        overwrite: Whether a file of that name may be replaced.

    Raises:
        UsageError: When the ending is no format, or there is no such basis.
        OutputError: When it cannot be put there.
        NoFaceError: When the shot has no such face.
        MissingDependencyError: When the head is not installed.
        WriteError: When writing fails half-way.
    """
    from mien.face.bridge import check_basis, installed_bases
    from mien.face.flame_coefficients import MIEN_RIG
    from mien.io.curves_file import check_format, write_curves
    from mien.io.files import check_file

    place = Path(path)
    check_format(place)
    check_file(place, overwrite=overwrite)
    basis = installed_bases()[0] if basis == "auto" else basis
    check_basis(basis)
    if face is not None:
        faces = [shot.face(face)]
    elif place.suffix.lower() == ".json":
        faces = list(shot.faces)
    else:
        faces = [main_face(shot)]
    fits = {}
    if basis != MIEN_RIG:
        found = fit_flame(shot, basis=basis, faces=faces, raw=raw)
        fits = {one.number: fit for one, fit in zip(faces, found, strict=True)}
    write_curves(shot, faces, place, raw=raw, fits=fits)
    return WrittenCurves(tuple(one.number for one in faces), basis)


def _as_project(source: Shot | Project | PathLike, edits: Sequence[Edit]) -> Project:
    if isinstance(source, Project):
        if not source.online:
            raise ProjectError(
                f"The media of {source.title} were not looked for, or not found.",
                "Load it with find_media, or say where they are.",
            )
        return source
    if isinstance(source, Shot):
        return Project(source)
    if Path(source).suffix.lower() == SUFFIX:
        return load_project(source)
    # Media by name were tracked before, or there would be no edits: these bring the faces.
    faces = {edit.face.number: edit.face for edit in edits}
    return Project(dataclasses.replace(open_shot(source), faces=tuple(faces.values())))


def _span(shot: Shot, frames: FrameRange | str | None) -> FrameRange:
    if frames is None:
        return shot.clock.all
    # A range is checked by the same rules as a typed one.
    return shot.clock.parse_range(str(frames))


def _renderer(name: str, settings: ReferenceSettings | None, *, needed: bool) -> Renderer | None:
    """The renderer of a name; None when none is needed, but a wrong name is still an error."""
    from mien.rendering.registry import get_renderer

    if name == "auto" and not needed:
        return None
    found = get_renderer(name, settings)
    return found if needed else None
