"""The engine against the published flow written straight down, on weights of other sizes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mien.rendering.reference.denoise import Denoise, draw
from mien.rendering.reference.engine import Engine
from mien.rendering.reference.schedule import Scheduler
from tests.benchmarks.straight_reference import Straight
from tests.random_models import COEFFICIENTS, SMALL, random_models


@pytest.mark.slow
def test_same_pictures_as_one_still_at_a_time(tmp_path: Path) -> None:
    """Three frames at once, everything projected once, LoRA merged: the same pictures."""
    size = replace(SMALL, unet=(32, 64, 64, 96), rank=7, text_layers=3)
    files = random_models(tmp_path, size)
    engine, flow = Engine.open(files), Straight(Engine.open(files))
    random = np.random.default_rng(0)
    pictures = random.random((3, 64, 64, 3), dtype=np.float32)
    coefficients = random.standard_normal((3, COEFFICIENTS)).astype(np.float32)
    identity = random.standard_normal(512).astype(np.float32)
    noise, steps = draw(1, 3, 4, 8, 8), 5
    prompt = engine.prompt(identity)
    bank = engine.reference(engine.encode(pictures), prompt)
    cases: tuple[tuple[float, Scheduler, int], ...] = ((3.0, "dpm++", steps), (1.0, "lcm", 1))
    for guidance, scheduler, count in cases:
        request = Denoise(
            prompt=prompt,
            noise=noise,
            expressions=torch.from_numpy(coefficients),
            bank=bank,
            steps=count,
            guidance=guidance,
            scheduler=scheduler,
        )
        together = engine.decode(engine.denoise(request))
        for i in range(3):
            one = slice(i, i + 1)
            alone = flow.still(
                pictures[one], identity, coefficients[one], noise[one], count, guidance, scheduler
            )
            # Measured 2e-6.
            np.testing.assert_allclose(together[one], alone, atol=1e-4)
