"""A test that hangs does not hang the others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]

HANGING = """
import subprocess, sys
from pathlib import Path
import pytest

def test_a_hanging_child():
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as child:
        Path("child").write_text(str(child.pid))
        child.wait()

def test_the_next():
    pass
"""


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["-n0", "-n1"])
def test_a_hanging_child_is_killed_and_the_next_test_runs(tmp_path: Path, workers: str) -> None:
    file = tmp_path / "test_hanging.py"
    file.write_text(HANGING)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "/dev/null", "--rootdir", tmp_path, workers,
         "-p", "tests.timeouts", "-p", "no:cacheprovider", "--timeout=5", file],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "Timeout (>5.0s)" in done.stdout
    assert not psutil.pid_exists(int((tmp_path / "child").read_text()))
