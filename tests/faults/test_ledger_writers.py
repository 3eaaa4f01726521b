"""Many processes write into one ledger, and some of them are killed: it stays whole."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import mien
from mien.consent.ledger import Ledger, head_file
from tests.profiles import PROFILE

KILLS = 60 if PROFILE == "nightly" else 8
"""How many writers are killed."""

if sys.platform == "win32":
    pytest.skip("kills and limits are those of POSIX", allow_module_level=True)

pytestmark = pytest.mark.slow


def writer(path: Path, name: str, lines: int, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.faults.ledger_writer", str(path), name, str(lines)]
    return subprocess.Popen([*command, *more], stdout=subprocess.PIPE, text=True, env=os.environ)


def said(process: subprocess.Popen[str]) -> list[str]:
    return process.communicate()[0].split()


def test_writers_take_turns_and_kills_cost_at_most_their_own_line(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    rng = random.Random(18)
    steady = [writer(path, f"steady {i}", 30) for i in range(2)]
    acknowledged: list[str] = []
    for number in range(KILLS):
        doomed = writer(path, f"doomed {number}", 10**6)
        assert doomed.stdout is not None
        first = doomed.stdout.readline()
        time.sleep(rng.uniform(0, 0.05))
        doomed.send_signal(signal.SIGKILL)
        acknowledged += [first.strip(), *said(doomed)]
    for process in steady:
        lines = said(process)
        assert len(lines) == 30
        acknowledged += lines
    Ledger(path).append({"what": "render", "project": "the last"})
    report = mien.verify_ledger(path)
    assert report.valid, report.problems
    entries = [json.loads(line) for line in path.read_text().splitlines() if line.endswith('"}')]
    there = {f"{entry['number']}:{entry['hash']}" for entry in entries}
    # Whatever was said to be written is there; kills may have left one line more each.
    whole = {line for line in acknowledged if len(line.partition(":")[2]) == 64}
    assert whole <= there
    assert report.entries <= len(whole) + KILLS + 1


def test_a_full_disk_leaves_the_ledger_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    Ledger(path).append({"what": "render"})
    (problem,) = [line for line in writer(path, "full", 9, "8000").communicate()[0].splitlines()
                  if "cannot be written" in line]  # fmt: skip
    assert str(path) in problem
    report = mien.verify_ledger(path)
    assert (report.valid, report.entries, report.notes) == (True, 3, ())
    assert path.stat().st_size < 8000
    assert Ledger(path).append({"what": "render"}).number == 4


def test_a_kill_between_line_and_head_is_no_cut(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    Ledger(path).append({"what": "render"})
    head = head_file(path).read_bytes()
    Ledger(path).append({"what": "render"})
    head_file(path).write_bytes(head)
    report = mien.verify_ledger(path)
    assert report.valid
    assert "behind the last line" in report.notes[0]
    Ledger(path).append({"what": "render"})
    assert not mien.verify_ledger(path).notes
