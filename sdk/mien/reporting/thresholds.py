"""What a report's figures are held to: mien's own bounds, or those of a file."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from mien._types import PathLike
from mien.errors import InputError, UsageError
from mien.reporting.values import ReportThreshold

__all__ = ["FRAME_LIMITS", "THRESHOLDS", "make_thresholds", "read_thresholds"]

THRESHOLDS: Final[Mapping[str, ReportThreshold]] = {
    "outside.changed": ReportThreshold(most=0),
    "outside.beyond_encoding": ReportThreshold(most=100),
    "curves.gain": ReportThreshold(0.6, 1.6),
    "curves.difference": ReportThreshold(most=0.15),
    "curves.others": ReportThreshold(most=0.08),
    "head.turn": ReportThreshold(most=1.0),
    "identity.drop": ReportThreshold(most=0.15),
    "flicker.landmarks": ReportThreshold(most=1.5),
    "flicker.texture": ReportThreshold(most=1.5),
    "sharpness": ReportThreshold(0.7, 1.4),
    "rim.color": ReportThreshold(most=2.3),
    "frames.lost": ReportThreshold(most=0),
}
"""By a figure's name, what it is held to where nobody says. 2.3 of CIELAB is what an eye just sees
(Mahy et al., Evaluation of uniform color spaces, 1994); the others are round numbers beyond which a
look is worth its time, to be set by whoever has a better reason."""

_UNBOUNDED: Final = ("outside.mean", "identity.similarity")
"""Figures that are held to nothing where nobody says."""

FRAME_LIMITS: Final[Mapping[str, float]] = {
    "outside.changed": 0,
    "outside.beyond_encoding": 2000,
    "curves.difference": 0.3,
    "identity.drop": 0.2,
    "flicker.landmarks": 6.0,
    "sharpness": 1.6,
    "rim.color": 4.0,
    "frames.lost": 0,
}
"""By a figure's name, what is usual of it at most in a single frame."""

_LARGEST: Final = 1 << 20


def make_thresholds(value: Mapping[str, Any] | None) -> dict[str, ReportThreshold] | None:
    """Return thresholds of a mapping in JSON's types; None for None.

    Args:
        value: By a figure's name, `{"least": ..., "most": ...}`.

    Raises:
        UsageError: When there is no such figure, or a bound is none.
    """
    if value is None:
        return None
    try:
        return {str(name): _threshold(str(name), one) for name, one in value.items()}
    except _WrongThresholdError as wrong:
        raise UsageError(f"{wrong}.", wrong.remedy, choices=wrong.choices) from None


def read_thresholds(path: PathLike) -> dict[str, ReportThreshold]:
    """Read thresholds from a JSON file: `{"identity.drop": {"most": 0.05}, "sharpness": ...}`.

    A whole report in JSON serves as well: the thresholds it was made with are taken.

    Args:
        path: The file.

    Raises:
        InputError: When it cannot be read, or holds something else; field and remedy are named.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1)
    except OSError as error:
        raise InputError(
            f"{path} cannot be opened: {(error.strerror or str(error)).lower()}.",
            "Check the name, and that you may read it.",
            path=path,
        ) from error
    try:
        if len(text) > _LARGEST:
            raise ValueError("it is too large")
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path.name} holds no thresholds ({error}).",
            'Write JSON, as {"identity.drop": {"most": 0.05}}.',
            path=path,
        ) from error
    held = value.get("thresholds", value) if isinstance(value, dict) else value
    if not isinstance(held, dict) or not held:
        raise InputError(
            f"{path.name} holds no thresholds.",
            'Write JSON, as {"identity.drop": {"most": 0.05}}.',
            path=path,
        )
    try:
        return {str(name): _threshold(str(name), one) for name, one in held.items()}
    except _WrongThresholdError as wrong:
        raise InputError(
            f"{path.name}: {wrong}.", wrong.remedy, path=path, choices=wrong.choices
        ) from None


class _WrongThresholdError(ValueError):
    """What is wrong with a threshold, without its full stop, and what to do."""

    def __init__(self, what: str, remedy: str = "", choices: Iterable[str] = ()) -> None:
        super().__init__(what)
        self.remedy = remedy
        self.choices = tuple(choices)


def _threshold(name: str, value: Any) -> ReportThreshold:
    names = (*THRESHOLDS, *_UNBOUNDED)
    if name not in names:
        raise _WrongThresholdError(
            f"there is no figure '{name}'", f"Choose from {', '.join(names)}.", names
        )
    bounds = value if isinstance(value, dict) else None
    if not bounds or not set(bounds) <= {"least", "most"}:
        remedy = 'Write {"least": NUMBER}, {"most": NUMBER} or both.'
        raise _WrongThresholdError(f"{name} has no bounds", remedy)
    for bound in bounds.values():
        number = isinstance(bound, int | float) and not isinstance(bound, bool)
        if not number or not math.isfinite(bound):
            raise _WrongThresholdError(f"a bound of {name} is no number")
    return ReportThreshold(bounds.get("least"), bounds.get("most"))
