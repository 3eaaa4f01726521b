"""What is said of whole tracks (language, name, purpose), and what containers hold of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from av.container import InputContainer
from av.stream import Disposition, Stream

from mien.media.streams import opened_from

__all__ = ["lost_marks", "track_kinds"]

_KINDS: Final[Mapping[str, Disposition]] = MappingProxyType(
    {
        "caption": Disposition.captions | Disposition.hearing_impaired,
        "commentary": Disposition.comment,
        "description": Disposition.descriptions | Disposition.visual_impaired,
        "dub": Disposition.dub,
        "forced-subtitle": Disposition.forced,
    }
)
"""MPEG-DASH's roles, and FFmpeg's flags."""
_ROLES: Final = (
    Disposition.captions
    | Disposition.hearing_impaired
    | Disposition.comment
    | Disposition.descriptions
    | Disposition.visual_impaired
    | Disposition.dub
    | Disposition.forced
)
_PURPOSES: Final = (
    _ROLES
    | Disposition.original
    | Disposition.lyrics
    | Disposition.karaoke
    | Disposition.clean_effects
    | Disposition.non_diegetic
)
"""Flags that say what a track is for."""
_HELD: Final[Mapping[str, Disposition]] = MappingProxyType(
    {
        "mp4": _ROLES,
        "mov": _ROLES,
        "matroska": (
            Disposition.dub
            | Disposition.original
            | Disposition.comment
            | Disposition.forced
            | Disposition.hearing_impaired
            | Disposition.visual_impaired
        ),
        "webm": Disposition.forced,
        "mxf": Disposition(0),
    }
)
"""Those that FFmpeg writes and reads in a container; in MOV mien writes them."""
_NO_LANGUAGES: Final = ("mxf",)
_NO_WORDS: Final = ("mxf",)
_WORDS: Final = frozenset(
    {"title", "artist", "album_artist", "album", "comment", "genre", "copyright", "composer"}
    | {"description", "synopsis", "date", "make", "model"}
)
"""Tags of a movie that people read."""
_NO_NAMES: Final = ("mxf", "mp4", "mov")
_NAMES: Final = {"matroska": "Matroska", "webm": "WebM", "mxf": "MXF", "mp4": "MP4", "mov": "MOV"}


def track_kinds(disposition: int) -> tuple[str, ...]:
    """Roles of a track in MPEG-DASH's words, by FFmpeg's flags."""
    return tuple(role for role, flags in _KINDS.items() if flags & disposition)


def lost_marks(
    container: InputContainer, streams: Iterable[Stream], output: str
) -> tuple[str, ...]:
    """What an output does not say of a movie and the tracks that it takes over, in sentences.

    Args:
        container: The movie.
        streams: Those of its tracks that go along, its picture too.
        output: FFmpeg's name of the output's container; "" for images, which say nothing.
    """
    if output not in _HELD:
        return ()
    purposes, languages, titles = [], [], []
    for stream in streams:
        lost = Disposition(stream.disposition) & _PURPOSES & ~_HELD[output]
        if lost:
            roles = ", ".join(flag.name or "" for flag in Disposition if flag in lost)
            purposes.append(f"{stream.index} ({roles})")
        tags = {key.lower(): value for key, value in stream.metadata.items()}
        language, title = tags.get("language", "und"), tags.get("title", "")
        if output in _NO_LANGUAGES and language != "und":
            languages.append(f"{stream.index} ({language})")
        if output in _NO_NAMES and title:
            titles.append(f"{stream.index} ({title})")
    words = [key for key in container.metadata if key.lower() in _WORDS and output in _NO_WORDS]
    name, kind = opened_from(container).name, _NAMES[output]
    return (
        *_lost("what {} of {} is for is lost in {}", purposes, name, kind),
        *_lost("the language of {} of {} is lost in {}", languages, name, kind),
        *_lost("the title of {} of {} is lost in {}", titles, name, kind),
        *((f"tags of {name} are lost in {kind}: {', '.join(words)}",) if words else ()),
    )


def _lost(words: str, tracks: list[str], name: str, kind: str) -> tuple[str, ...]:
    if not tracks:
        return ()
    listed = ("stream " if len(tracks) == 1 else "streams ") + ", ".join(tracks)
    return (words.format(listed, name, kind),)
