"""Curves and marks over a shot's frames, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from mien._types import FloatArray
from mien.io.html_page import html_text
from mien.model.controls import CONTROLS, INDEX
from mien.reporting.values import FaceReport, ShotReport

__all__ = ["control_plot", "series_plot", "trouble_strip"]

_WIDTH, _HEIGHT = 1000, 150
_MOST_POINTS: Final = 1200
"""Points of a line; more are not seen."""


def control_plot(report: ShotReport, face: FaceReport, name: str) -> str:
    """Draw one control of a face: performed, asked and achieved.

    Args:
        report: The report.
        face: The face.
        name: Sided name of the control.
    """
    column = INDEX[name]
    assert face.target is not None
    achieved = np.where(face.measured, face.achieved[:, column], np.nan).astype(np.float32)
    lines = [
        ("performed", face.performed[:, column]),
        ("asked", face.target[:, column]),
        ("achieved", achieved),
    ]
    unit = CONTROLS[column].unit
    low, high = (0.0, 1.0) if unit == "weight" else (-5.0, 5.0)
    return _plot(report, name, lines, (low, high), "" if unit == "weight" else "°")


def series_plot(
    report: ShotReport,
    title: str,
    values: FloatArray,
    span: tuple[float, float],
    level: float | None = None,
) -> str:
    """Draw one measured series, with a level that it is compared with.

    Args:
        report: The report.
        title: What it is.
        values: (T,) its values; NaN where there is none.
        span: What its axis shows at least.
        level: The level; None without.
    """
    lines = [("achieved", values)]
    if level is not None:
        lines.insert(0, ("performed", np.full(len(values), level, np.float32)))
    return _plot(report, title, lines, span, "")


def trouble_strip(report: ShotReport) -> str:
    """Draw the shot's time, with a mark for every frame with trouble."""
    count = len(report.frames)
    marks: dict[int, float] = {}
    for one in report.troubles:
        at = one.frame - report.frames.start
        marks[at] = max(marks.get(at, 0.0), min(one.severity, 3.0))
    parts = "".join(
        f'<rect x="{at}" width="1" height="1" opacity="{0.35 + 0.21 * severity:.2f}"/>'
        for at, severity in sorted(marks.items())
    )
    said = f"{len(marks)} of {count} frames with trouble"
    return (
        f'<svg class="strip" viewBox="0 0 {count} 1" preserveAspectRatio="none" role="img"'
        f' aria-label="{said}">{parts}</svg>'
    )


def _plot(
    report: ShotReport,
    title: str,
    lines: Sequence[tuple[str, FloatArray]],
    span: tuple[float, float],
    unit: str,
) -> str:
    known = np.concatenate([values[np.isfinite(values)] for _, values in lines])
    low = min(span[0], float(known.min(initial=span[0])))
    high = max(span[1], float(known.max(initial=span[1])))
    count = len(report.frames)
    drawn = "".join(
        f'<path class="{kind}" d="{_path(values, low, high)}"/>' for kind, values in lines
    )
    zero = ""
    if low < 0 < high:
        y = _y(0.0, low, high)
        zero = f'<line class="zero" x1="0" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
    return (
        f'<figure class="plot" data-count="{count}"><figcaption>{html_text(title)}'
        f"<output></output></figcaption>"
        f'<div class="axes"><span class="high">{high:.3g}{unit}</span>'
        f'<span class="low">{low:.2g}{unit}</span>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img"'
        f' aria-label="{html_text(title)} over {count} frames">{zero}{drawn}'
        f'<line class="now" x1="0" x2="0" y1="0" y2="{_HEIGHT}"/></svg></div></figure>'
    )


def _path(values: FloatArray, low: float, high: float) -> str:
    """A line that is broken where nothing is known."""
    count = len(values)
    rows = np.arange(count)
    if count > _MOST_POINTS:
        rows = np.unique(np.linspace(0, count - 1, _MOST_POINTS).astype(int))
    parts, pen = [], "M"
    for row in rows.tolist():
        value = float(values[row])
        if not np.isfinite(value):
            pen = "M"
            continue
        x = (row + 0.5) * _WIDTH / count
        parts.append(f"{pen}{x:.1f} {_y(value, low, high):.1f}")
        pen = "L"
    return "".join(parts)


def _y(value: float, low: float, high: float) -> float:
    return 4 + (_HEIGHT - 8) * (high - value) / max(high - low, 1e-9)
