"""Colours, fonts and style: neutral greys that do not tint a grader's eye, one size of type.

Widgets that paint themselves take their colours from here and have none of their own. Nothing
large is saturated; colour means something: amber what the user works on, blue the result, grey
the performance as it was, red what is not to be relied upon, green what is ready.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from mien.model.controls import Region

__all__ = [
    "ACCENT",
    "CACHED",
    "CURVES",
    "DIM",
    "DISABLED",
    "FONT_SIZE",
    "GHOST",
    "GOOD",
    "HIDDEN",
    "HOVER",
    "LINE",
    "MARKERS",
    "PANEL",
    "PLAYHEAD",
    "RAISED",
    "REGIONS",
    "RESULT",
    "ROW_HEIGHT",
    "SEEN",
    "SELECTED_ROW",
    "SELECTION",
    "TEXT",
    "WAVEFORM",
    "WEAK",
    "WELL",
    "WINDOW",
    "dress",
    "figures",
    "small",
]

WINDOW = QColor("#1e1e1e")
"""Between the panels, and behind the picture."""
PANEL = QColor("#262626")
RAISED = QColor("#323232")
"""Buttons, headers, group rows."""
HOVER = QColor("#3c3c3c")
WELL = QColor("#191919")
"""Fields, lists, and the ground of timeline and curves."""
LINE = QColor("#3a3a3a")
"""Thin lines between things, grids."""
TEXT = QColor("#d6d6d6")
DIM = QColor("#8c8c8c")
"""Text of second rank."""
DISABLED = QColor("#5c5c5c")
ACCENT = QColor("#e0a030")
"""What is being worked on; keys."""
SELECTION = QColor("#f0c060")
"""Selected keys and handles."""
SELECTED_ROW = QColor("#3d372b")
"""Ground of a selected row."""
PLAYHEAD = QColor("#e8e8e8")
RESULT = QColor("#7ac0ff")
"""What the face does after the edit."""
GHOST = QColor("#8c8c8c")
"""What the face does in the source."""
WEAK = QColor("#a04040")
"""Tracking that is not to be relied upon; errors."""
HIDDEN = QColor("#d4453c")
"""Where something is in front of a face, in the lane that tells it."""
SEEN = QColor("#34383a")
"""Where nothing is, in the same lane."""
CACHED = QColor("#3c8c5a")
"""Frames whose edit is rendered."""
GOOD = CACHED
WAVEFORM = QColor("#5c6670")

REGIONS: dict[Region, QColor] = {
    "brows": QColor("#b89a6a"),
    "eyes": QColor("#7aa8c0"),
    "cheeks": QColor("#b88a94"),
    "nose": QColor("#a39a8a"),
    "jaw": QColor("#8fae80"),
    "mouth": QColor("#c08672"),
    "tongue": QColor("#b07a9a"),
    "gaze": QColor("#8a94c8"),
    "head": QColor("#9a8ab4"),
}
"""A muted colour for the controls of each region."""

CURVES = tuple(
    QColor(name)
    for name in (
        "#d9a05b", "#6fb1d6", "#8cc084", "#cf8a9c", "#b3a0dc", "#c9c06a",
        "#6cc0b0", "#d98a6a", "#8fa0e0", "#a8b86a", "#c890c8", "#7cc4dc", "#d0b090",
    )
)  # fmt: skip
"""Colours of curves that are shown together; neighbours among the controls differ."""

MARKERS: dict[str, QColor] = {
    "amber": QColor("#e0a030"),
    "red": QColor("#c05a50"),
    "green": QColor("#6aa870"),
    "blue": QColor("#6a9cd0"),
    "violet": QColor("#a080c0"),
    "gray": QColor("#9a9a9a"),
}
"""Colours of markers by the names that documents use."""

FONT_SIZE = 12
"""Of all text, in pixels that do not depend on the display."""
ROW_HEIGHT = 22
"""Of rows in lists and panels that are painted by hand."""

_SHEET = """
QWidget {{ font-size: {font}px; }}
QMainWindow::separator {{ background: {window}; width: 4px; height: 4px; }}
QMainWindow::separator:hover {{ background: {hover}; }}
QDockWidget::title {{ background: {raised}; padding: 4px 8px; }}
QMenuBar {{ background: {window}; }}
QMenuBar::item {{ padding: 4px 9px; background: transparent; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: {hover}; }}
QMenu {{ background: {panel}; border: 1px solid {line}; padding: 4px 0; }}
QMenu::item {{ padding: 4px 28px 4px 24px; }}
QMenu::item:disabled {{ color: {disabled}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: 4px 8px; }}
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {line}; padding: 4px; }}
QStatusBar {{ background: {window}; color: {dim}; }}
QStatusBar::item {{ border: none; }}
QPushButton, QToolButton {{
    background: {raised}; border: 1px solid {line}; border-radius: 3px; padding: 3px 10px;
}}
QToolButton {{ padding: 3px; }}
QPushButton:hover, QToolButton:hover {{ background: {hover}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {well}; }}
QPushButton:checked, QToolButton:checked {{
    background: {selected_row}; border-color: {accent}; color: {selection};
}}
QDialogButtonBox, QMessageBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QPushButton:default {{ border-color: {dim}; }}
QPushButton:focus, QToolButton:focus {{ border-color: {accent}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {disabled}; }}
QLineEdit, QPlainTextEdit, QTextEdit {{
    background: {well}; border: 1px solid {line}; border-radius: 3px; padding: 2px 5px;
    selection-background-color: {accent}; selection-color: {well};
}}
QLineEdit:focus {{ border-color: {accent}; }}
QAbstractSpinBox > QLineEdit, QComboBox > QLineEdit {{ border: none; padding: 0 2px; }}
QComboBox QAbstractItemView {{ background: {panel}; border: 1px solid {line}; }}
QAbstractItemView {{
    background: {well}; border: 1px solid {line}; outline: none;
    selection-background-color: {selected_row}; selection-color: {text};
}}
QHeaderView::section {{
    background: {raised}; border: none; border-right: 1px solid {line}; padding: 4px 6px;
}}
QTabBar::tab {{
    background: {window}; color: {dim}; padding: 5px 8px; border: none;
    border-bottom: 2px solid transparent;
}}
QTabBar::tab:hover {{ color: {text}; }}
QTabBar::tab:selected {{ background: {panel}; color: {text}; border-bottom-color: {accent}; }}
QTabBar {{ qproperty-drawBase: 0; }}
QTabWidget::pane {{ border: none; }}
QTreeView::item {{ padding: 2px 0; }}
QScrollBar {{ background: {window}; border: none; margin: 0; }}
QScrollBar:vertical {{ width: 10px; }}
QScrollBar:horizontal {{ height: 10px; }}
QScrollBar::handle {{ background: {hover}; border-radius: 4px; margin: 1px; }}
QScrollBar::handle:vertical {{ min-height: 24px; }}
QScrollBar::handle:horizontal {{ min-width: 24px; }}
QScrollBar::handle:hover {{ background: {disabled}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: none; }}
QSplitter::handle {{ background: {window}; }}
QSplitter::handle:hover {{ background: {hover}; }}
QProgressBar {{
    background: {well}; border: 1px solid {line}; border-radius: 3px; text-align: center;
}}
QProgressBar::chunk {{ background: {cached}; border-radius: 2px; }}
QSlider::groove:horizontal {{ background: {well}; height: 4px; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {disabled}; border-radius: 2px; }}
QSlider::handle:horizontal {{
    background: {text}; width: 10px; height: 10px; margin: -3px 0; border-radius: 5px;
}}
QSlider::handle:horizontal:focus {{ background: {accent}; }}
QGroupBox {{ border: 1px solid {line}; border-radius: 3px; margin-top: 8px; padding-top: 6px; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 8px; color: {dim}; }}
"""


def dress(app: QApplication) -> None:
    """Give an application the dark look."""
    app.setStyle("Fusion")
    app.setPalette(_palette())
    font = QFont(app.font())
    font.setPixelSize(FONT_SIZE)
    app.setFont(font)
    names = {
        "window": WINDOW, "panel": PANEL, "raised": RAISED, "hover": HOVER, "well": WELL,
        "line": LINE, "text": TEXT, "dim": DIM, "disabled": DISABLED, "accent": ACCENT,
        "selection": SELECTION, "selected_row": SELECTED_ROW, "cached": CACHED,
    }  # fmt: skip
    colors = {name: color.name() for name, color in names.items()}
    app.setStyleSheet(_SHEET.format(font=FONT_SIZE, **colors))


def small() -> QFont:
    """Return the font of labels inside painted widgets: rulers, lanes, overlays."""
    font = QFont(QApplication.font())
    font.setPixelSize(FONT_SIZE - 1)
    return font


def figures() -> QFont:
    """Return a font whose digits are equally wide, for times and values that change."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPixelSize(FONT_SIZE)
    return font


def _palette() -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for name, color in (
        (role.Window, PANEL),
        (role.WindowText, TEXT),
        (role.Base, WELL),
        (role.AlternateBase, PANEL),
        (role.ToolTipBase, RAISED),
        (role.ToolTipText, TEXT),
        (role.Text, TEXT),
        (role.PlaceholderText, DIM),
        (role.Button, RAISED),
        (role.ButtonText, TEXT),
        (role.BrightText, QColor(Qt.GlobalColor.white)),
        (role.Link, RESULT),
        (role.Highlight, ACCENT),
        (role.HighlightedText, WELL),
        (role.Mid, LINE),
        (role.Dark, WELL),
    ):
        palette.setColor(name, color)
    for name in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, DISABLED)
    return palette
