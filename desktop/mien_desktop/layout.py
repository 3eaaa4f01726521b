"""Layout of the panels: shots and jobs | viewer over timeline and curves | controls.

Splitters rather than docks: no title bars, so that a 1280 x 720 screen keeps its pixels for the
picture, and nothing can be dragged out and lost.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtWidgets import QSplitter, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from mien_desktop.settings import settings

__all__ = ["Layout", "Pages"]

_GROUP = "layout"
Pages = Sequence[tuple[str, QWidget]]
"""Titles and panels of a place that shows one at a time."""


class Layout(QWidget):
    """The panels of the window, resizable and remembered.

    Args:
        left: Shots, jobs.
        centre: The viewer, with the transport bar below.
        right: Controls, expressions.
        bottom: Timeline, curves: in tabs, or both side by side.
    """

    def __init__(
        self, left: Pages, centre: Sequence[QWidget], right: Pages, bottom: Pages,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.left, self.right = _tabs("Shots and jobs", left), _tabs("Controls", right)
        self._bottom = list(bottom)
        self.bottom = QStackedWidget(self)
        self._bottom_tabs = _tabs("Timeline and curves", ())
        self._bottom_split = _splitter(Qt.Orientation.Horizontal)
        self.bottom.addWidget(self._bottom_tabs)
        self.bottom.addWidget(self._bottom_split)
        picture = QWidget(self)
        column = QVBoxLayout(picture)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for index, widget in enumerate(centre):
            column.addWidget(widget, 1 if index == 0 else 0)
        self._top = _splitter(Qt.Orientation.Horizontal, self.left, picture)
        self._middle = _splitter(Qt.Orientation.Vertical, self._top, self.bottom)
        self._outer = _splitter(Qt.Orientation.Horizontal, self._middle, self.right)
        # Growing windows give their pixels to the picture, and lanes a third of the height.
        for splitter, stretches in (
            (self._outer, (1, 0)),
            (self._middle, (2, 1)),
            (self._top, (0, 1)),
        ):
            for index, stretch in enumerate(stretches):
                splitter.setStretchFactor(index, stretch)
        row = QVBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._outer)
        self._side_by_side = False
        self._fill_bottom()

    @property
    def side_by_side(self) -> bool:
        """True when timeline and curves are both seen, rather than in tabs."""
        return self._side_by_side

    def set_side_by_side(self, on: bool) -> None:
        """Show timeline and curves next to each other, or in tabs."""
        if on != self._side_by_side:
            self._side_by_side = on
            self._fill_bottom()

    def bring(self, panel: QWidget) -> None:
        """Show a panel that may be behind another, or hidden."""
        for tabs in (self.left, self.right, self._bottom_tabs):
            if tabs.indexOf(panel) >= 0:
                tabs.setCurrentWidget(panel)
        for area in self._areas().values():
            if area.isAncestorOf(panel):
                area.show()

    def reset(self) -> None:
        """Put everything where it is at first."""
        for area in (self.left, self.right, self.bottom):
            area.show()
        self.set_side_by_side(False)
        size = self.size() if self.width() > 400 else QSize(1280, 680)
        right = min(max(280, size.width() // 5), 420)
        rest = size.width() - right
        left = min(max(190, rest // 7), 280)
        bottom = max(230, round(size.height() * 0.36))
        self._outer.setSizes([rest, right])
        self._middle.setSizes([size.height() - bottom, bottom])
        self._top.setSizes([left, rest - left])
        self._bottom_split.setSizes([rest // 2, rest // 2])

    def remember(self) -> None:
        """Keep the arrangement for the next start."""
        store = settings()
        store.beginGroup(_GROUP)
        for name, splitter in self._splitters().items():
            store.setValue(name, splitter.saveState())
        store.setValue("side-by-side", self._side_by_side)
        for name, area in self._areas().items():
            store.setValue(f"{name}-hidden", area.isHidden())

    def recall(self) -> None:
        """Arrange everything as it was at the last end, or as it is at first."""
        self.reset()
        store = settings()
        store.beginGroup(_GROUP)
        self.set_side_by_side(store.value("side-by-side") in (True, "true"))
        for name, splitter in self._splitters().items():
            state = store.value(name)
            if isinstance(state, QByteArray):
                splitter.restoreState(state)
                splitter.setChildrenCollapsible(False)
        for name, area in self._areas().items():
            area.setHidden(store.value(f"{name}-hidden") in (True, "true"))

    def _splitters(self) -> dict[str, QSplitter]:
        return {
            "outer": self._outer, "middle": self._middle, "top": self._top,
            "bottom": self._bottom_split,
        }  # fmt: skip

    def _areas(self) -> dict[str, QWidget]:
        return {"left": self.left, "right": self.right, "below": self.bottom}

    def _fill_bottom(self) -> None:
        current = self._bottom_tabs.currentIndex()
        for title, panel in self._bottom:
            if self._side_by_side:
                self._bottom_split.addWidget(panel)
                panel.show()
            else:
                self._bottom_tabs.addTab(panel, title)
        self._bottom_tabs.setCurrentIndex(max(current, 0))
        self.bottom.setCurrentIndex(int(self._side_by_side))


def _tabs(name: str, pages: Pages) -> QTabWidget:
    tabs = QTabWidget()
    tabs.setAccessibleName(name)
    tabs.tabBar().setAccessibleName(name)
    tabs.setDocumentMode(True)
    for title, panel in pages:
        tabs.addTab(panel, title)
    return tabs


def _splitter(orientation: Qt.Orientation, *widgets: QWidget) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setHandleWidth(4)
    splitter.setChildrenCollapsible(False)
    for widget in widgets:
        splitter.addWidget(widget)
    return splitter
