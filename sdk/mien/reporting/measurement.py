"""What is to be measured, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mien.model.document import Project
from mien.model.media import MediaInfo
from mien.model.quality import Quality
from mien.rendering.base import FacePlan
from mien.rendering.registry import AUTO
from mien.reporting.values import ReportThreshold
from mien.timebase import FrameRange

__all__ = ["Measurement"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """What is to be measured, and how.

    Attributes:
        original: Facts of the original.
        edited: Facts of the edited file.
        frames: The frames of the original that it holds.
        project: The project with the edits; None without one.
        project_path: Where that is; None without a file.
        plans: The faces with edits; None for what the project asks.
        rendered_plans: The same with the amounts that were rendered, for the matte; None where
            it is not known whether they were corrected.
        matte: A file with the matte; None to make it.
        renderer: Name of the renderer whose matte it is.
        settings: Settings of the renderer, on top of the project's.
        quality: How the edited file was encoded; None where that is not known.
        thresholds: What figures are held to, on top of mien's own bounds; None for these alone.
        rendered: What whoever rendered it says of it.
        watermark: The text that is burnt into every frame of the edited file; None for what its
            credentials say.
    """

    original: MediaInfo
    edited: MediaInfo
    frames: FrameRange
    project: Project | None = None
    project_path: Path | None = None
    plans: Sequence[FacePlan] | None = None
    rendered_plans: Sequence[FacePlan] | None = None
    matte: Path | None = None
    renderer: str = AUTO
    settings: Mapping[str, Any] | None = None
    quality: Quality | None = None
    thresholds: Mapping[str, ReportThreshold] | None = None
    rendered: Mapping[str, Any] | None = None
    watermark: str | None = None
