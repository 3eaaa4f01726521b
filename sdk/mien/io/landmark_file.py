"""Landmarks of one face in JSON, as other trackers can write them; docs/trackers.md says how."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mien._types import BoolArray, FloatArray, IndexArray
from mien.errors import InputError, TimeError
from mien.face.rig import load_rig
from mien.model.landmarks import IRISES, LANDMARKS, SKIN

__all__ = ["landmark_text", "read_landmarks"]

_LARGEST: Final = 1 << 30
"""Bytes of a file that is read."""

_NORMALIZED: Final = 4.0
"""Coordinates up to which numbers that do not say so are parts of the picture: faces reach out of
it."""

_FURTHEST: Final = 1 << 18
"""Pixels from the picture's corner up to which landmarks can be kept as they were tracked."""

_UNREAL: Final = 1e30
"""What is further away than any number means, so that it can still be reckoned with."""

_SMALLEST: Final = 1.0
"""Pixels that a face reaches over at least."""

_IRIS: Final = 0.195
"""Radius of an iris over the width of its eye, for files without irises."""

_AROUND: Final = ((0, 0), (1, 0), (0, -1), (-1, 0), (0, 1))
"""The landmarks of an iris, in radii from its middle."""

_EYES: Final = {"Right": (33, 133), "Left": (362, 263)}
"""Corners of each eye."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class _Frame(_Part):
    frame: Annotated[int, Field(ge=0)]
    landmarks: list[Annotated[list[float], Field(min_length=2, max_length=3)]]
    confidence: Annotated[float, Field(gt=0, le=1)] = 1.0


class _File(_Part):
    frames: Annotated[list[_Frame], Field(min_length=1)]
    units: Literal["pixels", "normalized"] | None = None
    size: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=2, max_length=2)] | None = (
        None
    )


def read_landmarks(path: Path, frames: int, size: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """Read the landmarks of a face.

    Args:
        path: The file.
        frames: Frames of the shot.
        size: Width and height of its upright picture.

    Returns:
        (T, 478, 3) pixels of the upright picture, NaN where the file has nothing, and (T,) how sure
        it is, 0 there.

    Raises:
        InputError: When it is missing or no such file; the message says where.
        TimeError: When a frame lies outside the shot.
    """
    content = _content(path)
    rows = np.full((frames, LANDMARKS, 3), np.nan, np.float32)
    confidence = np.zeros(frames, np.float32)
    for place, one in enumerate(content.frames):
        if one.frame >= frames:
            raise TimeError(
                f"{path.name} has landmarks of frame {one.frame}; the shot has {frames} frames.",
                "Number its frames from 0, as the shot's.",
                path=path,
                frame=one.frame,
            )
        if confidence[one.frame]:
            raise InputError(f"{path.name} has frame {one.frame} twice.", path=path)
        if len(one.landmarks) not in (SKIN, LANDMARKS) or len(set(map(len, one.landmarks))) > 1:
            raise InputError(
                f"{path.name} has {len(one.landmarks)} landmarks in frames[{place}].",
                f"mien reads MediaPipe's {SKIN} or {LANDMARKS}, all [x, y] or all [x, y, z].",
                path=path,
            )
        points = np.clip(one.landmarks, -_UNREAL, _UNREAL)
        rows[one.frame, : len(one.landmarks), : len(one.landmarks[0])] = points
        confidence[one.frame] = one.confidence
    seen = np.flatnonzero(confidence)
    found = rows[seen] * _scale(content, rows[seen], size)
    _check_places(path, found[:, :SKIN, :2], seen)
    for points in found:
        _complete(points)
    rows[seen] = found
    return rows, confidence


def _check_places(path: Path, found: FloatArray, frames: IndexArray) -> None:
    """Refuse landmarks (N, 468, 2) of which no face can be made."""
    far = ~(np.abs(found) <= _FURTHEST).all(axis=(1, 2))
    tiny = ~(np.ptp(found, axis=1).max(axis=1) >= _SMALLEST)
    for wrong, what in (
        (far, f"lie more than {_FURTHEST} pixels away"),
        (tiny, "all lie in one place"),
    ):
        if wrong.any():
            raise InputError(
                f"{path.name} is no face in frame {frames[np.argmax(wrong)]}: its landmarks"
                f" {what}.",
                "Check its units and size; docs/trackers.md says what it holds.",
                path=path,
            )


def landmark_text(
    landmarks: FloatArray, seen: BoolArray, confidence: FloatArray, size: tuple[int, int]
) -> dict[str, Any]:
    """Return landmarks in JSON's types, as `read_landmarks` reads them.

    Args:
        landmarks: (T, 478, 3) pixels of the upright picture.
        seen: (T,) the frames that have any.
        confidence: (T,) how surely the face was seen.
        size: Width and height of the picture.
    """
    return {
        "units": "pixels",
        "size": list(size),
        "frames": [
            {
                "frame": frame,
                "confidence": round(max(float(confidence[frame]), 1e-3), 4),
                "landmarks": np.round(landmarks[frame].astype(np.float64), 3).tolist(),
            }
            for frame in np.flatnonzero(seen).tolist()
        ],
    }


def _content(path: Path) -> _File:
    remedy = "docs/trackers.md says what it holds."
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{path.name} has more than a gigabyte.", remedy, path=path)
        return _File.model_validate(json.loads(path.read_bytes()))
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}.", "Check the name.", path=path
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise InputError(
            f"{path.name} holds no landmarks: {where} is wrong.", remedy, path=path
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name} is not JSON.", remedy, path=path) from error


def _scale(content: _File, points: FloatArray, size: tuple[int, int]) -> FloatArray:
    """(3,) pixels of the shot a unit of the file; MediaPipe's depth is in units of the width."""
    width, height = size
    flat = points[..., :SKIN, :2]
    parts = content.units == "normalized"
    if content.units is None and content.size is None:
        parts = bool(np.abs(flat).max() <= _NORMALIZED)
    if parts:
        return np.array([width, height, width], np.float32)
    wide, tall = content.size or size
    return np.array([width / wide, height / tall, width / wide], np.float32)


def _complete(points: FloatArray) -> None:
    """Fill in depths and irises that a file does not have, (478, 3) in place."""
    if np.isnan(points[:SKIN, 2]).any():
        points[:SKIN, 2] = _depths(points[:SKIN, :2])
    for side, (inner, outer) in _EYES.items():
        iris = points[IRISES[side]]
        if np.isnan(iris[:, :2]).any():
            middle = points[[inner, outer]].mean(axis=0)
            radius = _IRIS * float(np.linalg.norm(points[inner, :2] - points[outer, :2]))
            iris[:] = middle
            iris[:, :2] += radius * np.array(_AROUND, np.float32)
        iris[np.isnan(iris[:, 2]), 2] = points[[inner, outer], 2].mean()


def _depths(flat: FloatArray) -> FloatArray:
    """(468,) how far back points lie: as those of the mean face, turned as they are."""
    mean = load_rig().mean - load_rig().mean.mean(axis=0)
    away = (flat - flat.mean(axis=0)) * np.array([1, -1], np.float32)
    axes = np.linalg.lstsq(mean, away, rcond=None)[0].T
    u, sizes, v = np.linalg.svd(axes, full_matrices=False)
    across, up = u @ v
    return np.asarray(-sizes.mean() * (mean @ np.cross(across, up)), dtype=np.float32)
