"""Errors of the extension itself, in the same form as mien's."""

from __future__ import annotations

from .client import ServeError

__all__ = ["RefusedError"]


class RefusedError(ServeError):
    """An action that is not possible here; nothing was changed.

    Args:
        cause: One sentence: what is wrong.
        remedy: One sentence: what to do.
    """

    def __init__(self, cause: str, remedy: str = "") -> None:
        super().__init__("refused", cause, remedy)
