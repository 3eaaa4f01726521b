"""Driving widgets as a hand on mouse and keyboard does, with Qt's own events."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar, overload

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.waiting import PATIENCE

LEFT = Qt.MouseButton.LeftButton
MIDDLE = Qt.MouseButton.MiddleButton
RIGHT = Qt.MouseButton.RightButton
PLAIN = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier

Place = tuple[float, float] | QPoint | QPointF
SomeWidget = TypeVar("SomeWidget", bound=QWidget)
Some = TypeVar("Some")


@contextmanager
def shown(
    widget: SomeWidget, width: int | None = None, height: int | None = None
) -> Iterator[SomeWidget]:
    """Show a widget for the time of a test, and leave nothing of it."""
    if width and height:
        widget.resize(width, height)
    widget.show()
    widget.activateWindow()
    settle()
    try:
        yield widget
    finally:
        widget.close()
        widget.deleteLater()
        settle()


def settle(rounds: int = 3) -> None:
    """Let events that wait be handled, deletions too."""
    for _ in range(rounds):
        QApplication.processEvents()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def wait_until(true: Callable[[], object], seconds: float = PATIENCE, what: str = "") -> None:
    """Handle events until something is true.

    Raises:
        AssertionError: When it does not become true in time.
    """
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} s: {what or true}"
        breathe(0.005)


def breathe(seconds: float) -> None:
    """Handle events for a while, and let other threads run.

    `QTest.qWait` keeps Python's lock while it waits: a thread that reads a film would need a
    minute for what takes it a second.
    """
    end = time.monotonic() + seconds
    while True:
        settle(1)
        time.sleep(0.002)
        if time.monotonic() >= end:
            return


def press(
    widget: QWidget, place: Place, button: Qt.MouseButton = LEFT,
    modifiers: Qt.KeyboardModifier = PLAIN,
) -> None:  # fmt: skip
    """Press a button of the mouse and hold it."""
    _mouse(widget, QEvent.Type.MouseButtonPress, place, button, button, modifiers)


def move(
    widget: QWidget, place: Place, held: Qt.MouseButton = Qt.MouseButton.NoButton,
    modifiers: Qt.KeyboardModifier = PLAIN,
) -> None:  # fmt: skip
    """Move the pointer, with a button held or none."""
    _mouse(widget, QEvent.Type.MouseMove, place, Qt.MouseButton.NoButton, held, modifiers)


def release(
    widget: QWidget, place: Place, button: Qt.MouseButton = LEFT,
    modifiers: Qt.KeyboardModifier = PLAIN,
) -> None:  # fmt: skip
    """Let a button of the mouse go."""
    none = Qt.MouseButton.NoButton
    _mouse(widget, QEvent.Type.MouseButtonRelease, place, button, none, modifiers)


def click(
    widget: QWidget, place: Place | None = None, button: Qt.MouseButton = LEFT,
    modifiers: Qt.KeyboardModifier = PLAIN,
) -> None:  # fmt: skip
    """Press and let go; in the middle of the widget when no place is given."""
    place = widget.rect().center() if place is None else place
    move(widget, place, modifiers=modifiers)
    press(widget, place, button, modifiers)
    release(widget, place, button, modifiers)
    settle(1)


def double_click(widget: QWidget, place: Place, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
    """Two clicks as one."""
    press(widget, place, LEFT, modifiers)
    release(widget, place, LEFT, modifiers)
    _mouse(widget, QEvent.Type.MouseButtonDblClick, place, LEFT, LEFT, modifiers)
    release(widget, place, LEFT, modifiers)
    settle(1)


def drag(
    widget: QWidget, start: Place, end: Place, *, button: Qt.MouseButton = LEFT,
    modifiers: Qt.KeyboardModifier = PLAIN, steps: int = 8,
) -> None:  # fmt: skip
    """Press, move in steps and let go."""
    (x0, y0), (x1, y1) = _xy(start), _xy(end)
    move(widget, (x0, y0), modifiers=modifiers)
    press(widget, (x0, y0), button, modifiers)
    for step in range(1, steps + 1):
        part = step / steps
        move(widget, (x0 + (x1 - x0) * part, y0 + (y1 - y0) * part), button, modifiers)
        QApplication.processEvents()
    release(widget, (x1, y1), button, modifiers)
    settle(1)


def wheel(
    widget: QWidget, place: Place, notches: float, modifiers: Qt.KeyboardModifier = PLAIN
) -> None:
    """Turn the wheel; positive is away from the hand."""
    point = QPointF(*_xy(place))
    event = QWheelEvent(
        point, QPointF(widget.mapToGlobal(point)), QPoint(), QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)
    settle(1)


def keys(widget: QWidget, sequence: str) -> None:
    """Press keys in Qt's portable words, as `Ctrl+Shift+Z`; shortcuts of the window take part."""
    if not widget.isActiveWindow():
        # What a window manager does once a dialog has closed.
        widget.activateWindow()
        settle(1)
    QTest.keySequence(widget, QKeySequence(sequence))
    settle(1)


def type_text(widget: QWidget, text: str) -> None:
    """Type letters into a widget that has the focus."""
    QTest.keyClicks(widget, text)


def known(value: Some | None) -> Some:
    """A value that is there."""
    assert value is not None
    return value


@overload
def named(within: QWidget, name: str) -> QWidget: ...
@overload
def named(within: QWidget, name: str, kind: type[SomeWidget]) -> SomeWidget: ...
def named(within: QWidget, name: str, kind: type[QWidget] = QWidget) -> QWidget:
    """The visible widget with an accessible name, or failing that a text."""
    widgets = within.findChildren(kind)
    for attribute in ("accessibleName", "text"):
        found = [w for w in widgets if getattr(w, attribute, str)() == name and w.isVisible()]
        if found:
            return found[0]
    have = sorted({w.accessibleName() for w in widgets if w.accessibleName()})
    raise AssertionError(f"no visible {kind.__name__} is called {name!r}; there are {have}")


def _mouse(
    widget: QWidget, kind: QEvent.Type, place: Place, button: Qt.MouseButton,
    held: Qt.MouseButton, modifiers: Qt.KeyboardModifier,
) -> None:  # fmt: skip
    point = QPointF(*_xy(place))
    event = QMouseEvent(kind, point, QPointF(widget.mapToGlobal(point)), button, held, modifiers)
    if kind == QEvent.Type.MouseButtonPress and button == LEFT:
        _focus(widget)
    QApplication.sendEvent(widget, event)


def _focus(widget: QWidget) -> None:
    """What Qt does for a click of the real mouse: the focus goes where it may."""
    focused: QWidget | None = widget
    while focused is not None:
        if focused.focusPolicy() & Qt.FocusPolicy.ClickFocus and focused.isEnabled():
            focused.setFocus(Qt.FocusReason.MouseFocusReason)
            return
        focused = None if focused.isWindow() else focused.parentWidget()


def _xy(place: Place) -> tuple[float, float]:
    if isinstance(place, tuple):
        return place
    return float(place.x()), float(place.y())
