"""What a curve format is: the base class of mien's own and of everybody else's."""

from __future__ import annotations

from typing import IO, Any, ClassVar, Literal

from mien.errors import UsageError
from mien.model.curve_file import CurveFile

__all__ = ["API_VERSION", "CurveFormat", "format_problem"]

API_VERSION = 1
"""Version of what this module asks of a format."""


class CurveFormat:
    """A kind of curve file: how its files are written, read, or both.

    A format of one's own says its name and endings, overrides `write`, `read` or both, and is
    registered with `mien.register_curve_format`, or by an entry point of the group
    `mien.curve_formats`; docs/curves.md shows one.
    """

    api_version: ClassVar[int]
    """The `API_VERSION` that the format was written for; every format says it itself."""
    name: ClassVar[str] = ""
    """What the format is called."""
    suffixes: ClassVar[tuple[str, ...]] = ()
    """Endings of its files, in small letters, with the dot; the first is the usual one."""
    faces: ClassVar[Literal["one", "many"]] = "one"
    """How many faces a file holds."""
    layout: ClassVar[str] = ""
    """What tells the format from others of mien with the same ending, when a file is written
    (`mien curves --layout`); the first of an ending is the usual one."""
    largest_file: ClassVar[int] = 1 << 30
    """Bytes of a file that is read, at most; larger ones are refused unread."""

    @property
    def can_write(self) -> bool:
        """Whether files can be written."""
        return type(self).write is not CurveFormat.write

    @property
    def can_read(self) -> bool:
        """Whether files can be read."""
        return type(self).read is not CurveFormat.read

    def require(self) -> None:
        """Raise MissingDependencyError when a package that the format needs is not installed."""

    def write(self, curves: CurveFile, file: IO[bytes]) -> None:
        """Write curves to a file.

        Args:
            curves: The curves of a shot, with all that `CurveFile` and `FaceCurves` hold; of one
                face where the format holds one.
            file: A hidden file, open for writing, that takes its place when it is whole.

        Raises:
            UsageError: When the format cannot be written, or not with these curves.
        """
        raise UsageError(f"{self.name} files can be read, and not written.")

    def recognises(self, start: bytes) -> bool:
        """Return whether a file is of this format, among those of the same ending.

        Args:
            start: The first 64 KiB of the file.
        """
        return True

    def read(self, file: IO[bytes]) -> CurveFile:
        """Read the curves in a file.

        Whatever is raised, the file is refused with that reason. Nothing in a file may be run.

        Args:
            file: The file, open for reading.

        Raises:
            UsageError: When the format cannot be read.
            ValueError: When the file is damaged, or of another kind.
        """
        raise UsageError(f"{self.name} files can be written, and not read.")


def format_problem(value: Any) -> str | None:
    """Return what is wrong with a curve format, if anything.

    Args:
        value: The format; anything else is wrong as a whole.
    """
    if not isinstance(value, CurveFormat):
        return "it is no CurveFormat"
    if not isinstance(value.name, str) or not value.name:
        return "it has no name"
    suffixes = value.suffixes
    if not isinstance(suffixes, tuple) or not suffixes:
        return "its suffixes are no tuple of endings"
    for suffix in suffixes:
        if not isinstance(suffix, str) or len(suffix) < 2 or suffix[0] != ".":
            return f"its ending {suffix!r} does not begin with a dot"
        if suffix != suffix.lower() or "." in suffix[1:]:
            return f"its ending {suffix!r} is not one dot and small letters"
    if value.faces not in ("one", "many"):
        return f"it says that a file holds {value.faces!r} faces, in place of 'one' or 'many'"
    if not value.can_read and not value.can_write:
        return "it can neither read nor write"
    return None
