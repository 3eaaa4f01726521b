"""SMIRK's encoders in torch, in the layout of the published checkpoint.

Retsinas et al., "3D Facial Expressions through Analysis-by-Neural-Synthesis", CVPR 2024: three
MobileNetV3 backbones, each with one linear layer, for the head's pose and the camera, for the
shape of the face and for its expression.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from mien.errors import WeightsError
from mien.face.mobilenet import LARGE, SMALL, MobileNet
from mien.weights.loaders import check_state, load_torch

__all__ = ["ExpressionEncoder", "SmirkNetwork", "load_network"]

POSE: Final = 3
CAMERA: Final = 3
SHAPE: Final = 300
COEFFICIENTS: Final = 55

_ENCODERS: Final = "smirk_encoder."
_GENERATOR: Final = "smirk_generator."
"""The checkpoint also holds the network that SMIRK was trained with; it is not needed."""


class PoseEncoder(nn.Module):
    """Head rotation (axis-angle) and weak-perspective camera of pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = MobileNet(SMALL)
        self.pose_cam_layers = nn.Sequential(nn.Linear(self.encoder.channels, POSE + CAMERA))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the pose (B, 6) of R'G'B' 0..1 (B, 3, 224, 224)."""
        return torch.as_tensor(self.pose_cam_layers(self.encoder(pictures)))


class ShapeEncoder(nn.Module):
    """FLAME shape of pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = MobileNet(LARGE)
        self.shape_layers = nn.Sequential(nn.Linear(self.encoder.channels, SHAPE))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the shape (B, 300) of R'G'B' 0..1 (B, 3, 224, 224)."""
        return torch.as_tensor(self.shape_layers(self.encoder(pictures)))


class ExpressionEncoder(nn.Module):
    """FLAME expression, eyelids and jaw of pictures, before they are held within limits."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = MobileNet(LARGE)
        self.expression_layers = nn.Sequential(nn.Linear(self.encoder.channels, COEFFICIENTS))

    @property
    def linear(self) -> nn.Linear:
        """The layer from the averaged feature map to the coefficients."""
        (layer,) = self.expression_layers
        assert isinstance(layer, nn.Linear)
        return layer

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the expression (B, 55) of R'G'B' 0..1 (B, 3, 224, 224)."""
        return torch.as_tensor(self.expression_layers(self.encoder(pictures)))


class SmirkNetwork(nn.Module):
    """All that SMIRK reads of a face."""

    def __init__(self) -> None:
        super().__init__()
        self.pose_encoder = PoseEncoder()
        self.shape_encoder = ShapeEncoder()
        self.expression_encoder = ExpressionEncoder()


def load_network(path: Path) -> SmirkNetwork:
    """Load the network with a published checkpoint's weights, on the CPU, for inference.

    Raises:
        WeightsError: When the file is cut short, holds more than tensors, or is not SMIRK's.
        MissingDependencyError: When torch is not installed.
    """
    state = load_torch(path)
    own = {
        name.removeprefix(_ENCODERS): value
        for name, value in state.items()
        if not name.startswith(_GENERATOR)
    }
    network = SmirkNetwork()
    expected = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    if not all(isinstance(value, Tensor) for value in own.values()):
        raise WeightsError(
            f"{path} holds groups of tensors: it is not SMIRK's checkpoint.",
            "Use SMIRK_em1.pt as its authors publish it.",
            path=path,
        )
    check_state(expected, own, path)
    network.load_state_dict(own)
    return network.eval().requires_grad_(False)
