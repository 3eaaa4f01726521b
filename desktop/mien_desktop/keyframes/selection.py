"""Selecting keys and lanes, and with them what the curve editor shows."""

from __future__ import annotations

from collections.abc import Iterable

from mien.errors import MienError
from mien.session.lookup import track_at
from mien.session.refs import KeyRef, TrackRef
from mien_desktop.workspace import Workspace

__all__ = ["choose", "choose_tracks"]


def choose(workspace: Workspace, keys: frozenset[KeyRef]) -> None:
    """Select keys, and the lanes that they lie in.

    Without keys the lanes stay as they are: who clicks beside a key still works on its control.
    """
    if keys == workspace.state.keys:
        return
    if not keys:
        workspace.set(keys=keys)
        return
    tracks = frozenset(key.track for key in keys)
    workspace.set(keys=keys, tracks=tracks, **_shown(workspace, tracks))


def choose_tracks(workspace: Workspace, tracks: Iterable[TrackRef]) -> None:
    """Select lanes."""
    chosen = frozenset(tracks)
    workspace.set(tracks=chosen, **_shown(workspace, chosen))


def _shown(workspace: Workspace, tracks: frozenset[TrackRef]) -> dict[str, object]:
    """Return the controls of lanes, their face and layer, as changes of the view state.

    Curves that are shown already stay: who picks a key of one of several keeps the others in view.
    """
    controls: dict[str, None] = {}
    for ref in sorted(tracks):
        try:
            controls[track_at(workspace.session.document, ref).control] = None
        except MienError:  # a lane that an undo took away since it was picked
            continue
    if not controls:
        return {}
    first = min(tracks)
    if controls.keys() <= set(workspace.state.controls):
        return {"face": first.face, "layer": first.layer}
    return {"controls": tuple(controls), "face": first.face, "layer": first.layer}
