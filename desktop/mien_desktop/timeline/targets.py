"""Targets under the pointer, the same for hovering and for pressing; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mien.model.reading import PerformanceEvent
from mien_desktop.geometry.bands import CellName, cells
from mien_desktop.geometry.lanes import Lane
from mien_desktop.geometry.select import GRIP, nearest
from mien_desktop.geometry.speech import VoiceMark
from mien_desktop.geometry.troubles import TroubleMark, mark_at
from mien_desktop.timeline.scene import TimelineScene

__all__ = ["Target", "target"]

TargetKind = Literal[
    "column", "heading", "cell", "ruler", "in", "out", "grip", "marker", "markers", "key", "span",
    "lane", "sight", "person", "correction", "event", "reading",
    "voice", "phone-edge", "trouble",
]  # fmt: skip
SpanPart = Literal["start", "body", "stop"]
_GRIPS = 10
"""Where, in the band of markers, the flags end and the bar over selected keys begins."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """The target under the pointer.

    Attributes:
        kind: What it is: the edge of the column of names, its head, a cell of it, the ruler (with
            the strips, on which one scrubs too), the in or out point, an end of the selection, a
            marker, the band of markers, a key, the span of a track, a lane, the lane that shows
            how surely a face is seen, a row of the face lane, or a frame in it whose landmarks
            were corrected, a mark of something that was read off the performance, or its lane, the
            lane of a voice, or the edge of a phone in it, a mark of frames with trouble.
        lane: The lane; None below the last.
        cell: The cell of the column of names.
        frame: Frame of a marker or key, or under the pointer where a face is seen.
        part: Of a span; of the selection its first or last end.
        bar: What the bar under the pointer stands for, where a face is seen.
        event: What was read, of a mark of it.
        mark: The phone or word under the pointer, in the lane of a voice.
        trouble: The frames with trouble, of a mark of them.
    """

    kind: TargetKind
    lane: Lane | None = None
    cell: CellName | None = None
    frame: int = 0
    part: SpanPart = "body"
    bar: str = ""
    event: PerformanceEvent | None = None
    mark: VoiceMark | None = None
    trouble: TroubleMark | None = None


def target(scene: TimelineScene, x: float, y: float) -> Target:
    """Return the target at a position of the widget."""
    names = scene.bands.names
    if abs(x - names) <= 3:
        return Target("column")
    if x < names:
        return _name(scene, x, y)
    band = scene.band(y)
    if band == "markers":
        return _marker(scene, x, y)
    if band == "lanes":
        return _lane(scene, x, y)
    if band == "troubles":
        mark = mark_at(scene.troubles, scene.axis, x - names)
        if mark is not None:
            return Target("trouble", frame=mark.frame, trouble=mark)
    project = scene.now.project
    if band == "ruler" and project is not None and project.span is not None:
        if abs(scene.edge(project.span.start) - x) <= GRIP:
            return Target("in")
        if abs(scene.edge(project.span.stop) - x) <= GRIP:
            return Target("out")
    return Target("ruler")


def _name(scene: TimelineScene, x: float, y: float) -> Target:
    lane = scene.lane(y)
    if lane is None:
        return Target("heading" if y < scene.bands.lanes else "lane")
    for cell in cells(lane, scene.bands.names):
        if cell.contains(x):
            return Target("cell", lane, cell.name)
    return Target("cell", lane, "name")


def _marker(scene: TimelineScene, x: float, y: float) -> Target:
    span = scene.selected.span
    if span is not None and span[0] != span[1] and y >= scene.bands.top("markers") + _GRIPS:
        if abs(scene.x(span[0]) - x) <= GRIP:
            return Target("grip", frame=span[0], part="start")
        if abs(scene.x(span[1]) - x) <= GRIP:
            return Target("grip", frame=span[1], part="stop")
    project = scene.now.project
    markers = [marker.frame for marker in project.markers] if project else []
    frame = nearest(scene.axis, markers, x - scene.bands.names)
    return Target("markers") if frame is None else Target("marker", frame=frame)


def _lane(scene: TimelineScene, x: float, y: float) -> Target:
    key, lane = scene.key(x, y), scene.lane(y)
    if lane is not None and lane.kind == "person":
        frame = nearest(scene.axis, lane.corrected, x - scene.bands.names)
        if frame is not None:
            return Target("correction", lane, frame=frame)
        return Target("person", lane, frame=scene.frame(x))
    if key is not None:
        return Target("key", key[0], frame=key[1])
    if lane is not None and lane.kind in ("reading", "event"):
        event = scene.event(lane, x, y)
        if event is not None:
            return Target("event", lane, frame=event.peak, event=event)
        return Target("reading", lane, frame=scene.frame(x))
    if lane is not None and lane.kind == "voice":
        mark = scene.voice_mark(lane, x)
        edge = mark is not None and mark.kind == "edge"
        return Target("phone-edge" if edge else "voice", lane, frame=scene.frame(x), mark=mark)
    if lane is not None and lane.kind == "sight":
        return Target("sight", lane, frame=scene.frame(x), bar=scene.bar(lane, y))
    if lane is not None and lane.kind == "track" and lane.track.span is not None:
        span = lane.track.span
        start, stop = scene.edge(span.start), scene.edge(span.stop)
        if abs(x - start) <= GRIP:
            return Target("span", lane, part="start")
        if abs(x - stop) <= GRIP:
            return Target("span", lane, part="stop")
        if start < x < stop:
            return Target("span", lane)
    return Target("lane", lane)
