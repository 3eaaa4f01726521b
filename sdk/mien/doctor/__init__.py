"""What works in this installation, what is missing, and how to get it."""

from __future__ import annotations

from mien.doctor.check import Check
from mien.doctor.identity import check_identity
from mien.doctor.installation import check_installation
from mien.doctor.machine import check_machine
from mien.doctor.policy import check_policy
from mien.doctor.reference import check_reference
from mien.doctor.renderers import check_plugin_renderers
from mien.doctor.trackers import check_trackers

__all__ = ["Check", "examine"]


def examine() -> list[Check]:
    """Look at everything that mien needs or can use; loaded are only FFmpeg and plug-ins."""
    checks = (
        check_installation, check_trackers, check_identity, check_reference, check_plugin_renderers,
        check_policy, check_machine,
    )  # fmt: skip
    return [found for check in checks for found in check()]
