"""The verbs that put tracking right: landmarks by hand, faces tracked again, other trackers'."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Optional

import typer

from mien.cli.completions import complete_face
from mien.cli.face_changes import ProjectFile, changes_project
from mien.cli.faces import faces
from mien.cli.options import FaceChoice, Json, Overwrite, ShotOfProject
from mien.cli.output import print_json, print_notice
from mien.cli.values import numbers
from mien.model.face_names import describe_face, read_face

if TYPE_CHECKING:
    from mien.model.document import Project

__all__ = ["faces"]

_FACE: Final = typer.Option(
    "--face", metavar="N|NAME", help="Number or name of the face.", autocompletion=complete_face
)
_OneFace = Annotated[str, _FACE]
_MaybeFace = Annotated[Optional[str], _FACE]  # noqa: UP045 - typer reads it on Python 3.10 too
_Group = Annotated[
    str,
    typer.Option(
        "--group",
        metavar="GROUP",
        help="left_eye, right_eye (the person's own), brows, nose, mouth or jaw.",
    ),
]


@faces.command()
@changes_project()
def correct(
    shot: Project,
    face: _OneFace,
    frame: Annotated[
        str, typer.Option("--frame", metavar="TIME", help="The frame, as 12, 1.5s or a timecode.")
    ],
    group: _Group,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="X,Y",
            help="Pixels of the upright picture to the right and down, from where they are now.",
        ),
    ],
    falloff: Annotated[
        str,
        typer.Option(
            "--falloff",
            metavar="N|N,N",
            help="Frames before and after over which it fades.",
        ),
    ] = "6",
) -> Project:
    """Move landmarks by hand where they were tracked wrongly; pose and controls follow."""
    from mien import api

    dx, dy = numbers(by, "--by", (2,), "two numbers, as 4,-2")
    fades = numbers(falloff, "--falloff", (1, 2), "frames, as 6 or 3,10", whole=True)
    before, after = int(fades[0]), int(fades[-1])
    return api.correct_landmarks(shot, face, frame, group, dx, dy, falloff=(before, after))  # type: ignore[arg-type]


@faces.command()
def corrections(
    project: ProjectFile,
    face: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
        typer.Option(
            "--face",
            metavar="N|NAME",
            help="Only those of this face.",
            autocompletion=complete_face,
        ),
    ] = None,
    frame: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--frame", metavar="TIME", help="Only those of this frame."),
    ] = None,
    group: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--group", metavar="GROUP", help="Only those of these landmarks."),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take them away.")] = False,
    which: ShotOfProject = None,
    json: Json = False,
) -> None:
    """List landmarks that were moved by hand, or take that back."""
    from mien import api
    from mien.io.changing import hold_project
    from mien.io.project import save_document

    with hold_project(project) if clear else nullcontext() as version:
        document = api.load_document(project, find_media=False)
        shot = document.choose(which, project.name)
        if clear:
            shot = api.remove_corrections(shot, face, frame=frame, group=group)  # type: ignore[arg-type]
            save_document(document.with_shot(shot), project, version)
    chosen = shot.shot.faces if face is None else (shot.shot.face(face),)
    at = None if frame is None else shot.shot.clock.parse(frame)
    listed = [
        {"face": one.number, "name": one.name, **correction}
        for one, facts in zip(chosen, _facts(shot, [one.number for one in chosen]), strict=True)
        for correction in facts
        if at in (None, correction["frame"]) and group in (None, correction["group"])
    ]
    if json:
        print_json({"project": str(project), "shot": shot.title, "corrections": listed})
        return
    for item in listed:
        typer.echo(
            f"{item['face']} {item['name']}: frame {item['frame']}, {item['group']} by"
            f" {item['dx']:g}, {item['dy']:g} pixels, fading over {item['before']} and"
            f" {item['after']} frames"
        )
    if not listed:
        typer.echo("no corrections")
    if clear:
        print_notice(f"wrote {project}")


def _facts(shot: Project, numbers: list[int]) -> list[list[dict[str, Any]]]:
    from mien import api

    faces_of = {one["number"]: one["corrections"] for one in api.summarize_project(shot)["faces"]}
    return [faces_of[number] for number in numbers]


_NewFace = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--new", metavar="NAME", help="A new face, by that name."),
]


def _lost_told(before: Project, after: Project) -> Project:
    """Say which corrections by hand are gone with the landmarks that they were made to."""
    for face in before.shot.faces:
        kept = after.shot.face(face.number).corrections
        lost = [str(one.frame) for one in face.corrections if one not in kept]
        if lost:
            print_notice(
                f"{describe_face(face)}: corrections by hand in frame {', '.join(lost)} are gone"
                " with the landmarks that they were made to; look there again."
            )
    return after


@faces.command()
@changes_project(pictures=True)
def track(
    shot: Project,
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="The frame in which you point at it.")
    ],
    face: _MaybeFace = None,
    new: _NewFace = None,
    frames: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--frames",
            metavar="START:END",
            help="Frames that are tracked again (END excluded); up to the cuts when not given.",
        ),
    ] = None,
    box: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--box",
            metavar="X,Y,W,H",
            help="A box around the face, brows to chin, pixels of the upright picture.",
        ),
    ] = None,
    point: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--point", metavar="X,Y", help="A point on the face, in place of a box."),
    ] = None,
) -> Project:
    """Track a face again from where you point, or one that was missed; edits stay."""
    from mien import api

    _check_whose(face, new)
    around = None if box is None else numbers(box, "--box", (4,), "x,y,w,h in pixels")
    on = None if point is None else numbers(point, "--point", (2,), "x,y in pixels")
    done = api.retrack_face(shot, face, frames, at=at, box=around, point=on, name=new or "")
    return _lost_told(shot, done)


@faces.command()
@changes_project()
def neutral(
    shot: Project,
    face: FaceChoice = None,
    frame: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--frame", metavar="TIME", help="A frame in which it is neutral, as 12 or 1.5s."
        ),
    ] = None,
    image: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--image", metavar="FILE", help="A picture of the person, in its place."),
    ] = None,
    auto: Annotated[
        bool, typer.Option("--auto", help="Where the shot shows the face at rest.")
    ] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="As it was learned from the whole shot.")
    ] = False,
) -> Project:
    """Say what is neutral for a person: the face is solved again, with all controls at 0 there."""
    from mien import api
    from mien.errors import UsageError

    if (frame is not None) + (image is not None) + auto + reset != 1:
        raise UsageError(
            "What is neutral has to be said once.",
            "Give --frame TIME, --image FILE, --auto, or --reset for as it was learned.",
        )
    chosen = api.main_face(shot.shot) if face is None else shot.shot.face(read_face(face))
    if reset:
        return api.reset_neutral(shot, chosen.number)
    return api.set_neutral(shot, chosen.number, frame=frame, image=image, notice=print_notice)


@faces.command("import")
@changes_project()
def import_(
    shot: Project,
    file: Annotated[
        Path, typer.Argument(metavar="FILE.json", help="Landmarks; docs/trackers.md says how.")
    ],
    face: _MaybeFace = None,
    new: _NewFace = None,
) -> Project:
    """Take a face over from another tracker's landmarks; edits stay."""
    from mien import api

    _check_whose(face, new)
    return _lost_told(shot, api.import_landmarks(shot, file, face, name=new or ""))


@faces.command()
def export(
    project: ProjectFile,
    file: Annotated[Path, typer.Argument(metavar="FILE.json", help="Where to write.")],
    face: _MaybeFace = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="As they were tracked: not smoothed, not corrected.")
    ] = False,
    which: ShotOfProject = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Write the landmarks of a face as JSON, which `mien faces import` reads."""
    from mien import api

    document = api.load_document(project, find_media=False)
    shot = document.choose(which, project.name)
    api.export_landmarks(shot, file, face, raw=raw, overwrite=overwrite)
    if json:
        print_json({"project": str(project), "shot": shot.title, "output": str(file)})
    else:
        print_notice(f"wrote {file}")


def _check_whose(face: str | None, new: str | None) -> None:
    from mien.errors import UsageError

    if (face is None) == (new is None):
        raise UsageError(
            "Whose face it is has to be said once.", "Give --face N, or --new NAME for a new one."
        )
