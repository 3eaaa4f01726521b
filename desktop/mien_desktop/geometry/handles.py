"""Bezier handles: which a key has, and how a dragged one takes its twin along.

A handle is an offset (frames, value) from its key. Two handles of a key are aligned when they
lie on one line through it: that is seen from the handles themselves, so that no document has to
say it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from mien.model.interpolate import Key

__all__ = ["Handle", "Side", "aligned", "dragged", "flattened", "handles"]

Side = Literal["in", "out"]
Handle = tuple[float, float]

_SHORTEST = 0.1
"""Frames that a handle reaches at least: one straight above its key would have no slope."""
_SAME_SLOPE = 1e-3


def handles(keys: Sequence[Key], index: int) -> dict[Side, Handle]:
    """Return the handles of a key that shape the curve: those that end in a Bezier segment.

    Args:
        keys: Keys in ascending order of frames.
        index: Which key.

    Returns:
        Offsets (frames, value) from the key; a handle that nobody set is a third of the way,
        level.
    """
    key = keys[index]
    offsets: dict[Side, Handle] = {}
    if index > 0 and keys[index - 1].interpolation == "bezier":
        offsets["in"] = key.handle_in or ((keys[index - 1].frame - key.frame) / 3, 0.0)
    if index + 1 < len(keys) and key.interpolation == "bezier":
        offsets["out"] = key.handle_out or ((keys[index + 1].frame - key.frame) / 3, 0.0)
    return offsets


def aligned(offsets: dict[Side, Handle]) -> bool:
    """Return whether two handles lie on one line through their key."""
    if len(offsets) < 2:
        return False
    (dx, dy), (ex, ey) = offsets["in"], offsets["out"]
    if not dx or not ex:
        return False
    return abs(dy / dx - ey / ex) <= _SAME_SLOPE * max(1.0, abs(dy / dx), abs(ey / ex))


def dragged(
    offsets: dict[Side, Handle], side: Side, to: Handle, *, free: bool
) -> dict[Side, Handle]:
    """Return handles after one of them was dragged.

    Args:
        offsets: The key's handles before.
        side: Which one is dragged.
        to: Where it is dragged to, as (frames, value) from the key; it never crosses the key.
        free: Whether an aligned twin is left where it is.

    Returns:
        The handles that changed; an aligned twin keeps its reach and takes over the slope.
    """
    reach = min(to[0], -_SHORTEST) if side == "in" else max(to[0], _SHORTEST)
    moved: dict[Side, Handle] = {side: (reach, to[1])}
    if aligned(offsets) and not free:
        twin: Side = "out" if side == "in" else "in"
        moved[twin] = (offsets[twin][0], offsets[twin][0] * to[1] / reach)
    return moved


def flattened(offsets: dict[Side, Handle]) -> dict[Side, Handle]:
    """Return both handles on one line, at the mean of their slopes; the reach of each stays."""
    slopes = [value / frames for frames, value in offsets.values() if frames]
    slope = sum(slopes) / len(slopes) if slopes else 0.0
    return {side: (frames, frames * slope) for side, (frames, _) in offsets.items()}
