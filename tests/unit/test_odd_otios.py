"""OpenTimelineIO files as odd as programs write them; notices that stay readable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from mien.editorial import list_clips
from mien.errors import NothingToDoError
from tests.cuts import clip, dissolve, gap, saved, span, timeline


def rows(folder: Path, cut: Any) -> list[tuple[Any, ...]]:
    return [
        (one.name, one.record_start, one.frames, one.source_start)
        for one in list_clips(saved(cut, folder / "a.otio")).clips
    ]


def test_source_ranges_before_zero_and_rates_that_are_rounded(tmp_path: Path) -> None:
    cut = timeline(
        [clip("a", -10, 24), clip("b", 0, 24, rate=23.976), clip("c", 0, 24, rate=23.98)]
    )
    assert rows(tmp_path, cut) == [("a", 0, 24, -10), ("b", 24, 24, 0), ("c", 48, 24, 0)]


def test_transitions_at_both_ends(tmp_path: Path) -> None:
    cut = timeline([dissolve(0, 12), clip("a", 0, 24), dissolve(12, 0)])
    assert rows(tmp_path, cut) == [("a", 0, 24, 0)]


def test_stacks_three_deep_and_what_is_not_shown(tmp_path: Path) -> None:
    item: Any = clip("deep", 100, 48)
    for number in range(3):
        stack = otio.schema.Stack(f"n{number}", source_range=span(number, 20))
        track = otio.schema.Track("T")
        track.append(item)
        stack.append(track)
        item = stack
    off = clip("off", 0, 10)
    off.enabled = False
    marked = clip("marked", 0, 10)
    marked.markers.append(otio.schema.Marker("x", span(2, 1)))
    missing = otio.schema.Clip("missing", otio.schema.MissingReference(), span(0, 10))
    assert rows(tmp_path, timeline([gap(5), item, off, marked, missing])) == [
        ("deep", 5, 17, 103), ("marked", 35, 10, 0), ("missing", 45, 10, 0),
    ]  # fmt: skip


def test_an_empty_timeline_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NothingToDoError, match="shows no clip"):
        rows(tmp_path, timeline())


def test_a_thousand_odd_clips_make_a_short_list_of_notices(tmp_path: Path) -> None:
    items: list[Any] = []
    for number in range(100):
        items += [
            clip(f"c{number}", 0, 10, edit={"schema": "mien.edit/1", "project": f"{number}.mien"}),
            clip(f"e{number}", 0, 10, edit={"schema": "mien.edit/1", "set": [f"no{number}=1"]}),
            otio.schema.Clip(f"u{number}"),
            otio.schema.Clip(f"g{number}", otio.schema.GeneratorReference("b", "b"), span(0, 5)),
        ]
    notices = list_clips(saved(timeline(items), tmp_path / "a.otio")).notices
    assert len(notices) < 25
    assert "95 more do not say how long they are, and are left out." in notices
    assert "95 more clips: there is no project of the name that they give." in notices
