"""The course of a training: steps, checks, and what is kept so that it can go on after a kill."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from mien.errors import MienError, WeightsError
from mien.progress import Progress
from mien.rendering.reference.shot_lora import read_facts, write_tensors
from mien.rendering.reference.train.denoiser import Batch, Student
from mien.rendering.reference.train.examples import Examples
from mien.rendering.reference.train.settings import TrainSettings
from mien.weights.loaders import load_safetensors

__all__ = ["TrainingLoop", "follow"]

_CHECKS: Final = 10
"""Checks with the held-out frames over a training, beside the one before it."""
_BETWEEN: Final = 5
"""Steps between checks at least: a check takes about as long."""
_KEEP_EVERY: Final = 30.0
"""Seconds after which the state is kept again: what a kill costs at most, and Ctrl-C too, which
may come in the middle of a step, when the weights are neither those before nor those after."""
_WARM_UP: Final = 0.05
"""Share of the steps over which the rate rises; then it falls like a cosine to `_LAST_RATE`."""
_LAST_RATE: Final = 0.1
_LONGEST_GRADIENT: Final = 1.0
"""Length to which gradients are cut, so that one odd batch cannot spoil the weights."""
_FORMAT: Final = "training-1"
_MOMENTS: Final = {"mean": "exp_avg", "square": "exp_avg_sq"}
"""Adam's, as they are named in the file and in torch."""


@dataclass(slots=True)
class TrainingLoop:
    """How a training went so far.

    Attributes:
        losses: Of every step.
        checks: Steps done and the held-out frames' loss, beginning with 0 steps.
        best: The LoRA's weights that lost least on the held-out frames.
        resumed: Steps that an earlier process had done.
    """

    losses: list[float] = field(default_factory=list)
    checks: list[tuple[int, float]] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)
    resumed: int = 0

    @property
    def before(self) -> float:
        """Loss of the held-out frames without the LoRA."""
        return self.checks[0][1]

    @property
    def after(self) -> float:
        """The least loss of the held-out frames."""
        return min(loss for _, loss in self.checks)


def follow(
    student: Student,
    examples: Examples,
    settings: TrainSettings,
    kept: tuple[Path, str],
    progress: Progress,
) -> TrainingLoop:
    """Train, from the beginning or from where a training that was stopped had come.

    Optimised with AdamW (Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019).

    Args:
        student: What is trained.
        examples: From what.
        settings: How long, how fast.
        kept: The file of the state, and the key of everything that the training depends on: a
            state of another key is not gone on from.
        progress: Called about the stage `train` with the steps done.

    Raises:
        MienError: When the loss is no longer a number.
        WriteError: When the disk is full.
    """
    optimizer = torch.optim.AdamW(student.parameters.values(), lr=settings.rate)
    course = _recalled(kept, student, optimizer) or TrainingLoop()
    checks = examples.checks(settings, student.timesteps)
    if not course.checks:
        _check(course, student, checks)
    every = max(_BETWEEN, math.ceil(settings.steps / _CHECKS))
    saved = time.monotonic()
    try:
        for step in range(len(course.losses), settings.steps):
            progress("train", step, settings.steps)
            for group in optimizer.param_groups:
                group["lr"] = settings.rate * _pace(step, settings.steps)
            batch = examples.drawn(settings, step, student.timesteps)
            course.losses.append(_learn(student, batch, optimizer))
            checking = (step + 1) % every == 0 or step + 1 == settings.steps
            if checking:
                _check(course, student, checks)
            if checking or time.monotonic() - saved > _KEEP_EVERY:
                _keep(kept, course, student, optimizer)
                saved = time.monotonic()
    except ArithmeticError as error:
        kept[0].unlink(missing_ok=True)  # the same again would end the same
        raise MienError(f"The training lost its way: {error}.", "Lower --rate.") from error
    progress("train", settings.steps, settings.steps)
    return course


def _pace(step: int, steps: int) -> float:
    """Share of the full rate at a step."""
    rise = max(1, round(_WARM_UP * steps))
    if step < rise:
        return (step + 1) / rise
    gone = (step - rise) / max(1, steps - rise)
    return _LAST_RATE + (1 - _LAST_RATE) * (1 + math.cos(math.pi * gone)) / 2


def _learn(student: Student, batch: Batch, optimizer: torch.optim.Optimizer) -> float:
    loss = student.losses(batch).mean()
    value = float(loss.detach())
    if not math.isfinite(value):
        raise ArithmeticError("its loss is no number")
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(student.parameters.values(), _LONGEST_GRADIENT)
    optimizer.step()
    return value


@torch.no_grad()
def _check(course: TrainingLoop, student: Student, checks: list[Batch]) -> None:
    """Measure the held-out frames; remember the weights when they never lost less."""
    loss = float(torch.cat([student.losses(batch).cpu() for batch in checks]).mean())
    if not course.checks or loss < course.after:
        course.best = student.state()
    course.checks.append((len(course.losses), loss))


def _keep(
    kept: tuple[Path, str], course: TrainingLoop, student: Student, optimizer: torch.optim.Optimizer
) -> None:
    path, key = kept
    tensors = {f"now/{name}": x for name, x in student.state().items()}
    tensors |= {f"best/{name}": x for name, x in course.best.items()}
    for name, parameter in student.parameters.items():
        for word, moment in _MOMENTS.items():
            if parameter in optimizer.state:
                tensors[f"{word}/{name}"] = optimizer.state[parameter][moment].cpu()
    facts = {"format": _FORMAT, "key": key, "losses": course.losses, "checks": course.checks}
    write_tensors(path, tensors, facts)


def _recalled(
    kept: tuple[Path, str], student: Student, optimizer: torch.optim.Optimizer
) -> TrainingLoop | None:
    """The course so far, with student and optimizer as they were; None for a new one.

    A file that is damaged or belongs to another training is as good as none.
    """
    path, key = kept
    if not path.is_file():
        return None
    try:
        facts, tensors = read_facts(path), load_safetensors(path)
    except WeightsError:
        return None
    if facts.get("format") != _FORMAT or facts.get("key") != key:
        return None
    try:
        parts = {word: _part(tensors, word, student) for word in ("now", "best", *_MOMENTS)}
        course = TrainingLoop(
            [float(x) for x in facts["losses"]],
            [(int(step), float(loss)) for step, loss in facts["checks"]],
            parts["best"],
            len(facts["losses"]),
        )
    except (KeyError, TypeError, ValueError):
        return None
    student.load(parts["now"])
    steps = torch.tensor(float(course.resumed))
    for name, parameter in student.parameters.items():
        state: dict[str, Any] = {
            moment: parts[word][name].to(parameter) for word, moment in _MOMENTS.items()
        }
        optimizer.state[parameter] = state | {"step": steps.clone()}
    return course


def _part(tensors: Mapping[str, Tensor], word: str, student: Student) -> dict[str, Tensor]:
    return {name: tensors[f"{word}/{name}"] for name in student.parameters}
