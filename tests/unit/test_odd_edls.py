"""EDLs as odd as editors and hands write them: what is read of each, and what is said."""

from __future__ import annotations

from typing import Any

import pytest

from tests.edls import HOUR, cut, said, shown

ONE = "001  A001     V     C        01:00:00:00 01:00:02:00 01:00:00:00 01:00:02:00"
TWO = "002  A002     V     C        02:00:00:00 02:00:01:00 01:00:02:00 01:00:03:00"


def rows(text: str | bytes) -> list[tuple[Any, ...]]:
    return [(use.name, use.record, use.length, use.source, use.speed) for use in shown(text)]


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"], ids=["crlf", "cr", "lf"])
@pytest.mark.parametrize("coding", ["utf-16-le", "utf-16-be", "utf-8"])
def test_alphabets_and_ends_of_lines(coding: str, end: str) -> None:
    text = "\ufeff" + cut(ONE, "* FROM CLIP NAME: Übung", "", TWO).replace("\n", end)
    assert rows(text.encode(coding)) == [
        ("Übung", 0, 48, HOUR, 1), ("A002", 48, 24, 2 * HOUR, 1),
    ]  # fmt: skip


def test_tabs_comments_between_and_names_in_any_case() -> None:
    text = cut(
        "\t".join(ONE.split()), "*FROM CLIP NAME:a b", "* COMMENT: x", "REM y", "# z",
        ">>> SOURCE A001 tape", "AUD 3 4", " ".join(TWO.split()), "* From Clip Name :  lower.mov",
        "EFFECTS NAME IS CROSS DISSOLVE", "* LOC: 01:00:01:00 RED  look",
    )  # fmt: skip
    assert [row[0] for row in rows(text)] == ["a b", "lower.mov"]
    assert said(text) == ""


@pytest.mark.parametrize(
    ("channels", "seen"),
    [("AA/V", True), ("A2/V", True), ("VA1A2", True), ("B", True), ("NONE", False), ("A", False)],
)
def test_channels_with_and_without_pictures(channels: str, seen: bool) -> None:
    assert len(rows(cut(ONE.replace(" V  ", f" {channels} "), TWO))) == 1 + seen


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([TWO, ONE], [("A001", 0, 48, HOUR, 1), ("A002", 48, 24, 2 * HOUR, 1)]),
        (["001 A001 V C 23:59:59:00 00:00:01:00 23:59:59:00 00:00:01:00",
          "002 A002 V C 00:00:01:00 00:00:02:00 00:00:01:00 00:00:02:00"],
         [("A001", 0, 48, 24 * HOUR - 24, 1), ("A002", 48, 24, 24, 1)]),
        (["001 BL V C 00:00:00:00 00:00:00:00 01:00:00:00 01:00:00:00",
          "001 A001 V W001 024 01:00:00:00 01:00:02:00 01:00:00:00 01:00:02:00", TWO],
         [("A001", 0, 48, HOUR, 1), ("A002", 48, 24, 2 * HOUR, 1)]),
        (["001 A001 V C 01:00:02:00 01:00:00:00 01:00:00:00 01:00:02:00",
          "M2   A001    -024.0                01:00:02:00"], [("A001", 0, 48, HOUR, -1)]),
        (["000001  A_LONG_REEL_NAME_WITH_30_LETTERS V C 01:00:00:00 01:00:02:00 01:00:00:00"
          " 01:00:02:00"], [("A_LONG_REEL_NAME_WITH_30_LETTERS", 0, 48, HOUR, 1)]),
        (["001  MY REEL 7 V C 01:00:00:00 01:00:02:00 01:00:00:00 01:00:02:00"],
         [("MY REEL 7", 0, 48, HOUR, 1)]),
    ],
    ids=["out-of-order", "midnight", "wipe-from-black", "backwards", "long-reel", "spaced-reel"],
)  # fmt: skip
def test_events_that_are_odd_and_certain(events: list[str], expected: list[Any]) -> None:
    text = cut(*events)
    assert rows(text) == expected
    assert said(text) == ""


def test_an_event_that_cannot_be_read_costs_itself_only() -> None:
    text = cut("001 A V C 01:00:61:00 01:01:02:00 01:00:00:00 01:00:02:00", TWO)
    assert rows(text) == [("A002", 0, 24, 2 * HOUR, 1)]
    assert "Event 001 (line 4) has a timecode that is none: 01:00:61:00" in said(text)


def test_more_than_999_events() -> None:
    def code(second: int) -> str:
        return f"{1 + second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}:00"

    events = [
        f"{number:03d}  R{number} V C 01:00:00:00 01:00:01:00 {code(number)} {code(number + 1)}"
        for number in range(998, 1003)
    ]
    assert [row[0] for row in rows(cut(*events))] == [f"R{n}" for n in range(998, 1003)]
