"""The published flow for one still, written straight down: the baseline, and a slow twin.

Nothing is kept from still to still or from step to step: the prompt's two halves are encoded,
both halves of the reference pass are computed, keys and values of prompt, expression and bank are
projected again at every step, LoRAs stay beside the weights, the schedule is diffusers'. Faults
of the original are left out where they cost nothing (it keeps gradients in encoder and reference
pass; here there are none).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from mien._types import AnyArray
from mien.rendering.reference.engine import Engine


class Straight:
    """An engine's weights in the published flow; the engine is not fit for use afterwards."""

    def __init__(self, engine: Engine, reference_scale: float = 0.8) -> None:
        from diffusers import DPMSolverMultistepScheduler, LCMScheduler

        self.engine, self.unet, self.scale = engine, engine.networks.denoiser, reference_scale
        folder = engine.files.scheduler.parent
        self.schedulers = {
            "dpm++": DPMSolverMultistepScheduler.from_pretrained(folder),
            "lcm": LCMScheduler.from_pretrained(folder),
        }
        self.bank: dict[str, Tensor] = {}
        self.mode = "off"
        engine.networks.loras.use({})
        self.adapters = [m for m in self.unet.modules() if hasattr(m, "lora_A")]
        looks: dict[str, Any] = {}
        for name, processor in self.unet.attn_processors.items():
            own = name.removesuffix(".processor")
            looks[name] = _Self(self, own) if ".attn1" in name else _Cross(self, processor)
        self.unet.set_attn_processor(looks)

    @torch.inference_mode()
    def still(
        self,
        picture: AnyArray,
        identity: AnyArray,
        coefficients: AnyArray,
        noise: Tensor,
        steps: int,
        guidance: float,
        scheduler: str = "dpm++",
    ) -> AnyArray:
        """(1, H, W, 3) regenerated from a crop (1, H, W, 3), R'G'B' 0..1."""
        engine, device, dtype = self.engine, self.engine.device, self.engine.dtype
        prompt = engine.prompter(identity)
        text = torch.cat([prompt.empty, prompt.given]).to(device, dtype)
        given = torch.from_numpy(coefficients).to(device)
        tokens = engine.expression(torch.cat([torch.zeros_like(given), given])).to(dtype)
        latents = engine.vae.encode(picture).to(dtype)
        self.bank, self.text, self.tokens = {}, text, None
        self._look("record", 0.0)
        self.unet(torch.cat([latents] * 2), 0, encoder_hidden_states=text, return_dict=False)
        self._look("read", self.scale)
        guided = guidance > 1
        self.text, self.tokens = (text, tokens) if guided else (text[1:], tokens[1:])
        way = self.schedulers[scheduler]
        way.set_timesteps(steps, device=device)
        x = noise.to(device)
        for t in way.timesteps:
            rows = torch.cat([x, x]) if guided else x
            seen = self.unet(rows.to(dtype), t, encoder_hidden_states=text, return_dict=False)[0]
            seen = seen.float()
            if guided:
                empty, conditional = seen.chunk(2)
                seen = empty + guidance * (conditional - empty)
            x = way.step(seen, t, x, return_dict=False)[0]
        return engine.vae.decode(x)

    def _look(self, mode: str, scale: float) -> None:
        self.mode = mode
        for module in self.adapters:
            module.set_adapter(["ref"] if scale else [])
            if scale:
                module.set_scale("ref", scale)


def _attend(attn: Any, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    def heads(x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:-1], attn.heads, -1).transpose(1, 2)

    q, k, v = heads(query), heads(key), heads(value)
    return functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


class _Self:
    def __init__(self, flow: Straight, name: str) -> None:
        self.flow, self.name = flow, name

    def __call__(
        self, attn: Any, hidden_states: Tensor, encoder_hidden_states: Any = None, **_: Any
    ) -> Any:
        x, flow = hidden_states, self.flow
        if flow.mode == "record":
            flow.bank[self.name] = x
            seen = _attend(attn, attn.to_q(x), attn.to_k(x), attn.to_v(x))
            return attn.to_out[0](seen)
        alone = x[: len(x) // 2] if len(x) > 1 else x[:0]
        given = x[len(alone) :]
        wide = torch.cat([given, flow.bank[self.name][1:]], dim=1)
        parts = [_attend(attn, attn.to_q(given), attn.to_k(wide), attn.to_v(wide))]
        if len(alone):
            own = _attend(attn, attn.to_q(alone), attn.to_k(alone), attn.to_v(alone))
            parts.insert(0, own)
        return attn.to_out[0](torch.cat(parts))


class _Cross:
    def __init__(self, flow: Straight, adapter: Any) -> None:
        self.flow, self.keys, self.values = flow, adapter.to_k_ip, adapter.to_v_ip

    def __call__(
        self, attn: Any, hidden_states: Tensor, encoder_hidden_states: Any = None, **_: Any
    ) -> Any:
        query, text, tokens = attn.to_q(hidden_states), self.flow.text, self.flow.tokens
        seen = _attend(attn, query, attn.to_k(text), attn.to_v(text))
        if tokens is not None:
            keys = functional.linear(tokens, self.keys)
            seen = seen + _attend(attn, query, keys, functional.linear(tokens, self.values))
        return attn.to_out[0](seen)
