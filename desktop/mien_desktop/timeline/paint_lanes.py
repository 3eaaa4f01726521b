"""Painting the lanes: where a face was tracked, where a track acts, and the keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen

from mien.model.edits import Track
from mien.model.face import Face
from mien_desktop import theme
from mien_desktop.geometry.lanes import ROW, Lane, region
from mien_desktop.geometry.marks import CLASSES, LEVELS, OUTLINE, Dots, paint, radius, thinned
from mien_desktop.polygons import polygon
from mien_desktop.timeline.scene import Scene, runs

__all__ = ["Tracking", "lane_color", "paint_keys", "paint_lanes", "tracking"]

Tracking = tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]
"""Stretches of frames in which a face was tracked weakly, and in which it was not there."""


def tracking(face: Face) -> Tracking:
    """Where a face cannot be relied upon, and where it is not there."""
    return runs(face.weak), runs(~face.valid)


def lane_color(lane: Lane) -> QColor:
    """The colour of a track: that of its control's region, grey for several regions."""
    part = region(lane.track.control) if lane.kind == "track" else None
    return theme.REGIONS[part] if part else theme.GHOST


def paint_lanes(painter: QPainter, scene: Scene, weak: Mapping[int, Tracking]) -> None:
    """The grounds of the lanes in view and what lies under their keys.

    Args:
        painter: Paints on the widget.
        scene: The timeline.
        weak: By the number of a face, where its tracking is weak or missing.
    """
    frames = scene.now.frame_count
    left, right = scene.edge(0), scene.edge(frames)
    area = QRectF(scene.bands.names, scene.bands.lanes, scene.width, scene.height)
    painter.save()
    painter.setClipRect(area)
    painter.fillRect(area, theme.WINDOW)
    rows = scene.rows()
    bottom = scene.top(rows.stop)
    painter.fillRect(QRectF(left, area.top(), right - left, bottom - area.top()), theme.WELL)
    for row in rows:
        _paint_ground(painter, scene, row, left, right)
    for row in rows:
        lane = scene.lanes.rows[row]
        _paint_tracking(painter, scene, row, weak[lane.face.number])
        if lane.kind == "track":
            _paint_reach(painter, scene, row)
    _paint_cuts(painter, scene, bottom)
    _paint_outside(painter, scene, bottom)
    painter.restore()


def _paint_ground(painter: QPainter, scene: Scene, row: int, left: float, right: float) -> None:
    lane = scene.lanes.rows[row]
    rect = QRectF(left, scene.top(row), right - left, ROW - 1)
    if lane.kind != "track":
        painter.fillRect(rect, theme.RAISED if lane.kind == "face" else theme.PANEL)
    elif lane.ref in scene.now.state.tracks:
        painter.fillRect(rect, theme.SELECTED_ROW)
    painter.fillRect(QRectF(left, rect.bottom(), right - left, 1), theme.WINDOW)


def _paint_tracking(painter: QPainter, scene: Scene, row: int, weak: Tracking) -> None:
    top = scene.top(row)
    lane = scene.lanes.rows[row]
    # On the face's own lane the colour is full, below it a tint: it is there to be noticed once.
    color = QColor(theme.WEAK)
    color.setAlpha(170 if lane.kind == "face" else 50)
    for rect in _rects(scene, weak[0], top):
        painter.fillRect(rect, color)
    for rect in _rects(scene, weak[1], top):
        painter.fillRect(rect, theme.WINDOW)
        if lane.kind == "face":
            painter.fillRect(rect, QBrush(theme.LINE, Qt.BrushStyle.BDiagPattern))


def _rects(scene: Scene, stretches: Iterable[tuple[int, int]], top: int) -> list[QRectF]:
    seen = scene.axis.visible(scene.now.frame_count)
    return [
        QRectF(scene.edge(start), top, (stop - start) * scene.axis.scale, ROW - 1)
        for start, stop in stretches
        if start < seen.stop and stop > seen.start
    ]


def _paint_reach(painter: QPainter, scene: Scene, row: int) -> None:
    """Where a track acts: its span with its fades, or a line between its keys."""
    lane = scene.lanes.rows[row]
    color = QColor(lane_color(lane))
    color.setAlpha(60 if lane.muted else 150)
    top = scene.top(row)
    middle = top + ROW / 2 - 0.5
    track = lane.track
    if track.span is not None:
        color.setAlpha(25 if lane.muted else 70)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawPolygon(polygon(_fades(scene, track, top + 3, top + ROW - 4)))
        return
    painter.setPen(QPen(color, 1))
    first, last = scene.x(track.keys[0].frame), scene.x(track.keys[-1].frame)
    if len(track.keys) == 1:
        first, last = scene.edge(0), scene.edge(scene.now.frame_count)
    painter.drawLine(QLineF(first, middle, last, middle))


def _fades(scene: Scene, track: Track, top: float, bottom: float) -> list[tuple[float, float]]:
    assert track.span is not None
    fade = min(track.fade, (len(track.span) - 1) / 2)
    start, stop = scene.edge(track.span.start), scene.edge(track.span.stop)
    slope = fade * scene.axis.scale
    return [(start, bottom), (start + slope, top), (stop - slope, top), (stop, bottom)]


def _paint_cuts(painter: QPainter, scene: Scene, bottom: int) -> None:
    shot = scene.now.shot
    if shot is None or not shot.cuts:
        return
    painter.setPen(QPen(theme.DIM, 1, Qt.PenStyle.DashLine))
    lines = [round(scene.edge(cut)) + 0.5 for cut in shot.cuts]
    painter.drawLines([QLineF(x, scene.bands.lanes, x, bottom) for x in lines])


def _paint_outside(painter: QPainter, scene: Scene, bottom: int) -> None:
    """Darken what lies before in and after out."""
    project = scene.now.project
    if project is None or project.span is None:
        return
    shade = QColor(theme.WINDOW)
    shade.setAlpha(150)
    top, frames = scene.bands.lanes, scene.now.frame_count
    for start, stop in ((0, project.span.start), (project.span.stop, frames)):
        left, right = scene.edge(start), scene.edge(stop)
        painter.fillRect(QRectF(left, top, right - left, bottom - top), shade)


def paint_keys(painter: QPainter, scene: Scene, ratio: float) -> None:
    """The keys of the lanes in view.

    Args:
        painter: Paints on the widget.
        scene: The timeline.
        ratio: Device pixels a logical pixel.
    """
    rows = scene.rows()
    width = round((scene.width - scene.bands.names) * ratio)
    if not len(rows) or width <= 0:
        return
    lanes = [_dots(scene, scene.lanes.rows[row], width, ratio) for row in rows]
    filled = [i for i, dots in enumerate(lanes) if len(dots.x)]
    if not filled:
        return
    width += -width % 4  # of a line of a QImage, in bytes
    indices = paint([lanes[i] for i in filled], width, ratio)
    size = 2 * radius(ratio) + 1
    plain = QImage(indices.data, width, len(filled) * size, width, QImage.Format.Format_Indexed8)
    plain.setColorTable(_palette())
    image = plain.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    painter.save()
    painter.setClipRect(QRectF(scene.bands.names, scene.bands.lanes, scene.width, scene.height))
    for at, i in enumerate(filled):
        # Whole device pixels, so that keys are as sharp as they were drawn.
        middle = round((scene.top(rows[i]) + ROW / 2 - 0.5) * ratio)
        target = QRectF(
            scene.bands.names, (middle - size // 2) / ratio, width / ratio, size / ratio
        )
        painter.drawImage(target, image, QRectF(0, at * size, width, size))
    painter.restore()


def _dots(scene: Scene, lane: Lane, width: int, ratio: float) -> Dots:
    frames = lane.marks.frames
    margin = 8 * ratio
    low, high = (scene.axis.time(x / ratio) for x in (-margin, width + margin))
    first, last = np.searchsorted(frames, [low, high])
    seen = frames[first:last]
    kind = np.full(len(seen), CLASSES.index("plain"), np.uint8)
    if lane.muted:
        kind[:] = CLASSES.index("muted")
    if scene.selected:
        kind[scene.selected.of(lane, seen)] = CLASSES.index("selected")
    x = np.floor(scene.axis.xs(seen) * ratio).astype(np.int64)
    return thinned(Dots(x, lane.marks.shapes[first:last], kind), ratio)


@cache
def _palette() -> list[int]:
    """Colours of the indices of geometry/marks.py."""
    dark = QColor(theme.WINDOW)
    table = [0]
    for level in range(1, OUTLINE + 1):
        dark.setAlpha(round(200 * level / OUTLINE))
        table.append(dark.rgba())
    for color in (theme.DISABLED, theme.ACCENT, QColor(theme.SELECTION).lighter(125)):
        for level in range(1, LEVELS + 1):
            share = level / LEVELS
            mixed = [
                round(a + (b - a) * share)
                for a, b in zip(theme.WINDOW.getRgb()[:3], color.getRgb()[:3], strict=True)
            ]
            table.append(QColor(*mixed).rgba())
    return table


def key_point(scene: Scene, row: int, frame: int) -> QPointF:
    """The middle of a key on the widget."""
    return QPointF(scene.x(frame), scene.top(row) + ROW / 2 - 0.5)
