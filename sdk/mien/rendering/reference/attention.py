"""How the UNet looks at prompt, expression and reference: attention processors for diffusers.

Everything that belongs to a request comes as `conditions` through diffusers'
`cross_attention_kwargs` and is gone with the request; the processors hold weights and their own
name, nothing else. What does not change from step to step (keys and values of the prompt, the
expression tokens and the reference bank) is projected once, before the first step.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Conditions", "CrossAttention", "ReferenceKeys", "SelfAttention", "split_heads"]

KeysValues = tuple[Tensor, Tensor]
"""Keys and values, each (rows, heads, tokens, features of a head)."""


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceKeys:
    """What one layer's self-attention sees of the reference, beside its own tokens.

    Attributes:
        rows: The last rows of the batch read it; those before see only themselves.
        groups: Keys and values of each frame in the bank, of `rows` rows or of 1 for all.
        bias: (rows, 1, 1, n) features to append to the queries, so that their product with the
            last n features of a group's keys is the logarithm of how much the group counts; None
            where all count in full. Added to the logits as a mask, it would rule out the fastest
            attention.
    """

    rows: int
    groups: tuple[KeysValues, ...]
    bias: Tensor | None


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """What all steps of one request look at, by the name of the layer.

    Attributes:
        prompt: Keys and values of the prompt.
        expression: Keys and values of the expression tokens, values scaled; may be empty.
        reference: The reference bank; may be empty.
    """

    prompt: Mapping[str, KeysValues]
    expression: Mapping[str, KeysValues] = field(default_factory=dict)
    reference: Mapping[str, ReferenceKeys] = field(default_factory=dict)


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(rows, tokens, features) as (rows, heads, tokens, features of a head)."""
    rows, tokens, features = x.shape
    return x.view(rows, tokens, heads, features // heads).transpose(1, 2)


def _join_heads(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(2)


class SelfAttention:
    """A layer's look at its own tokens and, where a request has one, at the reference.

    The Reference Adapter concatenates the tokens of the reference pass to the layer's own keys
    and values; only conditional rows, the last of the batch, read them.

    Args:
        name: The layer's name in the UNet.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
        conditions: Conditions | None = None,
        record: MutableMapping[str, Tensor] | None = None,
    ) -> Tensor:
        """Attend; diffusers' signature, and the request's own two.

        Args:
            attn: diffusers' layer.
            hidden_states: (rows, tokens, features), the output of the block's first norm.
            encoder_hidden_states: Not used: this layer looks at itself.
            attention_mask: Not used by Stable Diffusion.
            temb: Not used by Stable Diffusion.
            conditions: What the request looks at.
            record: Where the reference pass leaves what it sees.
        """
        if record is not None:
            record[self.name] = hidden_states
        query, key, value = (
            split_heads(project(hidden_states), attn.heads)
            for project in (attn.to_q, attn.to_k, attn.to_v)
        )
        reference = conditions.reference.get(self.name) if conditions is not None else None
        if reference is None:
            seen = functional.scaled_dot_product_attention(query, key, value)
        else:
            seen = _with_reference(query, key, value, reference)
        output: Tensor = attn.to_out[0](_join_heads(seen))
        return output


def _with_reference(query: Tensor, key: Tensor, value: Tensor, reference: ReferenceKeys) -> Tensor:
    rows, alone, size = reference.rows, len(query) - reference.rows, query.shape[-1]
    q, k, v = query[alone:], key[alone:], value[alone:]
    if reference.bias is not None:
        features = reference.bias.shape[-1]
        q = torch.cat([q, reference.bias.expand(*q.shape[:-1], features)], dim=-1)
        k, v = functional.pad(k, (0, features)), functional.pad(v, (0, features))
    k = torch.cat([k, *(keys.expand(rows, -1, -1, -1) for keys, _ in reference.groups)], dim=2)
    v = torch.cat([v, *(values.expand(rows, -1, -1, -1) for _, values in reference.groups)], dim=2)
    seen = functional.scaled_dot_product_attention(q, k, v, scale=size**-0.5)[..., :size]
    if not alone:
        return seen
    own = functional.scaled_dot_product_attention(query[:alone], key[:alone], value[:alone])
    return torch.cat([own, seen])


class CrossAttention(nn.Module):
    """A layer's look at the prompt and, where a request has one, at the expression.

    Args:
        name: The layer's name in the UNet.
        to_k: (features, width of a token), the Expression Adapter's keys; None for a UNet
            without it.
        to_v: Its values.
    """

    def __init__(self, name: str, to_k: Tensor | None = None, to_v: Tensor | None = None) -> None:
        super().__init__()
        self.name = name
        self.to_k_ip = None if to_k is None else nn.Parameter(to_k, requires_grad=False)
        self.to_v_ip = None if to_v is None else nn.Parameter(to_v, requires_grad=False)

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
        conditions: Conditions | None = None,
        record: MutableMapping[str, Tensor] | None = None,
    ) -> Tensor:
        """Attend; as `SelfAttention`. The prompt comes with the conditions, projected."""
        assert conditions is not None
        query = split_heads(attn.to_q(hidden_states), attn.heads)
        seen = functional.scaled_dot_product_attention(query, *conditions.prompt[self.name])
        expression = conditions.expression.get(self.name)
        if expression is not None:
            seen = seen + functional.scaled_dot_product_attention(query, *expression)
        output: Tensor = attn.to_out[0](_join_heads(seen))
        return output
