"""Events with what is said of them: lines of one number, and the notes below them.

Notes name sides: FROM what a transition comes from, TO what it leads to, KEY the foreground of a
key. Where a list says only FROM, it is the clip of the only line; where lines share a number, but
are cuts, each note is for the lines since the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mien.editorial.edl.statements import (
    EventLine,
    EventNote,
    Mode,
    Motion,
    Title,
    Unreadable,
    statements,
)
from mien.editorial.notices import Notices

__all__ = ["EditList", "Side", "edit_lists"]

_MOST: Final = 64
"""Lines of one event: a picture, its key, and a sound for every channel are far fewer."""
_REPLACED: Final = "REPLACED BY"
_ABOUT_FILES: Final = {"NAME": "name", "CLIP": "path", "FILE": "path"}


@dataclass(slots=True, eq=False)
class Side:
    """One line of an event, with what is said of it.

    Attributes:
        line: The line.
        drop: Whether its source drops numbers, as far as FCM says.
        reel: Its reel by its long name, where the list gives one.
        sounds: Numbers of its tracks of sound.
        motion: Its speed; None without an M2.
        name: Its clip's name; "" without one.
        path: Path of its media; "" without one.
        source_file: Name of the file that it comes from; "" without one.
        still: Whether a frame is frozen.
        outgoing: The side from which its transition comes; None for the event before it.
        locators: Its markers.
        grades: What ASC_SOP and ASC_SAT say.
        remarks: Everything else that is said.
    """

    line: EventLine
    drop: bool | None
    reel: str
    sounds: tuple[int, ...]
    motion: Motion | None = None
    name: str = ""
    path: str = ""
    source_file: str = ""
    still: bool = False
    outgoing: Side | None = None
    locators: list[str] = field(default_factory=list)
    grades: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def meets(self, other: Side) -> bool:
        """Whether both are for one of the same tracks."""
        pictures = set(self.line.pictures) & set(other.line.pictures)
        return bool(pictures or set(self.sounds) & set(other.sounds))


@dataclass(slots=True, eq=False)
class EditList:
    """An edit: one of those that a file may hold.

    Attributes:
        title: Its name; "" without one.
        sides: Its events, those that are the outgoing side of another left out.
        unreadable: Lines that are events, but cannot be read.
        drop: Whether its record drops numbers, as far as the FCM before its first event says.
        modes: Every FCM of it.
    """

    title: str = ""
    sides: list[Side] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    drop: bool | None = None
    modes: set[bool] = field(default_factory=set)

    @property
    def lines(self) -> Iterator[EventLine]:
        """The lines of all events, outgoing sides first."""
        for side in self.sides:
            if side.outgoing is not None:
                yield side.outgoing.line
            yield side.line


def edit_lists(text: str, notices: Notices) -> list[EditList]:
    """The edits of a file.

    Args:
        text: The file.
        notices: Gets what cannot be believed.
    """
    return _Collector(notices).edits(text)


class _Collector:
    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        self._edits = [EditList()]
        self._mode: bool | None = None
        self._again = False
        self._sides: list[Side] = []
        self._notes: list[tuple[int, EventNote | Motion]] = []

    def edits(self, text: str) -> list[EditList]:
        for statement in statements(text):
            if isinstance(statement, EventLine):
                self._begin(statement)
            elif isinstance(statement, (EventNote, Motion)):
                self._notes.append((len(self._sides), statement))
            elif isinstance(statement, Mode):
                self._count_by(statement.drop)
            elif isinstance(statement, Title):
                self._entitle(statement.text)
            else:
                self._end()
                self._edits[-1].unreadable.append(statement)
        self._end()
        return [edit for edit in self._edits if edit.sides or edit.unreadable]

    def _count_by(self, drop: bool) -> None:
        self._mode = drop
        self._edits[-1].modes.add(drop)
        if self._edits[-1].drop is None and not self._edits[-1].sides and not self._sides:
            # A second one before the first event is of that event's source.
            self._edits[-1].drop = drop

    def _entitle(self, title: str) -> None:
        """Begin another edit, unless a page only repeats its title."""
        self._end()
        edit = self._edits[-1]
        self._again = bool(edit.sides)
        if not edit.sides and not edit.unreadable:
            edit.title = title
        elif title != edit.title:
            self._edits.append(EditList(title))
            self._again, self._mode = False, None

    def _begin(self, line: EventLine) -> None:
        last = self._sides[-1].line if self._sides else None
        # Some give the outgoing side of a transition a number of its own.
        leads = last is not None and (
            line.is_mix and last.is_point and line.record[0] == last.record[0]
        )
        # Lists of cuts may number all alike; a transition is not parted from what it comes from.
        most = _MOST + 1 if leads else _MOST
        goes_on = last is not None and len(self._sides) < most and (
            leads or line.number == last.number
        )  # fmt: skip
        if not goes_on:
            self._end()
            before = self._edits[-1].sides
            if self._again and before and _count(line.number) <= _count(before[-1].line.number):
                self._edits.append(EditList(self._edits[-1].title, drop=self._mode))
            self._again = False
        self._sides.append(Side(line, self._mode, line.reel, line.sounds))

    def _end(self) -> None:
        """Give the notes of a group to its sides."""
        sides, notes = self._sides, self._notes
        self._sides, self._notes = [], []
        if not sides:
            return
        edit = self._edits[-1]
        previous = edit.sides[-1] if edit.sides else None
        _Group(sides, previous, self._notices).take(notes)
        edit.sides += _without_outgoing(sides)


class _Group:
    """The sides of one event, as notes are given to them."""

    def __init__(self, sides: list[Side], previous: Side | None, notices: Notices) -> None:
        self._all = sides
        self._sides = [side for side in sides if side.line.pictures] or sides
        self._shown = frozenset(self._sides)
        self._previous = previous
        self._notices = notices
        self._to = next((side for side in self._sides if _leads(side)), None)
        self._from = None if self._to is None else _before(self._sides, self._to)
        self._current: Side | None = None

    def take(self, notes: list[tuple[int, EventNote | Motion]]) -> None:
        """Give every note to its side."""
        says_to = any(
            isinstance(note, EventNote) and note.keyword.startswith("TO CLIP") for _, note in notes
        )
        for until, note in notes:
            if isinstance(note, Motion):
                self._move(note, until)
        for until, note in notes:
            if isinstance(note, EventNote):
                self._note(note, until, says_to)
        for side in self._all:
            # Sound of the same reel has the same clip, and the same speed.
            twin = next((one for one in self._sides if one.reel == side.reel), side)
            side.name, side.path = side.name or twin.name, side.path or twin.path
            if side not in self._shown:
                side.motion = side.motion or twin.motion

    def _note(self, note: EventNote, until: int, says_to: bool) -> None:
        keyword, text = note.keyword, note.text
        last = self._all[max(until, 1) - 1]
        words = keyword.split()
        if words and words[-1] in _ABOUT_FILES and keyword != "SOURCE FILE":
            self._name(keyword, _ABOUT_FILES[words[-1]], text, until, says_to)
        elif keyword.startswith("OTIO"):
            self._name("FROM CLIP", "path", text, until, says_to)
        elif keyword == "SOURCE FILE":
            side = self._current or self._at(until)
            side.source_file = side.source_file or text
        elif keyword == "LOC":
            self._at(until).locators.append(text)
        elif keyword.startswith("ASC_"):
            (self._current or self._at(until)).grades[keyword] = text
        elif keyword == "FREEZE FRAME":
            self._freeze()
        elif keyword == "AUD":
            more = {int(word) for word in text.split() if word.isdigit()}
            last.sounds = tuple(sorted({*last.sounds, *more}))
        elif keyword.startswith("FINAL CUT"):
            self._rename_reel(text)
        elif keyword == "M2":
            self._notices.add(
                "have an M2 note that cannot be read",
                f"{last.line.title} has an M2 note on line {note.line} that cannot be read:"
                " its durations hold.",
            )
        else:
            last.remarks.append(text)

    def _at(self, until: int) -> Side:
        """The last side with pictures that stands above a note."""
        above = [side for side in self._all[: max(until, 1)] if side in self._shown]
        return above[-1] if above else self._sides[0]

    def _name(self, keyword: str, what: str, text: str, until: int, says_to: bool) -> None:
        if not text:
            return
        for side in self._meant(keyword, what, text, until, says_to):
            setattr(side, what, getattr(side, what) or text)
            self._current = side

    def _meant(self, keyword: str, what: str, text: str, until: int, says_to: bool) -> list[Side]:
        """The sides that a note names the clip or the file of."""
        if keyword.startswith(("TO ", "KEY ")):
            return [self._to or self._at(until)]
        if self._to is None:
            return self._cuts_above(until, what)
        if self._from is not None:
            outgoing = [side for side in self._sides if side.reel == self._from.reel]
            if not getattr(self._from, what):
                return [self._from, *(side for side in outgoing if not _leads(side))]
            return [self._to]
        before = self._previous
        of_before = before is not None and getattr(before, what) == text
        if says_to or (before is not None and of_before and before.reel != self._to.reel):
            return []
        return [self._to]

    def _cuts_above(self, until: int, what: str) -> list[Side]:
        above = self._all[:until]
        fresh = [side for side in above if not getattr(side, what)] or above[-1:]
        # Of cuts on the same track the last is the one that stands above its note.
        return [
            side
            for number, side in enumerate(fresh)
            if not any(side.meets(other) for other in fresh[number + 1 :])
        ]

    def _freeze(self) -> None:
        if any(side.motion is not None and not side.motion.frames for side in self._sides):
            return
        sides = [side for side in self._sides if side.motion is None]
        short = [side for side in sides if not side.line.is_point]
        for side in (short or sides)[-1:]:
            side.still = True

    def _rename_reel(self, text: str) -> None:
        at = text.upper().find(_REPLACED)
        if at < 0:
            return
        long, short = text[:at].strip(), text[at + len(_REPLACED) :].lstrip(": ").strip()
        for side in self._all:
            if side.line.reel.casefold() == short.casefold() and long:
                side.reel = long

    def _move(self, motion: Motion, until: int) -> None:
        above = [side for side in self._all[: max(until, 1)] if side in self._shown]
        free = [side for side in above if side.motion is None] or above or self._sides
        reel = motion.reel.casefold()
        named = [side for side in free if side.line.reel.casefold() == reel] or [
            side for side in free if reel and _abbreviates(side.line.reel.casefold(), reel)
        ]
        timed = [side for side in named or free if _same(side.line.source[0], motion.at)]
        if reel and not named and not timed:
            title = free[-1].line.title
            self._notices.add(
                "have an M2 note of another reel",
                f"{title} has an M2 note of reel {motion.reel} (line {motion.line}), which it does"
                " not show: it is taken for its own.",
            )
        (timed or named or free)[-1].motion = motion


def _abbreviates(one: str, other: str) -> bool:
    """Whether a reel is the beginning of another: long names are cut off."""
    return bool(one) and (one.startswith(other) or other.startswith(one))


def _leads(side: Side) -> bool:
    """Whether something stands before it in its event: it begins with a transition, or keys."""
    return side.line.is_mix or side.line.transition in ("K", "KO")


def _before(sides: list[Side], side: Side) -> Side | None:
    above = [other for other in sides[: sides.index(side)] if other.meets(side)]
    return above[-1] if above else None


def _without_outgoing(sides: list[Side]) -> list[Side]:
    """Sides that are events; the outgoing ones of transitions go with these."""
    gone: list[Side] = []
    for side in sides:
        other = _before(sides, side) if side.line.is_mix and side.line.duration else None
        if other is not None and not _leads(other) and (
            other.line.is_point or other.line.record[0] == side.line.record[0]
        ):  # fmt: skip
            side.outgoing = other
            gone.append(other)
    return [side for side in sides if side not in gone]


def _same(code: str, other: str | None) -> bool:
    """Whether two timecodes are the same, however they are marked."""
    marks = str.maketrans(";.,", ":::")
    return other is not None and code.translate(marks) == other.translate(marks)


def _count(number: str) -> int:
    return int(number.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") or 0)
