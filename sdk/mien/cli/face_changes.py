"""What the verbs that change the faces of a project have in common."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from mien.cli.completions import complete_face
from mien.cli.options import Json, Overwrite, ProjectOutput, ShotOfProject
from mien.cli.output import print_done, print_json, print_notice

if TYPE_CHECKING:
    from mien.model.document import Project

__all__ = ["Face", "ProjectFile", "changes_project", "print_faces"]

ProjectFile = Annotated[Path, typer.Argument(metavar="SHOT.mien", help="A project.")]
Face = Annotated[
    str,
    typer.Argument(
        metavar="FACE", help="Number or name of the face.", autocompletion=complete_face
    ),
]


def changes_project(
    *, pictures: bool = False
) -> Callable[[Callable[..., Project]], Callable[..., None]]:
    """Return what makes a command of a function that changes one shot of a project.

    The function goes from the shot, and arguments and options of its own, to the changed shot. The
    command takes the project file before these, and afterwards which shot, where to write and
    whether to print JSON.

    Args:
        pictures: Whether the shot's pictures are looked at, so that its media are needed.
    """

    def made(change: Callable[..., Project]) -> Callable[..., None]:
        return _command(change, pictures=pictures)

    return made


def _command(change: Callable[..., Project], *, pictures: bool) -> Callable[..., None]:
    @functools.wraps(change)
    def command(
        project: Path,
        which: str | None,
        output: Path | None,
        overwrite: bool,
        json: bool,
        **own: Any,
    ) -> None:
        from mien import api
        from mien.io.changing import hold_project
        from mien.io.project import check_project, save_document

        place = project if output is None else output
        check_project(place, overwrite=overwrite or output is None)
        with hold_project(project, output) as version:
            document = api.load_document(project, find_media=pictures)
            changed = change(document.choose(which, project.name), **own)
            save_document(document.with_shot(changed), place, version)
        print_faces(changed, place, json=json)
        if not json:
            print_notice(f"wrote {place}")

    _describe(command, change)
    return command


def print_faces(project: Project, path: Path, *, json: bool) -> None:
    """Say who is in a shot."""
    from mien import api
    from mien.api.info import describe_faces

    facts = api.summarize_project(project)
    if json:
        print_json({"project": str(path), "shot": facts["shot"], "faces": facts["faces"]})
        return
    for line in describe_faces(facts) or ["no faces"]:
        print_done(line)


def _describe(command: Callable[..., None], change: Callable[..., Project]) -> None:
    """Give a command the arguments and options that typer is to read."""
    _, *own = inspect.signature(change).parameters.values()
    hints = get_type_hints(change, localns={"Project": Any}, include_extras=True)
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("project", keyword, annotation=ProjectFile)]
    parameters += [one.replace(annotation=hints[one.name], kind=keyword) for one in own]
    parameters += [
        inspect.Parameter(name, keyword, default=default, annotation=annotation)
        for name, default, annotation in (
            ("which", None, ShotOfProject),
            ("output", None, ProjectOutput),
            ("overwrite", False, Overwrite),
            ("json", False, Json),
        )
    ]
    signature = inspect.Signature(parameters, return_annotation=None)
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
