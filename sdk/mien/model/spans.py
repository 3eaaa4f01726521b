"""Spans of frames as sets: joined, and without others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mien.timebase import FrameRange

__all__ = ["join_spans", "list_spans", "spans_without"]

_LISTED = 6
"""Spans that are named one by one."""


def join_spans(spans: Iterable[FrameRange], apart: int = 0) -> tuple[FrameRange, ...]:
    """Return spans in order, those that meet as one; empty ones are left out.

    Args:
        spans: The spans, in any order.
        apart: Frames between two of them up to which they count as one.
    """
    joined: list[FrameRange] = []
    for span in sorted((span for span in spans if len(span)), key=lambda span: span.start):
        if joined and span.start - joined[-1].stop <= apart:
            joined[-1] = FrameRange(joined[-1].start, max(joined[-1].stop, span.stop))
        else:
            joined.append(span)
    return tuple(joined)


def spans_without(whole: FrameRange, spans: Iterable[FrameRange]) -> tuple[FrameRange, ...]:
    """Return what is left of a span without the frames of others, in order.

    Args:
        whole: The span.
        spans: What is taken out of it.
    """
    left, start = [], whole.start
    for span in join_spans(spans):
        if start >= whole.stop or span.start >= whole.stop:
            break
        if span.start > start:
            left.append(FrameRange(start, span.start))
        start = max(start, span.stop)
    if start < whole.stop:
        left.append(FrameRange(start, whole.stop))
    return tuple(left)


def list_spans(spans: Sequence[FrameRange]) -> str:
    """Return spans in words: `0:48, 96:120 and 3 more`."""
    named = ", ".join(map(str, spans[:_LISTED]))
    more = len(spans) - _LISTED
    return f"{named} and {more} more" if more > 0 else named
