"""The verbs about who is who: list the faces of a project, merge, split, remove and name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli.command import App, Group
from mien.cli.completions import complete_face
from mien.cli.face_changes import Face, ProjectFile, changes_project
from mien.cli.options import Json, ShotOfProject
from mien.cli.output import print_json

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
