"""A box that asks which basis FLAME coefficients have, for files that do not say."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from mien.errors import MienError
from mien.face.flame_coefficients import BASES

__all__ = ["BasisDialog", "asks_basis", "basis_box"]


def asks_basis(error: MienError) -> bool:
    """Return whether a file was refused just because its basis is not named."""
    return tuple(getattr(error, "choices", ())) == BASES


def basis_box() -> QComboBox:
    """Make a box of the bases; those whose head is not installed come last, and say so."""
    from mien.face.bridge import installed_bases

    installed = installed_bases()
    box = QComboBox()
    box.setAccessibleName("FLAME basis")
    box.setToolTip("The head that its coefficients were made with")
    for basis in sorted(BASES, key=lambda one: one not in installed):
        box.addItem(basis if basis in installed else f"{basis} (not installed)", basis)
    return box


class BasisDialog(QDialog):
    """A dialog that asks for the basis of a file.

    Args:
        name: Name of the file.
        parent: Qt's owner.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Import {name}")
        text = QLabel(f"{name} holds FLAME coefficients, and does not say of which head.")
        text.setWordWrap(True)
        self._box = basis_box()
        box = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(box.Cancel)
        accept = buttons.addButton("Go on", QDialogButtonBox.ButtonRole.AcceptRole)
        accept.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow("FLAME basis", self._box)
        column = QVBoxLayout(self)
        column.addWidget(text)
        column.addLayout(form)
        column.addWidget(buttons)

    @property
    def basis(self) -> str:
        """The basis that is chosen."""
        return str(self._box.currentData())
