"""Context menus of the timeline."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from mien.model.marker import MARKER_COLORS
from mien_desktop.geometry.lanes import Lane
from mien_desktop.timeline.editing import LaneEditing
from mien_desktop.timeline.keys import EASE_NAMES, INTERPOLATION_NAMES, KeyEditing
from mien_desktop.timeline.targets import Target
from mien_desktop.timeline.words import MODES
from mien_desktop.words import title

if TYPE_CHECKING:
    from mien_desktop.timeline.view import TimelineView

__all__ = ["context_menu", "key_menu", "mode_menu"]


def context_menu(view: TimelineView, editing: LaneEditing, target: Target, frame: int) -> QMenu:
    """What can be done with what is under the pointer.

    Args:
        view: The timeline; owns the menu.
        editing: Does it.
        target: What is under the pointer.
        frame: The frame under it.
    """
    menu = _menu(view)
    lane = target.lane
    if target.kind == "marker":
        _fill_marker(menu, view, editing, target.frame)
    elif target.kind == "key":
        key_menu(menu, editing.keys)
    elif lane is not None:
        _fill_lane(menu, view, editing, lane, frame, named=target.kind == "cell")
    else:
        _add(menu, "Add marker here", partial(editing.add_marker, frame))
        face = view.workspace.state.face
        if face is not None:
            _add(menu, "Add layer", partial(editing.add_layer, face))
    if target.kind != "marker":
        menu.addSeparator()
        paste = _add(menu, "Paste keys at the playhead", editing.keys.paste)
        paste.setEnabled(bool(view.workspace.clipboard))
    return menu


def mode_menu(view: TimelineView, editing: LaneEditing, lane: Lane) -> QMenu:
    """What a track may do with the performance."""
    menu = _menu(view)
    _fill_modes(menu, editing, lane)
    return menu


def key_menu(menu: QMenu, keys: KeyEditing) -> None:
    """Put what can be done with the selected keys into a menu."""
    for kind, text in INTERPOLATION_NAMES.items():
        _add(menu, text, partial(keys.interpolate, kind))
    eases = menu.addMenu("Ease presets")
    for ease, text in EASE_NAMES.items():
        _add(eases, text, partial(keys.ease, ease))
    menu.addSeparator()
    _add(menu, "Cut", keys.cut)
    _add(menu, "Copy", keys.copy)
    _add(menu, "Duplicate at the playhead", keys.duplicate)
    _add(menu, "Delete", keys.delete)


def _fill_marker(menu: QMenu, view: TimelineView, editing: LaneEditing, frame: int) -> None:
    project = view.workspace.project
    marker = next((m for m in project.markers if m.frame == frame), None) if project else None
    if marker is None:
        return
    _add(menu, "Rename marker…", partial(editing.rename_marker, frame))
    colors = menu.addMenu("Colour")
    for color in MARKER_COLORS:
        action = _add(colors, title(color), partial(editing.color_marker, marker, color))
        action.setCheckable(True)
        action.setChecked(color == marker.color)
    _add(menu, "Remove marker", partial(editing.remove_marker, frame))


def _fill_lane(
    menu: QMenu, view: TimelineView, editing: LaneEditing, lane: Lane, frame: int, *, named: bool
) -> None:
    if lane.kind == "track" and not named:
        _add(menu, "Add key here", partial(editing.add_key, lane, frame))
    _add(menu, "Select its keys", partial(editing.choose_keys, lane)).setEnabled(bool(lane.tracks))
    if lane.kind != "track":
        _add(menu, "Rename…", partial(editing.rename, lane))
    if lane.kind == "face":
        _add(menu, "Add layer", partial(editing.add_layer, lane.face.number))
    elif lane.layer is not None and lane.kind == "layer":
        _add(menu, "Unmute" if lane.layer.muted else "Mute", partial(editing.mute, lane))
        _add(menu, "Add layer", partial(editing.add_layer, lane.face.number))
        _add(menu, "Remove layer", partial(editing.remove, lane))
    else:
        _add(menu, "Set value at the playhead…", partial(editing.type_value, lane))
        _fill_modes(menu.addMenu("Mode"), editing, lane)
        _fill_span(menu, view, editing, lane)
        _add(menu, "Remove lane", partial(editing.remove, lane))


def _fill_span(menu: QMenu, view: TimelineView, editing: LaneEditing, lane: Lane) -> None:
    project = view.workspace.project
    if lane.track.span is not None:
        _add(menu, "Act everywhere", partial(editing.set_span, lane, None))
    elif project is not None and project.span is not None:
        _add(menu, "Act between in and out", partial(editing.set_span, lane, project.span))


def _fill_modes(menu: QMenu, editing: LaneEditing, lane: Lane) -> None:
    for mode, (sign, words) in MODES.items():
        text = f"{sign}  {title(mode)}: {words}"
        action = _add(menu, text, partial(editing.set_mode, lane, mode))
        action.setCheckable(True)
        action.setChecked(mode == lane.track.mode)


def _menu(view: TimelineView) -> QMenu:
    menu = QMenu(view)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu


def _add(menu: QMenu, text: str, run: Callable[[], object]) -> QAction:
    action = menu.addAction(text)
    # Qt would tell whether it is checked now, which nobody here asks.
    action.triggered.connect(lambda: run())
    return action
