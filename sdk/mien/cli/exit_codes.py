"""The exit codes of every command: what `--help`, the manual page and the docs say of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["EXIT_CODES", "exit_code_lines"]

EXIT_CODES: Final[Mapping[int, str]] = {
    0: "done",
    1: "it failed, or was stopped; of a batch, some shots did",
    2: "a request that cannot be meant",
    3: "an input that cannot be used",
    4: "nothing to work on",
    5: "something is not installed",
    6: "it was done, and a figure of a report is beyond its threshold",
}
"""By the process's exit code, what it says."""


def exit_code_lines() -> list[tuple[str, str]]:
    """Return codes and what they say, as text."""
    return [(str(code), text) for code, text in EXIT_CODES.items()]
