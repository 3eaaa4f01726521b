"""Starts workers, watches them, keeps what crashed."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

__all__ = ["Tally", "fuzz"]

_ROUND: Final = 3000
"""Inputs after which a worker is started afresh: what leaks is no crash."""
_SILENT: Final = 90
"""Seconds without a word after which a worker hangs; processor time is its own limit."""
_START: Final = 300
"""Seconds that seeds may take to be made."""


@dataclass
class Tally:
    """What was tried of a target.

    Attributes:
        target: Its name.
        inputs: Inputs read.
        seconds: Time taken, starting of workers included.
        crashes: Crashes by kind and place, with how often and an input of each.
    """

    target: str
    inputs: int = 0
    seconds: float = 0.0
    crashes: dict[str, tuple[int, Path, str]] = field(default_factory=dict)

    def add(self, key: str, path: Path, text: str) -> None:
        """Count a crash."""
        count, first, said = self.crashes.get(key, (0, path, text))
        self.crashes[key] = (count + 1, first, said)

    def line(self) -> str:
        """What is printed of it."""
        speed = self.inputs / self.seconds if self.seconds else 0
        found = sum(count for count, _, _ in self.crashes.values())
        return (
            f"{self.target:18} {self.inputs:9,} inputs {self.seconds / 60:7.1f} min"
            f" {speed:8.1f} inputs/s {found:5} crashes, {len(self.crashes)} kinds"
        )


def fuzz(
    target: str,
    seed: int,
    *,
    seconds: float = 0.0,
    count: int = 0,
    keep: Path,
    tell: Callable[[str], object] = lambda line: None,
) -> Tally:
    """Read inputs of a target for some time, or some number of them.

    Args:
        target: Its name.
        seed: Of chance.
        seconds: How long; 0 for as many as `count` says.
        count: How many inputs; 0 for as long as `seconds` says.
        keep: Folder in which inputs of crashes are kept.
        tell: Told of every new kind of crash.
    """
    tally, start, first = Tally(target), time.monotonic(), 0
    while (not count or first < count) and (not seconds or tally.seconds < seconds):
        most = min(_ROUND, count - first) if count else _ROUND
        until = start + seconds if seconds else float("inf")
        with tempfile.TemporaryDirectory(prefix="mien-fuzz-") as folder:
            first = _round(tally, seed, range(first, first + most), until, Path(folder), keep, tell)
        tally.seconds = time.monotonic() - start
    return tally


def _round(
    tally: Tally, seed: int, numbers: range, until: float, folder: Path, keep: Path,
    tell: Callable[[str], object],
) -> int:  # fmt: skip
    """One worker's life; the number at which the next one goes on."""
    command = [sys.executable, "-m", "tests.fuzz.worker", tally.target, str(seed),
               str(numbers.start), str(len(numbers)), str(folder)]  # fmt: skip
    home = {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("STATE", "CACHE", "CONFIG")}
    environment = os.environ | home | {"MIEN_MODELS": str(folder / "models"), "TMPDIR": str(folder)}
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=environment,
        stderr=(folder / "stderr").open("w"), start_new_session=True,
    ) as worker:  # fmt: skip
        assert worker.stdout is not None
        reached, ready, ended = numbers.start, False, False
        buffer = ""
        while time.monotonic() < until:
            wait = _SILENT if ready else _START
            if not select.select([worker.stdout], [], [], wait)[0]:
                worker.send_signal(signal.SIGXCPU)
                break
            more = os.read(worker.stdout.fileno(), 1 << 16).decode()
            if not more:
                break
            *lines, buffer = (buffer + more).split("\n")
            for line in lines:
                if line in ("ready", "done"):
                    ready, ended = True, line == "done"
                elif line.startswith("{"):
                    _note(tally, json.loads(line), seed, reached, folder, keep, tell)
                else:
                    reached = int(line)
                    tally.inputs += 1
        else:
            os.killpg(worker.pid, signal.SIGKILL)
            return reached + 1
        code = worker.wait()
    if not ready:
        raise RuntimeError(f"{tally.target} did not start: {(folder / 'stderr').read_text()}")
    if ended:
        return numbers.stop
    _note(tally, _death(code, folder), seed, reached, folder, keep, tell)
    return reached + 1


def _death(code: int, folder: Path) -> dict[str, Any]:
    traces = (folder / "traces").read_text()
    kind = "hang" if code == -signal.SIGXCPU else f"died({code})"
    own = next((line for line in traces.splitlines() if "/mien/" in line), "?")
    where = own.strip().rpartition("/")[2] if own != "?" else "?"
    errors = (folder / "stderr").read_text()[-1500:]
    return {"kind": kind, "where": where, "text": traces[:3000] + errors}


def _note(
    tally: Tally, crash: dict[str, Any], seed: int, number: int, folder: Path, keep: Path,
    tell: Callable[[str], object],
) -> None:  # fmt: skip
    key = f"{crash['kind']} at {crash['where']}"
    new = key not in tally.crashes
    path = tally.crashes[key][1] if not new else keep
    if new:
        # Made again from its number: the worker goes on meanwhile.
        path = keep / tally.target / f"seed-{seed}-input-{number}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        facts = {"target": tally.target, "seed": seed, "number": number, **crash}
        path.write_text(json.dumps(facts, indent=1))
        tell(f"{tally.target}: {key}: {path}")
    tally.add(key, path, crash["text"])
