"""Cuts of every format, as OpenTimelineIO holds them."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import opentimelineio as otio

from mien.editorial.edl import read_edl
from mien.editorial.times import typed_rate
from mien.errors import InputError, MienError, MissingDependencyError, UsageError

__all__ = ["OpenedCut", "open_cut"]

_COMPOUND: Final = bytes.fromhex("d0cf11e0a1b11ae1")
"""How every AAF begins: it is a structured-storage file."""
_ADAPTERS: Final = {
    ".edl": "cmx_3600", ".otio": "otio_json", ".otioz": "otioz", ".otiod": "otiod",
    ".aaf": "AAF",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class OpenedCut:
    """A cut as its reader made it out.

    Attributes:
        content: What OpenTimelineIO holds of it: a timeline, or a collection of them.
        notices: What was left out or could not be believed, a line each.
    """

    content: Any
    notices: tuple[str, ...] = ()


def open_cut(path: Path, rate: Fraction | str | None) -> OpenedCut:
    """Read a cut.

    Args:
        path: The file, or the folder of a bundle.
        rate: Frames a second of an EDL.

    Raises:
        InputError: When it is missing, or not what its name says.
        UsageError: When the rate of an EDL is not given, or one is given that is none.
        MissingDependencyError: When the format's adapter is not installed.
    """
    suffix = path.suffix.lower()
    if rate is not None:
        rate = typed_rate(rate)
    if suffix == ".edl" and rate is None:
        raise UsageError(
            f"{path.name} does not say its frame rate: no EDL does.",
            "Say it with --rate, as in --rate 24 or --rate 29.97.",
        )
    try:
        # Adapters print; standard output belongs to whoever called us.
        with redirect_stdout(sys.stderr):
            return _opened(path, suffix, rate)
    except MienError:
        raise
    except OSError as error:
        raise InputError(
            f"{path} cannot be opened: {(error.strerror or str(error)).lower()}.",
            "Check the name, and that you may read it.",
            path=path,
        ) from error
    except Exception as error:  # adapters raise whatever a file they do not expect leads to
        raise _unreadable(path, error) from error


def _opened(path: Path, suffix: str, rate: Fraction | None) -> OpenedCut:
    if suffix in (".fcpxml", ".fcpxmld", ".xml"):
        return _xml(path)
    if not path.exists():
        raise FileNotFoundError(2, "no such file or directory")
    adapter = _ADAPTERS[suffix]
    if adapter not in otio.adapters.available_adapter_names():
        raise _no_adapter(suffix)
    if rate is not None and suffix == ".edl":
        return OpenedCut(read_edl(_text(path), rate))
    if suffix == ".aaf" and not _begins(path, _COMPOUND):
        raise InputError(f"{path.name} is no AAF file.", "Export it again.", path=path)
    return OpenedCut(otio.adapters.read_from_file(str(path), adapter))


def _xml(path: Path) -> OpenedCut:
    from mien.editorial.xml_cuts import read_xml_cut

    content, notices = read_xml_cut(path)
    return OpenedCut(content, tuple(notices))


def _text(path: Path) -> str:
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Old editors on Windows write their own alphabet; timecodes are the same in all.
        return raw.decode("latin-1")


def _begins(path: Path, head: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(head)) == head


def _no_adapter(suffix: str) -> MissingDependencyError:
    return MissingDependencyError(
        f"OpenTimelineIO's adapter for {suffix} is not installed.",
        'Install it with: pip install "mien[editorial]"',
    )


def _unreadable(path: Path, error: Exception) -> InputError:
    reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    remedy = "Export it again; OTIO carries the most."
    if path.suffix.lower() == ".edl":
        remedy = "Check that --rate is the rate of its timecodes."
    return InputError(f"{path.name} cannot be read as a cut: {reason}.", remedy, path=path)
