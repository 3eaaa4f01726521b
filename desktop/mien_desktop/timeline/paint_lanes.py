"""Painting the lanes: where a face was tracked, where a track acts, and the keys."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPixmap

from mien_desktop import theme
from mien_desktop.geometry.lanes import ROW, Lane, region
from mien_desktop.geometry.sight import Runs, Sight
from mien_desktop.polygons import polygon
from mien_desktop.timeline.paint_keys import KeyPainter
from mien_desktop.timeline.paint_people import paint_person
from mien_desktop.timeline.paint_readings import paint_reading
from mien_desktop.timeline.paint_sight import paint_sight, paint_strip
from mien_desktop.timeline.paint_voice import paint_voice
from mien_desktop.timeline.pixmap_cache import painting
from mien_desktop.timeline.scene import TimelineScene
from mien_desktop.timeline.words import number

__all__ = ["lane_color", "paint_lanes"]

_CENTRE = Qt.AlignmentFlag.AlignCenter
_UNTRACKED = "not tracked"
_DASHES = (3.0, 2.0)
"""Of cuts, in pixels: they go on from lane to lane, as a lane's height is a multiple of them."""


def lane_color(lane: Lane) -> QColor:
    """Return the colour of a track: that of its control's region, grey for several regions."""
    part = region(lane.track.control) if lane.kind == "track" else None
    return theme.REGIONS[part] if part else theme.GHOST


def paint_lanes(painter: QPainter, scene: TimelineScene, ratio: float) -> None:
    """Paint the lanes in view.

    Args:
        painter: Paints on the widget.
        scene: The timeline.
        ratio: Device pixels a logical pixel.
    """
    names, top = scene.bands.names, scene.bands.lanes
    painter.save()
    painter.setClipRect(QRectF(names, top, scene.width, scene.height))
    grounds = _LaneBackgrounds(scene, ratio)
    keys = KeyPainter(scene, ratio)
    rows = scene.rows()
    # Lane by lane: what lies under the keys is still in the processor's cache when they come.
    for row in rows:
        lane = scene.lanes.rows[row]
        painter.drawPixmap(QPointF(names, scene.top(row)), grounds.of(lane))
        if lane.kind == "track":
            _paint_reach(painter, scene, row)
        keys.paint(painter, row)
    bottom = scene.top(rows.stop)
    painter.fillRect(QRectF(names, bottom, scene.width, scene.height), theme.WINDOW)
    painter.restore()


class _LaneBackgrounds:
    """Backgrounds under the keys of a lane; most lanes have the same, which is painted once.

    Args:
        scene: The timeline.
        ratio: Device pixels a logical pixel.
    """

    def __init__(self, scene: TimelineScene, ratio: float) -> None:
        self._scene, self._ratio = scene, ratio
        self._made: dict[tuple[int, str, bool, bool, Runs, str], QPixmap] = {}

    def of(self, lane: Lane) -> QPixmap:
        """Return the background of a lane."""
        chosen = lane.kind == "track" and lane.ref in self._scene.now.state.tracks
        sight = self._scene.sights[lane.face.number]
        weak = sight.weak_of(lane.track.control) if lane.kind == "track" else sight.weak
        what = str(lane.id[1]) if lane.kind == "voice" else lane.event
        name = (lane.face.number, lane.kind, chosen, lane.collapsed, weak, what)
        if name not in self._made:
            self._made[name] = self._ground(lane, chosen)
        return self._made[name]

    def _ground(self, lane: Lane, chosen: bool) -> QPixmap:
        scene = self._scene
        size = QSize(max(scene.width - scene.bands.names, 1), ROW)
        ground = QPixmap(size * self._ratio)
        ground.setDevicePixelRatio(self._ratio)
        ground.fill(theme.WINDOW)
        colors = {"face": theme.RAISED, "layer": theme.PANEL}
        left, right = scene.edge(0), scene.edge(scene.now.frame_count)
        with painting(ground) as painter:
            painter.translate(-scene.bands.names, 0)
            color = theme.SELECTED_ROW if chosen else colors.get(lane.kind, theme.WELL)
            sight = scene.sights[lane.face.number]
            if lane.kind == "person":
                paint_person(painter, scene, lane, sight)
            else:
                painter.fillRect(QRectF(left, 0, right - left, ROW - 1), color)
                self._paint_tracking(painter, lane, sight)
            _paint_untracked(painter, scene)
            _paint_mixes(painter, scene)
            _paint_cuts(painter, scene)
            _paint_outside(painter, scene)
        return ground

    def _paint_tracking(self, painter: QPainter, lane: Lane, sight: Sight) -> None:
        """Show where a face is seen badly, and take the ground away where it is not there."""
        scene = self._scene
        for rect in _rects(scene, sight.lost, 0, ROW - 1):
            painter.fillRect(rect, theme.WINDOW)
        if lane.kind == "sight":
            paint_sight(painter, scene, lane.face, sight, self._ratio)
        elif lane.kind in ("reading", "event"):
            paint_reading(painter, scene, lane)
        elif lane.kind == "voice":
            paint_voice(painter, scene, lane)
        elif lane.kind != "face":
            # Below it is there to be noticed, by the controls that it matters to.
            weak = sight.weak_of(lane.track.control) if lane.kind == "track" else sight.weak
            for rect in _rects(scene, weak, 0, ROW - 1):
                painter.fillRect(rect, _faded(theme.WEAK.rgba(), 45))
        elif lane.collapsed:
            # A lane that tells it plainly is hidden with the others.
            paint_strip(painter, scene, sight, self._ratio)
        if lane.kind in ("face", "sight"):
            for rect in _rects(scene, sight.lost, 0, ROW - 1):
                painter.fillRect(rect, QBrush(theme.LINE, Qt.BrushStyle.BDiagPattern))


def _rects(
    scene: TimelineScene, stretches: Iterable[tuple[int, int]], top: int, height: int
) -> list[QRectF]:
    seen = scene.axis.visible(scene.now.frame_count)
    return [
        QRectF(scene.edge(start), top, (stop - start) * scene.axis.scale, height)
        for start, stop in stretches
        if start < seen.stop and stop > seen.start
    ]


def _paint_untracked(painter: QPainter, scene: TimelineScene) -> None:
    """Cross out what was not tracked, and say so where there is room: edits do nothing there."""
    if scene.now.shot is None:
        return
    spans = [(span.start, span.stop) for span in scene.now.shot.untracked_spans()]
    for rect in _rects(scene, spans, 0, ROW - 1):
        painter.fillRect(rect, theme.WINDOW)
        painter.fillRect(rect, QBrush(theme.LINE, Qt.BrushStyle.DiagCrossPattern))
        shown = rect.intersected(QRectF(scene.bands.names, 0, scene.width, ROW))
        words = painter.fontMetrics().horizontalAdvance(_UNTRACKED)
        if shown.width() > 2 * words:
            area = QRectF(0, 0, words + 12, ROW - 1)
            area.moveCenter(shown.center())
            painter.fillRect(area, theme.WINDOW)
            painter.setPen(theme.DIM)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, _UNTRACKED)


def _paint_mixes(painter: QPainter, scene: TimelineScene) -> None:
    """Hatch where one shot becomes another, and edits fade."""
    if scene.now.shot is None:
        return
    spans = [(mix.start, mix.stop) for mix in scene.now.shot.mixes]
    for rect in _rects(scene, spans, 0, ROW - 1):
        painter.fillRect(rect, QBrush(theme.DIM, Qt.BrushStyle.FDiagPattern))


def _paint_cuts(painter: QPainter, scene: TimelineScene) -> None:
    shot = scene.now.shot
    if shot is None or not shot.cuts:
        return
    pen = QPen(theme.DIM, 1)
    pen.setDashPattern(_DASHES)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    for cut in shot.cuts:
        x = round(scene.edge(cut)) + 0.5
        painter.drawLine(QLineF(x, 0, x, ROW))


def _paint_outside(painter: QPainter, scene: TimelineScene) -> None:
    """Darken what lies before in and after out."""
    project = scene.now.project
    if project is None or project.span is None:
        return
    frames = scene.now.frame_count
    for start, stop in ((0, project.span.start), (project.span.stop, frames)):
        left, right = scene.edge(start), scene.edge(stop)
        painter.fillRect(QRectF(left, 0, right - left, ROW), _faded(theme.WINDOW.rgba(), 150))


def _paint_reach(painter: QPainter, scene: TimelineScene, row: int) -> None:
    """Paint where a track acts: its span with its fades, or a line between its keys."""
    lane, top = scene.lanes.rows[row], scene.top(row)
    keys, color = lane.track.keys, lane_color(lane).rgba()
    if lane.track.span is not None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_faded(color, 40 if lane.muted else 130))
        painter.drawPolygon(polygon(_fades(scene, lane, top + 3, top + ROW - 4)))
        if len(keys) == 1:
            _paint_amount(painter, scene, lane, top)
        return
    first, last = scene.x(keys[0].frame), scene.x(keys[-1].frame)
    if len(keys) == 1:
        first, last = scene.edge(0), scene.edge(scene.now.frame_count)
    middle = top + ROW / 2 - 0.5
    painter.setPen(_faded(color, 60 if lane.muted else 150))
    painter.drawLine(QLineF(first, middle, last, middle))


@cache
def _faded(color: int, alpha: int) -> QColor:
    faded = QColor.fromRgba(color)
    faded.setAlpha(alpha)
    return faded


def _paint_amount(painter: QPainter, scene: TimelineScene, lane: Lane, top: int) -> None:
    """Write a constant's value into its span, where there is room."""
    span = lane.track.span
    assert span is not None
    left, right = max(scene.edge(span.start), scene.bands.names), scene.edge(span.stop)
    if right - left > 60:
        painter.setFont(theme.small())
        painter.setPen(theme.DISABLED if lane.muted else theme.TEXT)
        text = number(lane.track.keys[0].value, lane)
        painter.drawText(QRectF(left, top, right - left, ROW - 1), _CENTRE, text)


def _fades(
    scene: TimelineScene, lane: Lane, top: float, bottom: float
) -> list[tuple[float, float]]:
    track = lane.track
    assert track.span is not None
    fade = min(track.fade, (len(track.span) - 1) / 2) * scene.axis.scale
    start, stop = scene.edge(track.span.start), scene.edge(track.span.stop)
    # Where it runs on from or to another span it is not eased, and so its end is upright.
    rise, fall = (0.0 if runs_on else fade for runs_on in lane.runs_on)
    return [(start, bottom), (start + rise, top), (stop - fall, top), (stop, bottom)]
