"""The renderers that other packages bring."""

from __future__ import annotations

from collections.abc import Iterator

from mien.doctor.check import Check
from mien.rendering.registry import GROUP, OWN, list_entries, problems

__all__ = ["check_plugin_renderers"]


def check_plugin_renderers() -> Iterator[Check]:
    """Look at the renderers of other packages, which are imported for it."""
    for entry in list_entries():
        if entry.name in OWN:
            continue
        summary = entry.summary and f", {entry.summary}"
        if entry.usable():
            yield Check(f"renderer {entry.name}", "ok", f"ready{summary}")
        else:
            problem = entry.missing(None)
            detail = "cannot be used here." if problem is None else problem.cause
            remedy = "" if problem is None else problem.remedy
            yield Check(f"renderer {entry.name}", "optional", detail, remedy)
    for name, reason in problems().items():
        yield Check(
            f"plug-in {name}", "optional", f"for {GROUP}, is left out: {reason}.",
            "Update or uninstall its package.",
        )  # fmt: skip
