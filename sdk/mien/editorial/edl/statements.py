"""The statements of a CMX 3600 EDL: one a line, columns read from the right.

    002  ROLL 7   V     D    012 02:00:10:00 02:00:14:00 01:00:04:00 01:00:06:00

Four timecodes are last; before them the transition, with its duration; then the channels; what is
left is the reel, whose name may hold spaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from mien.editorial.edl.counting import TIMECODE

__all__ = [
    "EventLine",
    "Mode",
    "Motion",
    "EventNote",
    "Statement",
    "Title",
    "Unreadable",
    "numbered_lines",
    "statements",
]

_EVENT: Final = re.compile(rf"(\d+[A-Za-z]?)\s+(\S.*)((?:\s+{TIMECODE}){{4}})(?:\s.*)?")
_COUNTS: Final = re.compile(
    r"(\d+[A-Za-z]?)\s+(.*?\s(?:[CD]|W\d*)(?:\s+\d+)?)((?:\s+\d+){4})", re.I
)
"""Frame numbers in place of timecodes."""
_NEARLY: Final = re.compile(r"(\d+[A-Za-z]?)\s.*\d[:;.,]\d")
_TIMES: Final = re.compile(TIMECODE)
_TITLE: Final = re.compile(r"TITLE\s*:\s*(.*)", re.I)
_MODE: Final = re.compile(r"FCM\s*:\s*(NON|N)?.*?(DROP|DF)", re.I)
_MOTION: Final = re.compile(
    rf"M2\s+(?:(.*?)\s+)?([-+]?\d+(?:[.,]\d+)?)(?:\s+({TIMECODE})(?:\s.*)?)?", re.I
)
_NOTE: Final = re.compile(
    r"(?:(?:FROM|TO|KEY)\s+)?CLIP\s?NAME|(?:FROM|TO|KEY)\s+(?:CLIP|FILE)(?=\s*:)"
    r"|SOURCE\s+FILE(?=\s*:)|OTIO\s+REFERENCE\s+\w+|LOC(?=\s*:)|ASC_SOP|ASC_SAT"
    r"|FREEZE\s+FRAME|AUD(?=\s+\d)|FINAL\s+CUT\s+PRO\s+REEL(?=\s*:)|M2(?=\s)",
    re.I,
)
_TRANSITION: Final = re.compile(r"C|D|W\d{0,4}|K[BO]?|KEY", re.I)
_EXTRA: Final = re.compile(r"\d{1,4}|[A-Z]", re.I)
"""What may stand between a transition and the timecodes: a duration, a wipe's edge, B or O."""
_CHANNEL: Final = re.compile(
    r"NONE|ASMBL|ALL|B|(?=[AV])(?:V\d{0,2}|A\d{0,2}|A?[1-4]{2,4}|[/,+&]){1,12}", re.I
)
_ALONE: Final = re.compile(r"V\d?|A\d?|AA|AA?\d?/V|VA\d*|B|NONE", re.I)
_MOST_EXTRA: Final = 3
_FILLING: Final = {0: None, 0x1A: None, 0xFEFF: None, 0x0C: "\n"}
"""NUL and Ctrl-Z fill the last block of a floppy, and pages end in a form feed."""


@dataclass(frozen=True, slots=True)
class Title:
    """Name of the edit that follows.

    Attributes:
        text: The name.
        line: Its line, from 1.
    """

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Mode:
    """How the timecodes that follow count, as FCM says it.

    Attributes:
        drop: Whether they drop numbers.
        line: Its line, from 1.
    """

    drop: bool
    line: int


@dataclass(frozen=True, slots=True)
class EventLine:
    """One line of an event.

    Attributes:
        number: Its number as written.
        line: Its line, from 1.
        reel: Name of the tape or card; may be empty.
        channels: The channels as written.
        pictures: Numbers of the tracks of pictures that it is for.
        sounds: Numbers of the tracks of sound that it is for.
        transition: `C`, `D`, `W001`, `K` (foreground of a key), `KB` (its background), `KO`.
        duration: Frames that the transition lasts; 0 for a cut.
        source: Timecodes of source in and out.
        record: Timecodes of record in and out.
    """

    number: str
    line: int
    reel: str
    channels: str
    pictures: tuple[int, ...]
    sounds: tuple[int, ...]
    transition: str
    duration: int
    source: tuple[str, str]
    record: tuple[str, str]

    @property
    def title(self) -> str:
        """The event as notices name it."""
        return f"Event {self.number} (line {self.line})"

    @property
    def is_mix(self) -> bool:
        """Whether it begins with a dissolve or a wipe."""
        return self.transition[0] in "DW"

    @property
    def is_point(self) -> bool:
        """Whether it lasts no time, as the outgoing side of a transition is written."""
        return self.record[0] == self.record[1]


@dataclass(frozen=True, slots=True)
class Motion:
    """An M2 statement: the speed of a source.

    Attributes:
        reel: Name of its reel.
        frames: Source frames a second; negative backwards, 0 for a still.
        unit: The last digit's worth.
        at: Timecode of the source from which it holds; None without one.
        line: Its line, from 1.
    """

    reel: str
    frames: Fraction
    unit: Fraction
    at: str | None
    line: int


@dataclass(frozen=True, slots=True)
class EventNote:
    """What a line says of the event above it.

    Attributes:
        keyword: `FROM CLIP NAME`, `LOC`, ...; empty for a remark.
        text: What follows the keyword.
        line: Its line, from 1.
    """

    keyword: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is an event, but not one that can be read.

    Attributes:
        number: Its number.
        reason: What is wrong.
        line: Its line, from 1.
    """

    number: str
    reason: str
    line: int


Statement = Title | Mode | EventLine | Motion | EventNote | Unreadable


def statements(text: str) -> Iterator[Statement]:
    """Every statement of an EDL, in its order."""
    for line, bare in numbered_lines(text):
        yield _statement(bare, line)


def numbered_lines(text: str) -> list[tuple[int, str]]:
    """The lines that hold anything, with their numbers from 1; tabs are spaces."""
    lines = enumerate(text.translate(_FILLING).split("\n"), 1)
    return [(number, bare) for number, line in lines if (bare := line.expandtabs().strip())]


def _statement(bare: str, line: int) -> Statement:
    if bare[0].isdigit():
        bare = " ".join(bare.split())  # long blanks cost columns of patterns nothing then
        match = _EVENT.fullmatch(bare) or _COUNTS.fullmatch(bare)
        if match is not None:
            return _event(match[1], match[2].split(), match[3].split(), line)
        nearly = _NEARLY.match(bare)
        if nearly is not None and len(_TIMES.findall(bare)) != 1:
            return Unreadable(nearly[1], _ill_formed(len(_TIMES.findall(bare))), line)
        return EventNote("", bare, line)
    if match := _TITLE.fullmatch(bare):
        return Title(match[1].strip(), line)
    if match := _MODE.match(bare):
        return Mode(match[1] is None, line)
    if match := _MOTION.fullmatch(" ".join(bare.split())):
        return _motion(match, line)
    remark = bare.lstrip("*> ").strip()
    if match := _NOTE.match(remark):
        said = remark[match.end() :].strip().removeprefix(":").strip()
        return EventNote(" ".join(match[0].upper().split()), said, line)
    return EventNote("", remark, line)


def _ill_formed(count: int) -> str:
    if count == 4:
        return "has nothing but timecodes: no reel, no channel, no transition"
    return f"has {count} timecodes that can be read, not 4"


def _event(number: str, columns: list[str], times: list[str], line: int) -> Statement:
    at = _transition_at(columns)
    if at is None:
        return Unreadable(number, "has no transition (C, D, W..., K) before its timecodes", line)
    transition, extra = columns[at].upper(), columns[at + 1 :]
    before = columns[:at]
    transition = "K" if transition == "KEY" else transition
    if transition == "K" and extra and extra[0].upper() in ("B", "O"):
        transition += extra[0].upper()
    durations = [word for word in extra if word.isdigit()]
    channels = ""
    if before and (_CHANNEL if len(before) > 1 else _ALONE).fullmatch(before[-1]):
        channels = before.pop().upper()
    pictures, sounds = _tracks(channels)
    mixes = transition[0] in "DWK" and bool(durations)
    return EventLine(
        number, line, " ".join(before), channels, pictures, sounds, transition,
        int(durations[-1]) if mixes else 0, (times[0], times[1]), (times[2], times[3]),
    )  # fmt: skip


def _transition_at(columns: list[str]) -> int | None:
    """Index of the column with the transition: the last that can be one."""
    for at in range(len(columns) - 1, max(-1, len(columns) - 2 - _MOST_EXTRA), -1):
        word, extra = columns[at].upper(), columns[at + 1 :]
        takes_extra = word != "C" or all(one.isdigit() for one in extra)
        if _TRANSITION.fullmatch(word) and takes_extra:
            return at
        if not _EXTRA.fullmatch(word):
            return None
    return None


def _tracks(channels: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Tracks of pictures and of sound that channels name; pictures where nothing is said."""
    if channels == "NONE":
        return (), ()
    if channels in ("B", "ASMBL", "ALL"):
        return (1,), (1,)
    if not channels:
        return (1,), ()
    pictures = tuple(sorted({int(n or 1) for n in re.findall(r"V(\d*)", channels)}))
    sounds: set[int] = set()
    for digits in re.findall(r"A(\d*)", channels):
        # A2 is the second, A12 the first and the second; AA both as well.
        numbers = {int(digit) for digit in digits} if len(digits) > 1 else {int(digits or 1)}
        sounds |= numbers if not numbers <= sounds else {max(sounds) + 1}
    return pictures, tuple(sorted(sounds - {0}))


def _motion(match: re.Match[str], line: int) -> Motion:
    number = match[2].replace(",", ".")
    places = len(number.partition(".")[2])
    return Motion(
        (match[1] or "").strip(), Fraction(number), Fraction(1, 10**places), match[3], line
    )
