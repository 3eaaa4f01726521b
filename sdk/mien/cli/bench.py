"""The verbs that measure mien and its renderers on anybody's clips."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from mien.cli.command import App
from mien.cli.completions import complete_renderer
from mien.cli.options import FaceChoice, Json, Overwrite
from mien.cli.output import print_json, print_notice, print_table
from mien.errors import MienError

__all__ = ["bench"]

bench = App(
    help="Measure renderers on clips of your own. `mien bench quality` compares edits with what was"
    " really filmed."
)


_Renderers = Annotated[
    Optional[list[str]],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
    typer.Option(
        "--renderer",
        metavar="NAME",
        help="auto, or a renderer by name. May be given several times.",
        autocompletion=complete_renderer,
    ),
]
_Frames = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--frames",
        metavar="A:B",
        help="These frames only (B excluded), in frames, seconds or timecode; the first 240"
        " when not given.",
    ),
]
_Cut = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--cut", metavar="TIME", help="Where take A ends and take B begins; the middle."),
]
_Identity = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--identity",
        metavar="NAME",
        help="arcface, dlib-resnet or landmarks; the best installed when not given.",
    ),
]
_Landmarker = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        "--landmarker",
        metavar="FILE.task",
        help="MediaPipe's Face Landmarker, to read landmarks in place of mien's own tracker.",
    ),
]
_Pictures = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        "-o", "--output", metavar="DIR", help="Pictures to look at, a file for each clip."
    ),
]


@bench.callback()
def _group() -> None:
    """Keep the group a group while it has one command."""


@bench.command()
def quality(
    clips: Annotated[
        list[Path],
        typer.Argument(
            metavar="CLIP|SHOT.mien",
            help="Clips of one lively person each, or projects, which are tracked already.",
        ),
    ],
    renderers: _Renderers = None,
    frames: _Frames = None,
    cut: _Cut = None,
    pairs: Annotated[
        int, typer.Option("--pairs", metavar="N", min=1, help="Frames to edit, at most.")
    ] = 8,
    face: FaceChoice = None,
    identity: _Identity = None,
    landmarker: _Landmarker = None,
    output: _Pictures = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Compare edits with the truth: take A of a clip is edited to do what take B does.

    Each figure stands beside that of the plate as it was filmed (`nothing`).
    """
    from mien.bench import QualityOptions, measure_quality, quality_table

    options = QualityOptions(
        tuple(renderers or ("auto",)), frames, cut, pairs, face, identity, landmarker, output,
        overwrite,
    )  # fmt: skip
    result = measure_quality(clips, options)
    code = MienError.exit_code if result.left_out else 0
    if json:
        print_json(result.to_dict(), code)
    else:
        print_table(quality_table(result))
        notes = [note for clip in result.clips for note in clip.notes]
        for note in [*notes, *(f"{name}: {how}" for name, how in result.measured_by.items())]:
            print_notice(note)
        for clip, reason in result.left_out.items():
            print_notice(f"left out {clip}: {reason}")
    if code:
        raise typer.Exit(code)
