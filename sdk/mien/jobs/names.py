"""Names of shots and of their files: from whatever a cut or a list says, to what is safe.

A name may come from a stranger's cut: it is never a path. What is not a letter, a digit, a dot,
a dash or an underscore becomes an underscore, so that no name leads out of the batch's folder.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

__all__ = ["output_path", "safe_name", "unique_names"]

_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST = 100
"""Bytes of a name; file systems take 255 with the extension and a partial file's ending."""
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows does not give to files, whatever their extension."""
_NO_NAME = "shot"
_OTHERS = ".mov"
"""What containers that are read but not written (.avi, .ts) become."""
_LOSSLESS = ".mkv"
"""Where FFV1 is at home."""
_ANY_IMAGE = ".png"
"""What images that are read but not written (.jpg, .tga) become."""
_DIGITS = 4


def safe_name(text: str) -> str:
    """A name made fit to be a file's: never empty, hidden, reserved, or a path."""
    name = _UNSAFE.sub("_", unicodedata.normalize("NFC", text)).lstrip("._-").rstrip(".")
    name = name.encode()[:_LONGEST].decode(errors="ignore")
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    return name or _NO_NAME


def unique_names(texts: Iterable[str]) -> list[str]:
    """Safe names, none twice, whatever the case: `sh010`, `sh010_2`."""
    taken: set[str] = set()
    last: dict[str, int] = {}
    names = []
    for text in texts:
        stem = name = safe_name(text)
        while name.lower() in taken:
            last[stem.lower()] = last.get(stem.lower(), 1) + 1
            name = f"{stem}_{last[stem.lower()]}"
        taken.add(name.lower())
        names.append(name)
    return names


def output_path(
    name: str, folder: Path, media: Path, *, codec: str | None = None, lossless: bool = False
) -> Path:
    """Where a shot is written: in the folder, in the source's family where that can be.

    Args:
        name: A safe name.
        folder: The batch's folder.
        media: The source; its extension says the family.
        codec: Name of a codec, which may need another container.
        lossless: Whether nothing may be lost, which only some containers can promise.
    """
    from mien.media.codecs import CONTAINERS, IMAGES
    from mien.media.sequence import EXTENSIONS, Pattern

    extension = media.suffix.lower()
    if extension in EXTENSIONS and codec in (None, IMAGES.get(extension)):
        pattern = Pattern.parse(media)
        digits = _DIGITS if pattern is None else max(1, pattern.digits)
        return folder / f"{name}.%0{digits}d{extension if extension in IMAGES else _ANY_IMAGE}"
    for image, known in IMAGES.items():
        if codec == known:
            return folder / f"{name}.%0{_DIGITS}d{image}"
    extension = extension if extension in CONTAINERS else _OTHERS
    if codec is not None and codec not in CONTAINERS[extension][1]:
        extension = next((ext for ext, (_, held) in CONTAINERS.items() if codec in held), extension)
    elif lossless and codec is None:
        extension = _LOSSLESS
    return folder / f"{name}{extension}"
