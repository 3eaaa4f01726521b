"""What a batch keeps of a measurement is believed only where all of it is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mien.jobs.journal import ShotJournal

KEPT: dict[str, Any] = {
    "page": "a.html", "data": "a.json", "passed": True, "failed": [], "problem": None,
}  # fmt: skip


def test_it_is_read_as_it_was_kept(tmp_path: Path) -> None:
    journal = ShotJournal(tmp_path, "sh010")
    assert journal.report("key") is None
    journal.keep_report("key", KEPT)
    assert journal.report("key") == KEPT
    assert journal.report("another") is None


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[" * 100_000,
        json.dumps({"key": "key", "report": {"failed": []}}),
        json.dumps({"key": "key", "report": KEPT | {"page": None}}),
        json.dumps({"key": "key", "report": [1]}),
    ],
    ids=["cut", "deep", "parts", "no page", "list"],
)
def test_a_damaged_one_counts_for_nothing(tmp_path: Path, content: str) -> None:
    journal = ShotJournal(tmp_path, "sh010")
    journal.keep_report("key", KEPT)
    (journal.folder / "report.json").write_text(content)
    assert journal.report("key") is None
