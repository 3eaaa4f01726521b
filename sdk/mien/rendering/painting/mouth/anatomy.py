"""The rows of teeth of an adult: how wide and high each tooth is, and how the rows bend.

Means of Wheeler's Dental Anatomy; people vary by 10 to 15 %. Heights are measured from the row's
bite, the plane in which its front teeth end, towards its gum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import numpy as np

from mien._types import DoubleArray, FloatArray

__all__ = ["LOWER", "UPPER", "DentalArch", "TeethRow", "Tooth", "dental_arch"]

_SAMPLES = 1024
"""Samples of a row from end to end: finer than pixels are."""
_TUBERCLE = 0.02
"""How uneven every biting edge is, cm."""


class Tooth(NamedTuple):
    """One tooth; lengths in cm.

    Attributes:
        width: From neighbour to neighbour.
        height: From its edge to the gum.
        short: How far its edge stays behind the bite.
        point: How much farther its middle reaches than its sides.
        yellow: How much darker and yellower it is than a front tooth, 0..1.
    """

    width: float
    height: float
    short: float
    point: float
    yellow: float


class TeethRow(NamedTuple):
    """One row of teeth, from the middle outwards.

    Attributes:
        teeth: The teeth of one side.
        canines: Half the distance of the canines, and how far behind the front teeth they are.
        molars: The same of the first molars.
    """

    teeth: tuple[Tooth, ...]
    canines: tuple[float, float]
    molars: tuple[float, float]


UPPER: Final = TeethRow(
    (
        Tooth(0.85, 1.05, 0.00, 0.01, 0.00),
        Tooth(0.65, 0.90, 0.07, 0.02, 0.10),
        Tooth(0.75, 1.00, 0.00, 0.14, 0.55),
        Tooth(0.70, 0.85, 0.07, 0.12, 0.45),
        Tooth(0.70, 0.85, 0.10, 0.10, 0.50),
        Tooth(1.00, 0.75, 0.13, 0.07, 0.60),
    ),
    canines=(1.75, 0.9),
    molars=(2.5, 2.9),
)
"""The upper row: 35 mm between the canines, 50 mm between the first molars."""
LOWER: Final = TeethRow(
    (
        Tooth(0.50, 0.90, 0.00, 0.00, 0.10),
        Tooth(0.55, 0.95, 0.01, 0.01, 0.10),
        Tooth(0.70, 1.10, -0.02, 0.12, 0.50),
        Tooth(0.70, 0.85, 0.05, 0.12, 0.45),
        Tooth(0.70, 0.80, 0.08, 0.10, 0.50),
        Tooth(1.10, 0.75, 0.10, 0.06, 0.60),
    ),
    canines=(1.3, 0.6),
    molars=(2.25, 2.6),
)
"""The lower row: 26 mm between the canines, 45 mm between the first molars."""


@dataclass(frozen=True, slots=True, eq=False)
class DentalArch:
    """A row of teeth as samples from the person's right end to the left one, (N,) each, cm.

    Attributes:
        across: Distance from the middle, to the person's left.
        behind: Distance behind the front teeth.
        facing: How far the surface faces forwards, the cosine of its turn.
        edge: Height of the teeth's edge over the bite.
        gum: Height from which the gum covers them.
        to_joint: Distance to where the next tooth begins, along the row.
        bulge: 0 in the middle of a tooth, 1 at its sides.
        yellow: How much darker and yellower than a front tooth, 0..1.
    """

    across: FloatArray
    behind: FloatArray
    facing: FloatArray
    edge: FloatArray
    gum: FloatArray
    to_joint: FloatArray
    bulge: FloatArray
    yellow: FloatArray


@cache
def dental_arch(row: TeethRow) -> DentalArch:
    """Return a row of teeth, `UPPER` or `LOWER`, as samples."""
    widths = np.array([tooth.width for tooth in row.teeth])
    sides = np.concatenate([[0.0], np.cumsum(widths)])
    along = np.linspace(-sides[-1], sides[-1], _SAMPLES)
    across, behind, facing = _bend(row, np.abs(along))
    number = np.clip(np.searchsorted(sides, np.abs(along), side="right") - 1, 0, len(widths) - 1)
    left, right = sides[number], sides[number + 1]
    from_middle = np.abs(2 * (np.abs(along) - left) / (right - left) - 1)
    height, short, point, yellow = (
        np.array([getattr(tooth, name) for tooth in row.teeth])[number]
        for name in ("height", "short", "point", "yellow")
    )
    # Corners are rounded, and more so the ones away from the middle of the face.
    outer = np.abs(along) > (left + right) / 2
    corner = np.where(outer, 0.10, 0.06) * from_middle**6
    edge = short + point * from_middle**1.3 + corner + _TUBERCLE * (1 - from_middle**2)
    # The gum lies in an arc around each neck and reaches down between two teeth.
    gum = height * (1 - 0.30 * from_middle**2.5)
    to_joint = np.minimum(np.abs(along) - left, right - np.abs(along))
    arrays = (
        np.sign(along) * across, behind, facing, edge, gum, to_joint, from_middle**4,
        _softened(yellow),
    )  # fmt: skip
    return DentalArch(*(np.asarray(array, dtype=np.float32) for array in arrays))


def _bend(row: TeethRow, along: DoubleArray) -> tuple[DoubleArray, ...]:
    """Distance from the middle, distance behind the front and facing, at lengths of the row.

    The row is the power curve through front teeth, canines and first molars.
    """
    (half, back), (molar_half, molar_back) = row.canines, row.molars
    power = np.log(molar_back / back) / np.log(molar_half / half)
    factor = back / half**power
    across = np.linspace(0.0, 4.0, 4001)
    behind = factor * across**power
    slope = power * factor * across ** (power - 1)
    length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(across), np.diff(behind)))])
    here = np.interp(along, length, across)
    return here, np.interp(here, across, behind), 1 / np.hypot(1, np.interp(here, across, slope))


def _softened(values: DoubleArray) -> DoubleArray:
    """Values along a row, each tooth's running into the next one's."""
    width = _SAMPLES // 64
    padded = np.pad(values, width, mode="edge")
    return np.convolve(padded, np.full(2 * width + 1, 1 / (2 * width + 1)), mode="valid")
