"""Which trackers there are, by name."""

from __future__ import annotations

import difflib
import os
from typing import Final

from mien import plugins
from mien.errors import UsageError
from mien.tracking.base import Tracker, check_tracker

__all__ = [
    "GROUP",
    "MEDIAPIPE",
    "available_trackers",
    "get_tracker",
    "register_tracker",
    "tracker_names",
    "tracker_problems",
    "usable_trackers",
]

GROUP: Final = "mien.trackers"
"""Entry points by which other packages bring trackers."""

MEDIAPIPE: Final = "mediapipe"
"""The tracker that comes with mien."""

_AUTO: Final = "auto"
_CHOICE: Final = "MIEN_TRACKER"
"""Environment variable with the name of the tracker that `auto` stands for."""

_RESERVED: Final = (_AUTO, MEDIAPIPE)
_registered: dict[str, Tracker] = {}


def available_trackers() -> tuple[str, ...]:
    """Return the names of the trackers that can be used, mien's own first.

    Plug-ins that cannot be used are left out, with a warning the first time.
    """
    _plugins().warn()
    return usable_trackers()


def usable_trackers() -> tuple[str, ...]:
    """Return what `available_trackers` returns, and warn of nothing."""
    return (MEDIAPIPE, *sorted({*_registered, *_plugins().usable}))


def tracker_names() -> tuple[str, ...]:
    """Return the names of all trackers, mien's own first, whether or not they can be used.

    Nothing is imported for it.
    """
    others = {*_registered, *_plugins().names} - set(_RESERVED)
    return (MEDIAPIPE, *sorted(others))


def tracker_problems() -> dict[str, str]:
    """Return what is wrong with the trackers of other packages that cannot be used, by name."""
    return {
        name: problem
        for name, problem in _plugins().problems.items()
        if name in _RESERVED or name not in _registered
    }


def get_tracker(name: str = _AUTO) -> Tracker:
    """Return the tracker of a name; nothing is loaded of the others.

    Args:
        name: Its name; `auto` is the one that the environment variable MIEN_TRACKER names, or
            else mien's own.

    Raises:
        UsageError: When there is no tracker of that name.
        MissingDependencyError: When another package brings it, and it cannot be used; the error
            says why.
    """
    if name == _AUTO:
        name = os.environ.get(_CHOICE) or MEDIAPIPE
    if name in _RESERVED:
        from mien.tracking.mediapipe.tracker import MediaPipeTracker

        return MediaPipeTracker()
    if name in _registered:
        return _registered[name]
    found: Tracker | None = _plugins().get(name)
    if found is not None:
        return found
    names = (_AUTO, *tracker_names())
    guess = difflib.get_close_matches(name, names, n=1)
    raise UsageError(
        f"There is no tracker named '{name}'.",
        f"Did you mean '{guess[0]}'?" if guess else f"Choose one of {', '.join(names)}.",
    )


def register_tracker(tracker: Tracker) -> None:
    """Make a tracker of your own known by its name, in this process.

    One registered before gives way. Packages bring theirs to every process by an entry point
    of the group `mien.trackers`.

    Args:
        tracker: Anything that has the shape of `mien.tracking.base.Tracker`.

    Raises:
        UsageError: When it has not that shape, or the name is taken by mien itself.
    """
    name = getattr(tracker, "name", "")
    problem = check_tracker(name, tracker)
    if problem is not None:
        raise UsageError(f"This is no tracker: {problem}.", "See mien.tracking.base.Tracker.")
    if name in _RESERVED:
        raise UsageError(
            f"The name '{name}' belongs to mien's own tracker.", "Give your tracker another name."
        )
    _registered[name] = tracker


def _plugins() -> plugins.Plugins:
    return plugins.load(GROUP, check_tracker, reserved=_RESERVED)
