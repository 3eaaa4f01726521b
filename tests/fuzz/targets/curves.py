"""Curve files of every format, and folders of FLAME coefficients."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

import mien
from mien.model.shot import Shot
from tests.documents import make_shot
from tests.fuzz.target import Target, put
from tests.fuzz.targets.documents import edited_project

__all__ = ["TARGETS"]

FRAMES = 6


def _shot() -> Shot:
    return make_shot(FRAMES, "shot", 2)


def _written(folder: Path, *names: str) -> Mapping[str, bytes]:
    made = {}
    for name in names:
        path = folder / name
        layout = "plain" if name.startswith("plain") else None
        mien.export_curves(_shot(), path, layout=layout, overwrite=True)
        made[name] = path.read_bytes()
    return made


def _npz(folder: Path) -> Mapping[str, bytes]:
    rng = np.random.default_rng(1)
    vhap, smplx = io.BytesIO(), io.BytesIO()
    np.savez(vhap, expr=rng.normal(size=(FRAMES, 100)), rotation=np.zeros((FRAMES, 3)),
             jaw_pose=np.zeros((FRAMES, 3)), eyes_pose=np.zeros((FRAMES, 6)), fps=25,
             flame_version="flame2020")  # fmt: skip
    np.savez_compressed(smplx, expressions=rng.normal(size=(FRAMES, 50)), model="mien-rig",
                        poses=np.zeros((FRAMES, 165)), mocap_frame_rate=30)  # fmt: skip
    return {
        **_written(folder, "a.npz"), "vhap.npz": vhap.getvalue(), "smplx.npz": smplx.getvalue(),
    }  # fmt: skip


_ROW = "{:02d}:00:00:{:02d}.000,3,"


def _csv(folder: Path) -> Mapping[str, bytes]:
    other = "frame,jawOpen,mouthSmileLeft,headYaw\n" + "".join(
        f"{i},{i / 10},0.5,-3\n" for i in range(FRAMES)
    )
    return {**_written(folder, "a.csv", "plain.csv"), "other.csv": other.encode()}


def _npy(array: np.ndarray) -> bytes:  # type: ignore[type-arg]
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _frames(folder: Path) -> Mapping[str, bytes]:
    file = io.BytesIO()
    np.savez(file, expr=np.zeros((1, 100)), jaw_pose=np.zeros((1, 3)))
    return {
        "take/flame_param/00003.npz": file.getvalue(),
        "emoca/frame_0001/exp.npy": _npy(np.zeros(50)),
        "emoca/frame_0001/pose.npy": _npy(np.zeros(6)),
    }


def _place_frames(folder: Path, name: str, data: bytes) -> Path:
    """The harmed frame among whole ones."""
    for whole, content in _frames(folder).items():
        if whole.partition("/")[0] == name.partition("/")[0]:
            put(folder, whole, content)
            put(folder, whole.replace("0001", "0002").replace("00003", "00004"), content)
    put(folder, name, data)
    return folder / name.partition("/")[0]


def _read(path: Path) -> None:
    project = edited_project()
    try:
        mien.import_curves(project, path, retime=True)
    except mien.errors.UsageError:
        # Of several faces one is to be named; then the rest is seen too.
        mien.import_curves(project, path, face=1, source_face=1, retime=False)


def _glb(folder: Path) -> Mapping[str, bytes]:
    found = dict(_written(folder, "a.glb"))
    numbers = struct.pack("<8f", 0, 0.04, 0, 0.5, 1, 0, 0, 0)
    found["short.glb"] = found["a.glb"][: -len(numbers)]
    return found


TARGETS = (
    Target("curves-npz", _npz, _read),
    Target("curves-json", lambda folder: _written(folder, "a.json"), _read),
    Target("curves-csv", _csv, _read),
    Target("curves-gltf", _glb, _read),
    Target("curves-usd", lambda folder: _written(folder, "a.usda", "a.usdc", "a.usd"), _read,
           allowed=frozenset({"subprocess.Popen", "os.fork", "os.posix_spawn",
                              "os.remove", "os.rmdir", "shutil.rmtree"})),
    Target("curves-folder", _frames, _read, _place_frames),
)  # fmt: skip
