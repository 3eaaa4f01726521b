"""Retimes of Final Cut Pro 7 XML: which are followed, and which are said not to be."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.xmemls import (
    file,
    item,
    opened,
    remap,
    sequence,
    shown,
    track,
    transition,
    uses_of,
    xmeml,
)  # fmt: skip


def retimed(
    folder: Path, effect: str, first: int, last: int, *, duration: int = 1000, end: int = 48
) -> Any:
    items = item("A", 0, end, first, last, file("f1") + effect, duration=duration)
    (use,) = uses_of(opened(folder, xmeml(sequence(track(items)))))
    if not use.frames_known:
        return None
    return use.start, use.start + use.length, "varies" if use.varies else use.speed


GRAPH_HALF = "0:0:speedkfstart 400:-1815255671:speedkfin 800:7:speedkfout 2000:1000:speedkfend"
BENT = "0:0: 100:50: 500:450:"


@pytest.mark.parametrize(
    ("effect", "span", "expected"),
    [
        # In and out count the media: as many as are used.
        (remap("200"), (100, 196, 500), (100, 196, 2)),
        (remap("50"), (100, 124, 2000), (100, 124, Fraction(1, 2))),
        (remap("-100", "FALSE"), (0, 48, 48), None),
        (remap("200", "TRUE"), (100, 196, 500), (100, 196, -2)),
        (remap("-200"), (100, 196, 500), (100, 196, -2)),
        # They count the retimed clip, and its length says so.
        (remap("200"), (100, 148, 500), (200, 296, 2)),
        (remap("50"), (100, 148, 2000), (50, 74, Fraction(1, 2))),
        (remap("50"), (0, 48, 77), (0, 24, Fraction(1, 2))),
        # A graph says it, whatever Premiere's inner keys hold.
        (remap("50", graph=GRAPH_HALF), (100, 148, 7), (50, 74, Fraction(1, 2))),
        (remap("-100", graph="0:1000:speedkfstart 1000:0:speedkfend"), (100, 148, 7),
         (852, 900, -1)),
        (remap("100", "TRUE", graph="0:1000:speedkfstart 1000:0:speedkfend"), (100, 148, 7),
         (852, 900, -1)),
        (remap("50", variable="1", graph="0:0: 1000:500: 2000:1000:"), (100, 148, 7),
         (50, 74, Fraction(1, 2))),
        (remap("0", graph="0:300: 2000:300:"), (100, 148, 7), (300, 301, 0)),
        # Of a ramp one straight piece, or all frames from the lowest to the highest.
        (remap("80", variable="1", graph=BENT), (0, 48, 9), (0, 24, Fraction(1, 2))),
        (remap("80", variable="1", graph="0:900: 100:800: 200:700:"), (110, 158, 9),
         (742, 790, -1)),
        (remap("80", variable="1", graph=BENT), (80, 128, 9), (40, 79, "varies")),
        (remap("80", variable="1", graph="0:0: 100:90: 500:10:"), (80, 128, 9),
         (72, 91, "varies")),
        # What is no retime.
        (remap("100.00"), (100, 148, 1000), (100, 148, 1)),
        (remap("50").replace("<enabled>TRUE", "<enabled>FALSE"), (100, 148, 9), (100, 148, 1)),
    ],
)  # fmt: skip
def test_constant_retimes_are_followed_where_it_is_certain(
    tmp_path: Path, effect: str, span: tuple[int, int, int], expected: Any
) -> None:
    first, last, duration = span
    assert retimed(tmp_path, effect, first, last, duration=duration) == expected


@pytest.mark.parametrize(
    ("effect", "span"),
    [
        (remap("50"), (100, 148, 77)),
        (remap("50"), (100, 300, 2000)),
        (remap("100", "TRUE"), (100, 148, 1000)),
        (remap("80", variable="1"), (0, 48, 1000)),
        (remap("200", graph="0:0: 2000:1000:"), (100, 148, 2000)),
        (remap("50", graph="0:0: 100:50:"), (100, 148, 2000)),
        (remap("0"), (100, 148, 1000)),
        (remap("50") + remap("50"), (0, 12, 1000)),
    ],
    ids=["length-unsaid", "no-count-fits", "backwards", "ramp-unsaid", "graph-disagrees",
         "beyond-the-graph", "frozen", "twice"],
)  # fmt: skip
def test_other_retimes_are_said_not_to_be_followed(
    tmp_path: Path, effect: str, span: tuple[int, int, int]
) -> None:
    first, last, duration = span
    assert retimed(tmp_path, effect, first, last, duration=duration) is None


def test_all_of_the_media_backwards_is_certain(tmp_path: Path) -> None:
    effect = remap("100", "TRUE")
    assert retimed(tmp_path, effect, 0, 1000, end=1000) == (0, 1000, -1)


def test_a_retimed_clip_under_a_transition(tmp_path: Path) -> None:
    items = item("A", 0, -1, 0, 54, file("f1")) + transition(42, 54, "center")
    items += item("B", -1, 96, 100, 154, file("f2") + remap("200"), duration=500)
    assert shown(tmp_path, items)[1] == ("B", 48, 200, 308)
    back = remap("-100", graph="0:1000:speedkfstart 1000:0:speedkfend")
    items = item("A", 0, -1, 0, 54, file("f1")) + transition(42, 54, "center")
    items += item("B", -1, 96, 100, 154, file("f2") + back)
    assert shown(tmp_path, items)[1] == ("B", 48, 846, 900)


NEST = track(
    item("A", 0, 48, 100, 148, file("f1")) + item("B", 48, 96, 200, 248, file("f2"))
    + item("C", 96, 144, 348, 300, file("f3") + remap("-100", graph="0:1000: 1000:0:"))
)  # fmt: skip


@pytest.mark.parametrize(
    ("effect", "span", "expected"),
    [
        # Of frames 24 to 72 of the nest the last first: B's head, then A's tail.
        (remap("-100", graph="0:144: 144:0:"), (72, 120),
         [("A", 24, 124, 148, -1, 147), ("B", 0, 200, 224, -1, 223)]),
        (remap("-200", graph="0:144: 72:0:"), (24, 48),
         [("B", 0, 200, 248, -2, 247)]),
        (remap("-50", graph="0:144: 288:0:"), (240, 288),
         [("A", 0, 100, 124, Fraction(-1, 2), 123)]),
        # Forwards it goes on as ever.
        (remap("200", graph="0:0: 72:144:"), (12, 36),
         [("A", 0, 124, 148, 2, 124), ("B", 12, 200, 224, 2, 200)]),
    ],
    ids=["backwards", "twice-as-fast", "half-as-fast", "forwards"],
)  # fmt: skip
def test_nests_that_run_backwards_show_their_clips_from_the_end(
    tmp_path: Path, effect: str, span: tuple[int, int], expected: list[Any]
) -> None:
    nest = item("n", 0, span[1] - span[0], *span, sequence(NEST, key="s2") + effect, duration=144)
    cut = opened(tmp_path, xmeml(sequence(track(nest))))
    assert [
        (use.clip.name, use.record * 24, use.start, use.start + use.length, use.speed,
         use.shown_from)
        for use in uses_of(cut)
    ] == expected  # fmt: skip


def test_a_ramp_over_a_nest_names_the_frames_that_it_runs_through(tmp_path: Path) -> None:
    effect = remap("80", variable="1", graph="0:0: 24:12: 48:60: 144:144:")
    nest = item("n", 0, 48, 0, 48, sequence(NEST, key="s2") + effect, duration=144)
    first, second = uses_of(opened(tmp_path, xmeml(sequence(track(nest)))))
    assert (first.start, first.start + first.length) == (100, 148)
    assert (second.start, second.start + second.length) == (200, 213)
    assert first.varies
    assert first.frames_known
