"""Whoever reads landmarks of single pictures: mien's own models, or MediaPipe's Face Landmarker."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.errors import MediaError, WeightsError
from mien.model.landmarks import LANDMARKS, SKIN

__all__ = ["Eye", "LandmarkerEye", "OwnEye", "open_eye"]

_EYES: Final = (33, 263)
_MOST_FACES: Final = 5
_NEAR: Final = 1.0
"""How far a face may lie from where it is expected, in distances of the eyes."""


class Eye(Protocol):
    """A reader of the landmarks of one face in one picture.

    Attributes:
        name: What it is, for reports.
    """

    name: str

    def read(self, picture: npt.NDArray[np.uint8], near: FloatArray) -> FloatArray | None:
        """Read a face.

        Args:
            picture: (H, W, 3) uint8 sRGB, upright.
            near: (478, 2 or 3) about where the face is, in its pixels.

        Returns:
            (478, 3) float32, z away from the camera; None where no face is seen there.
        """
        ...

    def close(self) -> None:
        """Free its models."""
        ...


def open_eye(landmarker: Path | None) -> Eye:
    """Open MediaPipe's Face Landmarker of a file, or mien's own models when there is none.

    Raises:
        MediaError: When there is no such file.
        WeightsError: When it is no Face Landmarker.
        MissingDependencyError: When MediaPipe or its models are not installed.
    """
    return OwnEye() if landmarker is None else LandmarkerEye(landmarker)


class OwnEye:
    """mien's own tracker's models, one picture at a time."""

    name = "mien's own tracker"

    def __init__(self) -> None:
        from mien.tracking.face_reader import FaceReader
        from mien.tracking.mediapipe.detector import BlazeFace
        from mien.tracking.mediapipe.face_mesh import FaceMesh

        self._models = (BlazeFace(), FaceMesh())
        self._reader = FaceReader(*self._models)

    def read(self, picture: npt.NDArray[np.uint8], near: FloatArray) -> FloatArray | None:
        """Read a face; see `Eye`."""
        from mien.tracking.regions import FACE_MARGIN, Roi

        points = np.asarray(near, dtype=np.float32)[:, :2]
        low, high = points[:SKIN].min(axis=0), points[:SKIN].max(axis=0)
        x, y = (low + high) / 2
        across = points[_EYES[1]] - points[_EYES[0]]
        roll = float(np.arctan2(across[1], across[0]))
        height = float((high - low).max())
        reading = self._reader.settle(picture, Roi(float(x), float(y), FACE_MARGIN * height, roll))
        if not self._reader.is_face(reading, self._models[1].thresholds.followed):
            return None
        return _near(reading.points, points)

    def close(self) -> None:
        """Free the models."""
        for model in self._models:
            model.close()


class LandmarkerEye:
    """MediaPipe's Face Landmarker, which knows nothing of mien.

    Args:
        path: Its file, `face_landmarker.task`.

    Raises:
        MediaError: When there is no such file.
        WeightsError: When it is no Face Landmarker.
    """

    name = "MediaPipe's Face Landmarker"

    def __init__(self, path: Path) -> None:
        from mediapipe.tasks import python as tasks
        from mediapipe.tasks.python import vision

        if not path.is_file():
            raise MediaError(
                f"There is no file {path}.", "Give a Face Landmarker, or leave --landmarker away.",
                path=path,
            )  # fmt: skip
        base = tasks.BaseOptions(model_asset_buffer=path.read_bytes())
        options = vision.FaceLandmarkerOptions(base_options=base, num_faces=_MOST_FACES)
        try:
            self._task: Any = vision.FaceLandmarker.create_from_options(options)
        except (RuntimeError, ValueError) as error:
            raise WeightsError(
                f"{path} is no Face Landmarker that MediaPipe can read.",
                "It is the file face_landmarker.task of MediaPipe's page of models.",
                path=path,
            ) from error

    def read(self, picture: npt.NDArray[np.uint8], near: FloatArray) -> FloatArray | None:
        """Read a face; see `Eye`."""
        import mediapipe

        image = mediapipe.Image(
            image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(picture)
        )
        height, width = picture.shape[:2]
        size = np.array([width, height, width], dtype=np.float32)
        faces = [
            np.array([(p.x, p.y, p.z) for p in face], dtype=np.float32) * size
            for face in self._task.detect(image).face_landmarks
        ]
        fits = [face for face in faces if len(face) == LANDMARKS]
        expected = np.asarray(near, dtype=np.float32)[:, :2]
        fits.sort(key=lambda face: float(np.linalg.norm(face[:, :2] - expected, axis=1).mean()))
        return _near(fits[0], expected) if fits else None

    def close(self) -> None:
        """Free the model."""
        self._task.close()


def _near(points: FloatArray, expected: FloatArray) -> FloatArray | None:
    """Landmarks, unless they are somebody else's."""
    apart = max(float(np.linalg.norm(expected[_EYES[1]] - expected[_EYES[0]])), 1.0)
    away = float(np.linalg.norm(points[:, :2] - expected, axis=1).mean())
    return points if away < _NEAR * apart else None
