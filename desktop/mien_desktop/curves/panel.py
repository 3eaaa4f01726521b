"""The curve editor's panel: list, canvas, fields."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSplitter, QToolButton, QVBoxLayout, QWidget

from mien.model.document import Document
from mien.session.commands import move_keys
from mien.session.refs import KeyRef
from mien_desktop.buttons import icon_button
from mien_desktop.command import Command
from mien_desktop.curves.canvas import CurveCanvas
from mien_desktop.curves.channel_list import ChannelList
from mien_desktop.curves.key_fields import KeyFields
from mien_desktop.curves.modifier_rows import ModifierRows
from mien_desktop.curves.smoothing_form import SmoothingForm
from mien_desktop.faces.repairs import FaceRepairs
from mien_desktop.keyframes.editing import KeyEditing
from mien_desktop.keyframes.menu import fill_key_menu
from mien_desktop.words import count
from mien_desktop.workspace import Workspace

__all__ = ["CurvesPanel"]

_LIST_WIDTH = 220
_STEP = 0.01
"""Weight of a nudge."""


class CurvesPanel(QWidget):
    """Performance, edit and result of the chosen controls, with keys and handles to drag.

    Args:
        workspace: The workspace.
        repairs: Work out how curves are smoothed otherwise.
        parent: Qt's owner.
    """

    def __init__(
        self, workspace: Workspace, repairs: FaceRepairs, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._editing = KeyEditing(workspace)
        self.canvas = CurveCanvas(workspace, self)
        self.channels = ChannelList(self.canvas, self)
        self.fields = KeyFields(self.canvas, self._editing, self)
        self.smoothing = SmoothingForm(workspace, repairs)
        self.smoothing.hide()
        own = self._own_commands()
        ours = {command.id for command in own}
        shared = (c for c in self._editing.commands("curves") if c.id not in ours)
        self._commands = (*own, *shared)
        self.setAccessibleName("Curve editor")
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.channels, 1)
        column.addWidget(ModifierRows(self.canvas))
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(side)
        split.addWidget(self.canvas)
        split.setStretchFactor(1, 1)
        split.setSizes([_LIST_WIDTH, 900])
        split.setChildrenCollapsible(False)
        split.setHandleWidth(3)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(self._header())
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(split, 1)
        row.addWidget(self.smoothing)
        whole.addLayout(row, 1)
        self.canvas.menu_requested.connect(self._open_menu)

    def commands(self) -> tuple[Command, ...]:
        """Return the commands of the curve editor."""
        return self._commands

    def _own_commands(self) -> tuple[Command, ...]:
        canvas, fields = self.canvas, self.fields

        def command(
            name: str, text: str, run: Callable[[], None], *keys: str, group: str = "Curves"
        ) -> Command:
            return Command(f"curves.{name}", text, run, keys, group, "curves")

        raises = (
            ("raise", "Ctrl+Up", "Raise keys", 1), ("lower", "Ctrl+Down", "Lower keys", -1),
        )  # fmt: skip
        return (
            command("frame", "Frame selected keys", canvas.frame_selected, "F"),
            command("fit", "Fit all curves", canvas.fit, "Shift+F"),
            Command("curves.units", "Action units", self._toggle_units, (), "Curves", "curves",
                    "List the action units too: they follow the controls",
                    checked=lambda: canvas.units),
            Command("curves.smoothing", "Smoothing", self._toggle_smoothing, (), "Curves", "curves",
                    "How curves are smoothed; they are seen before it and after it",
                    checked=lambda: canvas.raw),
            command("align", "Align handles, or level them", fields.align, "V"),
            command("select-all", "Select all keys that are shown", canvas.select_all, "Ctrl+A",
                    group="Keys"),
            *(command(name, text, partial(self._raise, sign * _STEP), keys, group="Keys")
              for name, keys, text, sign in raises),
            *(command(f"{name}-more", f"{text} ten times as far",
                      partial(self._raise, sign * _STEP * 10),
                      keys.replace("Ctrl", "Ctrl+Shift"), group="Keys")
              for name, keys, text, sign in raises),
        )  # fmt: skip

    def _toggle_units(self) -> None:
        self.canvas.show_units(not self.canvas.units)
        self._units.setChecked(self.canvas.units)

    def _toggle_smoothing(self) -> None:
        on = not self.canvas.raw
        self.canvas.show_raw(on)
        self.smoothing.setVisible(on)
        self._smooth.setChecked(on)

    def _raise(self, step: float) -> None:
        """Raise the selected keys by a step of weight, or ten times as many degrees."""
        selected = self.canvas.scene.selected()
        if not selected:
            return

        def change(document: Document) -> Document:
            for line, i in selected:
                ref = KeyRef(line.ref, line.track.keys[i].frame)
                document, _ = move_keys(document, [ref], 0, step * line.unit)
            return document

        self._workspace.apply(f"Nudge {count(len(selected), 'key')}", change)

    def _header(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(8, 3, 6, 3)
        row.setSpacing(4)
        row.addWidget(self.fields)
        row.addStretch(1)
        self._units = QToolButton()
        self._units.setText("AU")
        self._units.setAccessibleName("Action units")
        self._units.setToolTip("List the 23 action units too: they follow the controls")
        self._units.setCheckable(True)
        self._units.setChecked(self.canvas.units)
        self._units.clicked.connect(self._toggle_units)
        row.addWidget(self._units)
        self._smooth = QToolButton()
        self._smooth.setText("Smoothing")
        self._smooth.setToolTip("How curves are smoothed; faint, they are seen as tracked")
        self._smooth.setCheckable(True)
        self._smooth.clicked.connect(self._toggle_smoothing)
        row.addWidget(self._smooth)
        for name, picture in (("frame", "boxes"), ("fit", "fit")):
            command = self._by_name(name)
            tip = f"{command.text} ({command.keys[0]})"
            row.addWidget(icon_button(picture, command.text, tip, command.run))
        return row

    def _open_menu(self, position: QPointF) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self._editing.any():
            fill_key_menu(menu, self._editing)
            menu.addSeparator()
        names = ("align", "paste", "select-all", "frame", "fit")
        for command in (self._by_name(name) for name in names):
            action = menu.addAction(command.text)
            action.triggered.connect(lambda _=False, run=command.run: run())
        menu.popup(QPoint(round(position.x()), round(position.y())))

    def _by_name(self, name: str) -> Command:
        return next(command for command in self._commands if command.id == f"curves.{name}")
