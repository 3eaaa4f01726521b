"""Dialog on a performance that the current face is to follow: whose, what of it, and when."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from mien.errors import MienError
from mien.model.document import Project
from mien.model.face import Face
from mien.model.transfer import APPLIED_LAYER, GROUPS, Transfer
from mien.model.transfer_times import TransferTiming, parse_warp
from mien_desktop.flame_bases import basis_box
from mien_desktop.performance.apply_more import ApplyMore
from mien_desktop.reading import ReadingBar, Readings
from mien_desktop.resolve import Resolved
from mien_desktop.settings import settings
from mien_desktop.words import title

__all__ = ["ApplyDialog", "ApplySource"]

_FOLDER = "apply/folder"
_LEFT_ALONE: Final = frozenset({"gaze", "head"})
"""Groups that are taken only when they are asked for."""
_RELATIVE: Final = (
    (None, "As fits", "Relative to rest for another person, else just what it does"),
    (True, "Relative to rest", "What it does away from its rest, from this face's rest on"),
    (False, "Absolute", "Just what it does"),
)
_WHEN: Final = (
    ("speed", "At its own speed"),
    ("fit", "Stretched to fill these frames"),
    ("sound", "Where its sound goes best with the shot's"),
    ("warp", "By a curve of times"),
)
ApplySource = Path | tuple[str, int]
"""A file, or a face of another shot of the document: the shot's id, the face's number."""


class ApplyDialog(QDialog):
    """A dialog that asks for a performance, and shows how far it is read.

    Args:
        now: What the window shows.
        parent: Qt's owner.
    """

    wanted = Signal()
    """The performance is to be applied as the fields say."""

    def __init__(self, now: Resolved, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert now.project is not None
        assert now.face is not None
        self._project, self._face, self._frame = now.project, now.face, now.state.frame
        self.readings = Readings(self)
        """Told how far a clip is tracked; its bar has a button that stops it."""
        self.setWindowTitle(f"Apply a performance to {self._face.name}")
        self._source = _box("Performance", _sources(now))
        self._path: Path | None = None
        self._choose = QPushButton("Choose a file…", autoDefault=False)
        self._choose.setToolTip("A clip, an image, a project or a curve file")
        self._choose.clicked.connect(self._ask)
        self._shot = _box("Shot of the file", ())
        self._shot.setToolTip("Which shot, as the project has several")
        self._basis = basis_box()
        self._whose = QLineEdit()
        self._whose.setAccessibleName("Whose")
        self._whose.setPlaceholderText("the only one")
        self._whose.setToolTip("Number or name of a face, where the file has several")
        self._relative = _box("How", [(value, text) for value, text, _ in _RELATIVE])
        self._relative.setToolTip("\n".join(f"{text}: {tip}" for _, text, tip in _RELATIVE))
        self._span = _box("Frames", self._spans())
        self._when = _box("When", _WHEN)
        self._offset = QLineEdit("0")
        self._offset.setAccessibleName("Later by")
        self._offset.setToolTip("Frames or seconds of the source that are passed over: 12, 0.5s")
        self._rate = QDoubleSpinBox(minimum=0.01, maximum=100, singleStep=0.1, value=1)
        self._rate.setAccessibleName("Speed")
        self._rate.setSuffix(" ×")
        self._warp = QLineEdit()
        self._warp.setAccessibleName("Curve of times")
        self._warp.setPlaceholderText("0=0, 2s=3s")
        self._warp.setToolTip(
            "Times of the shot, each with the time of the source that is seen then, ascending:"
            " frames (48), seconds (2s) or timecode"
        )
        self._more = ApplyMore()
        self._layer = QLineEdit(APPLIED_LAYER)
        self._layer.setAccessibleName("Layer")
        self._layer.setToolTip("A new layer, or one whose place is taken")
        self._groups = {name: _Group(name) for name in GROUPS}
        self._note = QLabel(wordWrap=True)
        self._note.hide()
        self._lay_out()
        self._source.currentIndexChanged.connect(self._enable)
        self._when.currentIndexChanged.connect(self._enable)
        for line in (self._layer, self._warp):
            line.textChanged.connect(self._enable)
        self._enable()

    def source(self) -> ApplySource | None:
        """Return the performance that is chosen; None while a file is still to be chosen."""
        chosen = self._source.currentData()
        return self._path if chosen == "file" else chosen

    def take_file(self, path: Path) -> None:
        """Choose a file."""
        self._path = path
        index = self._source.findData("file")
        self._source.setItemText(index, path.name)
        self._source.setItemData(index, "file")
        self._source.setCurrentIndex(index)
        self._rows.setRowVisible(self._basis, False)
        self._list_shots(path)
        self.say("")
        self._enable()

    def whose(self) -> int | str | None:
        """Return the face of a file whose performance is meant; None for the only one."""
        text = self._whose.text().strip()
        return int(text) if text.isdigit() else (text or None)

    def which_shot(self) -> str | None:
        """Return the shot of a project of several that is meant; None where there is one."""
        return self._shot.currentData() if self._shot.count() > 1 else None

    def basis(self) -> str | None:
        """Return the basis of FLAME coefficients; None where nothing asked for it."""
        shown = self._rows.isRowVisible(self._basis)
        return str(self._basis.currentData()) if shown else None

    def ask_basis(self) -> None:
        """Ask for the basis of the FLAME coefficients in the file, which does not say."""
        self._rows.setRowVisible(self._basis, True)
        self.rest("It holds FLAME coefficients, and does not say of which head: choose it.")
        self._basis.setFocus()

    @property
    def layer(self) -> str:
        """Name of the layer that is made."""
        return self._layer.text().strip()

    def transfer(self) -> Transfer:
        """Return what of the performance is taken, how, and when.

        Raises:
            UsageError: When the fields contradict each other.
        """
        when = self._when.currentData()
        own = when == "speed"
        timing = TransferTiming(
            span=self._span.currentData(),
            offset=(self._offset.text().strip() or "0") if own else 0,
            rate=self._rate.value() if own else 1.0,
            fit=when == "fit",
            warp=parse_warp(self._warp.text()) if when == "warp" else (),
            align_sound=when == "sound",
        )
        taken = {name: row.strength for name, row in self._groups.items() if row.taken}
        return Transfer(
            relative=self._relative.currentData(), only=tuple(taken), strength=taken,
            ease=self._more.ease, tolerance=self._more.tolerance, timing=timing,
        )  # fmt: skip

    def work(self, name: str) -> None:
        """Show that something goes on."""
        self.say(f"{name}…")
        self._form.setEnabled(False)
        self._accept.setEnabled(False)

    def rest(self, words: str = "", choices: tuple[str, ...] = ()) -> None:
        """Show that nothing goes on any more, and why it was refused.

        Args:
            words: Cause and remedy.
            choices: Faces of which one has to be chosen.
        """
        self._form.setEnabled(True)
        self.say(words)
        self._enable()
        if choices:
            self._whose.setPlaceholderText(" or ".join(choices))
            self._whose.setFocus()

    def say(self, words: str) -> None:
        """Write a line under the form."""
        self._note.setText(words)
        self._note.setVisible(bool(words))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop what goes on: nobody waits for it."""
        self.readings.cancel()
        super().closeEvent(event)

    def reject(self) -> None:
        """Stop what goes on, and close."""
        self.readings.cancel()
        super().reject()

    def _spans(self) -> list[tuple[str | None, str]]:
        spans: list[tuple[str | None, str]] = [(None, "The whole shot")]
        if self._frame:
            spans.append((f"{self._frame}:", "From the playhead on"))
        span = self._project.span
        if span is not None:
            spans.insert(0, (f"{span.start}:{span.stop}", "Between in and out"))
        return spans

    def _lay_out(self) -> None:
        source = QHBoxLayout()
        source.addWidget(self._source, 1)
        source.addWidget(self._choose)
        times = QHBoxLayout()
        times.addWidget(self._when, 1)
        self._later = QLabel("later by")
        times.addWidget(self._later)
        self._offset.setFixedWidth(60)
        times.addWidget(self._offset)
        times.addWidget(self._rate)
        times.addWidget(self._warp, 1)
        groups = QGridLayout()
        groups.setHorizontalSpacing(16)
        for index, row in enumerate(self._groups.values()):
            groups.addWidget(row, index % 3, index // 3)
            row.changed.connect(self._enable)
        self._form = QWidget()
        self._rows = form = QFormLayout(self._form)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Performance", source)
        form.addRow("Shot", self._shot)
        form.addRow("FLAME basis", self._basis)
        form.addRow("Whose", self._whose)
        form.addRow("How", self._relative)
        form.addRow("What", groups)
        form.addRow("Frames", self._span)
        form.addRow("When", times)
        form.addRow("Layer", self._layer)
        form.addRow(self._more)
        for hidden in (self._shot, self._basis):
            form.setRowVisible(hidden, False)
        box = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(box.Cancel)
        self._accept = buttons.addButton("Apply", QDialogButtonBox.ButtonRole.ApplyRole)
        self._accept.setDefault(True)
        self._accept.clicked.connect(self.wanted.emit)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self._form)
        column.addWidget(self._note)
        column.addWidget(ReadingBar(self.readings))
        column.addWidget(buttons)
        self.setMinimumWidth(560)

    def _enable(self) -> None:
        taken = any(row.taken for row in self._groups.values())
        own, warped = (self._when.currentData() == one for one in ("speed", "warp"))
        timed = bool(self._warp.text().strip()) or not warped
        ready = self.source() is not None and taken and bool(self.layer) and timed
        self._accept.setEnabled(ready)
        file = self._source.currentData() == "file"
        self._whose.setEnabled(file)
        self._shot.setEnabled(file)
        self._warp.setVisible(warped)
        for field in (self._later, self._offset, self._rate):
            field.setVisible(not warped)
            field.setEnabled(own)

    def _list_shots(self, path: Path) -> None:
        """List the shots of a project of several; what is wrong with a file is told later."""
        from mien.io import project

        self._shot.clear()
        if path.suffix.lower() == project.SUFFIX:
            try:
                parts = project.describe(path).shots
            except MienError:
                parts = ()
            for number, part in enumerate(parts, 1):
                self._shot.addItem(f"{number}  {part.title}", part.id)
        self._rows.setRowVisible(self._shot, self._shot.count() > 1)

    def _ask(self) -> None:
        folder = str(settings().value(_FOLDER) or Path.home())
        dialog = QFileDialog(self, "Choose a performance", folder)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(partial(self._file_chosen))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _file_chosen(self, name: str) -> None:
        settings().setValue(_FOLDER, str(Path(name).parent))
        self.take_file(Path(name))


class _Group(QWidget):
    """A group of controls: whether it is taken, and how strongly."""

    changed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self._box = QCheckBox(title(name))
        self._box.setChecked(name not in _LEFT_ALONE)
        self._amount = QSpinBox(minimum=0, maximum=100, singleStep=10, value=100)
        self._amount.setSuffix(" %")
        self._amount.setFixedWidth(72)
        self._amount.setAccessibleName(f"Strength of {name}")
        self._amount.setEnabled(self._box.isChecked())
        self._box.toggled.connect(self._amount.setEnabled)
        self._box.toggled.connect(self.changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._box, 1)
        row.addWidget(self._amount)

    @property
    def taken(self) -> bool:
        """True when it is taken."""
        return self._box.isChecked()

    @property
    def strength(self) -> float:
        """Strength, 0 to 1."""
        return self._amount.value() / 100


def _sources(now: Resolved) -> list[tuple[object, str]]:
    """Return what can be chosen: a file, and the faces of the document's shots but this one."""
    sources: list[tuple[object, str]] = [("file", "A file…")]
    for project in now.document.shots:
        for face in project.shot.faces:
            if face is not now.face:
                sources.append(((project.id, face.number), _name(project, face)))
    return sources


def _name(project: Project, face: Face) -> str:
    alone = len(project.shot.faces) == 1
    return project.title if alone else f"{project.title}: {face.name}"


def _box(name: str, values: object) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for value, text in values:  # type: ignore[attr-defined]
        box.addItem(text, value)
    return box
