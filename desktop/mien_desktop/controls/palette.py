"""The palette: named expressions, auditioned by hovering and applied by a click."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QHideEvent, QImage, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QInputDialog,
    QMenu,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from mien.model.feelings import FEELINGS
from mien.model.presets import PRESETS
from mien.session.commands import expression_at, set_value
from mien.session.presets import UserExpressions
from mien_desktop.buttons import icon_button, menu_button
from mien_desktop.command import Command
from mien_desktop.controls.applying import ExpressionApplying
from mien_desktop.controls.audition import added_values
from mien_desktop.controls.save import SaveDialog
from mien_desktop.controls.strength_row import StrengthRow
from mien_desktop.controls.tile import ExpressionTile
from mien_desktop.controls.tiles import TileGrid
from mien_desktop.fields import SearchField
from mien_desktop.resolve import Resolved
from mien_desktop.workspace import Workspace

if TYPE_CHECKING:
    from mien_desktop.controls.wheel import FeelingsWheel

__all__ = ["PalettePanel"]

_OWN = "Yours"


class PalettePanel(QWidget):
    """Expressions and visemes, those of mien and those of the user.

    Args:
        workspace: The workspace.
        parent: Qt's owner.
        store: Where the user's expressions are kept; the user's own file when not given.
    """

    def __init__(
        self,
        workspace: Workspace,
        parent: QWidget | None = None,
        *,
        store: UserExpressions | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._store = store or UserExpressions()
        self._copied: dict[str, float] = {}
        self._hovered: ExpressionTile | None = None
        self._filled = False
        self._wheel: FeelingsWheel | None = None
        self._picture: Callable[[], QImage | None] = lambda: None
        self.applying = ExpressionApplying(workspace, self)
        """How expressions are tried and applied."""
        self.setAccessibleName("Expressions")
        self._commands = self._make_commands()
        self.tiles = TileGrid()
        area = QScrollArea()
        area.setWidget(self.tiles)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(self._search_row())
        whole.addWidget(StrengthRow(self.applying))
        whole.addWidget(area, 1)
        workspace.changed.connect(self._resolved)
        self._enable(workspace.now)

    def commands(self) -> tuple[Command, ...]:
        """Return the commands of the palette."""
        return self._commands

    # Audition and applying ------------------------------------------------------------------

    def _entered(self, tile: ExpressionTile) -> None:
        self._hovered = tile
        self.applying.try_out(_weights(tile))

    def _left(self, tile: ExpressionTile) -> None:
        if self._hovered is tile:
            self._end_audition()

    def _end_audition(self) -> None:
        self._hovered = None
        self.applying.end_trying()

    def showEvent(self, event: QShowEvent) -> None:
        """Make the tiles when they are seen for the first time: a launch does not wait for them."""
        super().showEvent(event)
        if not self._filled:
            self._fill()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop the audition: nobody sees the palette."""
        super().hideEvent(event)
        self._end_audition()

    def apply(self, tile: ExpressionTile) -> None:
        """Apply an expression at the playhead."""
        self.applying.apply(dict(tile.weights) if tile.own else tile.name, tile.accessibleName())

    def show_wheel(self) -> None:
        """Open the wheel of feelings, or bring it to the front."""
        from mien_desktop.controls.wheel import FeelingsWheel

        if self._wheel is None:
            self._wheel = FeelingsWheel(
                self._workspace, self.applying, self._picture, self.window()
            )
            self._wheel.finished.connect(self._wheel_closed)
        self._wheel.show()
        self._wheel.raise_()
        self._wheel.activateWindow()

    def set_picture(self, picture: Callable[[], QImage | None]) -> None:
        """Let the wheel show the face out of the viewer's picture."""
        self._picture = picture

    def picture_came(self) -> None:
        """Show the face anew: the viewer has painted another picture."""
        if self._wheel is not None:
            self._wheel.face.update()

    def _wheel_closed(self) -> None:
        if self._wheel is not None:
            self._wheel.deleteLater()
            self._wheel = None

    def copy(self) -> None:
        """Keep what the face does at the playhead, to be pasted elsewhere."""
        now = self._workspace.now
        if now.project is None or now.face is None:
            return
        with self._workspace.reporting():
            self._copied = expression_at(
                now.document, now.project.id, now.face.number, now.state.frame
            )
            self._workspace.said.emit(f"Copied the expression of frame {now.state.frame}.")

    def paste(self) -> None:
        """Let the face do at the playhead what was copied, here or in another shot."""
        now, state = self._workspace.now, self._workspace.state
        if now.project is None or now.face is None or not self._copied:
            self._workspace.said.emit("There is no expression to paste: copy one first.")
            return
        shot, face, values = now.project.id, now.face.number, self._copied
        reach = self.applying.reach(now)
        self._workspace.apply(
            "Paste expression",
            lambda d: set_value(
                d, shot, face, values, state.frame, layer=state.layer, auto_key=True, reach=reach
            ),
        )

    # The user's own -----------------------------------------------------------------------

    def keep(self, name: str, weights: Mapping[str, float]) -> None:
        """Keep an expression under a name."""
        with self._workspace.reporting():
            self._store.add(name, weights)
        self._fill_own()

    def rename(self, name: str, new: str) -> None:
        """Give one of the user's expressions another name."""
        with self._workspace.reporting():
            self._store.rename(name, new)
        self._fill_own()

    def forget(self, name: str) -> None:
        """Keep one of the user's expressions no longer."""
        with self._workspace.reporting():
            self._store.remove(name)
        self._fill_own()

    def import_from(self, path: Path) -> None:
        """Add the expressions of a file."""
        with self._workspace.reporting():
            added = self._store.import_from(path)
            self._workspace.said.emit(f"Added {len(added)} of {path.name}.")
        self._fill_own()

    def export_to(self, path: Path) -> None:
        """Write the user's expressions to a file; a dialog asked before it replaces one."""
        with self._workspace.reporting():
            self._store.export_to(path, overwrite=True)

    def _save(self) -> None:
        now = self._workspace.now
        if now.project is None or now.face is None or not now.face.valid[now.state.frame]:
            self._workspace.said.emit("Go to a frame that shows the face.")
            return
        whole = expression_at(now.document, now.project.id, now.face.number, now.state.frame)
        dialog = SaveDialog(added_values(now), whole, self)
        if dialog.exec():
            self.keep(dialog.name, dialog.weights)

    def _ask_rename(self, name: str) -> None:
        new, agreed = QInputDialog.getText(self, "Rename", "Name", text=name)
        if agreed and new.strip():
            self.rename(name, new)

    def _ask_import(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Import expressions", "", "*.json")
        if path:
            self.import_from(Path(path))

    def _ask_export(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, "Export expressions", "expressions.json", "*.json"
        )
        if path:
            self.export_to(Path(path))

    # How it is built ----------------------------------------------------------------------

    def _make_commands(self) -> tuple[Command, ...]:
        def command(
            name: str, text: str, run: Callable[[], None], *keys: str, tip: str = ""
        ) -> Command:
            return Command(f"expressions.{name}", text, run, keys, "Expressions", "window", tip,
                           enabled=self._live)  # fmt: skip

        return (
            command("copy", "Copy expression", self.copy, "Ctrl+Shift+C",
                    tip="What the face does at the playhead"),
            command("paste", "Paste expression", self.paste, "Ctrl+Shift+V",
                    tip="At the playhead, of this shot or another"),
            command("keep", "Keep this expression…", self._save,
                    tip="Under a name, in the palette"),
            Command("expressions.wheel", "Wheel of feelings…", self.show_wheel, ("Ctrl+Shift+F",),
                    "Expressions", tip="135 words in rings, by family: point to try, click to key",
                    enabled=self._live),
        )  # fmt: skip

    def _search_row(self) -> QHBoxLayout:
        search = SearchField("Search expressions", "Parts of names, as `smile`")
        search.textChanged.connect(lambda text: self.tiles.search(text))
        tip = "Keep the expression at the playhead under a name"
        keep = icon_button("add", "Keep this expression", tip, self._save)
        menu = QMenu(self)
        for command in self._commands:
            menu.addAction(command.text).triggered.connect(lambda _=False, c=command: c.run())
        menu.addSeparator()
        menu.addAction("Import…").triggered.connect(self._ask_import)
        menu.addAction("Export yours…").triggered.connect(self._ask_export)
        more = menu_button("more", "More", "Copy, paste, import and export", menu)
        row = QHBoxLayout()
        row.setContentsMargins(6, 4, 6, 2)
        row.setSpacing(4)
        row.addWidget(search, 1)
        wheel = icon_button("wheel", "Wheel of feelings", "Browse feelings as a wheel",
                            self.show_wheel)  # fmt: skip
        for button in (wheel, keep, more):
            button.setIconSize(QSize(16, 16))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        return row

    def _fill(self) -> None:
        """Make the tiles, the user's own first."""
        self._filled = True
        self._fill_own()
        groups: dict[str, list[ExpressionTile]] = {}
        for preset in PRESETS.values():
            tile = self._tile(preset.name, preset.weights, own=False)
            group = f"{preset.kind.capitalize()}s"
            if preset.kind == "feeling":
                group = f"Feelings: {FEELINGS[preset.name].primary}"
            groups.setdefault(group, []).append(tile)
        for name, tiles in groups.items():
            self.tiles.set_group(name, tiles)

    def _fill_own(self) -> None:
        if not self._filled:
            return
        self._end_audition()  # the tile under the pointer may be gone
        kept = [self._tile(one.name, one.weights, own=True) for one in self._store.all()]
        self.tiles.set_group(_OWN, kept)
        if self._store.notice:
            self._workspace.said.emit(self._store.notice)

    def _tile(
        self, name: str, weights: tuple[tuple[str, float], ...], *, own: bool
    ) -> ExpressionTile:
        tile = ExpressionTile(name, weights, own=own)
        tile.entered.connect(partial(self._entered, tile))
        tile.left.connect(partial(self._left, tile))
        tile.clicked.connect(partial(self._clicked, tile))
        if own:
            tile.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            tile.customContextMenuRequested.connect(partial(self._open_menu, tile))
        return tile

    def _clicked(self, tile: ExpressionTile, checked: bool = False) -> None:
        self.apply(tile)

    def _open_menu(self, tile: ExpressionTile, position: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Rename…").triggered.connect(lambda: self._ask_rename(tile.name))
        menu.addAction("Forget").triggered.connect(lambda: self.forget(tile.name))
        menu.popup(tile.mapToGlobal(position))

    # What is shown ------------------------------------------------------------------------

    def _live(self) -> bool:
        return self._workspace.now.face is not None

    def _resolved(self, now: Resolved, before: Resolved) -> None:
        if now.face is not before.face:
            self._enable(now)

    def _enable(self, now: Resolved) -> None:
        self.tiles.setEnabled(now.face is not None)


def _weights(tile: ExpressionTile) -> dict[str, float]:
    return dict(tile.weights) if tile.own else {tile.name: 1.0}
