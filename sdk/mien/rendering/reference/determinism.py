"""The same bytes on any number of a CPU's threads.

Almost everything in these networks is summed in one order, whoever does it. Two things are not,
in torch 2.13 as measured with 1, 2, 3, 4 and 8 threads: convolutions of one pixel, which oneDNN
splits within their sums, and functions of single numbers such as SiLU, whose results differ in
the last bit where a thread's share does not fill the processor's registers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

__all__ = ["even_threads", "products_for_pointwise"]


@contextmanager
def even_threads(device: torch.device) -> Iterator[None]:
    """Work on a power of two of the CPU's threads, so that everyone's share is a round one."""
    before = torch.get_num_threads()
    even = 1 << (before.bit_length() - 1)
    if device.type != "cpu" or even == before:
        yield
        return
    torch.set_num_threads(even)
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
