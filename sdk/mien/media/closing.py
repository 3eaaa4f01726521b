"""Objects that a `with` block closes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import TypeVar

__all__ = ["Closing"]

_Closing = TypeVar("_Closing", bound="Closing")


class Closing(ABC):
    """An object that is closed where the `with` block ends that it was opened for."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held."""

    def __enter__(self: _Closing) -> _Closing:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
