"""Small pictures of a shot: everybody in it a few times, or a few frames of one without faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from mien._types import ByteArray
from mien.media.reader import open_reader
from mien.media.stills import displayed
from mien.model.document import Project
from mien.model.face import Face

__all__ = ["FacePicture", "face_pictures"]

_PICTURES: Final = 5
"""Pictures of a person."""
_HEIGHT: Final = 150
"""Of a picture, in pixels."""
_MARGIN: Final = 0.35
"""What is shown around a face, of its size."""


@dataclass(frozen=True, slots=True, eq=False)
class FacePicture:
    """A small picture of a frame, or of a face in it.

    Attributes:
        frame: The frame.
        pixels: (H, W, 3) uint8 sRGB, upright.
    """

    frame: int
    pixels: ByteArray


def face_pictures(project: Project) -> dict[int, list[FacePicture]]:
    """Return a few pictures of every face, by its number; of a shot without faces, under 0, of it.

    Args:
        project: The shot; one whose media are not at hand has no pictures.

    Raises:
        MediaError: When media that are there cannot be read.
    """
    if not project.online:
        return {}
    media = project.shot.media
    wanted: dict[int, list[Face | None]] = {}
    for face in project.shot.faces:
        for frame in _telling(face):
            wanted.setdefault(frame, []).append(face)
    if not project.shot.faces:
        count = media.clock.frame_count
        middles = (np.arange(_PICTURES) + 0.5) * count / _PICTURES
        wanted = {frame: [None] for frame in middles.astype(int).tolist()}
    shown: dict[int, list[FacePicture]] = {}
    with open_reader(media, cache_bytes=0) as reader:
        for index in sorted(wanted):
            picture = displayed(reader.frame(index), media.color.transfer)
            for shown_face in wanted[index]:
                part = picture if shown_face is None else _around(picture, shown_face, index)
                if part.size:
                    number = 0 if shown_face is None else shown_face.number
                    shown.setdefault(number, []).append(FacePicture(index, _small(part)))
    return shown


def _telling(face: Face) -> list[int]:
    """Of each part of the time in which a face is seen, the frame in which it is seen best."""
    seen = np.flatnonzero(face.valid & (face.confidence > 0))
    parts = np.array_split(seen, min(_PICTURES, len(seen))) if len(seen) else []
    return [int(part[np.argmax(face.confidence[part])]) for part in parts]


def _around(picture: ByteArray, face: Face, frame: int) -> ByteArray:
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = face.box(frame)
    side = max(x1 - x0, y1 - y0) * (1 + 2 * _MARGIN) / 2
    middle = (x0 + x1) / 2, (y0 + y1) / 2
    left, right = (int(np.clip(middle[0] + s, 0, width)) for s in (-side, side))
    top, bottom = (int(np.clip(middle[1] + s, 0, height)) for s in (-side, side))
    return picture[top:bottom, left:right]


def _small(part: ByteArray) -> ByteArray:
    import cv2

    size = max(1, round(part.shape[1] * _HEIGHT / part.shape[0])), _HEIGHT
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
