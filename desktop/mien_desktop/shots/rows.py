"""Painting of a shot's row."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from mien_desktop import theme
from mien_desktop.icons import paint_icon
from mien_desktop.shots.status import Status

__all__ = ["PICTURE", "PICTURE_SIZE", "STATUS", "RowPainter"]

PICTURE = Qt.ItemDataRole.UserRole + 1
"""Role of a shot's thumbnail, a QImage."""
STATUS = Qt.ItemDataRole.UserRole + 2
"""Role of its Status."""
PICTURE_SIZE = QSize(72, 40)
"""Of thumbnails, in pixels that do not depend on the display."""

_GAP = 6
_HEIGHT = PICTURE_SIZE.height() + 2 * _GAP
_COLORS = {
    "plain": theme.DIM,
    "ready": theme.TEXT,
    "edited": theme.ACCENT,
    "busy": theme.RESULT,
    "bad": theme.WEAK,
}
ModelIndex = QModelIndex | QPersistentModelIndex


class RowPainter(QStyledItemDelegate):
    """A delegate that paints thumbnail, name and state."""

    def sizeHint(self, option: QStyleOptionViewItem, index: ModelIndex) -> QSize:
        """Return the height of a thumbnail."""
        return QSize(0, _HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: ModelIndex) -> None:
        """Paint one row."""
        painter.save()
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.SELECTED_ROW)
            painter.fillRect(QRect(rect.left(), rect.top(), 2, rect.height()), theme.ACCENT)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.PANEL)
        frame = QRect(rect.left() + _GAP + 2, rect.top() + _GAP, 0, 0)
        frame.setSize(PICTURE_SIZE)
        _paint_picture(painter, frame, index.data(PICTURE))
        words = QRect(frame.right() + 8, frame.top(), rect.right() - frame.right() - 12, 20)
        name = str(index.data(Qt.ItemDataRole.DisplayRole))
        metrics = painter.fontMetrics()
        painter.setPen(theme.TEXT)
        aligned = Qt.AlignmentFlag.AlignVCenter
        elided = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, words.width())
        painter.drawText(words, aligned, elided)
        _paint_status(painter, words.translated(0, 19), index.data(STATUS))
        painter.restore()

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: ModelIndex
    ) -> None:
        """Edit the name where it is painted."""
        rect: QRect = option.rect
        left = _GAP + PICTURE_SIZE.width() + 6
        editor.setGeometry(rect.left() + left, rect.top() + _GAP - 2, rect.width() - left - 4, 24)


def _paint_picture(painter: QPainter, frame: QRect, picture: object) -> None:
    painter.fillRect(frame, theme.WINDOW)
    if not isinstance(picture, QImage):
        inner = QRectF(frame).adjusted(24, 8, -24, -8)
        paint_icon(painter, "film", inner, theme.LINE)
        return
    size = picture.size().scaled(frame.size(), Qt.AspectRatioMode.KeepAspectRatio)
    area = QRect(frame.topLeft(), size)
    area.moveCenter(frame.center())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(area, picture)


def _paint_status(painter: QPainter, area: QRect, status: object) -> None:
    if not isinstance(status, Status):
        return
    color = _COLORS[status.tone]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(color)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(QRectF(area.left(), area.center().y() - 2.5, 6, 6))
    painter.setPen(theme.DIM)
    words = area.adjusted(11, 0, 0, 0)
    painter.setFont(theme.small())
    elided = painter.fontMetrics().elidedText(
        status.text, Qt.TextElideMode.ElideRight, words.width()
    )
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, elided)
    if status.fraction is not None:
        bar = QRectF(area.left(), area.bottom() + 1, area.width() - 4, 2)
        painter.fillRect(bar, theme.LINE)
        bar.setWidth(bar.width() * status.fraction)
        painter.fillRect(bar, color)
