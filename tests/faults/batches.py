"""Batches as processes, to be killed; and a Dask cluster to run them on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.conftest import command
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
CHUNK = 7
WAIT = 0.03


@dataclass
class Batch:
    """One batch that can be started again and again."""

    folder: Path
    media: Path
    project: Path | None = None
    renderer: str = "slow"
    wait: float = WAIT
    texts: tuple[str, ...] = ("mouthSmile=+0.4@2:24",)
    frames: str = "0:26"
    workers: int = 2
    environment: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    """Further fields of the shot."""

    @property
    def log(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.log")

    @property
    def output(self) -> Path:
        return self.folder / f"shot{self.media.suffix}"

    def arguments(self, *options: object) -> list[str]:
        jobs = self.folder.with_name(f"{self.folder.name}.yaml")
        shot: dict[str, Any] = {"name": "shot", "set": list(self.texts), "frames": self.frames}
        shot |= {"media": str(self.media)}
        if self.project is not None:
            shot |= {"project": str(self.project)}
        shot |= self.more
        jobs.write_text(json.dumps({"renderer": self.renderer, "shots": [shot]}))
        # A cluster that is there already has its own workers.
        workers = () if "--address" in options else ("--workers", self.workers)
        return command("batch", jobs, "-o", self.folder, "--chunk", CHUNK, *workers, *options)

    def variables(self) -> dict[str, str]:
        return {**os.environ, **workers_path(self.log, self.wait), **self.environment}

    def start(self, *options: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.arguments(*options), env=self.variables(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heed_ctrl_c,
        )  # fmt: skip

    def run(self, *options: object, code: int = 0) -> dict[str, Any]:
        process = self.start("--json", *options)
        out, err = process.communicate(timeout=180)
        assert process.returncode == code, err
        found = json.loads(out)
        assert isinstance(found, dict)
        return found

    def made(self) -> list[int]:
        """Frames that were begun, in all runs."""
        return [frame for _, frame in self.begun()]

    def begun(self) -> list[tuple[int, int]]:
        """Processes and the frames that they began."""
        if not self.log.exists():
            return []
        lines = [line.split() for line in self.log.read_text().splitlines()]
        return [(int(line[0]), int(line[1])) for line in lines if len(line) == 2]

    def wait_for(self, frames: int, process: subprocess.Popen[str]) -> None:
        """Until that many more frames have been begun."""
        wanted = len(self.begun()) + frames
        wait_until(lambda: len(self.begun()) >= wanted, process=process)


def heed_ctrl_c() -> None:
    """Shells let what they start in the background ignore it, and so would the batch."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def workers_path(log: Path, wait: float) -> dict[str, str]:
    """Variables with which every process finds the test renderers installed."""
    # What the tests themselves were told to import holds for their processes.
    places = [str(ROOT / "tests" / "workers"), str(ROOT), *filter(None, [os.getenv("PYTHONPATH")])]
    return {
        "PYTHONPATH": os.pathsep.join(places),
        "MIEN_TEST_LOG": str(log),
        "MIEN_TEST_WAIT": str(wait),
    }


def alive(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)


@dataclass
class Cluster:
    """A Dask cluster of processes."""

    environment: dict[str, str]
    port: int = 0
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def start_scheduler(self) -> None:
        if not self.port:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
        self.scheduler = self._dask(
            "scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"
        )

    def start_worker(self, *options: str) -> subprocess.Popen[bytes]:
        worker = self._dask(
            "worker", self.address, "--nthreads", "1", "--no-dashboard", "--no-nanny",
            "--memory-limit", "0", "--host", "127.0.0.1", *options,
        )  # fmt: skip
        self.workers.append(worker)
        return worker

    def stop(self) -> None:
        for process in [*self.workers, self.scheduler]:
            if process is not None and process.poll() is None:
                process.kill()
            if process is not None:
                process.wait()
        self.workers.clear()
        self.scheduler = None

    def _dask(self, kind: str, *options: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + kind, *options],
            env={**os.environ, **self.environment}, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip


@contextmanager
def cluster(batch: Batch, workers: int = 2) -> Iterator[Cluster]:
    made = Cluster(batch.variables())
    made.start_scheduler()
    try:
        for _ in range(workers):
            made.start_worker()
        yield made
    finally:
        made.stop()
