"""The error of a broken promise."""

from __future__ import annotations

__all__ = ["ContractError", "require"]


class ContractError(AssertionError):
    """A renderer, tracker or curve format does not do what mien relies on."""


def require(kept: bool, promise: str) -> None:
    """Raise ContractError unless a promise is kept."""
    if not kept:
        raise ContractError(promise)
