"""What reports progress, and to whom."""

from __future__ import annotations

import sys

import pytest

from mien.errors import OperationCancelledError
from mien.progress import progress_reporter, report_each, silent


def test_a_function_is_reported_to_as_it_is() -> None:
    with progress_reporter(silent) as report:
        assert report is silent


@pytest.mark.parametrize("progress", [True, False])
def test_without_a_terminal_nothing_is_shown(
    progress: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with progress_reporter(progress) as report:
        report("track", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_each_stage_has_a_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress_reporter(True) as report:
        report("track", 1, 2)
        report("solve", 2, 2)
    shown = capsys.readouterr().err
    assert "track" in shown
    assert "solve" in shown


def test_items_are_reported_when_they_are_done_with() -> None:
    seen: list[object] = []
    for item in report_each("ab", lambda *step: seen.append(step), "spell", 2):
        seen.append(item)
    assert seen == ["a", ("spell", 1, 2), "b", ("spell", 2, 2)]


def test_a_callback_stops_the_work() -> None:
    done: list[int] = []

    def stop(stage: str, count: int, total: int) -> None:
        if count == 2:
            raise OperationCancelledError()

    with pytest.raises(OperationCancelledError, match="Stopped"):
        done.extend(report_each(range(5), stop, "count", 5))
    # What asked for the third item had already taken two.
    assert len(done) <= 2
