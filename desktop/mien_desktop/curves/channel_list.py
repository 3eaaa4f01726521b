"""The list of channels beside the curves: which are drawn, in which colour, and their values."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from mien_desktop import theme
from mien_desktop.curves.canvas import CurveCanvas
from mien_desktop.curves.channels import Channel
from mien_desktop.curves.painting import curve_color, value_at
from mien_desktop.numbers import show_value
from mien_desktop.polygons import diamond
from mien_desktop.words import title, unit_controls

__all__ = ["ChannelList"]

_SWATCH = 22
"""Width of the part of a row whose click shows or hides only that curve."""
_Index = QModelIndex | QPersistentModelIndex
_Flag = QItemSelectionModel.SelectionFlag


class _Model(QAbstractListModel):
    def __init__(self, canvas: CurveCanvas) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.names: tuple[str, ...] = ()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return len(self.names)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        channel = self.channel(index)
        if channel is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return title(channel.name)
        if role == Qt.ItemDataRole.ToolTipRole:
            state = "edited" if channel.lines else "as performed"
            if channel.derived:
                state = f"follows {unit_controls(channel.name)}, before and after the edits"
            return (
                f"{title(channel.name)}, {state}.\nClick to see only this curve; click its colour"
                " or use Ctrl to see it with the others."
            )
        return None

    def channel(self, index: _Index) -> Channel | None:
        row = index.row()
        return self.canvas.scene.channel(self.names[row]) if row < len(self.names) else None

    def take(self, names: tuple[str, ...]) -> None:
        self.beginResetModel()
        self.names = names
        self.endResetModel()


class _Delegate(QStyledItemDelegate):
    """Paints a row: colour, name, whether it is keyed here, value."""

    def __init__(self, model: _Model, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(120, theme.ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        channel = self._model.channel(index)
        if channel is None:
            return
        scene = self._model.canvas.scene
        frame = self._model.canvas.workspace.state.frame
        rect = QRectF(option.rect)
        drawn = channel.name in scene.shown
        painter.save()
        if channel.name == scene.active:
            painter.fillRect(rect, theme.SELECTED_ROW)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.HOVER)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = curve_color(channel)
        painter.setPen(QPen(color, 1.5))
        painter.setBrush(color if drawn else Qt.BrushStyle.NoBrush)
        x, y = rect.left() + _SWATCH / 2, rect.center().y()
        painter.drawEllipse(QRectF(x - 4, y - 4, 8, 8))
        value = value_at(scene, channel, frame)
        text = "" if value is None else show_value(value, _unit(channel))
        painter.setPen(theme.TEXT if drawn else theme.DIM)
        figures = rect.adjusted(0, 0, -8, 0)
        painter.setFont(theme.figures())
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(figures, right, text)
        wide = painter.fontMetrics().horizontalAdvance("-00.00") + 14
        if any(line.track.key_at(frame) for line in channel.lines):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.ACCENT)
            painter.drawConvexPolygon(diamond(rect.right() - wide, y, 4))
        name = rect.adjusted(_SWATCH, 0, -wide - 8, 0)
        painter.setPen(theme.TEXT if drawn else theme.DIM)
        painter.setFont(option.font)
        metrics = painter.fontMetrics()
        shown = metrics.elidedText(
            title(channel.name), Qt.TextElideMode.ElideRight, int(name.width())
        )
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(name, left, shown)
        painter.restore()


class ChannelList(QListView):
    """The channels; what is selected in it is drawn on the canvas.

    Args:
        canvas: The canvas beside it.
        parent: Qt's owner.
    """

    def __init__(self, canvas: CurveCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._model = _Model(canvas)
        self._telling = False
        self.setModel(self._model)
        self.setItemDelegate(_Delegate(self._model, self))
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Curves to show")
        self.selectionModel().selectionChanged.connect(self._selected)
        canvas.changed.connect(self._show)
        canvas.workspace.changed.connect(lambda *_: self.viewport().update())
        self._show()

    def selectionCommand(
        self, index: _Index, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        """Show or hide only one curve by a click on its colour."""
        presses = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease)
        if isinstance(event, QMouseEvent) and event.type() in presses:
            swatch = event.position().x() < _SWATCH
            if swatch and index.isValid():
                pressed = event.type() == QEvent.Type.MouseButtonPress
                return _Flag.Toggle if pressed else _Flag.NoUpdate
        return super().selectionCommand(index, event)

    def _show(self) -> None:
        """Show the canvas's scene; what is drawn is selected."""
        self._telling = True
        scene = self._canvas.scene
        names = tuple(channel.name for channel in scene.channels)
        if names != self._model.names:
            self._model.take(names)
        wanted = QItemSelection()
        for row, name in enumerate(names):
            if name in scene.shown:
                index = self._model.index(row)
                wanted.select(index, index)
        selection = self.selectionModel()
        selection.select(wanted, _Flag.ClearAndSelect)
        if scene.active in names:
            selection.setCurrentIndex(self._model.index(names.index(scene.active)), _Flag.NoUpdate)
        self._telling = False
        self.viewport().update()

    def _selected(self) -> None:
        if self._telling:
            return
        rows = sorted(index.row() for index in self.selectionModel().selectedIndexes())
        names = tuple(self._model.names[row] for row in rows)
        current = self._model.channel(self.currentIndex())
        self._canvas.workspace.set(controls=names)
        if current is not None:
            self._canvas.activate(current.name)


def _unit(channel: Channel) -> str:
    return "weight" if channel.unit == 1 else "degrees"
