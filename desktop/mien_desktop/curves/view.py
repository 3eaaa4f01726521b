"""Time and values that the curve editor shows; no Qt."""

from __future__ import annotations

from dataclasses import dataclass

from mien_desktop.geometry.axis import Axis
from mien_desktop.geometry.curves import ValueAxis
from mien_desktop.view_state import Units

__all__ = ["RULER", "View"]

RULER = 20
"""Height of the ruler in pixels; the values lie below it."""


@dataclass(frozen=True, slots=True)
class View:
    """The stretch of time and the values that the canvas shows.

    Attributes:
        time: The stretch of time.
        values: The values.
        units: What the ruler counts in.
    """

    time: Axis
    values: ValueAxis
    units: Units = "frames"
