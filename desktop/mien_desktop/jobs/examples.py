"""Examples of a shot: other material of its people, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

from mien.api import example_problems
from mien.model.document import Project
from mien.model.shot import Example
from mien.session.commands import set_examples
from mien_desktop import theme
from mien_desktop.jobs.queue import JobQueue
from mien_desktop.resolve import Resolved
from mien_desktop.workspace import Workspace

__all__ = ["ExamplesDialog"]

_WORDS = (
    "Other clips and images of the same person. Where an edit asks for what the shot does not show,"
    " as a blink or an open mouth, renders take it from them."
)
_USED = "Used"


class ExamplesDialog(QDialog):
    """The list of a shot's examples.

    Args:
        workspace: The window's workspace.
        queue: Tracks what is added.
        shot: Id of the shot.
        parent: Qt's owner.
    """

    def __init__(
        self, workspace: Workspace, queue: JobQueue, shot: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._queue = queue
        self._shot = shot
        self.setWindowTitle(f"Examples of {self._project.title}")
        self.resize(640, 340)
        self.list = QTreeWidget(columnCount=2)
        self.list.setRootIsDecorated(False)
        self.list.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.list.setAccessibleName("Examples")
        self.list.setHeaderLabels(["Clip or image", "State"])
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.list.header().resizeSection(0, 240)
        self.list.itemSelectionChanged.connect(self._restate)
        self.note = QLabel(wordWrap=True)
        self._add = self._button("Add clips or images…", self._ask)
        self._others = self._button("Add the project's other shots", self.add_shots)
        self._remove = self._button("Remove", self.remove)
        self._close = self._button("Close", self.accept)
        row = QHBoxLayout()
        for button in (self._add, self._others, self._remove):
            row.addWidget(button)
        row.addStretch()
        row.addWidget(self._close)
        column = QVBoxLayout(self)
        for widget in (QLabel(_WORDS, wordWrap=True), self.list, self.note):
            column.addWidget(widget)
        column.addLayout(row)
        workspace.changed.connect(self._changed)
        queue.changed.connect(self._restate)
        self._fill()

    def add(self, paths: Sequence[Path]) -> None:
        """Track clips and images as a job, beside what is there."""
        kept = [example.path for example in self._project.shot.examples]
        self._queue.examples(self._shot, [*kept, *paths])
        self._restate()

    def add_shots(self) -> None:
        """Take the other tracked shots of the document, as they are."""
        shot = self._project.shot
        known = {example.path for example in shot.examples}
        added = [one.shot for one in self._other_shots() if one.shot.media.path not in known]
        self._set("Add examples", shot.with_examples([*shot.examples, *added]).examples)

    def remove(self) -> None:
        """Take the chosen examples away."""
        gone = {item.data(0, Qt.ItemDataRole.UserRole) for item in self.list.selectedItems()}
        examples = self._project.shot.examples
        kept = [example for row, example in enumerate(examples) if row not in gone]
        self._set("Remove examples", kept)

    @property
    def _project(self) -> Project:
        return self._workspace.now.document.shot(self._shot)

    def _other_shots(self) -> list[Project]:
        shots = self._workspace.now.document.shots
        return [one for one in shots if one.id != self._shot and one.tracked and one.online]

    def _set(self, name: str, examples: Sequence[Example]) -> None:
        self._workspace.apply(
            name, partial(set_examples, shot=self._shot, examples=tuple(examples))
        )

    def _changed(self, now: Resolved, before: Resolved) -> None:
        if all(project.id != self._shot for project in now.document.shots):
            self.reject()
        elif now.document is not before.document:
            self._fill()

    def _fill(self) -> None:
        shot = self._project.shot
        self.list.clear()
        for row, (example, problem) in enumerate(
            zip(shot.examples, example_problems(shot), strict=True)
        ):
            state = problem.capitalize() if problem else _USED
            item = QTreeWidgetItem([example.path.name, state])
            item.setData(0, Qt.ItemDataRole.UserRole, row)
            item.setToolTip(0, str(example.path))
            item.setToolTip(1, state)
            if problem:
                item.setForeground(1, theme.DIM)
            self.list.addTopLevelItem(item)
        self._restate()

    def _restate(self) -> None:
        busy = any(
            job.kind == "examples" and job.shot == self._shot and not job.ended
            for job in self._queue.jobs
        )
        self.note.setText("What was added is being tracked; it is listed when that is done."
                          if busy else "")  # fmt: skip
        self._add.setEnabled(not busy)
        self._others.setEnabled(not busy and bool(self._other_shots()))
        self._remove.setEnabled(not busy and bool(self.list.selectedItems()))

    def _button(self, text: str, run: Callable[[], None]) -> QPushButton:
        button = QPushButton(text, autoDefault=False)
        button.clicked.connect(lambda: run())
        return button

    def _ask(self) -> None:
        dialog = QFileDialog(self, "Add examples")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda names: self.add([Path(name) for name in names]))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
