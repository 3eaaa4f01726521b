"""Convolutions of one pixel as matrix products: the same bytes on any number of threads.

On a CPU, torch hands them to oneDNN, which splits their sums among the threads it has; everything
else in these networks is summed in one order. Measured with torch 2.13: 1 and 2 threads.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["steady"]


class _Pointwise(nn.Conv2d):
    """A convolution of one pixel, computed as the product of two matrices."""

    def forward(self, x: Tensor) -> Tensor:
        rows, _, height, width = x.shape
        found = torch.matmul(self.weight.flatten(1), x.flatten(2))
        if self.bias is not None:
            found = found + self.bias[:, None]
        return found.view(rows, -1, height, width)


def steady(network: nn.Module, device: torch.device) -> None:
    """Let a network on a CPU compute its convolutions of one pixel as matrix products."""
    if device.type != "cpu":
        return
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if type(child) is nn.Conv2d and child.kernel_size == child.stride == (1, 1):
                with torch.device("meta"):
                    new = _Pointwise(
                        child.in_channels, child.out_channels, 1, bias=child.bias is not None
                    )
                new.weight, new.bias = child.weight, child.bias
                setattr(module, name, new.train(child.training))
