"""Arc2Face's UNet, twice over the same weights: plain for the reference pass, and the denoiser.

The reference pass takes neither LoRA nor expression, the denoiser takes both. Two trees of
modules that share every tensor but those that a LoRA changes make that a fact of structure: no
switch is thrown between passes that a failed request could leave in the wrong place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mien.errors import MissingDependencyError, WeightsError
from mien.rendering.reference.attention import (
    CrossAttention,
    KeysValues,
    ReferenceKeys,
    SelfAttention,
    split_heads,
)
from mien.rendering.reference.bank import Anchor, Bank
from mien.rendering.reference.determinism import products_for_pointwise
from mien.rendering.reference.lora import Loras
from mien.rendering.reference.prompt import read_config
from mien.weights.loaders import check_state, load_safetensors

__all__ = ["Networks", "project_expression", "project_prompt", "project_reference"]

_PROCESSOR = ".processor"
_UNSEEN = -100.0
"""Logarithm of a weight that counts for nothing beside 1, in float32 too."""


@dataclass(frozen=True, slots=True, eq=False)
class Networks:
    """The two forms of the UNet.

    Attributes:
        plain: As Arc2Face published it.
        denoiser: With the Expression Adapter's attention and LoRAs.
        loras: The denoiser's LoRAs.
        config: The structure of both.
    """

    plain: Any
    denoiser: Any
    loras: Loras
    config: Mapping[str, Any]

    @classmethod
    def load(
        cls,
        weights: Path,
        config: Path,
        expression: tuple[Path, Mapping[str, Tensor]],
        device: torch.device,
        dtype: torch.dtype,
    ) -> Networks:
        """Read the UNet's files.

        Args:
            weights: Of the UNet.
            config: Its structure.
            expression: The file of the Expression Adapter and its `ip_adapter` part.
            device: Where to work.
            dtype: In what precision.

        Raises:
            WeightsError: When a file cannot be used.
            MissingDependencyError: When diffusers is not installed.
        """
        structure = read_config(config)
        bare = _build(structure, config)
        state = load_safetensors(weights)
        check_state({k: v.shape for k, v in bare.state_dict().items()}, state, weights)
        del bare
        # On a GPU convolutions are fastest with the channels innermost.
        layout = torch.channels_last if device.type == "cuda" else torch.preserve_format
        ready = {
            name: x.to(
                device, dtype, memory_format=layout if x.ndim == 4 else torch.preserve_format
            )
            for name, x in state.items()
        }
        plain, denoiser = (_filled(structure, config, ready) for _ in range(2))
        products_for_pointwise(plain, device)
        products_for_pointwise(denoiser, device)
        _set_processors(plain, None)
        adapter = _adapter_weights(denoiser, *expression)
        _set_processors(
            denoiser,
            {n: (k.to(device, dtype), v.to(device, dtype)) for n, (k, v) in adapter.items()},
        )
        return cls(plain, denoiser, Loras(denoiser), structure)


def _build(structure: Mapping[str, Any], path: Path) -> Any:
    try:
        from diffusers import UNet2DConditionModel
    except ImportError as error:
        raise MissingDependencyError(
            "The reference renderer needs diffusers.", 'pip install "mien[reference]"'
        ) from error
    try:
        with torch.device("meta"):
            return UNet2DConditionModel.from_config(structure)
    except (TypeError, ValueError, KeyError) as error:
        raise WeightsError(
            f"{path} describes no UNet of Stable Diffusion ({error}).", "Get it again."
        ) from error


def _filled(structure: Mapping[str, Any], path: Path, state: Mapping[str, Tensor]) -> Any:
    unet = _build(structure, path)
    unet.load_state_dict(state, assign=True)
    return unet.eval().requires_grad_(False)


def _set_processors(unet: Any, adapter: Mapping[str, tuple[Tensor, Tensor]] | None) -> None:
    processors: dict[str, object] = {}
    for name in unet.attn_processors:
        layer = name.removesuffix(_PROCESSOR)
        if layer.endswith("attn1"):
            processors[name] = SelfAttention(layer)
        else:
            processors[name] = CrossAttention(layer, *(adapter[layer] if adapter else ()))
    unet.set_attn_processor(processors)


def _adapter_weights(
    unet: Any, path: Path, state: Mapping[str, Tensor]
) -> dict[str, tuple[Tensor, Tensor]]:
    """The adapter's matrices by layer; the file numbers them in diffusers' order of layers."""
    expected: dict[str, tuple[int, ...]] = {}
    numbers: dict[str, int] = {}
    for number, name in enumerate(unet.attn_processors):
        layer = name.removesuffix(_PROCESSOR)
        if layer.endswith("attn2"):
            numbers[layer] = number
            shape = tuple(unet.get_submodule(layer).to_k.weight.shape)
            expected |= {f"{number}.to_{x}_ip.weight": shape for x in "kv"}
    check_state(expected, state, path)
    return {
        layer: (state[f"{number}.to_k_ip.weight"], state[f"{number}.to_v_ip.weight"])
        for layer, number in numbers.items()
    }


def _layers(unet: nn.Module, kind: str) -> dict[str, Any]:
    return {n: m for n, m in unet.named_modules() if n.endswith(f".{kind}") and hasattr(m, "to_q")}


def project_prompt(unet: nn.Module, features: Tensor) -> dict[str, KeysValues]:
    """Keys and values of a prompt (rows, tokens, width) in every cross-attention."""
    return {
        name: (
            split_heads(layer.to_k(features), layer.heads),
            split_heads(layer.to_v(features), layer.heads),
        )
        for name, layer in _layers(unet, "attn2").items()
    }


def project_expression(unet: nn.Module, tokens: Tensor, scale: float) -> dict[str, KeysValues]:
    """Keys and values of expression tokens (rows, tokens, width), the latter times `scale`."""
    found = {}
    for name, layer in _layers(unet, "attn2").items():
        adapter = layer.processor
        keys = nn.functional.linear(tokens, adapter.to_k_ip)
        values = nn.functional.linear(tokens, adapter.to_v_ip) * scale
        found[name] = split_heads(keys, layer.heads), split_heads(values, layer.heads)
    return found


def project_reference(
    unet: nn.Module, bank: Bank, anchors: tuple[Anchor, ...] = ()
) -> dict[str, ReferenceKeys]:
    """Keys and values of a bank, and of anchors, in every self-attention.

    Args:
        unet: The denoiser, with the LoRAs that act on the bank too.
        bank: What the reference pass saw of each denoised frame.
        anchors: Other frames that they look at.
    """
    found = {}
    for name, layer in _layers(unet, "attn1").items():
        groups = []
        for number, seen in enumerate((bank, *(anchor.bank for anchor in anchors))):
            tokens = seen.layers[name]
            key = split_heads(layer.to_k(tokens), layer.heads)
            value = split_heads(layer.to_v(tokens), layer.heads)
            groups.append(_marked(key, value, number - 1, len(anchors)))
        own = bank.layers[name]
        bias = _bias(own, anchors, own.shape[-1] // layer.heads) if anchors else None
        found[name] = ReferenceKeys(len(own), tuple(groups), bias)
    return found


def _features(anchors: int) -> int:
    """Two for each anchor, in whole eights: fused attention takes no others."""
    return -(-2 * anchors // 8) * 8


def _marked(key: Tensor, value: Tensor, anchor: int, anchors: int) -> KeysValues:
    """Keys and values, as wide as the queries with their bias; an anchor's keys pick theirs."""
    mark = key.new_zeros(_features(anchors))
    if anchor >= 0:
        mark[2 * anchor : 2 * anchor + 2] = 1
    wider = torch.cat([key, mark.expand(*key.shape[:-1], -1)], dim=-1)
    return wider, nn.functional.pad(value, (0, len(mark)))


def _bias(own: Tensor, anchors: tuple[Anchor, ...], head: int) -> Tensor:
    """Logarithms of the anchors' weights, as features of queries with heads of size `head`."""
    weights = torch.stack([anchor.weights.to(own.device, torch.float32) for anchor in anchors], 1)
    logits = weights.log().clamp(min=_UNSEEN) * head**0.5
    # Half precision is too coarse for a fade: what it rounds off goes into a second feature.
    coarse = logits.to(own.dtype)
    fine = (logits - coarse.float()).to(own.dtype)
    pairs = torch.stack([coarse, fine], dim=-1).flatten(1)
    return nn.functional.pad(pairs, (0, _features(len(anchors)) - pairs.shape[1]))[:, None, None]
