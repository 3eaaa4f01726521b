"""Footage, a project, and the command line."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mien import api
from mien.demo import make_footage
from mien.io.relink import remember
from mien.media.probe import probe
from tests.command_line import Mien, Run, command, run_here, run_process
from tests.footage import made_once

__all__ = ["Mien", "command"]  # which tests of this folder take from here


@pytest.fixture(scope="session")
def mien() -> Mien:
    """The command line, run in this process; in one of its own where that has other modules."""

    def run(*arguments: object, **environment: str) -> Run:
        start = run_process if "PYTHONPATH" in environment else run_here
        return start(*arguments, **environment)

    return run


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds with a face, 640 x 360; never written to."""

    def make(folder: Path) -> None:
        folder.mkdir()
        make_footage(folder / "footage.mp4", frames=50, size=(640, 360))

    return made_once(tmp_path_factory, "faults-footage", make) / "footage.mp4"


@pytest.fixture(scope="session")
def project(footage: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The footage, tracked; never written to."""

    def make(path: Path) -> None:
        api.save_project(api.track(footage, progress=False), path)

    path = made_once(tmp_path_factory, "faults-footage.mien", make)
    # Notes on where media are belong to a worker, and another one may have tracked this.
    media = probe(footage)
    remember(media.path, media.fingerprint)
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
