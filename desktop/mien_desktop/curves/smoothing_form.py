"""The form of how curves are smoothed: method, strengths, window; each change is a step of undo."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

import mien
from mien.model.document import Project
from mien.model.smoothing import METHODS, USUAL_SMOOTHING, Smoothing, SmoothingMethod
from mien.model.transfer import GROUPS
from mien_desktop import theme
from mien_desktop.buttons import icon_button
from mien_desktop.faces.repairs import FaceRepairs
from mien_desktop.resolve import Resolved
from mien_desktop.words import title
from mien_desktop.workspace import Workspace

__all__ = ["SmoothingForm"]

_WORDS: Final[dict[SmoothingMethod, tuple[str, str]]] = {
    "adaptive": ("Adaptive", "As much as the noise asks for, as little as the motion allows"),
    "savgol": ("Savitzky-Golay", "Parabolas fitted to windows"),
    "one-euro": ("One Euro", "A low pass that opens with speed, run both ways"),
    "median": ("Median", "Single frames go, edges stay"),
    "none": ("None", "As solved"),
}
_CALM: Final = 150
"""Milliseconds without a further change before one is worked out."""


class SmoothingForm(QScrollArea):
    """Method, strength and window of the smoothing of the current face.

    What is set is worked out on a thread as soon as nobody turns at it any more.

    Args:
        workspace: The window's workspace.
        repairs: Work out what changes faces.
        parent: Qt's owner.
    """

    def __init__(
        self, workspace: Workspace, repairs: FaceRepairs, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._repairs = workspace, repairs
        self._filling = False
        self._wanted: tuple[str, int] | None = None
        """Shot and face that a change is waiting for."""
        self._whole = USUAL_SMOOTHING.strength
        self._method = QComboBox()
        self._method.setAccessibleName("Method of smoothing")
        for method in METHODS:
            self._method.addItem(_WORDS[method][0], method)
        self._method.setToolTip("\n".join(f"{name}: {tip}" for name, tip in _WORDS.values()))
        self._reset = icon_button("reset", "Smooth as usual", "Smooth as usual", self.reset)
        self._strength = _spin("Strength", "0 is as solved, 1 as usual, 5 the most", 5.0, 0.1)
        self._seconds = _spin("Window", "Width of the window, or the time constant", 10.0, 0.01)
        self._seconds.setSuffix(" s")
        self._seconds.setMinimum(0.01)
        self._groups = {
            name: _spin(f"Strength of {name}", f"Of {name}, in place of the strength", 5.0, 0.1)
            for name in GROUPS
        }
        self._every = QCheckBox("Every face")
        self._every.setToolTip("Smooth all faces of the shot so, not just the current one")
        self._timer = QTimer(self, singleShot=True, interval=_CALM)
        self._timer.timeout.connect(self._begin)
        self.setAccessibleName("Smoothing")
        self._lay_out()
        self._method.activated.connect(self._method_chosen)
        self._every.clicked.connect(lambda on: self._changed() if on else None)
        self._strength.valueChanged.connect(self._strength_turned)
        for spin in (self._seconds, *self._groups.values()):
            spin.valueChanged.connect(self._turned)
        workspace.changed.connect(self._resolved)
        repairs.changed.connect(self._free)
        self._show()

    def smoothing(self) -> Smoothing:
        """Return what the fields say."""
        method: SmoothingMethod = self._method.currentData()
        seconds = round(self._seconds.value(), 2)
        usual = Smoothing(method).window
        strength = round(self._strength.value(), 2)
        groups = tuple((name, round(s.value(), 2)) for name, s in self._groups.items())
        return Smoothing(
            method, strength, tuple(pair for pair in groups if pair[1] != strength),
            seconds if usual and seconds != usual else None,
        )  # fmt: skip

    def reset(self) -> None:
        """Smooth as usual again."""
        self._fill(USUAL_SMOOTHING)
        self._changed()

    # -- from the fields to the document -------------------------------------------------------

    def _method_chosen(self, index: int) -> None:
        # Windows of another method mean something else.
        self._filling = True
        self._seconds.setValue(max(Smoothing(METHODS[index]).window, 0.01))
        self._filling = False
        self._changed()

    def _strength_turned(self, value: float) -> None:
        if self._filling:
            return
        # Groups that have no strength of their own go along.
        self._filling = True
        for spin in self._groups.values():
            if spin.value() == self._whole:
                spin.setValue(value)
        self._filling = False
        self._whole = value
        self._changed()

    def _turned(self, value: float) -> None:
        if not self._filling:
            self._changed()

    def _changed(self) -> None:
        now = self._workspace.now
        if now.project is not None and now.face is not None:
            self._wanted = (now.project.id, now.face.number)
            self._timer.start()
            self._enable()

    def _free(self) -> None:
        if self._repairs.busy():
            return
        if self._wanted is None:
            self._show()
        elif not self._timer.isActive():
            self._begin()

    def _begin(self) -> None:
        """Smooth the face, or come again when something else is done."""
        now = self._workspace.now
        if self._repairs.busy() or self._wanted is None:
            return
        wanted, self._wanted = self._wanted, None
        if now.project is None or now.face is None:
            return
        how, face = self.smoothing(), now.face
        which = None if self._every.isChecked() and len(now.project.shot.faces) > 1 else face.number
        same = all(
            one.smoothing == how for one in now.project.shot.faces if which in (None, one.number)
        )
        if wanted != (now.project.id, face.number) or same:
            self._show()
            return
        whose = face.name if which is not None else "every face"

        def smooth(project: Project) -> Project:
            return mien.smooth_faces(project, how, which)

        self._repairs.begin(
            f"Smooth {whose}: {how}", smooth, lambda before, after: self._workspace.state.face
        )

    # -- from the document to the fields -------------------------------------------------------

    def _resolved(self, now: Resolved, before: Resolved) -> None:
        other = now.project is None or before.project is None or now.project.id != before.project.id
        if other or now.state.face != before.state.face:
            self._timer.stop()
            self._wanted = None
        if now.face is not before.face or other:
            self._show()

    def _show(self) -> None:
        face = self._workspace.now.face
        if self._wanted is None:
            self._fill(USUAL_SMOOTHING if face is None else face.smoothing)
        shot = self._workspace.now.shot
        self._every.setVisible(shot is not None and len(shot.faces) > 1)
        self.setEnabled(face is not None)

    def _fill(self, how: Smoothing) -> None:
        self._filling = True
        self._method.setCurrentIndex(METHODS.index(how.method))
        self._strength.setValue(how.strength)
        self._whole = self._strength.value()
        self._seconds.setValue(max(how.window, 0.01))
        for name, spin in self._groups.items():
            spin.setValue(how.strength_of(name))
        self._filling = False
        self._enable()

    def _enable(self) -> None:
        how = self.smoothing()
        self._seconds.setEnabled(how.window > 0)
        for spin in (self._strength, *self._groups.values()):
            spin.setEnabled(how.method != "none")
        self._reset.setEnabled(how != USUAL_SMOOTHING)

    def _lay_out(self) -> None:
        method = QHBoxLayout()
        method.setSpacing(4)
        method.addWidget(self._method, 1)
        method.addWidget(self._reset)
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(3)
        fields = [("Strength", self._strength), ("Window", self._seconds)]
        fields += [(title(name), spin) for name, spin in self._groups.items()]
        for index, (name, spin) in enumerate(fields):
            label = QLabel(name)
            label.setBuddy(spin)
            row, column = divmod(index, 2)
            grid.addWidget(label, row, 2 * column)
            grid.addWidget(spin, row, 2 * column + 1)
        note = QLabel("Faint: as tracked.")
        note.setStyleSheet(f"color: {theme.DIM.name()};")
        grid.addWidget(note, 5, 2, 1, 2)
        inner = QWidget()
        column_ = QVBoxLayout(inner)
        column_.setContentsMargins(8, 4, 8, 4)
        column_.setSpacing(4)
        column_.addLayout(method)
        column_.addLayout(grid)
        column_.addWidget(self._every)
        column_.addStretch(1)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedWidth(284)


def _spin(name: str, tip: str, most: float, step: float) -> QDoubleSpinBox:
    spin = QDoubleSpinBox(minimum=0.0, maximum=most, singleStep=step, decimals=2)
    spin.setKeyboardTracking(False)
    spin.setFixedWidth(70)
    spin.setAccessibleName(name)
    spin.setToolTip(tip)
    return spin
