"""Media that a batch tracks itself: how they are kept, and which of their frames are tracked.

What is tracked is what is rendered, not a whole reel. Shots of one reel that lie near each other
share one tracking, and so does what lies near an end of the media: so short clips are tracked as a
whole, and shots a few seconds apart know the same faces. What an earlier run tracked is used where
it holds all frames of a shot.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mien.errors import MienError
from mien.face import SOLVER
from mien.jobs.journal import FOLDER
from mien.model.media import MediaInfo
from mien.model.spans import join_spans
from mien.rendering.resume import media_stamp
from mien.timebase import FrameRange
from mien.tracking.registry import get_tracker

if TYPE_CHECKING:
    from mien.jobs.shot_task import ShotSpec

__all__ = ["NEAR", "join_tracking", "tracking_key"]

NEAR: Final = 96
"""Frames between two shots of the same media, or between a shot and an end of them, up to which
these are tracked together."""

_SPAN = re.compile(r"-(\d+)-(\d+)\.mien")


def tracking_key(facts: MediaInfo, tracker: str, span: FrameRange | None = None) -> str:
    """Return what media are kept under that were tracked: it says what they were made from and by.

    Args:
        facts: Facts of the media.
        tracker: Name of the tracker, or `auto`.
        span: The frames that were tracked; None for all.

    Raises:
        MienError: When there is no such tracker, or the media cannot be looked at.
    """
    # Whatever made it differently must not be taken for it: by number, not by release.
    chosen = get_tracker(tracker)
    versions = (chosen.name, chosen.version, SOLVER)
    key = hashlib.blake2b(repr((media_stamp(facts), *versions)).encode(), digest_size=8)
    return key.hexdigest() if span is None else f"{key.hexdigest()}-{span.start}-{span.stop}"


def join_tracking(
    orders: Sequence[ShotSpec], media: Mapping[str, MediaInfo], folder: Path
) -> list[ShotSpec]:
    """Return orders that say which frames of their media are tracked for them.

    Args:
        orders: The orders.
        media: By an order's name, the facts of its media.
        folder: The batch's folder, with what it tracked before.
    """
    alike: dict[str, list[ShotSpec]] = {}
    for order in orders:
        if order.project is None and order.name in media:
            with suppress(MienError):  # whoever tracks it says what is wrong
                key = tracking_key(media[order.name], order.tracker)
                alike.setdefault(key, []).append(order)
    spans: dict[str, FrameRange | None] = {}
    for key, group in alike.items():
        clock = media[group[0].name].clock
        spans |= _spans(group, clock.all, _kept(folder, key, clock.all))
    return [replace(order, tracked_span=spans.get(order.name)) for order in orders]


def _spans(
    group: Sequence[ShotSpec], whole: FrameRange, kept: Sequence[FrameRange]
) -> dict[str, FrameRange | None]:
    """By the names of orders for the same media, the frames that are tracked; None for all."""
    spans: dict[str, FrameRange] = {}
    for order in group:
        holding = [span for span in kept if span.intersection(order.frames) == order.frames]
        if holding:
            # The first of several, so that every task of the shot finds the same faces.
            spans[order.name] = holding[0]
    fresh = [order for order in group if order.name not in spans]
    joined = join_spans((_with_ends(order.frames, whole) for order in fresh), NEAR)
    for order in fresh:
        spans[order.name] = next(
            span for span in joined if span.start <= order.frames.start < span.stop
        )
    return {name: None if span == whole else span for name, span in spans.items()}


def _with_ends(frames: FrameRange, whole: FrameRange) -> FrameRange:
    """The frames of a shot, to the ends of its media where these are near."""
    start = whole.start if frames.start - whole.start <= NEAR else frames.start
    return FrameRange(start, whole.stop if whole.stop - frames.stop <= NEAR else frames.stop)


def _kept(folder: Path, key: str, whole: FrameRange) -> list[FrameRange]:
    """What was tracked of media before, the widest first."""
    place = folder / FOLDER / "tracked"
    kept = []
    with suppress(OSError):
        for path in place.glob(f"{key}*.mien"):
            match = _SPAN.fullmatch(path.name[len(key) :])
            if match is not None:
                kept.append(FrameRange(int(match[1]), int(match[2])))
            elif path.name == f"{key}.mien":
                kept.append(whole)
    return sorted(kept, key=lambda span: (-len(span), span.start))
