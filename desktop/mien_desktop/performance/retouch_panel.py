"""The panel of everyday jobs: one click each, on the current face between in and out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from mien.errors import MienError, NothingToDoError
from mien.model.document import Project
from mien.model.retouch import RetouchKind, RetouchOptions
from mien.model.retouch_rest import REST_GROUPS
from mien_desktop import theme
from mien_desktop.background import Background
from mien_desktop.command import Command
from mien_desktop.performance.scrolled import fill_scrolled
from mien_desktop.resolve import Resolved
from mien_desktop.words import title
from mien_desktop.workspace import Workspace

__all__ = ["RetouchPanel"]

_JOBS: tuple[tuple[RetouchKind, str, str, str], ...] = (
    ("lens", "Eyes", "Look at the lens", "The eyes look into the camera, however the head turns"),
    ("hold-eyes", "Eyes", "Hold the eyes", "The eyes stay on what they look at at the playhead"),
    ("remove-blinks", "Blinks", "Remove blinks", "The eyes stay open through every blink"),
    ("blink", "Blinks", "Add a blink", "The eyes are shut at the playhead, and open again"),
    ("soften", "Expression", "Soften", "The performance away from rest becomes less"),
    ("neutralise", "Expression", "Neutralise", "The face goes to rest"),
)
"""By its name in the SDK, the heading, the words and the tip of each job."""


class RetouchPanel(QWidget):
    """Everyday jobs, and how they are done.

    Args:
        workspace: The window's workspace.
        background: Works them out.
        match: Asks for a take that the face is to match.
        parent: Qt's owner.
    """

    def __init__(
        self, workspace: Workspace, background: Background, match: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._workspace, self._background, self._match = workspace, background, match
        self._working = ""
        self.setAccessibleName("Retouch")
        self._where = QLabel(wordWrap=True)
        self._where.setAccessibleName("Face and frames")
        self.notes = QLabel(wordWrap=True)
        self.notes.setAccessibleName("What was done")
        self.notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for label in (self._where, self.notes):
            label.setStyleSheet(f"color: {theme.DIM.name()};")
        self._strength = _Slider("Strength", "How far each of them goes", 100)
        self._softer = _Slider("Softer by", "How much of the performance goes", 50)
        self._movement = _Slider(
            "Movement kept", "How much of the eyes' own small movements is kept", 40
        )
        self._groups = {name: QCheckBox(title(name)) for name in REST_GROUPS}
        self._blinks = QCheckBox("Keep blinks")
        self._speech = QCheckBox("Keep speech")
        for box in (*self._groups.values(), self._blinks, self._speech):
            box.setChecked(True)
        self._buttons = [self._button(kind, text, tip) for kind, _, text, tip in _JOBS]
        self._lay_out()
        workspace.changed.connect(self._changed)
        self._show()

    def commands(self) -> tuple[Command, ...]:
        """Return a command for each job."""
        jobs = (
            Command(f"retouch.{kind}", text, partial(self.run, kind), (), "Retouch", tip=tip,
                    why=self.why)
            for kind, _, text, tip in _JOBS
        )  # fmt: skip
        return (
            *jobs,
            Command("retouch.match", "Match a take…", self._match, (), "Retouch",
                    tip="Let the face follow another take, or parts of it", why=self.why),
        )  # fmt: skip

    def why(self) -> str:
        """Return why no job can be begun now; empty when one can."""
        if self._workspace.now.face is None:
            return "The shot has no faces: track it first."
        return f"{self._working} is being worked out." if self._working else ""

    def options(self, kind: RetouchKind) -> RetouchOptions:
        """Return how a job is done, as the fields say."""
        state, project = self._workspace.state, self._workspace.project
        rest = kind in ("soften", "neutralise")
        chosen = tuple(name for name, box in self._groups.items() if box.isChecked())
        return RetouchOptions(
            span=None if project is None or kind == "blink" else project.span,
            at=(state.frame,) if kind in ("blink", "hold-eyes") else (),
            strength=self._softer.part if kind == "soften" else self._strength.part,
            movement=self._movement.chosen if kind in ("lens", "hold-eyes") else None,
            only=chosen if rest else (),
            keep_blinks=self._blinks.isChecked(),
            keep_speech=self._speech.isChecked(),
        )

    def run(self, kind: RetouchKind) -> None:
        """Do a job on the current face, on a thread; it becomes one step of undo."""
        reason, project, face = self.why(), self._workspace.project, self._workspace.now.face
        if reason or project is None or face is None:
            self.notes.setText(reason)
            return
        text = next(words for name, _, words, _ in _JOBS if name == kind)
        if kind in ("soften", "neutralise") and not any(
            box.isChecked() for box in self._groups.values()
        ):
            self.notes.setText("Choose a part of the face first.")
            return
        try:
            options = self.options(kind)
        except MienError as error:
            self.notes.setText(str(error))
            return
        self._working = text
        self.notes.setText(f"{text}…")
        self._show()
        self._work(text, kind, face.number, options, project)

    def _work(
        self, text: str, kind: RetouchKind, face: int, options: RetouchOptions, project: Project
    ) -> None:
        def done(made: tuple[Project, tuple[str, ...]]) -> None:
            shots = {one.id: one for one in self._workspace.session.document.shots}
            now = shots.get(project.id)
            if now is not None and now is not project:
                # What was edited meanwhile stays.
                self._work(text, kind, face, options, now)
                return
            self._end("")
            retouched, notes = made
            name = f"{text} ({retouched.shot.face(face).name})"
            if now is not None and self._workspace.apply(name, lambda d: d.with_shot(retouched)):
                self.notes.setText("\n".join(notes))
                self._workspace.said.emit(" ".join(notes[:1]) or f"{name}: done.")
                if self._workspace.state.shot == project.id:
                    self._workspace.set(layer=kind)

        def failed(error: MienError) -> None:
            if isinstance(error, NothingToDoError):
                self._end(str(error))
            else:
                self._end("")
                self._workspace.problem.emit(error)

        self._background.run(partial(_retouched, project, kind, face, options), done, failed)

    def _end(self, words: str) -> None:
        self._working = ""
        self.notes.setText(words)
        self._show()

    def _changed(self, now: Resolved, before: Resolved) -> None:
        if (now.face, now.span) != (before.face, before.span) or now.project is not before.project:
            self._show()

    def _show(self) -> None:
        now = self._workspace.now
        ready = not self.why()
        for button in self._buttons:
            button.setEnabled(ready)
        if now.face is None or now.project is None:
            self._where.setText("Track the shot first.")
            return
        span = now.project.span
        frames = "the whole shot" if span is None else f"frames {span.start} to {span.stop - 1}"
        self._where.setText(f"{now.face.name}, {frames}. Set in and out (I, O) for a part.")

    def _button(self, kind: RetouchKind, text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.clicked.connect(partial(self._clicked, kind))
        return button

    def _clicked(self, kind: RetouchKind, checked: bool = False) -> None:
        self.run(kind)

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self._where)
        column.addWidget(self._strength)
        more: dict[str, list[QWidget]] = {
            "Eyes": [self._movement], "Blinks": [], "Expression": [self._softer, self._parts()],
        }  # fmt: skip
        for heading, widgets in more.items():
            column.addWidget(_heading(heading))
            row = QHBoxLayout()
            row.setSpacing(6)
            for (_, group, _, _), button in zip(_JOBS, self._buttons, strict=True):
                if group == heading:
                    row.addWidget(button)
            column.addLayout(row)
            for widget in widgets:
                column.addWidget(widget)
        column.addWidget(_heading("Another take"))
        match = QPushButton("Match a take…")
        match.setToolTip("Let the face follow another take, or parts of it")
        match.clicked.connect(lambda: self._match())
        self._buttons.append(match)
        column.addWidget(match)
        column.addWidget(self.notes)
        column.addStretch(1)
        fill_scrolled(self, inner)

    def _parts(self) -> QWidget:
        parts = QWidget()
        grid = QGridLayout(parts)
        grid.setContentsMargins(0, 0, 0, 0)
        boxes = (*self._groups.values(), self._blinks, self._speech)
        for index, box in enumerate(boxes):
            grid.addWidget(box, index // 2, index % 2)
        return parts


class _Slider(QWidget):
    """A named part of a whole, in per cent."""

    def __init__(self, name: str, tip: str, value: int) -> None:
        super().__init__()
        self._usual = value
        label = QLabel(name)
        label.setFixedWidth(96)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, 100)
        self._slider.setPageStep(10)
        self._slider.setAccessibleName(name)
        self._slider.setToolTip(tip)
        figure = QLabel(f"{value} %")
        figure.setFixedWidth(42)
        figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._slider.valueChanged.connect(lambda now: figure.setText(f"{now} %"))
        self._slider.setValue(value)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label)
        row.addWidget(self._slider, 1)
        row.addWidget(figure)

    @property
    def chosen(self) -> float | None:
        """The value, 0 to 1; None where it was never touched, as each job knows its own."""
        return self.part if self._slider.value() != self._usual else None

    @property
    def part(self) -> float:
        """The value, 0 to 1."""
        return self._slider.value() / 100


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setStyleSheet(f"color: {theme.DIM.name()}; padding-top: 8px;")
    return label


def _retouched(
    project: Project, kind: RetouchKind, face: int, options: RetouchOptions
) -> tuple[Project, tuple[str, ...]]:
    """Return the project with the job done, and what is to be told of it; on a thread."""
    from mien.retouch import retouch

    notes: list[str] = []
    return retouch(project, kind, face, options, notice=notes.append), tuple(notes)
