"""Curve files of the window: imported for a face, exported from a shot."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from mien.errors import MienError
from mien.model.curve_file import CurveFile, FaceCurves
from mien.model.curve_layer import CurveImport, ImportMode, curves_layer, same_timing
from mien.model.document import Project
from mien.model.shot import Shot
from mien_desktop.background import Background
from mien_desktop.curve_export_dialog import CurveExport, ExportCurvesDialog
from mien_desktop.flame_bases import BasisDialog, asks_basis
from mien_desktop.settings import settings
from mien_desktop.words import count
from mien_desktop.workspace import Workspace

if TYPE_CHECKING:
    from mien.api import WrittenCurves
    from mien.io.curves import CurveFormat

__all__ = ["CurveFiles", "ImportDialog"]

_FOLDER = "curves/folder"
_ALL = "All files (*)"
_MODES: tuple[tuple[ImportMode, str], ...] = (
    ("replace", "The face follows them"),
    ("add", "They are added to what the face does"),
)


class CurveFiles(QObject):
    """Import and export of curves. Nothing here blocks: dialogs answer when they are closed.

    Args:
        workspace: The window's workspace.
        background: Reads and writes files.
        window: Owner of the dialogs.
    """

    def __init__(self, workspace: Workspace, background: Background, window: QWidget) -> None:
        super().__init__(window)
        self._workspace = workspace
        self._background = background
        self._window = window

    def ask_import(self) -> None:
        """Ask which curve file the current face is to follow."""
        from mien.io.curves import curve_formats

        formats = [format for format in curve_formats() if format.can_read]
        dialog = self._dialog("Import curves", [_filter("Curves", *formats), *_each(formats), _ALL])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.read(Path(name)))
        dialog.open()

    def ask_export(self) -> None:
        """Ask where the curves of the current shot are to go."""
        from mien.io.curves import curve_formats

        project = self._workspace.project
        if project is None:
            return
        formats = [format for format in curve_formats() if format.can_write]
        endings = {_filter(format.name, format): format.suffixes[0] for format in formats}
        layouts = {_filter(format.name, format): format.layout or None for format in formats}
        dialog = self._dialog("Export curves", list(endings))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.setDefaultSuffix(formats[0].suffixes[0])
        dialog.filterSelected.connect(lambda text: dialog.setDefaultSuffix(endings[text]))
        dialog.selectFile(f"{project.title}{formats[0].suffixes[0]}")
        dialog.fileSelected.connect(
            lambda name: self._ask_what(Path(name), layouts.get(dialog.selectedNameFilter()))
        )
        dialog.open()

    def read(self, path: Path, basis: str | None = None) -> None:
        """Read a curve file, then ask how it is meant for the current face.

        Args:
            path: The file.
            basis: Of FLAME coefficients, where the file does not name it; it is asked for when
                None.
        """
        project, face = self._workspace.project, self._workspace.now.face
        if project is None or face is None:
            return
        self._workspace.said.emit(f"Reading {path.name}…")
        self._background.run(
            partial(_read, path, basis),
            partial(self._ask_how, project, face.number),
            partial(self._not_read, path),
        )

    def _not_read(self, path: Path, error: MienError) -> None:
        if not asks_basis(error):
            self._refused(error)
            return
        self._workspace.said.emit("")
        dialog = BasisDialog(path.name, self._window)
        dialog.accepted.connect(lambda: self.read(path, dialog.basis))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _ask_what(self, path: Path, layout: str | None) -> None:
        project = self._workspace.project
        if project is None:
            return
        dialog = ExportCurvesDialog(path, layout, project, self._window)
        dialog.accepted.connect(lambda: self.write(path, dialog.options()))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def write(self, path: Path, options: CurveExport | None = None) -> None:
        """Write the curves of the current face, or of all where the format holds many.

        Args:
            path: The file.
            options: Rate, offset and what is written; all of it as it is when None.
        """
        project, face = self._workspace.project, self._workspace.now.face
        if project is None or face is None:
            return
        self._workspace.said.emit(f"Writing {path.name}…")
        self._background.run(
            partial(_write, project.shot, path, face.number, options or CurveExport()),
            partial(self._written, path),
            self._refused,
        )

    def apply(self, shot: str, face: int, curves: CurveFile, options: CurveImport) -> None:
        """Put the curves of a file into a layer, in one step, and say what was taken.

        Args:
            shot: Id of the shot.
            face: Number of its face.
            curves: The file's content.
            options: What is taken of it, and how.
        """
        from mien.session.commands import import_curves

        with self._workspace.reporting():
            clock = self._workspace.now.document.shot(shot).shot.clock
            made = curves_layer(curves, clock, options)
            change = partial(import_curves, shot=shot, face=face, curves=curves, options=options)
            done = self._workspace.apply(f"Import {curves.name}", change)
            if not done:
                return
            self._workspace.set(layer=options.layer)
            words = f"{count(len(made.controls), 'control')} of {curves.name} in '{options.layer}'."
            if made.unknown:
                words += f" No controls of mien, left out: {', '.join(made.unknown)}."
            words = " ".join((words, *made.notices))
            self._workspace.said.emit(words)

    def _ask_how(self, project: Project, face: int, curves: CurveFile) -> None:
        self._workspace.said.emit("")
        dialog = ImportDialog(curves, project, self._workspace.state.frame, self._window)
        dialog.accepted.connect(lambda: self.apply(project.id, face, curves, dialog.options()))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _written(self, path: Path, written: WrittenCurves) -> None:
        faces = ", ".join(map(str, written.faces))
        self._workspace.said.emit(f"Wrote {path.name}: face {faces}, basis {written.basis}.")

    def _refused(self, error: MienError) -> None:
        self._workspace.said.emit("")
        self._workspace.problem.emit(error)

    def _dialog(self, title: str, filters: list[str]) -> QFileDialog:
        from mien.io.curves import curve_format_problems

        problems = [f"{name}: {problem}" for name, problem in curve_format_problems().items()]
        if problems:
            self._workspace.said.emit(f"Plug-ins that are left out: {'; '.join(problems)}.")
        folder = str(settings().value(_FOLDER) or Path.home())
        dialog = QFileDialog(self._window, title, folder)
        dialog.setNameFilters(filters)
        dialog.fileSelected.connect(_note_folder)
        dialog.finished.connect(dialog.deleteLater)
        return dialog


class ImportDialog(QDialog):
    """A dialog that asks how the curves of a file are meant.

    Args:
        curves: The file's content.
        project: The shot that they are for.
        frame: The playhead.
        parent: Qt's owner.
    """

    def __init__(
        self, curves: CurveFile, project: Project, frame: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Import {curves.name}")
        clock = project.shot.clock
        self._face = _choices("Face in the file", [(f.number, _title(f)) for f in curves.faces])
        self._mode = _choices("How", _MODES)
        starts = {0: "The shot's first frame"}
        if frame:
            starts[frame] = f"The playhead ({clock.timecode(frame)})"
        self._start = _choices("The file begins at", starts.items())
        self._layer = QLineEdit(Path(curves.name).stem)
        self._layer.setAccessibleName("Layer")
        self._layer.setToolTip("A new layer, or one whose place is taken")
        self._retime = QCheckBox("Keep its speed")
        self._retime.setChecked(True)
        box = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(box.Cancel)
        accept = buttons.addButton("Import", QDialogButtonBox.ButtonRole.AcceptRole)
        accept.setDefault(True)
        accept.setEnabled(bool(curves.faces))
        self._layer.textChanged.connect(lambda text: accept.setEnabled(bool(text.strip())))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        if len(curves.faces) != 1:
            form.addRow("Face in the file", self._face)
        form.addRow("How", self._mode)
        form.addRow("The file begins at", self._start)
        form.addRow("Layer", self._layer)
        if curves.clock is not None and not same_timing(curves.clock, clock):
            rates = (
                f"{float(curves.clock.rate):.6g} frames a second, the shot {float(clock.rate):.6g}"
            )
            self._retime.setText(f"Keep its speed (it has {rates})")
            self._retime.setToolTip("Else its frames are taken one for one")
            form.addRow("", self._retime)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(buttons)

    def options(self) -> CurveImport:
        """Return the choices that the fields describe."""
        return CurveImport(
            source_face=self._face.currentData(),
            layer=self._layer.text().strip(),
            mode=self._mode.currentData(),
            offset=self._start.currentData(),
            retime=self._retime.isChecked(),
        )


def _choices(name: str, values: Iterable[tuple[object, str]]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for value, text in values:
        box.addItem(text, value)
    return box


def _title(face: FaceCurves) -> str:
    return face.name or f"face {face.number}"


def _filter(name: str, *formats: CurveFormat) -> str:
    endings = [suffix for format in formats for suffix in format.suffixes]
    return f"{name} ({' '.join(f'*{ending} *{ending.upper()}' for ending in endings)})"


def _each(formats: list[CurveFormat]) -> list[str]:
    return [_filter(format.name, format) for format in formats]


def _note_folder(name: str) -> None:
    settings().setValue(_FOLDER, str(Path(name).parent))


def _read(path: Path, basis: str | None) -> CurveFile:
    from mien.io.curves import read_curve_file

    return read_curve_file(path, basis=basis)


def _write(shot: Shot, path: Path, face: int, options: CurveExport) -> WrittenCurves:
    from mien.api import export_curves
    from mien.io.curves import format_for
    from mien.io.curves.registry import formats_of

    # A name of another ending than the chosen format's says better what is meant.
    formats = {one.layout for one in formats_of(path, "write")}
    layout = options.layout if options.layout in formats else None
    number = face if format_for(path, "write", layout).faces == "one" else None
    # The dialog has asked whether a file may be replaced.
    return export_curves(
        shot, path, face=number, raw=options.raw, layout=layout, fps=options.fps,
        offset=options.offset, only=options.only, overwrite=True,
    )  # fmt: skip
