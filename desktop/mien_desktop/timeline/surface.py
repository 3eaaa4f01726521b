"""Protocol through which the mouse and the editing of lanes reach the timeline widget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QWidget

from mien_desktop.faces.repairs import FaceRepairs
from mien_desktop.geometry.axis import Axis
from mien_desktop.geometry.bands import Bands
from mien_desktop.geometry.lanes import Lane
from mien_desktop.timeline.scene import TimelineScene
from mien_desktop.voices.work import VoiceWork
from mien_desktop.workspace import Workspace

__all__ = ["TimelineSurface"]


class TimelineSurface(Protocol):
    """The timeline widget as its mouse, its menus and the editing of its lanes see it."""

    @property
    def workspace(self) -> Workspace:
        """The window's workspace."""

    @property
    def repairs(self) -> FaceRepairs:
        """Repairs of the faces."""

    @property
    def voice_work(self) -> VoiceWork:
        """Lets voices say other words."""

    @property
    def scene(self) -> TimelineScene:
        """Everything that is painted now, with its geometry."""

    @property
    def preferred_bands(self) -> Bands:
        """The user's division of the timeline, before it is fitted to the height."""

    def viewport(self) -> QWidget:
        """Return the painted widget."""

    def set_bands(self, bands: Bands) -> None:
        """Divide the timeline in another way."""

    def keep_bands(self) -> None:
        """Remember how the timeline is divided for the next start."""

    def show_time(self, axis: Axis) -> None:
        """Show another stretch of time, here and in the curve editor."""

    def scroll_lanes(self, pixels: float) -> None:
        """Scroll the lanes; positive shows what is further down."""

    def fold(self, lane: Lane) -> None:
        """Hide or show what lies below a face or a layer."""

    def type_at(self, area: QRect, text: str, name: str, take: Callable[[str], object]) -> None:
        """Open a text field over an area of the widget."""

    def repaint_overlay(self) -> None:
        """Paint what a drag shows, and what the pointer is over, again."""
