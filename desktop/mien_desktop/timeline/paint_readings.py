"""Painting of what is read off a performance: a stripe for each kind, or a lane of marks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from mien.model.reading import PerformanceEvent
from mien_desktop import theme
from mien_desktop.geometry.lanes import ROW, Lane
from mien_desktop.geometry.readings import FaceEvents, stripes
from mien_desktop.timeline.scene import TimelineScene
from mien_desktop.words import title

__all__ = ["EVENT_COLORS", "going_on", "paint_reading"]

EVENT_COLORS: Final[dict[str, QColor]] = {
    "blink": QColor("#6f9fd0"),
    "eyes closed": QColor("#4a78a8"),
    "smile": QColor("#e0a44a"),
    "brow raise": QColor("#7fb574"),
    "frown": QColor("#c4665c"),
    "at the lens": QColor("#74b0a8"),
    "away": QColor("#7c8488"),
    "speech": QColor("#a488c8"),
    "feeling": QColor("#cf82a4"),
}
"""A colour for each kind of event."""
_LEAST: Final = 3.0
"""Width of a mark, however short its event is."""
_FAINTEST: Final = 0.4
"""Opacity of the weakest event."""
_INSET: Final = 3
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


def paint_reading(painter: QPainter, scene: TimelineScene, lane: Lane) -> None:
    """Paint the events of a lane: all kinds as stripes, or those of one with their words.

    Args:
        painter: Paints on the lane; its left edge is that of the widget.
        scene: The timeline.
        lane: The lane of all events, or of a kind.
    """
    events = scene.events.get(lane.face.number)
    if events is None:
        return
    if lane.event:
        _paint_kind(painter, scene, events, lane.event, _INSET, ROW - 1 - 2 * _INSET)
        _paint_words(painter, scene, events.of_kind(lane.event))
        return
    for kind, (top, height) in zip(events.kinds, stripes(len(events.kinds)), strict=True):
        _paint_kind(painter, scene, events, kind, top, height)


def _paint_kind(
    painter: QPainter, scene: TimelineScene, events: FaceEvents, kind: str, top: float,
    height: float,
) -> None:  # fmt: skip
    for event in events.ghosts(kind):
        painter.setPen(QPen(theme.GHOST, 1, Qt.PenStyle.DotLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(_area(scene, event, top, height).adjusted(0.5, 0.5, -0.5, -0.5))
    for event in events.of_kind(kind):
        color = QColor(EVENT_COLORS[kind])
        color.setAlphaF(_FAINTEST + (1 - _FAINTEST) * event.strength)
        painter.fillRect(_area(scene, event, top, height), color)


def _paint_words(
    painter: QPainter, scene: TimelineScene, events: Iterable[PerformanceEvent]
) -> None:
    """Write what there is to add into the marks that have room for it."""
    painter.setFont(theme.small())
    metrics = painter.fontMetrics()
    for event in events:
        shown = _area(scene, event, 0, ROW - 1)
        shown.setLeft(max(shown.left(), scene.bands.names))
        words = title(event.detail) if event.kind == "feeling" else event.detail
        if words and metrics.horizontalAdvance(words) + 8 <= shown.width():
            painter.setPen(QColor(Qt.GlobalColor.white))
            painter.drawText(shown.adjusted(4, 0, 0, 0), _LEFT, words)


def _area(scene: TimelineScene, event: PerformanceEvent, top: float, height: float) -> QRectF:
    left = scene.edge(event.span.start)
    width = max(len(event.span) * scene.axis.scale - 1, _LEAST)
    return QRectF(left, top, width, height)


def going_on(events: FaceEvents, kind: str, frame: int) -> str:
    """Say what goes on in a frame: of one kind what there is to add, or how strong it is.

    Args:
        events: Events of a face.
        kind: The kind; empty for the word of the strongest event of all.
        frame: The frame.
    """
    if kind:
        event = events.at(kind, frame)
        return "" if event is None else (event.detail or f"{event.strength:.0%}")
    now = [event for event in events.events if frame in event.span]
    # What a person would say first: looks go on nearly always.
    now.sort(key=lambda event: (event.kind in ("at the lens", "away"), len(event.span)))
    return ", ".join(_short(event) for event in now)


def _short(event: PerformanceEvent) -> str:
    if event.kind == "feeling":
        return event.detail
    return f"{event.kind} {event.detail}" if event.kind == "away" else event.kind
