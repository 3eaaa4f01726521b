"""LoRAs of the denoiser, through peft: read, added, and merged into the weights.

Hu et al., LoRA: Low-Rank Adaptation of Large Language Models (2021). A LoRA without an alpha in
its file has the scaling 1, whatever its rank.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mien.errors import MissingDependencyError, WeightsError
from mien.weights.loaders import load_safetensors

__all__ = ["LoraLayer", "Loras", "read_lora"]

_KEY = re.compile(
    r"(?:base_model\.model\.)?(?:unet\.|lora_unet_)?(?P<layer>.+?)\."
    r"(?:(?P<down>lora\.down\.weight|lora_down\.weight|lora_A(?:\.default)?\.weight)"
    r"|(?P<up>lora\.up\.weight|lora_up\.weight|lora_B(?:\.default)?\.weight)"
    r"|(?P<alpha>alpha))"
)
"""diffusers' old names, kohya's and peft's."""


@dataclass(frozen=True, slots=True, eq=False)
class LoraLayer:
    """What a LoRA adds to one layer: `up @ down * alpha / rank`.

    Attributes:
        down: (rank, inputs, ...).
        up: (outputs, rank, ...).
        alpha: The rank where the file has none.
    """

    down: Tensor
    up: Tensor
    alpha: float


def read_lora(path: Path, unet: nn.Module) -> dict[str, LoraLayer]:
    """A LoRA's layers by the name of the UNet's module that each belongs to.

    Raises:
        WeightsError: When the file cannot be read, or belongs to another network.
    """
    modules = {name: module for name, module in unet.named_modules() if hasattr(module, "weight")}
    # kohya writes underscores where modules have dots.
    flat = {name.replace(".", "_"): name for name in modules}
    parts: dict[str, dict[str, Tensor]] = {}
    for key, value in load_safetensors(path).items():
        match = _KEY.fullmatch(key)
        layer = match["layer"] if match else ""
        layer = layer if layer in modules else flat.get(layer, "")
        if match is None or not layer:
            raise _foreign(path, f"{key} is no layer of it")
        parts.setdefault(layer, {})[str(match.lastgroup)] = value
    layers = {}
    for name, part in parts.items():
        if not {"down", "up"} <= set(part):
            raise _foreign(path, f"{name} is not whole")
        weight = modules[name].weight
        down, up = part["down"].float(), part["up"].float()
        widths = (*up.shape[:2], *down.shape[:2])
        rank = down.shape[0] if down.ndim else 0
        if widths != (weight.shape[0], rank, rank, weight.shape[1]):
            raise _foreign(path, f"{name} is {tuple(up.shape)} x {tuple(down.shape)}")
        layers[name] = LoraLayer(down, up, float(part.get("alpha", rank)))
    if not layers:
        raise _foreign(path, "it is empty")
    return layers


class Loras:
    """The LoRAs of one UNet, merged into its weights at the scales last asked for.

    Merged weights cost nothing at run time. They are always made anew from the published ones, so
    nothing drifts and nothing of an earlier request remains.

    Args:
        unet: The UNet; its layers are wrapped by peft as LoRAs are added.
    """

    def __init__(self, unet: nn.Module) -> None:
        self._unet = unet
        self._published: dict[str, Tensor] = {}
        self._scales: dict[str, float] = {}
        self.names: tuple[str, ...] = ()

    def add(self, name: str, layers: Mapping[str, LoraLayer]) -> None:
        """Add a LoRA; it has no effect before `use` gives it a scale.

        Args:
            name: By which `use` calls it.
            layers: As `read_lora` gives them.
        """
        try:
            from peft import LoraConfig, inject_adapter_in_model
        except ImportError as error:
            raise MissingDependencyError(
                "The reference renderer needs peft.", 'pip install "mien[reference]"'
            ) from error
        self.use({})
        ranks = {key: len(layer.down) for key, layer in layers.items()}
        config = LoraConfig(
            # Whole names: peft also takes the ends of names, and patterns by their ends.
            target_modules=_exactly(layers),
            rank_pattern={_exactly([key]): rank for key, rank in ranks.items()},
            alpha_pattern={_exactly([key]): layer.alpha for key, layer in layers.items()},
            init_lora_weights=False,
        )
        with warnings.catch_warnings():
            # Several LoRAs on one network are meant.
            warnings.filterwarnings("ignore", message="Already found a `peft_config`")
            inject_adapter_in_model(config, self._unet, adapter_name=name)
        for key, layer in layers.items():
            module: Any = self._unet.get_submodule(key)
            base = module.base_layer.weight
            for side, weight in ((module.lora_A, layer.down), (module.lora_B, layer.up)):
                side[name].weight = nn.Parameter(
                    weight.reshape(side[name].weight.shape).to(base.device), requires_grad=False
                )
            self._published.setdefault(key, base.data)
            # Beside the weights it does nothing; it acts through `use`, merged into them.
            module.set_adapter([])
        self._unet.eval()
        self.names = (*self.names, name)

    def use(self, scales: Mapping[str, float]) -> None:
        """Merge the LoRAs at the given scales; those that are not named have no effect."""
        wanted = {name: scale for name, scale in scales.items() if scale != 0}
        if wanted == self._scales:
            return
        self._scales = {}
        with torch.no_grad():
            for key, published in self._published.items():
                self._merge(self._unet.get_submodule(key), published, wanted)
        self._scales = wanted

    def _merge(self, module: Any, published: Tensor, scales: Mapping[str, float]) -> None:
        if module.merged:
            module.unmerge()
        base = module.base_layer
        if base.weight.data_ptr() == published.data_ptr():
            # Shared with the plain UNet until a LoRA changes it.
            base.weight = nn.Parameter(published.clone(), requires_grad=False)
        base.weight.copy_(published)
        present = [name for name in scales if name in module.lora_A]
        for name in present:
            module.set_scale(name, scales[name])
        if present:
            module.merge(adapter_names=present)


def _exactly(names: Any) -> str:
    return "^(" + "|".join(re.escape(name) for name in names) + ")$"


def _foreign(path: Path, what: str) -> WeightsError:
    return WeightsError(
        f"{path} holds no LoRA of this UNet ({what}).",
        "Use one that was made for Stable Diffusion 1.5 or Arc2Face.",
    )
