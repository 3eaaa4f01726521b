"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Literal

__all__ = ["Check", "State", "version_of"]

State = Literal["ok", "optional", "missing"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What it is.
        state: `ok`; `optional` when it is absent or impaired but not needed; `missing` when it
            is needed.
        detail: What was found.
        remedy: What to do about it; empty when nothing is to be done.
    """

    name: str
    state: State
    detail: str
    remedy: str = ""

    def to_dict(self) -> dict[str, str]:
        """The check in JSON's types."""
        return asdict(self)


def version_of(package: str) -> str:
    """The version of an installed package; empty when it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
