"""Files that are being read: how far they are, and a button that stops it."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QToolButton, QWidget

from mien.errors import OperationCancelledError

__all__ = ["Reading", "ReadingBar", "Readings"]

_WIDTH = 160
"""Pixels of the bar."""


class Reading:
    """One piece of reading, on whatever thread.

    Args:
        readings: Told how far it is.
        name: What is read.
    """

    def __init__(self, readings: Readings, name: str) -> None:
        self.name = name
        self._readings = readings
        self._stopped = threading.Event()
        self._said = -1

    @property
    def cancelled(self) -> bool:
        """True when it was to be stopped."""
        return self._stopped.is_set()

    def cancel(self) -> None:
        """Have it stopped at its next step."""
        self._stopped.set()

    def check(self) -> None:
        """Go on, unless it was cancelled.

        Raises:
            OperationCancelledError: When it was.
        """
        if self._stopped.is_set():
            raise OperationCancelledError("Reading was cancelled.")

    def report(self, _: str, done: int, total: int) -> None:
        """Tell how far it is, when a whole percent is done; a progress callback.

        Raises:
            OperationCancelledError: When it was cancelled.
        """
        self.check()
        percent = 100 * done // max(1, total)
        if percent != self._said:
            self._said = percent
            self._readings.told.emit(self.name, percent)


class Readings(QObject):
    """All that a window reads."""

    told = Signal(str, int)
    """A file is read so far, in percent."""
    ended = Signal()
    """Nothing is read any more."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: list[Reading] = []

    def begin(self, name: str) -> Reading:
        """Begin to read something.

        Args:
            name: What is read.
        """
        reading = Reading(self, name)
        self._running.append(reading)
        return reading

    def end(self, reading: Reading) -> None:
        """Note that something is read, or cannot be."""
        if reading in self._running:
            self._running.remove(reading)
        if not self._running:
            self.ended.emit()

    def cancel(self) -> None:
        """Stop all of it."""
        for reading in self._running:
            reading.cancel()


class ReadingBar(QWidget):
    """Shows how far a long file is read, with a button that stops it; hidden otherwise.

    Args:
        readings: What is read.
    """

    def __init__(self, readings: Readings) -> None:
        super().__init__()
        self.setAccessibleName("Reading")
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.bar.setFixedWidth(_WIDTH)
        self.bar.setAccessibleName("How far the file is read")
        self.button = QToolButton()
        self.button.setText("Cancel")
        self.button.setToolTip("Stop reading; nothing is added or opened")
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.bar)
        layout.addWidget(self.button)
        self.button.clicked.connect(readings.cancel)
        readings.told.connect(self._show)
        readings.ended.connect(self.hide)
        self.hide()

    def _show(self, name: str, percent: int) -> None:
        self.bar.setValue(percent)
        self.bar.setToolTip(f"Reading {name}")
        self.show()
