"""One control as a row: name, slider, number, key. The row paints itself, so that 59 are cheap."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFont,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from mien_desktop import theme
from mien_desktop.controls.board import Slider
from mien_desktop.controls.editor import ControlEditor
from mien_desktop.fields import Field
from mien_desktop.icons import paint_icon
from mien_desktop.numbers import show_value
from mien_desktop.polygons import diamond
from mien_desktop.words import title

__all__ = ["ControlRow"]

_STAR, _VALUE, _KEY, _RESET = 16, 42, 18, 14
_NAME_FRACTION, _NAME_LEAST = 0.26, 84
_GAP = 7
_FINE = 0.1
"""How far the value moves with Shift, of what it moves without."""


class ControlRow(QWidget):
    """A control's slider.

    Args:
        name: The control.
        words: What it is called under its heading.
        editor: Shows the values, and takes the edits.
    """

    def __init__(self, name: str, words: str, editor: ControlEditor) -> None:
        super().__init__()
        self.name, self._words = name, words
        self._editor = editor
        self._held = False
        self._last = QPointF()
        self._value = 0.0
        self._field: Field | None = None
        self._shown: tuple[object, ...] = ()
        self.setFixedHeight(theme.ROW_HEIGHT)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName(title(name))

    @property
    def slider(self) -> Slider:
        """The control at the playhead."""
        return self._editor.board.slider(self.name)

    def sizeHint(self) -> QSize:
        """Return a width that leaves room to set the slider."""
        return QSize(280, theme.ROW_HEIGHT)

    # Where things are ---------------------------------------------------------------------

    def _parts(self) -> dict[str, QRectF]:
        width, height = float(self.width()), float(self.height())
        name = max(_NAME_LEAST, width * _NAME_FRACTION)
        right = width - _KEY - 2
        start = _STAR + name + _GAP
        spans = {
            "star": (0.0, float(_STAR)),
            "name": (float(_STAR), name),
            "slider": (start, right - _VALUE - _GAP - start),
            "value": (right - _VALUE, float(_VALUE)),
            "key": (right, float(_KEY)),
        }
        return {part: QRectF(x, 0, w, height) for part, (x, w) in spans.items()}

    def groove(self) -> QRectF:
        """Return the slider's rectangle: its ends are the lowest and highest value."""
        return self._parts()["slider"]

    def _reset_rect(self) -> QRectF:
        name = self._parts()["name"]
        return QRectF(name.right() - _RESET, 0, _RESET, name.height())

    def part(self, position: QPointF) -> str:
        """Return the part at a position; empty when there is none.

        Parts are `star`, `name`, `slider`, `value`, `key` and `reset`.
        """
        parts = self._parts()
        parts["slider"].adjust(-_GAP, 0, _GAP, 0)
        if self.slider.mark.edited:
            # Over the end of the name, so that it takes no room from the slider.
            parts = {"reset": self._reset_rect(), **parts}
        return next((part for part, rect in parts.items() if rect.contains(position)), "")

    # Painting -----------------------------------------------------------------------------

    def refresh(self) -> None:
        """Paint anew if anything that can be seen has changed."""
        shown = self._appearance()
        if shown != self._shown:
            self.update()

    def _appearance(self) -> tuple[object, ...]:
        slider, width = self.slider, self.groove().width()
        live = self._editor.board.live
        return (
            round(slider.fraction(slider.target) * width * 2),
            round(slider.fraction(slider.performed) * width * 2),
            show_value(slider.target, slider.control.unit) if live else "-",
            slider.mark,
            self.name in self._editor.workspace.state.controls,
            self.name in self._editor.favourites,
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the row as the control is now."""
        self._shown = self._appearance()
        slider, parts = self.slider, self._parts()
        live, hovered = self._editor.board.live, self.underMouse()
        painter = QPainter(self)
        if self.name in self._editor.workspace.state.controls:
            painter.fillRect(self.rect(), theme.SELECTED_ROW)
        elif hovered:
            painter.fillRect(self.rect(), theme.RAISED)
        if self.hasFocus():
            painter.setPen(theme.ACCENT)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        star = self.name in self._editor.favourites
        if star or hovered:
            _icon(painter, "star" if star else "no-star", parts["star"],
                  theme.ACCENT if star else theme.DISABLED)  # fmt: skip
        if slider.mark.edited and hovered:
            _icon(painter, "reset", self._reset_rect(), theme.DIM)
            parts["name"].adjust(0, 0, -_RESET, 0)
        painter.setPen(theme.TEXT if live else theme.DISABLED)
        metrics = painter.fontMetrics()
        words = metrics.elidedText(
            # In the middle: the side at the end tells two rows apart.
            self._words,
            Qt.TextElideMode.ElideMiddle,
            int(parts["name"].width()),
        )
        painter.drawText(parts["name"], _LEFT, words)
        self._paint_value(painter, slider, parts["value"], live=live)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_slider(painter, slider, parts["slider"], live=live)
        self._paint_key(painter, slider, parts["key"].center(), hovered=hovered)

    def _paint_slider(self, painter: QPainter, slider: Slider, rect: QRectF, *, live: bool) -> None:
        y, left, width = rect.center().y(), rect.left(), rect.width()
        painter.fillRect(QRectF(left - 2, y - 2, width + 4, 4), theme.WELL)
        if slider.control.region != "head":
            zero = left + slider.fraction(0) * width
            painter.fillRect(QRectF(zero - 0.5, y - 5, 1, 10), theme.LINE)
        if not live:
            return
        performed = left + slider.fraction(slider.performed) * width
        target = left + slider.fraction(slider.target) * width
        edited = slider.target != slider.performed
        if edited:
            # From what was performed to what is asked: the edit.
            painter.fillRect(QRectF(performed, y - 2, target - performed, 4), theme.ACCENT)
        painter.fillRect(QRectF(performed - 1, y - 6, 2, 12), theme.GHOST)
        painter.setPen(theme.WELL)
        painter.setBrush(theme.SELECTION if edited else theme.TEXT)
        painter.drawEllipse(QPointF(target, y), 5, 5)

    def _paint_key(
        self, painter: QPainter, slider: Slider, middle: QPointF, *, hovered: bool
    ) -> None:
        mark = slider.mark
        color = theme.ACCENT if mark.edited else (theme.DIM if hovered else theme.DISABLED)
        painter.setPen(color)
        painter.setBrush(color if mark.here else Qt.BrushStyle.NoBrush)
        painter.drawConvexPolygon(diamond(middle.x(), middle.y(), 4.0))

    def _paint_value(self, painter: QPainter, slider: Slider, rect: QRectF, *, live: bool) -> None:
        painter.setFont(_figures())
        edited = slider.target != slider.performed
        painter.setPen(theme.SELECTION if edited else (theme.DIM if live else theme.DISABLED))
        text = show_value(slider.target, slider.control.unit) if live else "-"
        painter.drawText(rect.adjusted(-8, 0, -2, 0), _RIGHT, text)

    # The pointer --------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Hold the thumb, or do what the part that was pressed is for."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        part = self.part(event.position())
        if part == "slider":
            self._take(event.position())
        elif part == "name":
            self._editor.choose(self.name, more=bool(event.modifiers() & _MORE))
        elif part == "star":
            self._editor.toggle_favourite(self.name)
        elif part == "key":
            self._editor.toggle_key((self.name,))
        elif part == "reset":
            self._editor.restore((self.name,))
        elif part == "value":
            self.edit()

    def _take(self, position: QPointF) -> None:
        # A press does not bring the thumb to the pointer: nobody changes a face by a slip, and
        # a double click would begin with a jump.
        if self._editor.board.live:
            self._last, self._value, self._held = position, self.slider.target, True

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the thumb that is held; with Shift finely."""
        if not self._held:
            self._show_cursor(event.position())
            return
        slider, rect = self.slider, self.groove()
        moved = (event.position().x() - self._last.x()) / rect.width()
        self._last = event.position()
        fine = _FINE if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        # Beyond the ends the pointer is kept count of, so that it meets the thumb coming back.
        self._value += moved * fine * (slider.high - slider.low)
        self._editor.drag(self.name, slider.held(self._value))

    def _show_cursor(self, position: QPointF) -> None:
        shapes = {"slider": Qt.CursorShape.SizeHorCursor, "value": Qt.CursorShape.IBeamCursor}
        self.setCursor(shapes.get(self.part(position), Qt.CursorShape.ArrowCursor))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let the thumb go: the drag is one step."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._let_go(keep=True)

    def _let_go(self, *, keep: bool) -> None:
        if self._held:
            self._held = False
            self._editor.end(keep=keep)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Bring the performance back by a double click on the slider."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self.part(event.position()) == "slider":
            self._let_go(keep=False)
            self._editor.restore((self.name,))
        else:
            self.mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the context menu of the control."""
        self._editor.open_menu(self.name, event.globalPos())

    def event(self, event: QEvent) -> bool:
        """Tell what each part is for."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text = self._tip(self.part(QPointF(event.pos())))
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def _tip(self, part: str) -> str:
        slider, unit = self.slider, self.slider.control.unit
        words = title(self.name)
        return {
            "star": "Favourite: keep it at the top",
            "value": "Click to type a value, or +=0.1 to add to it",
            "key": "Delete the key here" if slider.mark.here else "Set a key here",
            "reset": "Back to the performance at this frame",
            "slider": (
                f"{words}: {show_value(slider.target, unit)}, performed"
                f" {show_value(slider.performed, unit)}.\n"
                "Drag to say what the face is to do; the difference is added to the performance,\n"
                "which stays alive underneath. Shift for fine steps, double click to reset."
            ),
        }.get(part, f"{self.name}\nClick to show its curve, with Ctrl beside others")

    # The keyboard -------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens the number; Escape takes a drag back."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.edit()
        elif event.key() == Qt.Key.Key_Escape and self._held:
            self._let_go(keep=False)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Come into view."""
        super().focusInEvent(event)
        self._editor.reveal(self)
        self.setAccessibleDescription(self._tip("slider").partition("\n")[0])

    def edit(self) -> None:
        """Let the value be typed."""
        if not self._editor.board.live or self._field is not None:
            return
        rect = self._parts()["value"].toRect()
        field = Field(f"Value of {title(self.name)}", "", rect.width() + 14, self)
        field.setFixedHeight(self.height())
        field.move(rect.left() - 10, 0)
        field.show_text(show_value(self.slider.target, self.slider.control.unit))
        field.typed.connect(lambda text: self._editor.type_value(self.name, text))
        field.editingFinished.connect(self._close_field)
        field.show()
        field.setFocus()
        self._field = field

    def _close_field(self) -> None:
        field, self._field = self._field, None
        if field is not None:
            field.deleteLater()
            if field.hasFocus():
                self.setFocus()


@cache
def _figures() -> QFont:
    return theme.figures()


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_MORE = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def _icon(painter: QPainter, name: str, rect: QRectF, color: QColor) -> None:
    side = 12.0
    middle = rect.center()
    square = QRectF(middle.x() - side / 2, middle.y() - side / 2, side, side)
    paint_icon(painter, name, square, color)
