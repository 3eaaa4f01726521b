"""What the reference pass saw of a frame, for the denoiser to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Anchor", "Bank"]


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """The tokens of the reference pass; a value that travels with requests.

    Attributes:
        layers: For each self-attention layer the tokens (frames, tokens, features) that go into
            it, which is the output of the first norm of its transformer block.
    """

    layers: Mapping[str, Tensor]

    @property
    def frames(self) -> int:
        """How many frames it holds."""
        return len(next(iter(self.layers.values())))

    def select(self, frames: Sequence[int]) -> Bank:
        """The bank of some of its frames, in that order; a frame may be repeated."""
        return Bank({name: x[list(frames)] for name, x in self.layers.items()})

    @staticmethod
    def join(banks: Sequence[Bank]) -> Bank:
        """One bank of the frames of all."""
        return Bank({name: torch.cat([b.layers[name] for b in banks]) for name in banks[0].layers})


@dataclass(frozen=True, slots=True, eq=False)
class Anchor:
    """Another frame that the denoised frames look at too, each as much as it should.

    Attributes:
        bank: What the reference pass saw of it: of one frame for all, or of one for each.
        weights: (frames,) 0..1, how much each denoised frame looks at it. A token of weight w
            counts as w tokens: log w is added to its logits, so that an anchor fades in and out
            without a step, and one of weight 0 is not seen at all.
    """

    bank: Bank
    weights: Tensor
