"""The verb that trains a LoRA on a shot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from mien.cli.options import FaceNumber, Json, Media, Overwrite
from mien.cli.output import print_json

__all__ = ["add_to"]

_Whole = Optional[int]  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
_Number = Optional[float]  # noqa: UP045


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command(name="train-shot")(train_shot)


def train_shot(
    shot: Annotated[Path, typer.Argument(metavar="SHOT.mien", help="The project.")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="LORA.safetensors", help="The LoRA to write."),
    ],
    face: FaceNumber = None,
    steps: Annotated[_Whole, typer.Option(metavar="N", help="Training steps; 800.")] = None,
    rank: Annotated[_Whole, typer.Option(metavar="N", help="Rank of the LoRA; 16.")] = None,
    rate: Annotated[_Number, typer.Option(metavar="R", help="Learning rate; 1e-4.")] = None,
    resolution: Annotated[
        _Whole, typer.Option(metavar="N", help="Pixels of a face's side; 512.")
    ] = None,
    batch: Annotated[_Whole, typer.Option(metavar="N", help="Frames a step; 2.")] = None,
    frames: Annotated[
        _Whole, typer.Option(metavar="N", help="Frames of the shot used at most; 400.")
    ] = None,
    held_out: Annotated[
        _Whole,
        typer.Option("--held-out", metavar="N", help="Keep back every Nth to check with; 8."),
    ] = None,
    sheet: Annotated[
        _Whole, typer.Option(metavar="N", help="Frames on the before/after sheet; 4.")
    ] = None,
    reference_scale: Annotated[
        _Number,
        typer.Option("--reference-scale", metavar="S", help="As it will be rendered with; 0.8."),
    ] = None,
    seed: Annotated[_Whole, typer.Option(metavar="N", help="Seed; 0.")] = None,
    colour: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="rgb|bgr", help="Colour order of SMIRK, as when rendering; rgb."),
    ] = None,
    overwrite: Overwrite = False,
    media: Media = None,
    json: Json = False,
) -> None:
    """Teach the reference renderer a shot's actor: mouth, teeth and skin.

    Fine-tunes a LoRA on the shot's own frames, and writes beside it a plot of the losses and a
    sheet of frames that were kept back, regenerated before and after. Stopped or killed, the
    same command goes on from there.
    """
    from mien import training
    from mien.rendering.reference.train.settings import TrainSettings

    asked = {
        "steps": steps, "rank": rank, "rate": rate, "resolution": resolution, "batch": batch,
        "frames": frames, "held_out": held_out, "sheet": sheet,
        "reference_scale": reference_scale, "seed": seed, "colour": colour,
    }  # fmt: skip
    settings = TrainSettings(**{k: v for k, v in asked.items() if v is not None})  # type: ignore[arg-type]
    report = training.train_shot(
        shot, output, face=face, settings=settings, overwrite=overwrite, media=media
    )
    if json:
        print_json({"source": str(shot)} | report.to_dict())
        return
    resumed = f", {report.resumed} of them before" if report.resumed else ""
    typer.echo(
        f"wrote {report.output}: {report.steps} steps{resumed} on {report.frames} frames of face"
        f" {report.face}; loss of {report.held_out} frames kept back {report.loss_before:.4f}"
        f" before, {report.loss_after:.4f} after"
    )
    typer.echo(f"wrote {report.loss_plot}" + (f" and {report.sheet}" if report.sheet else ""))
    typer.echo(
        f"{shot.name} now renders with it"
        if report.remembered
        else f"render with `--renderer reference --reference-shot-lora {report.output}`"
    )
