"""The landmarks of a face: how many there are, and which are which.

The order is that of MediaPipe's face mesh: the skin, then the irises, the right one first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["IRISES", "LANDMARKS", "MESH", "SKIN", "Topology"]

SKIN: Final = 468
"""Landmarks of the skin; they come first."""

_IRIS: Final = 5
"""Landmarks of an iris: its centre, then its rim."""

IRISES: Final[Mapping[str, slice]] = {
    "Right": slice(SKIN, SKIN + _IRIS),
    "Left": slice(SKIN + _IRIS, SKIN + 2 * _IRIS),
}
"""Landmarks of each iris, by the person's side."""

LANDMARKS: Final = SKIN + 2 * _IRIS
"""Landmarks of a face, 478."""


@dataclass(frozen=True, slots=True)
class Topology:
    """Which landmarks there are, as a model that reads them counts them.

    Attributes:
        name: Its name.
        skin: Number of landmarks of the skin; they come first.
        points: Number of all landmarks.
    """

    name: str
    skin: int
    points: int


MESH: Final = Topology("mediapipe-478", SKIN, LANDMARKS)
"""The topology of mien's rig, which every tracker's landmarks have."""
