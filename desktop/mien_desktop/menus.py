"""The window's own commands, and the menu of every command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from mien_desktop.actions import Actions
from mien_desktop.command import Command, Scope
from mien_desktop.documents import Documents
from mien_desktop.editor_window import EditorWindow

__all__ = ["build_menus", "window_commands"]

_MENUS: tuple[tuple[str, Scope | None, tuple[str, ...]], ...] = (
    ("&File", None, ("File",)),
    ("&Edit", None, ("Edit", "Expressions", "Keys")),
    ("&Shot", None, ("Shot", "Markers", "Layers", "Jobs")),
    ("F&ace", None, ("Performance", "Retouch", "Voice", "Neutral", "Faces")),
    ("&View", "viewer", ("View",)),
    ("&Playback", None, ("Playback",)),
    ("&Timeline", "timeline", ()),
    ("&Curves", "curves", ()),
    ("C&ontrols", "controls", ()),
    ("&Window", None, ("Window",)),
    ("&Help", None, ("Help",)),
)
"""Menus: the panel whose commands each holds, and the window's groups; a line is drawn between."""


def window_commands(window: EditorWindow) -> tuple[Command, ...]:
    """Return the commands that belong to no panel."""
    return (*_files(window), *_editing(window), *_window(window), *_help(window))


def build_menus(bar: QMenuBar, actions: Actions, documents: Documents) -> None:
    """Fill the menu bar."""
    commands = actions.keymap.commands
    for title, scope, groups in _MENUS:
        menu = bar.addMenu(title)
        actions.fill(menu, _with_lines(commands, scope, groups))
        if title == "&File":
            _add_recent(menu, documents)


def _with_lines(
    commands: Sequence[Command], scope: Scope | None, groups: tuple[str, ...]
) -> list[str]:
    of_panel = [command for command in commands if command.scope == scope]
    parts = [[c.id for c in commands if c.scope == "window" and c.group == g] for g in groups]
    parts += [
        [command.id for command in of_panel if command.group == group]
        for group in dict.fromkeys(command.group for command in of_panel)
    ]
    ids: list[str] = []
    for part in filter(None, parts):
        ids += ["", *part] if ids else part
    return ids


def _add_recent(menu: QMenu, documents: Documents) -> None:
    recent = QMenu("Open recent", menu)
    menu.insertMenu(menu.actions()[2], recent)

    def fill() -> None:
        recent.clear()
        for path in documents.recent:
            action = recent.addAction(path.name)
            action.setToolTip(str(path))
            action.setEnabled(path.exists())
            action.triggered.connect(partial(documents.open_project, path))
        recent.addSeparator()
        recent.addAction("Forget these", documents.forget_recent)

    recent.setToolTipsVisible(True)
    recent.aboutToShow.connect(fill)


def _files(window: EditorWindow) -> tuple[Command, ...]:
    documents = window.documents

    def has_shots() -> bool:
        return bool(window.workspace.now.document.shots)

    def has_face() -> bool:
        return window.workspace.now.face is not None

    def command(name: str, text: str, run: Callable[[], None], *keys: str) -> Command:
        needs = {"import-curves": has_face, "export-curves": has_face}.get(name)
        if name in ("save", "save-as", "export", "relink"):
            needs = has_shots
        return Command(f"file.{name}", text, run, keys, "File", enabled=needs)

    return (
        command("new", "New", documents.new, "Ctrl+N"),
        command("open", "Open…", documents.ask_open, "Ctrl+O"),
        command("add", "Add clips…", documents.ask_add, "Ctrl+I"),
        command("save", "Save", documents.save, "Ctrl+S"),
        command("save-as", "Save as…", documents.ask_save, "Ctrl+Shift+S"),
        command("export", "Export…", window.ask_export, "Ctrl+E"),
        command("import-curves", "Import curves…", window.curve_files.ask_import),
        command("export-curves", "Export curves…", window.curve_files.ask_export),
        command("relink", "Relink media…", window.ask_relink),
        command("quit", "Quit", window.leave, "Ctrl+Q"),
    )


def _editing(window: EditorWindow) -> tuple[Command, ...]:
    workspace = window.workspace
    session = workspace.session

    def words(verb: str, names: Callable[[], tuple[str, ...]]) -> Callable[[], str]:
        return lambda: f"{verb} {names()[0]}" if names() else verb

    def undone() -> tuple[str, ...]:
        return session.undo_names

    def redone() -> tuple[str, ...]:
        return session.redo_names

    return (
        Command("edit.undo", "Undo", _after_drag(window, session.undo), ("Ctrl+Z",), "Edit",
                enabled=lambda: bool(undone()), words=words("Undo", undone)),
        Command("edit.redo", "Redo", _after_drag(window, session.redo),
                ("Ctrl+Shift+Z", "Ctrl+Y"), "Edit",
                enabled=lambda: bool(redone()), words=words("Redo", redone)),
        Command("shot.track", "Track faces", window.track, ("Ctrl+T",), "Shot",
                tip="Find every face of the shot, and what it does",
                enabled=lambda: workspace.project is not None and workspace.project.online),
        Command("shot.track-span", "Track from in to out", window.track_span, (), "Shot",
                tip="Find the faces between the in and the out point only; what is there stays",
                enabled=lambda: _has_span(window)),
        Command("shot.solve", "Solve faces again", window.solve, (), "Shot",
                tip="Read expressions anew from the tracked landmarks; edits stay",
                enabled=lambda: workspace.now.face is not None),
        Command("shot.examples", "Examples…", window.ask_examples, (), "Shot",
                tip="Other clips and images of the same person, to learn from how they look",
                enabled=lambda: workspace.now.face is not None),
        Command("shot.front", "In front of faces…", window.ask_front, (), "Shot",
                tip="How hands, hair, glasses and the like in front of faces are treated",
                enabled=lambda: workspace.now.face is not None),
    )  # fmt: skip


def _has_span(window: EditorWindow) -> bool:
    project = window.workspace.project
    return project is not None and project.online and project.span is not None


def _after_drag(window: EditorWindow, step: Callable[[], None]) -> Callable[[], None]:
    """Return an undo or redo that gives up a drag which still goes on."""

    def run() -> None:
        window.workspace.finish_gesture()
        step()

    return run


def _window(window: EditorWindow) -> tuple[Command, ...]:
    layout = window.panels

    def toggle(name: str, text: str, area: QWidget, key: str) -> Command:
        return Command(
            f"window.{name}", text, lambda: area.setVisible(area.isHidden()), (key,), "Window",
            checked=lambda: not area.isHidden(),
        )  # fmt: skip

    return (
        toggle("shots", "Shots and jobs", layout.left, "Ctrl+1"),
        toggle("timeline", "Timeline and curves", layout.bottom, "Ctrl+2"),
        toggle("controls", "Controls", layout.right, "Ctrl+3"),
        Command(
            "window.split", "Timeline and curves side by side",
            lambda: layout.set_side_by_side(not layout.side_by_side), ("Ctrl+4",), "Window",
            checked=lambda: layout.side_by_side,
        ),
        Command("window.reset", "Reset the layout", layout.reset, (), "Window"),
        Command("window.full", "Full screen", window.toggle_full_screen, ("F11",), "Window",
                checked=window.isFullScreen),
    )  # fmt: skip


def _help(window: EditorWindow) -> tuple[Command, ...]:
    return (
        Command("help.keys", "Keyboard map…", window.show_keys, ("F1",), "Help"),
        Command("help.tour", "Tour", window.start_tour, (), "Help"),
        Command("help.preferences", "Preferences…", window.show_preferences, ("Ctrl+,",), "Help"),
        Command("help.about", "About mien", window.show_about, (), "Help"),
    )
