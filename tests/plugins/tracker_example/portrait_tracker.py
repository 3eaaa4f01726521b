"""A tracker of somebody else: takes every picture for a portrait, whose face fills it."""

from __future__ import annotations

import os

import numpy as np

from mien._types import FloatArray
from mien.face.rig import load_rig
from mien.media.reader import Reader
from mien.model.face import FaceTrack
from mien.model.landmarks import IRISES, LANDMARKS, SKIN
from mien.progress import Progress, silent
from mien.tracking.base import TrackResult

_FILLED = 0.6
"""Height of the face over that of the picture."""
_CORNERS = {"Right": (33, 133), "Left": (362, 263)}
"""Landmarks of the corners of each eye."""


class PortraitTracker:
    """Says that the mean face looks out of the middle of every picture."""

    name = "portrait"
    # As a new release would have it, for tests.
    version = int(os.environ.get("PORTRAIT_VERSION", "5"))
    api_version = 1

    def track(
        self, reader: Reader, *, max_faces: int = 10, progress: Progress = silent
    ) -> TrackResult:
        frames = reader.facts.clock.frame_count
        landmarks = np.full((frames, LANDMARKS, 3), np.nan, np.float32)
        confidence = np.zeros(frames, np.float32)
        for frame in reader.stream():
            landmarks[frame.index] = _face(*frame.upright_rgb().shape[:2])
            confidence[frame.index] = 0.9
            progress("track", frame.index + 1, frames)
        return TrackResult((FaceTrack(1, landmarks, confidence),), ())


def _face(height: int, width: int) -> FloatArray:
    """Return the mean face (478, 3) in pixels of a picture, y down and z away."""
    mean = load_rig().mean
    scale = _FILLED * height / np.ptp(mean[:, 1])
    points = np.empty((LANDMARKS, 3), np.float32)
    points[:SKIN] = (mean - mean.mean(axis=0)) * np.float32(scale) * [1, -1, -1]
    points[:SKIN] += [width / 2, height / 2, 0]
    for side, corners in _CORNERS.items():
        eye = points[list(corners)]
        centre, radius = eye.mean(axis=0), np.linalg.norm(eye[1] - eye[0]) / 5
        rim = [(0, 0, 0), (radius, 0, 0), (0, -radius, 0), (-radius, 0, 0), (0, radius, 0)]
        points[IRISES[side]] = centre + np.array(rim)
    return points
