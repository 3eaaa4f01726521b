"""The trackers: mien's own, and those that other packages bring."""

from __future__ import annotations

from collections.abc import Iterator

from mien.doctor.check import Check
from mien.face import SOLVER
from mien.tracking.mediapipe import VERSION
from mien.tracking.registry import MEDIAPIPE, get_tracker, tracker_problems, usable_trackers

__all__ = ["check_trackers"]


def check_trackers() -> Iterator[Check]:
    """Look at the trackers; those of other packages are imported, nothing is tracked."""
    for name in usable_trackers():
        version = VERSION if name == MEDIAPIPE else get_tracker(name).version
        yield Check(f"tracker {name}", "ok", f"version {version}")
    yield Check("solver", "ok", f"version {SOLVER}")
    for name, problem in tracker_problems().items():
        yield Check(
            f"tracker plug-in {name}", "optional", f"left out: {problem}.",
            "Update or uninstall its package.",
        )  # fmt: skip
