"""Commands as Qt's actions: in menus and behind keys, with the focused panel's keys first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QLineEdit,
    QMainWindow,
    QMenu,
    QWidget,
)

from mien_desktop.command import Command
from mien_desktop.keymap import Keymap, load_keymap, normal

__all__ = ["Actions"]

_PRESS = frozenset({"Space"})
_ENTER = frozenset({"Return", "Enter"})
_WALK = frozenset({"Up", "Down", "Left", "Right", "Home", "End", "PgUp", "PgDown"})


class Actions(QObject):
    """The actions of a window.

    Args:
        window: Where commands of the scope `window` work.
        panels: By scope, the panel whose focus makes its commands work.
        commands: Every command.
    """

    def __init__(
        self, window: QMainWindow, panels: Mapping[str, QWidget], commands: Iterable[Command]
    ) -> None:
        super().__init__(window)
        self._panels = dict(panels)
        self._window = window
        self.keymap = load_keymap(commands)
        self._actions = {command.id: self._action(command) for command in self.keymap.commands}
        self._own: frozenset[str] = frozenset()
        self._shadowed: frozenset[str] = frozenset()
        self.use(self.keymap)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._focus_changed)

    def use(self, keymap: Keymap) -> None:
        """Take over the keys of a map."""
        self.keymap = keymap
        for command in keymap.commands:
            self._set_keys(command)

    def action(self, name: str) -> QAction:
        """Return the action of a command by its id."""
        return self._actions[name]

    def fill(self, menu: QMenu, ids: Iterable[str]) -> None:
        """Put commands into a menu; an empty id draws a line.

        What can be done now, and what is on, is looked at whenever the menu opens.
        """
        for name in ids:
            if name:
                menu.addAction(self._actions[name])
            else:
                menu.addSeparator()
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(lambda: self._look(menu))
        # A disabled action has no keys, and nobody would enable it again before the next look.
        menu.aboutToHide.connect(lambda: _enable(menu))

    def _action(self, command: Command) -> QAction:
        action = QAction(command.text, self)
        action.setData(command.id)
        action.setToolTip(command.tip)
        action.setStatusTip(command.tip)
        action.setCheckable(command.checked is not None)
        action.triggered.connect(lambda: self._run(command, action))
        where = self._panels.get(command.scope, self._window)
        context = Qt.ShortcutContext.WindowShortcut
        if command.scope != "window":
            context = Qt.ShortcutContext.WidgetWithChildrenShortcut
        action.setShortcutContext(context)
        where.addAction(action)
        return action

    def _run(self, command: Command, action: QAction) -> None:
        if command.enabled is None or command.enabled():
            command.run()
        if command.checked is not None:
            action.setChecked(command.checked())

    def _look(self, menu: QMenu) -> None:
        by_id = {command.id: command for command in self.keymap.commands}
        for action in menu.actions():
            command = by_id.get(str(action.data()))
            if command is None:
                continue
            if command.words is not None:
                action.setText(command.words())
            if command.enabled is not None:
                action.setEnabled(command.enabled())
            if command.why is not None:
                reason = command.why()
                action.setEnabled(not reason)
                action.setToolTip(reason or command.tip)
            if command.checked is not None:
                action.setChecked(command.checked())

    def _set_keys(self, command: Command) -> None:
        taken = self._own | self._shadowed if command.scope == "window" else self._own
        keys = [key for key in map(normal, self.keymap.keys(command)) if key and key not in taken]
        self._actions[command.id].setShortcuts([QKeySequence(key) for key in keys])

    def _focus_changed(self, before: QWidget | None, now: QWidget | None) -> None:
        """Let go of keys that the focused widget, or the panel around it, has a use for."""
        if now is None or now.window() is not self._window:
            return
        own, shadowed = _own_keys(now), self.keymap.shadowed(self._scope(now))
        changed = (own ^ self._own) | (shadowed ^ self._shadowed)
        self._own, self._shadowed = own, shadowed
        if not changed:
            return
        for command in self.keymap.commands:
            if changed & set(map(normal, self.keymap.keys(command))):
                self._set_keys(command)

    def _scope(self, widget: QWidget) -> str:
        for scope, panel in self._panels.items():
            if panel is widget or panel.isAncestorOf(widget):
                return scope
        return "window"


def _enable(menu: QMenu) -> None:
    for action in menu.actions():
        action.setEnabled(True)


def _own_keys(widget: QWidget) -> frozenset[str]:
    """Return the keys without which a widget could not be used from the keyboard."""
    if isinstance(widget, QLineEdit):
        # Letters, and what moves the cursor, a field claims by itself.
        return _ENTER
    if isinstance(widget, QAbstractButton):
        return _PRESS
    if isinstance(widget, QComboBox | QAbstractItemView | QAbstractSlider):
        return _PRESS | _WALK
    return frozenset()
