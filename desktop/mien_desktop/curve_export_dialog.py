"""Dialog on curves that are written to a file: their rate, when they begin, and which."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGridLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from mien.model.document import Project
from mien.model.transfer import GROUPS
from mien_desktop.words import title

__all__ = ["CurveExport", "ExportCurvesDialog"]

_RATES: Final = ("23.976", "24", "25", "29.97", "30", "50", "59.94", "60")


@dataclass(frozen=True, slots=True)
class CurveExport:
    """Choices for a curve file.

    Attributes:
        layout: Which format, where an ending has several; the usual one when None.
        fps: Frames a second; the shot's when None.
        offset: Frames or a time by which the curves come later.
        only: Groups that are written; all when empty.
        raw: Whether they are taken as solved, before smoothing.
    """

    layout: str | None = None
    fps: str | None = None
    offset: str = "0"
    only: tuple[str, ...] = ()
    raw: bool = False


class ExportCurvesDialog(QDialog):
    """A dialog that asks how curves are written.

    Args:
        path: The file.
        layout: Its format, where the ending has several.
        project: The shot.
        parent: Qt's owner.
    """

    def __init__(
        self, path: Path, layout: str | None, project: Project, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._layout = layout
        self.setWindowTitle(f"Export {path.name}")
        self._rate = QComboBox()
        self._rate.setEditable(True)
        self._rate.setAccessibleName("Frames a second")
        rate = f"{float(project.shot.clock.rate):.6g}"
        self._own = f"{rate} (the shot's)"
        self._rate.addItems([self._own, *(one for one in _RATES if one != rate)])
        self._offset = QLineEdit("0")
        self._offset.setAccessibleName("Later by")
        self._offset.setToolTip("Frames, or a time as 1.5s; with a minus they come earlier")
        self._groups = {name: QCheckBox(title(name)) for name in GROUPS}
        self._raw = QCheckBox("As solved, before smoothing")
        grid = QGridLayout()
        for index, box in enumerate(self._groups.values()):
            box.setChecked(True)
            grid.addWidget(box, index % 3, index // 3)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        accept = buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        accept.setDefault(True)
        for box in self._groups.values():
            box.toggled.connect(lambda: accept.setEnabled(bool(self._chosen())))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow("Frames a second", self._rate)
        form.addRow("Later by", self._offset)
        form.addRow("What", grid)
        form.addRow("", self._raw)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(buttons)

    def options(self) -> CurveExport:
        """Return the choices that the fields describe."""
        chosen, rate = self._chosen(), self._rate.currentText().strip()
        return CurveExport(
            layout=self._layout,
            fps=None if rate in ("", self._own) else rate,
            offset=self._offset.text().strip() or "0",
            only=() if len(chosen) == len(GROUPS) else chosen,
            raw=self._raw.isChecked(),
        )

    def _chosen(self) -> tuple[str, ...]:
        return tuple(name for name, box in self._groups.items() if box.isChecked())
