"""MobileNetV3 in its minimal form (no squeeze-and-excite, ReLU throughout), in torch.

Howard et al., "Searching for MobileNetV3", 2019; the minimal models are those of TensorFlow's
release. Modules have the names under which timm stores `tf_mobilenetv3_large_minimal_100` and
`tf_mobilenetv3_small_minimal_100`, so that checkpoints made with timm load as they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["LARGE", "SMALL", "Block", "MobileNet", "SameConv"]

BATCHNORM_EPSILON: Final = 1e-3
"""TensorFlow's; torch's own default is 1e-5."""

_STEM: Final = 16
"""Channels of the first convolution, and of the first stage."""

Stage = tuple[tuple[int, int, int], ...]
"""Blocks of a stage: channels inside, channels out, stride."""

LARGE: Final[tuple[int, tuple[Stage, ...], int]] = (
    1,
    (
        ((64, 24, 2), (72, 24, 1)),
        ((72, 40, 2), (120, 40, 1), (120, 40, 1)),
        ((240, 80, 2), (200, 80, 1), (184, 80, 1), (184, 80, 1)),
        ((480, 112, 1), (672, 112, 1)),
        ((672, 160, 2), (960, 160, 1), (960, 160, 1)),
    ),
    960,
)
"""Stride of the first stage, the stages after it, and channels of the last convolution."""

SMALL: Final[tuple[int, tuple[Stage, ...], int]] = (
    2,
    (
        ((72, 24, 2), (88, 24, 1)),
        ((96, 40, 2), (240, 40, 1), (240, 40, 1)),
        ((120, 48, 1), (144, 48, 1)),
        ((288, 96, 2), (576, 96, 1), (576, 96, 1)),
    ),
    576,
)


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's "same": the odd pixel goes right and below."""

    def forward(self, x: Tensor) -> Tensor:
        """Convolve (B, C, H, W) to (B, C', ceil(H / stride), ceil(W / stride))."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        if kernel > 1:
            high, wide = (max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in x.shape[-2:])
            x = functional.pad(x, (wide // 2, wide - wide // 2, high // 2, high - high // 2))
        return functional.conv2d(x, self.weight, self.bias, self.stride, 0, 1, self.groups)


def _conv(inside: int, out: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> SameConv:
    return SameConv(inside, out, kernel, stride, groups=groups, bias=False)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=BATCHNORM_EPSILON)


class Block(nn.Module):
    """Convolutions in a row, each normalised; added to the input where that has their shape."""

    skips = False

    def layers(self) -> tuple[tuple[SameConv, nn.Module, bool], ...]:
        """Return convolution, normalisation and whether a ReLU follows, in order."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', H', W')."""
        y = x
        for conv, norm, relu in self.layers():
            y = norm(conv(y))
            if relu:
                y = functional.relu(y)
        return x + y if self.skips else y


class _Separable(Block):
    """A convolution of each channel by itself, then one across channels."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.conv_dw = _conv(channels, channels, 3, stride, groups=channels)
        self.bn1 = _norm(channels)
        self.conv_pw = _conv(channels, channels)
        self.bn2 = _norm(channels)
        self.skips = stride == 1

    def layers(self) -> tuple[tuple[SameConv, nn.Module, bool], ...]:
        return (self.conv_dw, self.bn1, True), (self.conv_pw, self.bn2, False)


class _Inverted(Block):
    """An inverted residual: widen, convolve each channel by itself, narrow."""

    def __init__(self, narrow: int, wide: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv_pw = _conv(narrow, wide)
        self.bn1 = _norm(wide)
        self.conv_dw = _conv(wide, wide, 3, stride, groups=wide)
        self.bn2 = _norm(wide)
        self.conv_pwl = _conv(wide, out)
        self.bn3 = _norm(out)
        self.skips = stride == 1 and narrow == out

    def layers(self) -> tuple[tuple[SameConv, nn.Module, bool], ...]:
        return (
            (self.conv_pw, self.bn1, True),
            (self.conv_dw, self.bn2, True),
            (self.conv_pwl, self.bn3, False),
        )


class _Last(Block):
    """The last convolution, across channels."""

    def __init__(self, inside: int, out: int) -> None:
        super().__init__()
        self.conv = _conv(inside, out)
        self.bn1 = _norm(out)

    def layers(self) -> tuple[tuple[SameConv, nn.Module, bool], ...]:
        return ((self.conv, self.bn1, True),)


class MobileNet(nn.Module):
    """The network up to its last feature map.

    Args:
        plan: `LARGE` or `SMALL`.
    """

    def __init__(self, plan: tuple[int, tuple[Stage, ...], int]) -> None:
        super().__init__()
        stride, stages, last = plan
        self.conv_stem = _conv(3, _STEM, 3, 2)
        self.bn1 = _norm(_STEM)
        blocks = [nn.Sequential(_Separable(_STEM, stride))]
        channels = _STEM
        for stage in stages:
            row = []
            for wide, out, step in stage:
                row.append(_Inverted(channels, wide, out, step))
                channels = out
            blocks.append(nn.Sequential(*row))
        blocks.append(nn.Sequential(_Last(channels, last)))
        self.blocks = nn.Sequential(*blocks)
        self.channels = last

    def stages(self, x: Tensor) -> list[Tensor]:
        """Return the feature map of every stage for pictures (B, 3, H, W)."""
        x = functional.relu(self.bn1(self.conv_stem(x)))
        outputs = []
        for stage in self.blocks:
            x = stage(x)
            outputs.append(x)
        return outputs

    def all_blocks(self) -> Iterator[Block]:
        """Return every block, from the stem on."""
        yield from (module for module in self.blocks.modules() if isinstance(module, Block))

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, C): the last feature map of pictures (B, 3, H, W), averaged."""
        return self.stages(x)[-1].mean((2, 3))

    def fold(self) -> MobileNet:
        """Fold each normalisation into the convolution before it, in place; for inference."""
        for module in list(self.modules()):
            for (before, conv), (name, norm) in itertools.pairwise(module.named_children()):
                if isinstance(conv, SameConv) and isinstance(norm, nn.BatchNorm2d):
                    setattr(module, before, _folded(conv, norm))
                    setattr(module, name, nn.Identity())
        return self


@torch.no_grad()
def _folded(conv: SameConv, norm: nn.BatchNorm2d) -> SameConv:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    # In float64: variances of trained channels can be near the epsilon.
    gain = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    folded = SameConv(
        conv.in_channels,
        conv.out_channels,
        conv.kernel_size[0],
        conv.stride[0],
        groups=conv.groups,
    )
    folded.weight.copy_(conv.weight.double() * gain[:, None, None, None])
    assert folded.bias is not None
    folded.bias.copy_(norm.bias.double() - norm.running_mean.double() * gain)
    return folded
