"""The last report on each shot: frames with trouble, for as long as their edit stays as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from mien._types import BoolArray, FloatArray
from mien.model.document import Project
from mien.model.evaluate import evaluate
from mien.model.face import Face
from mien.reporting.values import FrameTrouble
from mien_desktop.geometry.troubles import (
    TroubleMark,
    changed_frames,
    marks_of,
    read_troubles,
    remaining,
)
from mien_desktop.resolve import Resolved
from mien_desktop.workspace import Workspace

__all__ = ["LastReports"]

_PAUSE = 250
"""Milliseconds without a change after which edits are compared with what was exported."""


@dataclass(frozen=True, slots=True, eq=False)
class _Report:
    """A report: what was exported, what is wrong with it, and what was asked of its faces."""

    exported: Project
    edited: str
    troubles: tuple[FrameTrouble, ...]
    targets: Mapping[int, FloatArray | None]


class LastReports(QObject):
    """Marks of the frames in which the last report on the current shot finds trouble.

    A mark is gone where the edit has changed since the export, and there again when that is undone.

    Args:
        workspace: The window's workspace.
        parent: Qt's owner.
    """

    changed = Signal()
    """There are other marks."""

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._reports: dict[str, _Report] = {}
        self.marks: tuple[TroubleMark, ...] = ()
        """Marks of the current shot, from left to right."""
        self._timer = QTimer(self, singleShot=True, interval=_PAUSE)
        self._timer.timeout.connect(self._refresh)
        workspace.changed.connect(self._changed)

    @property
    def edited(self) -> str:
        """Name of the export that the marks are of; empty without a report."""
        report = self._reports.get(self._workspace.state.shot or "")
        return "" if report is None else report.edited

    def take(self, exported: Project, edited: str, report: Mapping[str, Any]) -> None:
        """Take a report on an export of a shot in place of the one before.

        Args:
            exported: The shot as it was exported.
            edited: Name of the export.
            report: The report, as `ShotReport.to_dict` gives it.
        """
        troubles = read_troubles(report)
        faces = {one.number for one in exported.shot.faces}
        targets = {number: _target(exported, number) for number in faces}
        self._reports[exported.id] = _Report(exported, edited, troubles, targets)
        self._refresh()

    def _changed(self, now: Resolved, before: Resolved) -> None:
        if now.state.shot != before.state.shot:
            self._refresh()
        elif now.project is not before.project and now.state.shot in self._reports:
            self._timer.start()

    def _refresh(self) -> None:
        project = self._workspace.project
        report = self._reports.get(project.id) if project is not None else None
        if project is None or report is None:
            marks: tuple[TroubleMark, ...] = ()
        else:
            marks = marks_of(remaining(report.troubles, _changes(report, project)))
        if [mark.troubles for mark in marks] != [mark.troubles for mark in self.marks]:
            self.marks = marks
            self.changed.emit()


def _changes(report: _Report, project: Project) -> dict[int, BoolArray | None]:
    """By a face's number, the frames in which another thing is asked of it than was exported."""
    return {
        number: changed_frames(target, _target_now(report.exported, project, number, target))
        for number, target in report.targets.items()
    }


def _target_now(
    exported: Project, project: Project, number: int, target: FloatArray | None
) -> FloatArray | None:
    """Controls asked of a face now; the very same where neither face nor edit have changed."""
    before, now = (_face(one.shot.faces, number) for one in (exported, project))
    same = exported.edit(number).layers is project.edit(number).layers if now is before else False
    return target if same else _target(project, number)


def _target(project: Project, number: int) -> FloatArray | None:
    """(T, 59) controls that are asked of a face; None where it is not there."""
    face = _face(project.shot.faces, number)
    if face is None:
        return None
    layers = project.edit(number).layers
    curves = face.curves.controls.array
    return evaluate(curves, layers, face.valid, project.shot.breaks).target


def _face(faces: Iterable[Face], number: int) -> Face | None:
    return next((face for face in faces if face.number == number), None)
