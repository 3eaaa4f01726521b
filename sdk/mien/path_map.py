r"""Where folders of other machines are here: `MIEN_PATH_MAP`, and the rules of render farms.

A rule says that what lies below one folder lies below another: `D:/plates=/mnt/plates`. Of several
that fit a path the one with the longest folder holds, and rules hold of what comes out of others,
so that a path that was mapped is mapped to itself. Rules that would lead in a circle are refused.

Folders are compared part by part: `/mnt/plates` is none of `/mnt/plates2`. Those of Windows
(drive letters, `\\server\share`) are known by either kind of slash and in either case.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mien.errors import InputError, UsageError

__all__ = [
    "VARIABLE", "PathMap", "PathRule", "machine_map", "machine_path", "read_rules",
    "spelled_on_disk", "use_rules_file",
]  # fmt: skip

VARIABLE: Final = "MIEN_PATH_MAP"
"""The environment variable with this machine's rules."""

_DRIVE: Final = re.compile(r"[A-Za-z]:(?=[\\/]|$)")
_DRIVE_OF_PAIR: Final = re.compile(r"[A-Za-z]:(?=[\\/=]|$)")
_UNC: Final = re.compile(r"[\\/]{2}[^\\/]+[\\/]+[^\\/]+")
_RULES: Final = "path_mapping_rules"
_REMEDY: Final = "Write OLD=NEW, both of them whole paths, as in D:/plates=/mnt/plates."


@dataclass(frozen=True, slots=True)
class PathRule:
    """A rule: what lies below one folder lies below another.

    Attributes:
        source: The folder as others name it, a whole path of POSIX or of Windows.
        target: The folder as this machine names it, likewise.

    Raises:
        UsageError: When one of them is no whole path, or they lie inside each other.
    """

    source: str
    target: str

    def __post_init__(self) -> None:
        for path in (self.source, self.target):
            if _parts(path) is None:
                raise UsageError(f"'{path}' is no whole path, so it cannot be mapped.", _REMEDY)
        if self.source_parts != self.target_parts and _meet(self.source_parts, self.target_parts):
            raise UsageError(
                f"The path map loops: {self.source} and {self.target} lie inside each other.",
                "Map folders that lie apart.",
            )

    @classmethod
    def parse(cls, text: str) -> PathRule:
        """Read `OLD=NEW`.

        Raises:
            UsageError: When it is no rule.
        """
        source, sign, target = text.partition("=")
        if not sign:
            raise UsageError(f"'{text}' is no rule of a path map.", _REMEDY)
        return cls(source.strip(), target.strip())

    def __str__(self) -> str:
        return f"{self.source}={self.target}"

    def __repr__(self) -> str:
        return f"PathRule({self})"

    @property
    def source_parts(self) -> tuple[str, ...]:
        """The parts of the folder as others name it, as they are compared."""
        return _compared(self.source)

    @property
    def target_parts(self) -> tuple[str, ...]:
        """The parts of the folder as this machine names it, as they are compared."""
        return _compared(self.target)

    def apply(self, path: str) -> str | None:
        """Return where a path is by this rule alone; None where it is for other paths."""
        parts = _parts(path)
        if parts is None or not _starts(_compared(path), self.source_parts):
            return None
        rest = parts[len(self.source_parts) :]
        windows = _is_windows(self.target)
        slash = "\\" if windows and "/" not in self.target else "/"
        begin = self.target.rstrip("\\/") if rest else self.target
        return slash.join((begin, *rest))


@dataclass(frozen=True, slots=True)
class PathMap:
    """Rules of where folders are.

    Attributes:
        rules: The rules; their order does not matter.

    Raises:
        UsageError: When they lead in a circle, or one folder to two places.
    """

    rules: tuple[PathRule, ...] = ()

    def __post_init__(self) -> None:
        rules = {(rule.source_parts, rule.target_parts): rule for rule in self.rules}
        kept = tuple(rule for (source, target), rule in rules.items() if source != target)
        object.__setattr__(self, "rules", kept)
        known: dict[tuple[str, ...], PathRule] = {}
        for rule in kept:
            other = known.setdefault(rule.source_parts, rule)
            if other is not rule:
                raise UsageError(
                    f"The path map leads from {rule.source} to {other.target} and to"
                    f" {rule.target}.",
                    "Leave one of the rules out.",
                )
        _check_circles(kept)

    @classmethod
    def parse(cls, text: str) -> PathMap:
        """Read rules as `MIEN_PATH_MAP` has them.

        Args:
            text: `OLD=NEW` pairs with `;` between them, or on POSIX `:` as in PATH (that of a
                drive letter divides nothing); names of JSON files with rules may be among them.

        Raises:
            UsageError: When one is no rule, or they lead in a circle.
            InputError: When a file of rules cannot be read.
        """
        rules: list[PathRule] = []
        for part in _divided(text):
            if "=" not in part and part.lower().endswith(".json"):
                rules += read_rules(Path(part))
            else:
                rules.append(PathRule.parse(part))
        return cls(tuple(rules))

    def __bool__(self) -> bool:
        return bool(self.rules)

    def __str__(self) -> str:
        return ";".join(map(str, self.rules))

    def __repr__(self) -> str:
        return f"PathMap({len(self.rules)} rules)"

    def map(self, path: str) -> str | None:
        """Return where a path is on this machine; None where no rule is for it.

        Args:
            path: A path of any system.
        """
        found = None
        for _ in range(len(self.rules) + 1):
            fits = [(len(rule.source_parts), rule) for rule in self.rules if rule.apply(path)]
            if not fits:
                break
            rule = max(fits, key=lambda pair: pair[0])[1]
            path = found = rule.apply(path) or path
        return found


def machine_map() -> PathMap:
    """Return the rules of this machine, as its environment says.

    Raises:
        UsageError: When one is no rule, or they lead in a circle.
        InputError: When a file of rules cannot be read.
    """
    text = os.environ.get(VARIABLE, "")
    if not text.strip():
        return PathMap()
    try:
        return PathMap.parse(text)
    except UsageError as error:
        raise UsageError(f"{VARIABLE}: {error.cause}", error.remedy) from error


def machine_path(text: str, folder: Path | None = None) -> Path:
    """Return where a file is on this machine that another one may have written down.

    Args:
        text: A path of any system.
        folder: The folder from which relative paths count.

    Raises:
        UsageError: When this machine's path map is wrong.
        InputError: When a file of rules cannot be read.
    """
    mapped = machine_map().map(text)
    if mapped is not None:
        return spelled_on_disk(Path(mapped))
    return spelled_on_disk(Path(text) if folder is None else folder / text)


def spelled_on_disk(path: Path) -> Path:
    """Return a path with its accents composed or taken apart as the disk has them.

    What is written on a Mac may hold `e` and an accent (NFD) where the disk of another machine has
    one letter (NFC), and the other way; to most disks these are two names. A path of which nothing
    is there, in either form, is given back as it is.

    Args:
        path: A file, a folder, or a pattern of images.
    """
    text = str(path)
    if text.isascii() or os.path.lexists(path):
        return path
    place = Path(path.anchor)
    for part in path.parts[1:] if path.anchor else path.parts:
        forms = (part, *(unicodedata.normalize(form, part) for form in ("NFC", "NFD")))
        place = next((place / form for form in forms if _is_there(place / form)), place / part)
    return place


def _is_there(path: Path) -> bool:
    """Whether there is a file or folder, or an image of a pattern."""
    if os.path.lexists(path):
        return True
    prefix, sign, _ = path.name.partition("%")
    if not sign:
        return False
    try:
        return any(name.startswith(prefix) for name in os.listdir(path.parent))
    except OSError:
        return False


def use_rules_file(path: Path) -> None:
    """Let the rules of a file hold in this process and in those that it starts.

    Args:
        path: JSON after the Open Job Description (`path_mapping_rules`).

    Raises:
        UsageError: When its rules lead in a circle with those that the environment has.
        InputError: When it cannot be read.
    """
    rules = read_rules(path)
    known = machine_map()
    # The file's hold before the machine's, which stand for farms that say nothing.
    sources = {rule.source_parts for rule in rules}
    kept = [rule for rule in known.rules if rule.source_parts not in sources]
    PathMap((*rules, *kept))
    if rules:
        os.environ[VARIABLE] = ";".join([str(path.absolute()), *map(str, kept)])


def read_rules(path: Path) -> tuple[PathRule, ...]:
    """Read rules from JSON after the Open Job Description; none from an empty object.

    Raises:
        InputError: When it cannot be read, or holds no rules.
    """
    try:
        value = json.loads(path.read_bytes())
        if not isinstance(value, Mapping):
            raise TypeError("it is no object")
        return tuple(_rule(one) for one in value.get(_RULES, ()))
    except OSError as error:
        raise InputError(
            f"The path map {path} cannot be read: {(error.strerror or 'denied').lower()}.",
            "Check the name.",
            path=path,
        ) from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        why = error.cause if isinstance(error, UsageError) else str(error)
        raise InputError(
            f"{path} is no path map ({why}).",
            'Write {"path_mapping_rules": [{"source_path_format": "POSIX", "source_path": "...",'
            ' "destination_path": "..."}]}.',
            path=path,
        ) from error


def _rule(value: Mapping[str, Any]) -> PathRule:
    source, target = value["source_path"], value["destination_path"]
    if not isinstance(source, str) or not isinstance(target, str):
        raise TypeError("paths are texts")
    return PathRule(source, target)


def _divided(text: str) -> Iterator[str]:
    """The entries of a list of rules: `;` and new lines divide, and on POSIX `:` does."""
    for part in re.split(r"[;\n]", text):
        yield from (one for one in _at_colons(part) if one.strip())


def _at_colons(text: str) -> list[str]:
    if os.pathsep != ":":
        return [text.strip()]
    entries, start = [], 0
    for place, letter in enumerate(text):
        drive = _DRIVE_OF_PAIR.match(text[place - 1 :]) if place else None
        begins = place == 1 or (place > 1 and text[place - 2] in "=: ")
        if letter == ":" and not (drive and begins):
            entries.append(text[start:place].strip())
            start = place + 1
    return [*entries, text[start:].strip()]


def _is_windows(path: str) -> bool:
    return bool(_DRIVE.match(path)) or path.startswith("\\\\") or bool(_UNC.match(path))


def _parts(path: str) -> tuple[str, ...] | None:
    """The parts of a whole path, the first says which system's it is; None of others."""
    if _is_windows(path):
        parts = [part for part in re.split(r"[\\/]+", path) if part not in ("", ".")]
        return (*parts[:1], *parts[1:])
    if path.startswith("/"):
        return ("/", *(part for part in path.split("/") if part not in ("", ".")))
    return None


def _compared(path: str) -> tuple[str, ...]:
    """The parts of a path as they are compared: on Windows case says nothing."""
    parts = _parts(path) or ()
    if not _is_windows(path):
        return parts
    folded = tuple(part.casefold() for part in parts)
    return folded if _DRIVE.match(path) else ("\\\\" + folded[0], *folded[1:])


def _starts(path: tuple[str, ...], folder: tuple[str, ...]) -> bool:
    return path[: len(folder)] == folder


def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return _starts(one, other) or _starts(other, one)


def _check_circles(rules: Iterable[PathRule]) -> None:
    """Refuse rules that lead from one to the next and back to the first."""
    rules = tuple(rules)
    following = {
        rule: [other for other in rules if _meet(rule.target_parts, other.source_parts)]
        for rule in rules
    }
    done: set[PathRule] = set()

    def walk(rule: PathRule, way: list[PathRule]) -> None:
        if rule in way:
            circle = " and ".join(map(str, way[way.index(rule) :]))
            raise UsageError(
                f"The path map loops: {circle} lead back to where they begin.",
                "Leave one of the rules out.",
            )
        if rule not in done:
            for other in following[rule]:
                walk(other, [*way, rule])
            done.add(rule)

    for rule in rules:
        walk(rule, [])
