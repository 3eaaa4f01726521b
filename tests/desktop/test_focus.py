"""Who has the focus has its keys, and gives it back once something was typed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QVBoxLayout, QWidget

from mien_desktop.actions import Actions
from mien_desktop.command import Command, Scope
from mien_desktop.fields import Field, SearchField
from tests.desktop.driving import keys, named, shown, type_text

done: list[str] = []


def command(name: str, key: str, scope: Scope) -> Command:
    return Command(name, name.title(), lambda: done.append(name), (key,), "Test", scope)


COMMANDS = (command("choose", "Return", "curves"), command("play", "Space", "window"))


class Panel(QWidget):
    """Has a use for Enter itself, as a row of the controls has."""

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        done.append("panel")


@pytest.fixture
def window(app: QApplication) -> Iterator[QMainWindow]:
    """A window whose panel of curves has a canvas and two fields."""
    done.clear()
    window, panel, canvas = QMainWindow(), Panel(), QWidget()
    canvas.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    canvas.setAccessibleName("canvas")
    column = QVBoxLayout(panel)
    for widget in (canvas, Field("time", ""), Field("value", ""), SearchField("search", "")):
        column.addWidget(widget)
    window.setCentralWidget(panel)
    Actions(window, {"curves": panel}, COMMANDS)
    with shown(window, 300, 200):
        yield window


def test_enter_is_the_fields_before_it_is_its_panels(window: QMainWindow) -> None:
    canvas, field = named(window, "canvas", QWidget), named(window, "value", Field)
    typed: list[str] = []
    field.typed.connect(typed.append)
    canvas.setFocus()
    keys(canvas, "Return")
    assert done == ["choose"]
    field.setFocus()
    type_text(field, "0.5")
    keys(field, "Return")
    assert (typed, done) == (["0.5"], ["choose"])
    keys(canvas, "Return")
    assert done == ["choose", "choose"], "it is the panel's again"


def test_the_focus_goes_back_to_where_it_came_from(window: QMainWindow) -> None:
    canvas = named(window, "canvas", QWidget)
    time, value = named(window, "time", Field), named(window, "value", Field)
    canvas.setFocus()
    time.setFocus()
    value.setFocus()
    type_text(value, "1")
    keys(value, "Return")
    assert canvas.hasFocus(), "not the other field, where Space would be a letter"
    keys(canvas, "Space")
    assert done == ["play"]
    value.setFocus()
    type_text(value, "2")
    keys(value, "Escape")
    assert value.hasFocus()
    assert not value.text(), "the first gives up what was typed"
    keys(value, "Escape")
    assert canvas.hasFocus()


def test_escape_empties_a_search_and_then_leaves_it(window: QMainWindow) -> None:
    canvas, search = named(window, "canvas", QWidget), named(window, "search", SearchField)
    canvas.setFocus()
    search.setFocus()
    type_text(search, "brow")
    keys(search, "Escape")
    assert search.hasFocus()
    assert not search.text()
    keys(search, "Escape")
    assert canvas.hasFocus()
