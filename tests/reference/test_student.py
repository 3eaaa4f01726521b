"""What learns on a shot is the renderer's own denoiser, and nothing else of it learns."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

import mien
from mien.rendering.reference.denoise import Denoise, draw
from mien.rendering.reference.engine import Engine
from mien.rendering.reference.files import ReferenceFiles
from mien.rendering.reference.train.denoiser import Batch, Student

STEP = 500
SETTINGS = mien.TrainSettings(rank=4)


@pytest.fixture
def own(files: ReferenceFiles) -> Engine:
    """An engine of the test's own: training changes it."""
    return Engine.open(files)


def batch(rows: int, alone: int) -> Batch:
    """One frame, in every row the same, the first rows without conditions."""

    def same(seed: int, *shape: int) -> Tensor:
        return draw(seed, 1, *shape).expand(rows, *shape)

    return Batch(
        latents=same(1, 4, 8, 8), weights=torch.ones(rows, 1, 8, 8), coefficients=same(2, 55),
        noise=same(3, 4, 8, 8), timesteps=torch.full((rows,), STEP),
        references=draw(4, 1, 4, 8, 8), alone=alone,
    )  # fmt: skip


def test_at_the_start_it_is_the_renderers_denoiser(engine: Engine, own: Engine) -> None:
    given = batch(2, alone=1)
    prompt = engine.prompt(np.linspace(-1, 1, 512))
    alpha, sigma = (float(x[STEP]) for x in (engine.levels.alphas, engine.levels.sigmas))
    noisy = alpha * given.latents + sigma * given.noise
    request = Denoise(
        prompt=prompt, noise=given.noise[:1], expressions=given.coefficients[:1],
        bank=engine.reference(given.references, prompt), guidance=3.0,
    )  # fmt: skip
    told = engine.predict(noisy, torch.tensor(STEP), engine.conditions(request))
    signal = (alpha / sigma) ** 2
    expected = ((told - given.noise) ** 2).mean(dim=(1, 2, 3)) * min(signal, 5) / signal
    student = Student(own, own.prompt(np.linspace(-1, 1, 512)), SETTINGS)
    with torch.no_grad():
        torch.testing.assert_close(student.losses(given), expected, rtol=1e-4, atol=1e-5)


def test_only_the_lora_learns_and_all_of_it(own: Engine) -> None:
    student = Student(own, own.prompt(np.linspace(-1, 1, 512)), SETTINGS)
    learning = list(student.parameters.values())
    every = [*own.networks.plain.parameters(), *own.networks.denoiser.parameters()]
    assert {id(p) for p in every if p.requires_grad} == {id(p) for p in learning}
    assert len(learning) == 2 * 4 * 2 * 16, "down and up, four layers, attn1 and attn2, 16 blocks"
    with torch.no_grad():
        for number, (name, weight) in enumerate(student.parameters.items()):
            if ".up." in name:
                weight.copy_(0.05 * draw(number, *weight.shape))
    gradients = []
    for spared in (False, True):
        if spared:
            own.networks.denoiser.enable_gradient_checkpointing()
        loss = student.losses(batch(3, alone=1)).mean()
        torch.autograd.backward(loss)
        gradients.append([weight.grad.clone() for weight in learning if weight.grad is not None])
        assert len(gradients[-1]) == len(learning)
        for weight in learning:
            weight.grad = None
    assert all(gradient.abs().max() > 0 for gradient in gradients[0])
    assert all(map(torch.equal, *gradients)), "computing twice what is not kept changes nothing"
