"""What the command line prints of a batch that has run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from mien.cli.output import print_done, print_json, print_notice
from mien.cli.report import BEYOND
from mien.cli.report_options import describe_report
from mien.model.listing import list_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.jobs.batch import BatchReport
    from mien.jobs.runner import ShotOutcome

__all__ = ["print_batch_report"]


def print_batch_report(report: BatchReport, *, json: bool) -> None:
    """Print what a batch did, and end the command with its exit code.

    Args:
        report: What it did.
        json: Whether its summary is printed, as JSON, and nothing else.

    Raises:
        typer.Exit: With 1 when shots failed, else with 6 when figures are beyond thresholds.
    """
    code = 1 if report.failed else BEYOND if report.beyond else 0
    _print_all(report, code, json=json)
    if code:
        raise typer.Exit(code)


def _print_all(report: BatchReport, code: int, *, json: bool) -> None:
    if json:
        from json import loads

        print_json(loads(report.summary.read_bytes()), code)
        return
    for outcome in report.failed:
        print_notice(f"{outcome.plan.job.name} failed: {outcome.problem}")
    for note, names in _notes(report).items():
        print_notice(f"{list_names(names)}: {note}")
    for outcome in report.outcomes:
        if outcome.beyond or (outcome.report or {}).get("problem"):
            print_notice(f"{outcome.plan.job.name} {describe_report(outcome)}")
    done = [outcome for outcome in report.outcomes if outcome.problem is None]
    frames = sum(outcome.written for outcome in done)
    kept = sum(outcome.kept for outcome in done)
    before = f", {kept} of them before" if kept else ""
    print_done(
        f"{len(done)} of {len(report.outcomes)} shots done{before}: {frames} frames,"
        f" {sum(outcome.made for outcome in done)} rendered, {report.seconds:.0f} s;"
        f"{_renderers(done)}{_encodings(done)} {report.index}"
    )


def _notes(report: BatchReport) -> dict[str, list[str]]:
    """By what is to be known of how frames were made, the names of the shots that it is true of."""
    notes: dict[str, list[str]] = {}
    for outcome in report.outcomes:
        for note in outcome.notes:
            notes.setdefault(note, []).append(outcome.plan.job.name)
    return notes


def _encodings(outcomes: Sequence[ShotOutcome]) -> str:
    """How the outputs are encoded."""
    named = list(dict.fromkeys(outcome.plan.encoding for outcome in outcomes))
    return f" encoded as {', '.join(named)};" if named else ""


def _renderers(outcomes: Sequence[ShotOutcome]) -> str:
    """The renderers of the shots in which anything is asked of one."""
    from mien.rendering.registry import describe_choice

    jobs = [outcome.plan.job for outcome in outcomes if outcome.faces]
    named = sorted({describe_choice(job.renderer, job.renderer_reason) for job in jobs})
    return f" renderer: {', '.join(named)};" if named else ""
