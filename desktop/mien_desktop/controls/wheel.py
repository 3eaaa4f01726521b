"""The wheel of feelings: 135 words to browse by family, to try and to key."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import (
    QHideEvent,
    QImage,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QShortcut,
)
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from mien.model.action_units import ACTION_UNITS
from mien.model.feelings import FEELINGS, Feeling
from mien_desktop import theme
from mien_desktop.controls.applying import ExpressionApplying
from mien_desktop.controls.face_view import FaceView
from mien_desktop.controls.strength_row import StrengthRow
from mien_desktop.controls.wheel_canvas import WheelCanvas
from mien_desktop.controls.wheel_painting import FAMILIES
from mien_desktop.fields import SearchField
from mien_desktop.geometry.wheel import Segment, matching_feelings
from mien_desktop.resolve import Resolved
from mien_desktop.words import title
from mien_desktop.workspace import Workspace

__all__ = ["FeelingsWheel"]

_SIDE = 250
"""Width of what is told beside the wheel."""
_SHARE = 0.9
"""Of the screen's height that the window takes at most."""
_HINT = (
    "Point at a word to try it, click to key it at the playhead; drag it outwards for more of it,"
    " inwards for less. Click a family to open it."
)
_SIDES = {"L": "left ", "R": "right "}


class FeelingsWheel(QDialog):
    """A window with the wheel, what is to be told of a word, and how much of it is keyed.

    Args:
        workspace: The workspace.
        applying: How expressions are tried and applied; the palette's.
        picture: Gives the viewer's picture, of which the face is shown; None shows none.
        parent: Qt's owner.
    """

    def __init__(
        self,
        workspace: Workspace,
        applying: ExpressionApplying,
        picture: Callable[[], QImage | None] = lambda: None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.face = FaceView(workspace, picture, self)
        """The face at the playhead, with what is tried."""
        self._workspace, self._applying = workspace, applying
        self._before = applying.per_cent
        self._word = ""
        self.setWindowTitle("Wheel of feelings")
        self.canvas = WheelCanvas(self)
        self.search = SearchField("Search feelings", "Words, what is said for them, or a family")
        self._facts = _Facts(self)
        self._key = QPushButton("Key at the playhead")
        self._key.setToolTip("With the strength above (Enter on the wheel)")
        self._key.setAutoDefault(False)
        self._lay_out()
        self.search.textChanged.connect(self._search)
        self.search.returnPressed.connect(self._key_first)
        self.canvas.pointed.connect(self._pointed)
        self.canvas.chosen.connect(self.key_word)
        self.canvas.strengthened.connect(self._strengthen)
        self.canvas.given_up.connect(lambda: applying.set_per_cent(self._before))
        self.canvas.typed.connect(self._typed)
        self._key.clicked.connect(lambda: self.key_word(self._word))
        for keys, step in ((QKeySequence.StandardKey.Undo, workspace.session.undo),
                           (QKeySequence.StandardKey.Redo, workspace.session.redo)):  # fmt: skip
            QShortcut(QKeySequence(keys), self, step)
        workspace.changed.connect(self._resolved)
        self._pointed(None)
        self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def sizeHint(self) -> QSize:
        """Return the size of a wheel whose words can all be read, as the screen allows."""
        screen = self.screen().availableGeometry()
        wanted = max(self.canvas.sizeHint().height(), screen.height() // 2)
        side = min(wanted, round(screen.height() * _SHARE) - 24)
        return QSize(min(side + _SIDE + 24, screen.width()), side + 16)

    def key_word(self, word: str) -> None:
        """Key a word at the playhead with the strength that is set."""
        if word and self._workspace.now.face is not None:
            self._applying.apply(word, title(word))
            amount, frame = self._applying.per_cent, self._workspace.state.frame
            self._workspace.said.emit(f"{title(word)}, {amount} %, at frame {frame}.")

    def hideEvent(self, event: QHideEvent) -> None:
        """Try nothing any more."""
        super().hideEvent(event)
        self._applying.end_trying()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go back from a branch with Escape before the window closes."""
        if event.key() == Qt.Key.Key_Escape and self.canvas.map.branch:
            self.canvas.back()
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        side = QWidget()
        side.setFixedWidth(_SIDE)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self._facts)
        column.addWidget(self.face, 1)
        column.addWidget(StrengthRow(self._applying))
        column.addWidget(self._key)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 8, 12, 8)
        row.setSpacing(8)
        row.addWidget(self.canvas, 1)
        row.addWidget(side)

    def _search(self, text: str) -> None:
        self.canvas.narrow(matching_feelings(text))
        words = self.canvas.map.words
        if text.strip() and words:
            self.canvas.point_at(self.canvas.map.word(words[0]))

    def _typed(self, letter: str) -> None:
        self.search.setFocus(Qt.FocusReason.OtherFocusReason)
        self.search.setText(letter)

    def _key_first(self) -> None:
        current = self.canvas.current
        if self.search.text().strip() and current is not None and current.ring == 2:
            self.key_word(current.name)

    def _pointed(self, segment: Segment | None) -> None:
        word = FEELINGS.get(segment.name) if segment is not None and segment.ring == 2 else None
        if word is not None:
            self._word = word.name
            self._facts.show_word(word)
            self._applying.try_out({word.name: 1.0})
        else:
            self._applying.end_trying()
            self._facts.show_branch(segment)
            self._word = ""
        self._enable(self._workspace.now)

    def _strengthen(self, per_cent: int, first: bool) -> None:
        if first:
            self._before = self._applying.per_cent
        self._applying.set_per_cent(self._before + per_cent)

    def _resolved(self, now: Resolved, before: Resolved) -> None:
        self.face.update()
        if now.face is not before.face:
            self._enable(now)

    def _enable(self, now: Resolved) -> None:
        self._key.setEnabled(now.face is not None and bool(self._word))


class _Facts(QWidget):
    """Facts of a word or of a family."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._name = QLabel()
        font = self._name.font()
        font.setPixelSize(20)
        self._name.setFont(font)
        self._name.setStyleSheet("font-size: 20px;")
        self._path, self._more, self._formula = QLabel(), QLabel(), QLabel()
        for label in (self._path, self._more):
            label.setStyleSheet(f"color: {theme.DIM.name()};")
        for label in (self._more, self._formula):
            label.setWordWrap(True)
        self._meters = [_Meter("Intensity", 0), _Meter("Valence", -1), _Meter("Arousal", -1)]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(4)
        for widget in (self._name, self._path, self._more):
            column.addWidget(widget)
        column.addSpacing(8)
        for meter in self._meters:
            column.addWidget(meter)
        column.addSpacing(8)
        column.addWidget(self._formula)

    def show_word(self, word: Feeling) -> None:
        """Tell of a word."""
        color = FAMILIES[word.primary].lighter(125).name()
        self._name.setStyleSheet(f"font-size: 20px; color: {color};")
        self._name.setText(title(word.name))
        self._path.setText(f"{title(word.primary)} › {title(word.secondary)}")
        self._more.setText(f"also: {', '.join(word.adjectives)}" if word.adjectives else "")
        for meter, value in zip(
            self._meters, (word.intensity, word.valence, word.arousal), strict=True
        ):
            meter.show_value(value, FAMILIES[word.primary])
            meter.show()
        self._formula.setText(_formula(word))

    def show_branch(self, segment: Segment | None) -> None:
        """Tell of a family, or how the wheel is used."""
        for meter in self._meters:
            meter.hide()
        self._formula.setText("")
        self._path.setText("")
        if segment is None:
            self._name.setStyleSheet("font-size: 20px;")
            self._name.setText("Feelings")
            self._more.setText(_HINT)
            return
        color = FAMILIES[segment.path[0]].lighter(125).name()
        self._name.setStyleSheet(f"font-size: 20px; color: {color};")
        self._name.setText(title(segment.name))
        words = "1 word" if segment.words == 1 else f"{segment.words} words"
        self._more.setText(f"{words}. Click to open.")


class _Meter(QWidget):
    """A named value as a bar, from 0 or about a middle."""

    def __init__(self, name: str, low: int) -> None:
        super().__init__()
        self._name, self._low, self._value = name, low, 0.0
        self._color = theme.GHOST
        self.setFixedHeight(18)
        self.setAccessibleName(name)

    def show_value(self, value: float, color: object) -> None:
        """Show a value in a colour."""
        self._value, self._color = value, color  # type: ignore[assignment]
        self.setAccessibleDescription(f"{value:g}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint name, bar and figure."""
        painter = QPainter(self)
        painter.setPen(theme.DIM)
        painter.setFont(theme.small())
        middle = Qt.AlignmentFlag.AlignVCenter
        height = self.height()
        painter.drawText(QRectF(0, 0, 62, height), middle | Qt.AlignmentFlag.AlignLeft, self._name)
        bar = QRectF(66, height / 2 - 3, self.width() - 66 - 44, 6)
        painter.fillRect(bar, theme.WELL)
        zero = bar.left() + (bar.width() / 2 if self._low else 0)
        reach = self._value * bar.width() / (2 if self._low else 1)
        painter.fillRect(QRectF(zero, bar.top(), reach, bar.height()).normalized(), self._color)
        if self._low:
            painter.fillRect(QRectF(zero - 0.5, bar.top() - 2, 1, bar.height() + 4), theme.DIM)
        painter.setPen(theme.TEXT)
        text = f"{self._value:+.2f}" if self._low else f"{self._value:.2f}"
        right = middle | Qt.AlignmentFlag.AlignRight
        painter.drawText(QRectF(0, 0, self.width() - 2, height), right, text)
        painter.end()


def _formula(word: Feeling) -> str:
    """Write a word's action units, one a line, with their names."""
    if not word.formula:
        return f"Looks as the expression {title(word.name)}."
    lines = []
    for term in word.formula.split():
        match = re.fullmatch(r"([LR]?)(\d+)([A-E])", term)
        assert match is not None
        side, number, grade = match.groups()
        lines.append(
            f"{side}{number}{grade}  {_SIDES.get(side, '')}{ACTION_UNITS[int(number)].name}"
        )
    return "\n".join(lines)
