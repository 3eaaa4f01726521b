"""What a performance does, as a timeline for people: data, and a picture of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from mien._types import PathLike
from mien.io.files import check_file, written_whole
from mien.io.html_page import html_text
from mien.model.face import Face
from mien.model.reading import EVENT_KINDS, PerformanceEvent, PerformanceReading

__all__ = ["describe_event", "reading_facts", "write_reading_picture"]

_WIDTH: Final = 1200
"""Of the picture, in its units; a frame is a part of it."""
_LEFT: Final = 120
_LANE: Final = 26
_CURVE: Final = 44
_COLORS: Final = {
    "blink": "#4c78a8", "eyes closed": "#2a4d6e", "smile": "#f2a33a", "brow raise": "#59a14f",
    "frown": "#b5544d", "at the lens": "#6b8e9e", "away": "#a9a9a9", "speech": "#8e6fae",
    "feeling": "#d37295",
}  # fmt: skip
_PLOTTED: Final = ("AU1", "AU4", "AU6", "AU12", "AU15", "AU25")
"""Units whose curves are drawn below the events."""


def describe_event(event: PerformanceEvent, face: Face) -> str:
    """Say in a line when an event is and what."""
    clock = face.clock
    start = float(clock.seconds(event.span.start))
    stop = start + len(event.span) / float(clock.rate)
    more = f" ({event.detail})" if event.detail else ""
    return f"{start:8.2f} s to {stop:8.2f} s  {event.kind}{more}  {event.strength:.2f}"


def reading_facts(reading: PerformanceReading, face: Face) -> dict[str, Any]:
    """Return a reading in JSON's types.

    Args:
        reading: The reading.
        face: The face that was read.

    Returns:
        `face`, its name and number; `frames` and `rate`; `counts` by kind; `events` in order;
        `action_units` by name and `gaze_angle` in degrees, a number a frame, None where the face is
        not seen.
    """

    def numbers(values: np.ndarray[Any, Any], digits: int) -> list[float | None]:
        return [None if np.isnan(v) else round(float(v), digits) for v in values]

    return {
        "face": {"number": face.number, "name": face.name},
        "frames": face.clock.frame_count,
        "rate": str(face.clock.rate),
        "counts": {kind: len(reading.of(kind)) for kind in EVENT_KINDS},
        "events": [event.to_dict() for event in reading.events],
        "action_units": {name: numbers(values, 3) for name, values in reading.units.items()},
        "gaze_angle": numbers(reading.gaze_angle, 1),
    }


def write_reading_picture(
    reading: PerformanceReading, face: Face, path: PathLike, *, overwrite: bool = False
) -> None:
    """Draw a reading as lanes over time, in SVG: events by kind, then curves of action units.

    Args:
        reading: The reading.
        face: The face that was read.
        path: The picture, `.svg`.
        overwrite: Whether a file of that name is replaced.

    Raises:
        OutputError: When it cannot be put there.
    """
    path = Path(path)
    check_file(path, overwrite=overwrite)
    with written_whole(path) as file:
        file.write(_drawn(reading, face).encode())


def _drawn(reading: PerformanceReading, face: Face) -> str:
    frames = face.clock.frame_count
    scale = (_WIDTH - _LEFT - 16) / max(frames, 1)
    kinds = [kind for kind in EVENT_KINDS if reading.of(kind)]
    parts, y = [], 40
    for kind in kinds:
        parts.append(_label(kind, y + 17))
        for event in reading.of(kind):
            x, width = _LEFT + event.span.start * scale, max(len(event.span) * scale, 2)
            parts.append(
                f'<rect x="{x:.1f}" y="{y + 4}" width="{width:.1f}" height="{_LANE - 8}" rx="2"'
                f' fill="{_COLORS[kind]}" fill-opacity="{0.35 + 0.65 * event.strength:.2f}">'
                f"<title>{html_text(describe_event(event, face).strip())}</title></rect>"
            )
            if event.detail and width > 7 * len(event.detail):
                parts.append(f'<text x="{x + 4:.1f}" y="{y + 17}">{html_text(event.detail)}</text>')
        y += _LANE
    for name in _PLOTTED:
        parts += [_label(name, y + _CURVE // 2 + 4), _curve(reading.units[name], y, scale)]
        y += _CURVE
    seconds = frames / float(face.clock.rate)
    step = next(
        s for s in (0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600) if seconds / s <= 24 or s == 3600
    )
    for tick in np.arange(0, seconds + 1e-9, step):
        x = _LEFT + tick * float(face.clock.rate) * scale
        parts.insert(0, f'<path d="M{x:.1f} 34V{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="28" text-anchor="middle">{tick:g} s</text>')
    title = html_text(f"{face.name}: {reading!r}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y + 12}" width="{_WIDTH}"'
        f' height="{y + 12}" font-family="sans-serif" font-size="12" fill="#222">'
        f"<title>{title}</title>"
        f'<rect width="{_WIDTH}" height="{y + 12}" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _label(text: str, y: int) -> str:
    return f'<text x="{_LEFT - 10}" y="{y}" text-anchor="end">{html_text(text)}</text>'


def _curve(values: np.ndarray[Any, Any], y: int, scale: float) -> str:
    """A curve of 0 to 1 in its lane, with gaps where there is no face."""
    base, height = y + _CURVE - 6, _CURVE - 12
    commands, pen = [], False
    for frame, value in enumerate(values):
        if np.isnan(value):
            pen = False
            continue
        x, at = _LEFT + (frame + 0.5) * scale, base - float(value) * height
        commands.append(f"{'L' if pen else 'M'}{x:.1f} {at:.1f}")
        pen = True
    return (
        f'<path d="M{_LEFT} {base}H{_WIDTH - 16}" stroke="#ddd"/>'
        f'<path d="{"".join(commands)}" fill="none" stroke="#3a6ea5" stroke-width="1.3"/>'
    )
