"""Where a face, or a region of it, was seen badly: few spans, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from mien._types import BoolArray, FloatArray
from mien.model.frame_runs import frame_runs
from mien.model.occlusion import REGIONS
from mien.timebase import FrameRange

__all__ = ["WEAK", "WeakSpan", "describe_weak_spans", "weak_spans"]

WEAK: Final = 0.5
"""Confidence below which what was tracked should be looked at before it is relied upon."""

_APART: Final = 5
"""Frames between two spans of the same region up to which they are told as one."""

_TOLD: Final = 6
"""Spans that are told one by one."""


@dataclass(frozen=True, slots=True, repr=False)
class WeakSpan:
    """Frames over which a face, or regions of it, were seen badly.

    Attributes:
        span: The frames.
        regions: Which of `REGIONS`; none of them for the whole face.
    """

    span: FrameRange
    regions: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        return {"start": self.span.start, "stop": self.span.stop, "regions": list(self.regions)}

    def __str__(self) -> str:
        return f"{', '.join(self.regions) or 'face'} {self.span}"

    def __repr__(self) -> str:
        return f"WeakSpan({self})"


def weak_spans(
    valid: BoolArray, confidence: FloatArray, bridged: BoolArray, regions: BoolArray
) -> tuple[WeakSpan, ...]:
    """Return the spans in which a face was seen badly, in order of time.

    Args:
        valid: (T,) frames that can be edited.
        confidence: (T,) how surely the face was seen.
        bridged: (T,) frames between others that were seen.
        regions: (T, 4) which of `REGIONS` were seen badly.
    """
    # What one region that is not seen does to the whole is told as that region.
    doubted = (confidence < WEAK) & ~regions.any(axis=1)
    face = valid & (doubted | bridged | regions.all(axis=1))
    found = [WeakSpan(run) for run in frame_runs(face, _APART)]
    apart: list[WeakSpan] = []
    for column, name in enumerate(REGIONS):
        for run in frame_runs(regions[:, column] & ~face, _APART):
            _add(apart, run, name)
    return tuple(sorted(found + apart, key=lambda one: (one.span.start, one.span.stop)))


def _add(spans: list[WeakSpan], span: FrameRange, region: str) -> None:
    """Add a region's span; with others', where they begin and end about together."""
    for index, other in enumerate(spans):
        start, stop = other.span.start, other.span.stop
        if abs(start - span.start) <= _APART and abs(stop - span.stop) <= _APART:
            both = FrameRange(min(start, span.start), max(stop, span.stop))
            spans[index] = WeakSpan(both, (*other.regions, region))
            return
    spans.append(WeakSpan(span, (region,)))


def describe_weak_spans(spans: Sequence[WeakSpan]) -> str:
    """Return spans in a line of words, the longest where there are many; empty for none."""
    if len(spans) <= _TOLD:
        return "; ".join(map(str, spans))
    longest = sorted(sorted(spans, key=lambda one: -len(one.span))[:_TOLD], key=_start)
    return f"{'; '.join(map(str, longest))}; and {len(spans) - _TOLD} shorter ones"


def _start(one: WeakSpan) -> int:
    return one.span.start
