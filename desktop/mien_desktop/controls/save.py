"""The dialog that asks under which name, and how much of it, an expression is kept."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

__all__ = ["SaveDialog"]

_LEAST = 0.02
"""Weights below are none: a performance is never quite still."""


class SaveDialog(QDialog):
    """Asks for the name of an expression, and whether the performance belongs to it.

    Args:
        added: What the edits add, by control.
        whole: What the face does in the end, by control.
        parent: Qt's owner.
    """

    def __init__(
        self, added: Mapping[str, float], whole: Mapping[str, float], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._added, self._whole = added, whole
        self.setWindowTitle("Keep this expression")
        self._name = QLineEdit()
        self._name.setPlaceholderText("Name")
        self._name.setAccessibleName("Name of the expression")
        self._edits = QRadioButton("What the edits add")
        self._all = QRadioButton("The whole expression, as the face has it here")
        self._edits.setEnabled(bool(added))
        (self._edits if added else self._all).setChecked(True)
        box = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(box.Save | box.Cancel)
        self._save = buttons.button(box.Save)
        self._save.setEnabled(False)
        self._name.textChanged.connect(lambda text: self._save.setEnabled(bool(text.strip())))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(QLabel("It is kept in the palette, for every project."))
        for widget in (self._name, self._edits, self._all, buttons):
            column.addWidget(widget)

    @property
    def name(self) -> str:
        """The name that was typed."""
        return self._name.text().strip()

    @property
    def weights(self) -> dict[str, float]:
        """Values to be kept, by control."""
        chosen = self._added if self._edits.isChecked() else self._whole
        return {name: round(w, 4) for name, w in chosen.items() if abs(w) >= _LEAST}
