"""Settings that belong to one renderer: frozen values with limits, read from mappings and text.

Everything that shows settings to people - the command line, the project file, an editor -
reads names, limits and help from the fields here. A renderer that somebody else wrote declares
its own in the same way:

    @dataclass(frozen=True, kw_only=True)
    class BlushSettings(mien.RendererSettings):
        renderer = "blush"
        amount: float = 1.0
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar, get_args

from mien.errors import UsageError

__all__ = [
    "RendererSettings",
    "SettingValue",
    "StoredSettings",
    "check_setting",
    "check_stored",
    "choices",
    "make_mapping",
    "number",
    "switch",
]

SettingValue = bool | int | float | str
"""The value of one setting."""
StoredSettings = Mapping[str, Mapping[str, SettingValue]]
"""Settings by the name of their renderer, as a project keeps them: renderers that are not
installed keep theirs."""

_SettingsT = TypeVar("_SettingsT", bound="RendererSettings")
_SWITCHES = {"true": True, "on": True, "yes": True, "1": True,
             "false": False, "off": False, "no": False, "0": False}  # fmt: skip


def number(default: float, low: float, high: float, help: str) -> Any:
    """Declare a setting that is a number: whole where its default is."""
    return field(default=default, metadata={"low": low, "high": high, "help": help})


def choices(kind: Any, help: str) -> dict[str, Any]:
    """Return the metadata of a setting that is one of the words of a `Literal`."""
    return {"choices": get_args(kind), "help": help}


def switch(help: str, **more: str) -> Any:
    """Declare a setting that is on or off, and off by default."""
    return field(default=False, metadata={"help": help, **more})


@dataclass(frozen=True, slots=True, kw_only=True)
class RendererSettings:
    """Settings of one renderer: the base of frozen, keyword-only dataclasses.

    Every field has a default that is a number, a text or a switch. Its metadata may hold `low`
    and `high`, `choices`, `help`, and `file` where it names a file that the renderer reads.

    Attributes:
        renderer: Name of the renderer that they belong to.

    Raises:
        UsageError: When a value is of the wrong kind or outside its limits.
    """

    renderer: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for setting in dataclasses.fields(self):
            check_setting(setting, getattr(self, setting.name))
        self.check()

    def check(self) -> None:
        """Refuse values that do not go together; for subclasses to override.

        Raises:
            UsageError: When they do not.
        """

    @property
    def files(self) -> tuple[Path, ...]:
        """Files that the renderer reads because a setting names them."""
        named = [s.name for s in dataclasses.fields(self) if s.metadata.get("file")]
        return tuple(Path(getattr(self, name)) for name in named if getattr(self, name))

    def to_mapping(self) -> dict[str, SettingValue]:
        """Return all settings by name, in JSON's types."""
        return dataclasses.asdict(self)

    @classmethod
    def from_mapping(cls: type[_SettingsT], values: Mapping[str, Any]) -> _SettingsT:
        """Make settings from values by name; those that are left out keep their defaults.

        Raises:
            UsageError: When a name is unknown or a value is wrong; it is named.
        """
        # A class that somebody else wrote may have its own `__post_init__`, which checks nothing.
        for name, value in values.items():
            check_setting(cls.find(name), value)
        return cls(**values)

    @classmethod
    def from_stored(cls: type[_SettingsT], stored: StoredSettings) -> _SettingsT | None:
        """Make settings from those that a project keeps; None when it keeps none of this renderer.

        Raises:
            UsageError: When a name is unknown or a value is wrong; it is named.
        """
        values = stored.get(cls.renderer)
        return None if values is None else cls.from_mapping(values)

    @classmethod
    def parse(cls, name: str, text: str) -> SettingValue:
        """Read the value of one setting from text, as it is typed.

        Args:
            name: Name of the setting.
            text: Its value; switches are written as true or false, on or off.

        Raises:
            UsageError: When the name is unknown or the value is wrong.
        """
        setting = cls.find(name)
        value = _typed(setting, text.strip())
        check_setting(setting, value)
        return value

    @classmethod
    def find(cls, name: str) -> dataclasses.Field[Any]:
        """Return the field of a setting.

        Raises:
            UsageError: When there is none of that name; it names those that there are.
        """
        known = {setting.name: setting for setting in dataclasses.fields(cls)}
        if name in known:
            return known[name]
        guess = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean '{guess[0]}'? " if guess else ""
        raise UsageError(
            f"The renderer '{cls.renderer}' has no setting '{name}'.",
            f"{hint}It has {', '.join(sorted(known)) or 'none'}.",
        )


def make_mapping(
    settings: RendererSettings | Mapping[str, Any] | None,
) -> dict[str, SettingValue] | None:
    """Return settings by name; None for none."""
    if settings is None:
        return None
    return settings.to_mapping() if isinstance(settings, RendererSettings) else dict(settings)


def check_stored(stored: StoredSettings) -> None:
    """Refuse settings that a project cannot keep.

    Raises:
        UsageError: When a name or a value is none; the renderer is named.
    """
    for renderer, values in stored.items():
        if not isinstance(renderer, str) or not renderer or not isinstance(values, Mapping):
            raise UsageError(
                f"Settings of {renderer!r} cannot be kept.",
                "Give, by the name of a renderer, its settings by name.",
            )
        for name, value in values.items():
            finite = not isinstance(value, float) or math.isfinite(value)
            if not isinstance(name, str) or not isinstance(value, SettingValue) or not finite:
                raise UsageError(
                    f"The setting {name!r} of the renderer '{renderer}' cannot be {value!r}.",
                    "Settings are numbers, text, true or false.",
                )


def check_setting(setting: dataclasses.Field[Any], value: Any) -> None:
    """Refuse a value of the wrong kind or outside the limits that a setting's metadata name.

    Raises:
        UsageError: When it is; the setting is named.
    """
    name = setting.name
    if "choices" in setting.metadata:
        words = setting.metadata["choices"]
        if value not in words:
            raise UsageError(f"{name} cannot be '{value}'.", f"Choose one of {', '.join(words)}.")
        return
    kind: type[Any] = type(setting.default)
    if kind is str:
        if not isinstance(value, str):
            raise UsageError(f"{name} cannot be {value!r}.", "It is text.")
        return
    if kind is bool:
        if not isinstance(value, bool):
            raise UsageError(f"{name} cannot be {value!r}.", "It is on or off.")
        return
    kinds: tuple[type[Any], ...] = (int, float) if kind is float else (int,)
    if isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value):
        noun = "number" if kind is float else "whole number"
        raise UsageError(f"{name} cannot be {value!r}.", f"It is a {noun}.")
    low = setting.metadata.get("low", -math.inf)
    high = setting.metadata.get("high", math.inf)
    if not low <= value <= high:
        raise UsageError(f"{name} cannot be {value}.", f"It lies from {low} to {high}.")


def _typed(setting: dataclasses.Field[Any], text: str) -> SettingValue:
    """The value that a text stands for; the text itself where it stands for none."""
    kind: type[Any] = type(setting.default)
    if kind is bool:
        return _SWITCHES.get(text.lower(), text)
    if kind in (int, float) and "choices" not in setting.metadata:
        try:
            return int(text) if kind is int else float(text)
        except ValueError:
            return text
    return text
