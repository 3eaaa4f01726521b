"""CMX 3600 edit decision lists and their dialects, read as OpenTimelineIO holds cuts.

Lines become statements, with columns read from the right (statements.py), and these events with
what notes say of them (groups.py). Timecodes become frames (counting.py), durations and M2 notes a
speed (speeds.py), both together events in frames of record and source (events.py), and those
clips, gaps, transitions and markers (tracks.py).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import opentimelineio as otio

from mien.editorial.detect import TITLES
from mien.editorial.edl.counting import Counter, frame_field, likely_rate
from mien.editorial.edl.events import FirstFault, drops_record, events_of
from mien.editorial.edl.groups import EditList, edit_lists
from mien.editorial.edl.statements import EventLine, Mode, numbered_lines, statements
from mien.editorial.edl.tracks import DROP, METADATA, tracks_of
from mien.editorial.notices import Notices
from mien.errors import InputError
from mien.timebase import same_count

__all__ = ["DROP", "METADATA", "read_edl", "suggest_rate"]

_HIGHEST: Final = 60
"""Frame numbers beyond which no film or video is counted: a slip of the pen."""
_ENOUGH: Final = 40
"""Different timecodes of which some have a high frame number, unless the rate is lower."""


def read_edl(text: str, rate: Fraction, name: str) -> tuple[Any, tuple[str, ...]]:
    """The edits of an EDL, and what was left out of them or could not be believed.

    Args:
        text: The list.
        rate: Frames a second by which its timecodes count.
        name: Its name, for messages.

    Returns:
        A timeline, or a collection where the file holds several; and notices, a line each.

    Raises:
        InputError: When nothing in it can be read, or its timecodes do not exist at the rate.
    """
    notices, fault = Notices("{} more events {}."), FirstFault()
    edits = edit_lists(text, notices)
    counter = _counter(edits, rate, notices)
    _check_rate(edits, counter, name)
    timelines = []
    for edit in edits:
        events = events_of(edit, counter, notices, fault)
        if events:
            drop = drops_record(edit, counter)
            first = min(event.start for event in events)
            tracks = tracks_of(events, first, counter, drop, notices)
            start = otio.opentime.RationalTime(first, float(counter.rate))
            timeline = otio.schema.Timeline(edit.title, tracks, start)
            if drop or edit.modes:
                timeline.metadata[METADATA] = {DROP: drop}
            timelines.append(timeline)
    if not timelines:
        raise _nothing(text, fault, counter, name)
    _remark(edits, counter, notices)
    if len(timelines) == 1:
        return timelines[0], notices.lines()
    _name_apart(timelines)
    collection = otio.schema.SerializableCollection(name)
    collection.extend(timelines)
    return collection, notices.lines()


def suggest_rate(text: str) -> str | None:
    """The lowest usual rate that has all timecodes of an EDL, as typed; None when none has."""
    codes: list[str] = []
    drop = False
    for statement in statements(text):
        if isinstance(statement, EventLine):
            codes += [*statement.source, *statement.record]
        elif isinstance(statement, Mode):
            drop = drop or statement.drop
    return likely_rate(codes, drop or any(";" in code for code in codes))


def _counter(edits: list[EditList], rate: Fraction, notices: Notices) -> Counter:
    """Counts at the rate, or at the one that is meant: 30 of drop frame is 29.97."""
    counter = Counter(rate)
    drop = any(True in edit.modes for edit in edits)
    if not drop or counter.can_drop:
        return counter
    exact = Fraction(1000 * counter.nominal, 1001)
    if counter.nominal % 30 == 0 and same_count(rate, exact):
        notices.add("", f"Drop frame timecode runs at {float(exact):.2f} frames a second: so it"
                        f" is read, not at {float(rate):.6g}.")  # fmt: skip
        return Counter(exact)
    notices.add("", f"FCM says drop frame, which there is none of at {float(rate):.6g} frames a"
                    " second: no numbers are left out.")  # fmt: skip
    return counter


def _codes(edits: list[EditList]) -> list[tuple[EventLine, str]]:
    return [
        (line, code)
        for edit in edits
        for line in edit.lines
        for code in (*line.source, *line.record)
    ]


def _check_rate(edits: list[EditList], counter: Counter, name: str) -> None:
    """Refuse a rate that too many timecodes do not have for it to be a slip of the pen."""
    codes = [(line, code, frame_field(code)) for line, code in _codes(edits)]
    fields = [(line, code, frame) for line, code, frame in codes if frame is not None]
    beyond = [one for one in fields if counter.nominal <= one[2] < max(_HIGHEST, counter.nominal)]
    # At the next rate one of its frames in 25 or so would be beyond this one's.
    if not beyond or len(beyond) * 8 * _HIGHEST < len(fields):
        return
    line, code, _ = min(beyond, key=lambda one: one[0].line)
    drop = any(True in edit.modes for edit in edits)
    better = likely_rate([code for _, code, frame in fields if frame < _HIGHEST], drop)
    remedy = "Check that --rate is the rate of its timecodes"
    raise InputError(
        f"{name}, line {line.line}: {code} is no timecode at {float(counter.rate):.6g} frames a"
        " second.",
        f"{remedy}: --rate {better} has all of them." if better else f"{remedy}.",
    )


def _remark(edits: list[EditList], counter: Counter, notices: Notices) -> None:
    lines = [line for edit in edits for line in edit.lines]
    if not any(line.pictures for line in lines):
        notices.add("", "No event of the list has a picture: all are sound.")
    codes = {code for _, code in _codes(edits)}
    better = likely_rate(codes, False)
    if len(codes) >= _ENOUGH and better is not None and int(better) * 8 < counter.nominal * 7:
        notices.add(
            "",
            f"No timecode of the list has a frame beyond {int(better) - 1}: it may be at {better}"
            f" frames a second, not {float(counter.rate):.6g}.",
        )


def _nothing(text: str, fault: FirstFault, counter: Counter, name: str) -> InputError:
    assumed = f"{TITLES['edl']} at {float(counter.rate):.6g} frames a second"
    lines = numbered_lines(text)
    if fault.text:
        reason = fault.text
    elif lines:
        line = next((one for one in lines if ":" not in one[1]), lines[0])
        reason = f"line {line[0]} is no event ({line[1][:40]!r}), nor is any other"
    else:
        reason = "it is empty"
    return InputError(
        f"{name} cannot be read as {assumed}: {reason}.",
        "Check that it is one, or export the cut as OTIO, which carries the most.",
    )


def _name_apart(timelines: list[Any]) -> None:
    """Number edits of one name: lists are named after them."""
    names: set[str] = set()
    for number, timeline in enumerate(timelines, 1):
        name = timeline.name or str(number)
        timeline.name = name if name not in names else f"{name} {number}"
        names.add(timeline.name)
