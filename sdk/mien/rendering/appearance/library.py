"""What one person's face looks like in well-chosen frames: the appearance library.

The frames are spread over what the face does and how the head is turned, so that whatever an edit
asks for, the nearest thing that this person was filmed doing is among them. The choice looks at
the tracked face and its examples alone, never at an edit: parts of a shot that are rendered apart
choose alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np

from mien._types import FloatArray, IndexArray
from mien.media.orient import to_coded
from mien.media.planes import Box, Plate
from mien.model.face import Face
from mien.model.media import Orientation
from mien.rendering.appearance.closures import EyeClosures
from mien.rendering.appearance.fingerprint import fingerprint_of
from mien.rendering.appearance.library_frame import LibraryFrame
from mien.rendering.geometry.features import clear_frames, features

__all__ = [
    "FaceLibrary", "LibraryScan", "choose_frames", "choose_with_examples",
    "is_large_enough",
]  # fmt: skip

_MOST_FRAMES: Final = 96
"""Frames that a library holds at most."""
_MOST_PIXELS: Final = 640 * 640
"""Pixels of one picture; a larger face is kept smaller, so that a library holds 226 MB at most."""
_NOVELTY: Final = 0.04
"""Distance between features from which a frame shows something that others do not."""
_MOST_EXAMPLES: Final = 48
"""Frames among them that are of examples at most."""
_EXAMPLE_WORTH: Final = 0.7
"""What the distance of an example's frame counts."""
_SMALLEST: Final = 0.5
"""Least size of the face in an example, over its size in the shot."""
_MARGIN: Final = 0.12
"""Border around the landmarks, as a part of their extent."""


def choose_frames(face: Face) -> list[int]:
    """Return the frames that show most of a face between them, ascending.

    Each next frame is the one farthest from all that are chosen (Gonzalez, 1985), so that rare
    expressions are among them as well as frequent ones.
    """
    return choose_with_examples(face, ())[0]


def choose_with_examples(face: Face, examples: Sequence[Face]) -> tuple[list[int], ...]:
    """Return the frames of a face and of its examples that show most between them, ascending.

    As many as a library holds are chosen from all of them as `choose_frames` does; an example's
    frame counts less than one of the shot itself, which has its light and its camera.

    Args:
        face: The face.
        examples: The same person's faces in other material.

    Returns:
        The frames of the face, then those of each example.
    """
    sources = [_good(face), *(_good(example, _size(face)) for example in examples)]
    chosen: tuple[list[int], ...] = tuple([] for _ in sources)
    if not len(sources[0]):
        return chosen
    points = np.concatenate(
        [
            features(one.curves.controls.array[good], one.curves.pose.rotation[good])
            for one, good in zip((face, *examples), sources, strict=True)
        ]
    )
    own = len(sources[0])
    middle = points[:own] - np.median(points[:own], axis=0)
    picked = [int(np.argmin((middle**2).sum(axis=1)))]
    worth = np.where(np.arange(len(points)) < own, 1.0, _EXAMPLE_WORTH).astype(np.float32)
    away = worth * _distance(points, picked[0])
    while len(picked) < _MOST_FRAMES:
        farthest = int(np.argmax(away))
        if away[farthest] < _NOVELTY:
            break
        picked.append(farthest)
        if sum(i >= own for i in picked) == _MOST_EXAMPLES:
            away[own:] = 0
        away = np.minimum(away, worth * _distance(points, farthest))
    starts = np.cumsum([0, *map(len, sources)])
    for i in sorted(picked):
        source = int(np.searchsorted(starts, i, side="right")) - 1
        chosen[source].append(int(sources[source][i - starts[source]]))
    return chosen


def is_large_enough(example: Face, face: Face) -> bool:
    """Tell whether a face in an example is not much smaller than in the shot, mostly."""
    return _size(example) >= _SMALLEST * _size(face)


def _good(face: Face, size: float = 0.0) -> IndexArray:
    """Frames that one can learn from; of an example, those in which the face is large enough."""
    large = face.curves.pose.scale >= _SMALLEST * size
    good = np.flatnonzero(clear_frames(face) & large)
    return good if len(good) else np.flatnonzero(face.valid & large)


def _size(face: Face) -> float:
    """Pixels in a canonical unit of a face, the median over its frames."""
    return float(np.median(face.curves.pose.scale[face.valid])) if face.valid.any() else 0.0


def _distance(points: FloatArray, to: int) -> FloatArray:
    return np.asarray(np.linalg.norm(points - points[to], axis=1))


@dataclass(frozen=True, eq=False)
class FaceLibrary:
    """The chosen frames of one face.

    Attributes:
        frames: The frames, those of examples after those of the shot.
        remarks: What was left out, and why.
        complete: Whether all that was wanted could be read; it may be another time.
    """

    frames: tuple[LibraryFrame, ...] = ()
    remarks: tuple[str, ...] = ()
    complete: bool = True

    @cached_property
    def controls(self) -> FloatArray:
        """(N, 59) what was tracked in the frames."""
        return np.stack([frame.controls for frame in self.frames])

    @cached_property
    def eyes(self) -> EyeClosures:
        """How far eyes are closed in other pictures, told by those of the frames."""
        return EyeClosures(self.frames)

    @cached_property
    def performances(self) -> FloatArray:
        """(N, 59) what is done in the frames, with lids as the pixels have them."""
        return np.stack(
            [
                self.eyes.performance(frame.rgb, frame.points, frame.controls, frame.rotation)
                for frame in self.frames
            ]
        )

    @cached_property
    def rotations(self) -> FloatArray:
        """(N, 3, 3) how the head is turned in them."""
        return np.stack([frame.rotation for frame in self.frames])

    @property
    def of_examples(self) -> tuple[LibraryFrame, ...]:
        """The frames that are of other material."""
        return tuple(frame for frame in self.frames if frame.example is not None)

    @property
    def fingerprint(self) -> str:
        """Digest of all that it holds."""
        return fingerprint_of(self.frames)


class LibraryScan:
    """The pass over a shot that fills the library of a face.

    Args:
        face: The face.
        orientation: How its upright pixels lie in the coded picture.
        frames: Which frames to keep; those that show most of the face when not given.
    """

    def __init__(
        self, face: Face, orientation: Orientation, frames: Iterable[int] | None = None
    ) -> None:
        self._face = face
        self._orientation = orientation
        self.frames = frozenset(choose_frames(face) if frames is None else frames)
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
