"""What the reference renderer needs in the models' folder; nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from mien.errors import MissingDependencyError
from mien.model.settings import ReferenceSettings
from mien.weights.record import read_record
from mien.weights.store import (
    find_model,
    find_models,
    installed,
    missing_for,
    models_folder,
    remedy,
)

__all__ = ["auto_problem", "available", "missing", "used"]

_NAME = ReferenceSettings.renderer
_DRIVERS = ("smirk", "flame2020")
"""Models that make the coefficients by which a face is regenerated; one does where approximate
work is allowed."""


def available() -> bool:
    """Return whether the renderer can be used with some settings."""
    return not _lacking(approximate=True)


def auto_problem(settings: ReferenceSettings) -> str:
    """Return why `auto` passes the renderer over, in a few words; empty when it takes it.

    Args:
        settings: Its settings; all that they need has to be here, and a GPU.
    """
    from mien.rendering.devices import accelerated

    if _lacking(settings.approximate):
        return f"the models of {_NAME} are not installed"
    # torch is asked last, for it is slow.
    if accelerated():
        return ""
    return "no GPU" if find_spec("torch") else "torch is not installed"


def missing(settings: ReferenceSettings) -> MissingDependencyError | None:
    """Return why settings cannot be rendered with: all the models that they lack, and remedies."""
    lora = settings.shot_lora
    if lora and not Path(lora).is_file():
        return MissingDependencyError(
            f"There is no LoRA {lora}.",
            "Make it with `mien train-shot`, or render without it: --reference-shot-lora ''.",
        )
    needed, optional = _lacking(settings.approximate), _lacking_options(settings)
    lacking = [*needed, *optional]
    if not lacking:
        return None
    remedies = _remedies(lacking)
    if not optional and not set(needed) & set(_lacking(approximate=True)):
        remedies.append("Or go on with --approximate, by the next best way.")
    return MissingDependencyError(
        f"The renderer '{_NAME}' lacks {'a model' if len(lacking) == 1 else 'models'} in"
        f" {models_folder()}: {', '.join(_absent(name) for name in lacking)}.",
        " ".join(remedies),
    )


def used(settings: ReferenceSettings) -> dict[str, dict[str, str]]:
    """Return the installed models that settings use, with the SHA-256 of their files.

    Those are as they were recorded when the models were installed; of a shot's LoRA it is
    computed.

    Raises:
        WeightsError: When the shot's LoRA cannot be read.
    """
    from mien.weights.contents import digest

    asked = {"lcm-lora-sdv1-5": settings.scheduler == "lcm", "taesd": settings.small_vae}
    wanted = find_models([_NAME, *_DRIVERS, *(name for name in asked if asked[name])])
    files = {
        model.name: {name: file.sha256 for name, file in read_record(model.folder).files.items()}
        for model in wanted
        if model.installed
    }
    if settings.shot_lora:
        files["shot LoRA"] = {"shot.safetensors": digest(Path(settings.shot_lora))}
    return files


def _absent(name: str) -> str:
    """A model, and which of its files are missing where that is not all of them."""
    model = find_model(name)
    absent = [file.path for file in model.absent]
    whole = len(absent) > 1 and len(absent) == sum(not file.optional for file in model.files)
    return name if whole else f"{name} ({', '.join(absent)})"


def _remedies(lacking: Sequence[str]) -> list[str]:
    """How to get models: in one go those that can be fetched, then the others one by one."""
    fetched = [name for name in lacking if find_model(name).fetchable]
    others = [remedy(find_model(name)) for name in lacking if name not in fetched]
    if not fetched:
        return others
    download = f"`mien models fetch {' '.join(fetched)}`"
    return [f"{download}, or `mien models add NAME PATH` with what you have.", *others]


def _lacking_options(settings: ReferenceSettings) -> list[str]:
    """Models that only these settings need and that are not installed."""
    optional = {"lcm-lora-sdv1-5": settings.scheduler == "lcm", "taesd": settings.small_vae}
    return [name for name, needed in optional.items() if needed and not installed(name)]


def _lacking(approximate: bool) -> list[str]:
    """Models that every render needs and that are not installed."""
    lacking = [model.name for model in missing_for(_NAME)]
    present = [name for name in _DRIVERS if installed(name)]
    if approximate and present:
        return [name for name in lacking if name not in _DRIVERS]
    return [*lacking, *(name for name in _DRIVERS if name not in present and name not in lacking)]
