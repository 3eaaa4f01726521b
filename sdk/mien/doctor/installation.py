"""Python, the packages of the base, OpenCV, FFmpeg and the models inside MediaPipe's package."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import mien
from mien.doctor.check import Check, version_of

__all__ = ["check_installation"]

_EXTRAS = {
    "scikit-image": ("demo", "`mien demo`"),
    "matplotlib": ("demo", "`mien demo`"),
    "usd-core": ("scenes", "curves as USD"),
}
"""By package the extra that installs it, and what it is for."""
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


def check_installation() -> Iterator[Check]:
    """Look at what the embedded renderer and everything else stands on."""
    yield Check("mien", "ok", f"{mien.__version__} at {Path(mien.__file__).parent}")
    yield _python()
    yield from _packages()
    yield from _opencv()
    yield from _codecs()
    yield _face_models()


def _python() -> Check:
    detail = f"{platform.python_version()} on {platform.platform()}, {os.cpu_count()} cores"
    if (3, 10) <= sys.version_info < (3, 13):
        return Check("python", "ok", detail)
    return Check("python", "missing", detail, "Install Python 3.10, 3.11 or 3.12.")


def _packages() -> Iterator[Check]:
    listed = set()
    for requirement in metadata.requires("mien") or ():
        name = _name(requirement)
        # What several extras need is required as often.
        if name in listed or ("extra ==" in requirement and name not in _EXTRAS):
            continue
        listed.add(name)
        try:
            yield Check(name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            if name in _EXTRAS:
                extra, use = _EXTRAS[name]
                remedy = f'pip install "mien[{extra}]"'
                yield Check(name, "optional", f"not installed; for {use}:", remedy)
            elif "python_version" not in requirement:
                yield Check(name, "missing", "not installed.", f"pip install {name}")


def _name(requirement: str) -> str:
    end = next((i for i, c in enumerate(requirement) if not (c.isalnum() or c in "-_.")), None)
    return requirement[:end]


def _opencv() -> Iterator[Check]:
    """Several OpenCV packages share one folder: the last one installed wins."""
    names = ("opencv-python", "opencv-contrib-python", "opencv-python-headless")
    found = {name: version for name in names if (version := version_of(name))}
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
