"""The keyboard map as a window: every command, found by words, with keys that can be changed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mien_desktop import theme
from mien_desktop.command import Command
from mien_desktop.keymap import Keymap, normal, save_keymap

__all__ = ["KeymapDialog"]

_SCOPES = {"window": "everywhere", "viewer": "viewer", "timeline": "timeline",
           "curves": "curve editor", "controls": "controls"}  # fmt: skip


class KeymapDialog(QDialog):
    """The list of commands.

    Args:
        keymap: The map to begin with.
        parent: Qt's owner.
    """

    changed = Signal(object)
    """The map after every change; it is remembered already."""

    def __init__(self, keymap: Keymap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.keymap = keymap
        self.setWindowTitle("Keyboard map")
        self.resize(620, 560)
        self.search = QLineEdit(placeholderText="Search commands and keys", clearButtonEnabled=True)
        self.search.setAccessibleName("Search commands")
        self.search.textChanged.connect(self._fill)
        self.list = QTreeWidget(columnCount=3)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setAccessibleName("Commands")
        self.list.setHeaderLabels(["Command", "Keys", "Works in"])
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().resizeSection(1, 150)
        self.list.header().resizeSection(2, 110)
        self.list.header().setStretchLastSection(False)
        self.list.currentItemChanged.connect(self._chosen)
        self.field = QKeySequenceEdit(maximumSequenceLength=1, clearButtonEnabled=True)
        self.field.setAccessibleName("New keys")
        self.field.keySequenceChanged.connect(self._look)
        self.field.installEventFilter(self)
        self.note = QLabel(wordWrap=True)
        self.note.setMinimumHeight(34)
        self.note.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._add = self._button("Add keys", self._give)
        self._none = self._button("Remove keys", self._take_away)
        self._own = self._button("Default", self._reset)
        self._all = self._button("Reset all", self._reset_all)
        self._lay_out()
        self._fill()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Tab leave the field of keys, which would take it as a key."""
        if watched is self.field and isinstance(event, QKeyEvent):
            walk = event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
            if walk and event.type() == QEvent.Type.KeyPress:
                self.focusNextPrevChild(event.key() == Qt.Key.Key_Tab)
                return True
        return super().eventFilter(watched, event)

    def _button(self, text: str, run: object) -> QPushButton:
        button = QPushButton(text, autoDefault=False)
        button.clicked.connect(run)
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.field, 1)
        for button in (self._add, self._none, self._own):
            row.addWidget(button)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.accept)
        below = QHBoxLayout()
        below.addWidget(self._all)
        below.addWidget(close, 1)
        column = QVBoxLayout(self)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        column.addLayout(row)
        column.addWidget(self.note)
        column.addLayout(below)

    def _fill(self) -> None:
        chosen = self._command()
        self.list.clear()
        group = ""
        for command in sorted(self.keymap.search(self.search.text()), key=lambda c: c.group):
            if command.group != group:
                group = command.group
                head = QTreeWidgetItem([group])
                head.setFlags(Qt.ItemFlag.ItemIsEnabled)
                head.setForeground(0, theme.DIM)
                self.list.addTopLevelItem(head)
            item = QTreeWidgetItem()
            item.setData(0, Qt.ItemDataRole.UserRole, command)
            item.setToolTip(0, command.tip or command.text)
            self._write(item, command)
            self.list.addTopLevelItem(item)
            if chosen is not None and command.id == chosen.id:
                self.list.setCurrentItem(item)
        if self.list.currentItem() is None:
            self._chosen()

    def _write(self, item: QTreeWidgetItem, command: Command) -> None:
        item.setText(0, f"  {command.text}")
        item.setText(1, ", ".join(_shown(key) for key in self.keymap.keys(command)))
        item.setText(2, _SCOPES[command.scope])
        color = theme.ACCENT if self.keymap.is_changed(command) else theme.TEXT
        item.setForeground(1, color)
        item.setForeground(2, theme.DIM)

    def _command(self) -> Command | None:
        item = self.list.currentItem()
        command = item.data(0, Qt.ItemDataRole.UserRole) if item else None
        return command if isinstance(command, Command) else None

    def _chosen(self) -> None:
        self.field.clear()
        self._look()

    def _look(self) -> None:
        """Say what would happen."""
        command, key = self._command(), self._key()
        clashes = self.keymap.clashes(command, key) if command and key else ()
        self._add.setEnabled(command is not None and bool(key))
        self._add.setText("Take keys" if clashes else "Add keys")
        self._none.setEnabled(command is not None and bool(self.keymap.keys(command)))
        self._own.setEnabled(command is not None and self.keymap.is_changed(command))
        self._all.setEnabled(bool(self.keymap.changed))
        words = "" if command else "Choose a command to change its keys."
        if command and clashes:
            names = ", ".join(f"“{other.text}”" for other in clashes)
            words = f"{_shown(key)} runs {names} now, which would be left without it."
        self.note.setText(words)

    def _key(self) -> str:
        return normal(self.field.keySequence().toString(QKeySequence.SequenceFormat.PortableText))

    def _give(self) -> None:
        command, key = self._command(), self._key()
        if command is not None and key:
            self._use(self.keymap.taking(command, key))

    def _take_away(self) -> None:
        command = self._command()
        if command is not None:
            self._use(self.keymap.with_keys(command, ()))

    def _reset(self) -> None:
        command = self._command()
        if command is not None:
            keymap = self.keymap.with_keys(command, ())
            for key in command.keys:
                keymap = keymap.taking(command, key)
            self._use(keymap)

    def _reset_all(self) -> None:
        self._use(Keymap(self.keymap.commands))

    def _use(self, keymap: Keymap) -> None:
        self.keymap = keymap
        save_keymap(keymap)
        self.changed.emit(keymap)
        self._fill()
        self._chosen()


def _shown(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
