"""AAF with many odd parts: each is counted, and the list of notices stays short."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aaf2

from tests.unit.test_cut_aaf import HOUR, Show, listed


def test_parts_without_names_are_counted(tmp_path: Path) -> None:
    def build(made: Show) -> list[Any]:
        lost = [
            made.file.create.SourceClip(0, 24, aaf2.mobid.MobID.new(), 1, "picture")
            for _ in range(20)
        ]
        return [*lost, made.shot("a", 0, 48)]

    listing = listed(tmp_path, build)
    assert [(one.name, one.record_start) for one in listing.clips] == [("a", HOUR + 480)]
    (notice,) = listing.notices
    assert "what it shows is not in the file (20 times)." in notice


def test_titles_between_are_one_notice(tmp_path: Path) -> None:
    def build(made: Show) -> list[Any]:
        titles = [made.operation(f"Title {number}", 24, count=0) for number in range(12)]
        return [*titles, made.filler(12), made.shot("a", 0, 48)]

    listing = listed(tmp_path, build)
    assert [(one.name, one.record_start) for one in listing.clips] == [("a", HOUR + 300)]
    (notice,) = listing.notices
    assert "Title 0, Title 1, Title 2, Title 3 and 8 more: made by the editor" in notice
