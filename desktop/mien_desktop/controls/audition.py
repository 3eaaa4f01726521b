"""Values of an expression that is auditioned, and values that the edits add; no Qt."""

from __future__ import annotations

from collections.abc import Mapping

from mien.model.controls import ARKIT, INDEX
from mien.model.edits import ControlTrack
from mien_desktop.resolve import Resolved

__all__ = ["added_values", "audition_values"]


def audition_values(
    now: Resolved, weights: Mapping[str, float], strength: float
) -> tuple[tuple[str, float], ...]:
    """Return the values to add while an expression is auditioned, so that it looks as if applied.

    What the layer's own tracks of these names ask for already is not added twice.

    Args:
        now: Document and view state.
        weights: By control, expression or viseme, its weight.
        strength: How much of it.
    """
    return tuple(
        (name, weight * strength - _layer_value(now, name)) for name, weight in weights.items()
    )


def _layer_value(now: Resolved, name: str) -> float:
    tracks: tuple[ControlTrack, ...] = ()
    if now.edit is not None:
        tracks = now.edit.layer(now.state.layer).tracks
    for track in tracks:
        if (track.control, track.mode, track.span) == (name, "add", None):
            return float(track.values([now.state.frame])[0])
    return 0.0


def added_values(now: Resolved) -> dict[str, float]:
    """Return what the edits add to the performance at the playhead, by control.

    Without edits the result is empty.
    """
    if now.evaluated is None:
        return {}
    delta = now.evaluated.delta[now.state.frame]
    return {name: float(delta[INDEX[name]]) for name in ARKIT if delta[INDEX[name]]}
