"""Cuts in XML: which of the two formats of Final Cut Pro a document is, whatever its ending."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from mien.editorial.fcp7 import read_fcp7
from mien.editorial.fcpx import read_fcpx
from mien.editorial.xml_tree import XmlError, parse_xml
from mien.errors import InputError

__all__ = ["read_xml_cut"]

_BUNDLED: Final = "Info.fcpxml"
_FORMATS: Final = {"fcpxml": "FCPXML", "xmeml": "Final Cut Pro 7 XML"}
_HEAD: Final = 4096
"""Bytes in which a document names itself, even with a long comment before it."""


def read_xml_cut(path: Path) -> tuple[Any, list[str]]:
    """Read a cut in XML.

    Args:
        path: The file, or the folder of a bundle.

    Returns:
        What OpenTimelineIO holds of it, and what was left out, a line each.

    Raises:
        InputError: When nothing in it can be read: the reason with its line, and the format.
        OSError: When it cannot be opened.
    """
    bundle = path.is_dir()
    raw = (_document(path) if bundle else path).read_bytes()
    name = _named(raw)
    try:
        root = parse_xml(raw)
        if root.tag not in _FORMATS:
            raise XmlError(f"it is a document of <{root.tag[:40]}>, not <xmeml> or <fcpxml>")
        name = _FORMATS[root.tag]
        return read_fcpx(root, path if bundle else None) if name == "FCPXML" else read_fcp7(root)
    except XmlError as problem:
        raise InputError(
            f"{path.name} cannot be read as {name}: {problem}.",
            "Export it again; OTIO carries the most.",
            path=path,
        ) from problem


def _document(bundle: Path) -> Path:
    """The document in a bundle; whatever its name, where there is only one."""
    others = sorted(bundle.glob("*.fcpxml"))
    return others[0] if len(others) == 1 else bundle / _BUNDLED


def _named(raw: bytes) -> str:
    """The format that a document seems to be, to be named before it is read."""
    head = raw[:_HEAD].replace(b"\0", b"").lower()
    return next((name for tag, name in _FORMATS.items() if tag.encode() in head), "XML")
