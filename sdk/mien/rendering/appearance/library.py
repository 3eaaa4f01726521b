"""What one person's face looks like in well-chosen frames: the appearance library.

The frames are spread over what the face does and how the head is turned, so that whatever an edit
asks for, the nearest thing that this person was filmed doing is among them. The choice looks at
the tracked face alone, never at an edit: parts of a shot that are rendered apart choose alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.media.orient import to_coded
from mien.media.planes import Box, Plate
from mien.model.face import Face
from mien.model.media import Orientation
from mien.rendering.appearance.fingerprint import fingerprint_of
from mien.rendering.geometry.features import clear_frames, features

__all__ = ["FaceLibrary", "LibraryFrame", "LibraryScan", "choose_frames"]

_MOST_FRAMES: Final = 96
"""Frames that a library holds at most."""
_MOST_PIXELS: Final = 640 * 640
"""Pixels of one picture; a larger face is kept smaller, so that a library holds 226 MB at most."""
_NOVELTY: Final = 0.04
"""Distance between features from which a frame shows something that others do not."""
_MARGIN: Final = 0.12
"""Border around the landmarks, as a part of their extent."""


def choose_frames(face: Face) -> list[int]:
    """Return the frames that show most of a face between them, ascending.

    Each next frame is the one farthest from all that are chosen (Gonzalez, 1985), so that rare
    expressions are among them as well as frequent ones.
    """
    good = np.flatnonzero(clear_frames(face))
    if not len(good):
        good = np.flatnonzero(face.valid)
    if not len(good):
        return []
    points = features(face.curves.controls.array[good], face.curves.pose.rotation[good])
    middle = points - np.median(points, axis=0)
    chosen = [int(np.argmin((middle**2).sum(axis=1)))]
    away = _distance(points, chosen[0])
    while len(chosen) < _MOST_FRAMES:
        farthest = int(np.argmax(away))
        if away[farthest] < _NOVELTY:
            break
        chosen.append(farthest)
        away = np.minimum(away, _distance(points, farthest))
    return sorted(int(good[i]) for i in chosen)


def _distance(points: FloatArray, to: int) -> FloatArray:
    return np.asarray(np.linalg.norm(points - points[to], axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class LibraryFrame:
    """One frame of a library.

    Attributes:
        frame: Index of the frame in its shot.
        rgb: (h, w, 3) float16 R'G'B' of the face and a little around it.
        points: (478, 2) float32 its landmarks, pixels of `rgb`.
        offset: (2,) float32 coded pixel of the outer corner of its first pixel.
        scale: Pixels of `rgb` in a coded pixel.
        controls: (59,) float32 what it does.
        rotation: (3, 3) float32 how the head is turned.
    """

    frame: int
    rgb: npt.NDArray[np.float16]
    points: FloatArray
    offset: FloatArray
    scale: float
    controls: FloatArray
    rotation: FloatArray


@dataclass(frozen=True, eq=False)
class FaceLibrary:
    """The chosen frames of one face.

    Attributes:
        frames: The frames.
    """

    frames: tuple[LibraryFrame, ...] = ()

    @cached_property
    def controls(self) -> FloatArray:
        """(N, 59) what is done in the frames."""
        return np.stack([frame.controls for frame in self.frames])

    @cached_property
    def rotations(self) -> FloatArray:
        """(N, 3, 3) how the head is turned in them."""
        return np.stack([frame.rotation for frame in self.frames])

    @property
    def fingerprint(self) -> str:
        """Digest of all that it holds."""
        return fingerprint_of(self.frames)


class LibraryScan:
    """The pass over a shot that fills the library of a face.

    Args:
        face: The face.
        orientation: How its upright pixels lie in the coded picture.
    """

    def __init__(self, face: Face, orientation: Orientation) -> None:
        self._face = face
        self._orientation = orientation
        self.frames = frozenset(choose_frames(face))
        self._seen: dict[int, LibraryFrame] = {}

    def examine(self, frame: int, plate: Plate) -> None:
        """Keep the face of one of the frames; nothing when it is not wholly in the picture."""
        face, pose = self._face, self._face.curves.pose
        points = to_coded(self._orientation, face.landmarks[frame, :, :2])
        low, high = points.min(axis=0), points.max(axis=0)
        margin = _MARGIN * float((high - low).max())
        x0, y0 = np.floor(low - margin).astype(int).tolist()
        x1, y1 = np.ceil(high + margin).astype(int).tolist()
        box = Box(x0, y0, x1, y1).clip(plate.width, plate.height)
        if np.any(low < [box.x0, box.y0]) or np.any(high > [box.x1 - 1, box.y1 - 1]):
            return
        rgb = plate.rgb(box)
        scale = min(1.0, (_MOST_PIXELS / (box.width * box.height)) ** 0.5)
        corner = np.array([box.x0, box.y0], dtype=np.float32)
        at = points - corner
        if scale < 1:
            # Given as factors and not as a size, which would round them, each its own way.
            rgb = np.asarray(
                cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            )
            at = (at + 0.5) * np.float32(scale) - np.float32(0.5)
        self._seen[frame] = LibraryFrame(
            frame,
            rgb.astype(np.float16),
            at.astype(np.float32),
            corner - np.float32(0.5),
            scale,
            np.asarray(face.curves.controls.array[frame]),
            np.asarray(pose.rotation[frame]),
        )

    def result(self) -> FaceLibrary:
        """Return the library, when all frames have been seen."""
        return FaceLibrary(tuple(self._seen[frame] for frame in sorted(self._seen)))
