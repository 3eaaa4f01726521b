"""Events in frames: what each shows, from when to when.

One event that cannot be read costs itself only; its time stays empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

from mien.editorial.edl.counting import Counter, marks_drop
from mien.editorial.edl.groups import EditList, Side
from mien.editorial.edl.speeds import speed_of
from mien.editorial.edl.statements import EventLine, Unreadable
from mien.editorial.notices import Notices

__all__ = ["BLACK", "Event", "FirstFault", "drops_record", "events_of"]

BLACK: Final = frozenset({"BL", "BLK", "BLACK"})
"""Reels that are nothing but black."""


@dataclass(slots=True, eq=False)
class Event:
    """An event in frames of the list's rate.

    Attributes:
        side: Its line, and what is said of it.
        start: Number of its first frame in the record.
        length: Frames that it is shown; 0 of the outgoing side of a transition.
        source: Number of its first frame in the source.
        speed: Source frames a frame of the record; negative backwards, 0 for a still.
        drop: Whether its source timecodes drop numbers.
        mix: Frames that its transition lasts.
        outgoing: What it comes from, where the list says; else the event before it.
        order: Its number in the list, from 0.
    """

    side: Side
    start: int
    length: int
    source: int
    speed: Fraction
    drop: bool = False
    mix: int = 0
    outgoing: Event | None = None
    order: int = 0

    @property
    def stop(self) -> int:
        """Number of the frame of the record after its last."""
        return self.start + self.length

    @property
    def is_black(self) -> bool:
        """Whether it shows nothing."""
        return self.side.line.reel.upper() in BLACK

    @property
    def source_stop(self) -> Fraction:
        """Number of the frame of the source after its last."""
        return self.source + self.length * self.speed


@dataclass(slots=True)
class FirstFault:
    """The first reason for which an event was left out.

    Attributes:
        text: The reason, with the event; "" while there is none.
        line: Its line.
    """

    text: str = ""
    line: int = 0

    def note(self, text: str, line: int) -> None:
        """Keep a reason when it stands above the one that is kept."""
        if not self.text or line < self.line:
            self.text, self.line = text, line


def events_of(edit: EditList, counter: Counter, notices: Notices, fault: FirstFault) -> list[Event]:
    """The events of an edit, in the order of the list; record times run on over midnight.

    Args:
        edit: The edit.
        counter: Counts its timecodes.
        notices: Gets what is left out, and what cannot be believed.
        fault: Gets the first reason for which something is left out.
    """
    return _Resolver(edit, counter, notices, fault).events()


def drops_record(edit: EditList, counter: Counter) -> bool:
    """Whether record timecodes drop numbers: one clock for all of a list.

    FCM says how the sources that follow count; the record goes on as it began, or there would be
    holes in it. Where FCM changes, and no timecode bears a mark, the durations decide.
    """
    if not counter.can_drop:
        return False
    lines = list(edit.lines)
    if any(marks_drop(line.record, False) for line in lines):
        return True
    if len(edit.modes) < 2 or edit.drop is None:
        return marks_drop((code for line in lines for code in line.record), _only(edit))
    if any(marks_drop(line.source, False) for line in lines):
        return False  # drop frame is marked, and the record is not
    fits = {mode: _agreeing(edit, counter, mode) for mode in (edit.drop, not edit.drop)}
    return max(fits, key=lambda mode: fits[mode])


def _only(edit: EditList) -> bool | None:
    """What FCM says first of an edit."""
    return edit.drop if edit.drop is not None else next(iter(edit.modes), None)


def _agreeing(edit: EditList, counter: Counter, drop: bool) -> int:
    """How many events last as long in the record as in their source."""
    count = 0
    for side in edit.sides:
        if side.motion is not None:
            continue
        try:
            source = [counter.frames(code, bool(side.drop)) for code in side.line.source]
            record = [counter.frames(code, drop) for code in side.line.record]
        except ValueError:
            continue
        count += source[1] - source[0] == record[1] - record[0]
    return count


class _Resolver:
    def __init__(
        self, edit: EditList, counter: Counter, notices: Notices, fault: FirstFault
    ) -> None:
        self._edit = edit
        self._counter = counter
        self._notices = notices
        self._fault = fault
        self._drop = drops_record(edit, counter)
        self._day = counter.day(self._drop)
        self._crosses = False
        self._contrary: list[EventLine] = []

    def events(self) -> list[Event]:
        for bad in self._edit.unreadable:
            self._leave_out(bad, bad.reason)
        events: list[Event] = []
        for side in self._edit.sides:
            event = self._event(side)
            if event is not None:
                event.order = len(events)
                events.append(event)
        # No record is half a day long: it went on after midnight.
        back = any(one.start - next_.start > self._day // 2 for one, next_ in pairwise(events))
        if (self._crosses or back) and events:
            self._run_on(events)
        self._compare_modes()
        return events

    def _compare_modes(self) -> None:
        """Say where FCM and the marks of timecodes disagree."""
        lines = self._contrary
        if not lines and self._drop and True not in self._edit.modes and self._edit.modes:
            lines = [side.line for side in self._edit.sides][:1]
        if lines:
            more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
            self._notices.add(
                "are read as drop frame",
                f"{lines[0].title}{more}: FCM says non-drop, the timecodes are marked as drop frame"
                " (;). They are read as drop frame.",
            )

    def _event(self, side: Side) -> Event | None:
        line = side.line
        pictures = bool(line.pictures)
        source = self._source(side)
        if source is None:
            return None
        span = self._record(line, source[:2])
        if span is None:
            return None
        start, length = span
        if not length:
            if pictures and line.source[0] != line.source[1]:
                self._leave_out(line, "lasts no time in the record")
            return None
        mix = min(line.duration, length) if line.is_mix else 0
        if pictures and mix < line.duration and line.is_mix:
            self._notices.add(
                "have a transition longer than themselves",
                f"{line.title} has a transition of {line.duration} frames, but lasts {length}:"
                " the transition is cut short.",
            )
        speed = self._speed(side, source, length)
        event = Event(side, start, length, source[0], speed, source[2], mix)
        if side.outgoing is not None and mix:
            event.outgoing = self._outgoing(side.outgoing, start)
        if pictures:
            self._remark(line)
        return event

    def _outgoing(self, side: Side, start: int) -> Event | None:
        source = self._source(side)
        if source is None:
            return None
        return Event(side, start, 0, source[0], self._speed(side, source, 0), source[2])

    def _speed(self, side: Side, source: tuple[int, int | None, bool], length: int) -> Fraction:
        line = side.line
        if line.reel.upper() in BLACK:
            return Fraction(1)
        day = self._counter.day(source[2])
        speed = speed_of(source[:2], length, side.motion, side.still, self._counter, day)
        if speed.doubt and line.pictures:
            self._notices.add(speed.kind, f"{line.title} {speed.doubt}.")
        return speed.value

    def _source(self, side: Side) -> tuple[int, int | None, bool] | None:
        """Source in and out, and whether they drop numbers; None where it is left out."""
        line = side.line
        drop = self._counter.can_drop and marks_drop(line.source, side.drop)
        if drop and side.drop is False and line.pictures:
            self._contrary.append(line)
        if line.reel.upper() in BLACK:
            return 0, None, drop
        try:
            start = self._counter.frames(line.source[0], drop)
        except ValueError as error:
            self._leave_out(line, f"has a timecode that is none: {error}")
            return None
        self._doubt_number(line, line.source, drop)
        try:
            return start, self._counter.frames(line.source[1], drop), drop
        except ValueError:
            return start, None, drop

    def _record(self, line: EventLine, source: tuple[int, int | None]) -> tuple[int, int] | None:
        """First frame and length in the record; None where the event is left out."""
        try:
            start = self._counter.frames(line.record[0], self._drop)
        except ValueError as error:
            self._leave_out(line, f"has a timecode that is none: {error}")
            return None
        self._doubt_number(line, line.record, self._drop)
        try:
            length = self._counter.frames(line.record[1], self._drop) - start
        except ValueError:
            length = -self._day
        if length < 0 and (length + self._day) * 2 <= self._day:
            self._crosses = self._crosses or length + self._day > 0
            length += self._day
        elif length < 0:
            used = None if source[1] is None else source[1] - source[0]
            if used is None or used <= 0:
                self._leave_out(
                    line, f"ends at {line.record[1]}, before it begins at {line.record[0]}"
                )
                return None
            length = used
            if line.pictures:
                self._notices.add(
                    "have a record out before their record in",
                    f"{line.title} ends in the record at {line.record[1]}, before it begins at"
                    f" {line.record[0]}: it is shown as long as its source lasts.",
                )
        return start, length

    def _doubt_number(self, line: EventLine, codes: Sequence[str], drop: bool) -> None:
        gone = next((code for code in codes if drop and self._counter.leaves_out(code)), None)
        if gone is not None and line.pictures:
            self._notices.add(
                "have timecodes that drop frame leaves out",
                f"{line.title} has {gone}, which drop frame leaves out: the next frame is taken.",
            )

    def _remark(self, line: EventLine) -> None:
        if line.transition in ("K", "KO"):
            self._notices.add(
                "are keys, whose foreground lies over what is below",
                f"{line.title} is a key: its foreground, {line.reel or 'without a reel'}, lies over"
                " what is below; both are read.",
            )

    def _leave_out(self, line: EventLine | Unreadable, reason: str) -> None:
        """Leave an event out, and say so unless it is sound.

        Args:
            line: The event.
            reason: Why, as the end of a sentence that begins with it.
        """
        text = f"Event {line.number} (line {line.line}) {reason}"
        self._fault.note(text, line.line)
        if not isinstance(line, EventLine) or line.pictures:
            self._notices.add("are left out", f"{text}: it is left out.")

    def _run_on(self, events: list[Event]) -> None:
        """Let record times after midnight go on from those before it."""
        ordered = sorted(events, key=lambda event: event.start)
        reach, widest, after = 0, -1, 0
        for event in ordered:
            if reach and event.start - reach > widest:
                widest, after = event.start - reach, event.start
            reach = max(reach, event.stop)
        if widest < ordered[0].start + self._day - reach:
            return
        for event in events:
            if event.start < after:
                event.start += self._day
                if event.outgoing is not None:
                    event.outgoing.start = event.start
