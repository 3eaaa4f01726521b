"""Train a LoRA of the denoiser on one shot: this actor's mouth, teeth and skin."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import torch

from mien.errors import MienError
from mien.media.fingerprint import fingerprint
from mien.media.resume_folder import annotate_errors, resumable_folder
from mien.model.face import Face
from mien.model.shot import Shot
from mien.progress import Progress
from mien.rendering.base import PlateSource
from mien.rendering.devices import pick_device
from mien.rendering.reference.denoise import Denoise, draw
from mien.rendering.reference.engine import Engine, Precision
from mien.rendering.reference.files import ReferenceFiles
from mien.rendering.reference.identity import ArcFace, identity_of
from mien.rendering.reference.memory import within_memory
from mien.rendering.reference.prompt import Prompt
from mien.rendering.reference.shot_lora import FORMAT, plots_of, write_tensors
from mien.rendering.reference.train.denoiser import Student
from mien.rendering.reference.train.examples import Examples, scan_shot, square_of
from mien.rendering.reference.train.loop import TrainingLoop, follow
from mien.rendering.reference.train.settings import TrainSettings
from mien.rendering.reference.train.sheet import check_plots, write_loss_plot, write_sheet
from mien.rendering.resume import shot_key
from mien.weights.store import locate

__all__ = ["Trained", "train_shot"]

_STATE: Final = "training.safetensors"
_WHO: Final = 0.1
"""Share of the preparation that goes into finding out who it is."""
_ROOMY: Final = 20 << 30
"""Bytes of a GPU below which activations are computed twice instead of kept."""
_SHEET_STEPS: Final = 25
"""Denoising steps of the sheet's pictures; the original's."""


@dataclass(frozen=True, slots=True)
class Trained:
    """How a training went.

    Attributes:
        learned: Frames that were learned from.
        held_out: Frames that were not.
        resumed: Steps of these that an earlier process had done.
        before: Loss of the held-out frames without the LoRA.
        after: With it.
    """

    learned: int
    held_out: int
    resumed: int
    before: float
    after: float


def train_shot(
    face: Face,
    shot: Shot,
    source: PlateSource,
    output: Path,
    settings: TrainSettings,
    version: str,
    progress: Progress,
) -> Trained:
    """Train a LoRA on a face of a shot, and write it with its plots.

    What a training has come to is kept beside the output; started again, it goes on from
    there. On a CPU, and on as many threads, a training that was stopped ends with the same bytes
    as one that was not.

    Args:
        face: The face.
        shot: Its shot.
        source: The shot's plates.
        output: Where the LoRA goes.
        settings: How it is trained.
        version: Of the program, for what was kept by another.
        progress: Called about the stages `prepare`, `train` and `sheet`.

    Raises:
        DeviceMemoryError: When the batch does not fit into the device's memory.
        MissingDependencyError: When a model or a package is not installed.
        NothingToDoError: When the face is seen in too few frames.
        MienError: When nothing was learned.
        WriteError: When the disk is full.
        OperationCancelledError: When it is stopped; what is kept of it can be gone on from.
    """
    check_plots()
    device = pick_device()
    dtype: Precision = "bfloat16" if device.kind == "cuda" else "float32"
    files = ReferenceFiles.installed()
    with resumable_folder(output) as folder:
        state = folder / _STATE
        with annotate_errors(lambda _: _note(state)):
            engine = Engine.open(files, device=device.kind, dtype=dtype)
            prompt, examples = _prepared(face, shot, source, engine, settings, progress)
            student = Student(engine, prompt, settings)
            if device.kind == "cuda" and device.memory < _ROOMY:
                engine.networks.denoiser.enable_gradient_checkpointing()
            key = _key(shot, face, files, settings, (version, torch.__version__, device.name))

            def trained() -> TrainingLoop:
                return follow(student, examples, settings, (state, key), progress)

            course = within_memory(settings.batch, "Training on", trained)
            if not course.after < course.before:
                state.unlink()  # the same again would end the same
                raise MienError(
                    f"Nothing was learned: the held-out frames lose {course.after:.4f}, and"
                    f" {course.before:.4f} without the LoRA.",
                    "Train with more --steps or another --rate.",
                )
            student.finish(course.best)
            plot, sheet = plots_of(output)
            write_loss_plot(plot, course)
            if settings.sheet:
                _draw_sheet(sheet, source, engine, prompt, examples, settings, progress)
            write_tensors(output, course.best, _facts(shot, face, files, settings, course))
    return Trained(
        len(examples.learned), len(examples.held_out), course.resumed, course.before, course.after
    )


def _prepared(
    face: Face,
    shot: Shot,
    source: PlateSource,
    engine: Engine,
    settings: TrainSettings,
    progress: Progress,
) -> tuple[Prompt, Examples]:
    def identifying(stage: str, done: int, total: int) -> None:
        progress("prepare", round(100 * _WHO * done / total), 100)

    prompt = engine.prompt(identity_of(ArcFace.load(), face, shot, source, identifying))

    def scanning(stage: str, done: int, total: int) -> None:
        progress("prepare", round(100 * (_WHO + (1 - _WHO) * done / total)), 100)

    return prompt, scan_shot(face, shot, source, engine, settings, scanning)


def _draw_sheet(
    path: Path,
    source: PlateSource,
    engine: Engine,
    prompt: Prompt,
    examples: Examples,
    settings: TrainSettings,
    progress: Progress,
) -> None:
    """Regenerate held-out frames as the renderer would, referring to another frame each."""
    shown = examples.held_out[:: -(-len(examples.held_out) // settings.sheet)]
    noise = draw(settings.seed, 1, *examples.latents.shape[1:])
    rows = []
    for done, place in enumerate(shown):
        progress("sheet", done, len(shown))
        other = examples.learned[(place + len(examples.learned) // 2) % len(examples.learned)]
        request = Denoise(
            prompt=prompt,
            noise=noise,
            bank=engine.reference(examples.latents[other : other + 1], prompt),
            expressions=examples.coefficients[place : place + 1],
            steps=_SHEET_STEPS,
            reference_scale=settings.reference_scale,
        )
        both = [engine.denoise(replace(request, shot_scale=scale)) for scale in (0.0, 1.0)]
        pictures = engine.decode(torch.cat(both))
        plate = square_of(examples.crops[place], source.plate(examples.frames[place]))
        rows.append((examples.frames[place], [plate, *pictures]))
    progress("sheet", len(shown), len(shown))
    write_sheet(path, rows)


def _key(
    shot: Shot,
    face: Face,
    files: ReferenceFiles,
    settings: TrainSettings,
    surroundings: tuple[str, ...],
) -> str:
    """Names everything that a training depends on."""
    weights = [files.unet, files.encoder, files.expression, files.reference, files.vae]
    weights += [locate("smirk")["SMIRK_em1.pt"], locate("arcface-antelopev2")["arcface.onnx"]]
    named = [fingerprint([path]) for path in weights]
    told = json.dumps(settings.to_dict(), sort_keys=True)
    return shot_key(shot, "train-shot", str(face.number), told, *named, *surroundings)


def _facts(
    shot: Shot, face: Face, files: ReferenceFiles, settings: TrainSettings, course: TrainingLoop
) -> dict[str, object]:
    return {
        "format": FORMAT,
        "base": fingerprint([files.unet]),
        "media": shot.media.path.name,
        "media_fingerprint": shot.media.fingerprint,
        "face": face.number,
        "settings": settings.to_dict(),
        "held_out_loss": {"before": course.before, "after": course.after},
    }


def _note(state: Path) -> str:
    if not state.is_file():
        return ""
    return f"The training so far is kept in {state.parent}: the same command goes on from there."
