"""The verbs about curves: write those of a shot, list the controls that there are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mien.cli.options import FaceNumber, Json, Overwrite, ShotOfProject, ShotOrProject
from mien.cli.output import print_json, print_table
from mien.cli.shots import tell_outdated
from mien.errors import UsageError
from mien.model.controls import CONTROLS
from mien.model.presets import EXPRESSIONS, VISEMES, Preset

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command()(curves)
    app.command()(controls)


def curves(
    shot: ShotOrProject,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FILE", help="curves.npz (one face) or curves.json (all)."
        ),
    ],
    which: ShotOfProject = None,
    face: FaceNumber = None,
    raw: Annotated[bool, typer.Option("--raw", help="The curves before smoothing.")] = False,
    basis: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Basis of the FLAME coefficients: mien-rig, or an installed head (flame2020,"
            " flame2023, flame2023-open). auto takes a head if there is one.",
        ),
    ] = "auto",
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Write what the faces of a shot do, for other programs."""
    from mien import api
    from mien.face.bridge import check_basis
    from mien.io.curves_file import check_format
    from mien.io.files import check_file
    from mien.io.project import SUFFIX

    # What can be refused is, before the shot is tracked.
    check_format(output)
    check_file(output, overwrite=overwrite)
    if basis != "auto":
        check_basis(basis)
    if which is not None and shot.suffix.lower() != SUFFIX:
        raise UsageError(f"--shot goes with a project, and {shot.name} is none.")
    if shot.suffix.lower() == SUFFIX:
        tracked = api.load_project(shot, which, find_media=False).shot
        tell_outdated(tracked)
    else:
        tracked = api.track(shot)
    written = api.export_curves(
        tracked, output, face=face, raw=raw, basis=basis, overwrite=overwrite
    )
    if json:
        print_json(
            {
                "source": str(shot),
                "output": str(output),
                "faces": list(written.faces),
                "frames": tracked.clock.frame_count,
                "basis": written.basis,
            }
        )
        return
    numbers = ", ".join(map(str, written.faces))
    typer.echo(f"wrote {output}: face {numbers}, basis {written.basis}")


def controls(json: Json = False) -> None:
    """List every control, expression and viseme that can be set or keyed."""
    if json:
        print_json(
            {
                "controls": [
                    {
                        "name": c.name, "region": c.region, "unit": c.unit,
                        "low": c.low, "high": c.high,
                    }
                    for c in CONTROLS
                ],
                "expressions": {p.name: dict(p.weights) for p in EXPRESSIONS},
                "visemes": {p.name: dict(p.weights) for p in VISEMES},
            }
        )  # fmt: skip
        return
    typer.echo("Controls (mouthSmile, without Left or Right, means both sides)\n")
    print_table([(f"  {c.name}", c.region, f"{c.low:g} .. {c.high:g} {c.unit}") for c in CONTROLS])
    for title, presets in (("Expressions", EXPRESSIONS), ("Visemes", VISEMES)):
        typer.echo(f"\n{title}\n")
        print_table([(f"  {preset.name}", _recipe(preset)) for preset in presets])


def _recipe(preset: Preset) -> str:
    return ", ".join(f"{name} {weight:g}" for name, weight in preset.weights)
