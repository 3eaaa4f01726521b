"""Reports on edited shots, for hosts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from mien.errors import OutputError, UsageError
from mien.io.files import check_file
from mien.model.edits import stacked_edits
from mien.rendering.registry import find_entry, merge_settings
from mien.rendering.watermark import make_watermark
from mien.reporting.thresholds import make_thresholds
from mien.serve.edits import make_edit
from mien.serve.folders import check_settings
from mien.serve.jobs import ServedJob
from mien.serve.messages import ReportParams, ReportResult
from mien.serve.shots import Shots
from mien.serve.worker import ReportOrder

__all__ = ["report_job"]

_MOST_TROUBLES: Final = 1000
"""Frames that a result names: a line of the protocol is bounded."""


def report_job(
    shots: Shots, params: ReportParams, send: Callable[[dict[str, Any]], None]
) -> ServedJob:
    """Return the job that measures an edited file against a shot.

    Args:
        shots: The shots that the client has open.
        params: What is asked.
        send: Takes the job's events.

    Raises:
        HandleError: When there is no such shot.
        NoFaceError: When it has not the face of an edit.
        OutputError: When a file cannot be put where it is wanted.
        OutsideError: When settings of its project name a file outside of the server's folders.
        UsageError: When thresholds, edits, frames or the watermark cannot be meant.
    """
    opened = shots.find(params.shot)
    project = opened.project
    page, data = (None if one is None else Path(one) for one in (params.output, params.data))
    for path, endings in ((page, (".html", ".htm")), (data, (".json",))):
        if path is not None and path.suffix.lower() not in endings:
            raise OutputError(f"{path.name} does not end in {endings[0]}.", path=path)
        if path is not None:
            check_file(path, overwrite=params.overwrite)
    if page is not None and page == data:
        raise UsageError("Page and data are one file.", "Write them to two.")
    if params.edits:
        shot = project.shot
        further = [make_edit(shot.face(one.face), one.layers) for one in params.edits]
        project = replace(project, edits=stacked_edits(shot, (*project.edits, *further)))
    make_watermark(params.watermark, project.shot.media)
    settings = merge_settings(params.renderer, project.settings)
    check_settings(find_entry(params.renderer).settings(settings))
    frames = None
    if params.frames is not None:
        frames = project.shot.clock.parse_range("{}:{}".format(*params.frames))
    order = ReportOrder(
        project=project,
        project_path=opened.path,
        edited=Path(params.edited),
        output=page,
        data=data,
        frames=frames,
        matte=None if params.matte is None else Path(params.matte),
        renderer=params.renderer,
        thresholds=make_thresholds(params.thresholds),
        watermark=params.watermark,
    )
    return ServedJob("report", params.shot, order, _result, send)


def _result(report: dict[str, Any]) -> ReportResult:
    names = ("edited", "frames", "passed", "failed", "figures", "notes", "seconds")
    return ReportResult(
        troubles=report["troubles"][:_MOST_TROUBLES],
        **{name: report[name] for name in names},
    )
