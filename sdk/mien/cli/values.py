"""Values of options that hold several numbers."""

from __future__ import annotations

import math
from collections.abc import Collection

from mien.errors import UsageError

__all__ = ["numbers"]


def numbers(
    text: str, option: str, counts: Collection[int], example: str, *, whole: bool = False
) -> list[float]:
    """Read numbers between commas.

    Args:
        text: As typed.
        option: Name of the option, for errors.
        counts: How many there may be.
        example: What to give, for errors, as `two numbers, as 4,-2`.
        whole: Whether they are whole numbers, and not negative.

    Raises:
        UsageError: When they are something else.
    """
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    wrong = whole and any(value < 0 or value % 1 for value in values)
    if len(values) not in counts or not all(map(math.isfinite, values)) or wrong:
        raise UsageError(f"{option} {text} cannot be read.", f"Give {example}.")
    return values
