"""Pulling at a face: handles on the picture, and what pulling one changes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mien._types import FloatArray
from mien.face.manipulate import drag, handles
from mien.model.controls import INDEX, NAMES
from mien.model.face import Face
from mien.session.commands import linked, partner, set_value
from mien_desktop.resolve import Resolved
from mien_desktop.viewer.faces import FaceShapes
from mien_desktop.words import title
from mien_desktop.workspace import Workspace

__all__ = ["FaceHandles", "one_sided"]

_REACH: Final = 11.0
"""View pixels within which a handle is taken hold of."""
_LINES = 4
"""Controls that are named while a handle is pulled; those that change most."""
_LEAST = 0.005
"""A change of a control that is worth naming."""


@dataclass(slots=True, eq=False)
class _Pull:
    """A handle being pulled.

    Attributes:
        handle: Its name.
        face: The face that it belongs to.
        frame: The frame in which it was taken hold of.
        target: (59,) what was asked of the face then.
        shown: (59,) the controls that it was moved to then.
        values: What the pull asks of controls by now.
    """

    handle: str
    face: Face
    frame: int
    target: FloatArray
    shown: FloatArray
    values: Mapping[str, float] = field(default_factory=dict)


class FaceHandles:
    """The handles of the current face; pulls are gestures of the workspace.

    Args:
        workspace: What is changed.
        faces: What is asked of the faces at the playhead.
    """

    def __init__(self, workspace: Workspace, faces: FaceShapes) -> None:
        self._workspace = workspace
        self._faces = faces
        self._hovered: str | None = None
        self._pulled: _Pull | None = None
        self._made_for: Resolved | None = None
        self._positions: Mapping[str, tuple[float, float]] = {}

    @property
    def held(self) -> str | None:
        """The handle that is pulled, or under the pointer."""
        return self._pulled.handle if self._pulled else self._hovered

    def handles(self, now: Resolved) -> Mapping[str, tuple[float, float]]:
        """Return the names and positions (pixels of the upright picture) of the handles."""
        if self._made_for is None or not _same(now, self._made_for):
            self._positions = (
                {}
                if now.face is None
                else {
                    name: (float(point[0]), float(point[1]))
                    for name, point in handles(
                        now.face,
                        now.state.frame,
                        self._faces.shown(now, now.face, now.state.frame),
                    ).items()
                }
            )
        self._made_for = now
        return self._positions

    def nearest(
        self, positions: Mapping[str, tuple[float, float]], x: float, y: float
    ) -> str | None:
        """Return the handle within reach of a point of the view; the nearest of several."""
        near = {name: math.hypot(px - x, py - y) for name, (px, py) in positions.items()}
        name = min(near, key=near.__getitem__, default=None)
        return name if name is not None and near[name] <= _REACH else None

    def hover(self, handle: str | None) -> bool:
        """Note what lies under the pointer; return whether that has changed."""
        news = handle != self._hovered
        self._hovered = handle
        return news

    def begin(self, now: Resolved) -> bool:
        """Take hold of the handle under the pointer; return whether there is one."""
        face, state = now.face, now.state
        if self._hovered is None or face is None or state.shot is None:
            return False
        target = self._faces.target(now, face, state.frame)
        shown = self._faces.shown(now, face, state.frame)
        self._pulled = _Pull(self._hovered, face, state.frame, target, shown)
        self._workspace.begin_gesture(f"Drag {title(self._hovered).lower()}")
        return True

    def move(self, by: tuple[float, float], *, both: bool, one: bool) -> None:
        """Pull the handle.

        Args:
            by: Pixels of the upright picture from where the pull began.
            both: Whether the other side of the face does the same.
            one: Whether the other side stays as it is, where it would move along.
        """
        pull, state = self._pulled, self._workspace.state
        if pull is None or state.shot is None:
            return
        shot, layer, auto_key = state.shot, state.layer, state.auto_key
        found = drag(pull.face, pull.frame, pull.shown, pull.handle, by)
        beside = pull.target - pull.shown
        values = {name: value + float(beside[INDEX[name]]) for name, value in found.items()}
        if one:
            values = one_sided(values, pull.handle)
        elif both:
            values = linked(values, dict(zip(NAMES, pull.target.tolist(), strict=True)))
        pull.values = values
        self._workspace.update_gesture(
            lambda document: set_value(
                document, shot, pull.face.number, values, pull.frame,
                layer=layer, auto_key=auto_key,
            )
        )  # fmt: skip

    def words(self) -> tuple[str, ...]:
        """Return the name of the handle, and while it is pulled the controls that change most."""
        if self.held is None:
            return ()
        pull = self._pulled
        if pull is None:
            return (title(self.held),)
        change = {name: v - float(pull.target[INDEX[name]]) for name, v in pull.values.items()}
        most = sorted(change, key=lambda name: -abs(change[name]))[:_LINES]
        lines = (
            f"{title(name)} {change[name]:+.2f}" for name in most if abs(change[name]) > _LEAST
        )
        return (title(pull.handle), *lines)

    def finish(self, *, keep: bool = True) -> None:
        """Let the handle go: as one step, or as if nothing had been pulled."""
        self._pulled = None
        self._workspace.finish_gesture(keep=keep)


def _same(now: Resolved, before: Resolved) -> bool:
    return (
        now.face is before.face
        and now.edits is before.edits
        and now.state.frame == before.state.frame
    )


def one_sided(values: Mapping[str, float], handle: str) -> dict[str, float]:
    """Return the values of controls without those of the side that a handle does not lie on.

    Args:
        values: What is asked of controls, by name.
        handle: Name of the handle; all stays for one in the middle of the face.
    """
    side = next((side for side in ("Left", "Right") if handle.endswith(side)), "")
    return {
        name: value
        for name, value in values.items()
        if name.endswith(side) or partner(name) is None
    }
