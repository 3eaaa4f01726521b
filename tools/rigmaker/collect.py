"""Numbers that the Face Landmarker sees in footage, kept on disk between runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import mediapipe
import numpy as np
import numpy.typing as npt
from mediapipe.tasks import python as tasks
from mediapipe.tasks.python import vision

from mien.model.controls import ARKIT
from rigmaker.align import Clip

SAMPLES = 200
"""Frames taken of a clip, at most, evenly spaced."""


def landmarker(model: Path) -> vision.FaceLandmarker:
    """A Face Landmarker for single pictures of one face."""
    return vision.FaceLandmarker.create_from_options(
        vision.FaceLandmarkerOptions(
            base_options=tasks.BaseOptions(model_asset_path=str(model)),
            output_face_blendshapes=True,
            num_faces=1,
        )
    )


def see(
    detector: vision.FaceLandmarker, picture: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None:
    """Landmarks (478, 3) in pixels and scores (52,) of a picture; None without a face.

    Scores come in the order of `controls.ARKIT`; tongueOut, which the model does not
    know, is 0.
    """
    image = mediapipe.Image(
        image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(picture)
    )
    found = detector.detect(image)
    if not found.face_blendshapes:
        return None
    height, width = picture.shape[:2]
    points = [(p.x * width, p.y * height, p.z * width) for p in found.face_landmarks[0]]
    scores = {c.category_name: c.score for c in found.face_blendshapes[0]}
    return np.array(points), np.array([scores.get(name, 0.0) for name in ARKIT])


def collect(
    path: Path, detector: vision.FaceLandmarker, cache: Path, samples: int = SAMPLES
) -> Clip:
    """A clip's landmarks and scores, from the cache when it has them."""
    kept = cache / f"{path.name}.npz"
    if not kept.exists():
        points, scores, frames = [], [], []
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            every = max(1, -(-stream.frames // samples))
            for i, frame in enumerate(container.decode(stream)):
                seen = None if i % every else see(detector, _rgb(frame))
                if seen is not None:
                    points.append(seen[0])
                    scores.append(seen[1])
                    frames.append(i)
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(
            kept,
            points=np.asarray(points, np.float32),
            scores=np.asarray(scores, np.float32),
            frames=np.asarray(frames, np.int64),
        )
    with np.load(kept) as data:
        return Clip(
            path.name,
            data["points"].astype(np.float64),
            data["scores"].astype(np.float64),
            data["frames"],
        )


def _rgb(frame: av.VideoFrame) -> npt.NDArray[np.uint8]:
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def pictures(path: Path, frames: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.uint8]]:
    """Some frames of a clip, (H, W, 3) RGB, in ascending order."""
    wanted = set(frames.tolist())
    with av.open(str(path)) as container:
        for i, frame in enumerate(container.decode(video=0)):
            if i in wanted:
                yield _rgb(frame)
            if i >= max(wanted):
                return
