"""What works in this installation, what is missing, and how to get it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

import mien
from mien.errors import MissingPartError
from mien.weights.store import models_folder, read_catalogue

__all__ = ["Check", "examine"]

State = Literal["ok", "optional", "missing"]

_EXTRAS = {"scikit-image": "demo", "matplotlib": "demo"}
_ENCODERS = {
    "libx264": "H.264",
    "libx265": "HEVC",
    "prores_ks": "ProRes",
    "dnxhd": "DNxHR",
    "ffv1": "FFV1",
}
_FACE_MODELS = (
    "modules/face_detection/face_detection_full_range_sparse.tflite",
    "modules/face_landmark/face_landmark_with_attention.tflite",
)
_ROOM = 2 << 30
"""Free bytes below which a render of a long clip is likely to fail."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What it is.
        state: `ok`; `optional` when it is absent but not needed; `missing` when it is needed.
        detail: What was found.
        remedy: What to do about it; empty when nothing is to be done.
    """

    name: str
    state: State
    detail: str
    remedy: str = ""

    def to_dict(self) -> dict[str, str]:
        """The check in JSON's types."""
        return asdict(self)


def examine() -> list[Check]:
    """Look at everything that mien needs or can use; nothing is loaded but FFmpeg."""
    return [
        Check("mien", "ok", f"{mien.__version__} at {Path(mien.__file__).parent}"),
        _python(),
        *_packages(),
        *_opencv(),
        *_codecs(),
        _face_models(),
        *_renderers(),
        _models(),
        _temporary(),
        _gpu(),
    ]


def _python() -> Check:
    detail = f"{platform.python_version()} on {platform.platform()}, {os.cpu_count()} cores"
    if (3, 10) <= sys.version_info < (3, 13):
        return Check("python", "ok", detail)
    return Check("python", "missing", detail, "Install Python 3.10, 3.11 or 3.12.")


def _packages() -> Iterator[Check]:
    for requirement in metadata.requires("mien") or ():
        name = _name(requirement)
        if "extra ==" in requirement and name not in _EXTRAS:
            continue
        try:
            yield Check(name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            if name in _EXTRAS:
                extra = _EXTRAS[name]
                remedy = f'pip install "mien[{extra}]"'
                yield Check(name, "optional", f"not installed; for `mien {extra}`:", remedy)
            elif "python_version" not in requirement:
                yield Check(name, "missing", "not installed.", f"pip install {name}")


def _name(requirement: str) -> str:
    end = next((i for i, c in enumerate(requirement) if not (c.isalnum() or c in "-_.")), None)
    return requirement[:end]


def _opencv() -> Iterator[Check]:
    """Several OpenCV packages share one folder: the last one installed wins."""
    found = {}
    for name in ("opencv-python", "opencv-contrib-python", "opencv-python-headless"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    if len(set(found.values())) > 1:
        versions = ", ".join(f"{name} {version}" for name, version in found.items())
        yield Check("opencv", "missing", f"versions that overwrite each other: {versions}.",
                    "Uninstall all of them, then install opencv-contrib-python.")  # fmt: skip


def _codecs() -> Iterator[Check]:
    try:
        import av
    except ImportError as error:
        yield Check("ffmpeg", "missing", f"PyAV cannot be loaded: {error}.", "pip install av")
        return
    yield Check("ffmpeg", "ok", f"{av.ffmpeg_version_info}, in PyAV {av.__version__}")
    absent = [what for name, what in _ENCODERS.items() if name not in av.codecs_available]
    if absent:
        yield Check("encoders", "optional", f"without {', '.join(absent)}", "Use PyPI's av.")
    else:
        yield Check("encoders", "ok", ", ".join(_ENCODERS.values()))


def _face_models() -> Check:
    try:
        package = metadata.distribution("mediapipe").locate_file("mediapipe")
    except metadata.PackageNotFoundError:
        return Check("face models", "missing", "MediaPipe is not installed.", "pip install mien")
    absent = [name for name in _FACE_MODELS if not Path(str(package), name).is_file()]
    if absent:
        return Check("face models", "missing", "MediaPipe's package carries none.",
                     "pip install mediapipe==0.10.21")  # fmt: skip
    return Check("face models", "ok", "in MediaPipe's package")


def _renderers() -> Iterator[Check]:
    from mien.rendering.registry import available, get_renderer

    for name in dict.fromkeys((*available(), "reference")):
        try:
            get_renderer(name)
        except MissingPartError as error:
            yield Check(f"renderer {name}", "optional", error.cause)
        else:
            yield Check(f"renderer {name}", "ok", "ready")


def _models() -> Check:
    catalogue = read_catalogue()
    installed = [model.name for model in catalogue if model.installed]
    detail = f"{len(installed)} of {len(catalogue)} in {models_folder()}"
    return Check("models", "ok" if installed else "optional", detail, "`mien models list`")


def _temporary() -> Check:
    folder = Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free
    detail = f"{free / 2**30:.1f} GiB free in {folder}"
    if free < _ROOM:
        return Check("disk", "optional", detail, "Make room before long renders.")
    return Check("disk", "ok", detail)


def _gpu() -> Check:
    tool = shutil.which("nvidia-smi")
    if tool is not None:
        query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
        try:
            answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)
        except (OSError, subprocess.SubprocessError):
            pass
        else:
            return Check("gpu", "ok", "; ".join(answer.stdout.split("\n")).strip("; "))
    return Check("gpu", "optional", "none found; the embedded renderer needs none")
