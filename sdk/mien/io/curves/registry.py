"""Which curve formats there are: mien's own, registered ones, and those of plug-ins."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from mien import plugins
from mien.errors import UsageError
from mien.io.curves.base import API_VERSION, CurveFormat, format_problem
from mien.io.curves.gltf import GlbFormat, GltfFormat
from mien.io.curves.json import JsonFormat
from mien.io.curves.live_link import LiveLinkFormat
from mien.io.curves.npz import NpzFormat
from mien.io.curves.plain_table import TableFormat
from mien.io.curves.usd import UsdFormat, UsdTextFormat

__all__ = [
    "GROUP", "curve_format_problems", "curve_formats", "format_for", "formats_of",
    "register_curve_format",
]  # fmt: skip

GROUP: Final = "mien.curve_formats"
"""Group of the entry points by which installed packages offer curve formats."""
_OWN: Final[tuple[CurveFormat, ...]] = (
    NpzFormat(), JsonFormat(), LiveLinkFormat(), TableFormat(), UsdTextFormat(), UsdFormat(),
    GlbFormat(), GltfFormat(),
)  # fmt: skip
_registered: dict[str, CurveFormat] = {}
Use = Literal["read", "write"]


def curve_formats() -> tuple[CurveFormat, ...]:
    """Return every curve format: mien's own, registered ones, then those of plug-ins."""
    return (*_here(), *_of_plugins())


def curve_format_problems() -> Mapping[str, str]:
    """Return what is wrong with plug-ins that cannot be used, by their names."""
    problems = dict(_plugins().problems)
    taken = {suffix for format in _here() for suffix in format.suffixes}
    for name, format in _plugins().usable.items():
        for suffix in format.suffixes:
            if suffix in taken:
                problems[name] = f"its ending {suffix} is another format's"
    for (a, one), (b, other) in itertools.combinations(_plugins().usable.items(), 2):
        for suffix in set(one.suffixes) & set(other.suffixes):
            # Which of them is meant cannot be known.
            problems[a] = problems[b] = f"{a} and {b} both take the ending {suffix}"
    return problems


def format_for(path: Path, use: Use, layout: str | None = None) -> CurveFormat:
    """Return the format of a file by its ending. Plug-ins are loaded only for unknown endings.

    Args:
        path: The file, which need not exist.
        use: Whether it is to be read or written.
        layout: Which of the formats with that ending; the usual one when None.

    Raises:
        UsageError: When no format has the ending or the layout, or it cannot do that.
    """
    formats = formats_of(path, use)
    if layout is None:
        return formats[0]
    layouts = [format.layout for format in formats if format.layout]
    for format in formats:
        if layout and format.layout == layout:
            return format
    raise UsageError(
        f"Files {path.suffix.lower()} have no layout '{layout}'.",
        f"Choose {_phrase(layouts)}." if len(layouts) > 1 else "They have but one; leave it out.",
        choices=layouts,
    )


def formats_of(path: Path, use: Use) -> tuple[CurveFormat, ...]:
    """Return the formats that a file with its ending may have, the usual one first.

    Args:
        path: The file, which need not exist.
        use: Whether it is to be read or written.

    Raises:
        UsageError: When no format has the ending, or none can do that.
        MissingDependencyError: When a package that the format needs is not installed.
    """
    suffix = path.suffix.lower()
    formats = [one for one in _here() if suffix in one.suffixes]
    if not formats:
        formats = [one for one in _of_plugins() if suffix in one.suffixes]
    if not formats:
        raise UsageError(
            f"'{path.name}' is no name of a curve file.",
            f"Its ending must be {_phrase(_endings(use))}.{_left_out()}",
            path=path,
            choices=_endings(use),
        )
    usable = [one for one in formats if (one.can_write if use == "write" else one.can_read)]
    if not usable:
        can, cannot = ("read", "written") if use == "write" else ("written", "read")
        raise UsageError(
            f"{path.name}: {formats[0].name} files can be {can}, and not {cannot}.",
            f"Endings that can be {cannot} are {_phrase(_endings(use))}.",
            path=path,
            choices=_endings(use),
        )
    for one in usable:
        one.require()
    return tuple(usable)


def register_curve_format(format: CurveFormat) -> None:
    """Make a curve format known in this process, by the endings of its files.

    A format of the same name that was registered before is replaced. Formats of installed
    packages, which other processes know too, are found by entry points (docs/curves.md).

    Raises:
        UsageError: When it is no whole format, or another one has its ending.
    """
    problem = _problem(format)
    if problem is not None:
        raise UsageError(f"The curve format cannot be used: {problem}.")
    for other in _here():
        common = set(other.suffixes) & set(format.suffixes)
        if common and (other in _OWN or other.name != format.name):
            raise UsageError(
                f"The ending {min(common)} is that of another curve format, {other.name}.",
                "Choose another ending.",
            )
    _registered[format.name] = format


def _here() -> tuple[CurveFormat, ...]:
    return (*_OWN, *_registered.values())


def _plugins() -> plugins.Plugins:
    return plugins.load(GROUP, lambda name, value: _problem(value))


def _of_plugins() -> tuple[CurveFormat, ...]:
    problems = curve_format_problems()
    return tuple(format for name, format in _plugins().usable.items() if name not in problems)


def _problem(format: object) -> str | None:
    return plugins.version_problem(format, API_VERSION) or format_problem(format)


def _endings(use: Use) -> list[str]:
    """Return the endings that can be read or written, each once."""
    return list(
        dict.fromkeys(
            suffix
            for format in curve_formats()
            if (format.can_write if use == "write" else format.can_read)
            for suffix in format.suffixes
        )
    )


def _phrase(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _left_out() -> str:
    """Return a sentence for every plug-in that cannot be used."""
    return "".join(
        f" The plug-in '{name}' is left out: {problem}."
        for name, problem in curve_format_problems().items()
    )
