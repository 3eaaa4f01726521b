"""Which regions of a face, of those whose confidence is told apart, a control moves."""

from __future__ import annotations

from typing import Final

from mien.model.controls import Control

__all__ = ["regions_of"]

_BY_KIND: Final[dict[str, tuple[str, ...]]] = {
    "eyes": ("eyes",),
    "gaze": ("eyes",),
    "brows": ("brows",),
    "mouth": ("mouth",),
    "tongue": ("mouth",),
    # The jaw carries the lower lip.
    "jaw": ("mouth", "jaw"),
}
"""The regions that each kind of control moves; noses and heads are not among them."""

_CHEEKS: Final = {
    "cheekPuff": ("mouth",),
    "cheekSquintLeft": ("eyes",),
    "cheekSquintRight": ("eyes",),
}
"""What cheeks go with."""


def regions_of(control: Control) -> tuple[str, ...]:
    """Return the names of the `REGIONS` that a control moves; none for noses and heads."""
    return _CHEEKS.get(control.name, _BY_KIND.get(control.region, ()))
