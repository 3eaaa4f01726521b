"""Which format a cut is in: by what is in it, and by its name where that does not say."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mien.editorial.text import decode_text, decode_text_as
from mien.errors import InputError

__all__ = ["TITLES", "CutFile", "identify_cut", "read_cut_file"]

TITLES: Final = {
    "edl": "EDL (CMX 3600)",
    "otio": "OpenTimelineIO JSON",
    "otioz": "OpenTimelineIO bundle (.otioz)",
    "otiod": "OpenTimelineIO bundle (.otiod)",
    "fcp7": "Final Cut Pro 7 XML",
    "fcpxml": "FCPXML",
    "aaf": "AAF",
}
"""Formats of cuts by their short names, as they are called in messages."""
_BY_SUFFIX: Final = {
    ".edl": "edl", ".otio": "otio", ".otioz": "otioz", ".otiod": "otiod", ".xml": "fcp7",
    ".fcpxml": "fcpxml", ".fcpxmld": "fcpxml", ".aaf": "aaf",
}  # fmt: skip
_CONTENT: Final = "content.otio"
_BUNDLES: Final = {"Info.fcpxml": "fcpxml", _CONTENT: "otiod"}
"""What a bundle's folder holds, and which format it is then."""
_COMPOUND: Final = bytes.fromhex("d0cf11e0a1b11ae1")
"""How every AAF begins: it is a structured-storage file."""
_ZIP: Final = b"PK\x03\x04"
_HEAD: Final = 1 << 16
"""Bytes in which a file says what it is."""
_EVENT: Final = re.compile(
    r"^\s*\d+\s.*?(?:\d\d[:;.,]){3}\d\d(?:\s+(?:\d\d[:;.,]){3}\d\d){3}|^\s*(?:TITLE|FCM)\s*:",
    re.MULTILINE,
)
_ALE: Final = re.compile(r"\s*Heading\b.*\n(?:.*\n)*?FIELD_DELIM\b")
_ROOT: Final = re.compile(r"<([A-Za-z_][\w.:-]*)")
_ROOTS: Final = {"xmeml": "fcp7", "fcpxml": "fcpxml"}
_PROLOGUE: Final = re.compile(r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CutFile:
    """A cut's file as it is opened.

    Attributes:
        path: The file; of a bundle, what it has for one.
        format: Its format, a key of `TITLES`.
        text: What is in it; empty of a binary format.
        folder: The folder from which its relative paths count.
        alphabet: The alphabet of the text, where it had to be guessed; None where it is sure.
    """

    path: Path
    format: str
    text: str
    folder: Path
    alphabet: str | None = None


def identify_cut(path: Path) -> str | None:
    """Return the format of a cut by its first bytes, a key of `TITLES`; None when it is no cut.

    Raises:
        OSError: When it cannot be opened.
    """
    if path.is_dir():
        return next((kind for name, kind in _BUNDLES.items() if (path / name).is_file()), None)
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(_COMPOUND):
        return "aaf"
    if head.startswith(_ZIP):
        return "otioz" if path.suffix.lower() == ".otioz" else None
    return _of_text(decode_text(head))


def read_cut_file(path: Path) -> CutFile:
    """Open a cut and say what it is.

    What is in it counts more than its name: an EDL is one as `.txt` too, FCPXML as `.xml`.

    Raises:
        OSError: When it cannot be opened.
        InputError: When it is empty, a folder that is no bundle, or something else than a cut.
    """
    named = _BY_SUFFIX.get(path.suffix.lower())
    kind = identify_cut(path)
    if path.is_dir():
        if kind is None:
            raise InputError(
                f"{path.name} is a folder, and no bundle of a cut.",
                "Give the cut's file in it.", path=path,
            )  # fmt: skip
        inner = path / next(name for name, of in _BUNDLES.items() if of == kind)
        return CutFile(inner, kind, decode_text(inner.read_bytes()), path)
    if kind == "aaf":
        return CutFile(path, kind, "", path.parent)
    if kind == "otioz":
        return CutFile(path, kind, _zipped(path), path.parent)
    text, alphabet = decode_text_as(path.read_bytes())
    if not text.strip():
        raise InputError(f"{path.name} is empty.", "Export it again.", path=path)
    if kind is None:
        _refuse_others(path, text, named)
    kind = kind or named or "edl"
    return CutFile(path, kind, text, path.parent, alphabet)


def _zipped(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as bundle:
            return decode_text(bundle.read(_CONTENT))
    except (zipfile.BadZipFile, KeyError, zlib.error, EOFError, RuntimeError) as error:
        reason = " ".join(str(error).strip("'\"").split()).rstrip(".")
        raise InputError(
            f"{path.name} cannot be read as {TITLES['otioz']}: {reason}.",
            "Export it again.", path=path,
        ) from error  # fmt: skip


def _of_text(text: str) -> str | None:
    start = text.lstrip()
    if start.startswith("<"):
        return _ROOTS.get(_root(start))
    if start.startswith(("{", "[")):
        return "otio" if "OTIO_SCHEMA" in start else None
    if "\0" in text or _ALE.match(text):
        return None
    return "edl" if _EVENT.search(text) else None


def _root(text: str) -> str:
    """Name of the outermost element of an XML document; empty when it cannot be told."""
    match = _ROOT.search(_PROLOGUE.sub("", text[:_HEAD]))
    return "" if match is None else match[1]


def _refuse_others(path: Path, text: str, named: str | None) -> None:
    """Raise the error of what is known to be no cut, or of nothing that a name says it is.

    Raises:
        InputError: When it is.
    """
    start = text.lstrip()
    remedy = "Export the cut as OTIO, EDL, FCPXML, Final Cut Pro 7 XML or AAF."
    if _ALE.match(text):
        raise InputError(
            f"{path.name} is an Avid log (ALE): a list of clips, and no cut.", remedy, path=path
        )
    if start.startswith("<") and (root := _root(start)):
        raise InputError(
            f"{path.name} is an XML document, but no cut: its outermost element is <{root}>, and"
            " neither <xmeml> nor <fcpxml>.", remedy, path=path,
        )  # fmt: skip
    if named == "aaf":
        raise InputError(f"{path.name} is no AAF file.", "Export it again.", path=path)
    if named == "otioz":
        raise InputError(f"{path.name} is no zip file, as an .otioz is.", "Export it again.",
                         path=path)  # fmt: skip
    if named is None:
        raise InputError(f"{path.name} is no cut in any format that mien knows.", remedy, path=path)
