"""Retimes of FCPXML: maps of time, and rates that are conformed."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.fcpxmls import COMPOUND, document, facts, opened, shown, uses_of

RETIMED = '<asset-clip ref="{ref}" name="A" offset="0s" duration="{length}" start="{start}">{map}'


def retimed(
    folder: Path, points: str, start: str = "0s", length: str = "4s", ref: str = "a"
) -> Any:
    mapped = "".join(
        f'<timept time="{time}" value="{value}" interp="{interp}"/>'
        for time, value, interp in (point.split() for point in points.split(","))
    )
    clip = RETIMED.format(ref=ref, length=length, start=start, map=f"<timeMap>{mapped}</timeMap>")
    (use,) = uses_of(opened(folder, document(f"{clip}</asset-clip>")))
    if not use.frames_known:
        return None
    return use.start, use.start + use.length, use.speed


@pytest.mark.parametrize(
    ("points", "start", "expected"),
    [
        ("0s 0s smooth2, 20s 10s smooth2", "4s", (48, 96, Fraction(1, 2))),
        ("0s 0s linear, 20s 40s linear", "1s", (48, 240, 2)),
        ("0s 0s linear, 10s 20s linear, 20s 40s linear", "1s", (48, 240, 2)),
        ("0s 40s linear, 40s 0s linear", "0s", (864, 960, -1)),
        ("0s 40s linear, 20s 0s linear", "10s", (288, 480, -2)),
        ("0s 2s linear, 20s 2s linear", "4s", (48, 49, 0)),
        ("0s 0s linear, 4s 4s linear, 8s 4s linear, 12s 8s linear", "4s", (96, 97, 0)),
        ("0s 0s linear, 4s 4s linear, 8s 4s linear, 12s 8s linear", "8s", (96, 192, 1)),
    ],
    ids=["slow", "fast", "three-in-line", "backwards", "backwards-fast", "frozen", "held",
         "after-a-hold"],
)  # fmt: skip
def test_constant_retimes_are_followed_to_the_frame(
    tmp_path: Path, points: str, start: str, expected: Any
) -> None:
    assert retimed(tmp_path, points, start) == expected


@pytest.mark.parametrize(
    ("points", "start"),
    [
        ("0s 0s linear, 2s 2s linear, 12s 4s linear", "0s"),
        ("0s 0s linear, 1s 1s linear", "20s"),
        ("0s 0s linear", "0s"),
        ("0s 0s linear, 4s 400s linear", "0s"),
    ],
    ids=["over-a-corner", "beyond-the-map", "one-point", "beyond-the-medium"],
)
def test_retimes_that_cannot_be_followed_are_said_to_be(
    tmp_path: Path, points: str, start: str
) -> None:
    assert retimed(tmp_path, points, start) is None


def test_a_curve_is_followed_where_it_is_straight(tmp_path: Path) -> None:
    mapped = """<timeMap><timept time="0s" value="0s" interp="smooth2"/>
    <timept time="8s" value="8s" interp="smooth2" inTime="1s" outTime="1s"/>
    <timept time="20s" value="14s" interp="smooth2"/></timeMap>"""

    def known(start: str) -> list[tuple[bool, Fraction]]:
        clip = RETIMED.format(ref="a", length="4s", start=start, map=mapped)
        cut = opened(tmp_path, document(f"{clip}</asset-clip>"))
        return [(use.frames_known, use.speed) for use in uses_of(cut)]

    assert known("1s") == [(True, 1)]
    assert known("12s") == [(True, Fraction(1, 2))]
    assert not known("5s")[0][0]


def test_a_map_may_count_by_timecode_or_from_the_first_frame(tmp_path: Path) -> None:
    by_timecode = "3600s 3600s linear, 3640s 3620s linear"
    assert retimed(tmp_path, by_timecode, "3604s", ref="b") == (86448, 86496, Fraction(1, 2))
    from_zero = "0s 0s linear, 40s 20s linear"
    assert retimed(tmp_path, from_zero, "3604s", ref="b") == (86448, 86496, Fraction(1, 2))
    mixed = "0s 3600s linear, 40s 3620s linear"
    assert retimed(tmp_path, mixed, "4s", ref="b") == (86448, 86496, Fraction(1, 2))


def test_a_retimed_compound_retimes_what_is_in_it(tmp_path: Path) -> None:
    mapped = """<timeMap><timept time="3600s" value="3600s" interp="linear"/>
    <timept time="3604s" value="3608s" interp="linear"/></timeMap>"""
    spine = f'<ref-clip ref="m" offset="0s" duration="3s" start="3600s">{mapped}</ref-clip>'
    first, second = shown(tmp_path, spine, COMPOUND)[:2]
    assert first == ("one", 0, 25, 125)
    assert second == ("two", 48, 250, 300)


def test_a_backwards_clip_under_a_transition_uses_the_frames_around_its_own(tmp_path: Path) -> None:
    back = """<timeMap><timept time="0s" value="40s" interp="linear"/>
    <timept time="40s" value="0s" interp="linear"/></timeMap>"""
    spine = f"""<asset-clip ref="a" name="A" offset="0s" duration="2s"/>
    <transition offset="42/24s" duration="12/24s"/>
    <asset-clip ref="a" name="R" offset="2s" duration="1s" start="10s">{back}</asset-clip>"""
    use = uses_of(opened(tmp_path, document(spine)))[1]
    # 30 s in the medium at the cut, and a quarter of a second more of it before.
    assert facts(use) == ("R", 48, 696, 726)
    assert use.shown_from == 719


def test_conformed_rates_show_every_frame_once(tmp_path: Path) -> None:
    def used(conform: str) -> tuple[Fraction, Fraction]:
        clip = f'<asset-clip ref="pal" offset="0s" duration="4s" start="2s">{conform}</asset-clip>'
        (use,) = uses_of(opened(tmp_path, document(clip)))
        assert use.rate == 25
        return use.start, use.length

    assert used('<conform-rate srcFrameRate="25"/>') == (50, 96)
    assert used('<conform-rate scaleEnabled="1"/>') == (50, 96)
    assert used('<conform-rate scaleEnabled="0" srcFrameRate="25"/>') == (50, 100)
    assert used("") == (50, 100)
