"""The controls panel: a slider for everything that a face can do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt, QTimer
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from mien.errors import UsageError
from mien.model.controls import CONTROLS, INDEX, NAMES
from mien.model.document import Document
from mien.session.commands import (
    Way,
    linked,
    mirror,
    partner,
    reset,
    restore,
    set_value,
    toggle_key,
)
from mien_desktop.buttons import icon_button, menu_button
from mien_desktop.command import Command
from mien_desktop.controls.board import SECTIONS, Board, matching
from mien_desktop.controls.row import ControlRow
from mien_desktop.controls.section import Section
from mien_desktop.fields import SearchField
from mien_desktop.numbers import read_amount
from mien_desktop.resolve import Resolved
from mien_desktop.settings import settings, text_list
from mien_desktop.words import count, title
from mien_desktop.workspace import Workspace

__all__ = ["ControlsPanel"]

_FAVOURITES = "Favourites"
_OPEN_AT_FIRST = ("Brows", "Eyes", "Mouth", "Jaw")
_STEP = 0.01
"""Of the slider's weight, or ten times as many degrees, that a key of the keyboard moves it."""
_WHOLE_FACE = ("key", "copy-left", "copy-right", "swap", "reset", "remove")
"""Commands in the menu of the panel's head."""
_WHILE_PLAYING = 120
"""Milliseconds between sliders' updates while a film plays."""
_FACE = tuple(c.name for c in CONTROLS if c.region not in ("gaze", "head"))


class ControlsPanel(QWidget):
    """Sliders by region, with search, favourites, linked sides and mirroring.

    Args:
        workspace: The workspace.
        parent: Qt's owner.
    """

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.board = Board(workspace.now)
        known = text_list("controls/favourites")
        self.favourites: tuple[str, ...] = tuple(name for name in known if name in INDEX)
        self._before: dict[str, float] | None = None
        self._soon = QTimer(self, singleShot=True, interval=_WHILE_PLAYING)
        self._soon.timeout.connect(self._refresh)
        self.setAccessibleName("Controls")
        self.sections = [Section(_FAVOURITES, self.favourites, self._row)]
        for name, regions in SECTIONS:
            names = tuple(c.name for c in CONTROLS if c.region in regions)
            self.sections.append(Section(name, names, self._row))
        self._commands = self._make_commands()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(self._header())
        self._area = self._scroll_area()
        whole.addWidget(self._area, 1)
        opened = text_list("controls/open") or _OPEN_AT_FIRST
        for section in self.sections:
            section.set_open(section.name in (*opened, _FAVOURITES))
            section.toggled.connect(self._remember_open)
            section.reset.connect(self.restore)
        self._show_favourites()
        workspace.changed.connect(self._resolved)
        self._refresh()

    def commands(self) -> tuple[Command, ...]:
        """Return the commands of the panel."""
        return self._commands

    # What rows ask for --------------------------------------------------------------------

    def choose(self, name: str, *, more: bool = False) -> None:
        """Show the curve of a control: alone, or beside those that are shown."""
        chosen = self.workspace.state.controls
        if more:
            rest = tuple(other for other in chosen if other != name)
            chosen = rest if name in chosen else (*chosen, name)
        else:
            chosen = (name,)
        self.workspace.set(controls=chosen)

    def toggle_favourite(self, name: str) -> None:
        """Keep a control at the top, or no longer."""
        rest = tuple(other for other in self.favourites if other != name)
        self.favourites = rest if name in self.favourites else (*rest, name)
        settings().setValue("controls/favourites", list(self.favourites))
        self._show_favourites()
        self._refresh()

    def drag(self, name: str, value: float) -> None:
        """Set a control to the value at which its slider is held."""
        if self._before is None:
            self._begin(name)
        assert self._before is not None
        values = {name: value}
        self._set(linked(values, self._before) if self._linking else values)

    def end(self, *, keep: bool) -> None:
        """End the drag of a slider; take it back unless it is to be kept."""
        if self._before is not None:
            self._before = None
            self.workspace.finish_gesture(keep=keep)

    def _begin(self, name: str) -> None:
        names = {name, partner(name) or name}
        self._before = {n: self.board.slider(n).target for n in names}
        if name not in self.workspace.state.controls:
            self.choose(name)
        self.workspace.begin_gesture(title(name))

    def _set(self, values: dict[str, float]) -> None:
        state, now = self.workspace.state, self.workspace.now
        if now.project is None or now.face is None:
            return
        shot, face = now.project.id, now.face.number
        self.workspace.update_gesture(
            lambda d: set_value(
                d, shot, face, values, state.frame, layer=state.layer, auto_key=state.auto_key
            )
        )

    def type_value(self, name: str, text: str) -> None:
        """Set a control to a typed value; linked, both sides get it."""
        slider = self.board.slider(name)
        try:
            amount = read_amount(text)
        except UsageError as error:
            self.workspace.said.emit(str(error))
            return
        names = [name]
        if self._linking and (other := partner(name)) is not None:
            names.append(other)
        values = {n: slider.held(amount.on(self.board.slider(n).target)) for n in names}
        state = self.workspace.state
        self._apply(
            f"Set {title(name)}",
            lambda d, shot, face: set_value(
                d, shot, face, values, state.frame, layer=state.layer, auto_key=state.auto_key
            ),
        )

    def toggle_key(self, names: tuple[str, ...]) -> None:
        """Set keys at the playhead where the sliders are, or delete those there."""
        names, state = self._with_linked(names), self.workspace.state
        self._apply(
            f"Key {_these(names)}",
            lambda d, shot, face: toggle_key(d, shot, face, names, state.frame, layer=state.layer),
        )

    def restore(self, names: tuple[str, ...]) -> None:
        """Bring the performance back at the playhead."""
        names, state = self._with_linked(names), self.workspace.state
        self._apply(
            f"Reset {_these(names)}",
            lambda d, shot, face: restore(d, shot, face, names, state.frame, layer=state.layer),
        )

    def remove(self, names: tuple[str, ...]) -> None:
        """Take away all edits of controls, in all layers."""
        self._apply(
            f"Remove edits of {_these(names)}",
            lambda d, shot, face: reset(d, shot, face, names),
        )

    def mirror(self, way: Way, names: tuple[str, ...]) -> None:
        """Let one side do what the other does, at the playhead."""
        state = self.workspace.state
        words = {"left": "left to right", "right": "right to left", "swap": "sides"}[way]
        self._apply(
            f"{'Swap' if way == 'swap' else 'Copy'} {words}",
            lambda d, shot, face: mirror(
                d, shot, face, state.frame, way, controls=names, layer=state.layer,
                auto_key=state.auto_key,
            ),
        )  # fmt: skip

    def open_menu(self, name: str, position: QPoint) -> None:
        """Open the context menu of a control."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        one = (name,)
        mark = self.board.slider(name).mark
        menu.addAction("Show its curve").triggered.connect(lambda: self.choose(name))
        menu.addAction("Delete the key here" if mark.here else "Set a key here").triggered.connect(
            lambda: self.toggle_key(one)
        )
        menu.addAction("Reset here").triggered.connect(lambda: self.restore(one))
        removal = menu.addAction("Remove all its edits")
        removal.setEnabled(mark.edited)
        removal.triggered.connect(lambda: self.remove(one))
        if CONTROLS[INDEX[name]].mirror != name:
            menu.addSeparator()
            side: Way = "left" if name.endswith("Left") else "right"
            if partner(name) is not None:
                copying = menu.addAction("Copy to the other side")
                copying.triggered.connect(lambda: self.mirror(side, one))
            menu.addAction("Swap sides").triggered.connect(lambda: self.mirror("swap", one))
        menu.popup(position)

    def reveal(self, row: QWidget) -> None:
        """Bring a row into view."""
        self._area.ensureWidgetVisible(row, 0, 0)

    # How it is built ----------------------------------------------------------------------

    def _row(self, name: str, words: str) -> ControlRow:
        return ControlRow(name, words, self)

    def _header(self) -> QHBoxLayout:
        self._search = SearchField("Search controls", "Parts of names, as `smile l`")
        self._search.textChanged.connect(self._find)
        tip = (
            "Link left and right: the other side moves by as much.\nTyped values go to both sides."
        )
        self._link = icon_button("link", "Link left and right", tip)
        self._link.setCheckable(True)
        self._link.setChecked(settings().value("controls/linked") == "yes")
        self._link.toggled.connect(
            lambda on: settings().setValue("controls/linked", "yes" if on else "no")
        )
        menu = QMenu(self)
        for command in self._commands:
            if command.id.removeprefix("controls.") in _WHOLE_FACE:
                menu.addAction(command.text).triggered.connect(lambda _=False, c=command: c.run())
        tip = "Mirror, key or reset the whole face at the playhead"
        more = menu_button("mirror", "Whole face", tip, menu)
        row = QHBoxLayout()
        row.setContentsMargins(6, 4, 6, 4)
        row.setSpacing(4)
        row.addWidget(self._search, 1)
        for button in (self._link, more):
            button.setIconSize(QSize(16, 16))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        return row

    def _scroll_area(self) -> QScrollArea:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for section in self.sections:
            column.addWidget(section)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(body)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return area

    def _make_commands(self) -> tuple[Command, ...]:
        def command(name: str, text: str, run: Callable[[], None], *keys: str) -> Command:
            return Command(
                f"controls.{name}", text, run, keys, "Controls", "controls", enabled=self._live
            )

        search, link = (
            ("Search controls", self._focus_search),
            ("Link left and right", self._link_sides),
        )
        return (
            Command("controls.search", *search, ("Ctrl+F",), "Controls", "controls"),
            Command("controls.link", *link, ("Alt+L",), "Controls", "controls"),
            command("key", "Key the whole face here", lambda: self.toggle_key(_FACE)),
            command("copy-left", "Copy left side to right", lambda: self.mirror("left", _FACE)),
            command("copy-right", "Copy right side to left", lambda: self.mirror("right", _FACE)),
            command("swap", "Swap left and right", lambda: self.mirror("swap", NAMES)),
            command("reset", "Reset the whole face here", lambda: self.restore(self._edited())),
            command("remove", "Remove all edits of the face", lambda: self.remove(self._driven())),
            command("up", "Raise the control", partial(self._step, 1), "Ctrl+Up"),
            command("down", "Lower the control", partial(self._step, -1), "Ctrl+Down"),
            command("up-more", "Raise it far", partial(self._step, 10), "Ctrl+Shift+Up"),
            command("down-more", "Lower it far", partial(self._step, -10), "Ctrl+Shift+Down"),
        )

    @property
    def _linking(self) -> bool:
        return self._link.isChecked()

    def _focus_search(self) -> None:
        self._search.setFocus()

    def _link_sides(self) -> None:
        self._link.toggle()

    def _live(self) -> bool:
        return self.board.live

    def _edited(self) -> tuple[str, ...]:
        return tuple(name for name in NAMES if self.board.slider(name).mark.edited)

    def _driven(self) -> tuple[str, ...]:
        """Return every name that has a track, expressions too."""
        layers = self.workspace.now.edit.layers if self.workspace.now.edit else ()
        return tuple({track.control: None for layer in layers for track in layer.tracks})

    def _with_linked(self, names: tuple[str, ...]) -> tuple[str, ...]:
        others = (partner(name) for name in names) if self._linking else ()
        return tuple(dict.fromkeys([*names, *(other for other in others if other)]))

    def _step(self, steps: int) -> None:
        """Move the control that has the focus."""
        row = self.focusWidget()
        if isinstance(row, ControlRow):
            degrees = row.slider.control.unit == "degrees"
            amount = steps * _STEP * (10 if degrees else 1)
            self.type_value(row.name, f"+={amount}" if amount > 0 else f"-={-amount}")

    def _apply(self, name: str, change: Callable[[Document, str, int], Document]) -> None:
        now = self.workspace.now
        if now.project is not None and now.face is not None:
            shot, face = now.project.id, now.face.number
            self.workspace.apply(name, lambda d: change(d, shot, face))

    # What is shown ------------------------------------------------------------------------

    def _resolved(self, now: Resolved, before: Resolved) -> None:
        if (
            now.evaluated is not before.evaluated
            or now.edit is not before.edit
            or now.face is not before.face
            or now.state.frame != before.state.frame
            or now.state.layer != before.state.layer
            or now.state.controls != before.state.controls
        ):
            # While a film plays the numbers cannot be read: a few a second are enough.
            if now.state.speed and now.state.frame != before.state.frame:
                if not self._soon.isActive():
                    self._soon.start()
            else:
                self._refresh()

    def _refresh(self) -> None:
        self.board = Board(self.workspace.now)
        for section in self.sections:
            edited = sum(self.board.slider(name).mark.edited for name in section.names)
            section.refresh(edited)

    def _show_favourites(self) -> None:
        section = self.sections[0]
        section.set_names(self.favourites)
        section.setVisible(bool(self.favourites))
        section.set_open(section.is_open)

    def _find(self, text: str) -> None:
        """Show only the controls that a search finds, wherever they are."""
        opened = text_list("controls/open") or _OPEN_AT_FIRST
        for section in self.sections:
            if not text.strip():
                section.set_open(section.name in (*opened, _FAVOURITES))
                section.setVisible(bool(section.names))
                continue
            matches = matching(text, section.names)
            section.set_open(bool(matches), matches)
            section.setVisible(bool(matches) and section.name != _FAVOURITES)

    def _remember_open(self) -> None:
        if not self._search.text().strip():
            opened = [section.name for section in self.sections if section.is_open]
            settings().setValue("controls/open", opened)


def _these(names: tuple[str, ...]) -> str:
    return title(names[0]) if len(names) == 1 else count(len(names), "control")
