"""The verb that says what a project holds."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from mien.cli.options import Json, Media, Overwrite, ShotOfProject
from mien.cli.output import print_json, print_notice
from mien.errors import UsageError
from mien.model.spans import list_spans
from mien.timebase import FrameRange

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["add_to"]

_KEYS = 6
"""Keys of a track that are named."""


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(info)


def info(
    project: Annotated[Path, typer.Argument(metavar="SHOT.mien", help="A project.")],
    which: ShotOfProject = None,
    page: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
        typer.Option(
            "--html",
            metavar="PAGE.html",
            help="Write a page with pictures of everybody, too.",
        ),
    ] = None,
    media: Media = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Say what a project holds: its shots, who is in them, and what is edited.

    Its media are needed for the pictures of --html only.
    """
    from mien import api
    from mien.io.files import check_file
    from mien.io.project import SUFFIX, describe, find_shots, relink
    from mien.model.summary import summarize_project

    if project.suffix.lower() != SUFFIX:
        raise UsageError(
            f"{project.name} is no project.", f"`mien probe {project.name}` tells of media."
        )
    if page is not None:
        if page.suffix.lower() not in (".html", ".htm"):
            raise UsageError(f"{page.name} is no name of a page.", "Let it end in .html.")
        check_file(page, overwrite=overwrite)
    document = api.load_document(project, find_media=False)
    if media is not None or which is not None:
        chosen = document.choose(which, project.name)
        document = api.Document((chosen if media is None else relink(chosen, media, project),))
    document = find_shots(document, project)
    facts = {
        "project": str(project),
        "written_by": describe(project).written_by,
        "shots": [summarize_project(one) for one in document.shots],
    }
    if page is not None:
        from mien.api.info import write_info_page

        write_info_page(document, page, project.name)
    if json:
        print_json(facts | ({} if page is None else {"page": str(page)}))
        return
    _tell(facts)
    if page is not None:
        print_notice(f"wrote {page}")


def _tell(facts: Mapping[str, Any]) -> None:
    shots = facts["shots"]
    count = "1 shot" if len(shots) == 1 else f"{len(shots)} shots"
    typer.echo(f"{facts['project']}: {count}, written by {facts['written_by']}")
    for number, shot in enumerate(shots, 1):
        _tell_shot(number, shot)


def _tell_shot(number: int, shot: Mapping[str, Any]) -> None:
    from mien.api.info import describe_faces

    media = shot["media"]
    lost = "" if media["online"] else " (not found)"
    start = "" if media["start"] is None else f" from {media['start']}"
    typer.echo(f"{number} {shot['shot']}: {media['path']}{lost}")
    typer.echo(
        f"  {media['size'][0]} x {media['size'][1]}, {media['codec']}, {media['frames']} frames"
        f" at {float(Fraction(media['rate'])):.6g} fps{start}"
    )
    for name in ("cuts", "mixes"):
        if shot[name]:
            typer.echo(f"  {name}: {len(shot[name])}")
    if shot["tracked_spans"] is not None:
        spans = [FrameRange(*span) for span in shot["tracked_spans"]]
        typer.echo(f"  tracked in part: {list_spans(spans)}")
    for line in describe_faces(shot) or ["no faces"]:
        typer.echo(f"  {line}")
    names = {face["number"]: face["name"] for face in shot["faces"]}
    for edit in shot["edits"]:
        for layer in edit["layers"]:
            _tell_layer(names[edit["face"]], layer)
    if not shot["edits"]:
        typer.echo("  no edits")
    for marker in shot["markers"]:
        typer.echo(f"  marker at {marker['frame']}: {marker['name'] or marker['color']}")


def _tell_layer(name: str, layer: Mapping[str, Any]) -> None:
    state = ", muted" if layer["muted"] else ""
    weight = "" if layer["weight"] == 1 else f", weight {layer['weight']:g}"
    typer.echo(f"  edit of {name}, layer {layer['name']}{weight}{state}:")
    for track in layer["tracks"]:
        keys = track["keys"]
        told = ", ".join(f"{key['value']:g} at {key['frame']}" for key in keys[:_KEYS])
        more = f" and {len(keys) - _KEYS} keys more" if len(keys) > _KEYS else ""
        span = "" if track["span"] is None else " in {}:{}".format(*track["span"])
        typer.echo(f"    {track['control']} {track['mode']}{span}: {told}{more}")
