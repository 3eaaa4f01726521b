"""The same bytes from the same networks: one number of threads, named in a frame's key.

How a sum is split among threads decides about its last bit, and how torch, oneDNN and MKL split
one depends on the processor. So nobody relies on any two numbers of threads agreeing: a job has
one (`devices.with_threads`), and whoever computes for it takes that, whatever its process has.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

__all__ = ["computing_threads", "products_for_pointwise"]


@contextmanager
def computing_threads(count: int) -> Iterator[None]:
    """Let torch compute with a number of the CPU's threads, in the thread that this runs in.

    Args:
        count: The number, at least 1.
    """
    before = torch.get_num_threads()
    if count == before:
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Pointwise(nn.Conv2d):
    """A convolution of one pixel, computed as the product of two matrices."""

    def forward(self, x: Tensor) -> Tensor:
        rows, _, height, width = x.shape
        found = torch.matmul(self.weight.flatten(1), x.flatten(2))
        if self.bias is not None:
            found = found + self.bias[:, None]
        return found.view(rows, -1, height, width)


def products_for_pointwise(network: nn.Module, device: torch.device) -> None:
    """Let a network on a CPU compute its convolutions of one pixel as matrix products.

    oneDNN splits such a convolution within its sums, differently from version to version; a
    product is summed in one order on most processors.
    """
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
