"""Fields for numbers and times: Enter takes the typed text over, Escape brings the old one back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from shiboken6 import isValid

from mien_desktop import theme

__all__ = ["Entry", "Field", "SearchField"]


class Entry(QLineEdit):
    """A line edit that returns the focus to where it came from, so that keys go there again.

    Whoever has typed a time and pressed Enter wants Space to play, not to be a letter.

    Args:
        parent: Qt's owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._from: QWidget | None = None
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._focus_changed)

    def hand_back(self) -> None:
        """Give the focus back; to nobody when what had it is gone."""
        origin = self._from
        if origin is not None and isValid(origin) and origin.isVisible():
            origin.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.clearFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keep Enter from the widgets around the field, which have a use for it too."""
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()

    def _focus_changed(self, before: QWidget | None, now: QWidget | None) -> None:
        if now is self:
            self._from = before._from if isinstance(before, Entry) else before


class Field(Entry):
    """A line edit whose text its owner reads.

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
        self.returnPressed.connect(self._finish)

    def show_text(self, text: str) -> None:
        """Show a text, unless a person is typing another."""
        self._shown = text
        if not (self.hasFocus() and self.isModified()):
            self.setText(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Bring the old text back with Escape; leave the field with a second one."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.isModified():
            self.setText(self._shown)
            self.selectAll()
        else:
            self.hand_back()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Select everything, so that typing replaces it."""
        super().focusInEvent(event)
        self.selectAll()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take over the typed text when the focus goes on."""
        super().focusOutEvent(event)
        self._enter()

    def _finish(self) -> None:
        self._enter()
        self.hand_back()

    def _enter(self) -> None:
        if not self.isModified():
            return
        self.setModified(False)
        text = self.text()
        self.setText(self._shown)
        if text.strip() and text != self._shown:
            self.typed.emit(text)
        self.selectAll()


class SearchField(Entry):
    """A line edit that narrows what is below it; Escape empties it, and then leaves it.

    Args:
        name: What it is called, for screen readers and while it is empty.
        tip: What can be typed.
        parent: Qt's owner.
    """

    def __init__(self, name: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setPlaceholderText(name)
        self.setToolTip(tip)
        self.setClearButtonEnabled(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Empty the line with Escape; leave it with a second one."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.text():
            self.clear()
        else:
            self.hand_back()
