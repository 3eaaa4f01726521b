"""The keyboard map: what the user changes is kept, and nothing clashes unseen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QMainWindow,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from mien_desktop.actions import Actions
from mien_desktop.command import Command, Scope
from mien_desktop.keymap import Keymap, load_keymap, normal, save_keymap
from mien_desktop.keymap_dialog import KeymapDialog
from mien_desktop.window import Window
from tests.desktop.driving import click, keys, known, named, settle, shown, type_text

done: list[str] = []


def command(name: str, *keys: str, scope: Scope = "window") -> Command:
    return Command(name, name.title(), lambda: done.append(name), keys, "Test", scope)


PLAY, FIRST = command("play", "Space"), command("first", "Home")
FIT, SAVE = command("fit", "Home", scope="timeline"), command("save", "Ctrl+S")
COMMANDS = (PLAY, FIRST, FIT, SAVE)


@pytest.fixture(autouse=True)
def _nothing_done() -> None:
    done.clear()


def test_keys_have_one_spelling() -> None:
    assert normal("ctrl+shift+z") == "Ctrl+Shift+Z"
    assert normal("") == ""
    assert normal("nonsense+q") == ""


def test_clashes_are_those_of_one_scope() -> None:
    keymap = Keymap(COMMANDS)
    assert keymap.clashes(SAVE, "space") == (PLAY,)
    assert keymap.clashes(FIT, "Space") == ()
    assert keymap.shadowed("timeline") == {"Home"}


def test_taken_keys_leave_the_other_and_are_kept(app: QApplication) -> None:
    keymap = Keymap(COMMANDS).taking(SAVE, "Space")
    assert keymap.keys(SAVE) == ("Ctrl+S", "Space")
    assert keymap.keys(PLAY) == ()
    save_keymap(keymap.with_keys(FIT, ["F", "Ctrl+,"]))
    again = load_keymap(COMMANDS)
    assert again.keys(SAVE) == ("Ctrl+S", "Space")
    assert again.keys(PLAY) == ()
    assert again.keys(FIT) == ("F", "Ctrl+,")
    assert again.keys(FIRST) == ("Home",)
    assert not again.with_keys(PLAY, PLAY.keys).is_changed(PLAY)


def test_search_finds_words_and_keys() -> None:
    keymap = Keymap(COMMANDS)
    assert keymap.search("ctrl s") == (SAVE,)
    assert keymap.search("FIT time") == (FIT,)
    assert keymap.search("") == COMMANDS


@pytest.fixture
def window(app: QApplication) -> Iterator[QMainWindow]:
    """A window with a panel of the scope `timeline`, a button and a field of text."""
    from PySide6.QtCore import Qt

    window, middle = QMainWindow(), QWidget()
    column = QVBoxLayout(middle)
    panel, button, field = QWidget(), QPushButton("press"), QLineEdit()
    panel.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    panel.setAccessibleName("panel")
    field.setAccessibleName("field")
    button.clicked.connect(lambda: done.append("pressed"))
    for widget in (panel, button, field):
        column.addWidget(widget)
    window.setCentralWidget(middle)
    Actions(window, {"timeline": panel}, COMMANDS)
    with shown(window, 300, 200):
        yield window


def test_the_focused_panel_comes_first(window: QMainWindow) -> None:
    panel, button = named(window, "panel"), named(window, "press")
    panel.setFocus()
    keys(panel, "Home")
    assert done == ["fit"]
    button.setFocus()
    keys(button, "Home")
    assert done == ["fit", "first"]


def test_a_focused_button_keeps_space_and_a_field_its_letters(window: QMainWindow) -> None:
    panel, button = named(window, "panel"), named(window, "press")
    field = named(window, "field", QLineEdit)
    panel.setFocus()
    keys(panel, "Space")
    button.setFocus()
    keys(button, "Space")
    field.setFocus()
    type_text(field, "a b")
    assert done == ["play", "pressed"]
    assert field.text() == "a b"


def test_the_dialog_finds_warns_and_changes(app: QApplication) -> None:
    maps: list[Keymap] = []
    dialog = KeymapDialog(Keymap(COMMANDS))
    dialog.changed.connect(maps.append)
    with shown(dialog):
        type_text(dialog.search, "save")
        rows = [known(dialog.list.topLevelItem(i)) for i in range(dialog.list.topLevelItemCount())]
        assert [row.text(0).strip() for row in rows] == ["Test", "Save"]
        dialog.list.setCurrentItem(rows[1])
        dialog.field.setKeySequence(QKeySequence("Space"))
        settle()
        assert "Play" in dialog.note.text()
        click(named(dialog, "Take keys", QPushButton))
        assert maps[-1].keys(SAVE) == ("Ctrl+S", "Space")
        dialog.list.setCurrentItem(known(dialog.list.topLevelItem(1)))
        click(named(dialog, "Default", QPushButton))
        assert maps[-1].keys(SAVE) == ("Ctrl+S",)
        click(named(dialog, "Reset all", QPushButton))
        assert not maps[-1].changed


def test_no_two_commands_of_a_scope_share_a_key(main_window: Window) -> None:
    taken: dict[tuple[str, str], list[str]] = defaultdict(list)
    ids = [command.id for command in main_window.menu_actions.keymap.commands]
    assert len(set(ids)) == len(ids)
    for each in main_window.menu_actions.keymap.commands:
        for key in each.keys:
            assert normal(key), f"{each.id} has keys that are none: {key!r}"
            taken[each.scope, normal(key)].append(each.id)
    assert not {where: names for where, names in taken.items() if len(names) > 1}


def test_every_command_is_in_a_menu(main_window: Window) -> None:
    placed = {
        str(action.data())
        for title in main_window.menuBar().actions()
        for action in cast(QMenu, title.menu()).actions()
    }
    assert {c.id for c in main_window.menu_actions.keymap.commands} <= placed


def test_a_changed_key_works_in_the_window(main_window: Window, tmp_path: Path) -> None:
    actions = main_window.menu_actions
    split = next(c for c in actions.keymap.commands if c.id == "window.split")
    actions.use(actions.keymap.with_keys(split, ["Ctrl+Alt+9"]))
    keys(main_window, "Ctrl+Alt+9")
    assert main_window.panels.side_by_side


def test_the_keys_of_the_docs_are_those_of_the_window(main_window: Window) -> None:
    page = (Path(__file__).parents[2] / "docs" / "desktop.md").read_text()
    table = page.split("| keys | command |")[1].split("\n\n")[0]
    rows = [row.strip("| ").split(" | ") for row in table.splitlines()[2:]]
    have = {
        (key, c.text)
        for c in main_window.menu_actions.keymap.commands
        for key in map(normal, c.keys)
    }
    assert len(rows) > 30
    assert {(keys, text) for keys, text in rows} <= have
