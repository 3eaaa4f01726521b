"""Options of the reference renderer, made from its settings: one for each, `--reference-...`."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from mien.errors import UsageError
from mien.model.settings import TIERS, ReferenceSettings, of_tier

__all__ = ["Settle", "with_reference_settings"]

Settle = Callable[[ReferenceSettings | None], ReferenceSettings | None]
"""From the settings that hold otherwise, a project's or none, to those that hold now."""

_PREFIX = "reference_"
_BARE = ("approximate",)
"""Settings whose option has no prefix."""
_PANEL = "Reference renderer"


def with_reference_settings(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb an option for every setting of the reference renderer, and `--tier`.

    The verb gets what was typed as its argument `reference`, a `Settle`.
    """
    signature = inspect.signature(verb, eval_str=True)
    own = [p for p in signature.parameters.values() if p.name != "reference"]
    added = [_tier(), *(_option(setting) for setting in dataclasses.fields(ReferenceSettings))]

    @functools.wraps(verb)
    def called(**values: Any) -> None:
        tier = values.pop("tier")
        typed = {p.name: values.pop(p.name) for p in added if p.name in values}
        asked = {name.removeprefix(_PREFIX): v for name, v in typed.items() if v is not None}

        def settings(otherwise: ReferenceSettings | None) -> ReferenceSettings | None:
            return _settled(otherwise, tier, asked)

        verb(**values, reference=settings)

    parameters = [*own, *added]
    called.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {p.name: p.annotation for p in parameters} | {"return": None}
    return called


def _settled(
    otherwise: ReferenceSettings | None, tier: str | None, asked: dict[str, Any]
) -> ReferenceSettings | None:
    if tier is None and not asked:
        return otherwise
    base = of_tier(tier, otherwise) if tier else otherwise or ReferenceSettings.final()
    try:
        return dataclasses.replace(base, **asked)
    except UsageError as error:
        raise UsageError(
            f"Of the reference renderer's options, {error.cause}", error.remedy
        ) from error


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
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, option]
    )
