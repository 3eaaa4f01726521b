"""Gaps in a signal: short ones are bridged and marked, long ones stay empty."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

from mien._types import BoolArray, FloatArray

__all__ = ["bridge", "segments"]


def segments(valid: BoolArray, cuts: Iterable[int] = ()) -> tuple[slice, ...]:
    """The unbroken stretches of a signal.

    Args:
        valid: (T,) whether a frame has a value.
        cuts: First frames of new shots; no stretch runs across one.

    Returns:
        The stretches in order.
    """
    breaks = np.zeros(len(valid) + 1, dtype=np.int64)
    breaks[[cut for cut in cuts if 0 < cut < len(valid)]] = 1
    label = np.cumsum(breaks[:-1])
    frames = np.flatnonzero(valid)
    if not len(frames):
        return ()
    new = (np.diff(frames) > 1) | (np.diff(label[frames]) > 0)
    starts = np.r_[frames[0], frames[1:][new]]
    stops = np.r_[frames[:-1][new], frames[-1]] + 1
    return tuple(slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True))


def bridge(
    values: FloatArray, valid: BoolArray, longest: int, cuts: Iterable[int] = ()
) -> BoolArray:
    """Fill short gaps in straight lines between the frames on either side.

    Args:
        values: (T, ...) the signal; changed in place.
        valid: (T,) which rows hold a value; not changed.
        longest: Gaps of up to so many frames are filled.
        cuts: First frames of new shots; nothing is bridged across one.

    Returns:
        (T,) which rows were filled.
    """
    bridged = np.zeros(len(valid), dtype=np.bool_)
    cuts = tuple(cuts)
    runs = segments(valid, cuts)
    for before, after in itertools.pairwise(runs):
        gap = slice(before.stop, after.start)
        if after.start - before.stop > longest or any(gap.start <= c <= gap.stop for c in cuts):
            continue
        count = gap.stop - gap.start
        shares = np.arange(1, count + 1, dtype=np.float32) / np.float32(count + 1)
        shares = shares.reshape(-1, *(1,) * (values.ndim - 1))
        values[gap] = (1 - shares) * values[gap.start - 1] + shares * values[gap.stop]
        bridged[gap] = True
    return bridged
