"""Painting the lanes: where a face was tracked, where a track acts, and the keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen

from mien.model.edits import Track
from mien.model.face import Face
from mien_desktop import theme
from mien_desktop.geometry.lanes import ROW, Lane, region
from mien_desktop.geometry.marks import LEVELS, OUTLINE, Dots, paint, radius
from mien_desktop.polygons import polygon
from mien_desktop.timeline.scene import Scene, runs
from mien_desktop.timeline.words import number

__all__ = ["Tracking", "lane_color", "paint_keys", "paint_lanes", "tracking"]

_OUTSIDE = theme.WINDOW
_CENTRE = Qt.AlignmentFlag.AlignCenter
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
    rows = scene.rows()
    bottom = scene.top(rows.stop)
    # Every pixel once: these are the largest areas of the window after the picture.
    painter.fillRect(QRectF(left, area.top(), right - left, bottom - area.top()), theme.WELL)
    painter.fillRect(QRectF(area.left(), area.top(), left - area.left(), area.height()), _OUTSIDE)
    painter.fillRect(QRectF(right, area.top(), scene.width - right, area.height()), _OUTSIDE)
    painter.fillRect(QRectF(left, bottom, right - left, scene.height - bottom), _OUTSIDE)
    for row in rows:
        _paint_ground(painter, scene, row, left, right)
    for face, (first, last) in _faces(scene).items():
        _paint_tracking(painter, scene, first, last, weak[face])
    _paint_reaches(painter, scene)
    painter.setPen(theme.WINDOW)
    ends = [scene.top(row + 1) - 0.5 for row in rows]
    painter.drawLines([QLineF(left, y, right, y) for y in ends])
    _paint_cuts(painter, scene, bottom)
    _paint_outside(painter, scene, bottom)
    painter.restore()


def _paint_ground(painter: QPainter, scene: Scene, row: int, left: float, right: float) -> None:
    lane = scene.lanes.rows[row]
    rect = QRectF(left, scene.top(row), right - left, ROW)
    if lane.kind != "track":
        painter.fillRect(rect, theme.RAISED if lane.kind == "face" else theme.PANEL)
    elif lane.ref in scene.now.state.tracks:
        painter.fillRect(rect, theme.SELECTED_ROW)


def _faces(scene: Scene) -> dict[int, tuple[int, int]]:
    """The first and the last lane in view of every face."""
    found: dict[int, tuple[int, int]] = {}
    for row in scene.rows():
        number = scene.lanes.rows[row].face.number
        found[number] = (found.get(number, (row, row))[0], row)
    return found


def _paint_tracking(painter: QPainter, scene: Scene, first: int, last: int, weak: Tracking) -> None:
    """Tint a face's lanes where it was tracked weakly, and hatch its own where it is not there."""
    top, height = scene.top(first), (last - first + 1) * ROW
    tint, full = QColor(theme.WEAK), QColor(theme.WEAK)
    tint.setAlpha(45)
    full.setAlpha(190)
    for rect in _rects(scene, weak[0], top, height):
        painter.fillRect(rect, tint)
    for rect in _rects(scene, weak[1], top, height):
        painter.fillRect(rect, theme.WINDOW)
    if scene.lanes.rows[first].kind != "face":
        return
    # On the face's own lane it is told plainly, below it is there to be noticed.
    for rect in _rects(scene, weak[0], top + ROW - 4, 3):
        painter.fillRect(rect, full)
    for rect in _rects(scene, weak[1], top, ROW):
        painter.fillRect(rect, QBrush(theme.LINE, Qt.BrushStyle.BDiagPattern))


def _rects(
    scene: Scene, stretches: Iterable[tuple[int, int]], top: int, height: int
) -> list[QRectF]:
    seen = scene.axis.visible(scene.now.frame_count)
    return [
        QRectF(scene.edge(start), top, (stop - start) * scene.axis.scale, height)
        for start, stop in stretches
        if start < seen.stop and stop > seen.start
    ]


def _paint_reaches(painter: QPainter, scene: Scene) -> None:
    """Where tracks act: their span with its fades, or a line between their keys."""
    lines: defaultdict[tuple[int, int], list[QLineF]] = defaultdict(list)
    for row in scene.rows():
        lane = scene.lanes.rows[row]
        if lane.kind != "track":
            continue
        keys, color = lane.track.keys, lane_color(lane).rgba()
        if lane.track.span is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_faded(color, 40 if lane.muted else 130))
            _paint_span(painter, scene, row)
            continue
        first, last = scene.x(keys[0].frame), scene.x(keys[-1].frame)
        if len(keys) == 1:
            first, last = scene.edge(0), scene.edge(scene.now.frame_count)
        middle = scene.top(row) + ROW / 2 - 0.5
        lines[color, 60 if lane.muted else 150].append(QLineF(first, middle, last, middle))
    for (color, alpha), of_color in lines.items():
        painter.setPen(_faded(color, alpha))
        painter.drawLines(of_color)


def _paint_span(painter: QPainter, scene: Scene, row: int) -> None:
    lane, top = scene.lanes.rows[row], scene.top(row)
    painter.drawPolygon(polygon(_fades(scene, lane.track, top + 3, top + ROW - 4)))
    if len(lane.track.keys) == 1:
        _paint_amount(painter, scene, lane, top)


@cache
def _faded(color: int, alpha: int) -> QColor:
    faded = QColor.fromRgba(color)
    faded.setAlpha(alpha)
    return faded


def _paint_amount(painter: QPainter, scene: Scene, lane: Lane, top: int) -> None:
    """Write a constant's value into its span, where there is room."""
    span = lane.track.span
    assert span is not None
    left, right = max(scene.edge(span.start), scene.bands.names), scene.edge(span.stop)
    if right - left > 60:
        painter.setFont(theme.small())
        painter.setPen(theme.DISABLED if lane.muted else theme.TEXT)
        text = number(lane.track.keys[0].value, lane)
        painter.drawText(QRectF(left, top, right - left, ROW - 1), _CENTRE, text)


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
    width += -width % 4  # of a line of a QImage, in bytes
    indices = paint(_dots(scene, rows, width, ratio), len(rows), width, ratio)
    size = 2 * radius(ratio) + 1
    plain = QImage(indices.data, width, len(rows) * size, width, QImage.Format.Format_Indexed8)
    plain.setColorTable(_palette())
    image = plain.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    painter.save()
    painter.setClipRect(QRectF(scene.bands.names, scene.bands.lanes, scene.width, scene.height))
    _, _, begins = scene.lanes.every
    for at, row in enumerate(rows):
        if begins[row] == begins[row + 1]:
            continue
        # Whole device pixels, so that keys are as sharp as they were drawn.
        middle = round((scene.top(row) + ROW / 2 - 0.5) * ratio)
        top = (middle - size // 2) / ratio
        target = QRectF(scene.bands.names, top, width / ratio, size / ratio)
        painter.drawImage(target, image, QRectF(0, at * size, width, size))
    painter.restore()


def _dots(scene: Scene, rows: range, width: int, ratio: float) -> Dots:
    """The keys of lanes that are in view, or so near to it that a part of them is."""
    every, lane, begins = scene.lanes.every
    first, last = begins[rows.start], begins[rows.stop]
    x = np.floor(scene.axis.xs(every.frames[first:last]) * ratio).astype(np.int64)
    margin = 2 * radius(ratio)
    seen = (x >= -margin) & (x < width + margin)
    kind = scene.kinds[first:last]
    return Dots(
        lane[first:last][seen] - rows.start, x[seen], every.shapes[first:last][seen], kind[seen]
    )


@cache
def _palette() -> list[int]:
    """Colours of the indices of geometry/marks.py."""
    dark = QColor(theme.WINDOW)
    table = [0]
    for level in range(1, OUTLINE + 1):
        dark.setAlpha(round(200 * level / OUTLINE))
        table.append(dark.rgba())
    for color in (theme.DISABLED, theme.ACCENT, theme.SELECTION.lighter(125)):
        for level in range(1, LEVELS + 1):
            table.append(_mixed(theme.WINDOW, color, level / LEVELS).rgba())
    return table


def _mixed(a: QColor, b: QColor, share: float) -> QColor:
    return QColor(
        round(a.red() + (b.red() - a.red()) * share),
        round(a.green() + (b.green() - a.green()) * share),
        round(a.blue() + (b.blue() - a.blue()) * share),
    )
