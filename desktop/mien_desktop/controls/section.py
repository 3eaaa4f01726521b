"""A heading of the controls panel, and the rows under it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mien_desktop import theme
from mien_desktop.controls.row import ControlRow
from mien_desktop.icons import paint_icon
from mien_desktop.words import count, title

__all__ = ["Section"]

_RESET = 22


class _Heading(QWidget):
    """Name of a section; a click opens or closes it."""

    toggled = Signal()
    reset = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name, self.open, self.edited = name, False, 0
        self.setFixedHeight(theme.ROW_HEIGHT + 2)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName(name)
        self.setToolTip(f"Click to open or close {name}; the arrow at the right resets all of it")

    def sizeHint(self) -> QSize:
        return QSize(280, theme.ROW_HEIGHT + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        rect = QRectF(self.rect())
        painter.fillRect(rect, theme.HOVER if self.underMouse() else theme.RAISED)
        if self.hasFocus():
            painter.setPen(theme.ACCENT)
            painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))
        middle = rect.center().y()
        arrow = QRectF(5, middle - 5, 10, 10)
        paint_icon(painter, "down" if self.open else "right", arrow, theme.DIM)
        painter.setPen(theme.TEXT)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(rect.adjusted(20, 0, 0, 0), left, self.name)
        if not self.edited:
            return
        painter.setPen(theme.ACCENT)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        text = f"{count(self.edited, 'control')} edited"
        painter.drawText(rect.adjusted(0, 0, -_RESET - 4, 0), right, text)
        if self.underMouse():
            area = QRectF(rect.right() - _RESET + 4, middle - 6, 12, 12)
            paint_icon(painter, "reset", area, theme.DIM)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self.edited and event.position().x() >= self.width() - _RESET:
            self.reset.emit()
        else:
            self.toggled.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.toggled.emit()
        else:
            super().keyPressEvent(event)

    def reset_position(self) -> QPointF:
        """Return the position of the reset button."""
        return QPointF(self.width() - _RESET / 2, self.height() / 2)


class Section(QWidget):
    """A group of controls under a heading; its rows are made when it is first opened.

    Args:
        name: The heading.
        names: The controls.
        make: Makes the row of a control, by its name and what it is called here.
    """

    toggled = Signal()
    """The user opened or closed it."""
    reset = Signal(object)
    """The user wants the controls of this section back as they were performed."""

    def __init__(
        self, name: str, names: tuple[str, ...], make: Callable[[str, str], ControlRow]
    ) -> None:
        super().__init__()
        self.name, self.names, self._make = name, names, make
        self.rows: dict[str, ControlRow] = {}
        self.heading = _Heading(name)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 1)
        self._column.setSpacing(0)
        self._column.addWidget(self.heading)
        self.heading.toggled.connect(self._toggle)
        self.heading.reset.connect(lambda: self.reset.emit(self.names))

    @property
    def is_open(self) -> bool:
        """True while its rows are shown."""
        return self.heading.open

    def set_open(self, opened: bool, matches: tuple[str, ...] | None = None) -> None:
        """Show the rows, or only those that were found; or hide them."""
        self.heading.open = opened
        wanted = set(self.names if matches is None else matches) if opened else set()
        for name in self.names:
            row = self.rows.get(name)
            if row is None and name in wanted:
                row = self.rows[name] = self._make(name, self._words(name))
                # Rows come in the order of the names, whenever they are made.
                before = sum(other in self.rows for other in self.names[: self.names.index(name)])
                self._column.insertWidget(before + 1, row)
            if row is not None:
                row.setVisible(name in wanted)
        self.heading.update()

    def set_names(self, names: tuple[str, ...]) -> None:
        """Hold other controls."""
        for name in tuple(self.rows):
            if name not in names:
                row = self.rows.pop(name)
                row.hide()
                row.deleteLater()
        self.names = names

    def refresh(self, edited: int) -> None:
        """Paint anew; `edited` of the controls are driven by a track."""
        if edited != self.heading.edited:
            self.heading.edited = edited
            self.heading.update()
        for row in self.rows.values() if self.is_open else ():
            row.refresh()

    def _words(self, name: str) -> str:
        """Return a control's name in short, as it stands under the heading: `Smile L`."""
        words = title(name)
        first, _, rest = words.partition(" ")
        if self.name.casefold().removesuffix("s") == first.casefold():
            if rest in ("left", "right"):
                return words
            words = rest[:1].upper() + rest[1:]
        for side in ("left", "right"):
            if words.endswith(f" {side}"):
                return words.removesuffix(side) + side[0].upper()
        return words

    def _toggle(self) -> None:
        self.set_open(not self.is_open)
        self.toggled.emit()
