"""The curve format `.json`: every face of a shot, for people and scripts."""

from __future__ import annotations

import json
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from mien.io.curves.base import CurveFormat
from mien.io.curves.clock import read_clock
from mien.io.curves.grid import MAX_FRAMES
from mien.io.curves.rotations import axis_angle
from mien.model.curve_file import CurveFile, FaceCurves
from mien.model.occlusion import REGIONS

__all__ = ["JsonFormat"]

_SCHEMA = "mien-curves"
_DIGITS = 6
"""Decimals in JSON; finer than float32 at these magnitudes."""


class JsonFormat(CurveFormat):
    """JSON of every face; `null` where a face is not valid, as JSON has no NaN."""

    api_version = 1
    name = "JSON"
    suffixes = (".json",)
    faces = "many"
    largest_file = 1 << 28

    def write(self, curves: CurveFile, file: IO[bytes]) -> None:
        """Write the curves of any number of faces."""
        file.write(json.dumps(_document(curves), allow_nan=False).encode())

    def read(self, file: IO[bytes]) -> CurveFile:
        """Read the controls of every face, and how surely it was seen."""
        try:
            document = json.load(file)
        except RecursionError as error:
            raise ValueError("it is nested too deep") from error
        if not isinstance(document, dict) or document.get("schema") != _SCHEMA:
            named = document.get("schema") if isinstance(document, dict) else None
            raise ValueError(f"its schema is {named!r}, not '{_SCHEMA}'")
        frames = document["frames"]
        if not isinstance(frames, int) or not 0 <= frames <= MAX_FRAMES:
            raise ValueError(f"its frames are {frames!r}, and {MAX_FRAMES:,} are read at most")
        faces = tuple(_read_face(face, frames) for face in _listed(document, "faces"))
        clock = None
        if "rate" in document and "times" in document:
            clock = read_clock(str(document["rate"]), _numbers_of("times", document["times"]))
        return CurveFile(faces, clock, source=str(document.get("source", "")))


def _document(curves: CurveFile) -> dict[str, Any]:
    clock = curves.timed()
    return {
        "schema": _SCHEMA,
        "version": 1,
        "source": curves.source,
        "frames": clock.frame_count,
        "rate": str(clock.rate),
        "start_timecode": str(clock.timecode(0)),
        "times": [round(float(clock.seconds(i)), _DIGITS) for i in range(clock.frame_count)],
        "cuts": list(curves.cuts),
        "faces": [_face(face) for face in curves.faces],
    }


def _face(face: FaceCurves) -> dict[str, Any]:
    flame, pose = face.flame, face.pose
    value: dict[str, Any] = {}
    if flame is not None and flame.shape is not None:
        value["shape"] = np.round(flame.shape.astype(float), _DIGITS).tolist()
    value |= {"number": face.number, "name": face.name, "smoothed": face.smoothed}
    if flame is not None:
        value["basis"] = flame.basis
    value["valid"] = face.valid.tolist()
    if face.bridged is not None:
        value["bridged"] = face.bridged.tolist()
    if face.confidence is not None:
        value["confidence"] = _rounded(face.confidence)
    if face.region_confidence is not None:
        columns = face.region_confidence.T
        value["region_confidence"] = dict(zip(REGIONS, map(_rounded, columns), strict=True))
    value["controls"] = {name: _numbers(values, face) for name, values in face.controls.items()}
    if face.units is not None:
        value["action_units"] = {
            name: _numbers(values, face) for name, values in face.units.items()
        }
    if flame is not None:
        value["flame"] = _numbers(flame.coefficients, face)
    if pose is not None:
        value["head"] = {
            "scale": _numbers(pose.scale, face),
            "rotation": _numbers(axis_angle(pose.rotation), face),
            "translation": _numbers(pose.translation, face),
        }
    return value


def _rounded(array: npt.NDArray[Any]) -> list[Any]:
    rows: list[Any] = np.round(array.astype(np.float64), _DIGITS).tolist()
    return rows


def _numbers(array: npt.NDArray[Any], face: FaceCurves) -> list[Any]:
    """Return rows as JSON; null where the face is not valid."""
    return [row if valid else None for row, valid in zip(_rounded(array), face.valid, strict=True)]


def _listed(value: dict[str, Any], name: str) -> list[Any]:
    found = value[name]
    if not isinstance(found, list):
        raise ValueError(f"its {name} are no list")
    return found


def _read_face(face: Any, frames: int) -> FaceCurves:
    if not isinstance(face, dict) or not isinstance(face.get("controls"), dict):
        raise ValueError("a face of it has no controls")
    controls = {str(name): _read_numbers(name, values) for name, values in face["controls"].items()}
    for name, values in controls.items():
        if values.shape != (frames,):
            raise ValueError(f"its {name} has {len(values)} values for {frames} frames")
    gaps = [np.isnan(values) for values in controls.values()]
    valid = ~np.logical_and.reduce(gaps) if gaps else np.ones(frames, dtype=bool)
    confidence = regions = None
    if "confidence" in face:
        confidence = np.asarray(face["confidence"], np.float32)
    if "region_confidence" in face:
        regions = np.stack(
            [np.asarray(face["region_confidence"][r], np.float32) for r in REGIONS], 1
        )
    return FaceCurves(
        int(face["number"]),
        controls,
        valid,
        name=str(face.get("name", "")),
        confidence=confidence,
        region_confidence=regions,
    )


def _read_numbers(name: str, values: Any) -> npt.NDArray[np.float64]:
    return np.array(_numbers_of(name, values), dtype=np.float64)


def _numbers_of(name: str, values: Any) -> list[float]:
    """Return a list of numbers, NaN where one is null."""
    if not isinstance(values, list) or not all(
        value is None or isinstance(value, int | float) for value in values
    ):
        raise ValueError(f"its {name} is no list of numbers")
    return [np.nan if value is None else float(value) for value in values]
