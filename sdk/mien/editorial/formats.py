"""Cuts of every format, as OpenTimelineIO holds them."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from mien.editorial.detect import TITLES, CutFile, read_cut_file
from mien.editorial.edl import read_edl, suggest_rate
from mien.editorial.fcp7 import read_fcp7
from mien.editorial.fcpx import read_fcpx
from mien.editorial.otio_file import read_otio
from mien.editorial.xml_tree import parse_xml
from mien.errors import InputError, MienError, MissingDependencyError, UsageError
from mien.model.rates import typed_rate

__all__ = ["OpenedCut", "open_cut"]


@dataclass(frozen=True, slots=True, eq=False)
class OpenedCut:
    """A cut as its reader made it out.

    Attributes:
        content: What OpenTimelineIO holds of it: a timeline, or a collection of them.
        notices: What was left out or could not be believed, a line each.
        format: Its format, a key of `detect.TITLES`.
        folder: The folder from which its relative paths count; None for the file's.
    """

    content: Any
    notices: tuple[str, ...] = ()
    format: str = ""
    folder: Path | None = None


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
    if rate is not None:
        rate = typed_rate(rate)
    file = None
    try:
        # Adapters print; standard output belongs to whoever called us.
        with redirect_stdout(sys.stderr):
            file = read_cut_file(path)
            opened = _opened(file, rate)
        notices = opened.notices
        if file.alphabet is not None:
            said = f"{file.path.name} is not in Unicode: its names are read as {file.alphabet}."
            notices = (said, *notices)
        return replace(opened, notices=notices, format=file.format, folder=file.folder)
    except MienError:
        raise
    except OSError as error:
        raise InputError(
            f"{path} cannot be opened: {(error.strerror or str(error)).lower()}.",
            "Check the name, and that you may read it.",
            path=path,
        ) from error
    except Exception as error:  # adapters raise whatever a file they do not expect leads to
        raise _unreadable(path, file, error) from error


def _opened(file: CutFile, rate: Fraction | None) -> OpenedCut:
    if file.format == "edl":
        return _edl(file, rate)
    if file.format in ("fcpxml", "fcp7"):
        return _xml(file)
    if file.format == "aaf":
        return _aaf(file)
    return OpenedCut(*read_otio(file.text))


def _edl(file: CutFile, rate: Fraction | None) -> OpenedCut:
    if rate is None:
        fits = suggest_rate(file.text)
        example = f"; its timecodes would fit --rate {fits}" if fits else ""
        raise UsageError(
            f"{file.path.name} does not say its frame rate: no EDL does.",
            f"Say it with --rate, as in --rate 24 or --rate 29.97{example}.",
        )
    content, notices = read_edl(file.text, rate, file.path.name)
    return OpenedCut(content, notices)


def _aaf(file: CutFile) -> OpenedCut:
    try:
        from mien.editorial.aaf import read_aaf
    except ImportError as error:
        raise MissingDependencyError(
            "Reading an AAF needs pyaaf2, which is not installed.",
            'Install it with: pip install "mien[editorial]"',
        ) from error
    return OpenedCut(*read_aaf(file.path))


def _xml(file: CutFile) -> OpenedCut:
    root = parse_xml(file.text)
    content, notices = read_fcpx(root) if root.tag == "fcpxml" else read_fcp7(root)
    return OpenedCut(content, notices)


def _unreadable(path: Path, file: CutFile | None, error: Exception) -> InputError:
    reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    kind = "" if file is None else file.format
    cause = f"{path.name} cannot be read as {TITLES.get(kind, 'a cut')}: {reason}."
    return InputError(cause, "Export it again; OTIO carries the most.", path=path)
