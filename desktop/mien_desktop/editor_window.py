"""Protocol through which menus and the tour reach the window."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtWidgets import QWidget

from mien_desktop.background import Background
from mien_desktop.curve_files import CurveFiles
from mien_desktop.documents import Documents
from mien_desktop.layout import Layout
from mien_desktop.workspace import Workspace

__all__ = ["EditorWindow"]


class EditorWindow(Protocol):
    """The window as its menus and its tour see it."""

    @property
    def workspace(self) -> Workspace:
        """Session, view state and preview."""

    @property
    def documents(self) -> Documents:
        """Commands of the menu File."""

    @property
    def curve_files(self) -> CurveFiles:
        """Commands that import and export curve files."""

    @property
    def background(self) -> Background:
        """Threads for what takes a while."""

    @property
    def panels(self) -> Layout:
        """Panels in their columns and rows."""

    @property
    def viewer(self) -> QWidget:
        """The panel with the picture."""

    @property
    def transport(self) -> QWidget:
        """The bar with the buttons of playback."""

    def track(self) -> None:
        """Track the current shot."""

    def track_span(self) -> None:
        """Track the frames of the current shot between its in and out points."""

    def solve(self) -> None:
        """Solve the faces of the current shot again."""

    def ask_examples(self) -> None:
        """Show which examples the current shot has."""

    def ask_front(self) -> None:
        """Show how things in front of the current shot's faces are treated."""

    def ask_export(self) -> None:
        """Ask how to export the current shot."""

    def ask_relink(self) -> None:
        """Ask where media are."""

    def leave(self) -> None:
        """Close the window, after asking about unsaved changes and running jobs."""

    def toggle_full_screen(self) -> None:
        """Fill the screen, or no longer."""

    def isFullScreen(self) -> bool:
        """Return whether the window fills the screen."""

    def show_keys(self) -> None:
        """Show the keyboard map."""

    def show_preferences(self) -> None:
        """Show the preferences."""

    def show_about(self) -> None:
        """Show the version and the licence."""

    def start_tour(self) -> None:
        """Begin the tour, or begin it again."""
