"""Numbers as people type them into fields; no Qt."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from mien.errors import UsageError

__all__ = ["Amount", "read_amount", "show_value"]

_AMOUNT = re.compile(r"^(\+=|-=)?\s*([+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+))\s*°?$")


@dataclass(frozen=True, slots=True)
class Amount:
    """A typed number.

    Attributes:
        value: The number.
        relative: Whether it is to be added to what is there.
    """

    value: float
    relative: bool = False

    def on(self, value: float) -> float:
        """Return a value after the amount was typed over it."""
        return value + self.value if self.relative else self.value


def read_amount(text: str) -> Amount:
    """Read `0.6`, `-0.2` or `,5`; `+=0.1` and `-=0.1` add to what is there.

    Raises:
        UsageError: When the text is no number.
    """
    match = _AMOUNT.match(text.strip())
    if match is None:
        raise UsageError(f"'{text}' is no number.", "Type 0.6, or +=0.1 to add to what is there.")
    value = float(match[2].replace(",", "."))
    if not math.isfinite(value):
        raise UsageError(f"'{text}' is too large.", "Type a smaller number.")
    return Amount(-value if match[1] == "-=" else value, relative=match[1] is not None)


def show_value(value: float, unit: str = "weight") -> str:
    """Return a value as fields show it: weights with two digits, degrees with one."""
    text = f"{value:.1f}°" if unit == "degrees" else f"{value:.2f}"
    return text.removeprefix("-") if text.strip("-0.°") == "" else text
