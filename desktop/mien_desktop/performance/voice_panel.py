"""The panel of voices: a sound and what is said in it drive the mouth of the current face."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from mien.model.voice import LARGEST_AMOUNT, MouthAmounts
from mien.timebase import FrameRange
from mien_desktop import theme
from mien_desktop.background import Background
from mien_desktop.command import Command
from mien_desktop.performance.scrolled import fill_scrolled
from mien_desktop.reading import ReadingBar
from mien_desktop.resolve import Resolved
from mien_desktop.settings import settings
from mien_desktop.voices.work import SpeakOrder, VoiceWork
from mien_desktop.workspace import Workspace

__all__ = ["VoicePanel"]

_FOLDER: Final = "voice/folder"
_LINES: Final = 3
"""Lines of text that the field shows at least."""
_OWN: Final = "The shot's own"
_SOUNDS: Final = (
    "Sounds and movies (*.wav *.flac *.mp3 *.m4a *.aac *.ogg *.opus *.aif *.aiff *.mp4 *.mov *.mkv"
    " *.webm *.mxf);;All files (*)"
)
_TEXTS: Final = "Texts, subtitles, phones (*.txt *.srt *.vtt *.TextGrid *.json);;All files (*)"


class VoicePanel(QWidget):
    """A sound, what is said in it, and how the mouth follows.

    Args:
        workspace: The window's workspace.
        background: Finds out who can hear speech here.
        work: Lets voices drive mouths.
        parent: Qt's owner.
    """

    def __init__(
        self, workspace: Workspace, background: Background, work: VoiceWork,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._workspace, self._background, self._work = workspace, background, work
        self._path: Path | None = None
        self._asked = False
        self.setAccessibleName("Voice")
        self._make_fields()
        self._make_labels()
        self._speak = _button("Speak", "The mouth says what the sound says", self.speak)
        self._mute = _button("Mute", "The mouth stays shut", self.mute)
        self._resync = _button(
            "Resync", "Measure how far lips and the shot's own sound are apart, and move the lips",
            self.resync,
        )  # fmt: skip
        self._lay_out()
        workspace.changed.connect(self._changed)
        work.changed.connect(self._show)
        self._show()

    def commands(self) -> tuple[Command, ...]:
        """Return the commands of the panel."""
        made = (
            ("speak", "Speak", self.speak, "Let the mouth say what the Voice panel's sound says"),
            ("mute", "Mute the mouth", self.mute, "Shut a talking mouth between in and out"),
            ("resync", "Resync the lips", self.resync, "Move the lips to the shot's own sound"),
        )
        return tuple(
            Command(f"voice.{name}", text, run, (), "Voice", tip=tip, why=self._work.why)
            for name, text, run, tip in made
        )

    def take_sound(self, path: Path) -> None:
        """Choose a file with the sound."""
        place = self._sound.findData(path)
        if place < 0:
            self._sound.addItem(path.name, path)
            place = self._sound.count() - 1
            self._sound.setItemData(place, str(path), Qt.ItemDataRole.ToolTipRole)
        self._sound.setCurrentIndex(place)
        settings().setValue(_FOLDER, str(path.parent))

    def take_text(self, path: Path | None) -> None:
        """Choose a file with the text, or with phones; None to type instead."""
        self._path = path
        self._text.setEnabled(path is None)
        self._file.setText("Type instead" if path is not None else "From a file…")
        self._told.setText("" if path is None else f"From {path.name}")
        self._told.setVisible(path is not None)
        if path is not None:
            settings().setValue(_FOLDER, str(path.parent))

    def order(self) -> SpeakOrder:
        """Return what the fields ask of a voice."""
        amounts = MouthAmounts(self._jaw.value, self._lips.value)
        return SpeakOrder(
            sound=self._sound.currentData(),
            text=self._text.toPlainText(),
            path=self._path,
            span=self._span(),
            language=self._work.language,
            amounts=None if self._learned.isChecked() else amounts,
            mode="add" if self._adds.isChecked() else "replace",
        )

    def speak(self) -> None:
        """Let the current face say it."""
        self._work.speak(self.order())

    def mute(self) -> None:
        """Shut the mouth of the current face."""
        self._work.mute(self._span(), keep_breath=self._breath.isChecked())

    def resync(self) -> None:
        """Move the lips of the current face to the shot's sound."""
        self._work.resync(self._span())

    def showEvent(self, event: QShowEvent) -> None:
        """Find out once who can hear speech here, when somebody looks."""
        super().showEvent(event)
        if not self._asked:
            self._asked = True
            self._look_for_missing()

    def _span(self) -> FrameRange | None:
        """The frames that are meant; None for all, or as long as the sound."""
        now = self._workspace.now
        if self._frames.currentData() == "playhead":
            return FrameRange(now.state.frame, now.frame_count) if now.frame_count else None
        return now.project.span if now.project is not None else None

    def _changed(self, now: Resolved, before: Resolved) -> None:
        if (now.face, now.span) != (before.face, before.span) or now.project is not before.project:
            self._show()

    def _show(self) -> None:
        now, work = self._workspace.now, self._work
        ready = not work.why()
        for button in (self._speak, self._mute, self._resync):
            button.setEnabled(ready)
        if now.face is None or now.project is None:
            self._where.setText("Track the shot first.")
        else:
            span = now.project.span
            frames = "the whole shot" if span is None else f"frames {span.start} to {span.stop - 1}"
            self._where.setText(f"{now.face.name}, {frames}. Set in and out (I, O) for a part.")
        learned = self._learned.isChecked()
        if learned and work.learned is not None:
            self._jaw.set_value(work.learned.jaw)
            self._lips.set_value(work.learned.lips)
        for slider in (self._jaw, self._lips):
            slider.setEnabled(not learned)
        if not work.running:
            self._bar.hide()
        color = theme.ACCENT if work.failed else theme.DIM
        self.notes.setStyleSheet(f"color: {color.name()};")
        self.notes.setText(work.notes)

    def _take_language(self, code: str) -> None:
        self._work.language = code.strip().lower() or "en"
        if self._asked:
            self._look_for_missing()

    def _look_for_missing(self) -> None:
        self._background.run(partial(_missing, self._work.language), self._show_missing)

    def _show_missing(self, missing: tuple[str, ...]) -> None:
        self._missing.setVisible(bool(missing))
        if missing:
            verb = "is" if len(missing) == 1 else "are"
            extra = "french" if missing == ("soundswallower",) else "voice"
            self._missing.setText(
                f"{' and '.join(missing)} {verb} not installed: pip install 'mien[{extra}]', or"
                " choose a file of phones (.TextGrid, .json)."
            )

    def _ask_sound(self) -> None:
        self._ask("Sound or movie", _SOUNDS, self.take_sound)

    def _ask_text(self) -> None:
        if self._path is not None:
            self.take_text(None)
        else:
            self._ask("Text, subtitles or phones", _TEXTS, self.take_text)

    def _ask(self, title: str, names: str, take: Callable[[Path], None]) -> None:
        folder = settings().value(_FOLDER)
        dialog = QFileDialog(self, title, folder if isinstance(folder, str) else "")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(names)
        dialog.fileSelected.connect(lambda name: take(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _make_fields(self) -> None:
        self._sound = QComboBox()
        self._sound.setAccessibleName("Sound")
        self._sound.setToolTip("Whose voice the mouth follows")
        self._sound.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._sound.addItem(_OWN, None)
        self._text = QPlainTextEdit()
        self._text.setAccessibleName("What is said")
        self._text.setPlaceholderText("What is said. Empty: phones are heard without it.")
        self._text.setTabChangesFocus(True)
        metrics = self._text.fontMetrics()
        self._text.setFixedHeight(_LINES * metrics.lineSpacing() + 14)
        self._file = _button(
            "From a file…", "A text, subtitles, or phones with times (.TextGrid, .json)",
            self._ask_text,
        )  # fmt: skip
        self._frames = QComboBox()
        self._frames.setAccessibleName("Frames")
        self._frames.addItem("In to out", "span")
        self._frames.addItem("From the playhead", "playhead")
        self._frames.setToolTip("The sound begins where these frames do")
        self._language = QLineEdit("en")
        self._language.setAccessibleName("Language")
        self._language.setToolTip(
            "Code of the language: en and fr are aligned with their text,"
            " in others phones are heard without it"
        )
        self._language.textChanged.connect(self._take_language)
        self._learned = QCheckBox("As this person speaks")
        self._learned.setToolTip("How far jaw and lips go is learned where they speak in the shot")
        self._learned.setChecked(True)
        self._learned.toggled.connect(self._show)
        self._jaw = _Amount("Jaw")
        self._lips = _Amount("Lips")
        self._adds = QCheckBox("Add to what the mouth does")
        self._adds.setToolTip("In place of replacing it")
        self._breath = QCheckBox("Keep breaths")
        self._breath.setToolTip("Pauses of the speech stay as they are")

    def _make_labels(self) -> None:
        self._where, self._told, self._missing, self.notes = (
            QLabel(wordWrap=True) for _ in range(4)
        )
        self._where.setAccessibleName("Face and frames")
        self._told.setAccessibleName("File of what is said")
        self._told.hide()
        self._missing.setAccessibleName("Not installed")
        self._missing.setStyleSheet(f"color: {theme.ACCENT.name()};")
        self._missing.hide()
        self.notes.setAccessibleName("What was done")
        self.notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for label in (self._where, self._told):
            label.setStyleSheet(f"color: {theme.DIM.name()};")
        self._bar = ReadingBar(self._work.readings)
        self._bar.setAccessibleName("Voice is heard")
        self._bar.button.setText("Stop")
        self._bar.button.setToolTip("Stop; nothing is changed")

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        form = QFormLayout()
        form.setHorizontalSpacing(8)
        form.setVerticalSpacing(6)
        choose = _button("…", "Choose a sound or a movie", self._ask_sound)
        choose.setAccessibleName("Choose a sound")
        choose.setFixedWidth(30)
        form.addRow("Sound", _row(self._sound, choose))
        form.addRow("Frames", self._frames)
        form.addRow("Language", self._language)
        column.addWidget(self._where)
        column.addLayout(form)
        column.addWidget(self._text)
        column.addWidget(_row(self._told, self._file))
        for widget in (self._learned, self._jaw, self._lips, self._adds, self._missing,
                       self._speak):  # fmt: skip
            column.addWidget(widget)
        heading = QLabel("The mouth as it is")
        heading.setStyleSheet(f"color: {theme.DIM.name()}; padding-top: 8px;")
        column.addWidget(heading)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self._mute)
        buttons.addWidget(self._resync)
        column.addLayout(buttons)
        column.addWidget(self._breath)
        column.addWidget(self._bar)
        column.addWidget(self.notes)
        column.addStretch(1)
        fill_scrolled(self, inner)


class _Amount(QWidget):
    """Amount of movement of the jaw or the lips, in per cent."""

    def __init__(self, name: str) -> None:
        super().__init__()
        label = QLabel(name)
        label.setFixedWidth(40)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, round(100 * LARGEST_AMOUNT))
        self._slider.setPageStep(10)
        self._slider.setAccessibleName(name)
        self._slider.setToolTip(f"How far the {name.lower()} go{'es' if name == 'Jaw' else ''}")
        figure = QLabel("100 %")
        figure.setFixedWidth(42)
        figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._slider.valueChanged.connect(lambda now: figure.setText(f"{now} %"))
        self._slider.setValue(100)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label)
        row.addWidget(self._slider, 1)
        row.addWidget(figure)

    @property
    def value(self) -> float:
        """The amount, 1 being usual."""
        return self._slider.value() / 100

    def set_value(self, value: float) -> None:
        """Show an amount."""
        self._slider.setValue(round(100 * value))


def _button(text: str, tip: str, run: Callable[[], None]) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.clicked.connect(partial(_run, run))
    return button


def _run(run: Callable[[], None], checked: bool = False) -> None:
    run()


def _row(*widgets: QWidget) -> QWidget:
    """Widgets side by side, the first as wide as it can be."""
    whole = QWidget()
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    for index, widget in enumerate(widgets):
        row.addWidget(widget, 1 if index == 0 else 0)
    return whole


def _missing(language: str) -> tuple[str, ...]:
    """Return who would hear a language and is not installed; on a thread: decoders come along."""
    from mien.speech.listeners import missing_listeners

    return missing_listeners(language)
