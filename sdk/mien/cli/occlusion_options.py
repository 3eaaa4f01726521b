"""Options for what is in front of faces, for every verb that renders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final, Optional

import typer

from mien.cli.added_options import added_option, with_added_options
from mien.model.occlusion import OcclusionChoice, read_glasses

__all__ = ["with_occlusion_options"]

_PANEL: Final = "In front of faces"
_OPTIONS: Final = {
    "matte": (
        Optional[Path],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
        "occlusion_matte",
        typer.Option(
            "--occlusion-matte",
            metavar="PATTERN|MOVIE",
            help="A matte of what is in front of faces, white, in place of what mien finds and of"
            " the project's own: a movie or images, frame by frame the shot's.",
            rich_help_panel=_PANEL,
        ),
        None,
    ),
    "without_matte": (
        bool,
        "no_occlusion_matte",
        typer.Option(
            "--no-occlusion-matte",
            help="Leave the project's own matte out.",
            rich_help_panel=_PANEL,
        ),
        False,
    ),
    "keep": (
        Optional[bool],  # noqa: UP045
        "keep_occluders",
        typer.Option(
            "--keep-occluders/--no-keep-occluders",
            help="Look for what is in front of faces and keep it as it is. The project says, or"
            " else yes.",
            rich_help_panel=_PANEL,
        ),
        None,
    ),
    "fade": (
        Optional[bool],  # noqa: UP045
        "fade_unseen",
        typer.Option(
            "--fade-unseen/--no-fade-unseen",
            help="Fade edits where a face, or a region of it, is not seen well. The project says,"
            " or else yes.",
            rich_help_panel=_PANEL,
        ),
        None,
    ),
    "glasses": (
        Optional[list[str]],  # noqa: UP045
        "glasses",
        typer.Option(
            "--glasses",
            metavar="[FACE=]auto|yes|no",
            help="Whether a face wears glasses, whose rims then stay as they are; without a number"
            " every face. Repeat it for several. The project says, or else mien looks.",
            rich_help_panel=_PANEL,
        ),
        None,
    ),
}
"""By the fields of `OcclusionChoice`: type, parameter, option and default."""


def with_occlusion_options(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb the options for what is in front of faces.

    The verb gets what was typed as its argument `occlusion`, an `OcclusionChoice`.
    """

    def read(values: dict[str, Any]) -> OcclusionChoice:
        typed = {field: values.pop(name) for field, (_, name, _, _) in _OPTIONS.items()}
        typed["glasses"] = read_glasses(typed["glasses"] or ())
        return OcclusionChoice(**typed)

    options = (
        added_option(name, Annotated[kind, option], default)
        for kind, name, option, default in _OPTIONS.values()
    )
    return with_added_options(verb, "occlusion", options, read)
