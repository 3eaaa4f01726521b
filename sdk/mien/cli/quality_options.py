"""Options for how well the output is encoded, for every verb that renders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, Optional

import typer

from mien.cli.added_options import added_option, with_added_options
from mien.cli.completions import complete_preset, complete_quality
from mien.model.quality import QUALITY_LEVELS, Quality

__all__ = ["with_quality_options"]

_PANEL: Final = "Encoding"
_OPTIONS: Final = {
    "level": (
        "quality",
        typer.Option(
            "--quality",
            metavar="|".join(QUALITY_LEVELS),
            help="How well the output is encoded: every pixel exact, without a visible"
            " difference at about the source's size, or small. visually-lossless when not given.",
            rich_help_panel=_PANEL,
            autocompletion=complete_quality,
        ),
    ),
    "crf": (
        "crf",
        typer.Option(
            "--crf",
            metavar="N",
            help="Constant rate factor of h264, hevc, vp9 and av1, each on a scale of its own:"
            " lower is better and larger.",
            rich_help_panel=_PANEL,
        ),
    ),
    "bitrate": (
        "bitrate",
        typer.Option(
            "--bitrate",
            metavar="RATE",
            help="Bits a second on average, as 20M or 800k, in place of a CRF.",
            rich_help_panel=_PANEL,
        ),
    ),
    "preset": (
        "preset",
        typer.Option(
            "--preset",
            metavar="NAME",
            help="How long the encoder tries to make the output small: ultrafast to placebo for"
            " h264 and hevc, a number for vp9 (8 to 0) and av1 (13 to 0).",
            rich_help_panel=_PANEL,
            autocompletion=complete_preset,
        ),
    ),
}
"""By the fields of `Quality`: parameter and option."""


def with_quality_options(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb that has `lossless` the options for how well its output is encoded.

    The verb gets what was typed as its argument `quality`, a `Quality`; it is lossless where
    `--lossless` was typed.
    """

    def read(values: dict[str, Any]) -> Quality:
        typed = {field: values.pop(name) for field, (name, _) in _OPTIONS.items()}
        quality = Quality.of(Quality(**typed), lossless=values["lossless"])
        values["lossless"] = quality.lossless
        return quality

    options = (
        added_option(name, Annotated[Optional[str], option])  # noqa: UP045 - typer reads it
        for name, option in _OPTIONS.values()
    )
    return with_added_options(verb, "quality", options, read)
