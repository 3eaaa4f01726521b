"""The wheel of feelings: words in rings around a hub, as many turns as a branch has words; no Qt.

Angles are turns from 0 to 1, clockwise from the top; radii are parts of the wheel's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from mien.model.feelings import FEELINGS, Feeling

__all__ = ["HUB", "RINGS", "Segment", "WheelMap", "matching_feelings"]

HUB: Final = 0.19
"""Radius of the hub."""
RINGS: Final = ((0.19, 0.37), (0.37, 0.65), (0.65, 1.0))
"""Inner and outer radius of the rings: primary feelings, secondary ones, words."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A field of the wheel.

    Attributes:
        ring: 0 for a primary feeling, 1 for a secondary one, 2 for a word.
        path: Its name after those of the rings inside of it.
        start: Where it begins, in turns.
        stop: Where it ends.
        words: How many words it holds.
    """

    ring: int
    path: tuple[str, ...]
    start: float
    stop: float
    words: int

    @property
    def name(self) -> str:
        """Its own name."""
        return self.path[-1]

    @property
    def middle(self) -> float:
        """Its middle, in turns."""
        return (self.start + self.stop) / 2


class WheelMap:
    """The fields of a wheel of some of the words.

    Args:
        words: The words that it shows; each takes as much of the turn as any other.
        branch: Of these only what lies in a branch: nothing, a primary feeling, or a primary and
            a secondary one.
    """

    def __init__(self, words: Iterable[str], branch: tuple[str, ...] = ()) -> None:
        wanted = set(words)
        self.branch = branch
        shown = [
            one for one in FEELINGS.values()
            if one.name in wanted and _path(one)[: len(branch)] == branch
        ]  # fmt: skip
        # Python's sort keeps the order of the tree inside of each branch.
        order = {path: i for i, path in enumerate(dict.fromkeys(_path(o)[:2] for o in shown))}
        primaries = {path[0]: i for path, i in reversed(order.items())}
        shown.sort(key=lambda one: (primaries[one.primary], order[_path(one)[:2]]))
        self.words: tuple[str, ...] = tuple(one.name for one in shown)
        """The words, clockwise."""
        self.segments: tuple[Segment, ...] = tuple(
            segment for ring in range(3) for segment in _ring(shown, ring)
        )
        """The fields, ring by ring from the inside."""

    def at(self, x: float, y: float) -> Segment | None:
        """Return the field at a place from the middle, in radii; None in the hub and outside."""
        radius = math.hypot(x, y)
        turn = (math.atan2(x, -y) / math.tau) % 1
        for segment in self.segments:
            inner, outer = RINGS[segment.ring]
            if inner <= radius < outer and segment.start <= turn < segment.stop:
                return segment
        return None

    def word(self, name: str) -> Segment | None:
        """Return the field of a word."""
        return next((s for s in self.segments if s.ring == 2 and s.name == name), None)

    def beside(self, segment: Segment, way: int) -> Segment:
        """Return the next field of the same ring, clockwise for 1, around the turn."""
        ring = [s for s in self.segments if s.ring == segment.ring]
        return ring[(ring.index(segment) + way) % len(ring)]

    def across(self, segment: Segment, way: int) -> Segment:
        """Return the field one ring further out for 1, further in for -1; the same at the ends."""
        if way < 0:
            return next((s for s in self.segments if s.path == segment.path[:-1]), segment)
        outside = [
            s for s in self.segments
            if s.ring == segment.ring + 1 and segment.start <= s.middle < segment.stop
        ]  # fmt: skip
        return min(outside, key=lambda s: abs(s.middle - segment.middle), default=segment)


def matching_feelings(text: str) -> tuple[str, ...]:
    """Return the words that a search finds: by name, by what else is said, or by their family."""
    terms = text.casefold().split()
    return tuple(
        one.name
        for one in FEELINGS.values()
        if all(
            any(said.startswith(term) for said in (*_path(one), *one.adjectives)) for term in terms
        )
    )


def _path(one: Feeling) -> tuple[str, str, str]:
    return one.primary, one.secondary, one.name


def _ring(shown: list[Feeling], ring: int) -> Iterable[Segment]:
    begin, count = 0, len(shown)
    for path, group in groupby(shown, key=lambda one: _path(one)[: ring + 1]):
        size = len(list(group))
        yield Segment(ring, path, begin / count, (begin + size) / count, size)
        begin += size
