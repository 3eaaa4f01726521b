"""The tour of the first start: four steps, each beside what it speaks of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPainterPath, QPaintEvent, QPen, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from mien_desktop import theme
from mien_desktop.settings import settings

__all__ = ["TourStep", "Tour", "tour_was_seen"]

_SEEN = "tour/seen"
_WIDTH = 330
_MARGIN = 12


@dataclass(frozen=True)
class TourStep:
    """A step of the tour.

    Attributes:
        title: What it is about.
        text: Two sentences at most.
        widget: The widget it speaks of.
        action: Words of a button that does something for the user; empty for none.
        run: What the button does.
    """

    title: str
    text: str
    widget: QWidget
    action: str = ""
    run: Callable[[], None] = lambda: None


def tour_was_seen() -> bool:
    """Return whether the tour was ended or left before."""
    return settings().value(_SEEN) in (True, "true")


class Tour(QWidget):
    """A veil over the window with a hole where to look, and a bubble of words.

    The window below can be used while the tour goes on.

    Args:
        steps: What it shows.
        window: The window.
    """

    ended = Signal()

    def __init__(self, steps: Sequence[TourStep], window: QWidget) -> None:
        super().__init__(window)
        self._steps = steps
        self._at = 0
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.bubble = QFrame(window)
        self.bubble.setObjectName("tour")
        self.bubble.setStyleSheet(
            f"#tour {{ background: {theme.RAISED.name()};"
            f" border: 1px solid {theme.ACCENT.name()}; border-radius: 4px; }}"
        )
        self._title, self._text, self._count = QLabel(), QLabel(wordWrap=True), QLabel()
        self._title.setStyleSheet(f"color: {theme.SELECTION.name()}; font-weight: bold;")
        self._count.setStyleSheet(f"color: {theme.DIM.name()};")
        self._do = QPushButton()
        self._do.clicked.connect(self._act)
        self._back, self._next = QPushButton("Back"), QPushButton("Next")
        self._leave = QPushButton("Leave tour")
        self._back.clicked.connect(lambda: self._go(-1))
        self._next.clicked.connect(lambda: self._go(1))
        self._leave.clicked.connect(self.end)
        within = Qt.ShortcutContext.WidgetWithChildrenShortcut
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self.bubble, context=within).activated.connect(
            self.end
        )
        self._lay_out()
        window.installEventFilter(self)
        self._show()
        self.show()
        self.bubble.show()
        self._next.setFocus()

    def end(self) -> None:
        """Leave the tour; it is not begun by itself again."""
        settings().setValue(_SEEN, True)
        self.window().removeEventFilter(self)
        self.ended.emit()
        self.bubble.deleteLater()
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's size."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._lay_over()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Darken all but what the step speaks of."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil, hole = QPainterPath(), QPainterPath()
        veil.addRect(self.rect())
        hole.addRoundedRect(self._spot().adjusted(1, 1, -1, -1), 4, 4)
        dark = theme.WELL.toRgb()
        dark.setAlpha(120)
        painter.fillPath(veil.subtracted(hole), dark)
        painter.strokePath(hole, QPen(theme.ACCENT, 1.5))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self._leave)
        row.addStretch()
        row.addWidget(self._count)
        row.addWidget(self._back)
        row.addWidget(self._next)
        column = QVBoxLayout(self.bubble)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(9)
        for widget in (self._title, self._text, self._do):
            column.addWidget(widget)
        column.addLayout(row)
        self.bubble.setFixedWidth(_WIDTH)

    def _act(self) -> None:
        # Once a step: what it does takes a while.
        self._do.setEnabled(False)
        self._steps[self._at].run()

    def _go(self, by: int) -> None:
        if self._at + by >= len(self._steps):
            self.end()
        else:
            self._at = max(0, self._at + by)
            self._show()

    def _show(self) -> None:
        step = self._steps[self._at]
        self._title.setText(step.title)
        self._text.setText(step.text)
        self._do.setText(step.action)
        self._do.setVisible(bool(step.action))
        self._do.setEnabled(True)
        self._count.setText(f"{self._at + 1} of {len(self._steps)}")
        self._back.setEnabled(self._at > 0)
        last = self._at + 1 == len(self._steps)
        self._next.setText("Done" if last else "Next")
        self.bubble.setAccessibleName(f"Tour: {step.title}")
        self._lay_over()

    def _spot(self) -> QRect:
        widget = self._steps[self._at].widget
        return QRect(widget.mapTo(self.window(), QPoint()), widget.size()) & self.rect()

    def _lay_over(self) -> None:
        self.setGeometry(self.window().rect())
        self.bubble.adjustSize()
        self.bubble.move(_beside(self._spot(), self.bubble.rect(), self.rect()))
        self.raise_()
        self.bubble.raise_()
        self.update()


def _beside(spot: QRect, bubble: QRect, window: QRect) -> QPoint:
    """Return a position at which the bubble hides nothing it speaks of, if there is room."""
    middle = spot.center() - bubble.center()
    corners = (
        QPoint(spot.right() + _MARGIN, middle.y()),
        QPoint(spot.left() - _MARGIN - bubble.width(), middle.y()),
        QPoint(middle.x(), spot.top() - _MARGIN - bubble.height()),
        QPoint(middle.x(), spot.bottom() + _MARGIN),
    )
    inner = window.adjusted(8, 8, -8, -8)
    for corner in corners:
        moved = bubble.translated(corner)
        moved.moveTop(min(max(moved.top(), inner.top()), inner.bottom() - moved.height()))
        moved.moveLeft(min(max(moved.left(), inner.left()), inner.right() - moved.width()))
        if not moved.intersects(spot):
            return moved.topLeft()
    return middle
