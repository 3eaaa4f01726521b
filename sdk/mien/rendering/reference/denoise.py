"""One request to the denoiser, and how it is carried out.

Nothing of a request outlives it: what the UNet looks at travels with the call, and whatever
happens on the way there is nothing to clean up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mien.rendering.reference.attention import Conditions, KeysValues
from mien.rendering.reference.bank import Anchor, Bank
from mien.rendering.reference.prompt import Prompt
from mien.rendering.reference.schedule import Descent, NoiseLevels, Scheduler
from mien.rendering.reference.unet import (
    project_expression,
    project_prompt,
    project_reference,
)

__all__ = ["Denoise", "conditions_of", "denoise", "draw", "predict", "record_reference"]

_LATENT_CHANNELS = 4
Watch = Callable[[int, Tensor, Tensor], None]
See = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Denoise:
    """What is asked of the denoiser, for some frames of one face; the defaults are the original's.

    Attributes:
        prompt: Who is drawn.
        noise: (frames, 4, h, w) float32, what denoising starts from.
        expressions: (frames, 55) FLAME coefficients; None draws without the Expression Adapter.
        bank: What the reference pass saw of each frame; None draws without the Reference Adapter.
        anchors: Other frames that they look at too; needs a bank.
        start: (frames, 4, h, w) latents to start from instead of pure noise.
        strength: With `start`, the share of the way that is left to go, 0..1.
        step_noise: (steps - 1, frames, 4, h, w) added between the steps of LCM.
        steps: How many.
        guidance: How far to lead away from the empty prompt; 1 or less leads nowhere and costs
            half.
        expression_scale: How strongly the Expression Adapter acts.
        reference_scale: How strongly the Reference Adapter's LoRA acts; without a bank not at all.
        shot_scale: How strongly the shot's own LoRA acts, where there is one.
        scheduler: Which way down from noise.
        watch: Told after each step its number, the noise seen in every row, and the latents.
    """

    prompt: Prompt
    noise: Tensor
    expressions: Tensor | None = None
    bank: Bank | None = None
    anchors: tuple[Anchor, ...] = ()
    start: Tensor | None = None
    strength: float = 1.0
    step_noise: Tensor | None = None
    steps: int = 25
    guidance: float = 3.0
    expression_scale: float = 1.0
    reference_scale: float = 0.8
    shot_scale: float = 1.0
    scheduler: Scheduler = "dpm++"
    watch: Watch | None = None

    def __post_init__(self) -> None:
        frames = len(self.noise)
        sized = {
            "expressions": self.expressions,
            "bank": None if self.bank is None else next(iter(self.bank.layers.values())),
            "start": self.start,
            **{f"weights of anchor {i}": anchor.weights for i, anchor in enumerate(self.anchors)},
        }
        for name, value in sized.items():
            if value is not None and len(value) != frames:
                raise ValueError(f"{name} of {len(value)} frames for noise of {frames}")
        if self.noise.ndim != 4 or self.noise.shape[1] != _LATENT_CHANNELS:
            raise ValueError(f"noise of shape {tuple(self.noise.shape)}")
        if self.anchors and self.bank is None:
            raise ValueError("anchors without a bank of the frames themselves")
        if any(anchor.bank.frames not in (1, frames) for anchor in self.anchors):
            raise ValueError(f"an anchor neither of one frame nor of {frames}")
        if self.steps < 1 or not 0 < self.strength <= 1:
            raise ValueError(f"{self.steps} steps at strength {self.strength}")

    @property
    def guided(self) -> bool:
        """Whether every frame takes a second row, for the empty prompt."""
        return self.guidance > 1


def draw(seed: int, *shape: int) -> Tensor:
    """Standard normal noise, float32, of its own generator: always the same for a seed."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def conditions_of(unet: nn.Module, tokens: nn.Module, request: Denoise) -> Conditions:
    """What all steps of a request look at, projected once; rows of the empty prompt come first.

    Args:
        unet: The denoiser, its LoRAs at the request's scales.
        tokens: Makes tokens of coefficients.
        request: The request.
    """
    weight = next(unet.parameters())
    frames, before = len(request.noise), len(request.noise) if request.guided else 0
    prompts = [request.prompt.empty] * bool(before) + [request.prompt.given]
    prompt = project_prompt(unet, torch.cat(prompts).to(weight))
    expression: dict[str, KeysValues] = {}
    if request.expressions is not None:
        wanted = request.expressions.to(weight.device, torch.float32)
        if before:
            # Guidance leads away from the neutral face, not from no face at all.
            wanted = torch.cat([torch.zeros_like(wanted[:1]), wanted])
        expression = project_expression(
            unet, tokens(wanted).to(weight.dtype), request.expression_scale
        )
    return Conditions(
        prompt={name: _each(kv, before, frames) for name, kv in prompt.items()},
        expression={name: _each(kv, before, frames) for name, kv in expression.items()},
        reference=(
            {} if request.bank is None else project_reference(unet, request.bank, request.anchors)
        ),
    )


def _each(kv: KeysValues, before: int, frames: int) -> KeysValues:
    """Keys and values of [empty] + one or `frames` rows, repeated to one row of the batch each."""
    key, value = (_repeat(x, before, frames) for x in kv)
    return key, value


def _repeat(x: Tensor, before: int, frames: int) -> Tensor:
    given = x[1:] if before else x
    rows = given.expand(frames, -1, -1, -1)
    return torch.cat([x[:1].expand(before, -1, -1, -1), rows]) if before else rows


def predict(unet: Any, latents: Tensor, timestep: Tensor, conditions: Conditions) -> Tensor:
    """The noise that the UNet sees in latents (rows, 4, h, w), float32."""
    weight = next(unet.parameters())
    seen = unet(
        latents.to(weight.device, weight.dtype),
        timestep,
        encoder_hidden_states=None,
        cross_attention_kwargs={"conditions": conditions},
        return_dict=False,
    )[0]
    return torch.as_tensor(seen).float()


def record_reference(unet: Any, latents: Tensor, prompt: Prompt) -> Bank:
    """What the plain UNet sees of clean latents (frames, 4, h, w) at the end of the way, t = 0."""
    weight = next(unet.parameters())
    record: dict[str, Tensor] = {}
    projected = project_prompt(unet, prompt.given.to(weight))
    unet(
        latents.to(weight),
        torch.zeros((), dtype=torch.long, device=weight.device),
        encoder_hidden_states=None,
        cross_attention_kwargs={
            "conditions": Conditions({k: _each(v, 0, len(latents)) for k, v in projected.items()}),
            "record": record,
        },
        return_dict=False,
    )
    return Bank(record)


def denoise(see: See, levels: NoiseLevels, request: Denoise, device: torch.device) -> Tensor:
    """Carry a request out.

    Args:
        see: Gives the noise seen in latents (rows, 4, h, w) at a timestep.
        levels: The UNet's noise levels.
        request: The request.
        device: Where to work.

    Returns:
        (frames, 4, h, w) latents, float32.

    Raises:
        ValueError: When LCM lacks the noise for its steps.
    """
    way = Descent(levels, request.steps, request.scheduler, request.strength)
    added = request.step_noise
    if way.needs_noise and (added is None or len(added) < way.needs_noise):
        raise ValueError(f"LCM needs {way.needs_noise} fields of noise between its steps")
    added = None if added is None else added.to(device)
    start = None if request.start is None else request.start.to(device, torch.float32)
    x = way.start(request.noise.to(device, torch.float32), start)
    timesteps = torch.tensor(way.timesteps, device=device)
    for i in range(len(way.timesteps)):
        rows = torch.cat([x, x]) if request.guided else x
        seen = see(rows, timesteps[i])
        noise = seen
        if request.guided:
            empty, given = seen.chunk(2)
            noise = empty + request.guidance * (given - empty)
        x = way.step(i, x, noise, added[i] if added is not None and i < way.needs_noise else None)
        if request.watch is not None:
            request.watch(i, seen, x)
    return x
