"""Folders of FLAME coefficients, a file or a folder a frame: VHAP, GaussianAvatars, DECA, EMOCA."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mien.folder_limits import check_path
from mien.io.curves.archives import read_npy, read_npz
from mien.io.curves.flame_arrays import FLAME_KEYS, flame_curves
from mien.model.curve_file import CurveFile

__all__ = ["read_folder"]

_FILES: Final = 200_000
"""Frames of a folder, at most: nearly two hours at 30 a second."""
_NUMBER: Final = re.compile(r"(\d+)(?!.*\d)")
_SEQUENCE: Final = "flame_param"
"""Folder in which VHAP and GaussianAvatars keep a file a frame."""
_PICKLED: Final = (".frame", ".pt", ".pth", ".pkl", ".pickle")
_Arrays = Mapping[str, npt.NDArray[Any]]


def read_folder(path: Path) -> CurveFile:
    """Read a folder with a file a frame (`flame_param/00012.npz`) or a folder a frame (`.npy`).

    Frames are in the order of the last number in their names; numbers that are left out are gaps.
    The first is frame 0.

    Raises:
        ValueError: When the folder holds neither, too many of them, or one that is damaged.
    """
    inner = path / _SEQUENCE
    folder = inner if inner.is_dir() else path
    entries = sorted(folder.iterdir())
    files = [one for one in entries if one.suffix.lower() == ".npz" and _NUMBER.search(one.stem)]
    folders = [one for one in entries if one.is_dir() and _holds_arrays(one)]
    frames = files or folders
    if not frames:
        pickled = next((one for one in entries if one.suffix.lower() in _PICKLED), None)
        if pickled is not None:
            raise ValueError(f"{pickled.name} is a pickle, which is not read: it may run code")
        raise ValueError(
            "it is a folder, and holds neither an .npz a frame nor a folder of .npy a frame"
        )
    if len(frames) > _FILES:
        raise ValueError(f"it holds {len(frames):,} frames, and {_FILES:,} are read at most")
    numbers = _numbers(frames)
    if numbers[-1] >= _FILES:
        raise ValueError(f"its frames reach to {numbers[-1]:,}, and {_FILES:,} are read at most")
    read = [_frame(one) for one in frames]
    order = np.argsort(numbers, kind="stable").tolist()
    return flame_curves(_stacked([read[i] for i in order], [numbers[i] for i in order]))


def _holds_arrays(folder: Path) -> bool:
    return any((folder / f"{name}.npy").is_file() for name in ("exp", "expression", "expr"))


def _numbers(frames: list[Path]) -> list[int]:
    """Return frames counted from the first, in the order of names sorted by number."""
    matches = [_NUMBER.search(one.stem if one.is_file() else one.name) for one in frames]
    if not all(matches):
        return list(range(len(frames)))
    numbers = [int(match[1]) for match in matches if match]
    pairs = sorted(zip(numbers, frames, strict=True))
    frames[:] = [frame for _, frame in pairs]
    numbers.sort()
    if len(set(numbers)) < len(numbers):
        return list(range(len(frames)))
    return [number - numbers[0] for number in numbers]


def _frame(path: Path) -> _Arrays:
    """Return the arrays of one frame."""
    try:
        check_path(path)
        if path.is_file():
            with path.open("rb") as file:
                return read_npz(file, FLAME_KEYS.__contains__)
        arrays = {}
        for one in sorted(path.glob("*.npy")):
            if one.stem in FLAME_KEYS:
                check_path(one)
                with one.open("rb") as file:
                    arrays[one.stem] = read_npy(file, one.stat().st_size, one.name)
        return arrays
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error


def _stacked(frames: list[_Arrays], numbers: list[int]) -> _Arrays:
    """Return arrays over all frames, those that are left out NaN."""
    count = numbers[-1] + 1
    stacked: dict[str, npt.NDArray[Any]] = {}
    for key, first in frames[0].items():
        if first.dtype.kind not in "fiu" or first.size == 1:
            stacked[key] = first
            continue
        rows = np.full((count, first.size), np.nan)
        for number, arrays in zip(numbers, frames, strict=True):
            if key not in arrays or arrays[key].size != first.size:
                shape = arrays[key].shape if key in arrays else "missing"
                raise ValueError(f"the {key} of its frame {number} is {shape}, not {first.shape}")
            rows[number] = arrays[key].reshape(-1)
        stacked[key] = rows.reshape(count, 3, 3) if first.shape[-2:] == (3, 3) else rows
    return stacked
