"""The renderers by name: mien's own, those of other packages, and those of this process.

Each is an entry that says which settings it takes, whether it can be used here and why not, and
makes the renderer. Other packages offer theirs by the entry point `mien.renderers`, and so reach
every process: the command line, workers of a batch, `mien serve`, the editor.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mien import plugins
from mien.errors import MissingDependencyError, UsageError
from mien.model.renderer_settings import (
    RendererSettings,
    SettingValue,
    StoredSettings,
)
from mien.model.settings import ReferenceSettings

if TYPE_CHECKING:
    # The contract brings OpenCV, which lists of names and `mien doctor` do without.
    from mien.rendering.base import Renderer

__all__ = [
    "AUTO",
    "GROUP",
    "OWN",
    "ChosenRenderer",
    "RendererEntry",
    "available_renderers",
    "choose_renderer",
    "describe_choice",
    "find_entry",
    "get_renderer",
    "list_entries",
    "merge_settings",
    "parse_settings",
    "problems",
    "register_renderer",
    "renderer_problem",
    "settings_owner",
    "uses_gpu",
]

AUTO: Final = "auto"
"""Stands for the best renderer that can be used; settings given with it are `reference`'s."""
GROUP: Final = "mien.renderers"
"""Group of the entry points by which packages offer renderers."""
OWN: Final = ("warp", "reference")
"""Names of mien's own renderers."""

_WARP, _REFERENCE = OWN
_RESERVED = (AUTO, *OWN)


@dataclass(frozen=True, slots=True)
class RendererEntry:
    """A renderer as the registry knows it.

    Attributes:
        name: The name by which it is chosen.
        make: Makes it, with settings of its own type or, given None, with its defaults.
        settings_type: Type of its settings; None when it has none.
        missing: Says why it cannot be used with settings; None when it can.
        usable: Says whether it can be used with some settings.
        summary: What it is, in a line.
        gpu: Whether it works on a GPU where there is one.
    """

    name: str
    make: Callable[[Any], Renderer]
    settings_type: type[RendererSettings] | None = None
    missing: Callable[[Any], MissingDependencyError | None] = lambda settings: None
    usable: Callable[[], bool] = lambda: True
    summary: str = ""
    gpu: bool = False

    def settings(
        self, given: RendererSettings | Mapping[str, Any] | None
    ) -> RendererSettings | None:
        """Return settings of this renderer; None for its defaults.

        Args:
            given: Its settings, or some of them by name. Those of another renderer do not
                concern it.

        Raises:
            UsageError: When it has no such setting, or a value is wrong.
        """
        if isinstance(given, RendererSettings):
            own = self.settings_type is not None and isinstance(given, self.settings_type)
            return given if own else None
        if not given:
            return None
        if self.settings_type is None:
            raise UsageError(
                f"The renderer '{self.name}' has no setting '{next(iter(given))}'.",
                "It has none.",
            )
        return self.settings_type.from_mapping(given)


@dataclass(frozen=True, slots=True)
class ChosenRenderer:
    """A renderer, and why it is this one.

    Attributes:
        renderer: The renderer.
        reason: Why `auto` chose it, in a few words; empty where it was asked for by its name.
    """

    renderer: Renderer
    reason: str = ""


def _make_warp(settings: None) -> Renderer:
    from mien.rendering.warp.renderer import WarpRenderer

    return WarpRenderer()


def _make_reference(settings: ReferenceSettings | None) -> Renderer:
    from mien.rendering.reference.renderer import ReferenceRenderer

    return ReferenceRenderer(settings)


def _missing_reference(settings: ReferenceSettings | None) -> MissingDependencyError | None:
    from mien.rendering.reference import requirements

    return requirements.missing(settings or ReferenceSettings.final())


def _usable_reference() -> bool:
    from mien.rendering.reference import requirements

    return requirements.available()


_OWN = {
    _WARP: RendererEntry(
        _WARP, _make_warp, summary="The embedded renderer: the plate's own pixels, on the CPU."
    ),
    _REFERENCE: RendererEntry(
        _REFERENCE,
        _make_reference,
        ReferenceSettings,
        _missing_reference,
        _usable_reference,
        summary="Regenerates faces with Arc2Face and its adapters.",
        gpu=True,
    ),
}
_registered: dict[str, RendererEntry] = {}


def available_renderers() -> tuple[str, ...]:
    """Return the names of the renderers that can be used now."""
    return tuple(entry.name for entry in list_entries() if entry.usable())


def list_entries() -> tuple[RendererEntry, ...]:
    """Return the entries of all renderers, mien's own first; broken plug-ins are left out."""
    return tuple({entry.name: entry for entry in _entries()}.values())


def problems() -> Mapping[str, str]:
    """Return what is wrong with the plug-ins that cannot be used, by name."""
    return _plugins().problems


def find_entry(name: str) -> RendererEntry:
    """Return the entry of a renderer.

    No plug-in is imported but the one that is asked for, unless the name is unknown.

    Args:
        name: Its name; `auto` has no entry of its own, and is given `reference`'s.

    Raises:
        MissingDependencyError: When it is a plug-in that cannot be used; the error says why.
        UsageError: When there is no renderer of that name.
    """
    known = _OWN.get(settings_owner(name)) or _registered.get(name)
    if known is not None:
        return known
    plugin = _plugins().get(name)
    if plugin is not None:
        return _entry_of(plugin)
    names = (AUTO, *(entry.name for entry in list_entries()))
    guess = difflib.get_close_matches(name, names, n=1)
    raise UsageError(
        f"There is no renderer named '{name}'.",
        f"Did you mean '{guess[0]}'?" if guess else f"Choose one of {', '.join(names)}.",
    )


def get_renderer(
    name: str = AUTO, settings: RendererSettings | Mapping[str, Any] | None = None
) -> Renderer:
    """Return the renderer of a name.

    `auto` is the reference renderer where all its models are installed and there is a GPU, and
    else the embedded one.

    Args:
        name: Its name.
        settings: Its settings, or some of them by name; its defaults when not given. With `auto`
            they are the reference renderer's, and unused where another is chosen; so are
            settings of a type that belongs to another renderer.

    Raises:
        MissingDependencyError: When the renderer needs a part that is not installed, or is a
            plug-in that cannot be used; the part is named.
        UsageError: When there is no renderer of that name, it has no such setting, or a value is
            wrong.
    """
    return choose_renderer(name, settings).renderer


def choose_renderer(
    name: str = AUTO, settings: RendererSettings | Mapping[str, Any] | None = None
) -> ChosenRenderer:
    """Return the renderer of a name, and why `auto` chose it; args and errors: `get_renderer`."""
    entry = find_entry(name)
    own = entry.settings(settings)
    reason = ""
    if name == AUTO:
        reason = _auto_problem(own)
        if reason:
            entry, own = _OWN[_WARP], None
        else:
            reason = "its models and a GPU are here"
    problem = entry.missing(own)
    if problem is not None:
        raise problem
    return ChosenRenderer(entry.make(own), reason)


def describe_choice(name: str, reason: str) -> str:
    """Name a renderer as reports do: `warp`, or `warp (auto: no GPU)`.

    Args:
        name: Its name.
        reason: Why `auto` chose it; empty where it was asked for by its name.
    """
    return f"{name} ({AUTO}: {reason})" if reason else name


def merge_settings(
    name: str,
    stored: StoredSettings,
    given: RendererSettings | Mapping[str, Any] | None = None,
) -> RendererSettings | Mapping[str, Any] | None:
    """Return the settings of a renderer: those of a project, with what is given on top.

    Args:
        name: The renderer's name, or `auto`.
        stored: Settings that a project keeps.
        given: Settings that hold whatever is stored, or some by name; None for none.
    """
    if isinstance(given, RendererSettings):
        return given
    kept = stored.get(settings_owner(name))
    if given is None:
        return kept
    return {**(kept or {}), **given}


def settings_owner(name: str) -> str:
    """Return the name of the renderer that settings belong to when they go with a name."""
    return _REFERENCE if name == AUTO else name


def parse_settings(name: str, texts: Mapping[str, str]) -> dict[str, SettingValue]:
    """Read settings of a renderer from text, as people type them.

    Args:
        name: The renderer's name, or `auto`.
        texts: Values by name of the setting.

    Raises:
        MissingDependencyError: When the renderer is a plug-in that cannot be used.
        UsageError: When there is no renderer of that name, it has no such setting, or a value is
            wrong.
    """
    entry = find_entry(name)
    if entry.settings_type is None:
        entry.settings(texts)
        return {}
    return {key: entry.settings_type.parse(key, text) for key, text in texts.items()}


def uses_gpu(name: str) -> bool:
    """Return whether a renderer works on a GPU where there is one; False for unknown ones."""
    try:
        return name != AUTO and find_entry(name).gpu
    except (MissingDependencyError, UsageError):
        return False


def register_renderer(renderer: Renderer) -> None:
    """Make a renderer of your own known in this process; one registered before gives way.

    Other processes, such as a batch's workers, know renderers of installed packages, which offer
    them by the entry point `mien.renderers`.

    Args:
        renderer: An instance of a class that derives from `mien.Renderer`.

    Raises:
        UsageError: When the name is taken by mien itself, or it is no renderer.
    """
    name = getattr(renderer, "name", None)
    if name in _RESERVED:
        raise UsageError(
            f"The name '{name}' belongs to mien's own renderer.", "Give your renderer another name."
        )
    problem = renderer_problem(renderer)
    if problem is not None:
        raise UsageError(f"{type(renderer).__name__} is no renderer: {problem}.")
    _registered[renderer.name] = _entry_of(renderer)


def _auto_problem(settings: RendererSettings | None) -> str:
    from mien.rendering.reference import requirements

    own = settings if isinstance(settings, ReferenceSettings) else ReferenceSettings.final()
    return requirements.auto_problem(own)


def _entries() -> Iterator[RendererEntry]:
    yield from _OWN.values()
    yield from map(_entry_of, _plugins().usable.values())
    yield from _registered.values()


def _plugins() -> plugins.Plugins:
    return plugins.load(GROUP, _plugin_problem, reserved=_RESERVED)


def _plugin_problem(name: str, value: object) -> str | None:
    from mien.rendering.base import API_VERSION, Renderer

    problem = plugins.version_problem(value, API_VERSION) or renderer_problem(value)
    if problem is None and isinstance(value, Renderer) and value.name != name:
        return f"its entry point is named '{name}' and its renderer '{value.name}'"
    return problem


def renderer_problem(renderer: object) -> str | None:
    """Return what keeps an object from being a renderer, or None."""
    from mien.rendering.base import Renderer

    name = getattr(renderer, "name", None)
    if not isinstance(name, str) or not name:
        return "it has no name"
    if not isinstance(renderer, Renderer):
        return "its class does not derive from mien.Renderer"
    kind: Any = renderer.settings_type
    if kind is None:
        return None
    if not (isinstance(kind, type) and issubclass(kind, RendererSettings)):
        return "its settings_type is no subclass of mien.RendererSettings"
    if not dataclasses.is_dataclass(kind) or kind.renderer != name:
        return f"its settings belong to the renderer '{kind.renderer}'"
    for field in dataclasses.fields(kind):
        if type(field.default) not in (bool, int, float, str):
            return f"its setting '{field.name}' has no default that is a number, text or switch"
    return None


def _entry_of(renderer: Renderer) -> RendererEntry:
    """The entry of a renderer that somebody else wrote."""
    kind: Any = type(renderer)
    first_line = (kind.__doc__ or "").strip().partition("\n")[0]
    return RendererEntry(
        renderer.name,
        lambda settings: renderer if settings is None else kind(settings),
        renderer.settings_type,
        renderer.missing,
        lambda: renderer.missing(None) is None,
        summary=renderer.summary or first_line,
        gpu=renderer.gpu,
    )
