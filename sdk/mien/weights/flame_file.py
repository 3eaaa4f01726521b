"""FLAME heads as files: read as published, checked, and kept as plain arrays.

The published layout (Li et al. 2017, "Learning a model of facial shape and expression from
4D scans"; the files of FLAME 2020, 2023 and 2023 Open agree in it), over V vertices, F
triangles and the 5 joints root, neck, jaw, left eye, right eye:

    v_template (V, 3)        the mean head in metres, y up, looking along z
    shapedirs (V, 3, 400)    300 directions of shape, then 100 of expression
    posedirs (V, 3, 36)      what the rotations of the 4 joints after the root correct
    J_regressor (5, V)       joints from vertices
    kintree_table (2, 5)     the joints' parents; the root's is -1, or 2^32 - 1
    weights (V, 5)           how far each vertex goes with each joint
    f (F, 3)                 triangles
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from mien._types import AnyArray
from mien.errors import WeightsError, WriteError
from mien.weights.plain import load_npz
from mien.weights.record import partial_beside
from mien.weights.unpickle import read_arrays

__all__ = ["EXPRESSIONS", "JOINTS", "KEYS", "SHAPES", "read_flame", "write_flame"]


KEYS: Final = (
    "v_template",
    "shapedirs",
    "posedirs",
    "J_regressor",
    "kintree_table",
    "weights",
    "f",
)
JOINTS: Final = 5
SHAPES: Final = 300
"""Directions of shape; those of expression come after them."""
EXPRESSIONS: Final = 50
"""Directions of expression that a head has at least."""
_TREE: Final = ((-1, 0, 1, 1, 1), (0, 1, 2, 3, 4))
"""The neck turns on the root; jaw and eyes on the neck."""
_MOST_VERTICES: Final = 100_000
_SUM_TOLERANCE: Final = 0.01
"""By how much the weights of a vertex may fail to add up to 1."""
_REMEDY: Final = "Get the FLAME model again from https://flame.is.tue.mpg.de."


def read_flame(path: Path) -> dict[str, AnyArray]:
    """The arrays of a head, checked.

    Args:
        path: A published `.pkl`, which is read without running anything in it, or an `.npz`
            with the same keys.

    Returns:
        `v_template`, `shapedirs`, `posedirs`, `J_regressor` and `weights` as float32,
        `kintree_table` (the root's parent is -1) and `f` as int64; shapes as above.

    Raises:
        WeightsError: When it cannot be read, or is no FLAME head.
    """
    try:
        with path.open("rb") as stream:
            packed = stream.read(4) == b"PK\x03\x04"
    except OSError as error:
        raise WeightsError(
            f"{path} cannot be read: {error.strerror}.",
            "Check the file's place and permissions.",
            path=path,
        ) from error
    found = load_npz(path, KEYS, _REMEDY) if packed else read_arrays(path, KEYS)
    return _checked(found, path)


def write_flame(arrays: Mapping[str, AnyArray], path: Path) -> None:
    """Keep a head as an `.npz` of plain arrays, whole or not at all.

    Args:
        arrays: What `read_flame` gave.
        path: The file; one of that name is replaced.

    Raises:
        WriteError: When the disk is full or the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = partial_beside(path)
        try:
            # In memory first: on a full disk `savez` leaves its archive open, and it complains.
            content = io.BytesIO()
            np.savez(content, **{key: arrays[key] for key in KEYS})
            with beside.open("wb") as stream:
                stream.write(content.getbuffer())
                stream.flush()
                os.fsync(stream.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise WriteError(
            f"{path} cannot be written: {error.strerror}.",
            "Free some space, or choose a folder.",
            path=path,
        ) from error


def _checked(found: Mapping[str, AnyArray], path: Path) -> dict[str, AnyArray]:
    missing = [key for key in KEYS if key not in found]
    if missing:
        raise WeightsError(
            f"{path.name} is no FLAME head: it has no {', '.join(missing)}.", _REMEDY, path=path
        )

    def demand(fine: object, what: str) -> None:
        if not fine:
            raise WeightsError(f"{path.name} is no FLAME head: {what}.", _REMEDY, path=path)

    vertices = len(found["v_template"]) if found["v_template"].ndim else 0
    directions = found["shapedirs"].shape[-1] if found["shapedirs"].ndim == 3 else 0
    demand(3 < vertices <= _MOST_VERTICES, f"it has {vertices} vertices")
    demand(
        directions >= SHAPES + EXPRESSIONS,
        f"shapedirs has {directions} directions, not {SHAPES} of shape and {EXPRESSIONS} or more"
        " of expression",
    )
    shapes = {
        "v_template": (vertices, 3),
        "shapedirs": (vertices, 3, directions),
        "posedirs": (vertices, 3, 9 * (JOINTS - 1)),
        "J_regressor": (JOINTS, vertices),
        "kintree_table": (2, JOINTS),
        "weights": (vertices, JOINTS),
        "f": (len(found["f"]) if found["f"].ndim else 0, 3),
    }
    arrays: dict[str, AnyArray] = {}
    for key, shape in shapes.items():
        array = found[key]
        demand(array.shape == shape, f"{key} is {array.shape}, not {shape}")
        whole = key in ("kintree_table", "f")
        demand(array.dtype.kind in ("iu" if whole else "fiu"), f"{key} holds {array.dtype}")
        arrays[key] = np.ascontiguousarray(array, dtype=np.int64 if whole else np.float32)
        demand(whole or np.isfinite(arrays[key]).all(), f"{key} holds values that are not finite")
    # The root's parent is -1, which unsigned numbers show as their largest.
    tree = arrays["kintree_table"].astype(np.uint32).astype(np.int32)
    arrays["kintree_table"] = tree.astype(np.int64)
    demand(np.array_equal(tree, _TREE), f"its joints hang together as {tree.tolist()}")
    triangles = arrays["f"]
    demand(
        triangles.size and triangles.min() >= 0 and triangles.max() < vertices,
        "its triangles name vertices that it has not",
    )
    sums = arrays["weights"].sum(axis=1)
    demand(np.abs(sums - 1).max() < _SUM_TOLERANCE, "the weights of a vertex do not add up to 1")
    return arrays
