"""Plausible mistakes, one at a time: the fixtures tell each of them by far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from mien._types import AnyArray
from mien.rendering.reference.attention import Conditions
from mien.rendering.reference.bank import Bank
from mien.rendering.reference.denoise import Denoise, record_reference
from mien.rendering.reference.engine import Engine
from mien.rendering.reference.prompt import Prompt

pytestmark = pytest.mark.shared

TIMESTEP = 500
TOLERANCE = 1e-4
"""Of the fixtures' predictions; the mistakes are off by hundreds of times that, and more."""


@dataclass
class Scene:
    """What is right, for a mistake to change."""

    engine: Engine
    picture: AnyArray
    drawn: Tensor
    expected: Tensor
    prompt: Prompt
    request: Denoise

    def off(
        self, request: Denoise, change: Callable[[Conditions], Conditions] | None = None
    ) -> float:
        """How far a request's prediction is from the original's."""
        conditions = self.engine.conditions(request)
        rows = torch.cat([request.noise, request.noise])
        seen = self.engine.predict(
            rows, torch.tensor(TIMESTEP), change(conditions) if change else conditions
        )
        return float((seen - self.expected).abs().max())

    def with_bank(self, bank: Bank) -> Denoise:
        return replace(self.request, bank=bank)


@pytest.fixture(scope="module")
def scene(engine: Engine, fixtures: Path, inputs: dict[str, AnyArray]) -> Scene:
    with np.load(fixtures / "outputs.npz", allow_pickle=False) as outputs:
        drawn = torch.from_numpy(outputs["ref_dpm25/ref_latents"][1:])
        at = outputs["eps_ref_t"].tolist().index(TIMESTEP)
        expected = torch.from_numpy(outputs["eps_ref"][at])
    prompt = engine.prompt(inputs["id_embedding_raw"])
    picture = np.asarray(Image.open(fixtures / "ref_256.png").convert("RGB"))[None]
    request = Denoise(
        prompt=prompt,
        noise=torch.from_numpy(inputs["eps_x"]),
        expressions=torch.from_numpy(inputs["expression"])[None],
        bank=engine.reference(drawn, prompt),
    )
    return Scene(engine, picture / np.float32(255), drawn, expected, prompt, request)


def test_right(scene: Scene) -> None:
    assert scene.off(scene.request) < TOLERANCE


@pytest.mark.parametrize(
    ("mistake", "least"),
    [({"reference_scale": 1.0}, 1.5), ({"bank": None}, 1.5), ({"expression_scale": 0.9}, 0.02)],
)
def test_settings(scene: Scene, mistake: dict[str, Any], least: float) -> None:
    assert scene.off(replace(scene.request, **mistake)) > least


def test_jaw_before_eyelids(scene: Scene) -> None:
    assert scene.request.expressions is not None
    mixed = scene.request.expressions[:, [*range(50), 52, 53, 54, 50, 51]]
    assert scene.off(replace(scene.request, expressions=mixed)) > 0.4


def test_an_identity_of_another_length_is_the_same(scene: Scene, inputs: Any) -> None:
    prompt = scene.engine.prompt(inputs["id_embedding_raw"] * 3)
    assert scene.off(replace(scene.request, prompt=prompt)) < TOLERANCE


def test_latents_of_the_reference(scene: Scene) -> None:
    """The posterior's mean where the fixtures hold a draw, and latents that are not scaled."""
    mean = scene.engine.reference(scene.engine.encode(scene.picture), scene.prompt)
    assert scene.off(scene.with_bank(mean)) > 0.4
    unscaled = scene.engine.reference(scene.drawn / 0.18215, scene.prompt)
    assert scene.off(scene.with_bank(unscaled)) > 1.0


@torch.inference_mode()
def test_reference_pass_a_step_too_noisy(scene: Scene) -> None:
    plain = scene.engine.networks.plain

    class Later:
        """The plain UNet, told the timestep after the one asked for."""

        def __call__(self, latents: Tensor, timestep: Tensor, **named: Any) -> Any:
            return plain(latents, timestep + 1, **named)

        def __getattr__(self, name: str) -> Any:
            return getattr(plain, name)

    assert scene.off(scene.with_bank(record_reference(Later(), scene.drawn, scene.prompt))) > 0.03


def test_the_empty_prompt_reads_the_bank(scene: Scene) -> None:
    def both(conditions: Conditions) -> Conditions:
        reference = {name: replace(keys, rows=2) for name, keys in conditions.reference.items()}
        return replace(conditions, reference=reference)

    assert scene.off(scene.request, both) > 0.8


def test_zero_tokens_for_the_empty_prompt(scene: Scene) -> None:
    """The neutral face is not the absence of a face."""

    def absent(conditions: Conditions) -> Conditions:
        expression = {}
        for name, (keys, values) in conditions.expression.items():
            mask = torch.tensor([0.0, 1.0]).reshape(2, 1, 1, 1)
            expression[name] = (keys * mask, values * mask)
        return replace(conditions, expression=expression)

    assert scene.off(scene.request, absent) > 0.1
