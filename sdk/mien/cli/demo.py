"""The verb demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mien.cli.options import Json
from mien.cli.output import print_done, print_json, print_table

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(demo)


def demo(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the results.")
    ] = Path("mien-demo"),
    json: Json = False,
) -> None:
    """Edit a face in footage that mien makes itself; no network, no weights."""
    from mien.demo import run_demo

    report = run_demo(output)
    if json:
        print_json(report.to_dict())
        return
    print_done(
        f"{report.frames} frames, a face in {report.frames_seen}, {report.frames_edited} edited,"
        f" {sum(report.seconds.values()):.0f} s\n"
    )
    print_table([(f"  {path}", what) for path, what in report.files])
