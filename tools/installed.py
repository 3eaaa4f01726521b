"""What is installed for mien: every package that its own extras bring, with licence and who asks.

    python tools/installed.py             one JSON object a line

Tools of developers (the extra `dev`) are left out, as nobody who uses mien has them.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
_NOT_OURS = ("dev", "all")


@dataclass(frozen=True)
class Installed:
    """A package that is installed.

    Attributes:
        name: Its normalised name.
        version: Its version.
        licence: What it says of its licence: an SPDX expression, or words of its classifiers.
        direct: Whether mien asks for it by name.
        libraries: Names of the shared libraries in its wheel.
    """

    name: str
    version: str
    licence: str
    direct: bool
    libraries: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        return {**self.__dict__, "libraries": list(self.libraries)}


def normalised(name: str) -> str:
    """Return a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def own_requirements() -> list[Requirement]:
    """Return what mien and its extras ask for, but for those of developers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    texts = list(project["dependencies"])
    for extra, more in project["optional-dependencies"].items():
        texts += [] if extra in _NOT_OURS else more
    return [Requirement(text) for text in texts]


def installed() -> list[Installed]:
    """Return the packages that are installed of what mien's extras bring, and what those bring."""
    direct = {normalised(one.name) for one in own_requirements()}
    waiting = [(one, frozenset[str]()) for one in own_requirements()]
    seen: set[tuple[str, frozenset[str]]] = set()
    found: dict[str, Distribution] = {}
    while waiting:
        wanted, extras = waiting.pop()
        marker = wanted.marker
        if marker and not any(marker.evaluate({"extra": one}) for one in ("", *extras)):
            continue
        name = normalised(wanted.name)
        if (name, frozenset(wanted.extras)) in seen:
            continue
        seen.add((name, frozenset(wanted.extras)))
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # an extra that is not installed here
        waiting += [
            (Requirement(text), frozenset(wanted.extras)) for text in found[name].requires or ()
        ]
    return [
        Installed(name, one.version, licence_of(one), name in direct, _libraries(one))
        for name, one in sorted(found.items())
    ]


def licence_of(package: Distribution) -> str:
    """Return what a package says of its licence: the expression, else classifiers, else words."""
    expression = package.metadata.get("License-Expression")
    if expression:
        return str(expression)
    classifiers = package.metadata.get_all("Classifier") or ()
    words = [one.split(" :: ")[-1] for one in classifiers if one.startswith("License ::")]
    if words:
        return " OR ".join(words)
    lines = (package.metadata.get("License") or "").strip().splitlines()
    return lines[0] if lines else ""


def _libraries(package: Distribution) -> tuple[str, ...]:
    names = {Path(str(file)).name for file in package.files or ()}
    return tuple(
        sorted(name for name in names if ".so" in name or name.endswith((".dylib", ".dll")))
    )


if __name__ == "__main__":
    for one in installed():
        print(json.dumps(one.to_dict()))
