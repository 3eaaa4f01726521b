"""Batches that measure what they rendered: pages, figures, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mien.cli.main import run
from mien.cli.report import BEYOND
from mien.jobs.yaml import read_jobs
from mien.model.report_choice import ReportChoice
from tests.reports import edited_project

Capture = pytest.CaptureFixture[str]


@pytest.mark.slow
def test_a_batch_measures_its_shots_once(
    talk_360p: Path, tracked_360p: Path, tmp_path: Path, capsys: Capture
) -> None:
    edited_project(talk_360p, tracked_360p, tmp_path / "shot.mien")
    (tmp_path / "strict.json").write_text('{"curves.gain": {"least": 99}}')
    (tmp_path / "jobs.yaml").write_text(
        "fail_under: strict.json\nshots:\n"
        "  - {name: sh010, project: shot.mien, frames: '8:15', lossless: true,"
        " set: [jawLeft=+0.4]}\n"
    )
    folder = tmp_path / "renders"
    command = ["batch", str(tmp_path / "jobs.yaml"), "-o", str(folder), "--json"]
    command += ["--workers", "1", "--renderer", "warp"]
    assert run(command) == BEYOND
    told = json.loads(capsys.readouterr().out)
    assert told["exit_code"] == BEYOND
    assert told["beyond_thresholds"] == ["sh010"]
    measured = told["shots"][0]["measured"]
    assert "curves.gain" in measured["failed"]
    figures = json.loads((folder / measured["data"]).read_text())
    assert figures["frames"] == [8, 15]
    assert figures["rendered"]["renderer"] == "warp"
    # What the list asks on top of the project counts as asked.
    assert set(figures["faces"][0]["curves"]) == {"jawOpen", "browInnerUp", "jawLeft"}
    assert [one["name"] for one in figures["edits"][0]["layers"]][1:] == ["batch"]
    exact = next(one for one in figures["figures"] if one["name"] == "outside.changed")
    assert exact["value"] == 0
    assert "measured: " in (folder / "index.html").read_text()

    # What was measured is not measured again.
    page = folder / measured["page"]
    made = page.stat().st_mtime_ns
    assert run(command) == BEYOND
    assert page.stat().st_mtime_ns == made


class TestLists:
    def choices(self, tmp_path: Path, text: str, given: ReportChoice) -> list[ReportChoice]:
        path = tmp_path / "jobs.yaml"
        path.write_text(text)
        return [job.report for job in read_jobs(path, reports=given)]

    def test_a_shot_says_more_than_the_command_than_the_file(self, tmp_path: Path) -> None:
        text = (
            "report: yes\nfail_under: a.json\nshots:\n"
            "  - {media: a.mov, set: [jawOpen=1]}\n"
            "  - {media: b.mov, set: [jawOpen=1], report: no}\n"
            "  - {media: c.mov, set: [jawOpen=1], fail_under: c.json}\n"
        )
        plain, left_out, own = self.choices(tmp_path, text, ReportChoice())
        assert plain == ReportChoice(True, tmp_path / "a.json")
        assert not left_out.measures
        assert own.thresholds == tmp_path / "c.json"
        given = ReportChoice(None, Path("given.json"))
        plain, _, own = self.choices(tmp_path, text, given)
        assert plain.thresholds == Path("given.json")
        assert own.thresholds == tmp_path / "c.json"

    def test_thresholds_alone_ask_for_a_report(self) -> None:
        assert ReportChoice(None, Path("a.json")).measures
        assert not ReportChoice().measures


@pytest.mark.parametrize("option", [["--fail-under", "none.json"], ["--fail-under", "jobs.yaml"]])
def test_thresholds_that_cannot_be_read_stop_a_batch_before_it_begins(
    option: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("jobs.yaml").write_text("shots:\n  - {media: a.mov, set: [jawOpen=1]}\n")
    assert run(["batch", "jobs.yaml", "-o", "renders", *option]) == 3
    assert capsys.readouterr().err.count("\n") == 1
    assert not Path("renders").exists()
