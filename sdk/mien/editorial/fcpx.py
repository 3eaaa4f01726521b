"""FCPXML (Final Cut Pro), versions 1.0 to 1.13, read as OpenTimelineIO has it.

A clip holds what it shows (elements without a lane), and what is connected to it (elements with
one), both placed in the clip's own time. What is connected is shown in the edit around the clip;
the rest only as far as the clip shows it. An element that cannot be read is left out alone, with
a notice, and its place stays.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import opentimelineio as otio

from mien.editorial.fcpx_items import ITEMS, ItemReader
from mien.editorial.fcpx_resources import Resources
from mien.editorial.fcpx_times import seconds_in
from mien.editorial.notices import Notices, kind_of
from mien.editorial.track_layout import TrackLayout
from mien.editorial.xml_tree import XmlElement, XmlError

__all__ = ["read_fcpx"]

_ZERO: Final = Fraction(0)
_DEFAULT: Final = Fraction(24)


def read_fcpx(root: XmlElement) -> tuple[Any, tuple[str, ...]]:
    """Read the projects of an FCPXML document; where it has none, the clips of each event.

    Returns:
        A collection of timelines, and what was left out.

    Raises:
        XmlError: When it holds neither a project nor a clip that can be read.
    """
    notices = Notices("{} more elements: {}.")
    reader = ItemReader(Resources(root), notices)
    projects = [element for element in _holders(root) if element.tag == "project"]
    timelines = []
    problems: list[XmlError] = []
    for project in projects:
        name = project.get("name")
        for sequence in project.all("sequence"):
            try:
                timelines.append(_timeline(reader, sequence, name))
            except XmlError as problem:
                problems.append(problem)
                notices.add(
                    kind_of(problem.reason),
                    f"project {name} (line {sequence.line}): {problem.reason}.",
                )
    if not projects:
        # A sequence outside a project, as an old exporter writes it; else clips of the browser.
        timelines += [_timeline(reader, one, "") for one in root.all("sequence")]
        timelines += _events(reader, root, notices)
    if not timelines:
        raise problems[0] if problems else XmlError("it holds no project and no clips", root.line)
    content = otio.schema.SerializableCollection(children=timelines)
    return content, notices.lines()


def _holders(root: XmlElement) -> list[XmlElement]:
    """The document's elements that hold projects or clips, and the projects."""
    waiting, found = [root], []
    while waiting:
        element = waiting.pop(0)
        found.append(element)
        waiting += [
            child for child in element.children if child.tag in ("library", "event", "project")
        ]
    return found


def _timeline(reader: ItemReader, sequence: XmlElement, name: str) -> Any:
    rate = reader.rate_of(sequence)
    start = seconds_in(sequence, "tcStart", _ZERO)
    timeline = otio.schema.Timeline(
        name=name,
        global_start_time=otio.opentime.RationalTime(round(start * rate), float(rate)),
        metadata={"fcpx": dict(sequence.attributes)},
    )
    timeline.tracks.extend(reader.sequence(sequence, rate).tracks())
    return timeline


def _events(reader: ItemReader, root: XmlElement, notices: Notices) -> list[Any]:
    """The clips of each event, one after another: a cut of everything that is in it."""
    timelines = []
    for holder in _holders(root):
        clips = [element for element in holder.children if element.tag in ITEMS]
        if not clips:
            continue
        name = holder.get("name") or "clips"
        rate = next((rate for clip in clips if (rate := reader.clip_rate(clip))), _DEFAULT)
        layout = TrackLayout(rate)
        at = _ZERO
        for clip in clips:
            at += reader.lay(clip, at, (), layout)
        reason = "it holds clips and no project; they are read one after another"
        notices.add(reason, f"event {name} (line {holder.line}): {reason}.")
        timeline = otio.schema.Timeline(name=name)
        timeline.tracks.extend(layout.tracks())
        timelines.append(timeline)
    return timelines
