"""A rendered shot of a batch, measured: a page and a file of figures of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import mien
from mien.errors import MienError, OperationCancelledError
from mien.io.project import Project
from mien.jobs.journal import OutputRecord, ShotJournal
from mien.jobs.shot_task import ShotSpec
from mien.jobs.thumbnails import REPORT
from mien.media.atomic_write import write_error
from mien.media.probe import probe
from mien.progress import Progress
from mien.rendering.base import FacePlan
from mien.reporting import read_thresholds
from mien.reporting.measurement import Measurement
from mien.reporting.writing import write_report_data, write_report_page
from mien.timebase import FrameRange

__all__ = ["MEASURED", "WrittenShot", "measure_shot"]

MEASURED: Final = "measured"
"""The folder of these reports, in that of all reports and pictures."""


@dataclass(frozen=True, slots=True, eq=False)
class WrittenShot:
    """A shot whose output is whole.

    Attributes:
        order: Its order.
        project: Its project.
        plans: The faces with edits, those of the order among them.
        rendered_plans: The same with the amounts that were rendered.
        frames: The frames of its media that the output holds.
        record: What is known of the output.
        notes: What is to be known of how it was made.
    """

    order: ShotSpec
    project: Project
    plans: Sequence[FacePlan]
    rendered_plans: Sequence[FacePlan]
    frames: FrameRange
    record: OutputRecord
    notes: tuple[str, ...] = ()


def measure_shot(shot: WrittenShot, journal: ShotJournal, progress: Progress) -> dict[str, Any]:
    """Measure a written shot, unless that was done before, and write its report.

    A shot that cannot be measured is rendered all the same: what is the matter stands in the
    report's place, and it has not passed.

    Args:
        shot: The shot.
        journal: What is known of it.
        progress: Told about the stages `track` and `measure`.

    Returns:
        `page` and `data` (names in the batch's folder; None where there are none), `passed`,
        `failed` (names of figures), and `problem`.

    Raises:
        WriteError: When not even a note of it can be kept.
        OperationCancelledError: When it is stopped.
    """
    order = shot.order
    folder = order.folder / REPORT / MEASURED
    page, data = (folder / f"{order.name}{ending}" for ending in (".html", ".json"))
    key = _key(shot)
    known = journal.report(key)
    if known is not None and page.exists() and data.exists():
        return known
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error
    try:
        report = write_report_page(_measurement(shot), page, progress)
        write_report_data(report, data)
    except OperationCancelledError:
        raise
    except MienError as error:
        page.unlink(missing_ok=True)
        data.unlink(missing_ok=True)
        return {"page": None, "data": None, "passed": False, "failed": [], "problem": str(error)}
    found = {
        "page": f"{REPORT}/{MEASURED}/{page.name}",
        "data": f"{REPORT}/{MEASURED}/{data.name}",
        "passed": not report.failed,
        "failed": list(dict.fromkeys(figure.name for figure in report.failed)),
        "problem": None,
    }
    journal.keep_report(key, found)
    return found


def _measurement(shot: WrittenShot) -> Measurement:
    order = shot.order
    rendered = {
        "renderer": order.renderer if shot.plans else None,
        "settings": None if order.settings is None else dict(order.settings),
        "quality": order.quality.to_dict() or "visually-lossless",
        "set": list(order.set),
        "seconds": shot.record.seconds,
        "notes": list(shot.notes),
    }
    return Measurement(
        original=shot.project.shot.media,
        edited=probe(order.output),
        frames=shot.frames,
        project=shot.project,
        project_path=order.project,
        plans=shot.plans,
        rendered_plans=shot.rendered_plans,
        renderer=order.renderer,
        settings=order.settings,
        quality=order.quality if order.quality.to_dict() else None,
        thresholds=None if order.thresholds is None else read_thresholds(order.thresholds),
        rendered=rendered,
        watermark=order.watermark,
    )


def _key(shot: WrittenShot) -> str:
    """Name what a report depends on: the output, what it is held to, and who measures."""
    parts = (shot.record.key, shot.record.digest, mien.__version__, _content(shot.order.thresholds))
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def _content(path: Path | None) -> bytes:
    try:
        return b"" if path is None else path.read_bytes()
    except OSError:
        return b""
