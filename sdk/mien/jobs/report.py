"""Reports of a batch: a summary for programs, an index for people, and a page for each shot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import mien
from mien.errors import OutputError
from mien.io.files import written_whole
from mien.io.html_page import html_page, html_text
from mien.jobs.journal import FOLDER
from mien.jobs.plan import Plan
from mien.jobs.runner import ShotOutcome
from mien.jobs.thumbnails import REPORT
from mien.media.sequence import first_file
from mien.model.face_names import face_facts
from mien.model.listing import list_gains

__all__ = ["check_reports", "write_reports"]

_SUMMARY, _INDEX = "summary.json", "index.html"

_STYLE = """
img { max-height: 270px; max-width: 100%; display: block; } td img { height: 72px; }
.failed { color: #b00020; } .pair { display: flex; flex-wrap: wrap; gap: .5rem; }
figure { margin: 0 0 1rem; } figcaption { color: #666; }
"""


def check_reports(folder: Path, *, overwrite: bool = False) -> None:
    """See that reports take the place of nobody's files, before anything is rendered.

    Args:
        folder: The batch's folder.
        overwrite: Whether files that no batch made may be replaced.

    Raises:
        OutputError: When they would.
    """
    pages = folder / REPORT
    if pages.exists() and not pages.is_dir():
        raise OutputError(
            f"{pages} is a file, and reports go into a folder of that name.",
            "Move it, or choose another folder.",
            path=pages,
        )
    if overwrite or (folder / FOLDER).exists():
        return
    for path in (folder / _SUMMARY, folder / _INDEX):
        if path.exists():
            raise OutputError(
                f"{path} exists already, and no batch made it.",
                "Choose another folder, or allow it with --overwrite.",
                path=path,
            )


def write_reports(plan: Plan, outcomes: Sequence[ShotOutcome], seconds: float) -> tuple[Path, Path]:
    """Write the reports of a batch.

    Args:
        plan: What was to be done.
        outcomes: What became of it.
        seconds: Time it took.

    Returns:
        The summary (JSON) and the index (HTML).

    Raises:
        WriteError: When the disk is full.
    """
    folder = plan.folder
    (folder / REPORT).mkdir(exist_ok=True)
    for outcome in outcomes:
        _write(folder / _page_of(outcome), _page(outcome))
    facts = {
        "mien": mien.__version__,
        "done": sum(outcome.problem is None for outcome in outcomes),
        "failed": sum(outcome.problem is not None for outcome in outcomes),
        "beyond_thresholds": [one.plan.job.name for one in outcomes if one.beyond],
        "frames": sum(outcome.written for outcome in outcomes if outcome.problem is None),
        "made": sum(outcome.made for outcome in outcomes),
        "seconds": round(seconds, 3),
        "shots": [_facts(outcome) for outcome in outcomes],
    }
    _write(folder / _SUMMARY, json.dumps(facts, indent=1))
    _write(folder / _INDEX, _index(outcomes, facts))
    return folder / _SUMMARY, folder / _INDEX


def _facts(outcome: ShotOutcome) -> dict[str, Any]:
    """What is known of a shot, in JSON's types."""
    plan, problem = outcome.plan, outcome.problem
    order, facts = plan.order, plan.facts
    return {
        "name": plan.job.name,
        "status": "done" if problem is None else "failed",
        "origin": plan.job.origin,
        "media": None if facts is None else str(facts.path.absolute()),
        "output": None if problem is not None or order is None else str(order.output),
        "frames": None if order is None else str(outcome.frames or order.frames),
        "faces": [face_facts(face) for face in outcome.faces],
        "renderer": plan.job.renderer,
        "renderer_reason": plan.job.renderer_reason,
        "encoding": plan.encoding,
        "frames_asked": outcome.requested,
        "frames_made": outcome.made,
        "frames_edited": outcome.edited,
        "kept": outcome.kept,
        "done_again": outcome.tries,
        "seconds": round(outcome.seconds, 3),
        "notes": list(outcome.notes),
        "gains": {number: dict(gains) for number, gains in outcome.gains.items()},
        "report": _page_of(outcome),
        "measured": None if outcome.report is None else dict(outcome.report),
        "beyond_thresholds": outcome.beyond,
        "problem": None
        if problem is None
        else {"code": problem.code, "cause": problem.cause, "remedy": problem.remedy},
    }


def _index(outcomes: Sequence[ShotOutcome], facts: dict[str, Any]) -> str:
    rows = []
    for outcome in outcomes:
        shot, problem = _facts(outcome), outcome.problem
        picture = ""
        if outcome.thumbnails:
            pair = outcome.thumbnails[len(outcome.thumbnails) // 2]
            picture = f'<img src="{REPORT}/{quote(pair["after"])}" alt="">'
        status = "done" if problem is None else f'<span class="failed">{html_text(problem)}</span>'
        status += _measured(outcome)
        page = quote(shot["report"])
        rows.append(
            f'<tr><td><a href="{page}">{picture or "report"}</a></td>'
            f'<td><a href="{page}">{html_text(shot["name"])}</a><br>'
            f"{html_text(shot['origin'])}</td>"
            f"<td>{status}</td><td>{_link(outcome)}</td>"
            f'<td class="number">{outcome.written or ""}</td>'
            f'<td class="number">{shot["frames_edited"] or ""}</td>'
            f'<td class="number">{shot["seconds"]:.1f}</td></tr>'
        )
    head = (
        "<tr><th></th><th>shot</th><th>status</th><th>output</th><th class=number>frames</th>"
        "<th class=number>edited</th><th class=number>seconds</th></tr>"
    )
    said = f"{facts['done']} shots done, {facts['failed']} failed, {facts['seconds']:.0f} s"
    return html_page("Batch", f"<p>{said}</p><table>{head}{''.join(rows)}</table>", _STYLE)


def _page(outcome: ShotOutcome) -> str:
    shot = _facts(outcome)
    figures = "".join(
        f'<figure><div class="pair"><img src="{quote(pair["before"])}" alt="before">'
        f'<img src="{quote(pair["after"])}" alt="after"></div>'
        f"<figcaption>frame {pair['frame']}, before and after</figcaption></figure>"
        for pair in outcome.thumbnails
    )
    problem = shot.pop("problem")
    failure = ""
    if problem is not None:
        failure = (
            f'<p class="failed">{html_text(problem["cause"])} {html_text(problem["remedy"])}</p>'
        )
    rows = "".join(
        f"<tr><th>{html_text(name.replace('_', ' '))}</th><td>{html_text(_plain(value))}</td></tr>"
        for name, value in shot.items()
        if name not in ("name", "report", "output", "measured")
    )
    back = f'<p><a href="../{_INDEX}">all shots</a> {_link(outcome, "../")}</p>'
    measured = _measured(outcome, "../")
    back += f"<p>{measured.removeprefix('<br>')}</p>" if measured else ""
    return html_page(shot["name"], f"{back}{failure}{figures}<table>{rows}</table>", _STYLE)


def _measured(outcome: ShotOutcome, up: str = "") -> str:
    """A line on what was measured of a shot, with its page; empty where nothing was."""
    report = outcome.report
    if report is None:
        return ""
    if report["problem"]:
        return f'<br><span class="failed">not measured: {html_text(report["problem"])}</span>'
    said = "measured: within all thresholds"
    if report["failed"]:
        said = f"measured: {', '.join(report['failed'])} beyond thresholds"
    kind = ' class="failed"' if outcome.beyond else ""
    return f'<br><a{kind} href="{up}{quote(report["page"])}">{html_text(said)}</a>'


def _link(outcome: ShotOutcome, up: str = "") -> str:
    order = outcome.plan.order
    if outcome.problem is not None or order is None:
        return ""
    file = first_file(order.output)
    return f'<a href="{up}{quote(file.name)}">{html_text(order.output.name)}</a>'


def _page_of(outcome: ShotOutcome) -> str:
    return f"{REPORT}/{outcome.plan.job.name}.html"


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):  # gains, by faces' numbers
        return "; ".join(f"face {n}: {list_gains(gains)}" for n, gains in value.items()) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _write(path: Path, text: str) -> None:
    with written_whole(path) as file:
        file.write(text.encode("utf-8", "replace"))
