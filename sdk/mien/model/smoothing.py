"""How curves are smoothed: by which method, and how much."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from mien.errors import UsageError
from mien.model.controls import CONTROLS, Region

__all__ = ["METHODS", "USUAL_SMOOTHING", "Smoothing", "SmoothingMethod", "as_method"]

SmoothingMethod = Literal["adaptive", "savgol", "one-euro", "median", "none"]
METHODS: Final[tuple[SmoothingMethod, ...]] = get_args(SmoothingMethod)

_GROUPS: Final[tuple[str, ...]] = get_args(Region)
_SECONDS: Final[Mapping[str, float]] = {"savgol": 0.15, "one-euro": 0.05, "median": 0.08}
"""Width of the window, or time constant, at a strength of 1."""
_MOST: Final = 5.0


@dataclass(frozen=True, slots=True, repr=False)
class Smoothing:
    """Method and strength with which curves are smoothed (`mien.smooth_faces`) from the raw ones.

    Attributes:
        method: `adaptive`: as much as the noise asks for, as little as the motion allows.
            `savgol`: parabolas fitted to windows (Savitzky-Golay). `one-euro`: a low pass that
            opens with speed, run both ways. `median`: of windows. `none`: as solved. All but
            `adaptive`, whose noise is told from the curves alone, let frames that were seen badly
            count less.
        strength: How much, 0 to 5: 0 is as solved and 1 as usual. The noise that `adaptive` takes
            away, and the window or time constant of the others, are that many times as large.
        groups: Strengths of single groups, `(group, strength)`, in place of that.
        seconds: The window (`savgol`, `median`) or the time constant (`one-euro`) at a strength of
            1; None for 0.15, 0.08 and 0.05. `adaptive` finds its own.
    """

    method: SmoothingMethod = "adaptive"
    strength: float = 1.0
    groups: tuple[tuple[str, float], ...] = ()
    seconds: float | None = None

    def __post_init__(self) -> None:
        as_method(self.method)
        for group, value in (("", self.strength), *self.groups):
            if group and group not in _GROUPS:
                raise UsageError(
                    f"There is no group of controls called {group!r}.",
                    f"There are {', '.join(_GROUPS)}.",
                )
            if not (math.isfinite(value) and 0 <= value <= _MOST):
                raise UsageError(
                    f"A strength of {value:g} is none{f' for {group}' if group else ''}.",
                    f"Give a number from 0 (as solved) to {_MOST:g}; 1 is as usual.",
                )
        if self.seconds is not None and not (
            math.isfinite(self.seconds) and 0 < self.seconds <= 10
        ):
            raise UsageError(
                f"{self.seconds:g} seconds are no window.", "Give more than 0 and at most 10."
            )
        if self.seconds is not None and self.method not in _SECONDS:
            raise UsageError(
                f"{self.method} has no window that could be given.",
                f"Leave the seconds out, or choose one of {', '.join(_SECONDS)}.",
            )
        once = dict(self.groups)
        object.__setattr__(self, "groups", tuple((g, once[g]) for g in _GROUPS if g in once))

    @property
    def window(self) -> float:
        """Seconds of the window, or the time constant; 0 where there is none."""
        return self.seconds or _SECONDS.get(self.method, 0.0)

    def strength_of(self, group: str) -> float:
        """Return how much a group of controls is smoothed."""
        return dict(self.groups).get(group, self.strength)

    def strengths(self) -> tuple[float, ...]:
        """Return how much each control is smoothed, in their order."""
        return tuple(self.strength_of(control.region) for control in CONTROLS)

    def __str__(self) -> str:
        """Return it in words, as on the command line."""
        parts: list[str] = [self.method]
        if self.method != "none":
            parts += [] if self.strength == 1 else [f"strength {self.strength:g}"]
            parts += [f"{group} {value:g}" for group, value in self.groups]
            parts += [] if self.seconds is None else [f"{self.seconds:g} s"]
        return ", ".join(parts)

    def __repr__(self) -> str:
        return f"Smoothing({self})"


def as_method(name: str) -> SmoothingMethod:
    """Return a method by its name.

    Raises:
        UsageError: When there is none of that name.
    """
    for method in METHODS:
        if method == name:
            return method
    raise UsageError(
        f"There is no smoothing called {name!r}.", f"Choose one of {', '.join(METHODS)}."
    )


USUAL_SMOOTHING: Final = Smoothing()
"""How curves are smoothed until somebody chooses."""
