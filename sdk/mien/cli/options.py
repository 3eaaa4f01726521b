"""Options that several verbs share, so that they read alike everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

from mien.cli.completions import complete_codec, complete_face, complete_tracker

__all__ = [
    "CodecName", "Examples", "FaceChoice", "Json", "Media", "MissingFrames", "OpenLoop",
    "Overwrite", "ProjectOutput", "Provenance", "ShotOfProject", "ShotOrProject", "Stream",
    "TrackerName", "UntilDamage",
]  # fmt: skip

ShotOrProject = Annotated[
    Path,
    typer.Argument(
        metavar="SHOT|SHOT.mien", help="A movie, an image sequence (shot.%04d.exr) or a project."
    ),
]
Examples = Annotated[
    Optional[list[Path]],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
    typer.Option(
        "--examples",
        metavar="CLIP|IMAGE",
        help="Other material of the same people, to learn from how they look. May be given several"
        " times.",
    ),
]
CodecName = Annotated[
    Optional[str],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
    typer.Option(
        "--codec",
        metavar="NAME",
        help="Video codec; each source's own family when not given.",
        autocompletion=complete_codec,
    ),
]
FaceChoice = Annotated[
    Optional[str],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
    typer.Option(
        "--face",
        metavar="N|NAME",
        autocompletion=complete_face,
        help="Number or name of the face; the largest when not given.",
    ),
]
Media = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--media", metavar="PATH", help="Where a project's media are, if they moved."),
]
ShotOfProject = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--shot", metavar="NAME|N", help="Which shot, of a project that holds several."),
]
Stream = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(
        "--stream",
        metavar="N",
        min=0,
        help="Number of the video stream, where a movie holds several (`mien probe` lists them);"
        " the one that players show when not given.",
    ),
]
TrackerName = Annotated[
    str,
    typer.Option(
        "--tracker",
        metavar="NAME",
        help="auto, or a tracker by name.",
        autocompletion=complete_tracker,
    ),
]
ProjectOutput = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        "-o", "--output", metavar="OTHER.mien", help="The project to write; else the same."
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output if it exists.")]
UntilDamage = Annotated[
    bool,
    typer.Option(
        "--until-damage",
        help="Where the source is damaged or cut off, take what comes before it, and say so.",
    ),
]
MissingFrames = Annotated[
    Literal["error", "hold", "black"],
    typer.Option(
        "--missing-frames",
        help="What stands for images that an image sequence lacks: the one before, black, or an"
        " error that names them.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
OpenLoop = Annotated[
    bool,
    typer.Option(
        "--open-loop",
        help="Leave amounts as they are asked for; else a few frames are looked at first, and"
        " amounts corrected by what is seen.",
    ),
]
Provenance = Annotated[
    Optional[bool],  # noqa: UP045
    typer.Option(
        "--provenance/--no-provenance",
        help="Whether the output carries signed credentials of what was done (C2PA); what the"
        " project says when not given, else yes.",
    ),
]
