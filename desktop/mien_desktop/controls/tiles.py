"""Tiles under headings, as many in a row as there is room for."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from mien_desktop import theme
from mien_desktop.controls.board import matching
from mien_desktop.controls.tile import ExpressionTile

__all__ = ["TileGrid"]

_GAP = 5
_HEADING = 24


class TileGrid(QWidget):
    """Groups of tiles, laid out by width.

    Args:
        parent: Qt's owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._groups: list[tuple[str, list[ExpressionTile]]] = []
        self._headings: list[tuple[str, int]] = []

    @property
    def tiles(self) -> list[ExpressionTile]:
        """Every tile, whether it is shown or not."""
        return [tile for _, tiles in self._groups for tile in tiles]

    def set_group(self, name: str, tiles: list[ExpressionTile]) -> None:
        """Put tiles under a heading, in place of those that were there."""
        for i, (group, old) in enumerate(self._groups):
            if group == name:
                for tile in old:
                    tile.hide()
                    tile.deleteLater()
                self._groups[i] = (name, tiles)
                break
        else:
            self._groups.append((name, tiles))
        for tile in tiles:
            tile.setParent(self)
            tile.show()
        self.arrange()

    def search(self, text: str) -> None:
        """Show only the tiles whose names, or the words that are said for them, a search finds."""
        matches = matching(text, [tile.search_text for tile in self.tiles])
        for tile in self.tiles:
            tile.setVisible(tile.search_text in matches)
        self.arrange()

    def arrange(self) -> None:
        """Lay the tiles out for the width that there is."""
        self._headings, y = [], 0
        for name, tiles in self._groups:
            shown = [tile for tile in tiles if not tile.isHidden()]
            if not shown:
                continue
            self._headings.append((name, y))
            y += _HEADING
            size = shown[0].sizeHint()
            room = self.width() - _GAP
            columns = max(room // (size.width() + _GAP), 1)
            step = room / columns
            for i, tile in enumerate(shown):
                row, column = divmod(i, columns)
                left, right = (round(_GAP + n * step) for n in (column, column + 1))
                top = y + row * (size.height() + _GAP)
                tile.setGeometry(left, top, right - left - _GAP, size.height())
            rows = -(-len(shown) // columns)
            y += rows * (size.height() + _GAP)
        self.setMinimumHeight(y + _GAP)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the tiles out anew."""
        self.arrange()

    def sizeHint(self) -> QSize:
        """Return the width of four tiles."""
        return QSize(4 * (70 + _GAP) + _GAP, self.minimumHeight())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the headings."""
        painter = QPainter(self)
        painter.setPen(theme.DIM)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for name, y in self._headings:
            painter.drawText(QRectF(_GAP + 2, y, self.width(), _HEADING), left, name)
