"""Expression coefficients as tokens, and the weights of the attention that reads them.

The Expression Adapter is an IP-Adapter (Ye et al., IP-Adapter: Text Compatible Image Prompt
Adapter, 2023) whose "image" is a vector of FLAME coefficients.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from mien.errors import WeightsError
from mien.weights.loaders import check_state, load_torch

__all__ = ["ExpressionTokens", "read_expression_adapter"]

_REMEDY = "Use the exp_adapter.bin that the authors publish."


class ExpressionTokens(nn.Module):
    """Makes tokens of coefficients: one or two matrices, then a norm of each token.

    Args:
        state: The adapter's `image_proj`, in one of the layouts that diffusers reads: `proj` and
            `norm`; `proj.0`, `proj.2` and `norm`; `proj.0`, `proj.2` and `proj.3`. All sizes are
            taken from it.
        path: Its file, for errors.

    Attributes:
        coefficients: How many coefficients it takes.
        width: Numbers of a token.

    Raises:
        WeightsError: When the layout is none of these.
    """

    def __init__(self, state: Mapping[str, Tensor], path: Path) -> None:
        super().__init__()
        # The norm is `proj.3` where the file's authors put it into the sequence.
        named = {key.replace("proj.3.", "norm."): value for key, value in state.items()}
        first = named.get("proj.weight", named.get("proj.0.weight"))
        last = named.get("proj.weight", named.get("proj.2.weight"))
        norm = named.get("norm.weight")
        if first is None or last is None or norm is None:
            raise WeightsError(
                f"{path} has an image_proj of unknown layout ({', '.join(state)}).", _REMEDY
            )
        self.coefficients, self.width = first.shape[1], norm.shape[0]
        if first is last:
            self.proj: nn.Module = nn.Linear(first.shape[1], first.shape[0])
        else:
            self.proj = nn.Sequential(
                nn.Linear(first.shape[1], first.shape[0]),
                nn.GELU(),
                nn.Linear(last.shape[1], last.shape[0]),
            )
        self.norm = nn.LayerNorm(self.width)
        check_state({k: v.shape for k, v in self.state_dict().items()}, named, path)
        self.load_state_dict(named)
        self.eval().requires_grad_(False)

    def forward(self, coefficients: Tensor) -> Tensor:
        """Tokens (rows, tokens, width) of coefficients (rows, 55)."""
        tokens: Tensor = self.norm(self.proj(coefficients).unflatten(-1, (-1, self.width)))
        return tokens


def read_expression_adapter(path: Path) -> tuple[ExpressionTokens, dict[str, Tensor]]:
    """The two parts of exp_adapter.bin.

    Returns:
        What makes the tokens, and the matrices of the attention that reads them, named
        `<number>.to_k_ip.weight` and `<number>.to_v_ip.weight`.

    Raises:
        WeightsError: When the file cannot be used.
    """
    state = load_torch(path)
    parts = [state.get("image_proj"), state.get("ip_adapter")]
    if set(state) != {"image_proj", "ip_adapter"} or not all(isinstance(p, dict) for p in parts):
        raise WeightsError(f"{path} is no IP-Adapter (it holds {', '.join(state)}).", _REMEDY)
    return ExpressionTokens(state["image_proj"], path), state["ip_adapter"]
