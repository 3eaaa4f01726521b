"""The timeline's widget: it keeps the scene, paints it, and hands the mouse on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QRect, QSize, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from mien._types import DoubleArray
from mien.model.face import Face
from mien.model.shot import Shot
from mien.timebase import Clock
from mien_desktop import theme
from mien_desktop.faces.portraits import Portraits
from mien_desktop.faces.repairs import FaceRepairs
from mien_desktop.geometry.axis import Axis
from mien_desktop.geometry.bands import NARROWEST, THUMBNAILS, WIDEST, Bands
from mien_desktop.geometry.lanes import ROW, Lane, Lanes, lay_out
from mien_desktop.geometry.sight import Sight, sight_of
from mien_desktop.geometry.strips import edges, tiles
from mien_desktop.reports.last import LastReports
from mien_desktop.resolve import Resolved
from mien_desktop.settings import settings
from mien_desktop.timeline.face_events import EventReader
from mien_desktop.timeline.inline_field import InlineField
from mien_desktop.timeline.invalidation import AspectName, CacheName, changed_aspects
from mien_desktop.timeline.mouse import Mouse
from mien_desktop.timeline.paint_drag import paint_overlay
from mien_desktop.timeline.paint_lanes import paint_lanes
from mien_desktop.timeline.paint_names import (
    paint_bracket,
    paint_headings,
    paint_names,
    paint_playhead,
    paint_values,
)
from mien_desktop.timeline.paint_time import (
    paint_markers,
    paint_ruler,
    paint_thumbnails,
    paint_waveform,
)
from mien_desktop.timeline.paint_troubles import paint_troubles
from mien_desktop.timeline.pixmap_cache import PixmapCache, painting
from mien_desktop.timeline.scene import Selected, TimelineScene
from mien_desktop.timeline.strips import Strips
from mien_desktop.timeline.words import describe
from mien_desktop.view_state import TimeView
from mien_desktop.voices.sounds import VoiceLoudness
from mien_desktop.voices.work import VoiceWork
from mien_desktop.workspace import Workspace

__all__ = ["TimelineView"]

_GROUP = "timeline"
_HINT = "Nothing is edited yet. Move a slider, or drag the face in the viewer: keys appear here."


class TimelineView(QAbstractScrollArea):
    """Ruler, markers, strips and lanes, with the column of names.

    Args:
        workspace: The window's workspace.
        repairs: Repairs of the faces.
        voice_work: Lets voices say other words.
        reports: Frames with trouble.
        parent: Qt's owner.
    """

    def __init__(
        self, workspace: Workspace, repairs: FaceRepairs, voice_work: VoiceWork,
        reports: LastReports, parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.workspace = workspace
        self.repairs = repairs
        self.voice_work = voice_work
        self.reports = reports
        self.preferred_bands = _remembered()
        """The user's division of the timeline."""
        self.setAccessibleName("Timeline")
        self.setAccessibleDescription(
            "Keys of faces, layers and controls over time. The wheel zooms, with Shift it scrolls."
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setMinimumSize(QSize(320, 120))
        self.viewport().setMouseTracking(True)
        # Every pixel is painted here: nobody need clear them before.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.viewport().setAutoFillBackground(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.horizontalScrollBar().setAccessibleName("Time in view")
        self.verticalScrollBar().setAccessibleName("Lanes in view")
        self.horizontalScrollBar().valueChanged.connect(self._scrolled_time)
        self.verticalScrollBar().valueChanged.connect(self._scrolled_lanes)
        self.strips = Strips(workspace, self._strips_changed)
        self.readings = EventReader(workspace, self._readings_came)
        self.loudness = VoiceLoudness(workspace, lambda: self._invalidate("lanes"))
        self.portraits = Portraits(workspace, lambda: self._invalidate("names"))
        self.mouse = Mouse(self)
        self._times: dict[str, TimeView] = {}
        self._collapsed: dict[str, frozenset[tuple[int, str | None]]] = {}
        self._lanes = Lanes()
        self._selected = Selected()
        self._kinds = self._selected.kinds(self._lanes)
        self._edges: tuple[Clock, DoubleArray] | None = None
        self._seen: dict[int, tuple[Face, Sight]] = {}
        self._scene: TimelineScene | None = None
        self._caches: dict[CacheName, PixmapCache] = {
            "head": PixmapCache(self._paint_head),
            "names": PixmapCache(self._paint_names),
            "lanes": PixmapCache(self._paint_lanes),
        }
        self._follow: dict[AspectName, Callable[[Resolved, Resolved], None]] = {
            "project": self._show_project,
            "keys": self._show_selection,
            "extent": self._show_extent,
            "shot": self._show_shot,
            "frame": self._move_playhead,
        }
        """What a change of an aspect asks for beside painting."""
        self._syncing = False
        workspace.changed.connect(self._changed)
        reports.changed.connect(self._reports_changed)
        self.destroyed.connect(self.strips.close)
        self.destroyed.connect(self.portraits.close)
        self.destroyed.connect(self.readings.close)
        self.destroyed.connect(self.loudness.close)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.stop)
        self.portraits.show(workspace.now)
        self._take_lanes(workspace.now)
        self.strips.show(workspace.now)
        self.loudness.show(workspace.now)
        self.readings.want(self.preferred_bands.readings)

    @property
    def scene(self) -> TimelineScene:
        """Everything that is painted now, with its geometry."""
        if self._scene is None:
            now, size = self.workspace.now, self.viewport().size()
            width = max(size.width() - self.bands.names, 1)
            self._scene = TimelineScene(
                now, self._lanes, Axis.of(now.state.time, width, now.frame_count), self.bands,
                self.verticalScrollBar().value(), size.width(), size.height(), self._selected,
                self._kinds, self._sights(now.shot.faces if now.shot else ()),
                self.readings.events, self._seconds(now.shot), self.loudness.known,
                self.reports.marks, self.reports.edited,
            )  # fmt: skip
        return self._scene

    @property
    def bands(self) -> Bands:
        """The bands as divided: no sound in a silent shot, no strips where lanes need the room."""
        shot = self.workspace.now.shot
        silent = shot is not None and not shot.media.audio_streams
        wanted = dataclasses.replace(
            self.preferred_bands, waveform=self.preferred_bands.waveform and not silent,
            troubles=bool(self.reports.marks),
        )  # fmt: skip
        return wanted.fitting(self.viewport().height())

    def set_bands(self, bands: Bands) -> None:
        """Divide the timeline in another way."""
        names = min(max(bands.names, NARROWEST), WIDEST, max(self.width() // 2, NARROWEST))
        before = self.preferred_bands
        self.preferred_bands = dataclasses.replace(bands, names=names)
        if (bands.faces, bands.readings) != (before.faces, before.readings):
            self.readings.want(bands.readings)
            self._take_lanes(self.workspace.now)
        self._sync_bars()
        self._invalidate()

    def keep_bands(self) -> None:
        """Remember how the timeline is divided for the next start."""
        store = settings()
        for name, value in dataclasses.asdict(self.preferred_bands).items():
            if name != "troubles":  # it is there with a report, whatever anyone prefers
                store.setValue(f"{_GROUP}/{name}", value)

    def show_time(self, axis: Axis) -> None:
        """Show another stretch of time, here and in the curve editor."""
        self.workspace.set(time=axis.view)

    def scroll_lanes(self, pixels: float) -> None:
        """Scroll the lanes; positive shows what is further down."""
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + round(pixels))

    def show_row(self, row: int) -> None:
        """Scroll to a lane when it is out of view."""
        scene = self.scene
        above = scene.top(row) - scene.bands.lanes
        below = scene.top(row) + ROW - scene.height
        self.scroll_lanes(min(above, 0) or max(below, 0))

    def fold(self, lane: Lane) -> None:
        """Hide or show what lies below a face or a layer."""
        shot = self.workspace.state.shot
        if shot is not None and lane.kind in ("face", "layer", "reading"):
            self._collapsed[shot] = self._collapsed.get(shot, frozenset()) ^ {lane.id}
            self._take_lanes(self.workspace.now)
            self._invalidate()

    def type_at(self, area: QRect, text: str, name: str, take: Callable[[str], object]) -> None:
        """Open a text field over an area of the widget."""
        InlineField(self.viewport(), area, text, name, take)

    def repaint_overlay(self) -> None:
        """Paint what a drag shows, and what the pointer is over, again."""
        self.viewport().update()

    def stop(self) -> None:
        """Give up what is read for it on threads; what goes on is waited for."""
        self.strips.close()
        self.portraits.close()
        self.readings.close()
        self.loudness.close()

    def _changed(self, now: Resolved, before: Resolved) -> None:
        self._scene = None
        aspects = changed_aspects(now, before)
        for aspect in aspects:
            follow = self._follow.get(aspect.name)
            if follow is not None:
                follow(now, before)
        caches = {cache for aspect in aspects for cache in aspect.caches}
        if caches:
            self._invalidate(*caches)

    def _show_project(self, now: Resolved, before: Resolved) -> None:
        self.strips.show(now)
        self.portraits.show(now)
        self.readings.show(now)
        self.loudness.show(now)
        self._take_lanes(now)

    def _show_selection(self, now: Resolved, before: Resolved) -> None:
        self._selected = Selected(now.state.keys)
        self._kinds = self._selected.kinds(self._lanes)
        self._scene = None

    def _show_extent(self, now: Resolved, before: Resolved) -> None:
        self._sync_bars()

    def _show_shot(self, now: Resolved, before: Resolved) -> None:
        """Show the stretch of another shot that was shown of it last; at first the whole."""
        old = before.state
        if old.shot is not None:
            self._times[old.shot] = old.time
            time = self._times.get(now.state.shot or "", TimeView())
            # Not from inside the change: other panels have not heard of it yet.
            self.workspace.later(lambda: self.workspace.set(time=time))

    def _move_playhead(self, now: Resolved, before: Resolved) -> None:
        scene = self.scene
        half = int(max(scene.axis.scale, 12)) + 2
        for frame in (before.state.frame, scene.now.state.frame):
            self.viewport().update(int(scene.x(frame)) - half, 0, 2 * half, scene.height)
        self.viewport().update(0, 0, scene.bands.names, scene.height)
        shown = scene.axis.revealing(scene.now.state.frame, scene.now.frame_count)
        if shown is not scene.axis and self.mouse.idle:
            # Not from inside the change: other panels have not heard of it yet.
            self.workspace.later(self.reveal)

    def reveal(self) -> None:
        """Bring the playhead into view."""
        scene = self.scene
        shown = scene.axis.revealing(scene.now.state.frame, scene.now.frame_count)
        if shown is not scene.axis:
            self.show_time(shown)

    def _take_lanes(self, now: Resolved) -> None:
        shot = now.state.shot or ""
        collapsed = self._collapsed.get(shot, frozenset())
        events = self.readings.events if self.preferred_bands.readings else None
        kinds = None if events is None else {n: one.kinds for n, one in events.items()}
        people = self.preferred_bands.faces
        self._lanes = lay_out(now.project, collapsed, self._lanes, people=people, kinds=kinds)
        self._kinds = self._selected.kinds(self._lanes)
        self._scene = None
        self._sync_bars()

    def _sights(self, faces: tuple[Face, ...]) -> dict[int, Sight]:
        for face in faces:
            entry = self._seen.get(face.number)
            if entry is None or entry[0] is not face:
                self._seen[face.number] = (face, sight_of(face))
        return {face.number: self._seen[face.number][1] for face in faces}

    def _seconds(self, shot: Shot | None) -> DoubleArray:
        """(T + 1,) edges of the shot's frames, counted once."""
        if shot is None:
            return np.zeros(1)
        if self._edges is None or self._edges[0] is not shot.clock:
            self._edges = shot.clock, edges(shot.clock)
        return self._edges[1]

    def _sync_bars(self) -> None:
        """Bring the scroll bars to where the view is."""
        self._scene = None
        axis, frames = self.scene.axis, self.workspace.now.frame_count
        self._syncing = True
        bar = self.horizontalScrollBar()
        low, high = axis.panned(1e9, frames).first, axis.panned(-1e9, frames).first
        bar.setRange(round(low * axis.scale), round(high * axis.scale))
        bar.setPageStep(round(axis.width))
        bar.setSingleStep(max(round(axis.width / 20), 1))
        bar.setValue(round(axis.first * axis.scale))
        lanes = self.viewport().height() - self.bands.lanes
        bar = self.verticalScrollBar()
        bar.setRange(0, max(self._lanes.height - lanes + ROW // 2, 0))
        bar.setPageStep(max(lanes, ROW))
        bar.setSingleStep(ROW)
        self._syncing = False
        self._scene = None

    def _scrolled_time(self, value: int) -> None:
        if not self._syncing:
            axis = self.scene.axis
            self.show_time(dataclasses.replace(axis, first=value / axis.scale))

    def _scrolled_lanes(self) -> None:
        self._invalidate("names", "lanes")

    def _readings_came(self) -> None:
        self._take_lanes(self.workspace.now)
        self._invalidate("names", "lanes")

    def _reports_changed(self) -> None:
        self._sync_bars()
        self._invalidate()

    def _strips_changed(self) -> None:
        self._invalidate("head")

    def _invalidate(self, *caches: CacheName) -> None:
        """Have parts painted anew; all of them when none is named."""
        self._scene = None
        for name in caches or self._caches:
            self._caches[name].invalidate()
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the layers that changed anew, and over all of them what moves."""
        scene, ratio = self.scene, self.devicePixelRatioF()
        lanes = self._caches["lanes"].pixmap(scene.width, scene.height, ratio)
        names = self._caches["names"].pixmap(scene.bands.names, scene.height, ratio)
        head = self._caches["head"].pixmap(scene.width, scene.bands.lanes, ratio)
        with painting(self.viewport()) as painter:
            painter.drawPixmap(0, 0, lanes)
            painter.drawPixmap(0, 0, names)
            painter.drawPixmap(0, 0, head)
            paint_values(painter, scene)
            paint_bracket(painter, scene, self.mouse.hot_grip)
            paint_playhead(painter, scene)
            paint_overlay(painter, scene, self.mouse.overlay, self.mouse.position)
            if scene.now.project is not None and not scene.now.project.edits:
                self._paint_hint(painter, scene)

    def _paint_head(self, painter: QPainter) -> None:
        scene = self.scene
        paint_ruler(painter, scene)
        paint_markers(painter, scene)
        if scene.bands.troubles:
            paint_troubles(painter, scene)
        if scene.bands.thumbnails:
            paint_thumbnails(painter, scene, self.strips.picture, self.strips.aspect)
            shown = tiles(scene.axis, (THUMBNAILS - 2) * self.strips.aspect, scene.now.frame_count)
            lines = round((THUMBNAILS - 2) * self.devicePixelRatioF())
            self.strips.want([tile.frame for tile in shown], lines)
        if scene.bands.waveform:
            paint_waveform(painter, scene, self.strips.peaks, self.strips.seconds)
        paint_headings(painter, scene)

    def _paint_names(self, painter: QPainter) -> None:
        paint_names(painter, self.scene, self.portraits.portrait)

    def _paint_lanes(self, painter: QPainter) -> None:
        paint_lanes(painter, self.scene, self.devicePixelRatioF())

    def _paint_hint(self, painter: QPainter, scene: TimelineScene) -> None:
        # Below the lanes that are there, where that leaves room for two lines.
        top = max(scene.top(len(scene.lanes.rows)), scene.bands.lanes)
        left, width = scene.bands.names, scene.width - scene.bands.names
        area = QRect(left, top, width, scene.height - top).adjusted(16, 4, -16, -4)
        if area.height() >= 2 * painter.fontMetrics().height():
            painter.setPen(theme.DIM)
            painter.drawText(area, _CENTRE | Qt.TextFlag.TextWordWrap, _HINT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show more or less of the shot."""
        super().resizeEvent(event)
        self._sync_bars()
        self._invalidate()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin what the pointer is over."""
        self.mouse.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with it, or show what could begin."""
        self.mouse.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End it."""
        self.mouse.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Rename, type a value, add a key or a marker."""
        self.mouse.double(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu of what is under the pointer."""
        self.mouse.menu(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom under the pointer; scroll with Shift, in time with Ctrl."""
        self.mouse.wheel(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give a drag up with Escape; other keys are commands."""
        if event.key() == Qt.Key.Key_Escape and not self.mouse.idle:
            self.mouse.give_up()
        else:
            event.ignore()

    def viewportEvent(self, event: QEvent) -> bool:
        """Tell what is under the pointer, and forget it when the pointer leaves."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            position = event.pos()
            text = describe(self.scene, self.mouse.target_at(position.x(), position.y()))
            QToolTip.showText(event.globalPos(), text, self.viewport())
            return True
        if event.type() == QEvent.Type.Leave:
            self.mouse.leave()
        elif event.type() == QEvent.Type.DevicePixelRatioChange:
            self._invalidate()
        return bool(super().viewportEvent(event))


def _remembered() -> Bands:
    """Return the division of the timeline as it was set last."""
    store, usual = settings(), Bands()
    names = store.value(f"{_GROUP}/names", usual.names, int)
    return Bands(
        min(max(names if isinstance(names, int) else usual.names, NARROWEST), WIDEST),
        bool(store.value(f"{_GROUP}/thumbnails", usual.thumbnails, bool)),
        bool(store.value(f"{_GROUP}/waveform", usual.waveform, bool)),
        bool(store.value(f"{_GROUP}/faces", usual.faces, bool)),
        bool(store.value(f"{_GROUP}/readings", usual.readings, bool)),
    )


_CENTRE = Qt.AlignmentFlag.AlignCenter
