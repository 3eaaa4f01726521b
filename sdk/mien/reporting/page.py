"""A report as one HTML page that needs nothing but itself."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np

from mien.io.html_page import html_page, html_text
from mien.model.controls import INDEX
from mien.reporting.pictures import AMPLIFIED, FramePictures
from mien.reporting.plots import control_plot, series_plot, trouble_strip
from mien.reporting.values import FaceReport, FrameTrouble, ReportFigure, ShotReport
from mien.timebase import Clock

__all__ = ["PageFilm", "report_page"]

PageFilm = tuple[bytes, tuple[int, int], bool]
"""A film of both clips, the size of one of its pictures, and whether they lie side by side."""

_FOLDERS: Final = re.compile(r"(?<!\S)/(?:[^/\s]+/)+")
"""The folders of a path in a sentence."""
_PLOTS: Final = 12
"""Controls of a face that are drawn."""
_POLICY: Final = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:;'
    " media-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
)
"""Nothing is loaded from anywhere, whatever a file's name would have a browser do."""
_NAMES: Final = {
    "outside.changed": "Changed outside the matte",
    "outside.beyond_encoding": "Changed outside the matte, beyond encoding",
    "outside.mean": "Mean difference outside the matte",
    "curves.gain": "Achieved of what was asked",
    "curves.difference": "Achieved less asked",
    "curves.others": "Moved without being asked",
    "head.turn": "Head turned without being asked",
    "identity.similarity": "Likeness to the plate",
    "identity.drop": "Likeness lost",
    "flicker.landmarks": "Flicker of the face",
    "flicker.texture": "Flicker of texture",
    "sharpness": "Sharpness",
    "rim.color": "Colour shift at the matte's rim",
    "frames.lost": "Frames in which the face is lost",
}


def report_page(report: ShotReport, pictures: Sequence[FramePictures], film: PageFilm) -> str:
    """Return a report as a whole page.

    A page goes to other people: it names files, and not the folders in which they lie here.

    Args:
        report: The report.
        pictures: Frames to look at.
        film: The film of both clips.
    """
    report = _without_folders(report)
    body = "".join(
        [
            _summary(report),
            _player(report, film),
            _figures(report),
            _curves(report),
            _frames(report, pictures),
            _details(report),
            _script(report, film),
        ]
    )
    style = _resource("page.css")
    return html_page(report.edited.name, body, style, _POLICY)


def _without_folders(report: ShotReport) -> ShotReport:
    """A report in which files are named as people name them, without where they lie."""
    paths = (report.original, report.edited, report.project)
    places = {path.absolute().parent for path in paths if path is not None} | {Path.home()}
    folders = [f"{place}/" for place in places if place != Path("/")]
    folders.sort(key=len, reverse=True)  # what lies in another one comes first

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: plain(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [plain(one) for one in value]
        if not isinstance(value, str):
            return value
        if value.startswith("/") and not value.endswith("."):
            return Path(value).name
        for folder in folders:
            value = value.replace(folder, "")
        return _FOLDERS.sub("", value)

    return replace(
        report,
        facts=plain(report.facts),
        notes=tuple(plain(report.notes)),
        figures=tuple(replace(one, how=plain(one.how)) for one in report.figures),
    )


def _resource(name: str) -> str:
    return resources.files("mien.reporting").joinpath(name).read_text(encoding="utf-8")


def _summary(report: ShotReport) -> str:
    held = [figure for figure in report.figures if figure.passed is not None]
    failed = report.failed
    if not held:
        verdict = "<b>Nothing could be held to a threshold.</b>"
    elif failed:
        names = ", ".join(dict.fromkeys(_name(one).lower() for one in failed))
        verdict = (
            f'<b class="failed">{len(failed)} of {len(held)} figures are beyond their'
            f" thresholds</b>: {html_text(names)}."
        )
    else:
        verdict = f"<b>All {len(held)} figures are within their thresholds.</b>"
    frames = {one.frame for one in report.troubles}
    seen = f" {len(frames)} of {len(report.frames)} frames are worth a look." if frames else ""
    span = "" if len(report.frames) == report.clock.frame_count else f", its frames {report.frames}"
    project = "" if report.project is None else f", project {html_text(report.project.name)}"
    notes = "".join(f"<li>{html_text(note)}</li>" for note in report.notes)
    return (
        f'<p class="verdict">{verdict}{seen}</p><p class="soft">of'
        f" {html_text(report.original.name)}{span}{project};"
        f" {html_text(_media_line(report.facts.get('edited_media', {})))}</p>"
        + (f'<ul class="notes">{notes}</ul>' if notes else "")
    )


def _media_line(media: Mapping[str, Any]) -> str:
    if not media:
        return ""
    width, height = media["size"]
    return f"{width} x {height}, {media['frames']} frames, {media['codec']} {media['pixel_format']}"


def _player(report: ShotReport, film: PageFilm) -> str:
    data, (width, height), _ = film
    coded = base64.b64encode(data).decode()
    views = "".join(
        f'<button data-view="{view}" aria-pressed="{pressed}">{label}</button>'
        for view, label, pressed in (
            ("wipe", "Wipe", "true"), ("beside", "Side by side", "false"),
            ("difference", f"Difference x{AMPLIFIED}", "false"),
        )
    )  # fmt: skip
    jumps = ""
    if report.troubles:
        jumps = (
            '<button data-jump="-1" aria-label="previous frame with trouble">&lsaquo;</button>'
            '<button data-jump="1" aria-label="next frame with trouble">Next trouble'
            " &rsaquo;</button>"
        )
    last = len(report.frames) - 1
    return (
        f'<section class="player"><div class="stage" style="--aspect:{width / height:.4f}">'
        f'<canvas hidden tabindex="0" width="{width}" height="{height}" role="img"'
        ' aria-label="before, and after the edit"></canvas>'
        f'<video controls muted playsinline src="data:video/webm;base64,{coded}"></video>'
        '<span class="side left" hidden>before</span><span class="side right" hidden>after</span>'
        '</div><p class="unplayable failed" hidden>This browser does not play the film in this page'
        " (VP9); the pictures below are the frames to look at.</p>"
        f'<div class="scrub" hidden><input type="range" min="0" max="{last}" value="0"'
        f' aria-label="frame">{trouble_strip(report)}</div>'
        f'<div class="bar" hidden><button data-do="play">Play</button>{jumps}'
        f'<span class="views">{views}</span><output></output></div></section>'
    )


def _name(figure: ReportFigure) -> str:
    return _NAMES.get(figure.name, figure.name)


_GROUPS: Final = (
    ("Nothing else changed", ("outside.", "rim.", "curves.others", "head.")),
    ("As asked", ("curves.", "frames.")),
    ("Still this person", ("identity.",)),
    ("As steady and sharp as the plate", ("flicker.", "sharpness")),
)
"""Figures that answer one question, by how their names begin; the first that fits."""


def _figures(report: ShotReport) -> str:
    left = list(report.figures)
    rows = []
    for title, starts in _GROUPS:
        group = [one for one in left if one.name.startswith(starts)]
        left = [one for one in left if one not in group]
        if group:
            rows.append(f'<tr class="group"><th></th><th colspan="3">{title}</th></tr>')
            rows += [_row(report, one) for one in group]
    rows += [_row(report, one) for one in left]
    return f'<h2>Figures</h2><table class="figures">{"".join(rows)}</table>'


def _row(report: ShotReport, one: ReportFigure) -> str:
    names = {face.number: face.name for face in report.faces}
    many = len(names) > 1 and one.face in names
    face = f" of {html_text(names[one.face or 0])}" if many else ""
    mark = {True: "✓", False: '<span class="failed">✕</span>', None: ""}[one.passed]
    said = {True: "within its threshold", False: "beyond its threshold", None: ""}[one.passed]
    kind = " failed" if one.passed is False else ""
    value = "not measured" if one.value is None else _short(one.value)
    unit = "" if one.value is None else f" <small>{html_text(one.unit)}</small>"
    plate = "" if one.plate is None else f"<br><small>plate {_short(one.plate)}</small>"
    bound = "" if one.threshold is None else html_text(one.threshold)
    how = f'<div class="how">{html_text(one.how)}</div>' if one.how else ""
    return (
        f'<tr><td class="mark" title="{said}">{mark}</td><td>{_name(one)}{face}{how}</td>'
        f'<td class="value{kind}">{value}{unit}{plate}</td><td class="bound">{bound}</td></tr>'
    )


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _curves(report: ShotReport) -> str:
    parts = []
    for face in report.faces:
        plots = [
            _numbered(control_plot(report, face, name), f"{face.number}.{name}")
            for name in face.edited_controls[:_PLOTS]
        ]
        plots += [_numbered(plot, key) for key, plot in _series(report, face)]
        if plots:
            title = f"<h2>Curves of {html_text(face.name)}</h2>"
            parts.append(f'{title}{_LEGEND}<div class="plots">{"".join(plots)}</div>')
            more = len(face.edited_controls) - _PLOTS
            if more > 0:
                parts.append(f'<p class="soft">{more} more controls are asked for; the JSON file'
                             " has them.</p>")  # fmt: skip
    return "".join(parts)


_LEGEND: Final = (
    '<p class="legend"><span><i class="performed"></i>performed, in the plate</span>'
    '<span><i class="asked"></i>asked</span>'
    '<span><i class="achieved"></i>achieved, tracked again</span></p>'
)


def _numbered(plot: str, key: str) -> str:
    return plot.replace('class="plot"', f'class="plot" data-plot="{html_text(key)}"', 1)


def _series(report: ShotReport, face: FaceReport) -> list[tuple[str, str]]:
    found = []
    if np.isfinite(face.identity).any():
        span = (min(0.8, float(np.nanmin(face.identity))), 1.0)
        plot = series_plot(
            report, "likeness to the plate", _bridged(face.identity), span, face.identity_floor
        )
        found.append((f"{face.number}.identity", plot))
    if np.isfinite(face.flicker).any():
        plot = series_plot(report, "flicker beyond the plate's", face.flicker, (-3, 6), 0)
        found.append((f"{face.number}.flicker", plot))
    return found


def _bridged(values: Any) -> Any:
    """A series that was sampled here and there, as a line through the samples."""
    rows = np.flatnonzero(np.isfinite(values))
    line = np.interp(np.arange(len(values)), rows, values[rows]).astype(np.float32)
    line[: rows[0]] = line[rows[-1] + 1 :] = np.nan
    return line


def _frames(report: ShotReport, pictures: Sequence[FramePictures]) -> str:
    if not pictures:
        return ""
    worst = any(one.troubles for one in pictures)
    title = "Frames to look at" if worst else "Frames in which most is asked"
    said = "The worst first." if worst else "Nothing is beyond what is usual in any frame."
    shown = "".join(_frame(report, one) for one in pictures)
    return f'<h2>{title}</h2><p class="soft">{said}</p><div class="frames">{shown}</div>'


def _frame(report: ShotReport, one: FramePictures) -> str:
    time = report.clock.timecode(one.frame)
    three = "".join(
        f'<div><img src="{source}" alt="frame {one.frame}, {name}"><span>{name}</span></div>'
        for source, name in (
            (one.before, "before"), (one.after, "after"),
            (one.difference, f"difference x{AMPLIFIED}"),
        )
    )  # fmt: skip
    said = "; ".join(_trouble(trouble) for trouble in one.troubles) or "as usual"
    return (
        f'<figure class="frame"><div class="three">{three}</div><figcaption>'
        f'<a href="#" data-frame="{one.frame}">frame {one.frame}</a>, {time}: {said}'
        "</figcaption></figure>"
    )


def _trouble(one: FrameTrouble) -> str:
    if one.measure == "frames.lost":
        return html_text(one.what)  # there is no more or less of it
    unit = f" {one.unit}" if one.unit else ""
    return html_text(f"{one.what} ({_short(one.value)}{unit}, usual is {one.limit:g})")


def _details(report: ShotReport) -> str:
    facts = report.facts
    groups = [
        ("Media", {"original": facts.get("original_media"), "edited": facts.get("edited_media")}),
        ("Render", facts.get("rendered")),
        ("Settings", facts.get("settings")),
        ("Occlusion", facts.get("occlusion")),
        ("Provenance", facts.get("provenance")),
        ("Matte", facts.get("matte")),
        (
            "Versions",
            {"mien": facts.get("mien"), "made by": facts.get("made_by"), "made": facts.get("made")}
            | dict(facts.get("versions", {})),
        ),
        ("Seconds", facts.get("took")),
    ]
    parts = [
        f"<details><summary>{name}</summary><table>{_rows(held)}</table></details>"
        for name, held in groups
        if held
    ]
    return f"<h2>Made with</h2>{''.join(parts)}"


def _rows(held: Mapping[str, Any]) -> str:
    rows = []
    for name, value in held.items():
        if isinstance(value, Mapping):
            shown = "<br>".join(f"{html_text(k)}: {html_text(_plain(v))}" for k, v in value.items())
        else:
            shown = html_text(_plain(value))
        rows.append(f"<tr><th>{html_text(name.replace('_', ' '))}</th><td>{shown}</td></tr>")
    return "".join(rows)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "" if value is None else str(value)


def _script(report: ShotReport, film: PageFilm) -> str:
    _, (width, height), beside = film
    values: dict[str, Any] = {}
    for face in report.faces:
        for name in face.edited_controls[:_PLOTS]:
            column = INDEX[name]
            assert face.target is not None
            achieved = np.where(face.measured, face.achieved[:, column], np.nan)
            values[f"{face.number}.{name}"] = {
                "performed": _listed(face.performed[:, column]),
                "asked": _listed(face.target[:, column]),
                "achieved": _listed(achieved),
            }
        values[f"{face.number}.flicker"] = {"": _listed(face.flicker)}
        values[f"{face.number}.identity"] = {"": _listed(face.identity)}
    facts = {
        "count": len(report.frames),
        "start": report.frames.start,
        "rate": float(report.clock.rate),
        "times": _times(report.clock, report.frames.start, len(report.frames)),
        "troubles": sorted({one.frame - report.frames.start for one in report.troubles}),
        "beside": beside,
        "width": width,
        "height": height,
        "amplified": AMPLIFIED,
        "values": values,
    }
    # No name or note may end the script early.
    text = json.dumps(facts, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<script type="application/json" id="facts">{text}</script>'
        f"<script>{_resource('page.js')}</script>"
    )


def _times(clock: Clock, start: int, count: int) -> list[str]:
    return [str(clock.timecode(start + row)) for row in range(count)]


def _listed(values: Any) -> list[float | None]:
    return [round(value, 3) if np.isfinite(value) else None for value in values.tolist()]
