"""Checks of what mien asks of renderers, trackers and curve formats, for those who write some.

In a test of your own:

    from mien.testing import check_renderer

    def test_my_renderer() -> None:
        check_renderer(MyRenderer())

Every check raises `ContractError`, an AssertionError that names the promise that is broken. mien's
own renderers, trackers and formats pass the same checks.
"""

from __future__ import annotations

from mien.testing.contract import ContractError
from mien.testing.curve_formats import check_curve_format
from mien.testing.renderers import RENDERER_CHECKS, check_renderer
from mien.testing.scenes import Scene, Spot
from mien.testing.trackers import check_tracker

__all__ = [
    "RENDERER_CHECKS",
    "ContractError",
    "Scene",
    "Spot",
    "check_curve_format",
    "check_renderer",
    "check_tracker",
]
