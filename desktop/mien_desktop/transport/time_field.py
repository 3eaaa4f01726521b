"""A field that shows the playhead, and in which a time can be typed."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from mien.errors import TimeError
from mien_desktop import theme
from mien_desktop.fields import Entry
from mien_desktop.geometry.ruler import label
from mien_desktop.resolve import Resolved
from mien_desktop.workspace import Workspace

__all__ = ["TimeField"]

_WIDEST = {"timecode": "00:00:00:00", "frames": "000000"}
_TIP = "Type a frame (36), seconds (1.5s), a timecode (01:00:01:12), or +10 and -10"


class TimeField(Entry):
    """The playhead as a timecode or as a frame; Enter goes to what was typed, Escape does not.

    Args:
        workspace: Whose playhead it is.
        units: What it shows; everything can be typed in both.
        parent: Qt's owner.
    """

    def __init__(
        self,
        workspace: Workspace,
        units: Literal["timecode", "frames"],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._units = units
        self._entered = False
        self.setFont(theme.figures())
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAccessibleName("Timecode" if units == "timecode" else "Frame")
        self.setToolTip(_TIP)
        self.setFixedWidth(QFontMetrics(self.font()).horizontalAdvance(_WIDEST[units]) + 16)
        self.returnPressed.connect(self._go)
        workspace.changed.connect(self._changed)
        self._show(workspace.now)

    def sizeHint(self) -> QSize:
        """Return the width of the longest time."""
        return QSize(self.maximumWidth(), super().sizeHint().height())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Select everything, so that typing replaces it."""
        super().focusInEvent(event)
        self._entered = True
        self.selectAll()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Select all with the click that enters the field; set the cursor with the next."""
        super().mouseReleaseEvent(event)
        if self._entered and not self.hasSelectedText():
            self.selectAll()
        self._entered = False

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Drop text that was typed and not entered."""
        super().focusOutEvent(event)
        self._show(self._workspace.now)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give up typed text with Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self._show(self._workspace.now)
            self.hand_back()
        else:
            super().keyPressEvent(event)

    def _go(self) -> None:
        now, text = self._workspace.now, self.text().strip()
        if now.shot is None:
            return
        sign = {"+": 1, "-": -1}.get(text[:1], 0)
        try:
            frame = now.shot.clock.parse(text[1:] if sign else text)
        except TimeError as error:
            # A slip of the finger is worth a line, not a window.
            self._workspace.said.emit(str(error))
            return
        self._workspace.set(frame=now.state.frame + sign * frame if sign else frame)
        self.hand_back()

    def _changed(self, now: Resolved, before: Resolved) -> None:
        if (now.state.frame, now.shot) != (before.state.frame, before.shot):
            self._show(now)

    def _show(self, now: Resolved) -> None:
        if now.shot is not None:
            self.setText(label(now.shot.clock, now.state.frame, self._units))
        else:
            self.clear()
        self.setEnabled(now.shot is not None)
