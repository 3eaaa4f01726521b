"""Protocol through which drags reach the canvas of the curve editor."""

from __future__ import annotations

from typing import Protocol

from mien_desktop.curves.channels import CurveScene
from mien_desktop.curves.view import View
from mien_desktop.geometry.axis import Axis
from mien_desktop.geometry.curves import ValueAxis
from mien_desktop.workspace import Workspace

__all__ = ["CurveSurface"]


class CurveSurface(Protocol):
    """The canvas of the curve editor as a drag sees it."""

    @property
    def workspace(self) -> Workspace:
        """The window's workspace."""

    @property
    def scene(self) -> CurveScene:
        """The channels that are drawn."""

    @property
    def view(self) -> View:
        """The stretch of time and the values that are shown."""

    def set_time(self, time: Axis) -> None:
        """Show another stretch of time, here and in the timeline."""

    def set_values(self, values: ValueAxis) -> None:
        """Show other values."""
