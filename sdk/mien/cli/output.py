"""What the command line prints: text or one JSON object on standard output, errors beside it."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from mien.errors import MienError

__all__ = ["print_error", "print_json", "print_notice", "print_table"]


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on standard output."""
    typer.echo(json.dumps(value, indent=2, allow_nan=False))


def print_notice(text: str) -> None:
    """Print a line on standard error; that nobody listens there stops no work."""
    if sys.stderr is None:
        return  # print would take standard output instead
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201


def print_error(error: MienError, *, as_json: bool) -> None:
    """Print an error as one line on standard error, and as JSON where that was asked for."""
    print_notice(f"mien: error: {_one_line(str(error))}")
    if not as_json:
        return
    # The exit code still tells what standard output could not.
    with contextlib.suppress(OSError):
        print_json(
            {
                "error": {
                    "code": error.code,
                    "cause": _one_line(error.cause),
                    "remedy": _one_line(error.remedy),
                    "exit_code": error.exit_code,
                }
            }
        )


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of text in columns, the last one as wide as it likes."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)] if rows else []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        typer.echo("  ".join([*cells, row[-1]]).rstrip())


def _one_line(text: str) -> str:
    return " ".join(text.split())
