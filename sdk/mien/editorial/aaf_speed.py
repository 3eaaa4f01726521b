"""The speed of an AAF's motion effects, where it is one speed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import aaf2

__all__ = ["AafSpeed", "is_retime", "speed_of"]

_RATIO: Final = "SpeedRatio"
"""Length of what comes out over length of what goes in (AAF's Motion Control, Speed Control)."""
_OFFSETS: Final = ("PARAM_SPEED_OFFSET_MAP_U", "PARAM_OFFSET_MAP_U")
"""Avid's maps from frames that come out to frames that go in; they hold where there are any."""
_SPEEDS: Final = "PARAM_SPEED_MAP_U"
_WORDS: Final = ("motion control", "speed control", "timewarp", "time warp", "freeze", "repeat")
_STRAIGHT: Final = Fraction(1, 100)
"""Frames that a map may stray from a straight line that is meant."""


@dataclass(frozen=True, slots=True)
class AafSpeed:
    """One speed.

    Attributes:
        speed: Frames that go in for one that comes out; 0 of a freeze frame.
        first: Number of the frame that goes in first.
    """

    speed: Fraction
    first: Fraction = Fraction(0)


def is_retime(group: Any) -> bool:
    """Return whether an operation changes when frames are shown.

    Args:
        group: An operation group.
    """
    operation = group.operation
    name = str(getattr(operation, "name", "") or "").lower()
    warps = operation is not None and operation.getvalue("IsTimeWarp", False)
    return bool(warps) or name in _WORDS or _parameter(group, _RATIO) is not None


def speed_of(group: Any) -> AafSpeed | None:
    """Return the one speed of a retime; None where it has several, or none that is known.

    Args:
        group: An operation group.
    """
    for name in _OFFSETS:
        points = _points(_parameter(group, name))
        if len(points) >= 2:
            return _slope(points)
    speeds = _points(_parameter(group, _SPEEDS))
    if speeds:
        first = speeds[0][1]
        if any(abs(value - first) > _STRAIGHT / 10 for _, value in speeds):
            return None
        return AafSpeed(first)
    return _of_ratio(_parameter(group, _RATIO), int(group.length or 0))


def _of_ratio(parameter: Any, length: int) -> AafSpeed | None:
    values = [value for _, value in _points(parameter)]
    if parameter is not None and not values:
        constant = _fraction(parameter.getvalue("Value"))
        values = [] if constant is None else [constant]
    if not values or len(set(values)) > 1 or values[0] == 0:
        return None
    ratio = values[0]
    if ratio == length > 1:
        return AafSpeed(Fraction(0))  # one frame, held
    return AafSpeed(1 / ratio)


def _slope(points: Sequence[tuple[Fraction, Fraction]]) -> AafSpeed | None:
    (start, low), (stop, high) = points[0], points[-1]
    if stop == start:
        return None
    slope = (high - low) / (stop - start)
    if any(abs(low + slope * (at - start) - value) > _STRAIGHT for at, value in points):
        return None
    return AafSpeed(slope, low - slope * start)


def _parameter(group: Any, name: str) -> Any:
    for parameter in group.getvalue("Parameters", []) or []:
        try:
            if parameter.name == name:
                return parameter
        except (AttributeError, KeyError, TypeError):
            continue
    return None


def _points(parameter: Any) -> list[tuple[Fraction, Fraction]]:
    """Times and values of a parameter that varies, in the order of time."""
    if not isinstance(parameter, aaf2.misc.VaryingValue):
        return []
    points = []
    for point in parameter.getvalue("PointList", []) or []:
        at, value = _fraction(point.time), _fraction(point.value)
        if at is not None and value is not None:
            points.append((at, value))
    return sorted(points)


def _fraction(value: Any) -> Fraction | None:
    try:
        return Fraction(value).limit_denominator(1_000_000)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
