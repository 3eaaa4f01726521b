"""Autosave: changes are kept as they are made, and offered again after a crash."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMessageBox,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mien.errors import MienError
from mien_desktop import theme
from mien_desktop.workspace import Workspace

if TYPE_CHECKING:
    from mien.session.recovery import Recoverable, Recovered, Recovery
    from mien.session.session import Change

__all__ = ["DELAY", "Autosave", "RecoveryDialog"]

DELAY = 1.0
"""Seconds for which a change may be lost at most, with the time that writing takes."""


class Autosave(QObject):
    """A copy of unsaved changes, kept where a crash does not reach it.

    Args:
        workspace: The window's workspace.
        parent: Qt's owner.
    """

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._session = workspace.session
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="mien-autosave")
        self._recovery: Recovery | None = None
        self._complained = False
        # Not begun anew by further changes, so that a long drag is kept too.
        self._timer = QTimer(self, singleShot=True, interval=round(1000 * DELAY))
        self._timer.timeout.connect(self._keep)
        self._forget = self._session.subscribe(self._changed)

    def recover(self, entry: Recoverable) -> Recovered:
        """Read recovered changes and go on keeping them; to be called on a thread.

        Raises:
            ProjectError: When it is damaged, or another window has taken it.
        """
        return self._threads.submit(lambda: self._kept().recover(entry)).result()

    def close(self, *, keep: bool = False) -> None:
        """Stop keeping changes.

        Args:
            keep: Whether unsaved changes stay recoverable, as when the program is made to end;
                not when the user saved them, or let them go.
        """
        self._forget()
        self._timer.stop()
        keep = keep and self._session.modified
        if keep:
            self._keep()
        self._threads.submit(self._leave, keep)
        self._threads.shutdown(wait=True)

    def _changed(self, change: Change) -> None:
        if self._session.modified:
            if not self._timer.isActive():
                self._timer.start()
        elif change.kind in ("save", "replace", "undo", "redo", "cancel"):
            self._timer.stop()
            self._threads.submit(self._clear)

    def _keep(self) -> None:
        document, path = self._session.document, self._session.path
        version = self._session.file_version
        future = self._threads.submit(lambda: self._kept().write(document, path, version))
        future.add_done_callback(lambda f: self._workspace.later(partial(self._kept_or_not, f)))

    def _clear(self) -> None:
        if self._recovery is not None:
            self._recovery.clear()

    def _leave(self, keep: bool) -> None:
        if self._recovery is not None:
            self._recovery.close(keep=keep)

    def _kept(self) -> Recovery:
        if self._recovery is None:
            from mien.session.recovery import Recovery

            self._recovery = Recovery()
        return self._recovery

    def _kept_or_not(self, future: object) -> None:
        error = future.exception()  # type: ignore[attr-defined]
        if isinstance(error, MienError):
            if not self._complained:
                self._workspace.said.emit(f"Not autosaved: {error}")
            self._complained = True
        elif error is not None:
            raise error


class RecoveryDialog(QDialog):
    """A dialog that offers what was not saved when the program ended.

    Args:
        entries: What can be recovered.
        parent: Qt's owner.
    """

    chosen = Signal(object)
    """The entry that is to be recovered."""

    def __init__(self, entries: list[Recoverable], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Recover unsaved work")
        self.resize(560, 300)
        words = QLabel(
            "mien ended without saving these. Recovered work opens with its changes unsaved, so"
            " that the file on disk stays as it is until you save.",
            wordWrap=True,
        )
        self.list = QTreeWidget(columnCount=3)
        self.list.setRootIsDecorated(False)
        self.list.setAccessibleName("Unsaved work")
        self.list.setHeaderLabels(["Document", "Changed last", "File"])
        self.list.header().setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        self.list.header().resizeSection(0, 170)
        self.list.header().resizeSection(1, 130)
        self.list.itemDoubleClicked.connect(self._recover)
        for entry in entries:
            self._add(entry)
        self.list.setCurrentIndex(self.list.model().index(0, 0))
        self._discard = QPushButton("Discard", autoDefault=False)
        self._discard.setToolTip("Throw this unsaved work away for good")
        self._discard.clicked.connect(self._ask_to_throw_away)
        later = QPushButton("Later", autoDefault=False)
        later.setToolTip("Ask again at the next start")
        later.clicked.connect(self.reject)
        recover = QPushButton("Recover", default=True)
        recover.clicked.connect(self._recover)
        row = QHBoxLayout()
        row.addWidget(self._discard)
        row.addStretch()
        row.addWidget(later)
        row.addWidget(recover)
        column = QVBoxLayout(self)
        column.addWidget(words)
        column.addWidget(self.list)
        column.addLayout(row)

    def _add(self, entry: Recoverable) -> None:
        path = str(entry.path) if entry.path else "never saved"
        item = QTreeWidgetItem([entry.name, _when(entry.when), path])
        item.setData(0, Qt.ItemDataRole.UserRole, entry)
        item.setToolTip(2, path)
        item.setForeground(2, theme.DIM)
        self.list.addTopLevelItem(item)

    def _entry(self) -> Recoverable | None:
        item = self.list.currentItem()
        return item.data(0, Qt.ItemDataRole.UserRole) if item else None

    def _recover(self) -> None:
        entry = self._entry()
        if entry is not None:
            self.accept()
            self.chosen.emit(entry)

    def _ask_to_throw_away(self) -> None:
        entry = self._entry()
        if entry is None:
            return
        button = QMessageBox.StandardButton
        box = QMessageBox(
            QMessageBox.Icon.NoIcon,
            "Discard unsaved work?",
            f"The unsaved work on {entry.name} will be gone for good.",
            button.Discard | button.Cancel,
            self,
        )
        box.setDefaultButton(button.Cancel)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.button(button.Discard).clicked.connect(lambda: self._throw_away(entry))
        box.open()

    def _throw_away(self, entry: Recoverable) -> None:
        from mien.session.recovery import discard

        discard(entry)
        self.list.takeTopLevelItem(self.list.currentIndex().row())
        if not self.list.topLevelItemCount():
            self.reject()


def _when(time: datetime) -> str:
    local = time.astimezone()
    today = local.date() == datetime.now().astimezone().date()
    return local.strftime("today %H:%M" if today else "%Y-%m-%d %H:%M")
