"""Where manifests are: in a file, or in a sidecar beside it.

C2PA's library writes into MP4 and MOV. Other movies (MKV, MXF, ...) get a C2PA sidecar whose hash
is that of the whole file. An image sequence gets one sidecar: a signature in every image would cost
many times what its hash does. It is bound to a list of the images' hashes (`hash_list`).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from mien.errors import MediaError
from mien.folder_limits import is_within_limits
from mien.media.fingerprint import sha256_of
from mien.media.sequence import EXTENSIONS, Pattern, find_sequence

__all__ = [
    "SIDECAR",
    "embeds",
    "file_type",
    "find_sidecar",
    "former_outputs_sidecars",
    "hash_list",
    "image_numbers",
    "sequence_of",
    "sidecar_path",
    "sidecar_subject",
    "source_type",
]

SIDECAR: Final = ".c2pa"
"""Ending of sidecars; it comes after the whole name, for `shot.mov` may be the source of
`shot.mkv` in the same folder."""
_EMBEDDING: Final = {
    ".mp4": "video/mp4", ".m4v": "video/x-m4v", ".mov": "video/quicktime",
}  # fmt: skip
_OTHERS: Final = {".avi": "video/avi", ".qt": "video/quicktime", ".3gp": "video/mp4"}
"""Movies of others that C2PA's library reads manifests of; mien writes none into such."""
_WIDE_FROM, _WIDE_TO = (1 << 32) - (1 << 20), (1 << 32) + (1 << 28)
"""Sizes at which movies may have positions of 32 bits that a manifest before them would push over
the edge."""
_LONGEST_NAME: Final = 255
"""Bytes of a name in a folder, as file systems have them."""


def embeds(path: Path, size: int) -> bool:
    """Whether the manifest of a movie goes into the file itself.

    Args:
        path: Its name.
        size: Its bytes.
    """
    return path.suffix.lower() in _EMBEDDING and not _WIDE_FROM < size < _WIDE_TO


def file_type(path: Path) -> str:
    """Type of a file as C2PA's library wants it; of those that it has no reader for, `unknown`."""
    return _EMBEDDING.get(path.suffix.lower(), "application/octet-stream")


def source_type(path: Path) -> str:
    """Type of a source, as `file_type` has it, by which a manifest is found in it."""
    return _OTHERS.get(path.suffix.lower()) or file_type(path)


def sidecar_path(path: Path) -> Path:
    """Where the sidecar of a movie or of a pattern of images belongs.

    That of images has `@` for their number: `shot.@.exr.c2pa`. Whoever moves images by the order of
    their names moves it last.
    """
    pattern = Pattern.parse(path)
    name = path.name if pattern is None else f"{pattern.prefix}@{pattern.suffix}"
    return path.with_name(_fitting(name))


def former_outputs_sidecars(path: Path) -> tuple[Path, ...]:
    """Names under which the sidecar of a former output of a path may lie.

    The name that earlier versions gave is among them, unless another sequence in the folder shares
    it: whose it is, is not known then.

    Args:
        path: The output: a movie, or a pattern of images.
    """
    own, pattern = sidecar_path(path), Pattern.parse(path)
    if pattern is None or _is_shared(pattern):
        return (own,)
    return own, _earlier_name(pattern)


def _earlier_name(pattern: Pattern) -> Path:
    """Where earlier versions put the sidecar of images: `shot.exr.c2pa` of `shot_%04d.exr` too."""
    return pattern.folder / _fitting(f"{_stem(pattern.prefix) or 'images'}{pattern.suffix}")


def _stem(prefix: str) -> str:
    """The name of images without what divides it from the number."""
    return prefix.rstrip("._- ")


def _is_shared(pattern: Pattern) -> bool:
    """Whether other images, or a still, beside a pattern have a sidecar of its earlier name."""
    stem, ending = map(re.escape, (_stem(pattern.prefix), pattern.suffix))
    alike = re.compile(rf"({stem}[._\- ]*)(\d*){ending}")
    matches = (alike.fullmatch(one.name) for one in pattern.folder.iterdir())
    return any(
        match is not None and (match[1] != pattern.prefix or not match[2]) for match in matches
    )


def _fitting(name: str) -> str:
    """The name of the sidecar of a file; a digest stands for what file systems have no room for."""
    whole = os.fsencode(name + SIDECAR)
    if len(whole) <= _LONGEST_NAME:
        return name + SIDECAR
    ending = f"~{hashlib.sha256(whole).hexdigest()[:8]}{SIDECAR}"
    # Half a character at the end is left out.
    return os.fsencode(name)[: _LONGEST_NAME - len(ending)].decode(errors="ignore") + ending


def find_sidecar(path: Path) -> Path | None:
    """The sidecar that lies beside a file or sequence; None where there is none.

    Others name theirs after the file without its ending, as `shot.c2pa`. A link that leads out of
    the folders that this process keeps to is none.
    """
    names, pattern = [sidecar_path(path)], sequence_of(path)
    if pattern is not None:
        names += [sidecar_path(pattern.path), _earlier_name(pattern)]
    names.append(path.with_name(_fitting(path.stem)))
    found = next((name for name in names if name.is_file()), None)
    return found if found is not None and found != path and is_within_limits(found) else None


def sequence_of(path: Path) -> Pattern | None:
    """The sequence of a pattern, or to which an image belongs; None for everything else."""
    try:
        return find_sequence(path)
    except MediaError:
        return None  # a still


def sidecar_subject(sidecar: Path) -> Path | None:
    """The file, or the pattern of images, that a sidecar belongs to; None where it is not there."""
    name = sidecar.name[: -len(SIDECAR)]
    whole = sidecar.with_name(name)
    if whole.is_file():
        return whole
    for other in sorted(sidecar.parent.iterdir()):
        if other.suffix.lower() in EXTENSIONS:
            pattern = sequence_of(other)
            names = () if pattern is None else (sidecar_path(pattern.path), _earlier_name(pattern))
            if pattern is not None and sidecar in names:
                return pattern.path
        elif other != sidecar and sidecar in (
            other.with_suffix(SIDECAR), sidecar_path(other),
        ) and other.is_file():  # fmt: skip
            return other
    return None


def hash_list(images: Iterable[tuple[int, Path]], hashes: dict[str, str] | None = None) -> bytes:
    """The text that a sequence's sidecar is bound to: a line for every image.

    `1001 SHA256`, by ascending numbers: nothing of the images' names but their numbers, so that
    they can be renamed.

    Args:
        images: Numbers and files.
        hashes: Takes each hash, too, by the file's name.
    """
    taken = {} if hashes is None else hashes
    lines = []
    for number, file in images:
        taken[file.name] = sha256_of(file)
        lines.append(f"{number} {taken[file.name]}\n")
    return "".join(lines).encode()


def image_numbers(pattern: Pattern, folder: Path | None = None) -> list[tuple[int, Path]]:
    """The images of a sequence that are there, by ascending numbers.

    Args:
        pattern: Their names.
        folder: Where they are; None for where they belong.
    """
    there = Pattern(folder or pattern.folder, pattern.prefix, pattern.suffix, pattern.digits)
    return [(number, there.file(number)) for number in sorted(there.numbers())]
