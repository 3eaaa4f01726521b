"""The verb that checks the ledger of renders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from mien.cli.options import Json
from mien.cli.output import print_done, print_json, print_notice
from mien.errors import InputError

__all__ = ["add_to"]


def add_to(group: typer.Typer) -> None:
    """Add the verb to `mien provenance`."""
    group.command("verify-ledger")(verify_ledger)


def verify_ledger(
    ledger: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
        typer.Argument(
            metavar="FILE", help="The ledger; the one that renders are written into, if not said."
        ),
    ] = None,
    anchors: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--anchor",
            metavar="NUMBER:HASH",
            help="A head that was noted earlier: that line has to be there. May be given again.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Say whether a line of the ledger was changed, cut out, put in or moved, and which."""
    from mien.consent.verify import verify_ledger as verify

    report = verify(ledger, anchors or ())
    if json:
        print_json(report.to_dict())
    else:
        for problem in report.problems:
            typer.echo(str(problem))
        for note in report.notes:
            print_notice(note)
        if report.valid:
            head = "" if report.head is None else f"; head {report.head}"
            print_done(f"{report.path}: {report.entries} entries, nothing changed{head}")
    if not report.valid:
        first, count = report.problems[0], len(report.problems)
        raise InputError(
            f"{report.path} is not as it was written: {first}"
            f"{f', and {count - 1} problems more' if count > 1 else ''}.",
            "Lines before that one are as they were.",
            path=report.path,
        )
