"""Pictures as latents and back: the base model's VAE, or a small one for previews."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mien._types import FloatArray
from mien.errors import MissingDependencyError, WeightsError
from mien.rendering.reference.determinism import products_for_pointwise
from mien.rendering.reference.prompt import read_config
from mien.weights.loaders import check_state, load_safetensors

__all__ = ["Vae"]

_OLD_NAMES = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
"""Of the attention's layers in files of 2022; Stable Diffusion 1.5's is one."""
_OLD = re.compile(r"(?<=\.attentions\.0\.)(query|key|value|proj_attn)(?=\.)")


class Vae:
    """A VAE on one device.

    Args:
        weights: Its weights.
        config: Its structure.
        device: Where to work.
        dtype: In what precision.

    Attributes:
        dtype: Its precision.
        factor: Pixels of a latent's side.
        width: Channels at full resolution.

    Raises:
        WeightsError: When a file cannot be used.
        MissingDependencyError: When diffusers is not installed.
    """

    def __init__(
        self, weights: Path, config: Path, device: torch.device, dtype: torch.dtype
    ) -> None:
        structure = read_config(config)
        self._net = _build(structure, config)
        self._small = structure["_class_name"] == "AutoencoderTiny"
        state = {
            _OLD.sub(lambda found: _OLD_NAMES[found[0]], key): value
            for key, value in load_safetensors(weights).items()
        }
        # A convolution of one pixel and a matrix are the same numbers.
        shapes = {key: value.shape for key, value in self._net.state_dict().items()}
        state = {
            key: value.reshape(shapes[key])
            if key in shapes and value.numel() == shapes[key].numel() and value.ndim == 4
            else value
            for key, value in state.items()
        }
        check_state(shapes, state, weights)
        self._net.load_state_dict(state, assign=True)
        self._net.eval().requires_grad_(False)
        products_for_pointwise(self._net, device)
        # On a GPU convolutions are fastest with the channels innermost.
        gpu = device.type == "cuda"
        self._layout = torch.channels_last if gpu else torch.contiguous_format
        self._to(device=device, dtype=dtype, memory_format=self._layout)
        self._scale = float(structure.get("scaling_factor") or 1.0)
        self._device, self.dtype = device, dtype
        widths = self._net.config.block_out_channels
        self.width, self.factor = int(widths[0]), 2 ** (len(widths) - 1)

    def posterior(self, pictures: FloatArray) -> tuple[Tensor, Tensor]:
        """Mean and logarithm of the variance, each (frames, 4, h, w) float32, not scaled.

        Args:
            pictures: (frames, h, w, 3) R'G'B', 0..1.
        """
        x = torch.from_numpy(np.ascontiguousarray(pictures, dtype=np.float32)).to(self._device)
        # On a CPU with the channels outermost: torch sums a norm's groups more exactly so.
        x = x.permute(0, 3, 1, 2).contiguous(memory_format=self._layout)
        x = (x * 2 - 1).to(self.dtype)
        if self._small:
            mean = self._net.encode(x).latents.float()
            # It has no variance: as good as certain.
            return mean, torch.full_like(mean, -30.0)
        found = self._net.encode(x).latent_dist
        return found.mean.float(), found.logvar.float()

    def encode(self, pictures: FloatArray, noise: Tensor | None = None) -> Tensor:
        """Latents (frames, 4, h, w) float32, scaled as the UNet takes them.

        Args:
            pictures: (frames, h, w, 3) R'G'B', 0..1.
            noise: (frames, 4, h, w) makes it a draw from the posterior; None takes its mean.
        """
        mean, log_variance = self.posterior(pictures)
        if noise is not None:
            mean = mean + torch.exp(0.5 * log_variance) * noise.to(mean)
        return mean * self._scale

    def decode(self, latents: Tensor) -> FloatArray:
        """Pictures (frames, h, w, 3) float32 R'G'B', 0..1.

        Half precision can overflow on unusual latents; such frames are decoded again in float32.
        """
        pictures = self.decode_raw(latents)
        bad = ~torch.isfinite(pictures).flatten(1).all(dim=1)
        if self.dtype != torch.float32 and bool(bad.any()):
            half = self.dtype
            try:
                self._to(dtype=torch.float32)
                self.dtype = torch.float32
                pictures[bad] = self.decode_raw(latents[bad])
            finally:
                self._to(dtype=half)
                self.dtype = half
        shown = (pictures / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).contiguous()
        picture: FloatArray = shown.cpu().numpy()
        return picture

    def decode_raw(self, latents: Tensor) -> Tensor:
        """What the decoder answers, (frames, 3, h, w) float32: -1..1 where it is in gamut."""
        x = (latents.to(self._device, torch.float32) / self._scale).to(self.dtype)
        return torch.as_tensor(self._net.decode(x).sample).float()

    def _to(self, **where: Any) -> None:
        # diffusers' own `to` warns of every cast; these are meant.
        nn.Module.to(self._net, **where)


def _build(structure: dict[str, Any], path: Path) -> Any:
    try:
        from diffusers import AutoencoderKL, AutoencoderTiny
    except ImportError as error:
        raise MissingDependencyError(
            "The reference renderer needs diffusers.", 'pip install "mien[reference]"'
        ) from error
    kinds = {"AutoencoderKL": AutoencoderKL, "AutoencoderTiny": AutoencoderTiny}
    try:
        with torch.device("meta"):
            return kinds[structure["_class_name"]].from_config(structure)
    except (TypeError, ValueError, KeyError) as error:
        raise WeightsError(f"{path} describes no VAE ({error}).", "Get it again.") from error
