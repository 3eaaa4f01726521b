"""Options in what is printed: one that the command at hand lacks is named with one that has it.

Errors come from rooms that many commands use, and a remedy may name an option of some of them
only: `--frames` is said as `mien render --frames` where the command is another.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import typer
    from typer.core import TyperGroup

__all__ = ["command_line", "options_of_commands", "set_app", "with_commands"]

_OPTION: Final = re.compile(r"(?<![\w-])--[a-z][a-z-]*[a-z](?![\w-]*\.\.\.)")
_QUOTED: Final = re.compile(r"`[^`]*`|(?<!\w)'[^']*'(?!\w)")
_PREFERRED: Final = ("mien render", "mien track", "mien batch")
"""Whose options are named first."""
_apps: list[typer.Typer] = []
"""The command line whose commands are meant; it says so itself, as it stands above this room."""


def set_app(app: typer.Typer) -> None:
    """Say whose commands are meant."""
    _apps[:] = [app]
    options_of_commands.cache_clear()


def command_line() -> TyperGroup:
    """Return all commands, as one group."""
    import typer
    from typer.core import TyperGroup

    group = typer.main.get_command(_apps[0])
    assert isinstance(group, TyperGroup)
    return group


@functools.cache
def options_of_commands() -> Mapping[str, frozenset[str]]:
    """Return the options of every command, by how it is called."""
    import typer
    from typer.core import TyperGroup

    found: dict[str, frozenset[str]] = {}

    def walk(command: object, path: str) -> None:
        if isinstance(command, TyperGroup):
            for name, one in command.commands.items():
                walk(one, f"{path} {name}")
            return
        options = {"--help"}
        for parameter in getattr(command, "params", ()):
            names = (*parameter.opts, *parameter.secondary_opts)
            options.update(name for name in names if name.startswith("-"))
        found[path] = frozenset(options)

    for app in _apps:
        walk(typer.main.get_command(app), "mien")
    return found


def with_commands(text: str, command: str) -> str:
    """Return a text in which options that a command lacks are said with one that has them.

    Args:
        text: What is to be printed. What is quoted stays as it is.
        command: How the command is called, as `mien render`.
    """
    if "--" not in text:
        return text
    known = options_of_commands()
    own = known.get(command, frozenset())

    def named(match: re.Match[str]) -> str:
        option = match[0]
        if option in own:
            return option
        others = (path for path in known if path not in _PREFERRED)
        ranked = [*(path for path in _PREFERRED if path in known), *others]
        owner = next((path for path in ranked if option in known[path]), None)
        return option if owner is None else f"`{owner} {option}`"

    parts, start = [], 0
    for quoted in _QUOTED.finditer(text):
        parts += [_OPTION.sub(named, text[start : quoted.start()]), quoted[0]]
        start = quoted.end()
    return "".join([*parts, _OPTION.sub(named, text[start:])])
