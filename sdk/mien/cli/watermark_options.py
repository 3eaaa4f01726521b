"""`--watermark`: a text burnt into a draft, or the usual one where none is typed."""

from __future__ import annotations

from typing import Annotated, Any, Final, Optional

import typer

from mien.model.watermark import DRAFT

__all__ = ["WatermarkText", "fill_bare_watermark"]

_NAME: Final = "--watermark"


WatermarkText = Annotated[
    Optional[str],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
    typer.Option(
        _NAME,
        metavar="[TEXT]",
        help="Burn a text into a corner of every frame, which says that it is a draft;"
        f" {DRAFT} where the option ends the command or another option follows.",
    ),
]


def fill_bare_watermark(args: list[str], parameters: list[Any]) -> list[str]:
    """Return a command's arguments in which a watermark without a text has the usual one.

    An option has a value or none, but not either; so the value is put there before they are read.

    Args:
        args: The arguments as typed.
        parameters: The command's own.
    """
    option = next((one for one in parameters if _NAME in one.opts), None)
    if option is None or "[TEXT]" not in str(option.metavar):
        return args
    filled: list[str] = []
    for number, word in enumerate(args):
        if word == "--":
            return [*filled, *args[number:]]
        filled.append(word)
        following = args[number + 1] if number + 1 < len(args) else "-"
        if word == _NAME and following.startswith("-") and following.strip() != "":
            filled.append(DRAFT)
    return filled
