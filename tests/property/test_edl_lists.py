"""Event lists, written as editors write them and read back: every frame is where it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from mien.editorial.cut import all_uses
from mien.editorial.edl import read_edl
from mien.editorial.uses import ClipUse
from mien.errors import InputError
from mien.timebase import Timecode

RATES = (
    (Fraction(24), False), (Fraction(24000, 1001), False), (Fraction(25), False),
    (Fraction(30000, 1001), False), (Fraction(30000, 1001), True), (Fraction(50), False),
    (Fraction(60000, 1001), True), (Fraction(60), False),
)  # fmt: skip
REELS = ("R1", "ROLL 7", "A001C003_150101_R1AB", "007", "V", "C", "AX", "tape b 2")


@dataclass(frozen=True)
class Event:
    gap: int
    length: int
    source: int
    reel: str
    kind: str
    mix: int
    percent: int | None


EVENTS = st.builds(
    Event,
    gap=st.sampled_from([0, 0, 0, 1, 37, 5000]),
    length=st.integers(1, 3000),
    source=st.integers(0, 1_500_000),
    reel=st.sampled_from(REELS),
    kind=st.sampled_from(["C", "C", "D", "W001"]),
    mix=st.integers(1, 60),
    percent=st.none() | st.integers(5, 800),
)


@dataclass(frozen=True)
class Written:
    """A list, and the record and source frames that it was made of."""

    text: str
    rate: Fraction
    starts: tuple[int, ...]


def written(events: Sequence[Event], rate: Fraction, drop: bool, first: int) -> Written:
    nominal = -(-rate.numerator // rate.denominator)
    day = Timecode.parse("23:59:59;00" if drop else "23:59:59:00", rate).frames + nominal

    def code(frames: int) -> str:
        # FCM says it: half of all lists mark timecodes with a colon all the same.
        return str(Timecode(frames % day, nominal, drop)).replace(";", ":")

    lines = ["TITLE: list", f"FCM: {'' if drop else 'NON-'}DROP FRAME", ""]
    at, starts = first, []
    before: tuple[str, int] | None = None
    for number, event in enumerate(events, 1):
        at += event.gap
        speed = Fraction(100 if event.percent is None else event.percent, 100)
        used = round(event.length * speed)
        head = f"{number:03}  {event.reel:<8} V     "
        if event.kind != "C":
            reel, source = before if before is not None and not event.gap else ("BL", 0)
            lines.append(f"{number:03}  {reel:<8} V     C        {code(source)} {code(source)}"
                         f" {code(at)} {code(at)}")  # fmt: skip
        mix = f"{event.kind:<4} {min(event.mix, event.length):03}" if event.kind != "C" else "C   "
        lines.append(f"{head}{mix} {code(event.source)} {code(event.source + used)}"
                     f" {code(at)} {code(at + event.length)}")  # fmt: skip
        if speed != 1:
            lines.append(f"M2   {event.reel:<8} {float(speed * rate):05.1f} {code(event.source)}")
        starts.append(at - first)
        at += event.length
        before = event.reel, event.source + used
    return Written("\n".join(lines), rate, tuple(starts))


def read(text: str, rate: Fraction) -> tuple[list[ClipUse], tuple[str, ...]]:
    content, notices = read_edl(text, rate, "list.edl")
    return [use for _, use in all_uses(content)], notices


@given(st.lists(EVENTS, min_size=1, max_size=12), st.sampled_from(RATES), st.integers(0, 5_000_000))
def test_a_list_is_read_back_to_the_frame(
    events: list[Event], clock: tuple[Fraction, bool], first: int
) -> None:
    rate, drop = clock
    made = written(events, rate, drop, first)
    uses, notices = read(made.text, rate)
    follows = [*events[1:], None]
    assert len(uses) == len(events)
    origin = made.starts[0]
    for use, event, start, after in zip(uses, events, made.starts, follows, strict=True):
        speed = Fraction(100 if event.percent is None else event.percent, 100)
        assert use.record * rate == start - origin
        assert use.record_length * rate == event.length
        assert use.start == event.source
        assert use.clip.metadata["cmx_3600"]["reel"] == event.reel
        # M2 is written to a tenth of a frame, durations to a frame.
        close = Fraction(1, 9) / rate + Fraction(0 if event.percent is None else 1, event.length)
        assert abs(use.speed - speed) <= close
        mixed = after is not None and after.kind != "C" and not after.gap
        extra = min(after.mix, after.length) if mixed and after is not None else 0
        assert use.length == (event.length + extra) * use.speed
        assert abs(event.length * use.speed - event.length * speed) <= 1 + event.length / 9 / rate
    assert not notices


@given(st.lists(EVENTS, min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_a_list_does_not_matter(events: list[Event], random: object) -> None:
    events = [Event(e.gap, e.length, e.source, e.reel, "C", 0, e.percent) for e in events]
    made = written(events, Fraction(24), False, 86_400)
    head, *lines = made.text.split("\n\n")
    rows = lines[0].split("\n")
    groups: list[list[str]] = []
    for row in rows:
        if row.startswith("M2"):
            groups[-1].append(row)
        else:
            groups.append([row])
    random.shuffle(groups)  # type: ignore[attr-defined]
    text = "\n".join([head, "", *(row for group in groups for row in group)])
    straight, _ = read(made.text, made.rate)
    mixed, _ = read(text, made.rate)
    facts = [
        [(use.record, use.record_length, use.start, use.speed, use.track) for use in uses]
        for uses in (straight, mixed)
    ]
    assert facts[0] == facts[1]


@given(st.lists(EVENTS, min_size=2, max_size=6), st.data())
def test_one_event_that_cannot_be_read_costs_itself_only(
    events: list[Event], data: st.DataObject
) -> None:
    events = [Event(e.gap, e.length, e.source, e.reel, "C", 0, None) for e in events]
    rows = written(events, Fraction(25), False, 90_000).text.split("\n")
    odd = data.draw(st.integers(3, len(rows) - 1))
    damage = data.draw(st.sampled_from([
        lambda row: row[:-6], lambda row: row.replace(" C ", " ? "),
        lambda row: row[:-8] + "99:00:00",
    ]))  # fmt: skip
    whole, _ = read("\n".join(rows), Fraction(25))
    rows[odd] = damage(rows[odd])
    left, notices = read("\n".join(rows), Fraction(25))
    assert any(f"Event {odd - 2:03} (line {odd + 1})" in notice for notice in notices)
    start = whole[0].record if odd > 3 else whole[1].record
    expected = {(use.record - start, use.start) for use in whole}
    kept = {(use.record, use.start) for use in left}
    gone = expected - kept
    assert kept <= expected | {(whole[odd - 3].record - start, whole[odd - 3].start)}
    assert len(gone) <= 1


def refusal(text: str, rate: Fraction) -> str:
    """The error's words; "" where the list is read."""
    try:
        uses, _ = read(text, rate)
    except InputError as error:
        return str(error)
    assert all(use.record >= 0 for use in uses)
    return ""


@given(st.text(max_size=400), st.sampled_from(RATES))
def test_any_text_is_a_list_or_refused_in_words(text: str, clock: tuple[Fraction, bool]) -> None:
    words = refusal(text, clock[0])
    assert not words or "EDL (CMX 3600)" in words or "is no timecode" in words


LINE = st.sampled_from([
    "TITLE: a", "FCM: DROP FRAME", "FCM: NON-DROP FRAME", "M2   R1  048.0  01:00:00:00", "M2",
    "001  R1  V  C  01:00:00:00 01:00:02:00 01:00:00:00 01:00:02:00",
    "002  R1  V  C  01:00:02:00 01:00:02:00 01:00:02:00 01:00:02:00",
    "002  R2  V  D  024 01:00:00:00 01:00:02:00 01:00:02:00 01:00:04:00",
    "002  R2  B  K B 01:00:00:00 01:00:02:00 01:00:02:00 01:00:04:00",
    "002  R3  V  K 012 01:00:00:00 01:00:02:00 01:00:02:00 01:00:04:00",
    "003  BL  V  C  00:00:00:00 00:00:00:00 23:59:59:00 00:00:01:00",
    "003  R4  AA C  01:00:00:00 01:00:02:00 01:00:02:00 01:00:01:00", "AUD 3 4",
    "* FROM CLIP NAME: a", "* TO CLIP NAME: b", "* KEY CLIP NAME: c", "* FREEZE FRAME",
    "* LOC: 01:00:01:00 RED x", "* SOURCE FILE: s.mov", "* FROM CLIP: /x/[1-9].exr", "001", "* ",
    "FINAL CUT PRO REEL: long REPLACED BY: R1", "* ASC_SOP: (1 1)", "* ASC_SAT: x", "4 01:00:00:00",
])  # fmt: skip


@given(st.lists(LINE, max_size=30), st.sampled_from(RATES))
def test_statements_in_any_order_are_read_or_refused_in_words(
    lines: list[str], clock: tuple[Fraction, bool]
) -> None:
    words = refusal("\n".join(lines), clock[0])
    assert not words or "EDL (CMX 3600)" in words
