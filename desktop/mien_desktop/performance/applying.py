"""Apply performances: a source is read and tracked on a thread, and becomes one step of undo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from mien.errors import MienError, NoFaceError, OperationCancelledError
from mien.model.curve_file import CurveFile
from mien.model.document import Document, Project
from mien.model.shot import Shot
from mien.model.transfer import Transfer
from mien_desktop.background import Background
from mien_desktop.command import Command
from mien_desktop.flame_bases import asks_basis
from mien_desktop.performance.apply_dialog import ApplyDialog, ApplySource
from mien_desktop.reading import Reading
from mien_desktop.workspace import Workspace

if TYPE_CHECKING:
    from mien.api import Applied

__all__ = ["PerformanceApplying"]


@dataclass(frozen=True, slots=True)
class _Order:
    """Order of a dialog, for a thread."""

    document: Document
    project: Project
    face: int
    frame: int
    source: ApplySource
    which: str | None
    whose: int | str | None
    basis: str | None
    how: Transfer
    layer: str


class PerformanceApplying(QObject):
    """The command that lets the current face follow another performance.

    Args:
        workspace: The window's workspace.
        background: Tracks and reads.
        window: Owner of the dialog.
    """

    def __init__(self, workspace: Workspace, background: Background, window: QWidget) -> None:
        super().__init__(window)
        self._workspace, self._background, self._window = workspace, background, window

    def commands(self) -> tuple[Command, ...]:
        """Return the command."""
        return (
            Command("face.apply", "Apply performance…", self.ask, (), "Performance",
                    tip="Let the current face follow another clip, an image, a project or curves",
                    enabled=lambda: self._workspace.now.face is not None),
        )  # fmt: skip

    def ask(self) -> None:
        """Ask for the performance."""
        if self._workspace.now.face is None:
            return
        dialog = ApplyDialog(self._workspace.now, self._window)
        dialog.wanted.connect(partial(self._begin, dialog))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _begin(self, dialog: ApplyDialog) -> None:
        now, source = self._workspace.now, dialog.source()
        if now.project is None or now.face is None or source is None:
            return
        try:
            how = dialog.transfer()
        except MienError as error:
            dialog.rest(str(error))
            return
        order = _Order(
            now.document, now.project, now.face.number, now.state.frame, source,
            dialog.which_shot(), dialog.whose(), dialog.basis(), how, dialog.layer,
        )  # fmt: skip
        name = _name(order)
        reading = dialog.readings.begin(name)
        dialog.work(f"Reading {name}")

        def done(applied: Applied) -> None:
            if not isValid(dialog) or reading.cancelled:
                return
            dialog.readings.end(reading)
            self._put(dialog, order, applied)

        def failed(error: MienError) -> None:
            if not isValid(dialog):
                return
            dialog.readings.end(reading)
            if isinstance(error, OperationCancelledError):
                dialog.rest("Stopped: nothing was applied.")
            elif isinstance(error, NoFaceError) and error.choices:
                dialog.rest(f"{error.cause} Say whose.", tuple(map(str, error.choices)))
            elif asks_basis(error):
                dialog.ask_basis()
            else:
                dialog.rest(str(error))

        self._background.run(partial(_applied, order, reading), done, failed)

    def _put(self, dialog: ApplyDialog, order: _Order, applied: Applied) -> None:
        """Put what was made into the document, unless that was changed meanwhile."""
        from mien.api.applying import describe_applied

        name = _name(order)
        words = describe_applied(applied, name)
        if applied.alike:
            dialog.rest(f"{words}.")
            return
        if self._workspace.now.document is not order.document:
            dialog.rest("The shot was changed meanwhile: apply it once more.")
            return
        if self._workspace.apply(f"Apply {name}", lambda d: d.with_shot(applied.project)):
            self._workspace.set(layer=applied.made.layers[0])
            self._workspace.said.emit(f"{words}.")
            dialog.accept()
        else:
            dialog.rest()


def _name(order: _Order) -> str:
    if isinstance(order.source, tuple):
        return order.document.shot(order.source[0]).title
    return order.source.name


def _applied(order: _Order, reading: Reading) -> Applied:
    """Read the performance and let the face follow it; on a thread."""
    from mien import api
    from mien.io.curves import read_curve_file

    shot, how = order.project.shot, order.how
    face = shot.face(order.face)
    source: Shot | Path | CurveFile
    whose, which = order.whose, order.which
    if isinstance(order.source, tuple):
        source, whose, which = order.document.shot(order.source[0]).shot, order.source[1], None
    elif order.basis is not None:
        source = read_curve_file(order.source, basis=order.basis)
    else:
        source = order.source
    performance = api.open_performance(
        source, how, shot=shot, face=face, from_shot=which, from_face=whose,
        progress=reading.report,
    )  # fmt: skip
    if performance.still:
        # A pose is reached at the playhead, and left again.
        how = replace(how, at=order.frame, timing=replace(how.timing, span=None))
    reading.check()
    return api.apply(order.project, performance, how, face=order.face, layer=order.layer)
