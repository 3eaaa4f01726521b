"""Relinking of media: the list of them, missing ones first, and the search for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
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
from mien.model.scaled_shot import with_media
from mien_desktop import theme
from mien_desktop.background import Background
from mien_desktop.workspace import Workspace

__all__ = ["RelinkDialog"]

_CAUSE = (
    "Clips marked as missing are not beside the project, nor where you had them last. Say where a"
    " clip is now, or choose it in another size, as the full media of a proxy. Tracking and edits"
    " are kept, and fit the size."
)
_MISSING = "missing: "
_SAID = 3
"""Shots of which it is said where they are now."""
RelinkResult = tuple[tuple[Project, ...], tuple[MienError, ...]]


class RelinkDialog(QDialog):
    """The list of media, missing ones first.

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
        self._before = workspace.now.document
        self.setWindowTitle("Relink media")
        self.resize(640, 340)
        self.list = QTreeWidget(columnCount=2)
        self.list.setRootIsDecorated(False)
        self.list.setAccessibleName("Media")
        self.list.setHeaderLabels(["Shot", "Media"])
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
        """Look for all missing media in a folder and those inside; else for the chosen shot's."""
        lost = self.missing or self._chosen()
        self._begin(f"Searching {folder}…")
        self._background.run(partial(_searched, folder, lost), self._show_result)

    def _button(self, text: str, run: object) -> QPushButton:
        button = QPushButton(text, autoDefault=False)
        button.clicked.connect(run)
        return button

    def _fill(self) -> None:
        chosen = [project.id for project in self._chosen()]
        shots = self._workspace.now.document.shots
        self.list.clear()
        for project in sorted(shots, key=lambda project: project.online):
            state = "" if project.online else _MISSING
            item = QTreeWidgetItem([project.title, f"{state}{project.shot.media.path}"])
            item.setData(0, Qt.ItemDataRole.UserRole, project.id)
            item.setForeground(1, theme.DIM if project.online else theme.WEAK)
            item.setToolTip(1, str(project.shot.media.path))
            self.list.addTopLevelItem(item)
        now = self._workspace.project
        wanted = chosen or [now.id if now is not None and not self.missing else ""]
        listed = (self.list.topLevelItem(row) for row in range(self.list.topLevelItemCount()))
        rows = [item for item in listed if item is not None]
        if rows:
            self.list.setCurrentItem(next((row for row in rows if _id(row) in wanted), rows[0]))
        some = bool(shots) and not self._searching
        self._locate.setEnabled(some)
        self._search.setEnabled(some)

    def _begin(self, words: str) -> None:
        self._searching = True
        self._before = self._workspace.now.document
        self.note.setText(words)
        self._fill()

    def _show_result(self, result: RelinkResult) -> None:
        projects, errors = result
        self._searching = False
        if projects:
            count = len(projects)
            name = f"Relink {projects[0].title}" if count == 1 else f"Relink {count} shots"
            self._workspace.apply(name, partial(_with, projects=projects, before=self._before))
        said = [f"{project.title} is on {project.shot.media.path.name}." for project in projects]
        left = len(self.missing)
        words = "All media are found." if not left else f"{left} of them are still missing."
        self.note.setText(" ".join([*map(str, errors), *said[:_SAID], words]))
        self._fill()

    def _ask_file(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        shot = _id(item)
        dialog = QFileDialog(self, f"Where is {item.text(0)}?")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        expected = self._workspace.now.document.shot(shot).shot.media.path
        if expected.parent.is_dir():
            # What is there may well be it: a project that came from elsewhere is not believed.
            dialog.setDirectory(str(expected.parent))
            dialog.selectFile(expected.name)
        dialog.fileSelected.connect(lambda name: self.locate(shot, Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _chosen(self) -> tuple[Project, ...]:
        item = self.list.currentItem()
        shots = self._workspace.now.document.shots
        return tuple(one for one in shots if item is not None and one.id == _id(item))

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

    # By content for all of them at once; by name, in another size, for each that is left.
    paths = search_folder(folder, {project.id: project for project in lost})
    return _relinked([(project, paths.get(project.id, folder)) for project in lost])


def _id(item: QTreeWidgetItem) -> str:
    return str(item.data(0, Qt.ItemDataRole.UserRole))


def _with(document: Document, projects: Sequence[Project], before: Document) -> Document:
    for project in projects:
        now = document.shot(project.id)
        if now is not before.shot(project.id):
            # A job ended, or a repair: what it did stays.
            moved = with_media(now.shot, project.shot.media)
            project = replace(now.with_faces_of(moved), online=True)
        document = document.with_shot(project)
    return document
