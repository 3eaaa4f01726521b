"""The class of all commands: help that is whole at any width, and what every command has."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, Final, Optional

import typer
from typer.core import TyperCommand, TyperGroup

from mien.cli.exit_codes import exit_code_lines
from mien.cli.messages import MESSAGE_OPTIONS, begin_messages
from mien.cli.output import set_command
from mien.cli.watermark_options import fill_bare_watermark

__all__ = ["App", "Group", "MienCommand", "typed_order"]

_ORDER: Final = "mien.order"
"""Where a context keeps the names of parameters as they were typed, one by one."""
_PANEL: Final = "Messages"
_WIDTH: Final = 100
"""Columns that help takes at most."""


class MienCommand(TyperCommand):
    """A command whose help cuts no name off, and which keeps the order of its options.

    It has the options of how much it says.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.params.extend(_message_options())

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; in which order they were typed stays in the context."""
        set_command(ctx.command_path)
        args = fill_bare_watermark(args, self.params)
        said, _, order = self.make_parser(ctx).parse_args(args=list(args))
        if not ctx.resilient_parsing:  # a shell that completes a word
            chosen = {name: said[name] for name in MESSAGE_OPTIONS if said.get(name)}
            begin_messages(ctx.command_path, args, **chosen)
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

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the exit codes."""
        _write_exit_codes(formatter)


class Group(TyperGroup):
    """A group of commands that lists each with the whole of its first line."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the exit codes."""
        _write_exit_codes(formatter)

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


@functools.cache
def _message_options() -> tuple[Any, ...]:
    """How much a command says; read in `MienCommand.parse_args`, before anything is checked."""
    app = typer.Typer(add_completion=False)
    app.command()(_say)
    return tuple(typer.main.get_command(app).params)


def _say(
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", help="Say on standard error what is done, step by step.",
            rich_help_panel=_PANEL, expose_value=False, show_default=False,
        ),
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="Say nothing but errors, and what was asked for.",
            rich_help_panel=_PANEL, expose_value=False, show_default=False,
        ),
    ] = False,
    log: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
        typer.Option(
            "--log", metavar="FILE",
            help="Append what is said, with times, to a file; with --verbose each step too.",
            rich_help_panel=_PANEL, expose_value=False, show_default=False,
        ),
    ] = None,
) -> None:  # fmt: skip
    """Hold the options that every command has."""


def _write_exit_codes(formatter: Any) -> None:
    with formatter.section("Exit codes"):
        formatter.write_dl(exit_code_lines())


def typed_order(context: typer.Context) -> list[str]:
    """Return the names of a command's parameters as they were typed, one by one."""
    order: list[str] = context.meta[_ORDER]
    return order
