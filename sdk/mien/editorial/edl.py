"""CMX 3600 edit decision lists, as OTIO's adapter reads them, put right.

The adapter takes a dissolve on one line for a cut, hides the record start in the tracks'
source ranges (where it makes them miss their own clips), and leaves markers at record time.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any, Final

import opentimelineio as otio

__all__ = ["DROP", "read_edl"]

_ADAPTER: Final = "cmx_3600"
DROP: Final = "drop_frame"
"""Says in a timeline's metadata whether its timecodes drop numbers."""
_FIELDS_OF_TRANSITION: Final = 9
_EVENT: Final = re.compile(r"\s*\d+\s")


def read_edl(text: str, rate: Fraction) -> Any:
    """The timeline of an EDL.

    Args:
        text: The list.
        rate: Frames a second by which its timecodes count.
    """
    timeline = otio.adapters.read_from_string(_two_lined(text), _ADAPTER, rate=float(rate))
    starts = {}
    for number, track in enumerate(timeline.tracks):
        if track.source_range is not None:
            starts[number] = -track.source_range.start_time
            track.source_range = None
        else:
            starts[number] = otio.opentime.RationalTime(0, float(rate))
    if not starts:
        return timeline
    timeline.metadata[_ADAPTER] = {DROP: ";" in text}
    first = min(starts.values())
    timeline.global_start_time = first
    for number, track in enumerate(timeline.tracks):
        _place_markers(track, starts[number])
        if starts[number] > first:
            track.insert(0, otio.schema.Gap(duration=starts[number] - first))
    return timeline


def _two_lined(text: str) -> str:
    """Dissolves that stand on one line get the line of the shot they come from."""
    lines: list[str] = []
    before: list[str] = []
    for line in text.splitlines():
        fields = line.split()
        if _EVENT.match(line) and len(fields) >= _FIELDS_OF_TRANSITION - 1:
            alone = not before or before[0] != fields[0]
            if alone and before and len(fields) == _FIELDS_OF_TRANSITION:
                source, record = before[-3], fields[-2]
                lines.append(
                    f"{fields[0]}  {before[1]} {fields[2]} C {source} {source} {record} {record}"
                )
            before = fields
        lines.append(line)
    return "\n".join(lines)


def _place_markers(track: Any, record: Any) -> None:
    """Move markers from record time to their clips' own."""
    for item in track:
        if isinstance(item, otio.schema.Transition):
            continue
        if isinstance(item, otio.schema.Clip):
            start = item.source_range.start_time
            for marker in item.markers:
                when = marker.marked_range.start_time - record
                marker.marked_range = otio.opentime.TimeRange(
                    start + when, otio.opentime.RationalTime(0, start.rate)
                )
        record += item.duration()
