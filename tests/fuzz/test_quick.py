"""A little of the fuzzing, with seeds that stay the same: whatever is read, nothing dies."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.mutate import mutate
from tests.fuzz.targets import TARGETS
from tests.fuzz.worker import chance_of

SLOW = ("curves-usd", "flame", "safetensors", "catalogue", "cuts-aaf", "serve")
"""What needs processes or threads of its own, torch, or long."""


def endure(targets: list[str], count: int, folder: Path) -> None:
    """Read inputs of targets in one process with limits: it lives, and says of no crash."""
    work = folder / "work"
    work.mkdir()
    home = {f"XDG_{name}_HOME": str(work / name) for name in ("STATE", "CACHE", "CONFIG")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.worker", ",".join(targets), "18", "0", str(count),
         str(work)],
        env=os.environ | home | {"TMPDIR": str(work)}, capture_output=True, text=True,
    )  # fmt: skip
    traces = (work / "traces").read_text()
    crashes = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert not crashes, crashes[0]
    assert done.returncode == 0, f"{done.stdout[-200:]}\n{traces}\n{done.stderr[-2000:]}"
    assert done.stdout.endswith("done\n")


def test_a_few_inputs_of_all_that_is_read_quickly(tmp_path: Path) -> None:
    endure([name for name in TARGETS if name not in SLOW], 3, tmp_path)


@pytest.mark.slow
def test_more_inputs_of_everything(tmp_path: Path) -> None:
    endure([name for name in TARGETS if name != "curves-usd"], 25, tmp_path)


def test_the_same_chance_does_the_same_harm() -> None:
    for data in (b'{"a": [1, 2, {"b": "c"}]}', b"TITLE: x\n001 A V C\n", bytes(range(200))):
        made = [mutate(data, chance_of("t", 3, number)) for number in range(20)]
        assert made == [mutate(data, chance_of("t", 3, number)) for number in range(20)]
        assert len(set(made)) > 10
