"""Small shots with faces whose position is known exactly: what every renderer is tried on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from mien._types import AnyArray
from mien.face.rig import load_rig
from mien.media.orient import to_coded, turn_back
from mien.media.planes import Channel, Layout, Plate
from mien.model.controls import INDEX, NAMES
from mien.model.curves import ControlCurves, Curves, HeadPose
from mien.model.evaluate import Evaluated
from mien.model.face import Face
from mien.model.media import ColorTags, MediaInfo, Orientation
from mien.model.presets import resolve
from mien.model.shot import Shot
from mien.rendering.base import FacePlan
from mien.timebase import Clock

__all__ = ["Scene", "Spot", "coded_hull"]

_IRIS_RADIUS = 0.6
"""In canonical units, about 1 cm."""


@dataclass(frozen=True)
class Spot:
    """Position of a face.

    Attributes:
        x: Middle, in pixels of the upright picture.
        y: Likewise.
        height: In pixels.
        yaw: Turn of the head, degrees.
    """

    x: float = 160
    y: float = 130
    height: float = 150
    yaw: float = 0.0


@dataclass
class Scene:
    """A shot whose frames are made from noise and skin tones; also the source of its plates.

    Attributes:
        orientation: Size, rotation and pixel aspect of the coded picture.
        spots: Positions of the faces.
        kind: `rgb8`, `yuv10` or `exr`: the pixel format of the plates.
        frames: Number of frames.
        faces: The faces.
        shot: The shot.
    """

    orientation: Orientation = field(default_factory=lambda: Orientation(320, 260))
    spots: Sequence[Spot] = (Spot(),)
    kind: str = "rgb8"
    frames: int = 4

    def __post_init__(self) -> None:
        self.faces = tuple(self._face(i, spot) for i, spot in enumerate(self.spots, 1))
        clock = Clock(Fraction(25), self.frames)
        media = MediaInfo(
            Path("made.mkv"), "movie", "matroska", "ffv1", "rgb24", 8, self.orientation, clock,
            Fraction(1, 25), tuple(range(self.frames)), ColorTags(),
        )  # fmt: skip
        self.shot = Shot(media, self.faces)

    def plate(self, frame: int) -> Plate:
        """Return the plate of a frame: the same picture in all of them."""
        upright = self._upright(frame)
        coded = turn_back(self.orientation, upright)
        coded = cv2.resize(coded, (self.orientation.width, self.orientation.height))
        if self.kind == "rgb8":
            return Plate.from_rgb((coded * 255 + 0.5).astype(np.uint8))
        if self.kind == "exr":
            return Plate.from_rgb(coded.astype(np.float32) * 3)
        assert self.kind == "yuv10"
        height, width = coded.shape[:2]
        layout = Layout("yuv420p10le", "yuv", 10, tuple(Channel(i) for i in range(3)), 1, 1)
        luma = (64 + 876 * coded[..., 1]).astype(np.uint16)
        half = ((height + 1) // 2, (width + 1) // 2)
        planes = [luma, np.full(half, 480, np.uint16), np.full(half, 560, np.uint16)]
        return Plate(layout, (width, height), planes, matrix=1)

    def plan(self, face: int = 0, /, **asked: float) -> FacePlan:
        """Return a plan that adds values in every frame.

        Args:
            face: Index of the face.
            **asked: Values by name of a control, a control without its side, or a preset.
        """
        source = self.faces[face].curves.controls.array
        target = source.copy()
        for name, value in asked.items():
            for control, share in resolve(name):
                target[:, INDEX[control]] += value * share
        return FacePlan(self.faces[face], Evaluated(source, target - source))

    def _face(self, number: int, spot: Spot) -> Face:
        mean = load_rig().mean
        angle = np.radians(spot.yaw)
        turn = np.array(
            [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]],
            dtype=np.float32,
        )
        scale = spot.height / float(np.ptp(mean[:, 1]))
        pose = HeadPose(
            np.full(self.frames, scale, np.float32),
            np.tile(turn, (self.frames, 1, 1)),
            np.tile(np.array([spot.x, spot.y], np.float32), (self.frames, 1)),
        )
        landmarks = np.zeros((self.frames, 478, 3), np.float32)
        landmarks[:, :468, :2] = pose.project(0, mean)
        for first, corners in ((468, (33, 133)), (473, (362, 263))):
            middle = mean[list(corners)].mean(axis=0)
            for i, (x, y) in enumerate(((0, 0), (1, 0), (0, 1), (-1, 0), (0, -1))):
                edge = middle + _IRIS_RADIUS * np.array([x, y, 0], np.float32)
                landmarks[:, first + i, :2] = pose.project(0, edge[None].astype(np.float32))[0]
        controls = np.zeros((self.frames, len(NAMES)), np.float32)
        everywhere = np.ones(self.frames, bool)
        curves = Curves(
            ControlCurves(controls), np.zeros((self.frames, 55), np.float32), "mien-rig", pose,
            everywhere, ~everywhere,
        )  # fmt: skip
        return Face(
            number, f"face {number}", Clock(Fraction(25), self.frames), landmarks,
            np.ones(self.frames, np.float32), mean, curves, curves,
        )  # fmt: skip

    def _upright(self, frame: int) -> AnyArray:
        width, height = self.orientation.upright_size
        rng = np.random.default_rng(7)
        rough = rng.uniform(0.1, 0.9, (height // 8 + 2, width // 8 + 2, 3)).astype(np.float32)
        picture = cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
        skin = np.array([0.78, 0.58, 0.48], np.float32)
        for face in self.faces:
            hull = cv2.convexHull(np.round(face.landmarks[0, :468, :2]).astype(np.int32))
            inside = np.zeros((height, width), np.float32)
            cv2.fillConvexPoly(inside, hull, 1.0)
            picture += inside[..., None] * 0.8 * (skin - picture)
        return np.asarray(np.clip(picture, 0, 1))


def coded_hull(scene: Scene, face: int, margin: float) -> AnyArray:
    """Return the part of the coded picture within a margin of a face.

    Args:
        scene: The scene.
        face: Index of the face.
        margin: In parts of the face's size.

    Returns:
        (h, w) bool.
    """
    points = scene.faces[face].landmarks[0, :468, :2]
    grown = points.mean(axis=0) + (1 + margin) * (points - points.mean(axis=0))
    hull = cv2.convexHull(np.round(to_coded(scene.orientation, grown)).astype(np.int32))
    inside = np.zeros((scene.orientation.height, scene.orientation.width), np.uint8)
    cv2.fillConvexPoly(inside, hull, 1)
    return inside.astype(bool)
