"""What the command line prints: text or one JSON object on standard output, errors beside it."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import typer

from mien.cli.messages import is_quiet, log_error, log_text
from mien.cli.option_names import with_commands
from mien.errors import MienError

__all__ = [
    "describe_keys",
    "print_document",
    "print_done",
    "print_error",
    "print_json",
    "print_notice",
    "print_table",
    "set_command",
]

_KEYS = 6
"""Keys of a track that are named."""
_COMMAND: ContextVar[str] = ContextVar("command", default="mien")
"""How the command that runs is called."""


def print_json(value: Mapping[str, Any], exit_code: int = 0) -> None:
    """Print one JSON object on standard output: what is to be known, and the exit code.

    The same everywhere: `faces` are objects with `number` and `name` at least, `face` is a number,
    `exit_code` is the process's, and `error` is there where the command failed.
    """
    print_document({**value, "exit_code": exit_code})


def print_document(value: Mapping[str, Any]) -> None:
    """Print an object that is a document of its own, such as a schema, as it is."""
    typer.echo(json.dumps(value, indent=2, allow_nan=False))


def set_command(path: str) -> None:
    """Say which command runs, as `mien render`: what is printed names options that it has."""
    _COMMAND.set(path)


def describe_keys(keys: Sequence[Mapping[str, Any]]) -> str:
    """Say in a line what the keys of a track are, the first of many.

    Args:
        keys: As `summarize_project` gives them.
    """
    said = ", ".join(f"{key['value']:g} at {key['frame']}" for key in keys[:_KEYS])
    return said + (f" and {len(keys) - _KEYS} keys more" if len(keys) > _KEYS else "")


def print_notice(text: str) -> None:
    """Print a line on standard error, unless --quiet; that nobody listens there stops no work."""
    text = with_commands(text, _COMMAND.get())
    log_text(text)
    if not is_quiet():
        _print_on_stderr(text)


def print_done(text: str) -> None:
    """Print on standard output what a command did, unless --quiet.

    What was asked for, as a list or a table, is printed by itself, however quiet.
    """
    log_text(text)
    if not is_quiet():
        typer.echo(text)


def _print_on_stderr(text: str) -> None:
    if sys.stderr is None:
        return  # print would take standard output instead
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201


def print_error(error: MienError, *, as_json: bool) -> None:
    """Print an error as one line on standard error, and as JSON where that was asked for."""
    log_error(error)
    _print_on_stderr(with_commands(f"mien: error: {_one_line(str(error))}", _COMMAND.get()))
    if not as_json:
        return
    # The exit code still tells what standard output could not.
    with contextlib.suppress(OSError):
        print_json(
            {
                "error": {
                    "code": error.code,
                    "cause": _own_words(error.cause),
                    "remedy": _own_words(error.remedy),
                    "exit_code": error.exit_code,
                }
            },
            error.exit_code,
        )


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of text in columns, the last one as wide as it likes."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)] if rows else []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        typer.echo("  ".join([*cells, row[-1]]).rstrip())


def _own_words(text: str) -> str:
    return with_commands(_one_line(text), _COMMAND.get())


def _one_line(text: str) -> str:
    return " ".join(text.split())
