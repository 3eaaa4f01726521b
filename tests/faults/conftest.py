"""Footage, a project, and the command line as a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mien import api
from mien.demo import make_footage


@dataclass(frozen=True)
class Run:
    """A finished run of the command line."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """Standard output, which holds one object and nothing else."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    def refused(self, code: int, *words: str) -> None:
        """It ended with that code and one line of error that says these words."""
        assert self.code == code, self.err
        assert self.out == ""
        said = [line for line in self.err.splitlines() if not PROGRESS.match(line)]
        assert len(said) == 1
        assert said[0].startswith("mien: error: ")
        assert "Traceback" not in self.err
        for word in words:
            assert word in self.err


Mien = Callable[..., Run]
PROGRESS = re.compile(r"\w+ +\d+ %  ")
"""A line about progress, of which there are some where a machine is slow."""


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "mien", *map(str, arguments)]


@pytest.fixture(scope="session")
def mien() -> Mien:
    def run(*arguments: object, **environment: str) -> Run:
        done = subprocess.run(
            command(*arguments), capture_output=True, text=True, timeout=300, check=False,
            env={**os.environ, **environment},
        )  # fmt: skip
        return Run(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds with a face, 640 x 360; never written to."""
    folder = tmp_path_factory.mktemp("footage")
    return make_footage(folder / "footage.mp4", frames=50, size=(640, 360))


@pytest.fixture(scope="session")
def project(footage: Path) -> Path:
    """The footage, tracked; never written to."""
    path = footage.with_name("footage.mien")
    api.save_project(api.track(footage), path)
    return path


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 kB."""
    yield from _mounted(tmp_path / "disk", "size=300k")


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system that cannot be written to, not even by root."""
    yield from _mounted(tmp_path / "disk", "ro")


def _mounted(place: Path, options: str) -> Iterator[Path]:
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)
