"""The models that can be installed beside mien, and where they are kept."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import platformdirs

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Model", "models_folder", "read_catalogue"]


@dataclass(frozen=True, slots=True)
class Model:
    """A model that somebody else publishes.

    Attributes:
        name: Its name here, and that of its folder.
        purpose: What it is for.
        needed_by: Who needs it: the `reference` renderer, or `curves` in another basis.
        licence: The licence of the weights, in short.
        url: Where its authors publish it.
        files: Its files, relative to its folder.
    """

    name: str
    purpose: str
    needed_by: str
    licence: str
    url: str
    files: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where its files belong on this machine."""
        return models_folder() / self.name

    @property
    def installed(self) -> bool:
        """Whether all its files are there."""
        return all((self.folder / file).is_file() for file in self.files)

    def to_dict(self) -> dict[str, Any]:
        """The model in JSON's types."""
        found = {"folder": str(self.folder), "installed": self.installed}
        return asdict(self) | {"files": list(self.files)} | found


def models_folder() -> Path:
    """Folder of all installed models."""
    return platformdirs.user_data_path("mien") / "models"


def read_catalogue() -> tuple[Model, ...]:
    """Every model that mien knows of."""
    text = files("mien.weights").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return tuple(
        Model(**entry | {"files": tuple(entry["files"])}) for entry in tomllib.loads(text)["model"]
    )
