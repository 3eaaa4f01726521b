"""A field for a number or a time: it is taken over by Enter, and Escape brings the old one back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from mien_desktop import theme

__all__ = ["Field"]


class Field(QLineEdit):
    """A field whose text somebody else reads.

    Args:
        name: What it is called, for tooltips and screen readers.
        tip: What can be typed.
        width: Width in pixels.
        parent: Qt's owner.
    """

    typed = Signal(str)
    """A text was entered; sent once for each change that a person makes."""

    def __init__(self, name: str, tip: str, width: int = 64, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.setFont(theme.figures())
        self.setFixedWidth(width)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._shown = ""
        self.returnPressed.connect(self._enter)

    def show_text(self, text: str) -> None:
        """Show a text, unless a person is typing another."""
        self._shown = text
        if not (self.hasFocus() and self.isModified()):
            self.setText(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape brings the old text back."""
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self.setText(self._shown)
            self.selectAll()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Select everything, so that typing replaces it."""
        super().focusInEvent(event)
        self.selectAll()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """What was typed is taken over when the focus goes on."""
        super().focusOutEvent(event)
        self._enter()

    def _enter(self) -> None:
        if not self.isModified():
            return
        self.setModified(False)
        text = self.text()
        self.setText(self._shown)
        if text.strip() and text != self._shown:
            self.typed.emit(text)
        self.selectAll()
