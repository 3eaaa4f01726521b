"""`--audio` and what goes with it: another sound for what is rendered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from mien.cli.added_options import added_option, with_added_options
from mien.errors import UsageError
from mien.model.soundtrack import Soundtrack

if TYPE_CHECKING:
    from mien.model.shot import Shot

__all__ = ["check_sound", "with_sound_options"]

_PANEL = "Sound"
_Audio = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
    typer.Option(
        "--audio",
        metavar="FILE",
        help="Sound of this file in place of the shot's own.",
        rich_help_panel=_PANEL,
    ),
]
_Offset = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--audio-offset",
        metavar="TIME",
        help="When its first sample is heard: 2s, a frame, a timecode; -0.5s begins inside it.",
        rich_help_panel=_PANEL,
    ),
]
_KeepOwn = Annotated[
    bool,
    typer.Option(
        "--keep-audio",
        help="Keep the shot's own sound as a further track.",
        rich_help_panel=_PANEL,
    ),
]


def with_sound_options(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb the options for another sound; it gets `audio`, a `Soundtrack` or None."""

    def read(values: dict[str, Any]) -> Soundtrack | None:
        path, offset = values.pop("audio_file"), values.pop("audio_offset")
        keep = values.pop("keep_audio")
        if path is None:
            for option, typed in (("--audio-offset", offset is not None), ("--keep-audio", keep)):
                if typed:
                    raise UsageError(f"{option} goes with --audio.", "Add --audio FILE.")
            return None
        return Soundtrack(path, 0.0 if offset is None else offset, keep)

    options = (
        added_option("audio_file", _Audio),
        added_option("audio_offset", _Offset),
        added_option("keep_audio", _KeepOwn, default=False),
    )
    return with_added_options(verb, "audio", options, read)


def check_sound(audio: Soundtrack | None, output: Path, shot: Shot, *, matte: bool) -> None:
    """Refuse a sound that an output cannot have, before anything is done.

    Raises:
        MienError: When it cannot be had.
    """
    from mien.media.added_sound import check_soundtrack
    from mien.media.codecs import choose_encoding

    if audio is None:
        return
    if matte:
        raise UsageError("A matte has no sound.", "Leave --audio out.")
    audio.begins(shot.clock)
    check_soundtrack(audio, output, choose_encoding(output, shot.media))
