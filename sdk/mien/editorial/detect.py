"""Which format a cut is in: by what is in it, and by its name where that does not say."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

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
    r"^[^\S\n]*(?:\d+[^\S\n].*?(?:\d\d[:;.,]){3}\d\d(?:[^\S\n]+(?:\d\d[:;.,]){3}\d\d){3}"
    r"|(?:TITLE|FCM)[^\S\n]*:)",
    re.MULTILINE,
)
"""An event, or what stands above one. No blank of it is a line's end: a file of blank lines would
be read from each of them to its end."""
_ALE: Final = re.compile(r"\s*Heading\b.*\n(?:.*\n)*?FIELD_DELIM\b")
_ROOT: Final = re.compile(r"<([A-Za-z_][\w.:-]*)")
_ROOTS: Final = {"xmeml": "fcp7", "fcpxml": "fcpxml"}
_SUBSET_END: Final = re.compile(r"\]\s*>")
"""The end of a document type that declares something itself."""
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1f]")
"""Letters that no text has; the last of DOS (1A) but once."""
_BINARY: Final = 32
"""One such letter among so many others is no text; of random bytes every tenth is one."""
_LARGEST: Final = 256 << 20
"""Bytes of a cut: a feature's, with all its metadata, is a tenth of that."""


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
        with inner.open("rb") as file:
            return CutFile(inner, kind, decode_text(_limited(file, inner)), path)
    if kind == "aaf":
        return CutFile(path, kind, "", path.parent)
    if kind == "otioz":
        return CutFile(path, kind, _zipped(path), path.parent)
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if kind is None:
            # Before the rest is read: it may be an hour of film.
            _refuse_others(path, head, named)
        text, alphabet = decode_text_as(head + _limited(file, path, len(head)))
    if not text.strip():
        raise InputError(f"{path.name} is empty.", "Export it again.", path=path)
    return CutFile(path, kind or named or "edl", text, path.parent, alphabet)


def _limited(file: IO[bytes], path: Path, before: int = 0) -> bytes:
    """Read the rest of a file that is no larger than a cut.

    Args:
        file: The file.
        path: Its path.
        before: How much of it was read.

    Raises:
        InputError: When it is larger.
    """
    rest = file.read(_LARGEST - before + 1)
    if before + len(rest) > _LARGEST:
        raise InputError(
            f"{path.name} is larger than {_LARGEST >> 20} MiB, the largest cut that mien reads.",
            "Export only the sequence that is to be rendered.", path=path,
        )  # fmt: skip
    return rest


def _zipped(path: Path) -> str:
    try:
        # What it says of its size may be a lie: no more than the largest cut is ever unpacked.
        with zipfile.ZipFile(path) as bundle, bundle.open(_CONTENT) as file:
            return decode_text(_limited(file, path))
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
    text = text[:_HEAD]
    at = text.find("<")
    while at >= 0:
        match = _ROOT.match(text, at)
        if match is not None:
            return match[1]
        end = _prologue_end(text, at)
        at = -1 if end < 0 else text.find("<", end)
    return ""


def _prologue_end(text: str, at: int) -> int:
    """Where what stands before a document's root ends; -1 where it does not.

    Args:
        text: The document.
        at: Where it begins, with `<`.
    """
    for start, end in (("<?", "?>"), ("<!--", "-->")):
        if text.startswith(start, at):
            return text.find(end, at + len(start))
    if not text.startswith("<!", at):
        return at + 1
    end_at = text.find(">", at)
    subset = text.find("[", at, end_at)
    if subset < 0:
        return end_at
    match = _SUBSET_END.search(text, subset)
    return -1 if match is None else match.end()


def _refuse_others(path: Path, head: bytes, named: str | None) -> None:
    """Raise the error of what is known to be no cut, or of nothing that a name says it is.

    Args:
        path: The file.
        head: How it begins.
        named: The format that its name says; None where it says none.

    Raises:
        InputError: When it is.
    """
    text = decode_text(head)
    start = text.lstrip()
    if not start and not head.strip(b"\0"):
        what = "holds zeros where a cut begins" if head else "is empty"
        raise InputError(f"{path.name} {what}.", "Export it again, or copy it again.", path=path)
    if not start and len(head) < _HEAD:
        raise InputError(f"{path.name} is empty.", "Export it again.", path=path)
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
    if named is None or _BINARY * len(_CONTROLS.findall(text)) > len(text):
        raise InputError(f"{path.name} is no cut in any format that mien knows.", remedy, path=path)
