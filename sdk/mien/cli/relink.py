"""The verb that says where the media of projects are now."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Optional

import typer

from mien.cli.options import Json, Overwrite, ProjectOutput, ShotOfProject
from mien.cli.output import print_done, print_json
from mien.errors import ProjectError, UsageError

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(relink)


def relink(
    project: Annotated[Path, typer.Argument(metavar="SHOT.mien", help="A project.")],
    media: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
        typer.Argument(
            metavar="FILE|DIR",
            help="Its media, in this size or in another; or a folder that holds them.",
        ),
    ] = None,
    rules: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--map",
            metavar="OLD=NEW",
            help="Where a folder is now; may be given several times, or a JSON file with rules.",
        ),
    ] = None,
    which: ShotOfProject = None,
    output: ProjectOutput = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Write where a project's media are now; tracking and edits stay.

    What is there is checked: it holds what was tracked, or has as many frames at the same rate in
    the same shape and shows the same pictures. In another size landmarks and strokes scale with it.
    """
    from mien.api.relinking import relink_file
    from mien.io.project import check_project
    from mien.path_map import PathMap

    if (media is None) == (not rules):
        raise UsageError(
            "Where the media are is not clear.", "Give a file, a folder, or --map OLD=NEW."
        )
    if media is not None and not os.path.exists(media) and "%" not in media.name:
        raise ProjectError(
            f"There is no file or folder {media}.", "Check where the media are.", path=media
        )
    check_project(project if output is None else output, overwrite=overwrite or output is None)
    mapped = PathMap.parse(";".join(rules)) if rules else None
    reports = relink_file(project, media, shot=which, rules=mapped, output=output)
    if json:
        facts = [
            {
                "shot": one.project.title,
                "media": str(one.media),
                "before": str(one.before),
                "same_content": one.same_content,
                "compared": one.compared,
                "scale": round(one.scale, 6),
            }
            for one in reports
        ]
        print_json({"source": str(project), "project": str(output or project), "shots": facts})
        return
    for one in reports:
        print_done(str(one))
    print_done(f"wrote {output or project}")
