"""Context menu of a row of the face lane."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QMenu

from mien.session.commands import remove_corrections
from mien_desktop.faces import reasons
from mien_desktop.faces.consent import ask_consent
from mien_desktop.geometry.lanes import Lane
from mien_desktop.menu_entries import add_entry
from mien_desktop.timeline.editing import LaneEditing
from mien_desktop.timeline.surface import TimelineSurface

__all__ = ["fill_person"]


def fill_person(
    menu: QMenu, surface: TimelineSurface, editing: LaneEditing, lane: Lane, frame: int
) -> None:
    """Fill a menu with what can be done to a face, or to all that are selected.

    Args:
        menu: The menu.
        surface: The timeline.
        editing: Runs entries.
        lane: The face's row.
        frame: The frame under the pointer, or that of the correction there.
    """

    def clear(at: int | None) -> None:
        face = lane.face
        surface.workspace.apply(
            f"Clear corrections of {face.name}",
            lambda document: remove_corrections(document, editing.shot, face.number, at),
        )

    repairs, now = surface.repairs, surface.workspace.now
    others = [face for face in now.shot.faces if face is not lane.face] if now.shot else []
    selected = now.state.faces
    add_entry(menu, "Rename…", partial(editing.rename, lane))
    add_entry(menu, "Consent…", partial(ask_consent, surface.workspace, lane.face.number))
    menu.addSeparator()
    text = "Merge" if len(selected) < 2 else f"Merge {len(selected)} faces"
    add_entry(menu, text, repairs.merge, repairs.merging())
    into = menu.addMenu("Merge into")
    into.setEnabled(bool(others))
    for other in others:
        numbers = selected | {other.number}
        run = partial(repairs.merge, numbers, other.number)
        add_entry(into, other.name.replace("&", "&&"), run, repairs.merging(numbers))
    add_entry(menu, "Split at the playhead", repairs.split, repairs.splitting())
    add_entry(
        menu, "Remove" if len(selected) < 2 else f"Remove {len(selected)} faces", repairs.remove,
        repairs.removing(),
    )  # fmt: skip
    add_entry(
        menu, "Track again from a box…", partial(surface.workspace.set, tool="hint"),
        reasons.tracking(now),
    )  # fmt: skip
    if lane.corrected:
        menu.addSeparator()
        if frame in lane.corrected:
            add_entry(menu, "Clear the correction here", partial(clear, frame))
        add_entry(menu, "Clear all corrections", partial(clear, None))
    menu.addSeparator()
    add_entry(menu, "Add layer", partial(editing.add_layer, lane.face.number))
