"""From noise to latents: which noise levels are visited, and the step from one to the next.

Two ways down. DPM-Solver++ (Lu et al., DPM-Solver++: Fast Solver for Guided Sampling of Diffusion
Probabilistic Models, 2022), multistep, order 2, midpoint, whose last step goes to no noise at
first order. LCM (Luo et al., Latent Consistency Models, 2023), which guesses the clean latents at
every level and adds noise again. Both in the model's own levels, `x = alpha * clean + sigma *
noise` with alpha^2 + sigma^2 = 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from torch import Tensor

from mien.errors import WeightsError
from mien.rendering.reference.prompt import read_config

__all__ = ["Descent", "NoiseLevels", "Scheduler"]

Scheduler = Literal["dpm++", "lcm"]

_LCM_TRAINED_STEPS = 50
"""Levels among which LCM-LoRA was distilled."""
_LCM_SIGMA_DATA = 0.5
_LCM_TIME_SCALE = 10.0
"""Of the boundary condition: at time 0 the model's answer is its input."""


@dataclass(frozen=True, slots=True, eq=False)
class NoiseLevels:
    """The noise levels that a UNet was trained at.

    Attributes:
        alphas: (levels,) share of the clean latents, by timestep.
        sigmas: (levels,) share of the noise.
    """

    alphas: npt.NDArray[np.float64]
    sigmas: npt.NDArray[np.float64]

    @classmethod
    def read(cls, path: Path) -> NoiseLevels:
        """The levels that a scheduler's config describes.

        Raises:
            WeightsError: When it describes others than those of Stable Diffusion.
        """
        config = read_config(path)
        try:
            if config["beta_schedule"] != "scaled_linear":
                raise ValueError(f"beta_schedule {config['beta_schedule']}")
            if config.get("prediction_type", "epsilon") != "epsilon":
                raise ValueError(f"prediction_type {config['prediction_type']}")
            first, last = float(config["beta_start"]), float(config["beta_end"])
            levels = int(config["num_train_timesteps"])
        except (KeyError, TypeError, ValueError) as error:
            raise WeightsError(
                f"{path} is no scheduler of Stable Diffusion 1.5 ({error}).", "Get it again."
            ) from error
        betas = np.linspace(first**0.5, last**0.5, levels) ** 2
        kept = np.cumprod(1 - betas)
        return cls(np.sqrt(kept), np.sqrt(1 - kept))

    def timesteps(self, steps: int, scheduler: Scheduler, strength: float = 1.0) -> list[int]:
        """The timesteps that are visited, noisiest first.

        Args:
            steps: How many for the whole way.
            scheduler: Which way.
            strength: 1 starts from noise; below that the way starts from latents with so much
                noise that this share of it is left to go.
        """
        count = len(self.alphas)
        if scheduler == "dpm++":
            spaced = np.linspace(0, count - 1, steps + 1).round().astype(int)[:0:-1]
            left = max(1, round(steps * strength))
            return [int(t) for t in spaced[steps - left :]]
        trained = np.arange(1, _LCM_TRAINED_STEPS + 1) * (count // _LCM_TRAINED_STEPS) - 1
        trained = trained[: max(1, round(len(trained) * strength))][::-1]
        picked = np.linspace(0, len(trained), min(steps, len(trained)), endpoint=False)
        return [int(t) for t in trained[np.floor(picked).astype(int)]]


class Descent:
    """One request's way down; it remembers the step before.

    Args:
        levels: The UNet's noise levels.
        steps: How many steps the whole way has.
        scheduler: Which way.
        strength: As `NoiseLevels.timesteps` takes it.

    Attributes:
        timesteps: Those visited, noisiest first.
    """

    def __init__(
        self, levels: NoiseLevels, steps: int, scheduler: Scheduler, strength: float = 1.0
    ) -> None:
        self.timesteps = levels.timesteps(steps, scheduler, strength)
        self._scheduler = scheduler
        self._alphas = [float(levels.alphas[t]) for t in self.timesteps]
        self._sigmas = [float(levels.sigmas[t]) for t in self.timesteps]
        self._before: Tensor | None = None

    @property
    def needs_noise(self) -> int:
        """How many fields of noise the steps add on the way."""
        return len(self.timesteps) - 1 if self._scheduler == "lcm" else 0

    @property
    def sigmas(self) -> list[float]:
        """Noise relative to the clean latents before each step, and 0 at the end."""
        return [s / a for a, s in zip(self._alphas, self._sigmas, strict=True)] + [0.0]

    def start(self, noise: Tensor, latents: Tensor | None) -> Tensor:
        """What the first step starts from: noise, or latents with as much noise as it expects."""
        if latents is None:
            return noise
        return self._alphas[0] * latents + self._sigmas[0] * noise

    def step(self, index: int, x: Tensor, noise_seen: Tensor, added: Tensor | None) -> Tensor:
        """Go on to the next level.

        Args:
            index: Of the step; every step is taken once, in order.
            x: The latents at this level.
            noise_seen: The UNet's estimate of the noise in them.
            added: For LCM, the noise to add after every step but the last.
        """
        alpha, sigma = self._alphas[index], self._sigmas[index]
        clean = (x - sigma * noise_seen) / alpha
        last = index == len(self.timesteps) - 1
        if self._scheduler == "lcm":
            return self._consistent(index, x, clean, None if last else added)
        before, self._before = self._before, clean
        if last:
            return clean
        alpha_next, sigma_next = self._alphas[index + 1], self._sigmas[index + 1]
        step = _log_snr(alpha_next, sigma_next) - _log_snr(alpha, sigma)
        estimate = clean
        if before is not None:
            step_before = _log_snr(alpha, sigma) - _log_snr(
                self._alphas[index - 1], self._sigmas[index - 1]
            )
            estimate = clean + (clean - before) * (0.5 * step / step_before)
        return (sigma_next / sigma) * x - alpha_next * math.expm1(-step) * estimate

    def _consistent(self, index: int, x: Tensor, clean: Tensor, added: Tensor | None) -> Tensor:
        time = self.timesteps[index] * _LCM_TIME_SCALE
        length = math.hypot(time, _LCM_SIGMA_DATA)
        guess = clean * (time / length) + x * (_LCM_SIGMA_DATA / length) ** 2
        if added is None:
            return guess
        return self._alphas[index + 1] * guess + self._sigmas[index + 1] * added


def _log_snr(alpha: float, sigma: float) -> float:
    return math.log(alpha / sigma)
