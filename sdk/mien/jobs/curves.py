"""Curve files that shots of a batch follow."""

from __future__ import annotations

from mien.io.curves import read_curve_file
from mien.jobs.job import CurvesInput
from mien.model.curve_layer import CurveImport, CurveLayer, curves_layer
from mien.timebase import Clock

__all__ = ["read_layer"]


def read_layer(curves: CurvesInput, clock: Clock) -> CurveLayer:
    """Return the layer that a curve file makes on a shot.

    Args:
        curves: The file, and how it is meant.
        clock: The shot's clock.

    Raises:
        MienError: When the file cannot be used; the reason is said.
    """
    options = CurveImport(
        curves.face,
        curves.controls,
        mode=curves.mode,
        offset=curves.offset,
        retime=curves.retime,
        only=curves.only,
        gains=curves.gains,
    )
    return curves_layer(read_curve_file(curves.file, basis=curves.basis), clock, options)
