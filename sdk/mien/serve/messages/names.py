"""Messages about what can be keyed."""

from __future__ import annotations

from typing import Literal

from mien.serve.messages.base import Message

__all__ = ["ControlFacts", "ControlsResult", "PresetFacts"]


class ControlFacts(Message):
    """One axis of expression."""

    name: str
    region: str
    unit: Literal["weight", "degrees"]
    low: float
    high: float
    mirror: str
    """The same on the other side; its own name where there is none."""


class PresetFacts(Message):
    """A named mixture of controls, keyed as one."""

    name: str
    kind: Literal["expression", "viseme", "feeling"]
    weights: dict[str, float]
    replaces: bool
    """Whether its controls take the place of what the face does, as far as its value says; else
    they are added, each with its weight times the value."""


class ControlsResult(Message):
    """Everything that can be keyed."""

    controls: list[ControlFacts]
    presets: list[PresetFacts]
