"""Dialog on how things in front of the faces of a shot are treated; every change is a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from mien.errors import MienError
from mien.model.document import Project
from mien.model.occlusion import GLASSES, GlassesChoice, Occlusion
from mien.model.shot import Shot
from mien.session.commands import clear_strokes, set_occlusion
from mien_desktop.background import Background
from mien_desktop.resolve import Resolved
from mien_desktop.words import count
from mien_desktop.workspace import Workspace

__all__ = ["FrontDialog"]

_WORDS = (
    "A hand, a microphone, hair, glasses: what is in front of a face keeps the plate's pixels, and"
    " the face moves behind it. Brush and eraser in the viewer (P, E) correct what is found."
)
_GLASSES: Final[dict[GlassesChoice, str]] = {
    "auto": "Look for glasses", "yes": "Wears glasses", "no": "Wears none",
}  # fmt: skip
_Checked = tuple[Occlusion, tuple[str, ...]]


class FrontDialog(QDialog):
    """The treatment of things in front of the faces of a shot.

    Args:
        workspace: The window's workspace.
        background: Looks at mattes, which takes a while.
        shot: Id of the shot.
        parent: Qt's owner.
    """

    def __init__(
        self, workspace: Workspace, background: Background, shot: str,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._workspace, self._background, self._shot = workspace, background, shot
        self._filling = False
        self.setWindowTitle(f"In front of faces: {self._project.title}")
        self.setMinimumWidth(520)
        self.detect = self._box("Look for what is in front of faces", "detect")
        self.fade = self._box("Fade edits where a face, or a part of it, is not seen well", "fade")
        self.matte = QLabel()
        self.matte.setAccessibleName("Matte")
        self.note = QLabel(wordWrap=True)
        self._choose = self._button("Choose…", self._ask)
        self._remove = self._button("Remove", self.remove_matte)
        self.strokes = QLabel()
        self.strokes.setAccessibleName("Strokes")
        self._clear = self._button("Clear all", self._clear_strokes)
        self.glasses = {face.number: self._glasses_box(face.number) for face in self._shown.faces}
        self._lay_out()
        workspace.changed.connect(self._changed)
        self._say("")
        self._fill()

    def take_matte(self, path: Path) -> None:
        """Look at a matte, and use it when it fits.

        Args:
            path: A movie, or an image of a sequence; white is in front.
        """
        shot = self._shown
        self._say(f"Looking at {path.name}…")
        self._choose.setEnabled(False)
        self._background.run(partial(_checked, shot, path), self._use_matte, self._refuse)

    def remove_matte(self) -> None:
        """Do without the matte."""
        self._say("")
        self._set("Remove the matte", matte=None, matte_content="", matte_online=True)

    @property
    def _project(self) -> Project:
        return self._workspace.now.document.shot(self._shot)

    @property
    def _shown(self) -> Shot:
        return self._project.shot

    def _use_matte(self, checked: _Checked) -> None:
        given, remarks = checked
        self._say(" ".join(f"{remark[:1].upper()}{remark[1:]}." for remark in remarks))
        self._set(
            "Choose a matte",
            matte=given.matte, matte_content=given.matte_content, matte_online=given.matte_online,
        )  # fmt: skip
        self._fill()

    def _say(self, words: str) -> None:
        self.note.setText(words)
        self.note.setVisible(bool(words))

    def _refuse(self, error: MienError) -> None:
        self._say("")
        self._fill()
        self._workspace.problem.emit(error)

    def _set(self, name: str, **changes: object) -> None:
        new = replace(self._shown.occlusion, **changes)  # type: ignore[arg-type]
        self._workspace.apply(name, partial(set_occlusion, shot=self._shot, occlusion=new))

    def _clear_strokes(self) -> None:
        self._workspace.apply("Clear all strokes", partial(clear_strokes, shot=self._shot))

    def _changed(self, now: Resolved, before: Resolved) -> None:
        if all(project.id != self._shot for project in now.document.shots):
            self.reject()
        elif now.document is not before.document:
            if {face.number for face in self._shown.faces} != set(self.glasses):
                self.reject()  # it was tracked anew
            else:
                self._fill()

    def _fill(self) -> None:
        occlusion = self._shown.occlusion
        self._filling = True
        self.detect.setChecked(occlusion.detect)
        self.detect.setEnabled(occlusion.matte is None)
        self.detect.setToolTip(
            "" if occlusion.matte is None else "The matte takes the place of what would be found"
        )
        self.fade.setChecked(occlusion.fade)
        name = "None" if occlusion.matte is None else occlusion.matte.name
        self.matte.setText(name if occlusion.matte_online else f"{name} (missing)")
        self.matte.setToolTip(str(occlusion.matte or ""))
        self._choose.setEnabled(self._project.online)
        self._remove.setEnabled(occlusion.matte is not None)
        painted = {(stroke.face, stroke.frame) for stroke in occlusion.strokes}
        self.strokes.setText(
            f"{count(len(occlusion.strokes), 'stroke')} in {count(len(painted), 'frame')}"
            if painted else "None"
        )  # fmt: skip
        self._clear.setEnabled(bool(painted))
        for face, box in self.glasses.items():
            box.setCurrentIndex(GLASSES.index(occlusion.wears_glasses(face)))
        self._filling = False

    def _glasses_chosen(self, face: int, index: int) -> None:
        if not self._filling:
            glasses = {**self._shown.occlusion.glasses, face: GLASSES[index]}
            self._set(f"Glasses of {self._shown.face(face).name}", glasses=glasses)

    def _toggled(self, name: str, words: str, on: bool) -> None:
        if not self._filling:
            verb = "" if on else "Do not "
            self._set((verb + words[:1].lower() + words[1:]).capitalize(), **{name: on})

    def _box(self, words: str, name: str) -> QCheckBox:
        box = QCheckBox(words)
        box.toggled.connect(partial(self._toggled, name, words))
        return box

    def _glasses_box(self, face: int) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(f"Glasses of {self._shown.face(face).name}")
        box.setToolTip("Glasses stay rigid with the head; skin and eyes move behind them")
        box.addItems([_GLASSES[choice] for choice in GLASSES])
        box.currentIndexChanged.connect(partial(self._glasses_chosen, face))
        return box

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow(self.detect)
        form.addRow(self.fade)
        form.addRow("Matte, white in front", _row(self.matte, self._choose, self._remove))
        form.addRow(self.note)
        form.addRow("Painted", _row(self.strokes, self._clear))
        for number, box in self.glasses.items():
            form.addRow(self._shown.face(number).name.capitalize(), box)
        column = QVBoxLayout(self)
        column.addWidget(QLabel(_WORDS, wordWrap=True))
        column.addLayout(form)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self._button("Close", self.accept))
        column.addLayout(row)

    def _button(self, text: str, run: Callable[[], None]) -> QPushButton:
        button = QPushButton(text, autoDefault=False)
        button.clicked.connect(lambda: run())
        return button

    def _ask(self) -> None:
        dialog = QFileDialog(self, "Choose a matte: a movie, or an image of a sequence")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.take_matte(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _checked(shot: Shot, path: Path) -> _Checked:
    """Return how a shot is treated with a matte, and what is to be known of how it is used."""
    from mien.api import check_occlusion_matte, set_occlusion_matte

    return set_occlusion_matte(shot, path).occlusion, check_occlusion_matte(shot, path)


def _row(label: QLabel, *buttons: QPushButton) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(label, 1)
    for button in buttons:
        row.addWidget(button)
    return row
