"""Buttons and keys of the face lane: choosing, renaming, merging, splitting, removing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QToolButton

from mien_desktop.buttons import icon_button
from mien_desktop.command import Command
from mien_desktop.faces.consent import ask_consent
from mien_desktop.resolve import Resolved
from mien_desktop.timeline.editing import LaneEditing
from mien_desktop.timeline.view import TimelineView

__all__ = ["PeopleEditing"]

_TIPS = {
    "merge": "Merge the selected faces ({key}): they are one person, the current one keeps its"
    " name. Select more with Ctrl in the face lane, or drag one onto another.",
    "split": "Split the face at the playhead ({key}): from here on it is somebody else",
}


class PeopleEditing:
    """Buttons and keys for faces, beside what the mouse does in their rows.

    Args:
        view: The timeline.
        editing: Renames them.
    """

    def __init__(self, view: TimelineView, editing: LaneEditing) -> None:
        self._view, self._editing = view, editing
        self._workspace, self._repairs = view.workspace, view.repairs
        self._merge = icon_button("merge", "Merge faces", "", self._repairs.merge)
        self._split = icon_button("split", "Split face", "", self._repairs.split)
        self._workspace.changed.connect(self._changed)
        self._repairs.changed.connect(self._look)
        self._look()

    def buttons(self) -> tuple[QToolButton, ...]:
        """Return the buttons."""
        return self._merge, self._split

    def commands(self) -> tuple[Command, ...]:
        """Return the commands that choose and rename faces from the keyboard."""
        made = partial(Command, group="Faces", scope="timeline", enabled=self._several)
        return (
            made("faces.up", "Choose the face above", partial(self._walk, -1), ("Alt+Up",)),
            made("faces.down", "Choose the face below", partial(self._walk, 1), ("Alt+Down",)),
            made("faces.extend-up", "Select the face above as well",
                 partial(self._walk, -1, more=True), ("Alt+Shift+Up",)),
            made("faces.extend-down", "Select the face below as well",
                 partial(self._walk, 1, more=True), ("Alt+Shift+Down",)),
            made("faces.rename", "Rename the face…", self._rename, ("F2",),
                 enabled=lambda: self._workspace.now.face is not None),
            made("faces.consent", "Consent of the face…", self._consent, (),
                 tip="On whose word this person's face is edited, and how far that goes",
                 enabled=lambda: self._workspace.now.face is not None),
        )  # fmt: skip

    def _several(self) -> bool:
        shot = self._workspace.now.shot
        return shot is not None and len(shot.faces) > 1

    def _walk(self, way: int, *, more: bool = False) -> None:
        """Choose the next face; with `more` select it beside those that are."""
        now = self._workspace.now
        if now.shot is None or now.face is None:
            return
        numbers = [face.number for face in now.shot.faces]
        chosen = [row for row, number in enumerate(numbers) if number in now.state.faces]
        start = numbers.index(now.face.number) if not more else (chosen[-1] if way > 0 else
                                                                 chosen[0])  # fmt: skip
        row = min(max(start + way, 0), len(numbers) - 1)
        if more:
            self._workspace.set(faces=now.state.faces | {numbers[row]})
        else:
            self._workspace.set(face=numbers[row], faces=frozenset())
        if self._view.preferred_bands.faces:
            self._view.show_row(row)

    def _rename(self) -> None:
        face = self._workspace.now.face
        for row, lane in enumerate(self._view.scene.lanes.rows):
            if face is not None and lane.kind in ("person", "face") and lane.face is face:
                self._view.show_row(row)
                self._editing.rename(lane)
                return

    def _consent(self) -> None:
        ask_consent(self._workspace)

    def _changed(self, now: Resolved, before: Resolved) -> None:
        new, old = now.state, before.state
        moved = (new.frame, new.face, new.faces) != (old.frame, old.face, old.faces)
        if now.shot is not before.shot or moved:
            self._look()

    def _look(self) -> None:
        """Grey out what cannot be done, and say why."""
        self._show(self._merge, "merge", "Ctrl+M", self._repairs.merging)
        self._show(self._split, "split", "Ctrl+B", self._repairs.splitting)

    def _show(self, button: QToolButton, name: str, key: str, why: Callable[[], str]) -> None:
        reason = why()
        button.setEnabled(not reason)
        button.setToolTip(reason or _TIPS[name].format(key=key))
