"""An identity as a prompt: "photo of a id person", with the face's embedding in place of `id`.

Papantoniou et al., Arc2Face: A Foundation Model for ID-Consistent Human Faces (2024): the text
encoder of Stable Diffusion, tuned to read an ArcFace embedding where the token `id` stands.
The encoder is CLIP's (Radford et al. 2021), written out here because it is given embeddings
instead of tokens, for which transformers has no door.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.errors import MissingDependencyError, WeightsError
from mien.rendering.reference.attention import split_heads
from mien.weights.loaders import check_state, load_torch

__all__ = ["Prompt", "Prompter"]

_TEXT = "photo of a id person"
_PLACEHOLDER = "id"
_POSITION_IDS = "text_model.embeddings.position_ids"
"""A list 0..76 that older files carry beside the weights."""


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """Who is drawn.

    Attributes:
        given: (1, tokens, width) the identity's prompt.
        empty: (1, tokens, width) the prompt that guidance leads away from.
    """

    given: Tensor
    empty: Tensor


class Prompter:
    """Turns identity embeddings into prompts; on the CPU, in float32, once a face and shot.

    Args:
        weights: Arc2Face's text encoder.
        config: Its structure.
        tokenizer: Folder of the base model's tokenizer.

    Raises:
        WeightsError: When a file cannot be used.
        MissingDependencyError: When transformers is not installed.
    """

    def __init__(self, weights: Path, config: Path, tokenizer: Path) -> None:
        try:
            self._encoder = _Encoder(read_config(config))
        except (KeyError, TypeError, ValueError) as error:
            raise WeightsError(
                f"{config} describes no text encoder of CLIP ({error}).", "Get it again."
            ) from error
        state = load_torch(weights)
        state.pop(_POSITION_IDS, None)
        check_state({k: v.shape for k, v in self._encoder.state_dict().items()}, state, weights)
        self._encoder.load_state_dict({k: v.float() for k, v in state.items()}, assign=True)
        self._encoder.eval().requires_grad_(False)
        self.tokens, self.empty_tokens, self._place = _tokens(tokenizer)

    def normalise(self, identity: npt.ArrayLike) -> Tensor:
        """An embedding (512,) of ArcFace as (1, 512) of length 1.

        Raises:
            ValueError: When it holds no direction.
        """
        raw = torch.as_tensor(np.asarray(identity, dtype=np.float32)).reshape(1, -1)
        length = float(torch.linalg.vector_norm(raw))
        if not (np.isfinite(length) and length > 0):
            raise ValueError(f"an identity embedding of length {length}")
        return raw / length

    def __call__(self, identity: npt.ArrayLike) -> Prompt:
        """The prompt of an identity.

        Args:
            identity: (512,) embedding of ArcFace, of any length.
        """
        table = self._encoder.text_model.embeddings.token_embedding
        words = table(torch.tensor([self.tokens]))
        direction = self.normalise(identity)
        words[:, self._place] = functional.pad(
            direction, (0, words.shape[-1] - direction.shape[-1])
        )
        return Prompt(
            given=self._encoder(words),
            empty=self._encoder(table(torch.tensor([self.empty_tokens]))),
        )


def read_config(path: Path) -> dict[str, Any]:
    """A model's structure, from JSON.

    Raises:
        WeightsError: When it cannot be read.
    """
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} cannot be read as JSON ({error}).", "Get it again.") from error
    if not isinstance(config, dict):
        raise WeightsError(f"{path} describes no model.", "Get it again.")
    return config


def _tokens(folder: Path) -> tuple[list[int], list[int], int]:
    """Tokens of the prompt and of the empty one, and where in the former the identity goes."""
    try:
        from transformers import CLIPTokenizer
    except ImportError as error:
        raise MissingDependencyError(
            "The reference renderer needs transformers.", 'pip install "mien[reference]"'
        ) from error
    try:
        tokenizer = CLIPTokenizer.from_pretrained(str(folder), local_files_only=True)
    except Exception as error:  # tokenizers names no errors of its own
        raise WeightsError(
            f"{folder} holds no tokenizer ({str(error).splitlines()[0]}).", "Get it again."
        ) from error
    padded = {"padding": "max_length", "max_length": tokenizer.model_max_length}
    tokens = list(tokenizer(_TEXT, **padded).input_ids)
    placeholder = tokenizer.encode(_PLACEHOLDER, add_special_tokens=False)
    if len(placeholder) != 1 or tokens.count(placeholder[0]) != 1:
        raise WeightsError(
            f"The tokenizer in {folder} has no single token for '{_PLACEHOLDER}'.",
            "Use the tokenizer of Stable Diffusion 1.5.",
        )
    empty = list(tokenizer("", **padded).input_ids)
    return tokens, empty, tokens.index(placeholder[0])


class _Encoder(nn.Module):
    """CLIP's text encoder, from embedded tokens (rows, tokens, width) to as many features."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        with torch.device("meta"):
            self.text_model = _TextModel(config)

    def forward(self, words: Tensor) -> Tensor:
        return self.text_model.forward(words)


class _TextModel(nn.Module):
    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.embeddings = _Embeddings(config)
        self.encoder = _Layers(config)
        self.final_layer_norm = nn.LayerNorm(config["hidden_size"], eps=config["layer_norm_eps"])

    def forward(self, words: Tensor) -> Tensor:
        x = words + self.embeddings.position_embedding.weight[: words.shape[1]]
        return self.final_layer_norm.forward(self.encoder.forward(x))


class _Embeddings(nn.Module):
    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        width = config["hidden_size"]
        self.token_embedding = nn.Embedding(config["vocab_size"], width)
        self.position_embedding = nn.Embedding(config["max_position_embeddings"], width)


class _Layers(nn.Module):
    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config["num_hidden_layers"]))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class _Layer(nn.Module):
    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        width, inner = config["hidden_size"], config["intermediate_size"]
        self.heads = config["num_attention_heads"]
        # CLIP's own activation is a cheap form of GELU; later models have the exact one.
        self.quick = config["hidden_act"] == "quick_gelu"
        self.layer_norm1 = nn.LayerNorm(width, eps=config["layer_norm_eps"])
        self.layer_norm2 = nn.LayerNorm(width, eps=config["layer_norm_eps"])
        self.self_attn = nn.ModuleDict(
            {name: nn.Linear(width, width) for name in ("q_proj", "k_proj", "v_proj", "out_proj")}
        )
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, inner), "fc2": nn.Linear(inner, width)})

    def forward(self, x: Tensor) -> Tensor:
        normed = self.layer_norm1(x)
        q, k, v = (
            split_heads(self.self_attn[name](normed), self.heads)
            for name in ("q_proj", "k_proj", "v_proj")
        )
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.self_attn["out_proj"](seen.transpose(1, 2).flatten(2))
        inner = self.mlp["fc1"](self.layer_norm2(x))
        inner = inner * torch.sigmoid(1.702 * inner) if self.quick else functional.gelu(inner)
        output: Tensor = x + self.mlp["fc2"](inner)
        return output
