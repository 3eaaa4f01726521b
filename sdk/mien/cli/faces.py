"""The verbs about who is who: list the faces of a project, merge, split, remove and name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from mien.cli.command import App, Group
from mien.cli.completions import complete_face
from mien.cli.face_changes import Face, ProjectFile, changes_project
from mien.cli.options import Json, ShotOfProject
from mien.cli.output import print_json, print_notice

if TYPE_CHECKING:
    from mien.model.document import Project

__all__ = ["faces"]

_LIST = "list"


class _ListsByDefault(Group):
    """`mien faces SHOT.mien` is `mien faces list SHOT.mien`."""

    def parse_args(self, context: Any, args: list[str]) -> list[str]:
        if args and not {*self.commands, "-h", "--help"} & set(args):
            args.insert(0, _LIST)
        return super().parse_args(context, args)


faces = App(
    cls=_ListsByDefault,
    help="Who is in a project, and tracking put right: merge, split, remove, name or track faces"
    " again, move landmarks by hand. `mien faces SHOT.mien` lists them. Edits go along with their"
    " faces.",
)


@faces.command(_LIST)
def list_faces(project: ProjectFile, which: ShotOfProject = None, json: Json = False) -> None:
    """Say who is in a project, and when they are seen."""
    from mien import api
    from mien.api.info import describe_faces

    document = api.load_document(project, find_media=False)
    shots = document.shots if which is None else (document.choose(which, project.name),)
    facts = [api.summarize_project(shot) for shot in shots]
    if json:
        listed = [{key: one[key] for key in ("shot", "id", "faces")} for one in facts]
        print_json({"project": str(project), "shots": listed})
        return
    for one in facts:
        if len(facts) > 1:
            typer.echo(f"{one['shot']}:")
        for line in describe_faces(one) or ["no faces"]:
            typer.echo(line)


@faces.command()
@changes_project()
def merge(
    shot: Project,
    chosen: Annotated[
        list[str],
        typer.Argument(
            metavar="FACE FACE...",
            help="Numbers or names; the first keeps number and name.",
            autocompletion=complete_face,
        ),
    ],
) -> Project:
    """Make one face of several that are the same person."""
    from mien import api

    return api.merge_faces(shot, chosen)


@faces.command()
@changes_project()
def split(
    shot: Project,
    face: Face,
    frames: Annotated[
        str,
        typer.Argument(
            metavar="START:END",
            help="The frames that are of somebody else (END excluded), as 120: or 2s:4s.",
        ),
    ],
) -> Project:
    """Make two faces of one that is two people."""
    from mien import api

    return api.split_face(shot, face, frames)


@faces.command()
@changes_project()
def remove(shot: Project, face: Face) -> Project:
    """Take a face out, with what is asked of it."""
    from mien import api

    return api.remove_face(shot, face)


@faces.command()
@changes_project()
def rename(
    shot: Project,
    face: Face,
    name: Annotated[str, typer.Argument(metavar="NAME", help="By which every front knows it.")],
) -> Project:
    """Give a face a name."""
    from mien import api

    return api.rename_face(shot, face, name)


_OneFace = Annotated[
    str,
    typer.Option(
        "--face",
        metavar="N|NAME",
        help="Number or name of the face.",
        autocompletion=complete_face,
    ),
]
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
    from mien.cli.values import numbers

    dx, dy = numbers(by, "--by", (2,), "two numbers, as 4,-2")
    fades = numbers(falloff, "--falloff", (1, 2), "frames, as 6 or 3,10", whole=True)
    before, after = int(fades[0]), int(fades[-1])
    return api.correct_landmarks(shot, face, frame, group, dx, dy, falloff=(before, after))  # type: ignore[arg-type]


@faces.command()
def corrections(
    project: ProjectFile,
    face: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
        typer.Option("--face", metavar="N|NAME", help="Only those of this face."),
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

    document = api.load_document(project, find_media=False)
    shot = document.choose(which, project.name)
    if clear:
        shot = api.remove_corrections(shot, face, frame=frame, group=group)  # type: ignore[arg-type]
        api.save_document(document.with_shot(shot), project)
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
