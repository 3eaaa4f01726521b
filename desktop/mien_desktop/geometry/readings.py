"""Events that are read off a performance, as the timeline shows them; no Qt.

With edits the lanes show what the face does in the end; what the performance did and the edit took
away stays as a ghost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mien.model.reading import EVENT_KINDS, PerformanceEvent
from mien_desktop.geometry.lanes import ROW

__all__ = ["FaceEvents", "event_at", "stripe_at", "stripes"]

_LEAST = 3.0
"""Pixels of the shortest mark: a blink is seen however far one zooms out."""
_STRIPES = ROW - 3
"""Height that the stripes of all kinds share, in logical pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceEvents:
    """Events of a face.

    Attributes:
        events: What it does, after the edits, by first frame.
        gone: What it did in the performance, and does no more.
    """

    events: tuple[PerformanceEvent, ...]
    gone: tuple[PerformanceEvent, ...] = ()

    @classmethod
    def of(
        cls, performed: Iterable[PerformanceEvent], edited: Iterable[PerformanceEvent]
    ) -> FaceEvents:
        """Bring what was performed and what is done after the edits together."""
        events, before = tuple(edited), tuple(performed)
        return cls(events, tuple(one for one in before if not any(_same(one, e) for e in events)))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that there are, in their order."""
        there = {one.kind for one in (*self.events, *self.gone)}
        return tuple(kind for kind in EVENT_KINDS if kind in there)

    def of_kind(self, kind: str) -> tuple[PerformanceEvent, ...]:
        """Return the events of a kind; of every kind for an empty one."""
        return tuple(one for one in self.events if not kind or one.kind == kind)

    def ghosts(self, kind: str) -> tuple[PerformanceEvent, ...]:
        """Return what is gone of a kind; of every kind for an empty one."""
        return tuple(one for one in self.gone if not kind or one.kind == kind)

    def at(self, kind: str, frame: int) -> PerformanceEvent | None:
        """Return the event of a kind that goes on in a frame; None where none does."""
        return next((one for one in self.of_kind(kind) if frame in one.span), None)

    def beside(self, frame: int, way: int) -> PerformanceEvent | None:
        """Return the next event that begins after a frame, or the last that begins before it."""
        if way > 0:
            return next((one for one in self.events if one.span.start > frame), None)
        return next((one for one in reversed(self.events) if one.span.start < frame), None)


def _same(one: PerformanceEvent, other: PerformanceEvent) -> bool:
    return (
        one.kind == other.kind
        and one.detail == other.detail
        and one.span.start < other.span.stop
        and other.span.start < one.span.stop
    )


def event_at(
    events: Iterable[PerformanceEvent], frame: float, scale: float
) -> PerformanceEvent | None:
    """Return the event under a time; of several the shortest.

    Args:
        events: The events.
        frame: The time in frames, with its fraction.
        scale: Pixels a frame, of which the shortest marks are a few wide.
    """
    slack = max(_LEAST / scale - 1, 0.0) / 2 if scale else 0.0
    under = [one for one in events if one.span.start - slack <= frame < one.span.stop + slack]
    return min(under, key=lambda one: len(one.span), default=None)


def stripes(count: int) -> tuple[tuple[float, float], ...]:
    """Return top and height of each of so many kinds in one lane, in logical pixels."""
    step = _STRIPES / max(count, 4)
    top = 1 + (_STRIPES - step * count) / 2
    return tuple((top + step * row, max(step - 1, 1.0)) for row in range(count))


def stripe_at(count: int, y: float) -> int:
    """Return which stripe lies at a height from the top of the lane, or is nearest."""
    middles = [top + height / 2 for top, height in stripes(count)]
    return min(range(count), key=lambda row: abs(middles[row] - y))
