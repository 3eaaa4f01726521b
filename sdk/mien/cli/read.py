"""The verb that reads what a performance does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from mien.cli.options import FaceChoice, Json, Overwrite, ShotOfProject, ShotOrProject
from mien.cli.output import print_json, print_notice
from mien.errors import UsageError

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(read)


def read(
    shot: ShotOrProject,
    which: ShotOfProject = None,
    face: FaceChoice = None,
    picture: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
        typer.Option(
            "--picture", metavar="FILE.svg", help="Draw the timeline of events and curves, too."
        ),
    ] = None,
    edited: Annotated[
        bool, typer.Option("--edited", help="Read what the project's edits let the face do.")
    ] = False,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Say what a face does: blinks, smiles, looks, speech, and the nearest words for feelings."""
    from mien import api
    from mien.api.reading import describe_event, reading_facts, write_reading_picture
    from mien.io.files import check_file
    from mien.io.project import SUFFIX
    from mien.model.evaluate import evaluate
    from mien.model.face_names import read_face
    from mien.model.reading import read_performance

    if picture is not None:
        if picture.suffix.lower() != ".svg":
            raise UsageError(f"{picture.name} is no name of a drawing.", "Let it end in .svg.")
        check_file(picture, overwrite=overwrite)
    if shot.suffix.lower() == SUFFIX:
        project = api.load_project(shot, which, find_media=False)
        tracked = project.shot
    elif edited:
        raise UsageError(f"--edited goes with a project, and {shot.name} is none.")
    elif which is not None:
        raise UsageError(f"--shot goes with a project, and {shot.name} is none.")
    else:
        tracked = api.track(shot)
    one = api.main_face(tracked) if face is None else tracked.face(read_face(face))
    controls = None
    if edited:
        layers = project.edit(one.number).layers
        controls = evaluate(one.curves.controls.array, layers, one.valid, tracked.breaks).target
    reading = read_performance(one, controls)
    if picture is not None:
        write_reading_picture(reading, one, picture, overwrite=overwrite)
    if json:
        facts = {"source": str(shot)} | reading_facts(reading, one)
        print_json(facts | ({} if picture is None else {"picture": str(picture)}))
        return
    typer.echo(f"{one.number} {one.name}, {one.clock.frame_count} frames")
    for event in reading.events:
        typer.echo(describe_event(event, one))
    if not reading.events:
        typer.echo("nothing that mien reads")
    if picture is not None:
        print_notice(f"wrote {picture}")
