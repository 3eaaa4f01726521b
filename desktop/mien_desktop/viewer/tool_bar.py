"""Bars below the viewer's buttons with the settings of the tool in the hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QWidget,
)

from mien_desktop import theme
from mien_desktop.elided_label import ElidedLabel
from mien_desktop.geometry.landmark_groups import here
from mien_desktop.resolve import Resolved
from mien_desktop.viewer.hint import HintTool, Reach
from mien_desktop.viewer.landmarks import LandmarkTool
from mien_desktop.workspace import Workspace

__all__ = ["HintBar", "LandmarkBar"]

MOST: Final = 240
"""Frames that a correction fades over at most."""
_REACHES: Final[dict[Reach, str]] = {
    "take": "Up to the cuts", "in to out": "From in to out", "from here": "From here on",
}  # fmt: skip


class LandmarkBar(QWidget):
    """Settings of corrections of landmarks: over how many frames they fade, and what clears them.

    Args:
        workspace: What is shown.
        tool: The tool.
    """

    def __init__(self, workspace: Workspace, tool: LandmarkTool) -> None:
        super().__init__()
        self._workspace, self._tool = workspace, tool
        self.setAccessibleName("Correcting landmarks")
        self._words = ElidedLabel(self)
        self.falloff = QSpinBox(self)
        """Frames over which corrections fade."""
        self.falloff.setAccessibleName("Falloff")
        self.falloff.setToolTip(
            "Frames before and after over which a correction fades; those made in this frame"
            " follow, 0 is for this frame only"
        )
        self.falloff.setRange(0, MOST)
        self.falloff.setSuffix(" frames")
        self.falloff.setKeyboardTracking(False)
        self.falloff.valueChanged.connect(tool.set_falloff)
        self._here = _button("Clear frame", lambda: tool.clear(everywhere=False))
        self._all = _button("Clear all", lambda: tool.clear(everywhere=True))
        self._done = _button("Done", tool.take)
        self._done.setToolTip("Put the tool away (Esc)")
        self._lay_out()
        workspace.changed.connect(self._changed)
        self._show(workspace.now)

    def _lay_out(self) -> None:
        fades = QLabel("Fades over", self)
        fades.setBuddy(self.falloff)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 6, 4)
        row.setSpacing(6)
        row.addWidget(self._words, 1)
        for widget in (fades, self.falloff, self._here, self._all, self._done):
            row.addWidget(widget)

    def _changed(self, now: Resolved, before: Resolved) -> None:
        new, old = now.state, before.state
        moved = (new.frame, new.tool, new.falloff) != (old.frame, old.tool, old.falloff)
        if now.face is not before.face or moved:
            self._show(now)

    def _show(self, now: Resolved) -> None:
        self.setVisible(self._tool.active)
        if not self._tool.active or now.face is None:
            return
        made = here(now.face, now.state.frame)
        if not now.face.valid[now.state.frame]:
            words = f"Not seen in this frame: {now.face.name}"
        else:
            words = f"Drag the rings to where they belong: {now.face.name}"
        self._words.show_text(words)
        self._words.setToolTip(f"{words}\nG chooses the next group, Alt and an arrow moves it")
        self.falloff.blockSignals(True)
        self.falloff.setValue(made[0].before if made else now.state.falloff)
        self.falloff.blockSignals(False)
        for button, everywhere in ((self._here, False), (self._all, True)):
            reason = self._tool.clearing(everywhere=everywhere)
            button.setEnabled(not reason)
            where = "everywhere" if everywhere else "in this frame"
            button.setToolTip(reason or f"Take corrections of {now.face.name} away {where}")


class HintBar(QWidget):
    """Settings of a box: whom it is drawn around, and which frames are tracked from there.

    Args:
        workspace: What is shown.
        tool: The tool.
    """

    def __init__(self, workspace: Workspace, tool: HintTool) -> None:
        super().__init__()
        self._tool = tool
        self.setAccessibleName("Tracking from a box")
        self._words = ElidedLabel(self)
        self._new = QCheckBox("New face", self)
        self._new.setToolTip("Somebody whom the tracker has missed, not the current face")
        self._new.toggled.connect(self._choose_new)
        self._reach = QComboBox(self)
        self._reach.setAccessibleName("Frames")
        self._reach.setToolTip("The frames that are tracked from the box; nobody is followed"
                               " over a cut")  # fmt: skip
        for reach, text in _REACHES.items():
            self._reach.addItem(text, reach)
        self._reach.activated.connect(self._choose_reach)
        cancel = _button("Cancel", tool.put_away)
        cancel.setToolTip("Put the tool away (Esc)")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 6, 4)
        row.setSpacing(6)
        row.addWidget(self._words, 1)
        for widget in (self._new, self._reach, cancel):
            row.addWidget(widget)
        workspace.changed.connect(self._changed)
        self._show(workspace.now)

    def _choose_new(self, new: bool) -> None:
        self._tool.new = new
        self._say()

    def _choose_reach(self, index: int) -> None:
        self._tool.reach = self._reach.itemData(index)

    def _changed(self, now: Resolved, before: Resolved) -> None:
        if now.project is not before.project or now.state != before.state:
            self._show(now)

    def _show(self, now: Resolved) -> None:
        self.setVisible(self._tool.active)
        self._new.setEnabled(now.face is not None)
        spanned = now.project is not None and now.project.span is not None
        if not spanned and self._tool.reach == "in to out":
            self._tool.reach = "take"
        item = list(_REACHES).index("in to out")
        self._reach.setItemData(
            item, None if spanned else "Set in and out first", Qt.ItemDataRole.ToolTipRole
        )
        model = self._reach.model()
        if isinstance(model, QStandardItemModel):
            model.item(item).setEnabled(spanned)
        self._reach.setCurrentIndex(list(_REACHES).index(self._tool.reach))
        self._say()

    def _say(self) -> None:
        self._words.show_text(f"Draw a box, brows to chin, around: {self._tool.whose()}")


def _button(text: str, run: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setFont(theme.small())
    button.clicked.connect(lambda: run())
    return button
