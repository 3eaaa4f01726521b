"""The models that can be installed beside mien, and where they are kept."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import platformdirs

from mien.errors import MissingDependencyError, UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = [
    "Mistaken",
    "Model",
    "ModelFile",
    "find_model",
    "find_models",
    "installed",
    "locate",
    "missing_for",
    "models_folder",
    "read_catalogue",
    "read_mistaken",
    "remedy",
]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of a model.

    Attributes:
        path: Relative to the model's folder.
        kind: What it must hold; `mien.weights.contents` says how that is checked.
        url: Where it can be had without registration; empty where it cannot.
        size: Bytes, where its authors tell them; else 0.
        sha256: As its authors publish it; empty where they do not.
        optional: Whether the model is complete without it.
    """

    path: str
    kind: str
    url: str = ""
    size: int = 0
    sha256: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """A model that somebody else publishes.

    Attributes:
        name: Its name here, and that of its folder.
        purpose: What it is for.
        needed_by: Who uses it: the `reference` renderer, or `curves` in another basis.
        licence: The licence of the weights, in short.
        use: Who may use it: anybody within the licence (`commercial`), or for `research` only.
        url: The page on which its authors publish it.
        files: Its files.
        optional: Whether its user works without it.
    """

    name: str
    purpose: str
    needed_by: str
    licence: str
    use: Literal["commercial", "research"]
    url: str
    files: tuple[ModelFile, ...]
    optional: bool = False

    @property
    def folder(self) -> Path:
        """Where its files belong on this machine."""
        return models_folder() / self.name

    def path(self, file: ModelFile) -> Path:
        """Where one of its files belongs on this machine."""
        return self.folder / file.path

    @property
    def absent(self) -> tuple[ModelFile, ...]:
        """The files that it needs and that are not there."""
        return tuple(
            file for file in self.files if not (file.optional or self.path(file).is_file())
        )

    @property
    def size(self) -> int:
        """Bytes of its files: of those that are there as they are, else as they are published."""
        there = {file: self.path(file) for file in self.files}
        return sum(
            path.stat().st_size if path.is_file() else file.size for file, path in there.items()
        )

    @property
    def fetchable(self) -> bool:
        """Whether the files that it needs can be had without registration."""
        return all(file.url for file in self.files if not file.optional)

    @property
    def installed(self) -> bool:
        """Whether all the files that it needs are there."""
        return not self.absent

    def to_dict(self) -> dict[str, Any]:
        """The model in JSON's types."""
        return {
            **asdict(self),
            "files": [asdict(file) for file in self.files],
            "folder": str(self.folder),
            "installed": self.installed,
            "missing": [file.path for file in self.absent],
            "fetchable": self.fetchable,
        }


@dataclass(frozen=True, slots=True)
class Mistaken:
    """A file that has the layout of a kind and means something else.

    Attributes:
        kind: The kind that it is taken for.
        name: What it is.
        size: Bytes.
        sha256: Its checksum.
    """

    kind: str
    name: str
    size: int
    sha256: str


def models_folder() -> Path:
    """Folder of all installed models: `MIEN_MODELS`, or one in the user's data folder."""
    chosen = os.environ.get("MIEN_MODELS")
    return Path(chosen).expanduser() if chosen else platformdirs.user_data_path("mien") / "models"


@cache
def read_catalogue() -> tuple[Model, ...]:
    """Every model that mien knows of."""
    return tuple(
        _model(entry.pop("source", ""), entry.pop("files"), entry)
        for entry in _catalogue()["model"]
    )


@cache
def read_mistaken() -> tuple[Mistaken, ...]:
    """Every file that is known to be taken for another."""
    return tuple(Mistaken(**entry) for entry in _catalogue()["mistaken"])


def _catalogue() -> dict[str, list[dict[str, Any]]]:
    text = files("mien.weights").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _model(source: str, entries: list[dict[str, Any]], rest: dict[str, Any]) -> Model:
    for entry in entries:
        entry.setdefault("url", source and source + entry["path"])
    return Model(**rest, files=tuple(ModelFile(**entry) for entry in entries))


def find_model(name: str) -> Model:
    """The model of a name.

    Raises:
        UsageError: When the catalogue has none of that name.
    """
    models = {model.name: model for model in read_catalogue()}
    if name in models:
        return models[name]
    guess = difflib.get_close_matches(name, models, n=1)
    raise UsageError(
        f"There is no model named '{name}'.",
        f"Did you mean '{guess[0]}'?" if guess else "`mien models list` names them all.",
        choices=guess or models,
    )


def find_models(names: Sequence[str]) -> tuple[Model, ...]:
    """The models of some names; the name of a renderer stands for all that it needs.

    Raises:
        UsageError: When the catalogue has none of a name.
    """
    found: dict[str, Model] = {}
    for name in names:
        needed = [m for m in read_catalogue() if m.needed_by == name and not m.optional]
        for model in needed or [find_model(name)]:
            found[model.name] = model
    return tuple(found.values())


def locate(name: str) -> dict[str, Path]:
    """The files of an installed model, by their path in the catalogue; optional ones if there.

    Raises:
        MissingDependencyError: When files are missing; it names them and how to get them.
        UsageError: When the catalogue has no model of that name.
    """
    model = find_model(name)
    if model.absent:
        absent = ", ".join(file.path for file in model.absent)
        raise MissingDependencyError(
            f"The model '{name}' is not installed: no {absent} in {model.folder}.", remedy(model)
        )
    paths = {file.path: model.path(file) for file in model.files}
    return {name: path for name, path in paths.items() if path.is_file()}


def remedy(model: Model) -> str:
    """How to get a model."""
    if model.fetchable:
        return (
            f"`mien models fetch {model.name}` downloads it; "
            f"`mien models add {model.name} PATH` takes one that you have."
        )
    return f"Get it from {model.url}, then `mien models add {model.name} PATH`."


def installed(name: str) -> bool:
    """Whether all the files that a model needs are there."""
    return find_model(name).installed


def missing_for(user: str) -> tuple[Model, ...]:
    """The models without which a renderer or a verb does not work, and which are not there."""
    return tuple(
        model
        for model in read_catalogue()
        if model.needed_by == user and not model.optional and not model.installed
    )
