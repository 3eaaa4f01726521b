"""Pictures of a report: the frames with trouble, before and after, and what differs."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from mien._types import ByteArray
from mien.errors import MediaError
from mien.media.reader import open_reader
from mien.media.stills import displayed
from mien.model.media import MediaInfo
from mien.reporting.faces import Tracked
from mien.reporting.values import FrameTrouble, ShotReport

__all__ = ["AMPLIFIED", "FramePictures", "frames_to_show", "take_pictures"]

AMPLIFIED: Final = 8
"""How many times a difference is shown."""
_PICTURES: Final = 6
_HEIGHT: Final = 320
"""Of a picture in pixels, at most."""
_QUALITY: Final = 82
_APART: Final = 0.4
"""Seconds between two frames that are shown."""
_MARGIN: Final = 0.35
"""Around a face, of its height."""


@dataclass(frozen=True, slots=True)
class FramePictures:
    """A frame to look at.

    Attributes:
        frame: Its index in the original.
        troubles: What is beyond in it; nothing where it is only a frame in which much is asked.
        before: The part around the faces as it was, as a `data:` address of a JPEG.
        after: The same as it is.
        difference: What differs, amplified.
    """

    frame: int
    troubles: tuple[FrameTrouble, ...]
    before: str
    after: str
    difference: str


def frames_to_show(report: ShotReport) -> list[tuple[int, tuple[FrameTrouble, ...]]]:
    """Choose the frames to look at: the worst, apart in time; or where most is asked.

    Args:
        report: The report.
    """
    least = max(1, round(_APART * float(report.clock.rate)))
    chosen: list[int] = []
    for one in report.troubles:
        if len(chosen) < _PICTURES and all(abs(one.frame - other) >= least for other in chosen):
            chosen.append(one.frame)
    found = [
        (frame, tuple(one for one in report.troubles if one.frame == frame)) for frame in chosen
    ]
    if found:
        return found
    asked = np.zeros(len(report.frames))
    for face in report.faces:
        if face.target is not None:
            asked += np.abs(face.target - face.performed).sum(axis=1)
    parts = np.array_split(np.arange(len(asked)), min(3, len(asked)))
    return [(report.frames.start + int(part[np.argmax(asked[part])]), ()) for part in parts]


def take_pictures(
    report: ShotReport, original: MediaInfo, edited: MediaInfo, faces: Sequence[Tracked]
) -> list[FramePictures]:
    """Take the pictures of the frames to look at.

    Args:
        report: The report.
        original: Facts of the original.
        edited: Facts of the edited file.
        faces: The faces, tracked in both.

    Raises:
        MediaError: When a frame cannot be read.
    """
    wanted = frames_to_show(report)
    taken: dict[int, tuple[str, str, str]] = {}
    with (
        open_reader(original, cache_bytes=0) as one,
        open_reader(edited, cache_bytes=0) as other,
    ):
        for frame in sorted(frame for frame, _ in wanted):
            row = frame - report.frames.start
            before = displayed(one.frame(frame), original.color.transfer)
            after = displayed(other.frame(row), edited.color.transfer)
            box = _box(faces, row, (before.shape[1], before.shape[0]))
            taken[frame] = _three(before[box], after[box])
    return [FramePictures(frame, troubles, *taken[frame]) for frame, troubles in wanted]


def _box(faces: Sequence[Tracked], row: int, size: tuple[int, int]) -> tuple[slice, slice]:
    """The part of a picture around the faces; all of it where none is seen."""
    points = np.concatenate([face.before[row] for face in faces] or [np.zeros((0, 2))])
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return np.s_[:, :]
    low, high = points.min(axis=0), points.max(axis=0)
    margin = _MARGIN * float(high[1] - low[1])
    x0, y0 = (int(max(0, value - margin)) for value in low)
    x1, y1 = (int(min(limit, value + margin)) for value, limit in zip(high, size, strict=True))
    return np.s_[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]


def _three(before: ByteArray, after: ByteArray) -> tuple[str, str, str]:
    apart = cv2.convertScaleAbs(cv2.absdiff(before, after), alpha=AMPLIFIED)
    first, second, third = (jpeg(picture) for picture in (before, after, np.asarray(apart)))
    return first, second, third


def jpeg(picture: ByteArray) -> str:
    """Return a picture as a `data:` address, no higher than a page shows it."""
    height, width = picture.shape[:2]
    if height > _HEIGHT:
        size = max(1, round(width * _HEIGHT / height)), _HEIGHT
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
    done, packed = cv2.imencode(
        ".jpg",
        np.ascontiguousarray(picture[..., ::-1]),
        [cv2.IMWRITE_JPEG_QUALITY, _QUALITY],
    )
    if not done:
        raise MediaError("A frame cannot be made a picture of.")
    return f"data:image/jpeg;base64,{base64.b64encode(packed.tobytes()).decode()}"
