"""Options for settings of renderers: `--setting` for any, and those of the reference renderer.

The latter are made from its settings: one for each, `--reference-...`, and `--tier`.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Optional

import typer

from mien.cli.added_options import added_option, with_added_options
from mien.errors import UsageError
from mien.model.renderer_settings import RendererSettings, StoredSettings, make_mapping
from mien.model.settings import TIERS, ReferenceSettings, of_tier

__all__ = ["TypedSettings", "with_renderer_settings"]

_PREFIX = "reference_"
_BARE = ("approximate",)
"""Settings whose option has no prefix."""
_PANEL = "Reference renderer"


@dataclass(frozen=True, slots=True)
class TypedSettings:
    """Settings of renderers as they were typed.

    Attributes:
        renderer: The renderer that `assignments` are meant for; None for every shot's.
        assignments: Texts of `--setting`, NAME=VALUE each.
        tier: Text of `--tier`; None when it was not typed.
        reference: Values of `--reference-...` that were typed.
    """

    renderer: str | None = None
    assignments: Sequence[str] = ()
    tier: str | None = None
    reference: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def check(self, renderer: str) -> RendererSettings | Mapping[str, Any] | None:
        """Return the settings that were typed for a renderer, where nothing is stored.

        Args:
            renderer: Its name, or `auto`.

        Raises:
            UsageError: When it is unknown, or has no such setting, or a value is wrong.
            MissingDependencyError: When it is a plug-in that cannot be used.
        """
        from mien.rendering.registry import find_entry

        settings = self.over(renderer, {})
        if self._meant_for(renderer) and settings is None:
            # A renderer without settings says that it has none.
            find_entry(renderer).settings(dict(map(_split, self.assignments)))
        return settings

    def over(
        self, renderer: str, stored: StoredSettings
    ) -> RendererSettings | Mapping[str, Any] | None:
        """Return the settings of a renderer: a project's, with those that were typed on top.

        What was typed for another renderer is left out; so is all of it where the renderer has
        no settings, as `auto` may have chosen it (see `check`).

        Args:
            renderer: Its name, or `auto`.
            stored: Settings that a project keeps.

        Raises:
            UsageError: When it has no such setting, or a value is wrong.
        """
        from mien.rendering.registry import find_entry, merge_settings, settings_owner

        settings = merge_settings(renderer, stored)
        kind = find_entry(renderer).settings_type
        if kind is None:
            return settings
        if settings_owner(renderer) == ReferenceSettings.renderer:
            settings = self._with_options(ReferenceSettings.from_stored(stored))
        if not self._meant_for(renderer):
            return settings
        typed = {name: kind.parse(name, text) for name, text in map(_split, self.assignments)}
        return kind.from_mapping({**(make_mapping(settings) or {}), **typed})

    @property
    def says_reference(self) -> bool:
        """Whether anything was typed that only the reference renderer heeds."""
        return bool(self.tier or self.reference or (self.renderer == "auto" and self.assignments))

    def _meant_for(self, renderer: str) -> bool:
        from mien.rendering.registry import settings_owner

        meant = self.renderer is None or (settings_owner(self.renderer) == settings_owner(renderer))
        return bool(self.assignments) and meant

    def _with_options(self, stored: ReferenceSettings | None) -> ReferenceSettings | None:
        if self.tier is None and not self.reference:
            return stored
        base = of_tier(self.tier, stored) if self.tier else stored or ReferenceSettings.final()
        try:
            return dataclasses.replace(base, **self.reference)
        except UsageError as error:
            raise UsageError(
                f"Of the reference renderer's options, {error.cause}", error.remedy
            ) from error


def with_renderer_settings(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb `--setting`, an option for every setting of the reference renderer, and `--tier`.

    The verb has an option `renderer`, and gets what was typed as its argument `typed`, a
    `TypedSettings`.
    """
    options = [_option(setting) for setting in dataclasses.fields(ReferenceSettings)]

    def read(values: dict[str, Any]) -> TypedSettings:
        tier, assignments = values.pop("tier"), values.pop("setting") or ()
        texts = {p.name: values.pop(p.name) for p in options}
        reference = {name.removeprefix(_PREFIX): v for name, v in texts.items() if v is not None}
        return TypedSettings(values.get("renderer"), tuple(assignments), tier, reference)

    return with_added_options(verb, "typed", (_setting(), _tier(), *options), read)


def _split(text: str) -> tuple[str, str]:
    """Return the name and the value of a `--setting`."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise UsageError(f"--setting '{text}' cannot be read.", "Write NAME=VALUE, as steps=12.")
    return name.strip(), value.strip()


def _setting() -> inspect.Parameter:
    option = typer.Option(
        "--setting", metavar="NAME=VALUE",
        help="A setting of the renderer, by its name. May be given several times.",
    )  # fmt: skip
    return _parameter("setting", Optional[list[str]], option)  # noqa: UP045


def _tier() -> inspect.Parameter:
    option = typer.Option(
        "--tier", metavar="|".join(TIERS), rich_help_panel=_PANEL,
        help="Steps, guidance, scheduler, VAE, anchors and smoothing of a final render, or of a"
        " quick look.",
    )  # fmt: skip
    return _parameter("tier", str | None, option)


def _option(setting: dataclasses.Field[Any]) -> inspect.Parameter:
    name = setting.name if setting.name in _BARE else _PREFIX + setting.name
    option = setting.metadata.get("option", setting.name)
    flag = "--" + (name.removesuffix(setting.name) + option).replace("_", "-")
    kind = type(setting.default)
    choices = setting.metadata.get("choices")
    text = setting.metadata["help"]
    if kind is bool:
        return _parameter(
            name, bool | None,
            typer.Option(f"{flag}/--no-{flag[2:]}", help=text, rich_help_panel=_PANEL),
        )  # fmt: skip
    if setting.default != "":
        text = f"{text} Default: {setting.default}."
    metavar = "|".join(choices) if choices else {int: "N", float: "X", str: "PATH"}[kind]
    typed = typer.Option(flag, metavar=metavar, help=text, rich_help_panel=_PANEL)
    return _parameter(name, kind | None, typed)


def _parameter(name: str, kind: Any, option: Any) -> inspect.Parameter:
    return added_option(name, Annotated[kind, option])
