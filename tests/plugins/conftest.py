"""Somebody else's packages, installed where the processes of a test look."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mien import plugins
from mien.demo import make_footage
from tests.plugins import lay_out

HERE = Path(__file__).parent

BAD_TRACKERS = {
    "importless": "import a_package_that_nobody_has",
    "shapeless": "class Tracker:\n    name, version, api_version = 'shapeless', 1, 1",
    "futuristic": "class Tracker:\n    name, version, api_version = 'futuristic', 1, 99\n"
    "    def track(self, reader, *, max_faces=10, progress=None): ...",
    "raising": "class Tracker:\n    name, version, api_version = 'raising', 1, 1\n"
    "    def track(self, reader, *, max_faces=10, progress=None):\n"
    "        raise RuntimeError('the camera is upside down')",
    "rambling": "class Tracker:\n    name, version, api_version = 'rambling', 1, 1\n"
    "    def track(self, reader, *, max_faces=10, progress=None):\n        return [1, 2, 3]",
    "mediapipe": "class Tracker:\n    name, version, api_version = 'mediapipe', 1, 1\n"
    "    def track(self, reader, *, max_faces=10, progress=None): ...",
}
"""Modules of trackers that cannot be used, by name."""


@pytest.fixture(scope="session")
def tracker_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example tracker as pip installs it, and beside it packages of bad ones."""
    folder = tmp_path_factory.mktemp("plugins")
    source = tmp_path_factory.mktemp("source") / "package"
    shutil.copytree(HERE / "tracker_example", source)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    where = ["--no-build-isolation", "--disable-pip-version-check", "--target", str(folder)]
    subprocess.run([*pip, *where, str(source)], check=True, capture_output=True, timeout=120)
    for name, text in BAD_TRACKERS.items():
        entries = {"mien.trackers": {name: f"bad_{name}:Tracker"}}
        lay_out(folder, f"bad-{name}", entries, {f"bad_{name}": text})
    return folder


@pytest.fixture
def trackers_installed(tracker_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The packages, seen by this process and by those that it starts."""
    paths = [str(tracker_folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    monkeypatch.syspath_prepend(tracker_folder)
    plugins.reset()
    yield tracker_folder
    plugins.reset()


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second of a face, 320 x 180; never written to."""
    folder = tmp_path_factory.mktemp("footage")
    return make_footage(folder / "footage.mp4", frames=12, size=(320, 180))
