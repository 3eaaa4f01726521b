"""Names and numbers in a row, short."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

__all__ = ["list_gains", "list_names", "list_numbers"]

_SHOWN: Final = 4
"""Names that are shown of a longer list."""
_RANGES: Final = 8
"""Ranges of numbers that are shown of more."""


def list_gains(gains: Mapping[str, float]) -> str:
    """Write how many times as far controls were moved: `mouthSmile x1.12, browDown x1.31`.

    Args:
        gains: By the name of a control.
    """
    return ", ".join(f"{name} x{gain:.2f}" for name, gain in gains.items())


def list_names(names: Iterable[str]) -> str:
    """Join the different names of a list by commas; of a long list, its beginning.

    Args:
        names: The names, in order.
    """
    unique = list(dict.fromkeys(names))
    more = f" and {len(unique) - _SHOWN} more" if len(unique) > _SHOWN else ""
    return ", ".join(unique[:_SHOWN]) + more


def list_numbers(numbers: Sequence[int]) -> str:
    """Write ascending numbers as ranges: `1003, 1007-1009`; of many ranges, the first.

    Args:
        numbers: The numbers.
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    shown = [str(low) if low == high else f"{low}-{high}" for low, high in runs[:_RANGES]]
    left = sum(high - low + 1 for low, high in runs[_RANGES:])
    return ", ".join(shown) + (f" and {left} more" if left else "")
