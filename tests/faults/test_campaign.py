"""A small part of the campaign of faults; `python -m tests.faults.campaign` is the whole of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import faulty_calls
from tests.faults.works import WORKS

ROOT = Path(__file__).parents[2]


def run_campaign(footage: Path, project: Path, works: list[str], *options: str) -> None:
    """Run it as a process of its own, which forks: this one has threads."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.campaign", "--clip", footage, "--project", project,
         *works, *options], cwd=ROOT, capture_output=True, text=True, timeout=500, check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line for line in done.stdout.splitlines() if line and not line.startswith(" ")]
    named = [work.name for work in WORKS if work.name in works]
    assert [row.split()[0] for row in rows[1:]] == named
    assert all(row.endswith("  nothing") for row in rows[1:])


def test_no_project_is_lost_to_a_kill(footage: Path, project: Path) -> None:
    run_campaign(footage, project, ["save", "autosave"], "--kills", "3")


@pytest.mark.slow
def test_no_render_is_lost_to_a_kill(footage: Path, project: Path) -> None:
    works = ["render", "costly", "images", "edit", "fetch"]
    run_campaign(footage, project, works, "--kills", "2")


@pytest.mark.skipif(faulty_calls.library() is None, reason="no C compiler: disks cannot fail")
@pytest.mark.parametrize(
    "works",
    [
        ["save", "expressions"],
        pytest.param(["render", "library", "autosave", "edit"], marks=pytest.mark.slow),
    ],
    ids=["projects", "renders"],
)
def test_a_disk_that_fails_is_named_and_costs_nothing(
    footage: Path, project: Path, works: list[str]
) -> None:
    run_campaign(footage, project, works, "--disks", "--tries", "2")
