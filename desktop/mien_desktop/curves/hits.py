"""Hit testing in the curve editor; no Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.session.refs import KeyRef
from mien_desktop.curves.channels import CurveScene, Line
from mien_desktop.curves.view import View
from mien_desktop.geometry.curves import (
    key_points,
    keyed_curve,
    keys_between,
    nearest_point,
    points_inside,
    polyline_distance,
    sampled_curve,
)
from mien_desktop.geometry.handles import Side, handles

__all__ = ["HandleHit", "KeyHit", "LineHit", "grasp", "hit", "keys_inside"]

_NEAR = 7.0
"""Pixels from a key or handle that still mean it."""
_ALONG = 5.0
"""Pixels from a curve that still mean it."""


@dataclass(frozen=True, slots=True, eq=False)
class HandleHit:
    """A handle of a selected key."""

    line: Line
    index: int
    side: Side


@dataclass(frozen=True, slots=True)
class KeyHit:
    """A key, and its channel's name."""

    key: KeyRef
    channel: str


@dataclass(frozen=True, slots=True)
class LineHit:
    """A curve of a channel."""

    channel: str


def grasp(scene: CurveScene, view: View, x: float, y: float) -> HandleHit | KeyHit | None:
    """Return the handle or key that can be dragged at a pixel; of several the topmost.

    Args:
        scene: What is shown.
        view: Where the canvas looks.
        x: Pixels from the left.
        y: Pixels below the ruler.
    """
    return _handle(scene, view, x, y) or _key(scene, view, x, y)


def hit(scene: CurveScene, view: View, x: float, y: float) -> HandleHit | KeyHit | LineHit | None:
    """Return the hit of `grasp`; where nothing can be dragged, the curve that runs there."""
    return grasp(scene, view, x, y) or _curve(scene, view, x, y)


def _handle(scene: CurveScene, view: View, x: float, y: float) -> HandleHit | None:
    drawn = {line.ref for _, line in scene.lines}
    for line, index in reversed(scene.selected()):
        if line.ref not in drawn:
            continue
        key = line.track.keys[index]
        for side, (frames, value) in handles(line.track.keys, index).items():
            hx = view.time.x(key.frame + frames)
            hy = view.values.y((key.value + value) / line.unit)
            if np.hypot(hx - x, hy - y) <= _NEAR:
                return HandleHit(line, index, side)
    return None


def _key(scene: CurveScene, view: View, x: float, y: float) -> KeyHit | None:
    for channel, line in reversed(scene.lines):
        keys = line.track.keys
        shown = keys_between(keys, view.time.time(x - _NEAR), view.time.time(x + _NEAR))
        near = keys[shown.start : shown.stop]
        index = nearest_point(key_points(near, view.time, view.values, line.unit), x, y, _NEAR)
        if index is not None:
            return KeyHit(KeyRef(line.ref, near[index].frame), channel.name)
    return None


def _curve(scene: CurveScene, view: View, x: float, y: float) -> LineHit | None:
    best, nearest = None, _ALONG
    for channel in reversed(scene.drawn):
        curves = [
            keyed_curve(line.track.keys, view.time, view.values, line.unit)
            for line in channel.lines
            if not line.modifier
        ]
        if channel.result is not None and scene.valid is not None:
            curves += sampled_curve(
                channel.result, scene.valid, view.time, view.values, channel.unit
            )
        distance = min((polyline_distance(curve, x, y) for curve in curves), default=np.inf)
        if distance < nearest:
            best, nearest = LineHit(channel.name), distance
    return best


def keys_inside(
    scene: CurveScene, view: View, x0: float, y0: float, x1: float, y1: float
) -> frozenset[KeyRef]:
    """Return the keys of drawn lines in a box of pixels below the ruler."""
    return frozenset(
        KeyRef(line.ref, line.track.keys[i].frame)
        for _, line in scene.lines
        for i in points_inside(
            key_points(line.track.keys, view.time, view.values, line.unit), x0, y0, x1, y1
        )
    )
