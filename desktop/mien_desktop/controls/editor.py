"""Protocol through which the row of a control reaches the panel that holds it."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from mien_desktop.controls.board import Board
from mien_desktop.workspace import Workspace

__all__ = ["ControlEditor"]


class ControlEditor(Protocol):
    """The controls panel as its rows see it: values to show, and edits to make."""

    @property
    def workspace(self) -> Workspace:
        """The window's workspace."""

    @property
    def board(self) -> Board:
        """Values of all controls at the playhead."""

    @property
    def favourites(self) -> tuple[str, ...]:
        """Names of the controls that are kept at the top."""

    def choose(self, name: str, *, more: bool = False) -> None:
        """Show the curve of a control: alone, or beside those that are shown."""

    def toggle_favourite(self, name: str) -> None:
        """Keep a control at the top, or no longer."""

    def drag(self, name: str, value: float) -> None:
        """Set a control to the value at which its slider is held."""

    def end(self, *, keep: bool) -> None:
        """End the drag of a slider; take it back unless it is to be kept."""

    def type_value(self, name: str, text: str) -> None:
        """Set a control to a typed value."""

    def toggle_key(self, names: tuple[str, ...]) -> None:
        """Set keys at the playhead where the sliders are, or delete those there."""

    def restore(self, names: tuple[str, ...]) -> None:
        """Bring the performance back at the playhead."""

    def open_menu(self, name: str, position: QPoint) -> None:
        """Open the context menu of a control at a position of the screen."""

    def reveal(self, row: QWidget) -> None:
        """Bring a row into view."""
