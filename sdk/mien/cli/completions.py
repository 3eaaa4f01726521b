"""What a shell offers for a word that is begun: names of controls, faces, renderers, codecs.

A shell waits for it, so that nothing heavy is imported, and what cannot be told is left out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import typer

__all__ = [
    "complete_codec", "complete_control", "complete_face", "complete_group", "complete_preset",
    "complete_quality", "complete_renderer", "complete_set", "complete_tracker",
]  # fmt: skip

_PROJECT = ".mien"
_LARGEST_PROJECT = 64 << 20
"""Bytes of a project that is opened for its faces' names while a shell waits."""


def complete_set(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names for `--set`, each ready for its value; behind `FACE:` too."""
    face, colon, begun = incomplete.rpartition(":")
    if "=" in begun:
        return []
    names = [f"{face}{colon}{name}=" for name in _starting(_controls(), begun)]
    return names if colon else [*names, *(f"{one}:" for one in _starting(_faces(ctx), incomplete))]


def complete_control(incomplete: str) -> list[str]:
    """Names of controls, of expressions and of visemes."""
    return _starting(_controls(), incomplete)


def complete_group(incomplete: str) -> list[str]:
    """Groups of controls, the last of several between commas."""
    from mien.model.transfer import GROUPS

    before, comma, begun = incomplete.rpartition(",")
    return [f"{before}{comma}{one}" for one in _starting(GROUPS, begun)]


def complete_face(ctx: typer.Context, incomplete: str) -> list[str]:
    """Numbers and names of the faces of the project that is typed already."""
    return _starting(_faces(ctx), incomplete)


def complete_quality(incomplete: str) -> list[str]:
    """Levels of quality."""
    from mien.model.quality import QUALITY_LEVELS

    return _starting(QUALITY_LEVELS, incomplete)


def complete_preset(ctx: typer.Context, incomplete: str) -> list[str]:
    """Presets of the codec that is typed already; of H.264 and HEVC without one."""
    from mien.media.rate_control import RATE_CONTROLS

    control = RATE_CONTROLS.get(str(ctx.params.get("codec") or "h264"))
    return [] if control is None else _starting(control.presets, incomplete)


def complete_codec(incomplete: str) -> list[str]:
    """Names of codecs."""
    from mien.media.codecs import CODECS

    return _starting(CODECS, incomplete)


def complete_renderer(incomplete: str) -> list[str]:
    """Names of renderers."""
    from mien.rendering.registry import list_entries

    return _starting(("auto", *(entry.name for entry in list_entries())), incomplete)


def complete_tracker(incomplete: str) -> list[str]:
    """Names of trackers."""
    from mien.tracking.registry import tracker_names

    return _starting(("auto", *tracker_names()), incomplete)


def _starting(names: Iterable[str], begun: str) -> list[str]:
    # A list in its own order stays in it, as presets from fast to slow.
    return list(dict.fromkeys(name for name in names if name.startswith(begun)))


def _controls() -> Iterator[str]:
    from mien.model.controls import NAMES, sides
    from mien.model.presets import PRESETS

    yield from NAMES
    unsided = {name.removesuffix("Left").removesuffix("Right") for name in NAMES}
    yield from (name for name in unsided if sides(name))
    yield from PRESETS


def _faces(ctx: typer.Context) -> list[str]:
    """Numbers and names of faces in the projects among what is typed."""
    found: list[str] = []
    # Behind an option that waits for its value, arguments are not read yet.
    for value in (*ctx.params.values(), *ctx.args):
        with contextlib.suppress(Exception):  # a shell shows no errors, whatever they are
            if value is None or Path(value).suffix.lower() != _PROJECT:
                continue
            if Path(value).stat().st_size > _LARGEST_PROJECT:
                continue
            from mien.api.projects import load_document

            document = load_document(value, find_media=False)
            for shot in document.shots:
                for face in shot.shot.faces:
                    found += [str(face.number), *([face.name] if face.name else [])]
    return found
