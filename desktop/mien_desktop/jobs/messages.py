"""Error messages for people: the cause, the remedy, and the details for a report."""

from __future__ import annotations

import platform
import traceback
from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QWidget,
)

import mien
from mien.errors import DamagedMediaError, MienError
from mien_desktop import icons, theme

__all__ = ["ErrorDialog", "details_of", "show_error"]

_WIDTH = 460
_DETAILS_HEIGHT = 180
_ICON = 32


def show_error(parent: QWidget | None, error: MienError | Mapping[str, str]) -> QWidget:
    """Show an error without stopping the window; the message deletes itself when it is closed.

    Args:
        parent: The window that it belongs to.
        error: The error, or its `code`, `cause` and `remedy` as `mien serve` tells them.
    """
    dialog = ErrorDialog(error, parent)
    dialog.open()
    return dialog


class ErrorDialog(QDialog):
    """A message about an error, with its cause and remedy; details on demand.

    Args:
        error: The error.
        parent: The window that it belongs to.
    """

    def __init__(self, error: MienError | Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("mien")
        self.setAccessibleName("Error")
        self._error = error
        cause, remedy = _words(error)
        self._cause = _label(cause, "Cause")
        font = self._cause.font()
        font.setBold(True)
        self._cause.setFont(font)
        self._remedy = _label(remedy, "Remedy")
        self._remedy.setVisible(bool(remedy))
        self._details = QPlainTextEdit(details_of(error))
        self._details.setAccessibleName("Details")
        self._details.setReadOnly(True)
        self._details.setFont(theme.figures())
        self._details.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self._details.setMinimumHeight(_DETAILS_HEIGHT)
        self._details.hide()
        self._lay_out()

    def _lay_out(self) -> None:
        mark = QLabel()
        mark.setPixmap(icons.icon("warning").pixmap(_ICON, _ICON))
        mark.setAlignment(Qt.AlignmentFlag.AlignTop)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        self._more = QPushButton("Details")
        self._more.setCheckable(True)
        self._more.setAutoDefault(False)
        self._more.setToolTip("What a report of this error should hold")
        self._more.toggled.connect(self._unfold)
        copy = QPushButton("Copy")
        copy.setAutoDefault(False)
        copy.setToolTip("Copy the message and its details")
        copy.clicked.connect(self._copy)
        buttons.addButton(self._more, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setDefault(True)
        close.setFocus()
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 16, 16, 12)
        grid.setHorizontalSpacing(14)
        grid.addWidget(mark, 0, 0, 2, 1)
        grid.addWidget(self._cause, 0, 1)
        grid.addWidget(self._remedy, 1, 1)
        grid.addWidget(self._details, 2, 0, 1, 2)
        grid.addWidget(buttons, 3, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(2, 1)
        self.setMinimumWidth(_WIDTH)

    def _unfold(self, shown: bool) -> None:
        self._details.setVisible(shown)
        self.adjustSize()

    def _copy(self) -> None:
        cause, remedy = _words(self._error)
        text = "\n".join(part for part in (cause, remedy, "", details_of(self._error)) if part)
        QGuiApplication.clipboard().setText(text)


def details_of(error: MienError | Mapping[str, str]) -> str:
    """Return the text of a report of an error: its code, its traceback, and what was printed."""
    lines = [f"mien {mien.__version__}, Python {platform.python_version()}, {platform.platform()}"]
    if isinstance(error, MienError):
        lines.append(f"code: {getattr(error, 'reported_code', error.code)}")
        printed = str(getattr(error, "details", "")).strip()
        if printed:
            lines.append(printed)
        elif error.__traceback__ is not None:
            lines.append("".join(traceback.format_exception(error)).rstrip())
    else:
        lines.append(f"code: {error.get('code', 'error')}")
        lines += [error["details"]] if error.get("details") else []
    return "\n".join(lines)


def _words(error: MienError | Mapping[str, str]) -> tuple[str, str]:
    if isinstance(error, MienError):
        code = getattr(error, "reported_code", error.code)
        cause, remedy = error.cause, error.remedy
    else:
        code, cause, remedy = (error.get(name, "") for name in ("code", "cause", "remedy"))
    if code == DamagedMediaError.code and "--until-damage" in remedy:
        # What is an option on the command line is a box of the export dialog here.
        remedy = "Copy or export it again, or tick “End before damage” in the export."
    return cause, remedy


def _label(text: str, name: str) -> QLabel:
    label = QLabel(text)
    # Names of files may look like mark-up.
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setAccessibleName(name)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    return label
