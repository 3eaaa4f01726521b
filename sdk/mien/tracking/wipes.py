"""Wipes: a boundary passes over the picture, and every pixel goes from one shot to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mien.tracking.mix_window import MixWindow

__all__ = ["find_wipe"]

_DIFFERENT: Final = 18.0
"""Difference of the two shots, of 255, from which a pixel tells which of them it shows."""

_AREA: Final = 0.6
"""Share of the pixels that must tell."""

_RESIDUAL: Final = 0.12
"""What of the pixels lies on no way from the one shot to the other."""

_BACK_AND_FORTH: Final = 1.5
"""How far a pixel goes in all, on its way from 0 to 1; something that passes by goes 2 and more."""

_NEAR: Final = 1.5
_NEAR_SHARE: Final = 0.15
"""Frames, and lengths of the wipe, that a pixel's time may be off what follows from its place."""

_STRAYS: Final = (0.08, 0.22)
_LONG: Final = 36
"""Share of the pixels that may be off further: over the shortest wipes, and over those of so many
frames, while much may move in both shots."""

_ENDS: Final = (0.5, 99.5)
"""Percentiles of the times between which a wipe lies; corners go at the very ends."""

_GLIMPSES: Final = 5
"""Frames that are looked at before all are."""

_ROUNDS: Final = 4
"""Rounds of reweighting."""

_SHORTEST: Final = 6
"""Frames from the last before a wipe to the first after it."""


def find_wipe(window: MixWindow, first: int, last: int) -> tuple[int, int, float] | None:
    """Return the wipe between two frames: the last before it, the first after it, its misfit.

    Args:
        window: The last frames.
        first: A frame before the wipe.
        last: A frame after it.

    Returns:
        None where there is no wipe.
    """
    fractions = window.blend(first, last).fractions
    if np.abs(np.diff(fractions)).sum() > _BACK_AND_FORTH or np.diff(fractions).max() > 0.5:
        return None
    if _ways(window, first, last, np.linspace(first, last, _GLIMPSES).astype(np.int64)) is None:
        return None
    ways = _ways(window, first, last, np.arange(first, last + 1))
    if ways is None:
        return None
    moved = np.abs(np.diff(ways.shown, axis=0)).sum(axis=0)
    if float(ways.weights @ moved) > _BACK_AND_FORTH:
        return None
    # A pixel that switches at a time has been the first picture's for so many frames.
    times = (1 - ways.shown).sum(axis=0) - 0.5
    fitted, off = _by_place(ways, times)
    low, high = np.percentile(fitted, _ENDS)
    before, after = max(0, int(np.floor(low))), min(last - first, int(np.ceil(high)))
    length = after - before
    if length < _SHORTEST:
        return None
    strays = float(ways.weights @ (off > max(_NEAR, _NEAR_SHARE * length)))
    most = np.interp(length, [_SHORTEST, _LONG], _STRAYS)
    if strays > most:
        return None
    # Half of a wipe is one too, from the picture half-way; but it changes less.
    return first + before, first + after, strays + 1 - ways.area


@dataclass(frozen=True, slots=True, eq=False)
class _Ways:
    """How far N pixels have gone from one picture to another.

    Attributes:
        shown: (n, N) per frame, 0..1.
        weights: (N,) how much each pixel tells; 1 in all.
        places: (N, 2) where they are, from the picture's middle, in picture heights.
        area: Share of all pixels.
    """

    shown: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    places: npt.NDArray[np.float64]
    area: float


def _ways(window: MixWindow, first: int, last: int, over: npt.NDArray[np.int64]) -> _Ways | None:
    """The ways of the pixels that differ, over some frames; None where they are few, or stray."""
    frames = np.stack([window.picture(frame) for frame in over.tolist()])
    way = window.picture(last) - window.picture(first)
    squared = (way**2).sum(axis=2)
    tells = squared > 3 * _DIFFERENT**2
    if tells.mean() < _AREA:
        return None
    way, squared = way[tells], squared[tells]
    gone = frames[:, tells] - window.picture(first)[tells]
    shown = np.clip((gone * way).sum(axis=2) / squared, 0, 1)
    astray = ((gone - shown[..., None] * way) ** 2).sum(axis=(1, 2)) / squared.sum()
    if astray.mean() > _RESIDUAL:
        return None
    y, x = np.nonzero(tells)
    height, width = tells.shape
    places = np.stack([(x - (width - 1) / 2) / height, (y - (height - 1) / 2) / height], axis=1)
    return _Ways(
        shown.astype(np.float64),
        squared / squared.sum(dtype=np.float64),
        places,
        float(tells.mean()),
    )


def _by_place(
    ways: _Ways, times: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Times as a simple boundary makes them, and how far the pixels' own are off.

    The boundary is straight, two doors, or an iris; what moves in the two shots is passed over
    (iteratively reweighted least squares).
    """
    x, y = ways.places.T
    terms = np.stack([np.ones_like(x), x, y, np.abs(x), np.abs(y), np.hypot(x, y)], axis=1)
    weights = ways.weights.copy()
    for _ in range(_ROUNDS):
        root = np.sqrt(weights)
        found, *_ = np.linalg.lstsq(terms * root[:, None], times * root, rcond=None)
        fitted = terms @ found
        off = np.abs(times - fitted)
        weights = ways.weights / np.maximum(off, 0.5)
    return fitted, off
