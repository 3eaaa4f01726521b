"""How much a command says: --verbose, --quiet, --log, progress where there is no terminal."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from mien.cli import main
from mien.cli.exit_codes import EXIT_CODES
from mien.cli.main import run
from mien.cli.option_names import options_of_commands
from mien.cli.report import BEYOND
from mien.errors import MienError
from mien.progress import ProgressDisplay, ProgressLines, progress_reporter, set_progress_display
from tests.unit.test_project import write_movie

Capture = pytest.CaptureFixture[str]
ROOT = Path(__file__).parents[2]
DATED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} (INFO|DEBUG|ERROR) ")


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_movie(tmp_path_factory.mktemp("messages") / "x.mp4")


def render(movie: Path, output: Path, *options: str) -> int:
    return run(["render", str(movie), "-o", str(output), *options])


@pytest.mark.parametrize("path", sorted(options_of_commands()))
def test_every_command_has_the_options(path: str) -> None:
    assert {"--verbose", "-v", "--quiet", "-q", "--log"} <= options_of_commands()[path]


def test_quiet_says_nothing_but_errors(movie: Path, tmp_path: Path, capsys: Capture) -> None:
    output = tmp_path / "y.mp4"
    assert render(movie, output, "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    assert render(movie, output, "-q") == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("mien: error: ")
    assert "exists already" in told.err


def test_quiet_keeps_what_was_asked_for(movie: Path, capsys: Capture) -> None:
    assert run(["probe", str(movie), "--quiet"]) == 0
    assert "h264" in capsys.readouterr().out
    assert run(["probe", str(movie), "--quiet", "--json"]) == 0
    assert capsys.readouterr().out.startswith("{")


def test_verbose_says_each_step_beside_the_result(
    movie: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert render(movie, tmp_path / "y.mp4", "--verbose") == 0
    told = capsys.readouterr()
    assert told.out.startswith("wrote ")
    assert "render frames 0:" in told.err
    assert "render is done after" in told.err
    assert "wrote " not in told.err
    assert not [one for one in logging.getLogger("mien").handlers
                if not isinstance(one, logging.NullHandler)]  # fmt: skip


def test_quiet_and_verbose_contradict_each_other(capsys: Capture) -> None:
    assert run(["controls", "--quiet", "--verbose"]) == 2
    assert "--quiet says less and --verbose more" in capsys.readouterr().err


def test_a_log_is_appended_with_times_results_and_errors(
    movie: Path, tmp_path: Path, capsys: Capture
) -> None:
    log, output = tmp_path / "a.log", tmp_path / "y.mp4"
    assert render(movie, output, "--quiet", "--log", str(log)) == 0
    first = log.read_text()
    assert render(movie, output, "--log", str(log), "--verbose") == 2
    lines = log.read_text().splitlines()
    assert "\n".join(lines).startswith(first.rstrip())
    assert DATED.match(lines[0])
    assert "mien render" in lines[0]
    assert any("wrote " in line for line in lines)
    assert any("ERROR" in line and "exists already" in line for line in lines)
    assert any("exit code 2" in line for line in lines)
    assert any("mien 0" in line and "DEBUG" in line for line in lines)
    assert "DEBUG" not in first


def test_a_bug_leaves_its_traceback_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("mien.doctor.examine", broken)
    assert run(["doctor", "--log", str(tmp_path / "a.log")]) == 1
    assert "Traceback" not in capsys.readouterr().err
    text = (tmp_path / "a.log").read_text()
    assert "Traceback (most recent call last)" in text
    assert "ZeroDivisionError: by nothing" in text


@pytest.mark.parametrize("kind", ["source", "output", "movie", "folder", "nowhere"])
def test_a_log_that_is_another_file_is_refused(
    movie: Path, tmp_path: Path, kind: str, capsys: Capture
) -> None:
    before, other = movie.read_bytes(), tmp_path / "other.mp4"
    other.write_bytes(before)
    log = {"source": movie, "output": tmp_path / "y.mp4", "movie": other, "folder": tmp_path,
           "nowhere": tmp_path / "no" / "a.log"}[kind]  # fmt: skip
    if kind == "output":
        log.write_text("mine")
    code = render(movie, tmp_path / "y.mp4", "--overwrite", "--log", str(log))
    assert code == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert movie.read_bytes() == other.read_bytes() == before
    assert not (tmp_path / "y.mp4").exists() or (tmp_path / "y.mp4").read_text() == "mine"


class Watch:
    """A clock that goes on when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr("mien.progress.time.monotonic", lambda: self.now)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


def test_lines_come_once_a_second_at_most(watch: Watch) -> None:
    lines: list[str] = []
    report = ProgressLines(lines.append)
    for done in range(101):
        report("render", done, 100)
        watch.now += 0.25
    assert 24 <= len(lines) <= 27
    assert lines[0] == "render   4 %  4 of 100 frames, 4.0/s, 24 s left"
    assert lines[-1].startswith("render 100 %  100 of 100 frames, 4.0/s")


def test_quick_work_says_nothing_and_each_stage_begins_anew(watch: Watch) -> None:
    lines: list[str] = []
    report = ProgressLines(lines.append)
    for stage in ("track", "solve", "track"):
        for done in (0, 5, 10):
            report(stage, done, 10)
            watch.now += 0.3
    assert not lines
    report("index", 0, 0)
    watch.now += 2
    report("index", 1, 0)
    assert lines == ["index 100 %  1 of 0, 0.5/s"]


def test_bytes_are_in_megabytes(watch: Watch) -> None:
    lines: list[str] = []
    report = ProgressLines(lines.append, unit="bytes")
    report("fetch", 0, 4_000_000)
    watch.now += 2
    report("fetch", 1_000_000, 4_000_000)
    assert lines == ["fetch  25 %  1.0 of 4.0 MB, 6 s left"]


def test_a_piped_command_has_lines_and_a_library_call_none(watch: Watch) -> None:
    lines: list[str] = []
    for display in (ProgressDisplay(lines=lines.append), ProgressDisplay()):
        set_progress_display(display)
        with progress_reporter(True) as report:
            report("render", 0, 10)
            watch.now += 2
            report("render", 5, 10)
    assert lines == ["render  50 %  5 of 10 frames, 2.5/s, 2 s left"]


def codes_of(error: type[MienError]) -> set[int]:
    return {error.exit_code}.union(*(codes_of(one) for one in error.__subclasses__()))


def test_exit_codes_are_those_of_errors_of_the_docs_and_of_help(capsys: Capture) -> None:
    assert set(EXIT_CODES) == codes_of(MienError) | {0, BEYOND}
    text = (ROOT / "docs" / "command-line.md").read_text()
    rows = re.findall(r"^\| (\d) \| (.*?) \|", text, re.MULTILINE)
    assert {int(code): says for code, says in rows} == EXIT_CODES
    for arguments in (["--help"], ["render", "--help"], ["models", "--help"]):
        assert main.run(arguments) == 0
        told = " ".join(capsys.readouterr().out.split())
        assert all(f"{code} {says}" in told for code, says in EXIT_CODES.items())
