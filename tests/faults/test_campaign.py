"""A small part of the campaign of faults; `python -m tests.faults.campaign` is the whole of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import faulty_calls

ROOT = Path(__file__).parents[2]


def run_campaign(footage: Path, project: Path, *arguments: str) -> None:
    """Run it as a process of its own, which forks: this one has threads."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.campaign", "--clip", footage, "--project", project,
         *arguments], cwd=ROOT, capture_output=True, text=True, timeout=500, check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("nothing") >= 1


def test_no_project_is_lost_to_a_kill(footage: Path, project: Path) -> None:
    run_campaign(footage, project, "save", "autosave", "--kills", "3")


@pytest.mark.slow
def test_no_render_is_lost_to_a_kill(footage: Path, project: Path) -> None:
    run_campaign(footage, project, "render", "costly", "images", "edit", "fetch", "--kills", "2")


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
    run_campaign(footage, project, "--disks", *works, "--tries", "2")
