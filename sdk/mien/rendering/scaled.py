"""Shots at another size: what a renderer is given to paint on small pictures."""

from __future__ import annotations

import dataclasses

import numpy as np

from mien._types import FloatArray
from mien.model.curves import Curves, HeadPose
from mien.model.face import Face
from mien.model.media import Orientation
from mien.model.shot import Shot
from mien.rendering.base import FacePlan

__all__ = ["ScaledShot"]


class ScaledShot:
    """A shot as its upright pictures show it when they are made larger or smaller.

    Landmarks and poses are scaled with the pictures, so that no renderer has to know of it.
    A face is scaled when it is first asked for: landmarks of long films are large.

    Args:
        shot: The shot.
        scale: Pixels of the pictures in a pixel of the upright picture.

    Attributes:
        scale: That scale.
    """

    def __init__(self, shot: Shot, scale: float) -> None:
        self._original = shot
        self.scale = scale
        self._faces: dict[int, Face] = {}
        self._plans: dict[int, tuple[FacePlan, FacePlan]] = {}
        self._shot: Shot | None = None

    def treat(self, shot: Shot) -> None:
        """Take over how another value of the same shot treats what is in front of its faces."""
        self._original = shot
        if self._shot is not None:
            self._shot = dataclasses.replace(self._shot, occlusion=shot.occlusion)

    @property
    def shot(self) -> Shot:
        """The shot with all its faces at that size."""
        if self._shot is None:
            media = self._original.media
            width, height = media.orientation.upright_size
            size = max(1, round(self.scale * width)), max(1, round(self.scale * height))
            faces = tuple(self.face(face) for face in self._original.faces)
            self._shot = dataclasses.replace(
                self._original,
                media=dataclasses.replace(media, orientation=Orientation(*size)),
                faces=faces,
            )
        return self._shot

    def face(self, face: Face) -> Face:
        """Return a face of the shot at that size."""
        known = self._faces.get(face.number)
        if known is None:
            before = face.uncorrected_frames
            if before is not None:
                before = dataclasses.replace(
                    before,
                    landmarks=self._landmarks(before.landmarks),
                    curves=self._curves(before.curves),
                )
            known = dataclasses.replace(
                face,
                landmarks=self._landmarks(face.landmarks),
                curves=self._curves(face.curves),
                uncorrected_frames=before,
            )
            self._faces[face.number] = known
        return known

    def plan(self, plan: FacePlan) -> FacePlan:
        """Return a plan for the face at that size; the same value for the same plan."""
        known = self._plans.get(plan.face.number)
        if known is None or known[0] is not plan:
            known = plan, dataclasses.replace(plan, face=self.face(plan.face))
            self._plans[plan.face.number] = known
        return known[1]

    def _landmarks(self, landmarks: FloatArray) -> FloatArray:
        scaled = landmarks * np.float32(self.scale)
        scaled[..., :2] = self._moved(landmarks[..., :2])
        return scaled

    def _curves(self, curves: Curves) -> Curves:
        pose = HeadPose(
            curves.pose.scale * np.float32(self.scale),
            curves.pose.rotation,
            self._moved(curves.pose.translation),
        )
        return dataclasses.replace(curves, pose=pose)

    def _moved(self, points: FloatArray) -> FloatArray:
        # Pixel centres lie at integers: what stays where it is is the corner at -0.5.
        return np.asarray((points + 0.5) * np.float32(self.scale) - 0.5, dtype=np.float32)
