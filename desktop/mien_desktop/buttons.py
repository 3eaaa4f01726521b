"""Buttons that show an icon, and boxes that offer a few values: each with words of its own.

Whoever cannot see an icon hears its name; whoever points at it reads what it does.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QComboBox, QMenu, QToolButton

from mien_desktop.icons import icon

__all__ = ["choice_box", "icon_button", "menu_button"]


def icon_button(
    picture: str, name: str, tip: str, run: Callable[[], object] | None = None
) -> QToolButton:
    """Make a button with an icon.

    Args:
        picture: Name of the icon.
        name: Its accessible name.
        tip: Its tooltip.
        run: What a click does; nothing yet when None.
    """
    button = QToolButton()
    button.setIcon(icon(picture))
    button.setToolTip(tip)
    button.setAccessibleName(name)
    if run is not None:
        button.clicked.connect(lambda: run())
    return button


def menu_button(picture: str, name: str, tip: str, menu: QMenu) -> QToolButton:
    """Make a button with an icon that opens a menu at once."""
    button = icon_button(picture, name, tip)
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
    return button


def choice_box(name: str, tip: str, width: int, choose: Callable[[int], object]) -> QComboBox:
    """Make a box that offers values and can show one that is not among them.

    Args:
        name: Its accessible name.
        tip: Its tooltip.
        width: Its width in pixels.
        choose: Called with the index of the value that the user chose.
    """
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setEditable(True)
    edit = box.lineEdit()
    if edit is not None:
        edit.setReadOnly(True)
        edit.setAccessibleName(name)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    box.setFixedWidth(width)
    box.activated.connect(choose)
    return box
