"""`--set NAME=[+|-]VALUE[@START:END]`: an edit typed on the command line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mien.errors import UsageError
from mien.model.controls import CONTROLS, INDEX, WEIGHT_HIGH
from mien.model.presets import PRESETS, resolve

if TYPE_CHECKING:
    from mien.model.edits import Edit

__all__ = ["Assignment", "parse_assignment"]

_SET = re.compile(r"(?P<name>[^=@]+)=(?P<sign>[+-]?)(?P<value>\d+\.?\d*|\.\d+)(@(?P<span>.+))?")


@dataclass(frozen=True, slots=True)
class Assignment:
    """A constant value of one control over a span.

    Attributes:
        control: A control, a control without its side, an expression or a viseme.
        value: In the control's unit.
        mode: Added to the performance when a sign was typed, else in its place.
        span: As typed; None for the whole shot.
    """

    control: str
    value: float
    mode: Literal["add", "replace"]
    span: str | None

    def apply(self, edit: Edit, layer: str) -> Edit:
        """Return the edit with this value set in a layer."""
        return edit.set(self.control, self.value, span=self.span, mode=self.mode, layer=layer)


def parse_assignment(text: str) -> Assignment:
    """Read one `--set`; its span is read later, when the shot's frame rate is known.

    Raises:
        UsageError: When it cannot be read, or the value is beyond the control's limits.
        UnknownControlError: When nothing has that name.
    """
    match = _SET.fullmatch("".join(text.split()))
    if match is None:
        raise UsageError(
            f"--set '{text}' cannot be read.",
            "Write NAME=VALUE, or NAME=+VALUE@START:END, as in mouthSmile=+0.6@1.0s:2.0s.",
        )
    name = match["name"]
    limit = _limit(name)
    value = float(match["sign"] + match["value"])
    if abs(value) > limit:
        raise UsageError(
            f"--set '{text}' is beyond what {name} can do.", f"Its values reach {limit:g} at most."
        )
    return Assignment(name, value, "add" if match["sign"] else "replace", match["span"])


def _limit(name: str) -> float:
    if name in PRESETS:
        return WEIGHT_HIGH
    return max(CONTROLS[INDEX[side]].high for side, _ in resolve(name))
