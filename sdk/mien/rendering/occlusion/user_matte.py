"""What is in front of faces as the user says it: a movie, or images, in which it is white."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import numpy as np

from mien._types import FloatArray
from mien.errors import MediaError, UsageError
from mien.media.orient import to_coded
from mien.media.planes import Box, Plate
from mien.model.face import Face
from mien.model.landmarks import SKIN
from mien.model.media import MediaInfo
from mien.model.occlusion import Occlusion
from mien.model.shot import Shot
from mien.progress import Progress, silent
from mien.rendering.occlusion.matte_file import MatteReader, probe_matte
from mien.rendering.occlusion.source import MatteSource

__all__ = ["UserMatte", "check_online"]

_SPREAD = 8
"""Frames, spread over a shot, that are looked at first: most mattes leave a face free in one."""


def check_online(media: MediaInfo, occlusion: Occlusion) -> None:
    """Refuse to render a shot whose matte was not found: without it, pixels would be others.

    Raises:
        MediaError: When it was not.
    """
    if occlusion.matte is not None and not occlusion.matte_online:
        raise MediaError(
            f"The matte {occlusion.matte.name} of {media.path.name} was not found, or is not"
            " what it was when it was given.",
            "Give it again with --occlusion-matte, or take it away with --no-occlusion-matte.",
            path=occlusion.matte,
        )


class UserMatte(MatteSource):
    """A matte that the user gave; it takes the place of what mien would find.

    Args:
        shot: The shot, in the size of its plates.
        original: The shot as it is stored, where the plates are small upright pictures of it;
            else the same.

    Raises:
        MediaError: When the matte is lost, cannot be read, or does not fit the shot.
        UsageError: When it is the shot itself.
    """

    def __init__(self, shot: Shot, original: Shot) -> None:
        check_online(original.media, original.occlusion)
        path = original.occlusion.matte
        if path is None:
            raise UsageError(f"{original.media.path.name} has no matte.")
        file = probe_matte(path, original.media)
        self._shot = shot
        self._remarks = file.remarks
        stored = original.media.orientation
        self._reader = MatteReader(file, stored, upright=shot is not original)
        self._hidden: dict[int, bool] = {}
        self._looking = threading.Lock()

    def matte(self, face: Face, frame: int, plate: Plate) -> FloatArray | None:
        """Return the matte of a frame; it is the same for every face."""
        matte = self._reader.frame(frame, plate.width, plate.height)
        return matte if matte.any() else None

    def prepare(self, faces: Sequence[Face], progress: Progress = silent) -> None:
        """Find out which faces the matte covers in every frame."""
        for face in faces:
            with self._looking:
                if face.number not in self._hidden:
                    self._hidden[face.number] = self._covers(face)

    def is_prepared(self, faces: Sequence[Face]) -> bool:
        """Tell whether that is known of all faces."""
        return all(face.number in self._hidden for face in faces)

    def hides(self, face: Face) -> bool:
        """Tell whether the matte covers all of a face, wherever the face is seen."""
        return self._hidden.get(face.number, False)

    @property
    def notes(self) -> tuple[str, ...]:
        """How the matte is used, and which faces it covers."""
        erased = {one.face for one in self._shot.occlusion.strokes if one.erase}
        covered = [f for f in self._shot.faces if self.hides(f) and f.number not in erased]
        return (
            *self._remarks,
            *(
                f"the matte covers all of face {face.number}: nothing is changed there"
                for face in covered
            ),
        )

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()

    def _covers(self, face: Face) -> bool:
        """Tell whether a face lies wholly in white; the first frame where it does not ends it."""
        size = self._shot.media.orientation
        looked = False
        for frame in _spread(np.flatnonzero(face.valid).tolist()):
            box = self._box(face, frame)
            if not box.width or not box.height:
                continue
            matte = self._reader.frame(frame, size.width, size.height)
            if matte[box.y0 : box.y1, box.x0 : box.x1].min() < 1:
                return False
            looked = True
        return looked

    def _box(self, face: Face, frame: int) -> Box:
        """The part of a plate in which a face lies."""
        size = self._shot.media.orientation
        points = to_coded(size, face.landmarks[frame, :SKIN, :2])
        low, high = np.floor(points.min(axis=0)), np.ceil(points.max(axis=0)) + 1
        box = Box(int(low[0]), int(low[1]), int(high[0]), int(high[1]))
        return box.clip(size.width, size.height)


def _spread(frames: Sequence[int]) -> Iterator[int]:
    """Every frame, some that are spread over all of them first."""
    first = frames[:: max(1, len(frames) // _SPREAD)]
    yield from first
    known = set(first)
    yield from (frame for frame in frames if frame not in known)
