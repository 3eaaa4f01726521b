"""The shot list: choosing, renaming and reordering shots; the state of each at a glance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QImage, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from mien.model.document import Document, Project
from mien.session.commands import move_shot, remove_shot, rename_shot
from mien_desktop import theme
from mien_desktop.command import Command
from mien_desktop.resolve import Resolved
from mien_desktop.shots.rows import PICTURE, STATUS, RowPainter
from mien_desktop.shots.status import status
from mien_desktop.workspace import Workspace

__all__ = ["ShotsPanel"]

_ID = Qt.ItemDataRole.UserRole
_EMPTY = "No shots yet.\n\nDrop clips here, or press Ctrl+I."


class ShotsPanel(QWidget):
    """The list of shots.

    Args:
        workspace: The window's workspace.
        parent: Qt's owner.
    """

    relink_requested = Signal()
    """Missing media are to be looked for."""
    track_requested = Signal(str)
    """The shot of that id is to be tracked."""
    solve_requested = Signal(str)
    """The faces of the shot of that id are to be solved again."""
    stream_requested = Signal(object, int)
    """The video stream of that number, of the movie at that path, is to be added as a shot."""
    examples_requested = Signal()
    """The examples of the current shot are to be shown."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._tracking: Mapping[str, float | None] = {}
        self._pictures: dict[str, QImage] = {}
        self._filling = False
        self.list = _List(self)
        self.list.setAccessibleName("Shots")
        self.list.currentItemChanged.connect(self._chosen)
        self.list.itemChanged.connect(self._renamed)
        self.list.model().rowsMoved.connect(self._moved)
        self.list.customContextMenuRequested.connect(self._menu)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.list)
        workspace.changed.connect(self._changed)
        self._fill(workspace.now)

    def commands(self) -> tuple[Command, ...]:
        """Return the commands of the shot list."""
        some, several = self._has_shot, lambda: self.list.count() > 1

        def command(name: str, text: str, run: Callable[[], None], *keys: str) -> Command:
            more = several if name in ("next", "previous", "up", "down") else some
            return Command(f"shots.{name}", text, run, keys, "Shot", enabled=more)

        return (
            command("next", "Next shot", lambda: self._step(1), "PgDown"),
            command("previous", "Previous shot", lambda: self._step(-1), "PgUp"),
            command("up", "Move shot up", lambda: self._shift(-1)),
            command("down", "Move shot down", lambda: self._shift(1)),
            command("rename", "Rename shot…", self._rename, "F2"),
            command("remove", "Remove shot", self._remove),
        )

    def show_tracking(self, fractions: Mapping[str, float | None]) -> None:
        """Show which shots are being tracked.

        Args:
            fractions: By a shot's id the part that is done, 0..1; None while it waits.
        """
        if fractions != self._tracking:
            self._tracking = dict(fractions)
            self._restate()

    def show_picture(self, shot: str, picture: QImage) -> None:
        """Show a shot's thumbnail."""
        self._pictures[shot] = picture
        for item in self._items():
            if item.data(_ID) == shot:
                self._quietly(partial(item.setData, PICTURE, picture))

    def _changed(self, now: Resolved, before: Resolved) -> None:
        if now.document is not before.document:
            self._fill(now)
        elif now.state.shot != before.state.shot:
            self._quietly(partial(self._choose, now.state.shot))

    def _fill(self, now: Resolved) -> None:
        shots = now.document.shots
        if [item.data(_ID) for item in self._items()] != [project.id for project in shots]:
            self._quietly(partial(self._build, shots))
        self._restate()
        self._quietly(partial(self._choose, now.state.shot))

    def _build(self, shots: tuple[Project, ...]) -> None:
        self.list.clear()
        for project in shots:
            item = QListWidgetItem()
            item.setData(_ID, project.id)
            item.setData(PICTURE, self._pictures.get(project.id))
            item.setFlags(
                Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
                | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsDragEnabled
            )  # fmt: skip
            self.list.addItem(item)

    def _restate(self) -> None:
        by_id = {project.id: project for project in self._workspace.now.document.shots}

        def write(item: QListWidgetItem, project: Project) -> None:
            fraction = self._tracking.get(project.id)
            state = status(project, (fraction,) if project.id in self._tracking else None)
            item.setText(project.title)
            item.setData(STATUS, state)
            item.setToolTip(_tip(project, state.text))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{project.title}, {state.text}")

        for item in self._items():
            project = by_id.get(item.data(_ID))
            if project is not None:
                self._quietly(partial(write, item, project))

    def _choose(self, shot: str | None) -> None:
        for item in self._items():
            if item.data(_ID) == shot:
                self.list.setCurrentItem(item)

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(row) for row in range(self.list.count())]

    def _quietly(self, change: Callable[[], object]) -> None:
        """Change the list without taking the change for the user's."""
        before, self._filling = self._filling, True
        try:
            change()
        finally:
            self._filling = before

    def _has_shot(self) -> bool:
        return self._workspace.project is not None

    def _chosen(self, item: QListWidgetItem | None, before: QListWidgetItem | None) -> None:
        if item is not None and not self._filling:
            self._workspace.show_shot(item.data(_ID))

    def _renamed(self, item: QListWidgetItem) -> None:
        if self._filling:
            return
        shot, name = item.data(_ID), item.text().strip()
        if name != self._workspace.now.document.shot(shot).title:
            self._workspace.apply("Rename shot", lambda document: rename_shot(document, shot, name))
        self._restate()

    def _moved(self) -> None:
        if self._filling:
            return
        order = [item.data(_ID) for item in self._items()]
        moved = self._workspace.state.shot

        def change(document: Document) -> Document:
            return move_shot(document, moved, order.index(moved)) if moved else document

        self._workspace.apply("Move shot", change)

    def _step(self, by: int) -> None:
        row = min(max(self.list.currentRow() + by, 0), self.list.count() - 1)
        self.list.setCurrentRow(row)

    def _shift(self, by: int) -> None:
        shot, row = self._workspace.state.shot, self.list.currentRow() + by
        if shot is not None and 0 <= row < self.list.count():
            self._workspace.apply("Move shot", lambda document: move_shot(document, shot, row))

    def _rename(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.list.editItem(item)

    def _remove(self) -> None:
        project = self._workspace.project
        if project is not None:
            name, shot = f"Remove {project.title}", project.id
            self._workspace.apply(name, lambda document: remove_shot(document, shot))

    def _menu(self, position: QPoint) -> None:
        project = self._workspace.project
        if self.list.itemAt(position) is None or project is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def add(text: str, run: Callable[[], None]) -> None:
            action = QAction(text, menu)
            action.triggered.connect(run)
            menu.addAction(action)

        add("Relink media…", self.relink_requested.emit)
        if project.online:
            words = "Track faces again" if project.tracked else "Track faces"
            add(words, partial(self.track_requested.emit, project.id))
            if project.tracked:
                add("Solve faces again", partial(self.solve_requested.emit, project.id))
                add("Examples…", self.examples_requested.emit)
            media = project.shot.media
            for one in media.streams:
                if one.kind == "video" and one.number != media.stream:
                    words = f"Add its stream {one.number} ({one.description})"
                    add(words, partial(self.stream_requested.emit, media.path, one.number))
        add("Rename…", self._rename)
        add("Remove from project", self._remove)
        menu.popup(self.list.mapToGlobal(position))


def _tip(project: Project, state: str) -> str:
    """Return the facts of a shot in lines: its path, picture, state and tracks left out."""
    media = project.shot.media
    width, height = media.orientation.upright_size
    picture = f"{width} x {height}, {media.codec} {media.pixel_format}, {media.clock}"
    several = sum(one.kind == "video" for one in media.streams) > 1
    which = [f"Stream {media.stream} of several pictures"] if several else []
    return "\n".join([str(media.path), picture, *which, state, *media.left_out])


class _List(QListWidget):
    """The list itself: keys and drags that change the order, words where nothing is."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setItemDelegate(RowPainter(self))
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Say what may be done where no shot is."""
        if event.type() == QEvent.Type.Paint and self.count() == 0:
            viewport = self.viewport()
            painter = QPainter(viewport)
            painter.setPen(theme.DIM)
            center = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(viewport.rect().adjusted(12, 12, -12, -12), center, _EMPTY)
            painter.end()
            return True
        return super().eventFilter(watched, event)
