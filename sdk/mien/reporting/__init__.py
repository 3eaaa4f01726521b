"""Reports on edited shots: did an edit do what was asked, and nothing else?

Two clips are laid side by side (pixels.py), the edited one is tracked again (faces.py), and what
differs is measured where it may not differ, where it should, and at the rim between (summing.py).
"""

from __future__ import annotations

from mien.reporting.reports import report
from mien.reporting.thresholds import THRESHOLDS, read_thresholds
from mien.reporting.values import (
    FaceReport,
    FrameTrouble,
    ReportFigure,
    ReportThreshold,
    ShotReport,
)

__all__ = [
    "THRESHOLDS", "FaceReport", "FrameTrouble", "ReportFigure", "ReportThreshold", "ShotReport",
    "read_thresholds", "report",
]  # fmt: skip
