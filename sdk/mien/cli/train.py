"""The verb that trains a LoRA on a shot."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any, Final, Optional

import typer

from mien.cli.options import FaceChoice, Json, Media, Overwrite, ShotOfProject
from mien.cli.output import print_done, print_json
from mien.rendering.reference.train.settings import TrainSettings

__all__ = ["add_to"]

_Whole = Optional[int]  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
_Number = Optional[float]  # noqa: UP045
_SETTINGS: Final = {setting.name: setting for setting in dataclasses.fields(TrainSettings)}


def _option(name: str, metavar: str) -> Any:
    """The option of a setting: its help and its default are the setting's own."""
    setting = _SETTINGS[name]
    return typer.Option(
        "--" + name.replace("_", "-"),
        metavar=metavar,
        help=f"{setting.metadata['help']} Default: {setting.default}.",
    )


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command(name="train-shot")(train_shot)


def train_shot(
    shot: Annotated[Path, typer.Argument(metavar="SHOT.mien", help="The project.")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="LORA.safetensors", help="The LoRA to write."),
    ],
    which: ShotOfProject = None,
    face: FaceChoice = None,
    steps: Annotated[_Whole, _option("steps", "N")] = None,
    rank: Annotated[_Whole, _option("rank", "N")] = None,
    rate: Annotated[_Number, _option("rate", "X")] = None,
    resolution: Annotated[_Whole, _option("resolution", "N")] = None,
    batch: Annotated[_Whole, _option("batch", "N")] = None,
    frames: Annotated[_Whole, _option("frames", "N")] = None,
    held_out: Annotated[_Whole, _option("held_out", "N")] = None,
    sheet: Annotated[_Whole, _option("sheet", "N")] = None,
    reference_scale: Annotated[_Number, _option("reference_scale", "X")] = None,
    seed: Annotated[_Whole, _option("seed", "N")] = None,
    colour: Annotated[
        Optional[str],  # noqa: UP045
        _option("colour", "rgb|bgr"),
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

    asked: dict[str, Any] = {
        "steps": steps, "rank": rank, "rate": rate, "resolution": resolution, "batch": batch,
        "frames": frames, "held_out": held_out, "sheet": sheet,
        "reference_scale": reference_scale, "seed": seed, "colour": colour,
    }  # fmt: skip
    settings = TrainSettings(**{k: v for k, v in asked.items() if v is not None})
    report = training.train_shot(
        shot, output, shot=which, face=face, settings=settings, overwrite=overwrite, media=media
    )
    if json:
        print_json({"source": str(shot)} | report.to_dict())
        return
    resumed = f", {report.resumed} of them before" if report.resumed else ""
    print_done(
        f"wrote {report.output}: {report.steps} steps{resumed} on {report.frames} frames of face"
        f" {report.face}; loss of {report.held_out} frames kept back {report.loss_before:.4f}"
        f" before, {report.loss_after:.4f} after"
    )
    print_done(f"wrote {report.loss_plot}" + (f" and {report.sheet}" if report.sheet else ""))
    print_done(
        f"{shot.name} now renders with it"
        if report.remembered
        else f"render with `--renderer reference --reference-shot-lora {report.output}`"
    )
