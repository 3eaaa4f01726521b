"""Table of what the timeline shows, and of the painted parts that hold it; no Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mien_desktop.resolve import Resolved

__all__ = ["ASPECTS", "Aspect", "AspectName", "CacheName", "changed_aspects"]

CacheName = Literal["head", "names", "lanes"]
"""Parts whose pixels are kept: ruler to waveform, the column of names, lanes with their keys."""
AspectName = Literal[
    "project", "keys", "extent", "tracks", "target", "time", "media", "marks", "units", "shot",
    "frame",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Aspect:
    """One thing that the timeline shows.

    Attributes:
        name: Its name.
        value: Takes it from what is shown; it has changed when it is unequal.
        caches: Painted parts that hold it.
    """

    name: AspectName
    value: Callable[[Resolved], object]
    caches: tuple[CacheName, ...] = ()


ASPECTS = (
    # Values of a document are shared between its versions: the same object has not changed.
    Aspect("project", lambda now: id(now.project), ("names", "lanes")),
    Aspect("keys", lambda now: id(now.state.keys), ("lanes",)),
    Aspect("extent", lambda now: (now.frame_count, now.state.time)),
    Aspect("tracks", lambda now: now.state.tracks, ("names", "lanes")),
    Aspect(
        "target", lambda now: (now.state.face, now.state.faces, now.state.layer), ("names", "lanes")
    ),
    Aspect("time", lambda now: now.state.time, ("head", "lanes")),
    Aspect("media", lambda now: id(now.shot.media if now.shot else None), ("head",)),
    Aspect("marks", lambda now: _marks(now), ("head",)),
    Aspect("units", lambda now: now.state.units, ("head",)),
    Aspect("shot", lambda now: now.state.shot),
    Aspect("frame", lambda now: now.state.frame),
)
"""In the order in which a change of each is followed: lanes before the keys that lie in them."""


def changed_aspects(now: Resolved, before: Resolved) -> tuple[Aspect, ...]:
    """Return the aspects in which two states of the window differ, in the order of `ASPECTS`.

    Both states have to be alive, so that no two objects have one id.
    """
    return tuple(aspect for aspect in ASPECTS if aspect.value(now) != aspect.value(before))


def _marks(now: Resolved) -> tuple[object, ...]:
    return (now.project.markers, now.project.span) if now.project else ((), None)
