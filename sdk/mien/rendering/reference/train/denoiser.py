"""The denoiser with a LoRA that learns: what it loses on frames of a shot.

The task is that of the renderer: to denoise a frame, given who it is, the frame's own
expression, and a reference. The reference is *another* frame of the shot: of its own the
denoiser would learn to copy, and nothing about the mouth that it does not see.

The loss is the error of the predicted noise, weighted over noise levels as in Hang et al.,
Efficient Diffusion Training via Min-SNR Weighting Strategy (2023), and over the picture by
where the face is. Some rows lose all conditions, as the half does that guidance leads away
from (Ho and Salimans, Classifier-Free Diffusion Guidance, 2022).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from mien.rendering.reference.attention import Conditions, ReferenceKeys
from mien.rendering.reference.denoise import predict, record_reference
from mien.rendering.reference.engine import REF, SHOT, Engine
from mien.rendering.reference.lora import LoraLayer
from mien.rendering.reference.prompt import Prompt
from mien.rendering.reference.train.settings import TrainSettings
from mien.rendering.reference.unet import project_expression, project_prompt, project_reference

__all__ = ["Batch", "Student"]

_GAMMA: Final = 5.0
"""Min-SNR's limit, as its authors recommend."""
_TAUGHT: Final = ("to_q", "to_k", "to_v", "to_out.0")
"""Layers of every attention that the LoRA changes, as most LoRAs of Stable Diffusion do."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Frames to be denoised in one step, those without conditions first.

    Attributes:
        latents: (rows, 4, h, w) clean.
        weights: (rows, 1, h, w) how much each latent counts.
        coefficients: (rows, 55) of the frames' expressions.
        noise: (rows, 4, h, w) to be told.
        timesteps: (rows,) noise levels.
        references: (rows - alone, 4, h, w) latents of the other frames that are looked at; one
            for all is enough.
        alone: Rows that are given nothing: no identity, no expression, no reference.
    """

    latents: Tensor
    weights: Tensor
    coefficients: Tensor
    noise: Tensor
    timesteps: Tensor
    references: Tensor
    alone: int = 0


class Student:
    """Arc2Face's denoiser with both adapters, and a LoRA whose weights can be trained.

    Args:
        engine: The networks; nothing has been denoised with them yet.
        prompt: Who is in the shot.
        settings: Rank, seed and the Reference Adapter's weight.

    Attributes:
        parameters: The LoRA's weights by the names that they have in its file.

    Raises:
        MissingDependencyError: When peft is not installed.
    """

    def __init__(self, engine: Engine, prompt: Prompt, settings: TrainSettings) -> None:
        self._plain, self._denoiser = engine.networks.plain, engine.networks.denoiser
        self._tokens, self._levels = engine.expression, engine.levels
        self._device, self._dtype = engine.device, engine.dtype
        # What an engine gives knows no gradients; copies of it may meet them.
        self._prompt = Prompt(prompt.given.clone(), prompt.empty.clone())
        engine.networks.loras.add(SHOT, _blank(engine.networks.plain, settings))
        self.parameters = _activate(self._denoiser, settings.reference_scale)

    @property
    def timesteps(self) -> int:
        """How many noise levels there are."""
        return len(self._levels.alphas)

    def losses(self, batch: Batch) -> Tensor:
        """What each row loses, (rows,) float32; with gradients where these are on."""
        levels = batch.timesteps.numpy()
        alpha, sigma = (
            torch.from_numpy(np.float32(x[levels])).to(self._device).reshape(-1, 1, 1, 1)
            for x in (self._levels.alphas, self._levels.sigmas)
        )
        noise = batch.noise.to(self._device)
        noisy = alpha * batch.latents.to(self._device) + sigma * noise
        timesteps = batch.timesteps.to(self._device)
        told = predict(self._denoiser, noisy, timesteps, self._conditions(batch))
        counts = batch.weights.to(self._device)
        error = ((told - noise) ** 2 * counts).mean(dim=(1, 2, 3)) / counts.mean(dim=(1, 2, 3))
        signal = (alpha / sigma).flatten() ** 2
        return error * signal.clamp(max=_GAMMA) / signal

    def state(self) -> dict[str, Tensor]:
        """A copy of the LoRA's weights, on the CPU."""
        return {name: x.detach().cpu().clone() for name, x in self.parameters.items()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take over weights as `state` gives them."""
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(state[name])

    def finish(self, state: Mapping[str, Tensor]) -> None:
        """End the training with the weights of a state; the engine can denoise with them now."""
        self.load(state)
        for parameter in self.parameters.values():
            parameter.requires_grad_(False)
        for module in _wrapped(self._denoiser).values():
            module.set_adapter([])

    def _conditions(self, batch: Batch) -> Conditions:
        given = len(batch.latents) - batch.alone
        prompts = torch.cat(
            [
                self._prompt.empty.expand(batch.alone, -1, -1),
                self._prompt.given.expand(given, -1, -1),
            ]
        )
        coefficients = batch.coefficients.to(self._device, torch.float32).clone()
        coefficients[: batch.alone] = 0
        tokens = self._tokens(coefficients).to(self._dtype)
        return Conditions(
            prompt=project_prompt(self._denoiser, prompts.to(self._dtype)),
            expression=project_expression(self._denoiser, tokens, 1.0),
            reference=self._reference(batch.references, given),
        )

    def _reference(self, latents: Tensor, rows: int) -> dict[str, ReferenceKeys]:
        if not rows:
            return {}
        with torch.no_grad():
            bank = record_reference(self._plain, latents, self._prompt)
        if bank.frames < rows:
            bank = bank.select([0] * rows)
        return project_reference(self._denoiser, bank)


def _blank(unet: nn.Module, settings: TrainSettings) -> dict[str, LoraLayer]:
    """A LoRA that changes nothing yet: drawn on the way down, zero on the way up."""
    generator = torch.Generator().manual_seed(settings.seed)
    layers = {}
    for name, module in unet.named_modules():
        if ".attn" in name and name.endswith(_TAUGHT):
            outputs, inputs = module.weight.shape
            down = torch.randn(settings.rank, inputs, generator=generator) / settings.rank
            layers[name] = LoraLayer(down, torch.zeros(outputs, settings.rank), settings.rank)
    return layers


def _wrapped(unet: nn.Module) -> dict[str, Any]:
    """Layers with LoRAs, by name."""
    return {name: module for name, module in unet.named_modules() if hasattr(module, "lora_A")}


def _activate(unet: nn.Module, reference_scale: float) -> dict[str, nn.Parameter]:
    """Let both LoRAs act beside the weights, and the shot's learn; its weights by name."""
    learning = {}
    for name, module in _wrapped(unet).items():
        module.set_adapter([lora for lora in (REF, SHOT) if lora in module.lora_A])
        if REF in module.lora_A:
            module.set_scale(REF, reference_scale)
            for side in (module.lora_A, module.lora_B):
                side[REF].requires_grad_(False)
        if SHOT in module.lora_A:
            for side, word in ((module.lora_A, "down"), (module.lora_B, "up")):
                learning[f"unet.{name}.lora.{word}.weight"] = side[SHOT].weight.requires_grad_(True)
    return learning
