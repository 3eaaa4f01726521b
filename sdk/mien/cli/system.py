"""The verbs about this installation: doctor and models."""

from __future__ import annotations

import typer

from mien.cli.models import models
from mien.cli.options import Json
from mien.cli.output import print_json, print_table
from mien.errors import MissingDependencyError

__all__ = ["add_to"]

_MARKS = {"ok": "ok", "optional": "--", "missing": "!!"}


def add_to(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command()(doctor)
    app.add_typer(models, name="models")


def doctor(json: Json = False) -> None:
    """Look at this installation: what works, what is missing, and how to get it."""
    from mien.doctor import examine

    checks = examine()
    missing = [check for check in checks if check.state == "missing"]
    if json:
        print_json({"ok": not missing, "checks": [check.to_dict() for check in checks]})
    else:
        print_table(
            [
                (_MARKS[check.state], check.name, f"{check.detail} {check.remedy}".strip())
                for check in checks
            ]
        )
    if missing:
        raise typer.Exit(MissingDependencyError.exit_code)
