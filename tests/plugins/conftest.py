"""Somebody else's packages, installed where the processes of a test look."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

import mien
from mien import plugins
from mien._types import AnyArray
from mien.demo import make_footage
from mien.face.rig import load_rig
from mien.media.probe import probe
from tests.faces import make_face
from tests.plugins import installed_plugin, lay_out

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


FRAMES = 6
CHEEKS = (50, 280)
ROOT = Path(__file__).parents[2]
EXAMPLE = Path(__file__).parent / "renderer_example"
BROKEN = {
    "absent": "import a_package_that_nobody_has\n",
    "shapeless": "class It:\n    api_version = 1\n    name = 'shapeless'\n",
    "half": "import mien\nclass It(mien.Renderer):\n    api_version = 1\n    name = 'half'\n",
    "newer": "class It:\n    api_version = 99\n    name = 'newer'\n    def open(self): ...\n",
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of installed packages: the example, and renderers that cannot be used."""
    from tests.plugins import lay_out

    folder = installed_plugin(EXAMPLE, tmp_path / "site")
    entries = {name: f"mien_{name}:It" for name in BROKEN} | {"warp": "mien_shapeless:It"}
    modules = {f"mien_{name}": text for name, text in BROKEN.items()}
    return lay_out(folder, "mien-broken", {"mien.renderers": entries}, modules)


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The packages installed, for this process and those that it starts."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), str(ROOT)]))
    monkeypatch.syspath_prepend(site)
    plugins.reset()
    yield site
    plugins.reset()
    for name in ("mien_blush", *(f"mien_{name}" for name in BROKEN)):
        sys.modules.pop(name, None)


@pytest.fixture
def project(tmp_path: Path) -> mien.Project:
    """A face that smiles in frames 2 to 4 of a grey film; it was never tracked."""
    film = tmp_path / "film.mkv"
    with av.open(str(film), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv444p"
        for _ in range(FRAMES):
            grey = np.full((48, 64, 3), 128, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode())
    face = make_face(FRAMES)
    face.identity[:] = load_rig().mean
    face.landmarks[..., :2] = (32, 24)
    face.landmarks[:, :468, :2] += 2 * face.identity[:, :2] * (1, -1)
    face.landmarks[:, CHEEKS, :2] = ((20, 24), (44, 24))
    facts = probe(film)
    shot = mien.Shot(facts, (replace(face, clock=facts.clock),))
    edit = mien.Edit(shot.faces[0])
    for frame, value in ((1, 0.0), (2, 1.0), (4, 1.0), (5, 0.0)):
        edit = edit.key("mouthSmile", frame, value, interpolation="linear")
    return mien.Project(shot, (edit,))


@pytest.fixture
def saved(project: mien.Project, tmp_path: Path) -> Path:
    """The project as a file, with settings of the example's."""
    path = tmp_path / "film.mien"
    mien.save_project(project.with_settings("blush", {"amount": 0.5, "colour": "green"}), path)
    return path


def colour_of(path: Path, frame: int = 3) -> AnyArray:
    """Colour of the picture's middle, R, G, B in 0..255."""
    with av.open(str(path)) as container:
        pictures = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    middle: AnyArray = pictures[frame][22:26, 30:34].reshape(-1, 3).mean(axis=0)
    return middle - 128
