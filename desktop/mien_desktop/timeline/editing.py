"""Editing of faces, layers, lanes and markers from the timeline."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect

from mien.errors import UsageError
from mien.model.document import Document
from mien.model.edits import Mode
from mien.model.marker import Marker
from mien.session.commands import (
    add_layer,
    add_marker,
    insert_key,
    remove_layer,
    remove_marker,
    remove_track,
    rename_face,
    rename_layer,
    rename_marker,
    set_layer,
    set_span,
    set_track,
)
from mien.session.refs import KeyRef
from mien.timebase import FrameRange
from mien_desktop.geometry.bands import MARKERS, cells
from mien_desktop.geometry.lanes import ROW, Lane
from mien_desktop.geometry.select import SelectMode
from mien_desktop.keyframes.editing import KeyEditing
from mien_desktop.keyframes.selection import choose, choose_tracks
from mien_desktop.timeline.surface import TimelineSurface
from mien_desktop.timeline.targets import Target
from mien_desktop.timeline.voice_editing import VoiceEditing
from mien_desktop.words import title

__all__ = ["LaneEditing"]


class LaneEditing:
    """Editing of faces, layers, tracks and markers.

    Args:
        surface: The timeline, over which names and values are typed.
    """

    def __init__(self, surface: TimelineSurface) -> None:
        self._surface = surface
        self._workspace = surface.workspace
        self.keys = KeyEditing(surface.workspace)
        self.voices = VoiceEditing(surface)

    @property
    def shot(self) -> str:
        """Id of the current shot."""
        shot = self._workspace.state.shot
        assert shot is not None
        return shot

    def choose_lane(self, lane: Lane, how: SelectMode | None) -> None:
        """Work on a face, a layer or a track; with Shift or Ctrl on several tracks."""
        if lane.kind == "person" and how is not None:
            self._choose_person(lane.face.number)
        elif lane.kind in ("person", "face", "sight", "reading", "event"):
            self._workspace.set(face=lane.face.number, faces=frozenset())
        elif lane.kind in ("layer", "voice") and lane.layer is not None:
            self._workspace.set(face=lane.face.number, layer=lane.layer.name)
        elif how is None:
            choose_tracks(self._workspace, [lane.ref])
        else:
            choose_tracks(self._workspace, self._workspace.state.tracks ^ {lane.ref})

    def _choose_person(self, number: int) -> None:
        """Select one more face, or one less; one always stays."""
        state = self._workspace.state
        faces = state.faces ^ {number}
        if faces:
            current = state.face if state.face in faces else min(faces)
            self._workspace.set(face=current, faces=faces)

    def choose_keys(self, lane: Lane) -> None:
        """Select all keys of a track, or of all tracks below."""
        frames = self._workspace.now.frame_count
        choose(self._workspace, frozenset(lane.keys_between(0, frames)))

    def toggle_key(self, lane: Lane) -> None:
        """Set a key at the playhead, or take away the one there."""
        keyed = lane.track.key_at(self._workspace.state.frame) is not None
        self.keys.toggle_key(lane.ref, lane.track.control, keyed)

    def add_key(self, lane: Lane, frame: int) -> None:
        """Set a key on a track's curve."""
        ref = lane.ref
        if self._apply(f"Key {title(lane.track.control)}", lambda d: insert_key(d, ref, frame)):
            choose(self._workspace, frozenset({KeyRef(ref, frame)}))

    def mute(self, lane: Lane) -> None:
        """Leave a layer out, or take it in again."""
        if lane.layer is None:
            return
        face, layer = lane.face.number, lane.layer
        verb = "Unmute" if layer.muted else "Mute"
        self._apply(
            f"{verb} {layer.name}",
            lambda d: set_layer(d, self.shot, face, layer.name, muted=not layer.muted),
        )

    def set_mode(self, lane: Lane, mode: Mode) -> None:
        """Let a track do something else with the performance."""
        ref = lane.ref
        name = f"{title(mode)} {title(lane.track.control).lower()}"
        self._apply(name, lambda d: set_track(d, ref, mode=mode))

    def set_span(self, lane: Lane, span: FrameRange | None) -> None:
        """Let a track act between in and out only, or everywhere."""
        ref = lane.ref
        name = "Act between in and out" if span else "Act everywhere"
        self._apply(name, lambda d: set_track(d, ref, span=span))

    def add_layer(self, face: int) -> None:
        """Put a new layer on top, and let new keys go to it."""
        project = self._workspace.project
        if project is None:
            return
        taken = {layer.name for layer in project.edit(face).layers}
        number = next(n for n in range(1, len(taken) + 2) if f"layer {n}" not in taken)
        name = f"layer {number}"
        if self._apply(f"Add {name}", lambda d: add_layer(d, self.shot, face, name)):
            self._workspace.set(face=face, layer=name)

    def remove(self, lane: Lane) -> None:
        """Take a layer or a track away."""
        if lane.kind == "track":
            ref = lane.ref
            self._apply(
                f"Remove {title(lane.track.control).lower()}", lambda d: remove_track(d, ref)
            )
        elif lane.layer is not None:
            face, name = lane.face.number, lane.layer.name
            self._apply(f"Remove layer {name}", lambda d: remove_layer(d, self.shot, face, name))

    def add_marker(self, frame: int) -> None:
        """Set a marker, unless there is one."""
        project = self._workspace.project
        if project is None or any(marker.frame == frame for marker in project.markers):
            return
        self._apply("Add marker", lambda d: add_marker(d, self.shot, frame))

    def add_named_marker(self, frame: int, name: str) -> None:
        """Set a marker with a name; one that is there already gets it."""
        self._apply(f"Add marker {name}", lambda d: add_marker(d, self.shot, frame, name))

    def set_in_out(self, span: FrameRange) -> None:
        """Set in and out around a span."""
        self._apply("Set in and out", lambda d: set_span(d, self.shot, span))

    def remove_marker(self, frame: int) -> None:
        """Take a marker away."""
        self._apply("Remove marker", lambda d: remove_marker(d, self.shot, frame))

    def color_marker(self, marker: Marker, color: str) -> None:
        """Give a marker another colour."""
        self._apply(
            "Colour marker",
            lambda d: rename_marker(d, self.shot, marker.frame, marker.name, color),
        )

    def open(self, target: Target, x: float, y: float) -> None:
        """Answer a double click."""
        lane, frame = target.lane, self._surface.scene.frame(x)
        if target.kind == "marker":
            self.rename_marker(target.frame)
        elif target.kind == "markers":
            self.add_marker(frame)
        elif target.kind in ("key", "person", "correction"):
            self._workspace.set(frame=target.frame, speed=0.0)
        elif target.event is not None:
            self._workspace.set(frame=target.frame, speed=0.0)
            self.set_in_out(target.event.span)
        elif lane is not None and lane.kind == "voice":
            self.voices.retype(lane, None if target.kind == "cell" else x)
        elif target.kind == "cell" and lane is not None:
            if target.cell in ("name", "portrait") and lane.kind in ("person", "face", "layer"):
                self.rename(lane)
            elif target.cell == "name" and lane.kind == "track":
                self.choose_keys(lane)
            elif target.cell == "value":
                self.type_value(lane)
            elif target.cell == "weight":
                self.type_weight(lane)
        elif target.kind in ("lane", "span") and lane is not None and lane.kind == "track":
            self.add_key(lane, frame)

    def rename(self, lane: Lane) -> None:
        """Type another name of a face or a layer."""
        face = lane.face.number
        if lane.layer is None:
            self._type(
                lane, "name", lane.face.name, "Name of the face",
                lambda text: self._apply(
                    f"Rename {lane.face.name}", lambda d: rename_face(d, self.shot, face, text)
                ),
            )  # fmt: skip
            return
        old = lane.layer.name

        def take(text: str) -> None:
            current = self._workspace.state.layer == old
            done = self._apply(
                f"Rename layer {old}", lambda d: rename_layer(d, self.shot, face, old, text)
            )
            if done and current:
                self._workspace.set(layer=text)

        self._type(lane, "name", old, "Name of the layer", take)

    def type_value(self, lane: Lane) -> None:
        """Type the value of a track at the playhead."""
        ref, frame = lane.ref, self._workspace.state.frame

        def take(text: str) -> None:
            value = self._number(text)
            if value is not None:
                self._apply(
                    f"Set {title(lane.track.control).lower()}",
                    lambda d: insert_key(d, ref, frame, value),
                )

        self._type(lane, "value", f"{lane.value(frame):.2f}", "Value at the playhead", take)

    def type_weight(self, lane: Lane) -> None:
        """Type the weight of a layer, in per cent."""
        assert lane.layer is not None
        face, name = lane.face.number, lane.layer.name

        def take(text: str) -> None:
            value = self._number(text.replace("%", ""))
            if value is not None:
                self._apply(
                    f"Weight of {name}",
                    lambda d: set_layer(d, self.shot, face, name, weight=value / 100),
                )

        self._type(lane, "weight", f"{100 * lane.layer.weight:.0f}", "Weight in per cent", take)

    def rename_marker(self, frame: int) -> None:
        """Type another name of a marker."""
        project, scene = self._workspace.project, self._surface.scene
        marker = next((m for m in project.markers if m.frame == frame), None) if project else None
        if marker is None:
            return
        area = QRect(round(scene.x(frame)) + 6, scene.bands.top("markers"), 140, MARKERS)
        self._surface.type_at(
            area, marker.name, "Name of the marker",
            lambda text: self._apply(
                "Rename marker", lambda d: rename_marker(d, self.shot, frame, text)
            ),
        )  # fmt: skip

    def _type(
        self, lane: Lane, cell: str, text: str, name: str, take: Callable[[str], object]
    ) -> None:
        scene = self._surface.scene
        area = next(c for c in cells(lane, scene.bands.names) if c.name == cell)
        top = scene.bands.lanes - scene.scroll + scene.lanes.top(lane)
        # Wide enough to type in, also where the cell is narrow.
        left = min(area.left, scene.bands.names - 64)
        field = QRect(left, top, max(area.width, 64), ROW)
        # An emptied field asks for nothing: no name and no number is empty.
        self._surface.type_at(field, text, name, lambda typed: take(typed) if typed else None)

    def _number(self, text: str) -> float | None:
        try:
            return float(text.strip().rstrip("°").replace(",", "."))
        except ValueError:
            self._workspace.problem.emit(
                UsageError(f"'{text}' is no number.", "Write one, as 0.5.")
            )
            return None

    def _apply(self, name: str, change: Callable[[Document], Document]) -> bool:
        return self._workspace.apply(name, change)
