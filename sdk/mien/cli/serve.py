"""The verb that serves other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from mien.cli.output import print_document
from mien.errors import UsageError

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(serve)


def serve(
    tcp: Annotated[
        Optional[int],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
        typer.Option(
            "--tcp", metavar="PORT", min=0, max=65535,
            help="Listen on this machine's loopback address in place of standard input; 0 takes"
            " a free port.",
        ),
    ] = None,
    token_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--token-file", metavar="FILE",
            help="With --tcp: holds the token that clients must know, and nobody else may read it.",
        ),
    ] = None,
    root: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Option(
            "--root", metavar="FOLDER",
            help="Work in this folder alone, whatever paths clients give; may be repeated.",
        ),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of every message, and end.")
    ] = False,
) -> None:  # fmt: skip
    """Serve other programs: JSON lines over standard input and output, as docs/serve.md tells."""
    if schema:
        from mien.serve.protocol import schema as describe

        print_document(describe())
        return
    if tcp is None:
        if token_file is not None:
            raise UsageError("--token-file goes with --tcp.")
        from mien.serve.stdio import serve_stdio

        raise typer.Exit(serve_stdio(root or ()))
    from mien.serve.tcp import serve_tcp

    raise typer.Exit(serve_tcp(tcp, token_file, root or ()))
