"""Gain and smoothing of the active channel: constant, or keyed, and always to be taken back."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from mien.errors import UsageError
from mien.model.controls import sides
from mien.session.commands import NEUTRAL, Modifier, key_modifier, remove_track, set_modifier
from mien_desktop.buttons import icon_button
from mien_desktop.curves.canvas import CurveCanvas
from mien_desktop.curves.channels import Channel, Line
from mien_desktop.fields import Field
from mien_desktop.icons import icon
from mien_desktop.numbers import read_amount
from mien_desktop.words import title

__all__ = ["ModifierRows"]

_KINDS: tuple[tuple[Modifier, str, str], ...] = (
    ("scale", "Gain", "Multiplies the performance and the edits below: 1 as it is, 0 none of it."),
    ("smooth", "Smooth", "Smooths the performance and the edits below, over so many frames."),
)


class _Row(QWidget):
    """One modifier of the active channel."""

    def __init__(self, canvas: CurveCanvas, kind: Modifier, name: str, tip: str) -> None:
        super().__init__()
        self._canvas, self._kind, self._name = canvas, kind, name
        label = QLabel(name)
        label.setToolTip(tip)
        self._field = Field(name, f"{tip} Type a number, or +=0.1.", 58)
        self._key = _button("no-key", f"Key {name.lower()} at the playhead")
        self._clear = _button("reset", f"Take {name.lower()} away")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 4, 0)
        row.setSpacing(2)
        row.addWidget(label, 1)
        row.addWidget(self._field)
        row.addWidget(self._key)
        row.addWidget(self._clear)
        self._field.typed.connect(self._typed)
        self._key.clicked.connect(self._toggle_key)
        self._clear.clicked.connect(self._remove)

    def show_channel(self, channel: Channel | None) -> None:
        """Show what the modifier of a channel does at the playhead."""
        frame = self._canvas.workspace.state.frame
        line = self._line(channel)
        value = NEUTRAL[self._kind]
        if line is not None:
            value = float(line.track.values([frame])[0])
        self.setEnabled(channel is not None and sides(channel.name) is not None)
        self._field.show_text(f"{value:.2f}" if self._kind == "scale" else f"{value:.1f} f")
        self._clear.setVisible(line is not None)
        keyed = line is not None and len(line.track.keys) > 1
        here = line is not None and line.track.key_at(frame) is not None
        self._key.setIcon(icon("key" if keyed and here else "no-key"))

    def _line(self, channel: Channel | None) -> Line | None:
        layer = self._canvas.workspace.state.layer
        lines = channel.lines if channel is not None else ()
        return next((x for x in lines if x.track.mode == self._kind and x.ref.layer == layer), None)

    def _target(self) -> tuple[Channel, str, int] | None:
        scene, now = self._canvas.scene, self._canvas.workspace.now
        channel = scene.channel(scene.active)
        if channel is None or now.project is None or now.face is None:
            return None
        return channel, now.project.id, now.face.number

    def _typed(self, text: str) -> None:
        target = self._target()
        if target is None:
            return
        channel, shot, face = target
        workspace = self._canvas.workspace
        frame, layer = workspace.state.frame, workspace.state.layer
        line = self._line(channel)
        old = NEUTRAL[self._kind] if line is None else float(line.track.values([frame])[0])
        try:
            value = read_amount(text.removesuffix("f")).on(old)
        except UsageError as error:
            workspace.said.emit(str(error))
            return
        value = max(value, 0.0) if self._kind == "smooth" else value
        workspace.apply(
            f"{self._name} of {title(channel.name)}",
            lambda d: set_modifier(
                d, shot, face, channel.name, self._kind, value, frame, layer=layer
            ),
        )

    def _toggle_key(self) -> None:
        target = self._target()
        if target is None:
            return
        channel, shot, face = target
        state = self._canvas.workspace.state
        self._canvas.workspace.apply(
            f"Key {self._name.lower()} of {title(channel.name)}",
            lambda d: key_modifier(
                d, shot, face, channel.name, self._kind, state.frame, layer=state.layer
            ),
        )

    def _remove(self) -> None:
        target = self._target()
        line = self._line(target[0]) if target else None
        if target is not None and line is not None:
            self._canvas.workspace.apply(
                f"Remove {self._name.lower()} of {title(target[0].name)}",
                lambda d: remove_track(d, line.ref),
            )


class ModifierRows(QWidget):
    """The modifiers of the active channel.

    Args:
        canvas: The canvas, whose active channel is meant.
        parent: Qt's owner.
    """

    def __init__(self, canvas: CurveCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.setSpacing(2)
        self._rows = [_Row(canvas, kind, name, tip) for kind, name, tip in _KINDS]
        for row in self._rows:
            column.addWidget(row)
        canvas.changed.connect(self.refresh)
        canvas.workspace.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the modifiers as they are now."""
        channel = self._canvas.scene.channel(self._canvas.scene.active)
        for row in self._rows:
            row.show_channel(channel)


def _button(name: str, tip: str) -> QToolButton:
    button = icon_button(name, tip, tip)
    button.setIconSize(QSize(14, 14))
    button.setAutoRaise(True)
    # A button that hides keeps its place, so that nothing jumps.
    policy = button.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    button.setSizePolicy(policy)
    return button
