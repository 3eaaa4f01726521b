"""The verb that shows what mien sees in a cut."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from mien.cli.options import Json
from mien.cli.output import print_json, print_notice, print_table

if TYPE_CHECKING:
    from mien.editorial import CutClip, CutListing

__all__ = ["add_to"]

_Cut = Annotated[
    Path, typer.Argument(metavar="CUT", help="A cut: OTIO, EDL, FCP7 XML, FCPXML or AAF.")
]
_Rate = Annotated[
    Optional[str],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
    typer.Option("--rate", metavar="FPS", help="Frame rate of an EDL, which says none."),
]
_Edits = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--edits", metavar="DIR", help="Projects for clips without edits."),
]
_HEAD = ["clip", "track", "record in", "frames", "source in", "frames", "speed", "media", "edits"]


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(cut)


def cut(source: _Cut, rate: _Rate = None, edits: _Edits = None, json: Json = False) -> None:
    """Show the clips of a cut as mien sees them, and say what it leaves out.

    Nothing is rendered. Record and source times count from 00:00:00:00 of their timecodes.
    """
    from mien.editorial import list_clips

    listing = list_clips(source, rate=rate, edits=edits)
    notices = list(listing.notices)
    if rate is not None and not listing.takes_rate:
        notices.append(f"--rate goes with an EDL; {source.name} says its own.")
    if json:
        print_json({"clips": [_facts(clip) for clip in listing.clips], "notices": notices})
        return
    print_table([_HEAD, *(_row(clip) for clip in listing.clips)])
    for notice in notices:
        print_notice(notice)
    typer.echo(_summary(listing))


def _facts(clip: CutClip) -> dict[str, Any]:
    return {
        "name": clip.name,
        "track": clip.track,
        "record_start": _number(clip.record_start),
        "frames": _number(clip.frames),
        "source_start": _number(clip.source_start),
        "source_frames": _number(clip.source_frames),
        "speed": _number(clip.speed),
        "media": clip.media,
        "found": clip.media_exists,
        "edited": bool(clip.edits),
    }


def _number(value: Fraction | None) -> float | None:
    if value is None:
        return None
    return value.numerator if value.denominator == 1 else float(value)


def _row(clip: CutClip) -> list[str]:
    media = clip.media or "not named"
    return [
        clip.name, clip.track, clip.record_timecode, _plain(clip.frames), clip.source_timecode,
        _plain(clip.source_frames), _speed(clip.speed),
        media if clip.media_exists or clip.media is None else f"{media} (not there)",
        ", ".join(clip.edits),
    ]  # fmt: skip


def _plain(value: Fraction | None) -> str:
    return "?" if value is None else f"{float(value):.7g}"


def _speed(speed: Fraction | None) -> str:
    if speed is None:
        return "?"
    return f"{float(100 * speed):.4g} %" if speed else "still"


def _summary(listing: CutListing) -> str:
    clips = listing.clips
    count = f"{len(clips)} clip{'' if len(clips) == 1 else 's'}"
    rates = ", ".join(f"{rate:.5g}" for rate in sorted({float(clip.rate) for clip in clips}))
    count += f" of {listing.format}" + (f" at {rates} fps" if rates else "")
    edited = sum(bool(clip.edits) for clip in clips)
    lost = sum(not clip.media_exists for clip in clips)
    return f"{count}; edits for {edited}; media there of {len(clips) - lost}"
