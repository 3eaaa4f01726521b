from __future__ import annotations

from pathlib import Path

import diffusers
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import WeightsError
from mien.rendering.reference.denoise import draw
from mien.rendering.reference.schedule import Descent, NoiseLevels, Scheduler
from tests.profiles import examples

SD15 = """{"_class_name": "PNDMScheduler", "beta_end": 0.012, "beta_schedule": "scaled_linear",
"beta_start": 0.00085, "num_train_timesteps": 1000, "set_alpha_to_one": false,
"skip_prk_steps": true, "steps_offset": 1, "clip_sample": false}"""
SHAPE = (2, 4, 4, 4)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scheduler") / "scheduler_config.json"
    path.write_text(SD15)
    return path


@pytest.mark.parametrize("steps", [1, 2, 4, 8, 14, 15, 25])
def test_dpm_goes_diffusers_way(config: Path, steps: int) -> None:
    theirs = diffusers.DPMSolverMultistepScheduler.from_pretrained(config.parent)
    theirs.set_timesteps(steps)
    ours = Descent(NoiseLevels.read(config), steps, "dpm++")
    assert ours.timesteps == theirs.timesteps.tolist()
    x = y = draw(0, *SHAPE)
    for i, t in enumerate(theirs.timesteps):
        seen = draw(i + 1, *SHAPE)
        x, y = ours.step(i, x, seen, None), theirs.step(seen, t, y).prev_sample
        torch.testing.assert_close(x, y, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("steps", [1, 2, 4, 8])
def test_lcm_goes_diffusers_way(config: Path, steps: int) -> None:
    theirs = diffusers.LCMScheduler.from_pretrained(config.parent)
    theirs.set_timesteps(steps)
    ours = Descent(NoiseLevels.read(config), steps, "lcm")
    assert ours.timesteps == theirs.timesteps.tolist()
    x = y = draw(0, *SHAPE)
    for i, t in enumerate(theirs.timesteps):
        seen = draw(i + 1, *SHAPE)
        # diffusers draws the noise itself; drawn here from an equal generator.
        generator = torch.Generator().manual_seed(i)
        y = theirs.step(seen, t, y, generator=generator).prev_sample
        x = ours.step(i, x, seen, draw(i, *SHAPE))
        torch.testing.assert_close(x, y, rtol=1e-5, atol=1e-4)


@examples(40)
@given(
    steps=st.integers(1, 30),
    strength=st.floats(0.05, 1),
    scheduler=st.sampled_from(["dpm++", "lcm"]),
)
def test_a_perfect_denoiser_arrives(
    config: Path, steps: int, strength: float, scheduler: Scheduler
) -> None:
    """Whoever knows the clean latents and says so gets them, from wherever the way starts."""
    levels = NoiseLevels.read(config)
    clean, way = draw(1, *SHAPE), Descent(levels, steps, scheduler, strength)
    x = way.start(draw(2, *SHAPE), clean)
    for i, t in enumerate(way.timesteps):
        seen = (x - float(levels.alphas[t]) * clean) / float(levels.sigmas[t])
        x = way.step(i, x, seen, draw(3 + i, *SHAPE))
    torch.testing.assert_close(x, clean, rtol=0, atol=2e-2)


def test_less_strength_is_less_way(config: Path) -> None:
    levels = NoiseLevels.read(config)
    whole = levels.timesteps(20, "dpm++")
    assert levels.timesteps(20, "dpm++", 0.5) == whole[10:]
    assert len(levels.timesteps(20, "dpm++", 0.01)) == 1
    assert levels.timesteps(4, "lcm", 0.5)[0] < levels.timesteps(4, "lcm")[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        SD15.replace("scaled_linear", "linear"),
        SD15[:-1] + ', "prediction_type": 1}',
    ],
)
def test_other_noise_levels_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scheduler_config.json"
    path.write_text(text)
    with pytest.raises(WeightsError, match="scheduler_config"):
        NoiseLevels.read(path)
