"""What the extension itself refuses, in the same form as what mien refuses."""

from __future__ import annotations

from .client import ServeError

__all__ = ["RefusedError"]


class RefusedError(ServeError):
    """Something cannot be done here; nothing was changed.

    Args:
        cause: One sentence: what is wrong.
        remedy: One sentence: what to do.
    """

    def __init__(self, cause: str, remedy: str = "") -> None:
        super().__init__("refused", cause, remedy)
