"""The verb that opens the desktop editor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mien.errors import MissingDependencyError

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(desktop)


Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[SHOT.mien|CLIP...]", help="A project to open, or clips.", show_default=False
    ),
]


def desktop(files: Files = None) -> None:
    """Open the timeline editor."""
    try:
        from mien_desktop.app import main
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("PySide6", "shiboken6"):
            raise
        raise MissingDependencyError(
            "The editor needs PySide6.", 'Install it with: pip install "mien[desktop]"'
        ) from error
    code = main([str(path) for path in files or ()])
    if code:
        raise typer.Exit(code)
