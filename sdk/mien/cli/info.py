"""The verb that says what a project holds, and what is known of a clip."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from mien.cli.options import Json, Media, Overwrite, ShotOfProject
from mien.cli.output import describe_keys, print_json, print_notice
from mien.errors import UsageError
from mien.model.spans import list_spans
from mien.timebase import FrameRange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mien.model.document import Document

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(info)


def info(
    source: Annotated[
        Path,
        typer.Argument(metavar="SHOT.mien|CLIP", help="A project, or a movie or image sequence."),
    ],
    which: ShotOfProject = None,
    page: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
        typer.Option(
            "--html",
            metavar="PAGE.html",
            help="Write a page with pictures of everybody, too.",
        ),
    ] = None,
    sheet: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--sheet",
            metavar="SHEET.png",
            help="Write a contact sheet: everybody with name, pictures and when they are seen.",
        ),
    ] = None,
    media: Media = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Say what a project holds: its shots, who is in them, and what is edited.

    Of a clip, what the project in its folder says that was made of it; nothing is tracked.
    Media are needed for the pictures of --html and --sheet only.
    """
    from mien.io.files import check_file

    _check_ending(page, ".html", ".htm")
    _check_ending(sheet, ".png")
    for file in (page, sheet):
        if file is not None:
            check_file(file, overwrite=overwrite)
    facts, document = _opened(source, which, media)
    if page is not None:
        from mien.api.info import write_info_page

        write_info_page(document, page, source.name)
        facts["page"] = str(page)
    if sheet is not None:
        from mien.api.info_sheet import write_info_sheet

        write_info_sheet(document, sheet)
        facts["sheet"] = str(sheet)
    if json:
        print_json(facts)
        return
    _tell(facts)
    for file in (page, sheet):
        if file is not None:
            print_notice(f"wrote {file}")


def _check_ending(file: Path | None, *endings: str) -> None:
    if file is not None and file.suffix.lower() not in endings:
        what = "page" if ".html" in endings else "picture"
        raise UsageError(f"{file.name} is no name of a {what}.", f"Let it end in {endings[0]}.")


def _opened(source: Path, which: str | None, media: Path | None) -> tuple[dict[str, Any], Document]:
    """What is said of a project or a clip, and the shots that it is said of."""
    from mien import api
    from mien.io.beside import project_beside
    from mien.io.project import SUFFIX, describe, find_shots, relink
    from mien.model.summary import summarize_project
    from mien.path_map import machine_map

    machine_map()  # a wrong one is said: media would only seem to be gone
    facts: dict[str, Any] = {}
    project: Path | None = source
    if source.suffix.lower() == SUFFIX:
        document = api.load_document(source, find_media=False)
        if media is not None or which is not None:
            chosen = document.choose(which, source.name)
            document = api.Document((chosen if media is None else relink(chosen, media, source),))
        document = find_shots(document, source)
    else:
        if media is not None:
            raise UsageError(f"--media goes with a project, and {source.name} is none.")
        shot = api.open_shot(source)
        facts["clip"] = str(source)
        project = project_beside(shot.media)
        if project is None:
            if which is not None:
                raise UsageError(f"--shot goes with a project, and {source.name} has none.")
            document = api.Document((api.Project(shot),))
        else:
            content = shot.media.fingerprint
            of_it = [
                relink(one, source, project)
                for one in api.load_document(project, find_media=False).shots
                if one.shot.media.fingerprint == content
            ]
            document = api.Document(tuple(of_it))
            if which is not None:
                document = api.Document((document.choose(which, project.name),))
    written_by = None if project is None else describe(project).written_by
    facts |= {"project": None if project is None else str(project), "written_by": written_by}
    return facts | {"shots": [summarize_project(one) for one in document.shots]}, document


def _tell(facts: Mapping[str, Any]) -> None:
    shots = facts["shots"]
    count = "1 shot" if len(shots) == 1 else f"{len(shots)} shots"
    if facts["project"] is None:
        remedy = "`mien track` finds who is in it, `mien probe` tells more of the media"
        typer.echo(f"{facts['clip']}: no project of it in its folder; {remedy}")
    else:
        typer.echo(f"{facts['project']}: {count}, written by {facts['written_by']}")
    for number, shot in enumerate(shots, 1):
        _tell_shot(number, shot)


def _tell_shot(number: int, shot: Mapping[str, Any]) -> None:
    from mien.api.info import describe_faces

    media = shot["media"]
    lost = "" if media["online"] else " (not found)"
    varies = " (variable)" if media["variable_rate"] else ""
    start = "" if media["start"] is None else f" from {media['start']}"
    typer.echo(f"{number} {shot['shot']}: {media['path']}{lost}")
    typer.echo(
        f"  {media['size'][0]} x {media['size'][1]}, {media['codec']}, {media['frames']} frames"
        f" at {float(Fraction(media['rate'])):.6g} fps{varies}{start}"
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
        span = "" if track["span"] is None else " in {}:{}".format(*track["span"])
        typer.echo(f"    {track['control']} {track['mode']}{span}: {describe_keys(track['keys'])}")
