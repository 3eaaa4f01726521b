"""A shot without media, for tests of where things lie: nothing of it is looked at."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.model.controls import NAMES
from mien.model.curves import FLAME_SIZE, ControlCurves, Curves, HeadPose
from mien.model.document import Document, Project
from mien.model.edits import ControlTrack, Edit, Layer
from mien.model.face import Face
from mien.model.interpolate import Key
from mien.model.landmarks import LANDMARKS
from mien.model.media import ColorTags, MediaInfo, Orientation
from mien.model.shot import Shot
from mien.timebase import Clock

FRAMES = 100


def made_project(frames: int = FRAMES, **layers: dict[str, Iterable[int]]) -> Project:
    """A face with keys: by layer and control, their frames; each has the frame's hundredth."""
    face = made_face(frames)
    made = [
        Layer(
            name,
            tuple(
                ControlTrack(control, tuple(Key(frame, frame / 100) for frame in places))
                for control, places in tracks.items()
            ),
        )
        for name, tracks in sorted(layers.items())
    ]
    return project_of(face, made)


def project_of(face: Face, layers: Iterable[Layer], cuts: tuple[int, ...] = ()) -> Project:
    """A face's layers in a document of one shot."""
    clock = face.clock
    facts = MediaInfo(
        Path("nowhere.mp4"), "movie", "mp4", "h264", "yuv420p", 8, Orientation(1920, 1080), clock,
        1 / clock.rate, tuple(range(clock.frame_count)), ColorTags(),
    )  # fmt: skip
    shot = Shot(facts, (face,), cuts)
    return Document((Project(shot, (Edit(face, tuple(layers)),), online=False),)).shots[0]


def made_face(frames: int) -> Face:
    """A face that does nothing, and is seen badly now and then; it takes no memory."""

    def zeros(*shape: int) -> NDArray[np.float32]:
        return np.broadcast_to(np.float32(0), (frames, *shape))

    clock = Clock(Fraction(30), frames)
    seen = np.ones(frames, bool)
    pose = HeadPose(zeros(), zeros(3, 3), zeros(2))
    controls = ControlCurves(np.zeros((frames, len(NAMES)), np.float32))
    curves = Curves(controls, zeros(FLAME_SIZE), "mien-rig", pose, seen, ~seen)
    confidence = np.where(np.arange(frames) % 700 < 40, 0.3, 0.95).astype(np.float32)
    identity = np.zeros((468, 3), np.float32)
    return Face(1, "face 1", clock, zeros(LANDMARKS, 3), confidence, identity, curves, curves)
