"""Context menus of the timeline."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from mien.model.marker import MARKER_COLORS
from mien.model.reading import PerformanceEvent
from mien_desktop.geometry.lanes import Lane
from mien_desktop.keyframes.menu import fill_key_menu
from mien_desktop.menu_entries import add_entry
from mien_desktop.timeline.editing import LaneEditing
from mien_desktop.timeline.person_menu import fill_person
from mien_desktop.timeline.surface import TimelineSurface
from mien_desktop.timeline.targets import Target
from mien_desktop.timeline.voice_editing import fill_phone
from mien_desktop.timeline.words import MODES
from mien_desktop.words import title
from mien_desktop.workspace import Workspace

__all__ = ["context_menu", "mode_menu"]


def context_menu(
    parent: QWidget, surface: TimelineSurface, editing: LaneEditing, target: Target, frame: int
) -> QMenu:
    """Make the menu of what is under the pointer.

    Args:
        parent: Owner of the menu.
        surface: The timeline.
        editing: Runs the entries.
        target: What is under the pointer.
        frame: The frame under it.
    """
    menu, workspace = _menu(parent), surface.workspace
    lane = target.lane
    if lane is not None and lane.kind == "person":
        fill_person(
            menu, surface, editing, lane, target.frame if target.kind == "correction" else frame
        )
        return menu
    if target.kind == "marker":
        _fill_marker(menu, workspace, editing, target.frame)
    elif target.kind == "key":
        fill_key_menu(menu, editing.keys)
    elif target.event is not None:
        _fill_event(menu, workspace, editing, target.event)
    elif lane is not None and lane.kind == "voice":
        fill_phone(menu, editing.voices, lane, target.mark)
        add_entry(menu, "Unmute" if lane.muted else "Mute", partial(editing.mute, lane))
        add_entry(menu, "Remove layer", partial(editing.remove, lane))
    elif lane is not None and lane.kind not in ("sight", "reading", "event"):
        _fill_lane(menu, workspace, editing, lane, frame, named=target.kind == "cell")
    else:
        add_entry(menu, "Add marker here", partial(editing.add_marker, frame))
        face = workspace.state.face
        if face is not None:
            add_entry(menu, "Add layer", partial(editing.add_layer, face))
    if target.kind != "marker":
        menu.addSeparator()
        paste = add_entry(menu, "Paste keys at the playhead", editing.keys.paste)
        paste.setEnabled(bool(workspace.clipboard))
    return menu


def mode_menu(parent: QWidget, editing: LaneEditing, lane: Lane) -> QMenu:
    """Make the menu of modes: how a track acts on the performance."""
    menu = _menu(parent)
    _fill_modes(menu, editing, lane)
    return menu


def _fill_event(
    menu: QMenu, workspace: Workspace, editing: LaneEditing, event: PerformanceEvent
) -> None:
    places = (("start", event.span.start), ("peak", event.peak), ("end", event.span.stop - 1))
    for name, frame in places:
        add_entry(menu, f"Go to its {name}", partial(workspace.set, frame=frame, speed=0.0))
    add_entry(menu, "In and out around it", partial(editing.set_in_out, event.span))
    name = event.detail if event.kind == "feeling" else event.kind
    add_entry(menu, f"Add marker '{name}'", partial(editing.add_named_marker, event.peak, name))


def _fill_marker(menu: QMenu, workspace: Workspace, editing: LaneEditing, frame: int) -> None:
    project = workspace.project
    marker = next((m for m in project.markers if m.frame == frame), None) if project else None
    if marker is None:
        return
    add_entry(menu, "Rename marker…", partial(editing.rename_marker, frame))
    colors = menu.addMenu("Colour")
    for color in MARKER_COLORS:
        action = add_entry(colors, title(color), partial(editing.color_marker, marker, color))
        action.setCheckable(True)
        action.setChecked(color == marker.color)
    add_entry(menu, "Remove marker", partial(editing.remove_marker, frame))


def _fill_lane(
    menu: QMenu, workspace: Workspace, editing: LaneEditing, lane: Lane, frame: int, *, named: bool
) -> None:
    if lane.kind == "track" and not named:
        add_entry(menu, "Add key here", partial(editing.add_key, lane, frame))
    add_entry(menu, "Select its keys", partial(editing.choose_keys, lane)).setEnabled(
        bool(lane.tracks)
    )
    if lane.kind != "track":
        add_entry(menu, "Rename…", partial(editing.rename, lane))
    if lane.kind == "face":
        add_entry(menu, "Add layer", partial(editing.add_layer, lane.face.number))
    elif lane.layer is not None and lane.kind == "layer":
        add_entry(menu, "Unmute" if lane.layer.muted else "Mute", partial(editing.mute, lane))
        add_entry(menu, "Add layer", partial(editing.add_layer, lane.face.number))
        add_entry(menu, "Remove layer", partial(editing.remove, lane))
    else:
        add_entry(menu, "Set value at the playhead…", partial(editing.type_value, lane))
        _fill_modes(menu.addMenu("Mode"), editing, lane)
        _fill_span(menu, workspace, editing, lane)
        add_entry(menu, "Remove lane", partial(editing.remove, lane))


def _fill_span(menu: QMenu, workspace: Workspace, editing: LaneEditing, lane: Lane) -> None:
    project = workspace.project
    if lane.track.span is not None:
        add_entry(menu, "Act everywhere", partial(editing.set_span, lane, None))
    elif project is not None and project.span is not None:
        add_entry(menu, "Act between in and out", partial(editing.set_span, lane, project.span))


def _fill_modes(menu: QMenu, editing: LaneEditing, lane: Lane) -> None:
    for mode, (sign, words) in MODES.items():
        text = f"{sign}  {title(mode)}: {words}"
        action = add_entry(menu, text, partial(editing.set_mode, lane, mode))
        action.setCheckable(True)
        action.setChecked(mode == lane.track.mode)


def _menu(parent: QWidget) -> QMenu:
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu
