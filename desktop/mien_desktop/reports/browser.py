"""The page of a report in the user's browser."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

__all__ = ["open_page"]


def open_page(page: Path) -> None:
    """Show a page in the user's browser; tests take it with `QDesktopServices.setUrlHandler`."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(page)))
