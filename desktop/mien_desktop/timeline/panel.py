"""The timeline panel: a row of buttons over the timeline itself, and its commands."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import get_args

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from mien.timebase import FrameRange
from mien_desktop.background import Background
from mien_desktop.buttons import icon_button
from mien_desktop.command import Command
from mien_desktop.faces.repairs import FaceRepairs
from mien_desktop.geometry.axis import Axis
from mien_desktop.geometry.select import bounds
from mien_desktop.geometry.sight import step
from mien_desktop.geometry.snap import targets
from mien_desktop.geometry.troubles import beside
from mien_desktop.reports.last import LastReports
from mien_desktop.resolve import Resolved
from mien_desktop.settings import settings
from mien_desktop.timeline.editing import LaneEditing
from mien_desktop.timeline.people import PeopleEditing
from mien_desktop.timeline.view import TimelineView
from mien_desktop.timeline.words import trouble_words
from mien_desktop.view_state import TimeView, Units
from mien_desktop.voices.work import VoiceWork
from mien_desktop.words import count, title
from mien_desktop.workspace import Workspace

__all__ = ["TimelinePanel"]

_UNITS: tuple[Units, ...] = get_args(Units)
_COUNTED = "timeline/units"
_NOTCH = 1.25
"""Factor of zoom of a key press."""


class TimelinePanel(QWidget):
    """Faces as groups, layers and edited controls as lanes with keys.

    Args:
        workspace: The window's workspace.
        repairs: Repairs of the faces; its own where none are given.
        voice_work: Lets voices say other words; its own where none is given.
        reports: Frames with trouble; its own where none are given.
        parent: Qt's owner.
    """

    def __init__(
        self,
        workspace: Workspace,
        repairs: FaceRepairs | None = None,
        voice_work: VoiceWork | None = None,
        reports: LastReports | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.repairs = repairs or FaceRepairs(workspace, Background(workspace))
        """Repairs of the faces."""
        self.voice_work = voice_work or VoiceWork(workspace, Background(workspace), self)
        """Lets voices say other words."""
        self.reports = reports or LastReports(workspace, self)
        """Frames with trouble."""
        self.view = TimelineView(workspace, self.repairs, self.voice_work, self.reports, self)
        self._editing = LaneEditing(self.view)
        self._people = PeopleEditing(self.view, self._editing)
        self._auto = self._button("auto-key", "Auto-key", self._toggle_auto, checkable=True)
        self._auto.setToolTip("Auto-key: what you change is keyed at the playhead")
        self._snap = self._button("snap", "Snap", self._toggle_snap, checkable=True)
        self._snap.setToolTip("Snap (S): what is dragged is drawn to keys, markers and cuts")
        self._faces = self._button("person", "Faces", self._toggle_faces, checkable=True)
        self._faces.setToolTip("Face lane: who is seen when, to merge, split and rename")
        self._readings = self._button(
            "read", "What faces do", self._toggle_readings, checkable=True
        )
        self._readings.setToolTip("What is read off each performance: blinks, smiles, looks, ...")
        self._pictures = self._button("film", "Pictures", self._toggle_pictures, checkable=True)
        self._pictures.setToolTip("Pictures of the shot, where there is room for them")
        self._sound = self._button("sound", "Sound", self._toggle_sound, checkable=True)
        self._sound.setToolTip("Waveform of the sound, where there is room for it")
        self._units = QComboBox(self)
        self._units.setAccessibleName("Ruler")
        self._units.setToolTip("What the ruler counts in")
        self._units.addItems([title(unit) for unit in _UNITS])
        self._units.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._units.activated.connect(lambda i: self._count_in(_UNITS[i]))
        self._lay_out()
        self.setFocusProxy(self.view)
        units = settings().value(_COUNTED)
        if units in _UNITS:
            workspace.set(units=units)
        workspace.changed.connect(self._changed)
        self._show(workspace.now)

    def commands(self) -> tuple[Command, ...]:
        """Return the commands of the timeline, for menus and keys."""
        workspace = self._workspace
        key = partial(Command, group="Keys")
        play = partial(Command, group="Playback")
        mark = partial(Command, group="Markers")
        view = partial(Command, group="View", scope="timeline")
        at = "at the playhead"
        return (
            *self._editing.keys.commands("timeline"),
            *self.repairs.commands(),
            *self._people.commands(),
            key("keys.set", f"Set key {at}", self._set_key, ("Ctrl+K",)),
            key("keys.auto", "Auto-key", self._toggle_auto, ("Ctrl+Shift+K",),
                checked=lambda: workspace.state.auto_key),
            key("keys.snap", "Snap", self._toggle_snap, ("S",),
                checked=lambda: workspace.state.snap),
            play("time.previous", "Previous key, marker or cut", partial(self._step, -1), ("Up",)),
            play("time.next", "Next key, marker or cut", partial(self._step, 1), ("Down",)),
            play("time.next-weak", "Next weak frame", partial(self._step_weak, 1), ("W",),
                 tip="Go to where the face is next seen badly, or something is in front of it"),
            play("time.previous-weak", "Previous weak frame", partial(self._step_weak, -1),
                 ("Shift+W",)),
            play("time.next-trouble", "Next trouble", partial(self._step_trouble, 1), ("T",),
                 tip="Go to where the report on the last export finds trouble next",
                 why=self._why_no_trouble),
            play("time.previous-trouble", "Previous trouble", partial(self._step_trouble, -1),
                 ("Shift+T",), why=self._why_no_trouble),
            play("time.next-event", "Next thing the face does", partial(self._step_event, 1),
                 ("D",),
                 tip="A blink, smile, look, word for a feeling, ... of the current face"),
            play("time.previous-event", "Previous thing the face does",
                 partial(self._step_event, -1), ("Shift+D",)),
            mark("markers.add", f"Add marker {at}", self._add_marker, ("M",)),
            mark("markers.rename", f"Rename the marker {at}", self._rename_marker, ("Shift+M",)),
            mark("markers.remove", f"Remove the marker {at}", self._remove_marker, ("Alt+M",)),
            key("timeline.lane-up", "Choose the lane above", partial(self._walk, -1), ("PgUp",),
                scope="timeline"),
            key("timeline.lane-down", "Choose the lane below", partial(self._walk, 1), ("PgDown",),
                scope="timeline"),
            Command("layers.add", "Add layer", self._add_layer, (), "Layers"),
            view("timeline.fit", "Show the whole shot", self._fit, ("Shift+F",)),
            view("timeline.frame", "Frame the selected keys", self._frame, ("F",)),
            view("timeline.in", "Zoom in", partial(self._zoom, _NOTCH), ("+", "=")),
            view("timeline.out", "Zoom out", partial(self._zoom, 1 / _NOTCH), ("-",)),
            view("timeline.faces", "Face lane", self._toggle_faces,
                 checked=lambda: self.view.preferred_bands.faces),
            view("timeline.readings", "What faces do", self._toggle_readings,
                 checked=lambda: self.view.preferred_bands.readings),
            view("timeline.pictures", "Pictures", self._toggle_pictures,
                 checked=lambda: self.view.preferred_bands.thumbnails),
            view("timeline.sound", "Sound", self._toggle_sound,
                 checked=lambda: self.view.preferred_bands.waveform),
        )  # fmt: skip

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(6, 3, 6, 3)
        row.setSpacing(4)
        for button in (self._auto, self._snap):
            row.addWidget(button)
        row.addSpacing(8)
        row.addWidget(self._button("key", "Set key at the playhead", self._set_key))
        row.addWidget(self._button("marker", "Add marker at the playhead", self._add_marker))
        row.addWidget(self._button("add", "Add layer", self._add_layer))
        row.addSpacing(8)
        for button in self._people.buttons():
            row.addWidget(button)
        row.addStretch()
        row.addWidget(self._faces)
        row.addWidget(self._readings)
        row.addWidget(self._pictures)
        row.addWidget(self._sound)
        row.addSpacing(8)
        row.addWidget(self._units)
        row.addWidget(self._button("remove", "Zoom out", partial(self._zoom, 1 / _NOTCH)))
        row.addWidget(self._button("add", "Zoom in", partial(self._zoom, _NOTCH)))
        row.addWidget(self._button("fit", "Show the whole shot", self._fit))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.view, 1)

    def _button(
        self, picture: str, name: str, run: Callable[[], None], *, checkable: bool = False
    ) -> QToolButton:
        button = icon_button(picture, name, name, run)
        button.setCheckable(checkable)
        return button

    def _changed(self, now: Resolved, before: Resolved) -> None:
        old, new = before.state, now.state
        if (new.auto_key, new.snap, new.units) != (old.auto_key, old.snap, old.units):
            self._show(now)

    def _show(self, now: Resolved) -> None:
        self._auto.setChecked(now.state.auto_key)
        self._snap.setChecked(now.state.snap)
        self._units.setCurrentIndex(_UNITS.index(now.state.units))
        self._faces.setChecked(self.view.preferred_bands.faces)
        self._readings.setChecked(self.view.preferred_bands.readings)
        self._pictures.setChecked(self.view.preferred_bands.thumbnails)
        self._sound.setChecked(self.view.preferred_bands.waveform)

    def _toggle_auto(self) -> None:
        self._workspace.set(auto_key=not self._workspace.state.auto_key)
        self._show(self._workspace.now)

    def _toggle_snap(self) -> None:
        self._workspace.set(snap=not self._workspace.state.snap)
        self._show(self._workspace.now)

    def _toggle_faces(self) -> None:
        self._divide(faces=not self.view.preferred_bands.faces)

    def _toggle_readings(self) -> None:
        self._divide(readings=not self.view.preferred_bands.readings)

    def _toggle_pictures(self) -> None:
        self._divide(thumbnails=not self.view.preferred_bands.thumbnails)

    def _toggle_sound(self) -> None:
        self._divide(waveform=not self.view.preferred_bands.waveform)

    def _divide(self, **shown: bool) -> None:
        self.view.set_bands(dataclasses.replace(self.view.preferred_bands, **shown))
        self.view.keep_bands()
        self._show(self._workspace.now)

    def _set_key(self) -> None:
        self._editing.keys.key_at_playhead()

    def _add_marker(self) -> None:
        if self._workspace.project is not None:
            self._editing.add_marker(self._workspace.state.frame)

    def _rename_marker(self) -> None:
        if self._workspace.project is not None:
            self._editing.rename_marker(self._workspace.state.frame)

    def _remove_marker(self) -> None:
        project, frame = self._workspace.project, self._workspace.state.frame
        if project is not None and any(marker.frame == frame for marker in project.markers):
            self._editing.remove_marker(frame)

    def _walk(self, way: int) -> None:
        """Choose the next lane of a track, and bring it into view."""
        rows = self.view.scene.lanes.rows
        tracks = [row for row, lane in enumerate(rows) if lane.kind == "track"]
        if not tracks:
            return
        chosen = [row for row in tracks if rows[row].ref in self._workspace.state.tracks]
        at = tracks.index(chosen[-1 if way > 0 else 0]) + way if chosen else 0
        row = tracks[min(max(at, 0), len(tracks) - 1)]
        self._editing.choose_lane(rows[row], None)
        self.view.show_row(row)

    def _count_in(self, units: Units) -> None:
        self._workspace.set(units=units)
        settings().setValue(_COUNTED, units)

    def _add_layer(self) -> None:
        face = self._workspace.state.face
        if face is not None:
            self._editing.add_layer(face)

    def _step(self, way: int) -> None:
        """Go to the next place that draws keys too: a key, a marker, a cut, in, out, an end."""
        project, frame = self._workspace.project, self._workspace.state.frame
        if project is None:
            return
        frames = targets(project)
        ahead = frames[frames > frame][:1] if way > 0 else frames[frames < frame][-1:]
        if len(ahead):
            self._workspace.set(frame=int(ahead[0]), speed=0.0)

    def _step_weak(self, way: int) -> None:
        """Go to the next weak stretch of the face; of any face where this one has none."""
        state, sights = self._workspace.state, self.view.scene.sights
        own = sights.get(state.face or 0)
        numbers = [state.face] if own is not None and own.weak else list(sights)
        places = {number: step(sights[number or 0].weak, state.frame, way) for number in numbers}
        found = {number: frame for number, frame in places.items() if frame is not None}
        if not found:
            self._workspace.said.emit(f"No weak frame {'follows' if way > 0 else 'comes before'}.")
            return
        number = min(found, key=lambda number: way * found[number])
        self._workspace.set(frame=found[number], face=number, speed=0.0)

    def _why_no_trouble(self) -> str:
        if self.reports.marks:
            return ""
        if self.reports.edited:
            return f"No frame with trouble is left of {self.reports.edited}."
        return "There is no report on this shot: export it, then Report."

    def _step_trouble(self, way: int) -> None:
        """Go to the worst frame of the next mark of a report, and say what is wrong there."""
        state, shot = self._workspace.state, self._workspace.now.shot
        mark = beside(self.reports.marks, state.frame, way)
        if mark is None or shot is None:
            words = "No trouble follows." if way > 0 else "No trouble comes before."
            self._workspace.said.emit(words)
            return
        worst = mark.troubles[0]
        face = state.face if worst.face is None else worst.face
        self._workspace.set(frame=mark.frame, face=face, speed=0.0)
        self._workspace.said.emit(f"{trouble_words(worst, shot)}.")

    def _step_event(self, way: int) -> None:
        """Go to the next thing that is read of the current face, and say what it is."""
        state = self._workspace.state
        events = self.view.scene.events.get(state.face or 0)
        event = events.beside(state.frame, way) if events is not None else None
        if event is None:
            self._workspace.said.emit(f"Nothing {'follows' if way > 0 else 'comes before'}.")
            return
        self._workspace.set(frame=event.span.start, speed=0.0)
        more = f", {event.detail}" if event.detail else ""
        self._workspace.said.emit(f"{title(event.kind)}{more}: {count(len(event.span), 'frame')}.")

    def _zoom(self, factor: float) -> None:
        """Zoom about the playhead when it is in view, else about the middle."""
        axis, now = self._axis(), self._workspace.now
        x = axis.x(now.state.frame)
        x = x if 0 <= x <= axis.width else axis.width / 2
        self.view.show_time(axis.zoomed(x, factor, now.frame_count))

    def _fit(self) -> None:
        self._workspace.set(time=TimeView())

    def _frame(self) -> None:
        """Show the selected keys; the whole shot when there are none."""
        span = bounds(self._workspace.state.keys)
        if span is None or len(span) < 2:
            self._fit()
        else:
            frames, margin = self._workspace.now.frame_count, max(len(span) // 8, 4)
            wider = FrameRange(max(span.start - margin, 0), span.stop + margin)
            self.view.show_time(self._axis().fitted(wider, frames))

    def _axis(self) -> Axis:
        return self.view.scene.axis
