"""A measurement that becomes a page on the way."""

from __future__ import annotations

import json
from pathlib import Path

from mien.io.files import written_whole
from mien.progress import Progress
from mien.reporting.film import PairFilm
from mien.reporting.measurement import Measurement
from mien.reporting.measuring import measure
from mien.reporting.page import report_page
from mien.reporting.pictures import take_pictures
from mien.reporting.values import ShotReport

__all__ = ["write_report_page"]


def write_report_page(order: Measurement, path: Path, progress: Progress) -> ShotReport:
    """Measure an edited file, and write the report as a page.

    Args:
        order: What is to be measured.
        path: The page.
        progress: Told about the stages of `measure`.

    Raises:
        MienError: As of `measure`.
        WriteError: When the disk is full; nothing is left under the page's name.
    """
    media = order.original
    size, count = media.orientation.upright_size, len(order.frames)
    with PairFilm(size, media.clock.rate, count) as film:
        report, faces = measure(order, progress, film.take)
        data = film.finish()
    pictures = take_pictures(report, order.original, order.edited, faces)
    page = report_page(report, pictures, (data, film.part, film.beside))
    with written_whole(path) as file:
        file.write(page.encode("utf-8", "replace"))
    return report


def write_report_data(report: ShotReport, path: Path) -> None:
    """Write the figures of a report as JSON.

    Args:
        report: The report.
        path: The file.

    Raises:
        OutputError: When it cannot be put there.
        WriteError: When the disk is full.
    """
    text = json.dumps(report.to_dict(), indent=1, allow_nan=False)
    with written_whole(path) as file:
        file.write(text.encode())
