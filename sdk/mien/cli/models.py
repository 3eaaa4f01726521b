"""The verbs about models: list, fetch, add, verify."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mien.cli.command import App
from mien.cli.options import Json
from mien.cli.output import print_done, print_json, print_notice, print_table
from mien.errors import MissingDependencyError, UsageError
from mien.progress import progress_reporter

__all__ = ["models"]

models = App(help="Models that can be installed beside mien.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="As `mien models list` names it.")]


@models.command("list")
def models_list(json: Json = False) -> None:
    """List the models that mien can use, their licences, and whether they are installed."""
    from mien.weights.store import models_folder, read_catalogue

    catalogue = read_catalogue()
    if json:
        folder = str(models_folder())
        print_json({"folder": folder, "models": [model.to_dict() for model in catalogue]})
        return
    rows = [("model", "state", "size", "for", "use", "what it is")]
    for model in catalogue:
        state = "installed" if model.installed else "optional" if model.optional else "missing"
        rows.append(
            (model.name, state, _size(model.size), model.needed_by, model.use, model.purpose)
        )
    print_table(rows)
    typer.echo("")
    print_table([(model.name, f"{model.licence}; {model.url}") for model in catalogue])
    typer.echo(f"\nInstalled in {models_folder()} (MIEN_MODELS chooses another folder).")


@models.command()
def fetch(
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME", help="Models; `reference` is all that renderer needs."),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Agree to the licences unasked.")] = False,
    json: Json = False,
) -> None:
    """Download models from their authors; a download that was stopped goes on."""
    from mien.weights.fetch import check_fetchable, to_agree_to
    from mien.weights.fetch import fetch as fetch_model
    from mien.weights.store import find_models

    wanted = find_models(names)
    check_fetchable(wanted)
    for model in to_agree_to(wanted):
        print_notice(f"{model.name}: {model.purpose}\n  licence: {model.licence}")
        print_notice(f"  use: {model.use}\n  terms: {model.url}")
    if to_agree_to(wanted) and not yes:
        _ask("Do you agree to these licences?")
    fetched: list[Path] = []
    for model in wanted:
        with progress_reporter(True, "bytes") as told:
            fetched += fetch_model(model, progress=told)
    if json:
        print_json({"fetched": [str(path) for path in fetched]})
        return
    for model in wanted:
        print_done(f"{model.name} is installed in {model.folder}.")


@models.command()
def add(
    name: Name,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file, or a folder of files.")],
    link: Annotated[bool, typer.Option("--link", help="Link to the files, copy nothing.")] = False,
    as_is: Annotated[
        bool,
        typer.Option("--as-is", help="Take files of your own too, if their layout is right."),
    ] = False,
    json: Json = False,
) -> None:
    """Install a model that is on this machine already."""
    from mien.weights import install

    with progress_reporter(True, "bytes") as told:
        placed = install.add(name, path, link=link, as_is=as_is, progress=told)
    if json:
        print_json({"added": [str(path) for path in placed]})
        return
    for file in placed:
        print_done(f"added {file}")


@models.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="All that are there if none.")
    ] = None,
    json: Json = False,
) -> None:
    """Look over installed models: sizes, checksums and layout of every file."""
    from mien.weights import verify as verifying

    with progress_reporter(True, "bytes") as told:
        findings = verifying.verify(names or (), progress=told)
    faults = [finding for finding in findings if finding.state in {"missing", "wrong"}]
    code = MissingDependencyError.exit_code if faults else 0
    if json:
        found = [finding.to_dict() for finding in findings]
        print_json({"ok": not faults, "files": found}, code)
    elif findings:
        print_table(
            [
                (f.state, f.model, f.file, ". ".join(filter(None, (f.detail, f.remedy))))
                for f in findings
            ]
        )
    else:
        typer.echo("No models are installed; `mien models list` names those that can be.")
    if code:
        raise typer.Exit(code)


def _ask(question: str) -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError("Nobody is there to agree to the licences.", "Agree with --yes.")
    # The answer belongs to the dialogue; standard output belongs to the result.
    typer.confirm(question, abort=True, err=True)


def _size(size: int) -> str:
    if not size:
        return ""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
