"""Credentials: movies and images that carry them, and sidecars that lie beside others."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import mien
from tests.fuzz.target import Target, put
from tests.media.mediakit import make_clip

__all__ = ["TARGETS"]

_FRAMES = 3


@cache
def _signed() -> dict[str, bytes]:
    """A signed MP4, an MKV with its sidecar, two images with theirs, by their names."""
    folder = Path(mkdtemp())
    try:
        make_clip(folder / "plate.mp4", count=_FRAMES)
        for name in ("a.mp4", "a.mov", "a.mkv", "a.%d.png"):
            mien.render(folder / "plate.mp4", folder / name, progress=False)
        kept = [path for path in folder.iterdir() if path.name != "plate.mp4"]
        return {path.name: path.read_bytes() for path in kept if path.is_file()}
    finally:
        shutil.rmtree(folder)


def _seeds(folder: Path) -> Mapping[str, bytes]:
    del folder
    return {name: data for name, data in _signed().items() if not name.endswith(".mkv")}


def _place(folder: Path, name: str, data: bytes) -> Path:
    for other, whole in _signed().items():
        put(folder, other, whole)
    return put(folder, name, data)


def _read(path: Path) -> None:
    mien.read_provenance(path)


TARGETS = (Target("credentials", _seeds, _read, _place),)
