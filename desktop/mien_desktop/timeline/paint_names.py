"""Painting the column of names: what a lane is, whether it acts, and its value at the playhead."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPen, QPixmap

from mien.model.face import Face
from mien_desktop import theme
from mien_desktop.geometry.bands import MARKERS, RULER, Band, Cell, cells
from mien_desktop.geometry.lanes import ROW, Lane
from mien_desktop.geometry.ruler import label
from mien_desktop.icons import paint_icon
from mien_desktop.timeline.paint_lanes import lane_color
from mien_desktop.timeline.paint_people import paint_portrait
from mien_desktop.timeline.paint_readings import EVENT_COLORS, going_on
from mien_desktop.timeline.paint_sight import doubt_color
from mien_desktop.timeline.scene import TimelineScene
from mien_desktop.timeline.words import MODES, number
from mien_desktop.words import count, short_title, title

__all__ = [
    "paint_bracket",
    "paint_headings",
    "paint_names",
    "paint_playhead",
    "paint_values",
]

_HEADINGS: dict[Band, str] = {
    "markers": "Markers", "troubles": "Trouble", "thumbnails": "Pictures", "waveform": "Sound",
}  # fmt: skip
_ICON = 12
"""Side of the icons in logical pixels."""
_SEEN = 3.0
"""Radius of the dot of a face that is seen at the playhead."""
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
_CENTRE = Qt.AlignmentFlag.AlignCenter


def paint_headings(painter: QPainter, scene: TimelineScene) -> None:
    """Paint the names of the bands above the lanes."""
    names = scene.bands.names
    painter.fillRect(QRect(0, 0, names, scene.bands.lanes), theme.PANEL)
    painter.setFont(theme.small())
    painter.setPen(theme.DIM)
    for band, top, height in scene.bands.every():
        if band in _HEADINGS:
            painter.drawText(QRect(8, top, names - 16, height), _LEFT, _HEADINGS[band])
        painter.fillRect(QRect(0, top + height - 1, names, 1), theme.WINDOW)
    painter.fillRect(QRect(names - 1, 0, 1, scene.bands.lanes), theme.WINDOW)


def paint_names(
    painter: QPainter, scene: TimelineScene, portrait: Callable[[Face], QImage | None]
) -> None:
    """Paint everything of the lanes' names that does not change with the playhead.

    Args:
        painter: Paints on the widget.
        scene: The timeline.
        portrait: Gives the picture of a face; None while there is none.
    """
    names = scene.bands.names
    painter.save()
    painter.setClipRect(0, scene.bands.lanes, names, scene.height)
    painter.fillRect(QRect(0, scene.bands.lanes, names, scene.height), theme.PANEL)
    painter.setFont(theme.small())
    for row in scene.rows():
        _paint_name(painter, scene, row, portrait)
    painter.fillRect(QRect(names - 1, scene.bands.lanes, 1, scene.height), theme.WINDOW)
    painter.restore()


def _paint_name(
    painter: QPainter, scene: TimelineScene, row: int, portrait: Callable[[Face], QImage | None]
) -> None:
    lane = scene.lanes.rows[row]
    top = scene.top(row)
    state = scene.now.state
    ground = theme.PANEL
    if lane.kind == "face":
        ground = theme.RAISED
    elif _selected(lane, scene):
        ground = theme.SELECTED_ROW
    painter.fillRect(QRect(0, top, scene.bands.names, ROW - 1), ground)
    painter.fillRect(QRect(0, top + ROW - 1, scene.bands.names, 1), theme.WINDOW)
    current = lane.face.number == state.face
    if lane.kind in ("person", "face") and current:
        painter.fillRect(QRect(0, top, 3, ROW - 1), theme.ACCENT)
    if lane.kind == "track":
        painter.fillRect(QRect(24, top + 4, 3, ROW - 9), lane_color(lane))
    elif lane.kind == "event":
        painter.fillRect(QRect(24, top + 4, 3, ROW - 9), EVENT_COLORS[lane.event])
    for cell in cells(lane, scene.bands.names):
        rect = QRect(cell.left, top, cell.width, ROW - 1)
        if cell.name == "fold":
            _paint_picture(painter, "right" if lane.collapsed else "down", rect, theme.DIM)
        elif cell.name == "portrait":
            paint_portrait(painter, rect, portrait(lane.face))
        elif cell.name == "name":
            target = lane.kind == "layer" and current and lane.id[1] == state.layer
            _paint_title(painter, rect, lane, target)
        elif cell.name == "mute" and lane.layer is not None:
            color = theme.DISABLED if lane.layer.muted else theme.DIM
            icon = "no-eye" if lane.layer.muted else "eye"
            _paint_picture(painter, icon, rect, color)
        elif cell.name == "weight" and lane.layer is not None:
            painter.setPen(theme.DIM)
            painter.drawText(rect.adjusted(0, 0, -6, 0), _RIGHT, f"{lane.layer.weight:.0%}")
        elif cell.name == "key":
            _paint_picture(painter, "no-key", rect, theme.DISABLED)
        elif cell.name == "mode":
            painter.setPen(theme.DIM)
            painter.drawText(rect, _CENTRE, MODES[lane.track.mode][0])


def _selected(lane: Lane, scene: TimelineScene) -> bool:
    if lane.kind == "person":
        return lane.face.number in scene.now.state.faces
    return lane.kind == "track" and lane.ref in scene.now.state.tracks


def _paint_picture(painter: QPainter, name: str, rect: QRect, color: QColor) -> None:
    """Paint an icon into the middle of a cell."""
    ratio = painter.device().devicePixelRatioF()
    corner = QPointF(rect.center()) + QPointF(0.5 - _ICON / 2, 0.5 - _ICON / 2)
    painter.drawPixmap(corner, _picture(name, color.rgba(), ratio))


@lru_cache(maxsize=32)
def _picture(name: str, color: int, ratio: float) -> QPixmap:
    """Return an icon as pixels: a hundred of it are in view, all of one path."""
    side = math.ceil(_ICON * ratio)
    picture = QPixmap(side, side)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    paint_icon(painter, name, QRectF(0, 0, _ICON, _ICON), QColor.fromRgba(color))
    painter.end()
    return picture


def _paint_title(painter: QPainter, rect: QRect, lane: Lane, target: bool) -> None:
    """Write what a lane is called; the layer that new keys go to stands out."""
    if lane.kind == "track":
        text, color = short_title(lane.track.control), theme.TEXT
    elif lane.kind == "sight":
        text, color = "In front", theme.DIM
    elif lane.kind == "reading":
        text, color = "What it does", theme.DIM
    elif lane.kind == "event":
        text, color = title(lane.event), theme.TEXT
    elif lane.kind == "voice" and lane.layer is not None and lane.layer.voice is not None:
        sound = lane.layer.voice.sound
        text = f"{lane.layer.name}: {'own sound' if sound is None else sound.name}"
        color = theme.DIM
    elif lane.layer is not None:
        text, color = lane.layer.name, theme.ACCENT if target else theme.TEXT
    else:
        text, color = lane.face.name, theme.TEXT
    painter.setPen(theme.DISABLED if lane.muted else color)
    painter.drawText(rect, _LEFT, _elided(text, rect.width() - 6))
    keys = sum(len(track.keys) for _, track in lane.tracks)
    if lane.kind == "face" and keys:
        painter.setPen(theme.DIM)
        painter.drawText(rect.adjusted(0, 0, -8, 0), _RIGHT, count(keys, "key"))


@lru_cache(maxsize=512)
def _elided(text: str, width: int) -> str:
    """Return a text cut to a width; names are measured once, not with every repaint."""
    return QFontMetrics(theme.small()).elidedText(text, Qt.TextElideMode.ElideRight, width)


def paint_values(painter: QPainter, scene: TimelineScene) -> None:
    """Paint the playhead, the tracks' values there, and whether they have a key there."""
    shot, state = scene.now.shot, scene.now.state
    if shot is None:
        return
    painter.save()
    painter.setFont(theme.figures())
    painter.setPen(theme.TEXT)
    area = QRect(8, 0, scene.bands.names - 16, RULER)
    painter.drawText(area, _LEFT, label(shot.clock, state.frame, state.units))
    painter.setClipRect(0, scene.bands.lanes, scene.bands.names, scene.height)
    painter.setFont(theme.small())
    for row in scene.rows():
        lane = scene.lanes.rows[row]
        if lane.kind == "sight":
            _paint_worst(painter, scene, row)
        elif lane.kind in ("reading", "event"):
            _paint_going_on(painter, scene, row)
        elif lane.kind == "person" and lane.face.valid[state.frame]:
            _paint_seen(painter, scene, row)
        if lane.kind != "track":
            continue
        value, key = (c for c in cells(lane, scene.bands.names) if c.name in ("value", "key"))
        painter.setPen(theme.DISABLED if lane.muted else theme.DIM)
        painter.drawText(_rect(scene, row, value), _RIGHT, number(lane.value(state.frame), lane))
        if lane.track.key_at(state.frame) is not None:
            _paint_picture(painter, "key", _rect(scene, row, key), theme.ACCENT)
    painter.restore()


def _paint_worst(painter: QPainter, scene: TimelineScene, row: int) -> None:
    """Write which region is seen least surely at the playhead, and how surely."""
    lane = scene.lanes.rows[row]
    worst = scene.sights[lane.face.number].worst(scene.now.state.frame)
    cell = next(c for c in cells(lane, scene.bands.names) if c.name == "sight")
    rect = _rect(scene, row, cell).adjusted(0, 0, -8, 0)
    painter.setPen(theme.DISABLED if worst is None else doubt_color(worst[1]))
    painter.drawText(rect, _RIGHT, "not seen" if worst is None else f"{worst[0]} {worst[1]:.0%}")


def _paint_going_on(painter: QPainter, scene: TimelineScene, row: int) -> None:
    """Write what the face does at the playhead; of one kind what there is to add, or how much."""
    lane = scene.lanes.rows[row]
    events = scene.events.get(lane.face.number)
    cell = next(c for c in cells(lane, scene.bands.names) if c.name == "event")
    rect = _rect(scene, row, cell).adjusted(0, 0, -8, 0)
    painter.setPen(theme.DIM)
    if events is None:
        painter.drawText(rect, _RIGHT, "reading…")
        return
    text = going_on(events, lane.event, scene.now.state.frame)
    painter.drawText(rect, _RIGHT, _elided(text, rect.width()))


def _paint_seen(painter: QPainter, scene: TimelineScene, row: int) -> None:
    """Mark a face that is seen at the playhead."""
    lane = scene.lanes.rows[row]
    cell = next(c for c in cells(lane, scene.bands.names) if c.name == "seen")
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.ACCENT if lane.face.number == scene.now.state.face else theme.GHOST)
    painter.drawEllipse(QRectF(_rect(scene, row, cell)).center(), _SEEN, _SEEN)
    painter.restore()


def _rect(scene: TimelineScene, row: int, cell: Cell) -> QRect:
    return QRect(cell.left, scene.top(row), cell.width, ROW - 1)


def paint_playhead(painter: QPainter, scene: TimelineScene) -> None:
    """Paint the playhead: a line through its frame's middle, and the frame where it is wide."""
    if not scene.now.frame_count:
        return
    frame = scene.now.state.frame
    painter.save()
    painter.setClipRect(scene.bands.names, 0, scene.width, scene.height)
    left, width = scene.edge(frame), scene.axis.scale
    if width > 4:
        band = QColor(theme.PLAYHEAD)
        band.setAlpha(22)
        painter.fillRect(QRectF(left, RULER, width, scene.height), band)
    x = round(scene.x(frame)) + 0.5
    painter.setPen(QPen(theme.PLAYHEAD, 1))
    painter.drawLine(QPointF(x, RULER - 1), QPointF(x, scene.height))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.PLAYHEAD)
    head = ((-5, RULER - 13), (5, RULER - 13), (5, RULER - 7), (0, RULER - 1), (-5, RULER - 7))
    painter.drawPolygon([QPointF(x + dx, y) for dx, y in head])
    painter.restore()


def paint_bracket(painter: QPainter, scene: TimelineScene, hot: int | None = None) -> None:
    """Paint the bar over selected keys, whose ends scale them in time.

    Args:
        painter: Paints on the widget.
        scene: The timeline.
        hot: 0 or 1 when the pointer is over the first or the last end.
    """
    span = scene.selected.span
    if span is None or span[0] == span[1]:
        return
    painter.save()
    painter.setClipRect(scene.bands.names, 0, scene.width, scene.height)
    top = RULER + MARKERS - 6
    left, right = scene.x(span[0]), scene.x(span[1])
    bar = QColor(theme.SELECTION)
    bar.setAlpha(110)
    painter.fillRect(QRectF(left, top, right - left, 4), bar)
    for end, x in enumerate((left, right)):
        color = theme.SELECTION.lighter(130) if end == hot else theme.SELECTION
        painter.fillRect(QRectF(x - 2, top - 2, 4, 8), color)
    painter.restore()
