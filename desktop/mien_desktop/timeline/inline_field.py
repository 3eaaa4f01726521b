"""A field that opens over a name or a value, and closes when something was typed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

__all__ = ["InlineField"]


class InlineField(QLineEdit):
    """A text field over a widget: Enter and leaving it take the text over, Escape does not.

    Args:
        parent: The widget over which it lies.
        area: Where.
        text: What is there.
        name: What is typed, for screen readers.
        take: Told the text when it was changed.
    """

    def __init__(
        self, parent: QWidget, area: QRect, text: str, name: str, take: Callable[[str], object]
    ) -> None:
        super().__init__(text, parent)
        self._take, self._before = take, text
        self._open = True
        self.setAccessibleName(name)
        self.setGeometry(area)
        self.selectAll()
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.returnPressed.connect(lambda: self._close(keep=True))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give up with Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self._close(keep=False)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take over the typed text when the focus goes on; not for a menu over the field."""
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._close(keep=True)

    def _close(self, *, keep: bool) -> None:
        if not self._open:
            return
        self._open = False
        text = self.text().strip()
        parent = self.parentWidget()
        if parent is not None and self.hasFocus():  # not when it went elsewhere already
            parent.setFocus()
        self.hide()
        self.deleteLater()
        if keep and text != self._before:
            self._take(text)
