"""Time, value and interpolation of the selected keys, to be read and typed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from mien.errors import UsageError
from mien.model.document import Document
from mien.model.interpolate import Interpolation
from mien.session.commands import (
    EASES,
    move_keys,
    set_handles,
    set_keys_value,
)
from mien.session.refs import KeyRef
from mien_desktop.buttons import icon_button, menu_button
from mien_desktop.curves.canvas import CurveCanvas
from mien_desktop.curves.channels import Line
from mien_desktop.fields import Field
from mien_desktop.geometry.handles import aligned, flattened, handles
from mien_desktop.geometry.ruler import label
from mien_desktop.keyframes.editing import EASE_NAMES, KeyEditing
from mien_desktop.numbers import read_amount, show_value
from mien_desktop.words import count

__all__ = ["KeyFields"]

MIXED = "mixed"
"""What a field shows when the selected keys differ."""
_KINDS: tuple[tuple[Interpolation, str, str], ...] = (
    ("hold", "hold", "Hold: the value stays until the next key"),
    ("linear", "linear", "Linear: straight to the next key"),
    ("ease", "curve", "Ease: out of this key and into the next, softly"),
    ("bezier", "bezier", "Bezier: as the handles say"),
)


class KeyFields(QWidget):
    """Fields and buttons for the selected keys.

    Args:
        canvas: The canvas whose keys are meant.
        editing: What can be done to them.
        parent: Qt's owner.
    """

    def __init__(
        self, canvas: CurveCanvas, editing: KeyEditing, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._canvas, self._workspace, self._editing = canvas, canvas.workspace, editing
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        tip = "Time of the selected keys: 36, 1.5s, 01:00:01:12, or +=5 to move them"
        self._time = Field("Time of the selected keys", tip, 108)
        tip = "Value of the selected keys: 0.6, or +=0.1 to add to each"
        self._value = Field("Value of the selected keys", tip, 66)
        for name, field in (("Time", self._time), ("Value", self._value)):
            text = QLabel(name)
            text.setBuddy(field)
            row.addWidget(text)
            row.addWidget(field)
        row.addSpacing(6)
        self._kinds = {kind: self._kind(kind, *words) for kind, *words in _KINDS}
        for button in self._kinds.values():
            row.addWidget(button)
        tip = "Ease presets, as Bezier handles that can be dragged further"
        self._ease = menu_button("down", "Ease presets", tip, self._ease_menu())
        self._ease.setText("Ease")
        self._ease.setIconSize(QSize(10, 10))
        self._ease.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._ease.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        row.addWidget(self._ease)
        tip = "Align the handles of the selected keys (Alt-drag one to free it)"
        self._align = icon_button("handles", "Align handles", tip, self.align)
        self._align.setCheckable(True)
        row.addWidget(self._align)
        self._time.typed.connect(self._move)
        self._value.typed.connect(self._set)
        canvas.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the selected keys."""
        selected = self._canvas.scene.selected()
        keys = [line.track.keys[i] for line, i in selected]
        self.setEnabled(bool(keys))
        shot, units = self._workspace.now.shot, self._workspace.state.units
        frames = {key.frame for key in keys}
        values = {(key.value, _unit(line)) for (line, _), key in zip(selected, keys, strict=True)}
        clock = shot.clock if shot else None
        self._time.show_text(_one([label(clock, f, units) for f in frames]) if clock else "")
        self._value.show_text(_one([show_value(*pair) for pair in values]))
        kinds = {key.interpolation for key in keys}
        for kind, button in self._kinds.items():
            button.setChecked(kinds == {kind})
        handle_pairs = [handles(line.track.keys, i) for line, i in selected]
        both = [pair for pair in handle_pairs if len(pair) == 2]
        self._align.setEnabled(bool(both))
        self._align.setChecked(bool(both) and all(map(aligned, both)))

    def align(self) -> None:
        """Lay both handles of each selected key on one line; those that are aligned level."""
        made: dict[KeyRef, tuple[tuple[float, float] | None, tuple[float, float] | None]] = {}
        for line, i in self._canvas.scene.selected():
            key, sides = line.track.keys[i], handles(line.track.keys, i)
            if len(sides) == 2:
                level = {side: (frames, 0.0) for side, (frames, _) in sides.items()}
                pair = level if aligned(sides) else flattened(sides)
                made[KeyRef(line.ref, key.frame)] = (pair["in"], pair["out"])
        if made:
            self._apply("Align handles", lambda d: set_handles(d, made))

    def _move(self, text: str) -> None:
        """Move all keys by as much as the first must to come to the time."""
        shot, keys = self._workspace.now.shot, self._workspace.state.keys
        if shot is None or not keys:
            return
        try:
            if text.startswith(("+=", "-=")):
                frames = round(read_amount(text).value)
            else:
                frames = shot.clock.parse(text) - min(key.frame for key in keys)
        except UsageError as error:
            self._workspace.said.emit(str(error))
            return
        moved: frozenset[KeyRef] = frozenset()

        def change(document: Document) -> Document:
            nonlocal moved
            document, refs = move_keys(document, keys, frames)
            moved = frozenset(refs)
            return document

        if self._workspace.apply(f"Move {count(len(keys), 'key')}", change):
            self._workspace.set(keys=moved)

    def _set(self, text: str) -> None:
        keys = self._workspace.state.keys
        try:
            amount = read_amount(text)
        except UsageError as error:
            self._workspace.said.emit(str(error))
            return

        def change(document: Document) -> Document:
            if amount.relative:
                return move_keys(document, keys, 0, amount.value)[0]
            return set_keys_value(document, keys, amount.value)

        self._apply(f"Set {count(len(keys), 'key')}", change)

    def _apply(self, name: str, change: Callable[[Document], Document]) -> None:
        if self._workspace.state.keys:
            self._workspace.apply(name, change)

    def _kind(self, kind: Interpolation, picture: str, tip: str) -> QToolButton:
        name = tip.partition(":")[0]
        button = icon_button(picture, name, tip, lambda: self._clicked(kind))
        button.setIconSize(QSize(16, 16))
        button.setCheckable(True)
        return button

    def _clicked(self, kind: Interpolation) -> None:
        self._editing.interpolate(kind)
        self.refresh()

    def _ease_menu(self) -> QMenu:
        menu = QMenu(self)
        for preset in EASES:
            action = menu.addAction(EASE_NAMES[preset])
            action.triggered.connect(lambda _=False, preset=preset: self._editing.ease(preset))
        return menu


def _one(texts: list[str]) -> str:
    """Return the text that all share; a word that says that they differ; none without any."""
    return MIXED if len(set(texts)) > 1 else next(iter(texts), "")


def _unit(line: Line) -> str:
    degrees = line.unit != 1 and line.track.mode != "smooth"
    return "degrees" if degrees else "weight"
