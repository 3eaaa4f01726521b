"""Relinking of missing media: the list of them, and the search for them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mien.errors import MienError
from mien.model.document import Document, Project
from mien_desktop import theme
from mien_desktop.background import Background
from mien_desktop.workspace import Workspace

__all__ = ["RelinkDialog"]

_CAUSE = (
    "The clips of these shots are not beside the project, nor where you had them last. Their"
    " tracking and edits are kept; to see and to export them, say where the clips are now."
)
RelinkResult = tuple[tuple[Project, ...], tuple[MienError, ...]]


class RelinkDialog(QDialog):
    """The list of missing media.

    Args:
        workspace: The window's workspace.
        background: Looks into files.
        parent: Qt's owner.
    """

    def __init__(
        self, workspace: Workspace, background: Background, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._searching = False
        self.setWindowTitle("Find missing media")
        self.resize(640, 340)
        self.list = QTreeWidget(columnCount=2)
        self.list.setRootIsDecorated(False)
        self.list.setAccessibleName("Missing media")
        self.list.setHeaderLabels(["Shot", "Was expected at"])
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.list.header().resizeSection(0, 170)
        self.note = QLabel(wordWrap=True)
        self._locate = self._button("Choose file…", self._ask_file)
        self._search = self._button("Search a folder…", self._ask_folder)
        self._close = self._button("Close", self.accept)
        words = QLabel(_CAUSE, wordWrap=True)
        row = QHBoxLayout()
        row.addWidget(self._locate)
        row.addWidget(self._search)
        row.addStretch()
        row.addWidget(self._close)
        column = QVBoxLayout(self)
        for widget in (words, self.list, self.note):
            column.addWidget(widget)
        column.addLayout(row)
        self._fill()

    @property
    def missing(self) -> tuple[Project, ...]:
        """The shots whose media are missing."""
        return tuple(p for p in self._workspace.now.document.shots if not p.online)

    def locate(self, shot: str, path: Path) -> None:
        """Take a file as the media of a shot."""
        project = self._workspace.now.document.shot(shot)
        self._begin(f"Looking at {path.name}…")
        self._background.run(partial(_relinked, [(project, path)]), self._show_result)

    def search(self, folder: Path) -> None:
        """Look for all missing media in a folder and those inside."""
        lost = self.missing
        self._begin(f"Searching {folder}…")
        self._background.run(partial(_searched, folder, lost), self._show_result)

    def _button(self, text: str, run: object) -> QPushButton:
        button = QPushButton(text, autoDefault=False)
        button.clicked.connect(run)
        return button

    def _fill(self) -> None:
        self.list.clear()
        for project in self.missing:
            item = QTreeWidgetItem([project.title, str(project.shot.media.path)])
            item.setData(0, Qt.ItemDataRole.UserRole, project.id)
            item.setForeground(1, theme.DIM)
            item.setToolTip(1, str(project.shot.media.path))
            self.list.addTopLevelItem(item)
        self.list.setCurrentIndex(self.list.model().index(0, 0))
        some = bool(self.missing) and not self._searching
        self._locate.setEnabled(some)
        self._search.setEnabled(some)

    def _begin(self, words: str) -> None:
        self._searching = True
        self.note.setText(words)
        self._fill()

    def _show_result(self, result: RelinkResult) -> None:
        projects, errors = result
        self._searching = False
        if projects:
            count = len(projects)
            name = f"Relink {projects[0].title}" if count == 1 else f"Relink {count} shots"
            self._workspace.apply(name, partial(_with, projects=projects))
        left = len(self.missing)
        words = "All media are found." if not left else f"{left} of them are still missing."
        self.note.setText(" ".join([*(str(error) for error in errors), words]))
        self._fill()

    def _ask_file(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        shot = str(item.data(0, Qt.ItemDataRole.UserRole))
        dialog = QFileDialog(self, f"Where is {item.text(0)}?")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        expected = Path(item.text(1))
        if expected.parent.is_dir():
            # What is there may well be it: a project that came from elsewhere is not believed.
            dialog.setDirectory(str(expected.parent))
            dialog.selectFile(expected.name)
        dialog.fileSelected.connect(lambda name: self.locate(shot, Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _ask_folder(self) -> None:
        dialog = QFileDialog(self, "Search which folder?")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda name: self.search(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _relinked(pairs: Sequence[tuple[Project, Path]]) -> RelinkResult:
    from mien.io.project import relink

    projects, errors = [], []
    for project, path in pairs:
        try:
            projects.append(relink(project, path))
        except MienError as error:
            errors.append(error)
    return tuple(projects), tuple(errors)


def _searched(folder: Path, lost: Sequence[Project]) -> RelinkResult:
    from mien.io.media_search import search_folder

    paths = search_folder(folder, {project.id: project for project in lost})
    return _relinked([(p, paths[p.id]) for p in lost if p.id in paths])


def _with(document: Document, projects: Sequence[Project]) -> Document:
    for project in projects:
        document = document.with_shot(project)
    return document
