"""How unlike two pictures are to people, by LPIPS where its weights are on this machine.

Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018,
version 0.1 on AlexNet (Krizhevsky 2014): both pictures' features after each of five layers, of unit
length at each pixel, their squared difference weighed by channel, averaged, summed. The layers
are those of the published weights; nothing is fetched.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mien._types import FloatArray
from mien.errors import WeightsError
from mien.weights.loaders import load_torch

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Perceptual", "open_perceptual"]

_ALEXNET: Final = "alexnet-owt-7be5be79.pth"
"""The file that torchvision keeps in torch's cache."""
_LINEAR: Final = Path("weights", "v0.1", "alex.pth")
"""The file inside the package `lpips`."""
_LAYERS: Final = (("0", 4, 2), ("3", 1, 2), ("6", 1, 1), ("8", 1, 1), ("10", 1, 1))
"""Number of a convolution among AlexNet's features, its stride and its padding."""
_POOLED: Final = ("3", "6")
"""Convolutions that stand behind a pooling."""
_SHIFT: Final = (-0.030, -0.088, -0.188)
_SCALE: Final = (0.458, 0.448, 0.450)


class Perceptual:
    """LPIPS on AlexNet.

    Args:
        alexnet: The file of AlexNet's weights.
        linear: The file of LPIPS's own.

    Raises:
        WeightsError: When one of them is not what it should be.
        MissingDependencyError: When torch is not installed.
    """

    name = "LPIPS v0.1 on AlexNet"

    def __init__(self, alexnet: Path, linear: Path) -> None:
        self._features = load_torch(alexnet)
        self._weights = load_torch(linear)
        for layer, (number, _, _) in enumerate(_LAYERS):
            lacks = [
                path
                for path, key, state in (
                    (alexnet, f"features.{number}.weight", self._features),
                    (alexnet, f"features.{number}.bias", self._features),
                    (linear, f"lin{layer}.model.1.weight", self._weights),
                )
                if key not in state
            ]
            if lacks:
                raise WeightsError(
                    f"{lacks[0]} does not hold the weights that LPIPS needs.",
                    "Remove it, or get it again.",
                    path=lacks[0],
                )

    def distance(self, one: FloatArray, other: FloatArray) -> float:
        """Return the distance of two pictures (H, W, 3) 0..255: 0 for equal ones."""
        import torch

        with torch.inference_mode():
            total = 0.0
            pairs = zip(self._layers(one), self._layers(other), strict=True)
            for layer, (first, second) in enumerate(pairs):
                apart = (_unit(first) - _unit(second)) ** 2
                weighed = apart * self._weights[f"lin{layer}.model.1.weight"].reshape(1, -1, 1, 1)
                total += float(weighed.sum(dim=1).mean())
            return total

    def _layers(self, picture: FloatArray) -> list[Tensor]:
        import torch
        from torch.nn import functional

        values = torch.from_numpy(picture.transpose(2, 0, 1)[None].copy()).float() / 127.5 - 1
        shift, scale = (torch.tensor(row).reshape(1, 3, 1, 1) for row in (_SHIFT, _SCALE))
        values = (values - shift) / scale
        layers = []
        for number, stride, padding in _LAYERS:
            if number in _POOLED:
                values = functional.max_pool2d(values, 3, 2)
            values = functional.conv2d(
                values, self._features[f"features.{number}.weight"].float(),
                self._features[f"features.{number}.bias"].float(), stride, padding,
            )  # fmt: skip
            values = functional.relu(values)
            layers.append(values)
        return layers


def open_perceptual() -> tuple[Perceptual | None, str]:
    """Return LPIPS, or None where it is not complete; and what it is, or what is lacking."""
    if find_spec("torch") is None:
        return None, "left out: torch is not installed"
    alexnet, linear = _torch_cache() / _ALEXNET, _package_file()
    if not alexnet.is_file():
        return None, f"left out: AlexNet's weights are not at {alexnet}"
    if linear is None:
        return None, "left out: the package lpips, which carries its weights, is not installed"
    return Perceptual(alexnet, linear), Perceptual.name


def _torch_cache() -> Path:
    """Where torch keeps checkpoints, by its own rule, without loading it."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("TORCH_HOME") or Path(cache, "torch")
    return Path(home).expanduser() / "hub" / "checkpoints"


def _package_file() -> Path | None:
    package = find_spec("lpips")
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / _LINEAR
    return path if path.is_file() else None


def _unit(features: Tensor) -> Tensor:
    return features / (features.pow(2).sum(dim=1, keepdim=True).sqrt() + 1e-10)
