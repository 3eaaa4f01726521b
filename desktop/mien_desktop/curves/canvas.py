"""The canvas of the curve editor: shows the scene and turns the pointer into drags."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from mien.session.commands import insert_key, set_value
from mien.session.refs import KeyRef
from mien.timebase import FrameRange
from mien_desktop import theme
from mien_desktop.curves.channels import CurveScene, Line, build_scene
from mien_desktop.curves.drags import BoxDrag, CurveDrag, HandleDrag, KeyDrag, PanDrag, ScrubDrag
from mien_desktop.curves.hits import HandleHit, KeyHit, LineHit, grasp, hit
from mien_desktop.curves.painting import paint_curves, paint_ground, paint_now
from mien_desktop.curves.view import RULER, View
from mien_desktop.geometry.axis import Axis
from mien_desktop.geometry.curves import ValueAxis
from mien_desktop.geometry.handles import handles
from mien_desktop.resolve import Resolved
from mien_desktop.settings import settings
from mien_desktop.view_state import TimeView
from mien_desktop.words import title, unit_controls
from mien_desktop.workspace import Workspace

__all__ = ["CurveCanvas"]

_UNITS = "curves/units"
_ZOOM = 1.2
"""Factor of a notch of the wheel."""
_LEAST_EXTENT = 0.2
"""Values that are fitted show at least so much, so that noise is not blown up."""


class CurveCanvas(QWidget):
    """Curves, keys and handles over time, to be looked at and dragged.

    Args:
        workspace: The workspace.
        parent: Qt's owner.
    """

    changed = Signal()
    """What the canvas shows has changed: another scene, or another active channel."""
    menu_requested = Signal(QPointF)
    """The context menu was asked for at a place of the screen."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.scene: CurveScene = CurveScene()
        self._units = settings().value(_UNITS, False, bool) is True
        self._raw = False
        self._values = ValueAxis()
        self._fits = True
        self._picture: QPixmap | None = None
        self._drag: CurveDrag | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Curves")
        self.setAccessibleDescription("Keys and curves of the chosen controls over time")
        self.setStatusTip(
            "Wheel: zoom time, with Ctrl values, with Shift scroll. Middle button: pan."
            " Double click: add a key. Alt: copy keys, or free a handle."
        )
        self.setMinimumSize(160, 90)
        workspace.changed.connect(self._resolved)
        self._take(workspace.now)

    # What is shown ------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """The stretch of time and the values that are shown."""
        now = self.workspace.now
        time = Axis.of(now.state.time, self.width(), now.frame_count)
        return View(time, self._values, now.state.units)

    def activate(self, name: str | None) -> None:
        """Make a channel the one that fields and new keys are about."""
        self._take(self.workspace.now, name)

    @property
    def units(self) -> bool:
        """True while action units are listed too."""
        return self._units

    def show_units(self, on: bool) -> None:
        """List action units too, or no longer; it is remembered."""
        self._units = on
        settings().setValue(_UNITS, on)
        self._take(self.workspace.now, self.scene.active)

    @property
    def raw(self) -> bool:
        """True while performances are seen as they were before smoothing too."""
        return self._raw

    def show_raw(self, on: bool) -> None:
        """Show performances as they were before smoothing too, or no longer."""
        self._raw = on
        self._take(self.workspace.now, self.scene.active)

    def fit(self) -> None:
        """Show the whole shot, and all values of what is drawn."""
        self.workspace.set(time=TimeView())
        self._fit_values()

    def frame_selected(self) -> None:
        """Show the selected keys; without any the active channel's; all without those."""
        selected = self.scene.selected()
        active = self.scene.channel(self.scene.active)
        if not selected and active is not None:
            selected = [(line, i) for line in active.lines for i in range(len(line.track.keys))]
        if not selected:
            self.fit()
            return
        keys = [(line.track.keys[i], line.unit) for line, i in selected]
        frames = [key.frame for key, _ in keys]
        margin = max((max(frames) - min(frames)) // 8, 4)
        span = FrameRange(max(min(frames) - margin, 0), max(frames) + margin + 1)
        self.set_time(self.view.time.fitted(span, self._frames))
        self._show_values([key.value / unit for key, unit in keys])

    def select_all(self) -> None:
        """Select every key that is drawn."""
        keys = (KeyRef(line.ref, k.frame) for _, line in self.scene.lines for k in line.track.keys)
        self.workspace.set(keys=frozenset(keys))

    def set_time(self, time: Axis) -> None:
        """Show another stretch of time, here and in the timeline."""
        self.workspace.set(time=time.view)

    def set_values(self, values: ValueAxis) -> None:
        """Show other values, as somebody wants to see them from now on."""
        self._values, self._fits = values, False
        self._spoil()

    @property
    def _frames(self) -> int:
        return max(self.workspace.now.frame_count, 1)

    def _resolved(self, now: Resolved, before: Resolved) -> None:
        same = (
            now.evaluated is before.evaluated
            and now.edit is before.edit
            and now.face is before.face
            and now.span == before.span
            and now.state.controls == before.state.controls
            and now.state.keys == before.state.keys
            and now.state.tracks == before.state.tracks
        )
        if not same or now.shot is not before.shot:
            self._take(now, self.scene.active)
        elif now.state.time != before.state.time or now.state.units != before.state.units:
            self._spoil()
        elif now.state.frame != before.state.frame:
            self.update()
            self._follow()

    def _follow(self) -> None:
        """Turn the page when the playhead has left it."""
        time, frame = self.view.time, self.workspace.state.frame
        shown = time.revealing(frame, self._frames)
        if shown != time and self._drag is None and self.isVisible():
            # Not from inside the change: other panels have not heard of it yet.
            self.workspace.later(lambda: self.set_time(shown))

    def _take(self, now: Resolved, active: str | None = None) -> None:
        before, self.scene = self.scene, build_scene(now, active, units=self._units, raw=self._raw)
        if self.scene.shown != before.shown and self._drag is None:
            self._refit()
        self._spoil()
        self.changed.emit()

    def _refit(self) -> None:
        """Fit the values of what is newly drawn, unless the view suits them already."""
        low, high = self._extent()
        seen = self._values.height / self._values.scale
        inside = self._values.value(self._values.height) <= low and high <= self._values.value(0)
        if not inside or (high - low) < seen / 2:
            self._fit_values()

    def _extent(self) -> tuple[float, float]:
        """Return the lowest and highest of all values that are drawn."""
        extent = [0.0]
        for channel in self.scene.drawn:
            for curve in (channel.source, channel.result, channel.raw):
                if curve is not None and self.scene.valid is not None:
                    seen = curve[self.scene.valid] / channel.unit
                    extent += [float(np.min(seen, initial=0)), float(np.max(seen, initial=0))]
        for _, line in self.scene.lines:
            extent += _reach(line)
        return min(extent), max(extent)

    def _fit_values(self) -> None:
        self._show_values(list(self._extent()))
        self._fits = True

    def _show_values(self, values: list[float]) -> None:
        low, high = min(values), max(values)
        short = max(_LEAST_EXTENT - (high - low), 0) / 2
        self.set_values(self._values.fitted(low - short, high + short))

    def _spoil(self) -> None:
        self._picture = None
        self.update()

    # Qt's events --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what does not move from a picture of it, and the playhead over that."""
        now, view = self.workspace.now, self.view
        ratio = self.devicePixelRatioF()
        if self._picture is None or self._picture.devicePixelRatioF() != ratio:
            self._picture = QPixmap(self.size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            painter = QPainter(self._picture)
            paint_ground(painter, view, now, self.scene)
            paint_curves(painter, view, self.scene)
            painter.end()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        if now.shot is not None and now.face is not None:
            paint_now(painter, view, self.scene, now.state.frame)
            if self._drag is not None:
                self._drag.paint(painter, view)
        if not self.scene.shown:
            self._paint_hint(painter, now)
        painter.end()

    def _paint_hint(self, painter: QPainter, now: Resolved) -> None:
        if now.shot is None:
            text = ""
        elif now.face is None:
            text = "Curves appear when the shot is tracked."
        else:
            text = "Choose a control, or drag a slider: its curve appears here."
        painter.setClipping(False)
        painter.setPen(theme.DIM)
        wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(self.rect().adjusted(48, RULER, -48, 0), wrapped, text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the same values in another height; fitted ones fit it."""
        self._values = self._values.resized(self.height() - RULER)
        if self._fits:
            self._fit_values()
        self._spoil()

    def sizeHint(self) -> QSize:
        """Return a height in which curves can be read."""
        return QSize(640, 220)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom time under the pointer; with Ctrl the values; with Shift scroll in time."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        factor = _ZOOM ** (turned / 120)
        position = event.position()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_values(self._values.zoomed(position.y() - RULER, factor))
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.set_time(self.view.time.panned(turned / 2, self._frames))
        else:
            self.set_time(self.view.time.zoomed(position.x(), factor, self._frames))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin what the place under the pointer offers."""
        if self._drag is not None or self.workspace.now.face is None:
            return
        position = event.position()
        if event.button() == Qt.MouseButton.MiddleButton:
            self._begin(PanDrag(self, position))
        elif event.button() == Qt.MouseButton.LeftButton:
            self._begin(self._grasp(position, event.modifiers()))

    def _grasp(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> CurveDrag:
        if position.y() < RULER:
            return ScrubDrag(self, position)
        target = hit(self.scene, self.view, position.x(), position.y() - RULER)
        if isinstance(target, HandleHit):
            return HandleDrag(self, position, target)
        if isinstance(target, KeyHit):
            selected = target.key in self.workspace.state.keys
            self._choose(target.key, target.channel, modifiers)
            if target.key in self.workspace.state.keys:
                return KeyDrag(self, position, target.key, modifiers, selected=selected)
        elif isinstance(target, LineHit):
            self.activate(target.channel)
        return BoxDrag(self, position, modifiers)

    def _choose(self, key: KeyRef, channel: str, modifiers: Qt.KeyboardModifier) -> None:
        keys = self.workspace.state.keys
        self.activate(channel)
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            self.workspace.set(keys=keys ^ {key})
        elif modifiers & Qt.KeyboardModifier.ShiftModifier:
            # One that is selected already may be about to be dragged along an axis.
            self.workspace.set(keys=keys | {key})
        elif key not in keys:
            self.workspace.set(keys=frozenset({key}))

    def _begin(self, drag: CurveDrag) -> None:
        self._drag = drag
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the drag, or show what lies under the pointer."""
        if self._drag is not None:
            self._drag.move(event.position(), event.modifiers())
            self.update()
            return
        position = event.position()
        target = grasp(self.scene, self.view, position.x(), position.y() - RULER)
        if isinstance(target, HandleHit):
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        elif isinstance(target, KeyHit):
            self.setCursor(Qt.CursorShape.SizeAllCursor)
        else:
            self.unsetCursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the drag: what it did is one step."""
        if self._drag is not None and event.button() in (
            Qt.MouseButton.LeftButton,
            Qt.MouseButton.MiddleButton,
        ):
            self._end(keep=True)

    def _end(self, *, keep: bool) -> None:
        drag, self._drag = self._drag, None
        if drag is not None:
            drag.end(keep=keep)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take a drag back with Escape."""
        if event.key() == Qt.Key.Key_Escape and self._drag is not None:
            self._end(keep=False)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QEvent) -> None:
        """End the drag with the focus: another window may have taken the pointer."""
        self._end(keep=True)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Add a key to the active channel where the pointer is."""
        position = event.position()
        channel = self.scene.channel(self.scene.active)
        now = self.workspace.now
        if channel is None or now.project is None or now.face is None or position.y() < RULER:
            return
        if grasp(self.scene, self.view, position.x(), position.y() - RULER) is not None:
            return
        if channel.derived:
            self.workspace.said.emit(
                f"{title(channel.name)} follows the controls: key {unit_controls(channel.name)}."
            )
            return
        frame = min(max(self.view.time.frame(position.x()), 0), self._frames - 1)
        drawn = self._values.value(position.y() - RULER)
        line, shot, face = channel.line, now.project.id, now.face.number
        name = f"Key {title(channel.name).lower()}"
        if line is not None:
            value = drawn * line.unit
            done = self.workspace.apply(
                name,
                lambda d: insert_key(d, line.ref, frame, value),
            )
            if done:
                self.workspace.set(keys=frozenset({KeyRef(line.ref, frame)}))
        else:
            wanted, layer = {channel.name: drawn * channel.unit}, now.state.layer
            self.workspace.apply(
                name,
                lambda d: set_value(d, shot, face, wanted, frame, layer=layer, auto_key=True),
            )

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of what is under the pointer, which is selected first."""
        position = QPointF(event.pos())
        target = grasp(self.scene, self.view, position.x(), position.y() - RULER)
        if isinstance(target, KeyHit):
            self._choose(target.key, target.channel, Qt.KeyboardModifier.NoModifier)
        self.menu_requested.emit(QPointF(event.globalPos()))


def _reach(line: Line) -> list[float]:
    """Return the values a line spans as drawn: its keys and the ends of their handles."""
    keys = line.track.keys
    ends = (
        key.value + value for i, key in enumerate(keys) for _, value in handles(keys, i).values()
    )
    return [value / line.unit for value in (*(key.value for key in keys), *ends)]
