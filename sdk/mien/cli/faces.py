"""The verbs about who is who: list the faces of a project, merge, split, remove and name them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from mien.cli.command import App, Group
from mien.cli.completions import complete_face
from mien.cli.options import Json, Overwrite, ShotOfProject
from mien.cli.output import print_done, print_json, print_notice

if TYPE_CHECKING:
    from collections.abc import Callable

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
    help="Who is in a project; merge, split, remove or name them. `mien faces SHOT.mien` lists"
    " them. Edits go along with their faces, and the media are not needed.",
)

_Project = Annotated[Path, typer.Argument(metavar="SHOT.mien", help="A project.")]
_Face = Annotated[
    str,
    typer.Argument(
        metavar="FACE", help="Number or name of the face.", autocompletion=complete_face
    ),
]
_Output = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
    typer.Option("-o", "--output", metavar="OTHER.mien", help="Where to write; the same if not."),
]


@faces.command(_LIST)
def list_faces(project: _Project, which: ShotOfProject = None, json: Json = False) -> None:
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
def merge(
    project: _Project,
    chosen: Annotated[
        list[str],
        typer.Argument(
            metavar="FACE FACE...",
            help="Numbers or names; the first keeps number and name.",
            autocompletion=complete_face,
        ),
    ],
    which: ShotOfProject = None,
    output: _Output = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Make one face of several that are the same person."""
    from mien import api

    def change(shot: Project) -> Project:
        return api.merge_faces(shot, chosen)

    _change(project, which, output, change, overwrite=overwrite, json=json)


@faces.command()
def split(
    project: _Project,
    face: _Face,
    frames: Annotated[
        str,
        typer.Argument(
            metavar="START:END",
            help="The frames that are of somebody else (END excluded), as 120: or 2s:4s.",
        ),
    ],
    which: ShotOfProject = None,
    output: _Output = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Make two faces of one that is two people."""
    from mien import api

    def change(shot: Project) -> Project:
        return api.split_face(shot, face, frames)

    _change(project, which, output, change, overwrite=overwrite, json=json)


@faces.command()
def remove(
    project: _Project,
    face: _Face,
    which: ShotOfProject = None,
    output: _Output = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Take a face out, with what is asked of it."""
    from mien import api

    def change(shot: Project) -> Project:
        return api.remove_face(shot, face)

    _change(project, which, output, change, overwrite=overwrite, json=json)


@faces.command()
def rename(
    project: _Project,
    face: _Face,
    name: Annotated[str, typer.Argument(metavar="NAME", help="By which every front knows it.")],
    which: ShotOfProject = None,
    output: _Output = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Give a face a name."""
    from mien import api

    def change(shot: Project) -> Project:
        return api.rename_face(shot, face, name)

    _change(project, which, output, change, overwrite=overwrite, json=json)


def _change(
    path: Path,
    which: str | None,
    output: Path | None,
    change: Callable[[Project], Project],
    *,
    overwrite: bool,
    json: bool,
) -> None:
    """Change one shot of a project file, and say who is in it then."""
    from mien import api
    from mien.api.info import describe_faces
    from mien.io.project import check_project

    place = path if output is None else output
    check_project(place, overwrite=overwrite or output is None)
    document = api.load_document(path, find_media=False)
    changed = change(document.choose(which, path.name))
    api.save_document(document.with_shot(changed), place)
    facts = api.summarize_project(changed)
    if json:
        print_json({"project": str(place), "shot": facts["shot"], "faces": facts["faces"]})
        return
    for line in describe_faces(facts) or ["no faces"]:
        print_done(line)
    print_notice(f"wrote {place}")
