"""The verdict of a report in a few lines; no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mien_desktop.words import count

__all__ = ["headline", "verdict_lines"]

_FIGURES = {
    "outside.changed": "outside the matte",
    "outside.beyond_encoding": "outside the matte",
    "curves.gain": "achieved / asked",
    "curves.difference": "achieved / asked",
    "curves.others": "other controls",
    "head.turn": "head",
    "identity.drop": "identity",
    "flicker.landmarks": "flicker",
    "flicker.texture": "flicker",
    "sharpness": "sharpness",
    "rim.color": "colour at the rim",
    "frames.lost": "face lost",
}
"""By a figure's name, what it is about."""


def headline(report: Mapping[str, Any]) -> str:
    """Return whether a report is within its thresholds, or what is beyond them."""
    failed = dict.fromkeys(_FIGURES.get(name, name) for name in report["failed"])
    return f"beyond: {', '.join(failed)}" if failed else "within all thresholds"


def verdict_lines(report: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a report says of frames with trouble, identity, flicker, and pixels outside.

    Args:
        report: The report, as `ShotReport.to_dict` gives it.
    """
    start, stop = report["frames"]
    frames = len({one["frame"] for one in report["troubles"]})
    of = f" of {stop - start}" if frames else ""
    trouble = f"{frames or 'No'}{of} {'frames' if frames > 1 or of else 'frame'} with trouble"
    figures = report["figures"]
    return (trouble, _identity(figures), _flicker(figures), _outside(figures))


def _identity(figures: Iterable[Mapping[str, Any]]) -> str:
    alike = _measured(figures, "identity.similarity")
    if not alike:
        return "Identity: not measured"
    worst = min(alike, key=lambda one: one["value"] - (one["plate"] or 0))
    plate = "" if worst["plate"] is None else f", the plate's own frames {worst['plate']:.3f}"
    beyond = any(one["passed"] is False for one in _measured(figures, "identity.drop"))
    return f"Identity {worst['value']:.3f}{plate}{_mark(beyond)}"


def _flicker(figures: Iterable[Mapping[str, Any]]) -> str:
    found = [*_measured(figures, "flicker.landmarks"), *_measured(figures, "flicker.texture")]
    if not found:
        return "Flicker: not measured"
    worst = max(found, key=lambda one: float(one["value"]))
    beyond = any(one["passed"] is False for one in found)
    return f"Flicker {worst['value']:.2f} × the plate's{_mark(beyond)}"


def _outside(figures: Iterable[Mapping[str, Any]]) -> str:
    for one in _measured(figures, "outside.changed"):
        pixels = count(round(one["value"]), "pixel")
        return f"Outside the matte {pixels} changed{_mark(one['passed'] is False)}"
    for one in _measured(figures, "outside.beyond_encoding"):
        beyond = _mark(one["passed"] is False)
        return f"Outside the matte {one['value']:.3g} pixels per million beyond encoding{beyond}"
    return "Outside the matte: not measured"


def _measured(figures: Iterable[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    return [one for one in figures if one["name"] == name and one["value"] is not None]


def _mark(beyond: bool) -> str:
    return "  (beyond)" if beyond else ""
