"""The verbs about this installation: doctor and models."""

from __future__ import annotations

import typer

from mien.cli.options import Json
from mien.cli.output import print_json, print_table
from mien.errors import MissingPartError

__all__ = ["add_to"]

_MARKS = {"ok": "ok", "optional": "--", "missing": "!!"}

models = typer.Typer(no_args_is_help=True, help="Models that can be installed beside mien.")


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
        raise typer.Exit(MissingPartError.exit_code)


@models.command("list")
def models_list(json: Json = False) -> None:
    """List the models that mien can use, their licences, and whether they are installed."""
    from mien.weights.store import read_catalogue

    catalogue = read_catalogue()
    if json:
        print_json({"models": [model.to_dict() for model in catalogue]})
        return
    for model in catalogue:
        state = "installed" if model.installed else "not installed"
        typer.echo(f"{model.name}  ({state})")
        typer.echo(f"  {model.purpose}\n  licence: {model.licence}\n  from: {model.url}\n")
