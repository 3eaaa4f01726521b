"""The verb that says what mien sees in media, and what a render would keep of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from mien.cli.options import Json, MissingFrames, Stream, UntilDamage
from mien.cli.output import print_json, print_table

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(probe)


def probe(
    media: Annotated[
        Path,
        typer.Argument(metavar="MEDIA", help="A movie or an image sequence (shot.%04d.exr)."),
    ],
    stream: Stream = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="Say what a render to this file would keep; else of one of the source's own kind."
            " Nothing is written.",
        ),
    ] = None,
    codec: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--codec", metavar="NAME", help="Its codec; the source's when not given."),
    ] = None,
    until_damage: UntilDamage = False,
    missing_frames: MissingFrames = "error",
    json: Json = False,
) -> None:
    """Say what mien sees in media, and what a render would not keep."""
    from mien import api
    from mien.media.probe_facts import default_output, media_facts, output_facts

    info = api.probe(media, stream=stream, until_damage=until_damage, missing_frames=missing_frames)
    facts = media_facts(info)
    render = output_facts(info, output or default_output(info), codec)
    if json:
        print_json(facts | {"render": render})
        return
    typer.echo(f"{info.path}: {_picture(facts)}")
    print_table([(f"  {name}", text) for name, text in _rows(facts) if text])
    for one in facts["streams"]:
        typer.echo(f"  {_stream(one)}")
    typer.echo(f"  a render to {_kind(render['output'])} is {render['codec']},"
               f" {render['pixel_format']}{_everything(render)}")  # fmt: skip
    for sentence in render["left_out"]:
        typer.echo(f"    {sentence}")


def _picture(facts: dict[str, Any]) -> str:
    alpha = ", with alpha" if facts["alpha"] else ""
    return (
        f"{facts['width']} x {facts['height']}, {facts['codec']} {facts['pixel_format']}"
        f" ({facts['bits']} bits{alpha})"
    )


def _rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    color = facts["color"]
    times = "constant" if facts["constant_rate"] else "variable"
    hidden = f", {facts['hidden_frames']} more hidden" if facts["hidden_frames"] else ""
    mirrored = "mirrored, " if facts["mirrored"] else ""
    coded = f"{facts['coded_width']} x {facts['coded_height']}"
    fields = facts["field_order"]
    return [
        ("frames", f"{facts['frames']}, {facts['duration']:.3f} s{hidden}"),
        ("cut short", facts["cut_short"] or ""),
        ("rate", f"{facts['rate']}, {times}, from {facts['start']:.3f} s"),
        ("timecode", facts["timecode"] or "none"),
        ("stored", f"{coded}, pixels {facts['pixel_aspect']}, {mirrored}turned by"
                   f" {facts['rotation']} degrees counter-clockwise"),
        ("fields", f"{fields} first" if fields in ("top", "bottom") else fields or ""),
        ("colour", ", ".join(f"{name} {value}" for name, value in color.items())),
        ("chapters", str(facts["chapters"]) if facts["chapters"] else ""),
    ]  # fmt: skip


def _stream(one: dict[str, Any]) -> str:
    words = [f"stream {one['number']}: {one['kind']}, {one['description']}"]
    words += [one["language"]] if one["language"] else []
    words += [f"'{one['title']}'"] if one["title"] else []
    words += ["default"] if one["default"] else []
    return ", ".join(words) + (" <- opened" if one["opened"] else "")


def _kind(output: str) -> str:
    path = Path(output)
    return f"*{path.suffix}" if path.stem.startswith("output") else path.name


def _everything(render: dict[str, Any]) -> str:
    return "; of the rest is left out:" if render["left_out"] else "; it keeps everything"
