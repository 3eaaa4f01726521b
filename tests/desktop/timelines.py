"""What the tests of the timeline share: keys, and where things are in the view."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget

from mien.model.document import Document
from mien.model.edits import ControlTrack
from mien.session.commands import set_key
from mien_desktop.geometry.bands import cells
from mien_desktop.geometry.lanes import ROW
from mien_desktop.timeline.view import TimelineView
from mien_desktop.workspace import Workspace
from tests.desktop.driving import (
    click,
    keys,
    named,
    settle,
    type_text,
)  # fmt: skip

KEYS = {"mouthSmile": ((4, 0.0), (10, 0.6), (20, 0.5)), "jawOpen": ((8, 0.1), (10, 0.4))}


def key_them(document: Document) -> Document:
    """A document whose first shot has the keys."""
    shot = document.shots[0].id
    for control, places in KEYS.items():
        for frame, value in places:
            document = set_key(document, shot, 1, control, frame, value)
    return document


def shot_id(workspace: Workspace) -> str:
    project = workspace.project
    assert project is not None
    return project.id


def track(workspace: Workspace, index: int, layer: str = "edit") -> ControlTrack:
    project = workspace.project
    assert project is not None
    return project.edit(1).layer(layer).tracks[index]


def frames(workspace: Workspace, index: int, layer: str = "edit") -> list[int]:
    return [key.frame for key in track(workspace, index, layer).keys]


def row_of(view: TimelineView, control: str) -> int:
    rows = view.scene.lanes.rows
    return next(
        i for i, lane in enumerate(rows) if lane.kind == "track" and lane.track.control == control
    )


def at(view: TimelineView, row: int, frame: float) -> tuple[float, float]:
    """Where the key of a lane at a frame is."""
    return view.scene.x(frame), view.scene.top(row) + ROW / 2


def cell(view: TimelineView, row: int, name: str) -> tuple[float, float]:
    """The middle of a cell of a lane's name."""
    found = next(c for c in cells(view.scene.lanes.rows[row], view.bands.names) if c.name == name)
    return found.left + min(found.width / 2, 40), view.scene.top(row) + ROW / 2


def undo_name(workspace: Workspace) -> str:
    return workspace.session.undo_names[0]


def enter(view: TimelineView, name: str, text: str) -> None:
    """Type into the field that opened."""
    field = named(view, name, QLineEdit)
    field.selectAll()
    type_text(field, text)
    keys(field, "Return")
    settle()


def open_menu(view: TimelineView, place: tuple[float, float]) -> None:
    """Press the right button."""
    point = QPoint(round(place[0]), round(place[1]))
    mouse = QContextMenuEvent.Reason.Mouse
    event = QContextMenuEvent(mouse, point, view.viewport().mapToGlobal(point))
    QApplication.sendEvent(view.viewport(), event)


def choose_in_menu(view: QWidget, text: str) -> None:
    """Choose an entry of the menu that is open."""
    menu = next(menu for menu in view.findChildren(QMenu) if menu.isVisible())
    action = next(action for action in menu.actions() if action.text() == text)
    click(menu, menu.actionGeometry(action).center())
    settle()
