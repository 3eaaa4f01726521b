"""Options for measuring what was rendered, for the verbs that render many shots."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Optional

import typer

from mien.cli.added_options import added_option, with_added_options
from mien.model.report_choice import ReportChoice

if TYPE_CHECKING:
    from mien.jobs.runner import ShotOutcome

__all__ = ["describe_report", "with_report_options"]

_PANEL: Final = "Reports"
_OPTIONS: Final = (
    (
        "report",
        typer.Option(
            "--report",
            help="Measure each shot once it is rendered (`mien report`), and write its page.",
            rich_help_panel=_PANEL,
        ),
        bool,
        False,
    ),
    (
        "fail_under",
        typer.Option(
            "--fail-under",
            metavar="FILE.json",
            help="Measure, hold the figures to these thresholds, and exit with 6 where one is"
            " beyond them.",
            rich_help_panel=_PANEL,
        ),
        Optional[Path],  # noqa: UP045 - typer reads it at run time, on Python 3.10 too
        None,
    ),
)


def with_report_options(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb the options for measuring what it renders.

    The verb gets what was typed as its argument `reports`, a `ReportChoice`.
    """

    def read(values: dict[str, Any]) -> ReportChoice:
        wanted, thresholds = values.pop("report"), values.pop("fail_under")
        if thresholds is not None:
            from mien.reporting import read_thresholds

            read_thresholds(thresholds)  # a wrong one is said before anything is rendered
        return ReportChoice(True if wanted else None, thresholds)

    options = (
        added_option(name, Annotated[kind, option], default)
        for name, option, kind, default in _OPTIONS
    )
    return with_added_options(verb, "reports", options, read)


def describe_report(outcome: ShotOutcome) -> str:
    """Say what of a shot is beyond thresholds.

    Args:
        outcome: What became of the shot; it was measured.
    """
    report = outcome.report or {}
    if report.get("problem"):
        return f"could not be measured: {report['problem']}"
    return f"is beyond thresholds: {', '.join(report.get('failed', ()))}; {report.get('page')}"
