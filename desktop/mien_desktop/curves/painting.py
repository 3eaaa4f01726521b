"""Painting of the curve editor; every function paints one kind of thing."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from mien._types import BoolArray, DoubleArray
from mien.model.interpolate import sample
from mien.timebase import FrameRange
from mien_desktop import theme
from mien_desktop.curves.channels import COLORS, Channel, CurveScene, Line
from mien_desktop.curves.view import RULER, View
from mien_desktop.geometry.curves import key_points, keyed_curve, keys_between, sampled_curve
from mien_desktop.geometry.handles import handles
from mien_desktop.geometry.ruler import ticks
from mien_desktop.polygons import diamond, polygon
from mien_desktop.resolve import Resolved

__all__ = ["curve_color", "paint_curves", "paint_ground", "paint_now", "value_at"]

_KEY = 4.5
"""Half a key's diagonal in pixels."""
_MOST_DIAMONDS = 300
"""Beyond so many keys of a line in view they are points."""
_DENSE = 0.75
"""Pixels a frame below which curves are drawn without smooth edges."""
_FAINT = 0.5
"""How strongly curves are drawn as they were before smoothing."""


def curve_color(channel: Channel, alpha: float = 1.0) -> QColor:
    """Return the colour of a channel."""
    color = QColor(theme.CURVES[channel.color % COLORS])
    color.setAlphaF(alpha)
    return color


def paint_ground(painter: QPainter, view: View, now: Resolved, scene: CurveScene) -> None:
    """Paint ruler, grid, cuts, mixes, and the frames that are not to be edited or relied upon."""
    width, height = view.time.width, view.values.height
    painter.fillRect(QRectF(0, 0, width, height + RULER), theme.WELL)
    shot = now.shot
    if shot is None:
        return
    for span, color in _shades(now):
        left, right = view.time.edge(span.start), view.time.edge(span.stop)
        painter.fillRect(QRectF(left, RULER, right - left, height), color)
    _paint_values(painter, view, scene.channel(scene.active))
    painter.fillRect(QRectF(0, 0, width, RULER), theme.PANEL)
    painter.setFont(theme.small())
    for tick in ticks(view.time, shot.clock, view.units):
        x = round(tick.x) + 0.5
        painter.setPen(theme.LINE)
        painter.drawLine(QLineF(x, RULER - (8 if tick.text else 4), x, RULER))
        if tick.text:
            painter.setPen(theme.DIM)
            painter.drawText(QPointF(x + 4, RULER - 6), tick.text)
    for mix in shot.mixes:
        left, right = view.time.edge(mix.start), view.time.edge(mix.stop)
        hatched = QBrush(theme.DIM, Qt.BrushStyle.FDiagPattern)
        painter.fillRect(QRectF(left, RULER, right - left, height), hatched)
    painter.setPen(QPen(theme.DIM, 1, Qt.PenStyle.DashLine))
    for cut in shot.cuts:
        x = round(view.time.edge(cut)) + 0.5
        painter.drawLine(QLineF(x, RULER, x, RULER + height))


def _shades(now: Resolved) -> list[tuple[FrameRange, QColor]]:
    """Return the frames that are shaded, and how: outside of in and out, unseen, weakly tracked."""
    outside = QColor(theme.WINDOW)
    outside.setAlphaF(0.75)
    weak = QColor(theme.WEAK)
    weak.setAlphaF(0.14)
    beyond = 1 << 24
    spans = [FrameRange(0, now.span.start), FrameRange(now.span.stop, beyond)]
    shades = [(span, outside) for span in spans if len(span)]
    if now.face is not None:
        doubtful = ~now.face.valid | now.face.weak
        edges = np.flatnonzero(np.diff(np.concatenate([[False], doubtful, [False]])))
        shades += [(FrameRange(int(a), int(b)), weak) for a, b in edges.reshape(-1, 2)]
    return shades


def _paint_values(painter: QPainter, view: View, active: Channel | None) -> None:
    """Paint the grid; its labels are in the unit of the active channel."""
    painter.setFont(theme.small())
    grid = QColor(theme.LINE)
    grid.setAlphaF(0.55)
    step, values = view.values.ticks()
    unit = active.unit if active is not None else 1.0
    digits = max(0, -int(np.floor(np.log10(step * unit) + 1e-9)))
    sign = "" if unit == 1 else "°"
    for value in values:
        y = round(view.values.y(value)) + RULER + 0.5
        painter.setPen(theme.DISABLED if abs(value) < step / 2 else grid)
        painter.drawLine(QLineF(0, y, view.time.width, y))
        painter.setPen(theme.DIM)
        below = y < RULER + 12
        corner = QPointF(5, y + 12 if below else y - 3)
        painter.drawText(corner, f"{value * unit:.{digits}f}{sign}")


def paint_curves(painter: QPainter, view: View, scene: CurveScene) -> None:
    """Paint performance, result and edit of every channel that is drawn, and their keys."""
    painter.save()
    painter.setClipRect(QRectF(0, RULER, view.time.width, view.values.height))
    painter.translate(0, RULER)
    # Zoomed out, a curve is a zigzag in every column of pixels: smooth edges would cost a second
    # and show nothing.
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, not _dense(view))
    for channel in scene.drawn:
        _paint_channel(painter, view, scene, channel)
    for channel, line in scene.lines:
        _paint_line(painter, view, scene, channel, line)
    painter.restore()


def _dense(view: View) -> bool:
    return view.time.scale < _DENSE


def _paint_channel(painter: QPainter, view: View, scene: CurveScene, channel: Channel) -> None:
    if channel.source is None or channel.result is None or scene.valid is None:
        return
    active = channel.name == scene.active
    curves = [
        sampled_curve(values, scene.valid, view.time, view.values, channel.unit)
        for values in (channel.source, channel.result)
    ]
    if active and not _dense(view):
        # What the edit does: the room between performance and result.
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(curve_color(channel, 0.10))
        for before, after in zip(*curves, strict=True):
            painter.drawPolygon(polygon(np.concatenate([before, after[::-1]])))
        painter.setBrush(Qt.BrushStyle.NoBrush)
    ghost = QColor(theme.GHOST)
    ghost.setAlphaF(0.9 if active else 0.45)
    strong = curve_color(channel, 1.0 if active or channel.line is None else 0.75)
    # A line of more than one pixel goes through Qt's stroker, a hundred times slower where a curve
    # is rough: the result is drawn twice, a little apart.
    rough = []
    if channel.raw is not None:
        rough = sampled_curve(channel.raw, scene.valid, view.time, view.values, channel.unit)
    for runs, color, offsets in (
        (rough, curve_color(channel, _FAINT), (0.0,)),
        (curves[0], ghost, (0.0,)),
        (curves[1], strong, (-0.3, 0.3)),
    ):
        painter.setPen(QPen(color, 1))
        for run in runs:
            line = polygon(run)
            for offset in offsets:
                painter.drawPolyline(line.translated(0, offset))


def _paint_line(
    painter: QPainter, view: View, scene: CurveScene, channel: Channel, line: Line
) -> None:
    keys = line.track.keys
    active = channel.name == scene.active
    color = curve_color(channel, 0.4 if line.muted else (0.95 if active else 0.6))
    style = Qt.PenStyle.DotLine if line.modifier else Qt.PenStyle.DashLine
    painter.setPen(QPen(color, 1, style))
    painter.drawPolyline(polygon(keyed_curve(keys, view.time, view.values, line.unit)))
    chosen = {ref.frame for ref in scene.keys if ref.track == line.ref}
    left, right = view.time.time(-_KEY), view.time.time(view.time.width + _KEY)
    shown = keys_between(keys, left, right)
    if chosen:
        _paint_handles(painter, view, line, [i for i in shown if keys[i].frame in chosen])
    seen = keys[shown.start : shown.stop]
    points = key_points(seen, view.time, view.values, line.unit)
    selected = np.array([key.frame in chosen for key in seen], dtype=bool)
    held = np.array([key.interpolation == "hold" for key in seen], dtype=bool)
    _paint_keys(painter, points[~selected], held[~selected], color)
    _paint_keys(painter, points[selected], held[selected], theme.SELECTION)


def _paint_keys(
    painter: QPainter,
    points: DoubleArray,
    held: BoolArray,
    color: QColor,
) -> None:
    """Paint keys: diamonds, and squares where the value is held."""
    if len(points) > _MOST_DIAMONDS:
        painter.setPen(QPen(color, 3))
        painter.drawPoints(polygon(points))
        return
    painter.setPen(QPen(theme.WELL, 1))
    painter.setBrush(color)
    for (x, y), square in zip(points.tolist(), held.tolist(), strict=True):
        if square:
            side = _KEY * 0.8
            painter.drawRect(QRectF(x - side, y - side, 2 * side, 2 * side))
        else:
            painter.drawConvexPolygon(diamond(x, y, _KEY))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _paint_handles(painter: QPainter, view: View, line: Line, indices: Iterable[int]) -> None:
    painter.setBrush(theme.WELL)
    painter.setPen(QPen(theme.SELECTION, 1))
    for index in indices:
        key = line.track.keys[index]
        x, y = view.time.x(key.frame), view.values.y(key.value / line.unit)
        for frames, value in handles(line.track.keys, int(index)).values():
            hx = x + frames * view.time.scale
            hy = y - value / line.unit * view.values.scale
            painter.drawLine(QLineF(x, y, hx, hy))
            painter.drawEllipse(QPointF(hx, hy), 3.5, 3.5)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def paint_now(painter: QPainter, view: View, scene: CurveScene, frame: int) -> None:
    """Paint the playhead, and the values of the drawn channels at it."""
    x = view.time.x(frame)
    if not -1 <= x <= view.time.width + 1:
        return
    painter.setPen(QPen(theme.PLAYHEAD, 1))
    at = round(x - 0.5) + 0.5
    painter.drawLine(QLineF(at, 0, at, RULER + view.values.height))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setClipRect(QRectF(0, RULER, view.time.width, view.values.height))
    for channel in scene.drawn:
        value = value_at(scene, channel, frame)
        if value is None:
            continue
        painter.setPen(QPen(theme.WELL, 1))
        painter.setBrush(curve_color(channel))
        painter.drawEllipse(QPointF(x, view.values.y(value / channel.unit) + RULER), 3, 3)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def value_at(scene: CurveScene, channel: Channel, frame: int) -> float | None:
    """Return a channel's result at a frame; None where there is no face.

    An expression has no performance: its keyed value is the result.
    """
    if channel.result is not None:
        seen = scene.valid is not None and frame < len(scene.valid) and scene.valid[frame]
        return float(channel.result[frame]) if seen else None
    line = channel.line
    return float(sample(line.track.keys, [frame])[0]) if line else None
