"""The manual page, made from the commands: roff with the macros of man(7)."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any, Final

from typer.core import TyperGroup

from mien.cli.exit_codes import exit_code_lines
from mien.cli.messages import MESSAGE_OPTIONS

__all__ = ["manual_page"]

_COMMON: Final = (*MESSAGE_OPTIONS, "help")
"""Names of the parameters of every command."""
_ABOUT: Final = "edit facial expressions in video; only the expression changes"
_TEXT: Final = """
mien finds the faces of a movie or an image sequence, follows what they do as curves, and renders
the shot anew with other expressions. Nothing else changes: frames without an edit and pixels
outside a face's mask are the source's.
"""
_EXAMPLES: Final = (
    ("Find the faces of a shot", "mien track interview.mp4 -o interview.mien"),
    ("A smile from second 1 to 2", "mien render interview.mien -o out.mp4"
     " --set mouthSmile=+0.6@1.0s:2.0s"),
    ("A small file to send", "mien render interview.mien -o out.mp4 --quality small"),
    ("The clips of a cut that have edits", "mien batch show.otio -o renders --handles 8"),
)  # fmt: skip
_ENVIRONMENT: Final = (
    ("MIEN_MODELS", "Folder of the models that `mien models` installs."),
    ("MIEN_OFFLINE", "1 forbids downloads."),
    ("MIEN_CACHE_LIMIT", "Size of what is kept of faces; see `mien cache`."),
    ("MIEN_TRACKER", "The tracker that auto stands for."),
    ("MIEN_TRACEBACK", "1 shows where an error comes from."),
)


def manual_page(group: TyperGroup) -> str:
    """Return the manual page of all commands.

    Args:
        group: The command line.
    """
    from mien import __version__

    lines = [
        f'.TH MIEN 1 "" "mien {__version__}" "User Commands"',
        ".SH NAME",
        f"mien \\- {_escaped(_ABOUT)}",
        ".SH SYNOPSIS",
        ".B mien",
        ".I COMMAND",
        "[\\fIOPTIONS\\fR] \\fIARGUMENTS\\fR",
        ".SH DESCRIPTION",
        *_paragraphs(_TEXT),
        ".SH COMMANDS",
    ]
    for path, command in _commands(group, "mien"):
        lines += _section(path, command)
    lines += [".SH OPTIONS OF EVERY COMMAND"]
    _, first = next(_commands(group, "mien"))
    lines += _options(first, common=True)
    lines += [".SH EXIT STATUS"]
    for code, text in exit_code_lines():
        lines += [".TP", f".B {code}", _escaped(text)]
    lines += [".SH ENVIRONMENT"]
    for name, text in _ENVIRONMENT:
        lines += [".TP", f".B {name}", _escaped(text)]
    lines += [".SH EXAMPLES"]
    for text, typed in _EXAMPLES:
        lines += [".TP", _escaped(text), f"\\fB{_escaped(typed)}\\fR"]
    return "\n".join(lines) + "\n"


def _commands(group: TyperGroup, path: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if command.hidden:
            continue
        if isinstance(command, TyperGroup):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _section(path: str, command: Any) -> Iterator[str]:
    """A command with its arguments and options, panel by panel."""
    context = command.context_class(command, info_name=path)
    yield f'.SS "{_escaped(path)}"'
    yield f"\\fB{_escaped(path)}\\fR {_escaped(' '.join(command.collect_usage_pieces(context)))}"
    yield ".PP"
    yield from _paragraphs(inspect.cleandoc(command.help or ""))
    yield from _options(command, common=False)


def _options(command: Any, *, common: bool) -> Iterator[str]:
    """Those of arguments and options that every command has, or the others."""
    context = command.context_class(command, help_option_names=["-h", "--help"])
    panel = None
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        everywhere = parameter.name in _COMMON
        if record is None or everywhere != common:
            continue
        own = getattr(parameter, "rich_help_panel", None)
        if own != panel and not common:
            yield ".PP"
            yield f"\\fI{_escaped(own or 'Others')}\\fR"
        panel = own
        yield ".TP"
        yield f"\\fB{_escaped(record[0])}\\fR"
        yield _escaped(" ".join(record[1].split()))


def _paragraphs(text: str) -> Iterator[str]:
    for number, block in enumerate(re.split(r"\n\s*\n", text.strip())):
        if number:
            yield ".PP"
        for line in textwrap.wrap(" ".join(block.split()), 78):
            yield _escaped(line)


def _escaped(text: str) -> str:
    """Text of which roff takes nothing for a request or an escape."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga")
    text = text.replace('"', "\\(dq")
    return f"\\&{text}" if text.startswith((".", "'")) else text
