"""Which renderers there are, by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from mien.errors import MissingPartError, UsageError
from mien.rendering.base import Renderer

__all__ = ["available", "get_renderer", "register_renderer"]

DEFAULT = "warp"
"""What `auto` stands for: it needs no weights and no accelerator."""


def _warp() -> Renderer:
    from mien.rendering.warp.renderer import WarpRenderer

    return WarpRenderer()


_makers: dict[str, Callable[[], Renderer]] = {"warp": _warp}
_reserved = ("auto", "reference")


def available() -> tuple[str, ...]:
    """Names of the renderers that can be used now."""
    return tuple(_makers)


def get_renderer(name: str = "auto") -> Renderer:
    """The renderer with a name; `auto` is the best one that is there.

    Raises:
        MissingPartError: When the renderer needs a part that is not installed.
        UsageError: When there is no renderer of that name.
    """
    if name == "auto":
        name = DEFAULT
    if name in _makers:
        return _makers[name]()
    if name == "reference":
        raise MissingPartError(
            "The renderer 'reference' is not part of this version of mien; it needs model weights.",
            "Use `--renderer warp`, which needs none.",
        )
    names = ("auto", *available())
    guess = difflib.get_close_matches(name, names, n=1)
    raise UsageError(
        f"There is no renderer named '{name}'.",
        f"Did you mean '{guess[0]}'?" if guess else f"Choose one of {', '.join(names)}.",
    )


def register_renderer(renderer: Renderer) -> None:
    """Make a renderer of your own known by its name; one registered before gives way.

    Args:
        renderer: Anything that has the shape of `mien.rendering.base.Renderer`.

    Raises:
        UsageError: When the name is taken by mien itself.
    """
    if renderer.name in (*_reserved, DEFAULT):
        raise UsageError(
            f"The name '{renderer.name}' belongs to mien's own renderer.",
            "Give your renderer another name.",
        )
    _makers[renderer.name] = lambda: renderer
