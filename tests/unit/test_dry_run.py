"""`mien batch --dry-run`: what is left out, and which clips have no edits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mien.cli.main import run
from tests.cuts import SMILE, clip, saved, timeline
from tests.unit.test_project import write_movie


def test_the_exit_code_is_that_of_the_batch_and_clips_without_edits_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_movie(tmp_path / "there.mov")
    items = [
        clip("there", 0, 10, edit=SMILE),
        clip("plain", 0, 10),
        clip("lost", 0, 10, edit=SMILE),
    ]
    cut = saved(timeline(items), tmp_path / "a.otio")
    words = ["batch", str(cut), "-o", str(tmp_path / "out"), "--dry-run"]
    assert run([*words, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["exit_code"] == 1
    assert told["unedited"] == ["plain"]
    problems = {one["name"]: one["problem"] for one in told["shots"]}
    assert set(problems) == {"there", "lost"}
    assert problems["there"] is None
    assert "lost.mov" in problems["lost"]
    assert run(words) == 1
    rows = capsys.readouterr().out.splitlines()
    assert any(row.startswith("lost") and "left out: " in row for row in rows)
    assert any(row.split() == ["plain", "no", "edits"] for row in rows)
    assert "1 of 2 shots" in rows[-1]
    assert not (tmp_path / "out").exists()
    whole = saved(timeline(items[:2]), tmp_path / "b.otio")
    assert run(["batch", str(whole), "-o", str(tmp_path / "out"), "--dry-run"]) == 0
