"""The few things that are set once: proxies and their cache."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from mien_desktop.settings import settings

if TYPE_CHECKING:
    from mien.preview.proxy import ProxyStore

__all__ = [
    "PreferencesDialog",
    "cache_folder",
    "cache_limit",
    "preview_renderer",
    "proxies_wanted",
    "proxy_store",
]

_PROXIES, _FOLDER, _LIMIT = "proxies/on", "proxies/folder", "proxies/limit-gib"
_RENDERER = "preview/renderer"
_GIB = 1 << 30
_USUAL_LIMIT = 20
_WARP = "warp"


def proxies_wanted() -> bool:
    """Return whether proxies of clips are made, so that they can be scrubbed at once."""
    return settings().value(_PROXIES, True) not in (False, "false")


def cache_folder() -> Path:
    """Return the folder of the proxies."""
    chosen = settings().value(_FOLDER)
    return Path(str(chosen)) if chosen else platformdirs.user_cache_path("mien") / "proxies"


def cache_limit() -> int:
    """Return the limit of their size together, in GiB."""
    value = str(settings().value(_LIMIT, _USUAL_LIMIT))
    return int(value) if value.isdecimal() else _USUAL_LIMIT


def proxy_store() -> ProxyStore | None:
    """Return the store of proxy files as the user wants it; None when they want none."""
    if not proxies_wanted():
        return None
    from mien.preview.proxy import ProxyStore

    return ProxyStore(cache_folder(), cache_limit() * _GIB)


def preview_renderer() -> str:
    """Return the name of the renderer that paints the viewer's pictures."""
    return str(settings().value(_RENDERER, _WARP) or _WARP)


class PreferencesDialog(QDialog):
    """The preferences; they are taken over with OK, for shots opened from then on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Preferences")
        self.setMinimumWidth(480)
        self.proxies = QCheckBox("Make small copies of clips in the background")
        self.proxies.setChecked(proxies_wanted())
        self.proxies.setToolTip("Long clips can then be scrubbed without waiting")
        self.folder = QLineEdit(str(cache_folder()))
        self.folder.setAccessibleName("Folder of the copies")
        browse = QPushButton("Choose…", autoDefault=False)
        browse.clicked.connect(self._ask_folder)
        self.limit = QSpinBox(minimum=1, maximum=4096, value=cache_limit(), suffix=" GiB")
        self.limit.setAccessibleName("Space for the copies")
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(browse)
        form = QFormLayout()
        form.addRow(self.proxies)
        form.addRow("Kept in", row)
        form.addRow("Space at most", self.limit)
        form.addRow(QLabel("Exports never use the copies; when space runs out the oldest go."))
        # Here, not above: the window needs none of it to come up.
        from mien.rendering.registry import available_renderers

        self.renderer = QComboBox()
        self.renderer.setAccessibleName("Renderer of the viewer")
        self.renderer.setToolTip(
            "What the viewer's pictures are painted with; one that is slow for sliders leaves small"
            " pictures to Warp"
        )
        for name in dict.fromkeys((preview_renderer(), *available_renderers())):
            self.renderer.addItem(name.capitalize(), name)
        form.addRow("Preview with", self.renderer)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(buttons)
        self.accepted.connect(self._keep)

    def _ask_folder(self) -> None:
        dialog = QFileDialog(self, "Keep copies where?", self.folder.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.folder.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _keep(self) -> None:
        store = settings()
        store.setValue(_PROXIES, self.proxies.isChecked())
        store.setValue(_FOLDER, self.folder.text())
        store.setValue(_LIMIT, self.limit.value())
        store.setValue(_RENDERER, self.renderer.currentData())
