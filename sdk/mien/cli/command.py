"""The class of all commands: help that is whole at any width, and the order of options."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from mien.cli.output import set_command

__all__ = ["App", "Group", "MienCommand", "typed_order"]

_ORDER: Final = "mien.order"
"""Where a context keeps the names of parameters as they were typed, one by one."""
_WIDTH: Final = 100
"""Columns that help takes at most."""


class MienCommand(TyperCommand):
    """A command whose help cuts no name off, and which keeps the order of its options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; in which order they were typed stays in the context."""
        set_command(ctx.command_path)
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta[_ORDER] = [parameter.name for parameter in order]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options, panel by panel; names are on lines of their own if long."""
        panels: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            panel = "Arguments" if parameter.param_type_name == "argument" else "Options"
            panel = getattr(parameter, "rich_help_panel", None) or panel
            panels.setdefault(panel, []).append(record)
        for title, records in panels.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class Group(TyperGroup):
    """A group of commands that lists each with the whole of its first line."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands that are not hidden."""
        commands = [self.get_command(ctx, name) for name in self.list_commands(ctx)]
        rows = [
            (command.name, inspect.cleandoc(command.help or "").partition("\n\n")[0])
            for command in commands
            if command is not None and not command.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class App(typer.Typer):
    """A typer app all of whose commands are `MienCommand`s."""

    def __init__(self, **options: Any) -> None:
        settings = {
            "help_option_names": ["-h", "--help"],
            "max_content_width": _WIDTH,
        }
        options.setdefault("cls", Group)
        super().__init__(
            no_args_is_help=True,
            rich_markup_mode=None,
            context_settings=settings,
            **options,
        )

    def command(self, *args: Any, **options: Any) -> Callable[[Any], Any]:
        """Return what adds a verb as a command."""
        options.setdefault("cls", MienCommand)
        return super().command(*args, **options)


def typed_order(context: typer.Context) -> list[str]:
    """Return the names of a command's parameters as they were typed, one by one."""
    order: list[str] = context.meta[_ORDER]
    return order
