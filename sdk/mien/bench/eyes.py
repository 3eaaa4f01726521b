"""Whoever reads landmarks of single pictures: mien's own models, or MediaPipe's Face Landmarker."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.errors import MediaError, WeightsError
from mien.model.landmarks import LANDMARKS
from mien.tracking.picture_reader import PictureReader, near_face

__all__ = ["Eye", "LandmarkerEye", "OwnEye", "open_eye"]

_MOST_FACES: Final = 5


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


class OwnEye(PictureReader):
    """mien's own tracker's models, one picture at a time."""

    name = "mien's own tracker"


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
        return near_face(fits[0], expected) if fits else None

    def close(self) -> None:
        """Free the model."""
        self._task.close()
