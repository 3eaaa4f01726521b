"""Which renderers there are, by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from pathlib import Path

from mien.errors import MissingDependencyError, UsageError
from mien.model.settings import ReferenceSettings
from mien.rendering.base import Renderer
from mien.weights.store import find_model, installed, missing_for, models_folder, remedy

__all__ = ["available_renderers", "get_renderer", "register_renderer"]

_WARP, _REFERENCE = "warp", "reference"
_RESERVED = ("auto", _WARP, _REFERENCE)


def _warp(settings: ReferenceSettings) -> Renderer:
    from mien.rendering.warp.renderer import WarpRenderer

    return WarpRenderer()


def _reference(settings: ReferenceSettings) -> Renderer:
    from mien.rendering.reference.renderer import ReferenceRenderer

    return ReferenceRenderer(settings)


_makers: dict[str, Callable[[ReferenceSettings], Renderer]] = {
    _WARP: _warp,
    _REFERENCE: _reference,
}


def available_renderers() -> tuple[str, ...]:
    """Return the names of the renderers that can be used now."""
    return tuple(name for name in _makers if name != _REFERENCE or not _lacking(approximate=True))


def get_renderer(name: str = "auto", settings: ReferenceSettings | None = None) -> Renderer:
    """Return the renderer with a name.

    `auto` is the reference renderer where all its models are installed and there is a GPU, and
    else the embedded one.

    Args:
        name: Its name.
        settings: How the reference renderer makes frames; those of a final render when not
            given. The others need none.

    Raises:
        MissingDependencyError: When the renderer needs a part that is not installed; it is named.
        UsageError: When there is no renderer of that name.
    """
    chosen = settings or ReferenceSettings.final()
    if name == "auto":
        name = _REFERENCE if _is_at_home(chosen) else _WARP
    if name not in _makers:
        names = ("auto", *_makers)
        guess = difflib.get_close_matches(name, names, n=1)
        raise UsageError(
            f"There is no renderer named '{name}'.",
            f"Did you mean '{guess[0]}'?" if guess else f"Choose one of {', '.join(names)}.",
        )
    if name == _REFERENCE:
        _check_reference(chosen)
    return _makers[name](chosen)


def _check_reference(settings: ReferenceSettings) -> None:
    """Refuse settings whose models are not all there.

    Raises:
        MissingDependencyError: When some are missing; it names them all, and how to get them.
    """
    lora = settings.shot_lora
    if lora and not Path(lora).is_file():
        raise MissingDependencyError(
            f"There is no LoRA {lora}.",
            "Make it with `mien train-shot`, or render without it: --reference-shot-lora ''.",
        )
    needed, wanted = _lacking(settings.approximate), _wanted(settings)
    lacking = [*needed, *wanted]
    if not lacking:
        return
    remedies = _remedies(lacking)
    if not wanted and not set(needed) & set(_lacking(approximate=True)):
        remedies.append("Or go on with --approximate, by the next best way.")
    raise MissingDependencyError(
        f"The renderer '{_REFERENCE}' lacks {'a model' if len(lacking) == 1 else 'models'} in"
        f" {models_folder()}: {', '.join(_what_is_absent(name) for name in lacking)}.",
        " ".join(remedies),
    )


def _what_is_absent(name: str) -> str:
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


def _wanted(settings: ReferenceSettings) -> list[str]:
    """Models that only these settings need and that are not installed."""
    optional = {"lcm-lora-sdv1-5": settings.scheduler == "lcm", "taesd": settings.small_vae}
    return [name for name, needed in optional.items() if needed and not installed(name)]


def _is_at_home(settings: ReferenceSettings) -> bool:
    """Whether the reference renderer has all it needs; torch is asked last, for it is slow."""
    from mien.rendering.devices import accelerated

    return not _lacking(settings.approximate) and accelerated()


def _lacking(approximate: bool) -> list[str]:
    """Models that the reference renderer needs and that are not installed."""
    lacking = [model.name for model in missing_for(_REFERENCE)]
    drivers = ("smirk", "flame2020")
    there = [name for name in drivers if installed(name)]
    if approximate and there:
        return [name for name in lacking if name not in drivers]
    return [*lacking, *(name for name in drivers if name not in there and name not in lacking)]


def register_renderer(renderer: Renderer) -> None:
    """Make a renderer of your own known by its name; one registered before gives way.

    Args:
        renderer: Anything that has the shape of `mien.rendering.base.Renderer`.

    Raises:
        UsageError: When the name is taken by mien itself.
    """
    if renderer.name in _RESERVED:
        raise UsageError(
            f"The name '{renderer.name}' belongs to mien's own renderer.",
            "Give your renderer another name.",
        )
    _makers[renderer.name] = lambda settings: renderer
