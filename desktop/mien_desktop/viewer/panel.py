"""The viewer's panel: the canvas, and above it the controls of what is shown and how large."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtGui import QCloseEvent, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from mien_desktop import theme
from mien_desktop.buttons import choice_box, icon_button
from mien_desktop.command import Command
from mien_desktop.resolve import Resolved
from mien_desktop.view_state import OVERLAYS, Overlay, Tool, ViewMode
from mien_desktop.viewer.canvas import ZOOM_STEP, Canvas
from mien_desktop.viewer.tool_bar import HintBar, LandmarkBar
from mien_desktop.workspace import Workspace

__all__ = ["ViewerPanel"]

_MODES: Final[dict[ViewMode, tuple[str, str, str]]] = {
    "edited": ("Edit", "edited", "Show the edited picture"),
    "plate": ("Plate", "plate", "Show the picture as it was filmed"),
    "wipe": ("Wipe", "wipe", "Divide the picture: plate on the left, edit on the right"),
    "side": ("Side by side", "side", "Show plate and edit next to each other"),
}
_OVERLAYS: Final[dict[Overlay, tuple[str, str, str]]] = {
    "boxes": ("Face boxes", "B", "Boxes and names of faces"),
    "landmarks": ("Landmarks", "Shift+L", "The points that are tracked, where the edit moves them"),
    "mesh": ("Rig mesh", "Shift+M", "The rig that moves the skin"),
    "mask": ("Mask", "Shift+K", "What the edit replaces of the picture"),
    "front": ("In front", "Shift+P", "What is in front of the face, and so stays as it is"),
    "handles": ("Handles", "H", "Points of the face that can be dragged"),
}
_TOOLS: Final[dict[Tool, tuple[str, str, str]]] = {
    "brush": ("Brush", "P", "Paint what is in front of the face"),
    "eraser": ("Eraser", "E", "Paint where nothing is in front of the face"),
    "hint": ("Track from a box", "Ctrl+Shift+T", "Draw a box around a face that was lost"),
    "landmarks": ("Correct landmarks", "C", "Drag the face's landmarks to where they belong"),
}
_PICTURES: Final[dict[Tool, str]] = {"landmarks": "adjust", "hint": "person-box"}
"""Icons of tools that are not called as their icon is."""
_ZOOMS: Final = (25, 50, 100, 200, 400, 800)
"""Per cent that the list of zooms offers."""
_WIDEST = "0000,0000  000 000 000"
"""Place and value of a pixel."""


class ViewerPanel(QWidget):
    """The panel with the picture at the playhead.

    Args:
        workspace: What is shown.
        parent: Qt's owner.
    """

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.canvas = Canvas(workspace, self)
        self._modes = {mode: self._mode_button(mode) for mode in _MODES}
        self._overlays = {overlay: self._overlay_button(overlay) for overlay in OVERLAYS}
        self._tools = {tool: self._tool_button(tool) for tool in _TOOLS}
        self._zoom = self._zoom_box()
        self._value = _PixelValue(self)
        self._lay_out()
        self.canvas.pointed.connect(self._value.show_value)
        self.canvas.zoom_changed.connect(self._show_zoom)
        workspace.changed.connect(self._changed)
        self._show(workspace.now)

    def commands(self) -> tuple[Command, ...]:
        """Return the commands of the viewer."""
        return (
            *self._mode_commands(), *self._overlay_commands(), *self._zoom_commands(),
            *self.canvas.brush.commands(), *self.canvas.landmarks.commands(),
            *self.canvas.hint.commands(),
        )  # fmt: skip

    def closeEvent(self, event: QCloseEvent) -> None:
        """Take no pictures any more."""
        self.canvas.close_pictures()
        super().closeEvent(event)

    def _mode_commands(self) -> tuple[Command, ...]:
        return tuple(
            Command(
                f"view.{mode}", text, partial(self._workspace.set, mode=mode), (str(number),),
                "View", tip=tip, checked=partial(self._has_mode, mode),
            )
            for number, (mode, (text, _, tip)) in enumerate(_MODES.items(), 1)
        )  # fmt: skip

    def _overlay_commands(self) -> tuple[Command, ...]:
        return tuple(
            Command(
                f"view.{overlay}", text, partial(self._toggle, overlay), (key,), "View",
                scope="viewer", tip=tip, checked=partial(self._has_overlay, overlay),
            )
            for overlay, (text, key, tip) in _OVERLAYS.items()
        )  # fmt: skip

    def _zoom_commands(self) -> tuple[Command, ...]:
        canvas = self.canvas
        return (
            Command("view.fit", "Fit the picture", canvas.fit, ("Shift+F",), "View", "viewer"),
            Command("view.face", "Frame the face", canvas.frame_face, ("F",), "View", "viewer"),
            Command("view.pixels", "100 %", partial(canvas.zoom_to, 1.0), ("Shift+1",), "View",
                    "viewer", tip="One pixel of the picture on one pixel of the display"),
            Command("view.closer", "Zoom in", self._closer, ("+", "="), "View", "viewer"),
            Command("view.farther", "Zoom out", self._farther, ("-",), "View", "viewer"),
            Command("view.next-face", "Next face", self._next_face, ("N",), "View", "viewer",
                    enabled=self._several_faces),
        )  # fmt: skip

    def _closer(self) -> None:
        self.canvas.zoom_to(self.canvas.zoom * ZOOM_STEP)

    def _farther(self) -> None:
        self.canvas.zoom_to(self.canvas.zoom / ZOOM_STEP)

    def _several_faces(self) -> bool:
        shot = self._workspace.now.shot
        return shot is not None and len(shot.faces) > 1

    def _next_face(self) -> None:
        now = self._workspace.now
        if now.shot is not None and now.face is not None:
            numbers = [face.number for face in now.shot.faces]
            index = (numbers.index(now.face.number) + 1) % len(numbers)
            self._workspace.set(face=numbers[index])

    def _has_mode(self, mode: ViewMode) -> bool:
        return self._workspace.state.mode == mode

    def _has_overlay(self, overlay: Overlay) -> bool:
        return overlay in self._workspace.state.overlays

    def _toggle(self, overlay: Overlay) -> None:
        self._workspace.set(overlays=self._workspace.state.overlays ^ {overlay})

    def _mode_button(self, mode: ViewMode) -> QToolButton:
        text, name, tip = _MODES[mode]
        number = list(_MODES).index(mode) + 1
        button = _button(text, name, f"{tip} ({number})")
        button.clicked.connect(partial(self._choose, mode))
        return button

    def _choose(self, mode: ViewMode) -> None:
        self._workspace.set(mode=mode)
        self._show(self._workspace.now)

    def _overlay_button(self, overlay: Overlay) -> QToolButton:
        text, key, tip = _OVERLAYS[overlay]
        button = _button(text, overlay, f"{tip} ({key})")
        button.clicked.connect(partial(self._toggle, overlay))
        return button

    def _tool_button(self, tool: Tool) -> QToolButton:
        text, key, tip = _TOOLS[tool]
        button = _button(text, _PICTURES.get(tool, tool), f"{tip} ({key})")
        button.clicked.connect(partial(self._take, tool))
        return button

    def _take(self, tool: Tool) -> None:
        if tool == "landmarks":
            self.canvas.landmarks.take()
        elif tool == "hint":
            self.canvas.hint.take()
        else:
            self.canvas.brush.take(tool)
        self.canvas.setFocus()
        self._show(self._workspace.now)

    def _zoom_box(self) -> QComboBox:
        tip = "Zoom; the wheel zooms under the pointer, a double click fits (Shift+F)"
        box = choice_box("Zoom", tip, 84, self._zoom_chosen)
        box.addItem("Fit", 0.0)
        for percent in _ZOOMS:
            box.addItem(f"{percent} %", percent / 100)
        return box

    def _zoom_chosen(self, index: int) -> None:
        zoom = float(self._zoom.itemData(index))
        if zoom:
            self.canvas.zoom_to(zoom)
        else:
            self.canvas.fit()
        self._show_zoom()

    def _lay_out(self) -> None:
        header = QHBoxLayout()
        header.setContentsMargins(6, 4, 6, 4)
        header.setSpacing(3)
        for button in self._modes.values():
            header.addWidget(button)
        header.addSpacing(10)
        for button in self._overlays.values():
            header.addWidget(button)
        header.addSpacing(10)
        for button in self._tools.values():
            header.addWidget(button)
        header.addStretch(1)
        header.addWidget(self._value)
        header.addWidget(self._zoom)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(header)
        column.addWidget(LandmarkBar(self._workspace, self.canvas.landmarks))
        column.addWidget(HintBar(self._workspace, self.canvas.hint))
        column.addWidget(self.canvas, 1)

    def _changed(self, now: Resolved, before: Resolved) -> None:
        after, then = now.state, before.state
        if (after.mode, after.overlays, after.tool) != (then.mode, then.overlays, then.tool):
            self._show(now)

    def _show(self, now: Resolved) -> None:
        for mode, button in self._modes.items():
            button.setChecked(mode == now.state.mode)
        for overlay, button in self._overlays.items():
            button.setChecked(overlay in now.state.overlays)
        for tool, button in self._tools.items():
            button.setChecked(tool == now.state.tool)

    def _show_zoom(self) -> None:
        zoom = self.canvas.zoom
        text = f"{100 * zoom:.0f} %" if zoom else "Fit"
        self._zoom.setCurrentIndex(0 if self.canvas.fits else -1)
        self._zoom.setEditText(text)


class _PixelValue(QWidget):
    """Position and value of the pixel under the pointer, with a patch of its colour."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._color = QColor()
        self._text = QLabel(self)
        self._text.setFont(theme.figures())
        # As wide as it can be, so that nothing moves when the pointer comes in.
        width = self._text.fontMetrics().horizontalAdvance(_WIDEST)
        self._text.setFixedWidth(width)
        self._text.setAccessibleName("Pixel under the pointer")
        self._text.setToolTip("Column, row; red, green and blue as displayed, 0 to 255")
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 0, 6, 0)
        row.addWidget(self._text)

    def show_value(self, text: str, color: QColor) -> None:
        """Show what lies under the pointer; nothing for an empty text."""
        self._text.setText(text)
        self._color = color
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the patch."""
        if self._text.text():
            with QPainter(self) as painter:
                painter.fillRect(4, (self.height() - 12) // 2, 12, 12, self._color)


def _button(text: str, name: str, tip: str) -> QToolButton:
    button = icon_button(name, text, tip)
    button.setCheckable(True)
    button.setFixedSize(26, 24)
    return button
