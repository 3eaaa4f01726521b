"""Read curve files: the controls of a face, from what curves_file.py wrote.

Nothing in them is run: `.npz` without pickles, `.json` as JSON, and neither may claim more
memory than a long shot has.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mien.errors import InputError, NoFaceError
from mien.io.arrays import ZIP_ERRORS
from mien.io.curves_file import check_format
from mien.model.controls import INDEX

__all__ = ["FileCurves", "read_controls"]

_LARGEST = 1 << 30
"""Bytes of a file, or of an array in it, that are read at most; ten hours of controls."""


@dataclass(frozen=True, slots=True, eq=False)
class FileCurves:
    """The controls of one face in a curve file.

    Attributes:
        face: The face's number in the file.
        controls: By the names that the file holds, (T,) float64 values; NaN where the face was
            not valid.
    """

    face: int
    controls: dict[str, npt.NDArray[np.float64]]


def read_controls(path: Path, face: int | None = None) -> FileCurves:
    """The controls in a curve file.

    Args:
        path: An `.npz` or `.json` that mien wrote.
        face: Number of the face; None for the only one.

    Raises:
        UsageError: When the ending is no format.
        InputError: When the file is missing, damaged or no curve file.
        NoFaceError: When it has no such face, or several and none is named.
    """
    check_format(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("it is too large")
        faces = _read_json(path) if path.suffix.lower() == ".json" else _read_npz(path)
    except (*ZIP_ERRORS, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, FileNotFoundError):
            raise InputError(f"There is no file {path}.", "Check the name.", path=path) from error
        raise InputError(
            f"{path.name} is no curve file: {error}.", "Write one with `mien curves`.", path=path
        ) from error
    found = faces if face is None else [one for one in faces if one.face == face]
    if len(found) == 1:
        return found[0]
    have = ", ".join(str(one.face) for one in faces)
    raise NoFaceError(
        f"{path.name} has no face {face}." if face is not None else
        f"{path.name} has {len(faces)} faces.",
        f"Its faces are: {have}." if have else "",
    )  # fmt: skip


def _read_json(path: Path) -> list[FileCurves]:
    document = json.loads(path.read_bytes())
    if document["schema"] != "mien-curves":
        raise ValueError(f"its schema is {document['schema']!r}")
    frames = document["frames"]
    return [
        FileCurves(
            int(face["number"]),
            {
                name: _checked(
                    name, np.array([np.nan if v is None else v for v in values], float), frames
                )
                for name, values in face["controls"].items()
                if name in INDEX
            },
        )
        for face in document["faces"]
    ]


def _read_npz(path: Path) -> list[FileCurves]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.file_size > _LARGEST:
                raise ValueError(f"its {info.filename} is too large")
    with np.load(path, allow_pickle=False) as arrays:
        names = [str(name) for name in arrays["control_names"].tolist()]
        values: npt.NDArray[Any] = arrays["controls"].astype(np.float64)
        number = int(arrays["face"])
    if values.ndim != 2 or values.shape[1] != len(names):
        raise ValueError(f"its controls are {values.shape}")
    return [
        FileCurves(
            number,
            {
                name: _checked(name, values[:, place], len(values))
                for place, name in enumerate(names)
                if name in INDEX
            },
        )
    ]


def _checked(name: str, values: npt.NDArray[np.float64], frames: int) -> npt.NDArray[np.float64]:
    if values.shape != (frames,) or np.isinf(values).any():
        raise ValueError(f"its {name} is damaged")
    return values
