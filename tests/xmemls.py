"""Final Cut Pro 7 XML made of a few elements, and what is shown of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mien.editorial.cut import all_uses
from mien.editorial.formats import OpenedCut, open_cut
from mien.editorial.media_refs import resolve_media, source_reference
from mien.editorial.uses import ClipUse


def rate(base: int | str = 24, ntsc: str = "FALSE") -> str:
    return f"<rate><timebase>{base}</timebase><ntsc>{ntsc}</ntsc></rate>"


def file(
    key: str, url: str = "file:///media/A.mov", frames: int = 1000, more: str = "", base: int = 24
) -> str:
    path = f"<pathurl>{url}</pathurl>" if url else ""
    return (
        f'<file id="{key}"><name>{key}.mov</name>{path}{rate(base)}<duration>{frames}</duration>'
        f"{more}<media><video/></media></file>"
    )


def item(
    name: str, start: int, end: int, first: int | str, last: int | str, more: str, *,
    own: str = rate(), duration: int = 1000, tag: str = "clipitem",
) -> str:  # fmt: skip
    return (
        f'<{tag} id="{name}"><name>{name}</name><duration>{duration}</duration>{own}'
        f"<start>{start}</start><end>{end}</end><in>{first}</in><out>{last}</out>{more}</{tag}>\n"
    )


def sequence(video: str, audio: str = "", *, key: str = "s", base: str = rate()) -> str:
    return (
        f'<sequence id="{key}"><name>{key}</name><duration>500</duration>{base}'
        f"<timecode>{base}<string>01:00:00:00</string><frame>86400</frame>"
        "<displayformat>NDF</displayformat></timecode>"
        f"<media><video>{video}</video><audio>{audio}</audio></media></sequence>"
    )


def track(items: str, more: str = "") -> str:
    return f"<track>{items}{more}</track>"


def xmeml(content: str, version: int = 4) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n<xmeml version="{version}">\n'
        f"{content}\n</xmeml>"
    )


def opened(folder: Path, text: str | bytes) -> OpenedCut:
    path = folder / "a.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return open_cut(path, None)


def uses_of(cut: OpenedCut) -> list[ClipUse]:
    return [use for _, use in all_uses(cut.content)]


def facts(use: ClipUse) -> tuple[Any, ...]:
    assert use.frames_known
    return use.clip.name, use.record * 24, use.start, use.start + use.length


def shown(folder: Path, items: str) -> list[tuple[Any, ...]]:
    """Name, record frame and frames used, of every clip of one track."""
    cut = opened(folder, xmeml(sequence(track(items))))
    assert cut.notices == ()
    return [facts(use) for use in uses_of(cut)]


def path_of(use: ClipUse, folder: Path) -> Path | None:
    media = resolve_media(source_reference(use.clip), folder)
    return None if media is None else media.path


def transition(start: int, end: int, alignment: str) -> str:
    return (
        f"<transitionitem><start>{start}</start><end>{end}</end><alignment>{alignment}</alignment>"
        f"{rate()}<effect><name>Cross Dissolve</name></effect></transitionitem>"
    )


def multiclip(first: int, second: int) -> str:
    def angle(active: str, name: str, frames: int) -> str:
        return (
            f"<angle><activevideoangle>{active}</activevideoangle><clip id='{name}'>"
            f"<name>{name}</name><duration>{frames}</duration>{rate()}"
            f"{file(name, f'file:///media/{name}.mov')}</clip></angle>"
        )

    return (
        '<multiclip id="mc"><collapsed>FALSE</collapsed><synctype>1</synctype>'
        f"{angle('FALSE', 'one', first)}{angle('TRUE', 'two', second)}</multiclip>"
    )


def remap(speed: str = "100", reverse: str = "FALSE", variable: str = "0", graph: str = "") -> str:
    def parameter(name: str, value: str) -> str:
        return f"<parameter><parameterid>{name}</parameterid><value>{value}</value></parameter>"

    keys = "".join(
        f"<keyframe><when>{when}</when><value>{value}</value>{flag and f'<{flag}>TRUE</{flag}>'}"
        "</keyframe>"
        for when, value, flag in (key.split(":") for key in graph.split())
    )
    return (
        "<filter><enabled>TRUE</enabled><start>-1</start><end>-1</end><effect>"
        "<name>Time Remap</name><effectid>timeremap</effectid>"
        f"{parameter('variablespeed', variable)}{parameter('speed', speed)}"
        f"{parameter('reverse', reverse)}"
        + (f"<parameter><parameterid>graphdict</parameterid>{keys}</parameter>" if keys else "")
        + "</effect></filter>"
    )
