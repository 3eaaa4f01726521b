"""Python's cyclic garbage, collected by the window's thread alone.

Python looks for garbage in whatever thread happens to allocate. When a thread that reads pictures
finds a closed dialog there, it deletes Qt's objects beside the thread that they belong to, which
may end the process.
"""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QObject, QTimer

__all__ = ["MainThreadCollector"]

_EVERY = 250
"""Milliseconds between two looks at how much there may be."""
_SHARE = 0.02
"""Part of the time that looking through everything may take."""


class MainThreadCollector(QObject):
    """Collects cyclic garbage on the thread that makes this, instead of on any.

    Args:
        parent: What it lives as long as.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._before = gc.isenabled()
        gc.disable()
        self._not_before = 0.0
        self._timer = QTimer(self, interval=_EVERY)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> None:
        """Collect what Python would have collected by now; all of it only now and then."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        full = [count > most for count, most in zip(counts, thresholds, strict=True)]
        if full[2] and time.monotonic() >= self._not_before:
            began = time.monotonic()
            gc.collect()
            now = time.monotonic()
            self._not_before = now + (now - began) / _SHARE
        elif full[1] or full[2]:
            gc.collect(1)
        elif full[0]:
            gc.collect(0)

    def close(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        if self._before:
            gc.enable()
