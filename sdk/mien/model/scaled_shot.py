"""A shot on the same pictures in another size: what was tracked on a proxy, on the full media."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from mien._types import FloatArray
from mien.model.curves import Curves, HeadPose
from mien.model.face import Face
from mien.model.face_spans import unpack_rows
from mien.model.media import MediaInfo
from mien.model.occlusion import MatteStroke
from mien.model.raw_landmarks import RawLandmarks
from mien.model.shot import Shot

__all__ = ["with_media"]


def with_media(shot: Shot, media: MediaInfo) -> Shot:
    """Return a shot on other media with the same frames; landmarks, corrections and strokes scale.

    Args:
        shot: The shot.
        media: Facts of media of the same shape.
    """
    scale = _Scale.of(shot.media.orientation.upright_size, media.orientation.upright_size)
    faces = tuple(scale.face(face) for face in shot.faces)
    faces = tuple(replace(face, clock=media.clock) for face in faces)
    occlusion = shot.occlusion
    if occlusion.strokes and scale.changes:
        strokes = tuple(scale.stroke(stroke) for stroke in occlusion.strokes)
        occlusion = replace(occlusion, strokes=strokes)
    return replace(shot, media=media, faces=faces, occlusion=occlusion)


@dataclass(frozen=True, slots=True)
class _Scale:
    """New pixels in an old one, along either side."""

    x: float
    y: float

    @classmethod
    def of(cls, old: tuple[int, int], new: tuple[int, int]) -> _Scale:
        return cls(new[0] / old[0], new[1] / old[1])

    @property
    def changes(self) -> bool:
        return (self.x, self.y) != (1, 1)

    @property
    def both(self) -> float:
        return math.sqrt(self.x * self.y)

    def points(self, points: FloatArray) -> FloatArray:
        """Places (..., 2) or (..., 3), the third in pixels along x."""
        factors = np.array((self.x, self.y, self.x)[: points.shape[-1]], np.float32)
        # Pixel centres lie at integers: what stays where it is is the corner at -0.5.
        half = np.array((0.5, 0.5, 0)[: points.shape[-1]], np.float32)
        return np.asarray((points + half) * factors - half, dtype=np.float32)

    def face(self, face: Face) -> Face:
        if not self.changes:
            return face
        raw = face.raw_landmarks
        if raw is not None:
            rows = unpack_rows(face)
            raw = RawLandmarks.pack(self.points(rows), np.ones(len(rows), np.bool_))
        before = face.uncorrected_frames
        if before is not None:
            before = replace(
                before,
                landmarks=self.points(before.landmarks),
                curves=self.curves(before.curves),
                raw=self.curves(before.raw),
            )
        corrections = (
            replace(one, dx=one.dx * self.x, dy=one.dy * self.y) for one in face.corrections
        )
        return replace(
            face,
            landmarks=self.points(face.landmarks),
            curves=self.curves(face.curves),
            raw=self.curves(face.raw),
            raw_landmarks=raw,
            corrections=tuple(corrections),
            uncorrected_frames=before,
        )

    def curves(self, curves: Curves) -> Curves:
        pose = curves.pose
        scaled = HeadPose(
            np.asarray(pose.scale * np.float32(self.both), dtype=np.float32),
            pose.rotation,
            self.points(pose.translation),
        )
        return replace(curves, pose=scaled)

    def stroke(self, stroke: MatteStroke) -> MatteStroke:
        points = tuple(
            ((x + 0.5) * self.x - 0.5, (y + 0.5) * self.y - 0.5) for x, y in stroke.points
        )
        return replace(stroke, points=points, radius=stroke.radius * self.both)
