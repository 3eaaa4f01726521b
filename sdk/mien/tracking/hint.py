"""One face followed from where somebody says that it is, both ways in time.

The tracker finds faces by itself; where it took the wrong one, lost it or missed it, a box around
the face or a point on it in one frame is enough to begin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import numpy as np

from mien._types import ByteArray, FloatArray
from mien.errors import NoFaceError
from mien.media.reader import Reader
from mien.model.face import FaceTrack
from mien.progress import Progress, silent
from mien.timebase import FrameRange
from mien.tracking.assemble import assemble
from mien.tracking.associate import Tracklet
from mien.tracking.face_reader import FaceReader, same_face
from mien.tracking.models import Detector, LandmarkModel, Reading
from mien.tracking.regions import FACE_MARGIN, Region, Roi
from mien.tracking.tracking_frames import TrackingFrames

__all__ = ["FaceHint", "follow_hint"]

_PATIENCE: Final = 5
"""Frames in which a lost face is looked for around its place before it is given up."""

_SIZES: Final = (0.12, 0.2, 0.35, 0.6)
"""Heights of a face, as parts of the picture's short side, that are tried around a point."""


@dataclass(frozen=True, slots=True)
class FaceHint:
    """Where a face is in one frame, as somebody says.

    Attributes:
        frame: The frame.
        x: Left side of a box around the face, brows to chin, or a point on it; pixels of the
            upright picture.
        y: Its top, or the point.
        width: Width of the box; 0 for a point.
        height: Its height; 0 for a point.
    """

    frame: int
    x: float
    y: float
    width: float = 0.0
    height: float = 0.0

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of the box, or the point."""
        return self.x + self.width / 2, self.y + self.height / 2


def follow_hint(
    reader: Reader,
    hint: FaceHint,
    frames: FrameRange,
    open_detector: Callable[[], Detector],
    open_model: Callable[[], LandmarkModel],
    *,
    others: Sequence[FloatArray] = (),
    progress: Progress = silent,
) -> FaceTrack:
    """Follow the face that somebody points at.

    Args:
        reader: The shot.
        hint: Where it is in one of the frames.
        frames: Where it is to be followed, within one shot.
        open_detector: Makes the model that finds faces.
        open_model: Makes the model that reads their landmarks.
        others: (T, 4) boxes of other faces, pixels of the upright picture, NaN where unseen; the
            face is never followed onto one of them.
        progress: Called about the stage `track` with the frames done.

    Returns:
        The face as number 1, not seen outside of the frames.

    Raises:
        NoFaceError: When there is no face at the hint.
        MediaError: When the frame of the hint cannot be read.
    """
    pictures = TrackingFrames(reader)
    with closing(open_detector()) as detector, closing(open_model()) as model:
        follower = _Follower(detector, model, pictures, others)
        first = follower.first(hint)
        total = len(frames)
        later = _count(pictures.between(hint.frame + 1, frames.stop), progress, 1, total)
        after = follower.follow(first, later)
        done = 1 + max(0, frames.stop - hint.frame - 1)
        earlier = _count(pictures.backward(hint.frame, frames.start), progress, done, total)
        before = follower.follow(first, earlier)
    progress("track", total, total)
    readings = {hint.frame: first, **after, **before}
    pieces: list[Tracklet] = []
    for frame in sorted(readings):
        if not pieces or pieces[-1].stop != frame:
            pieces.append(Tracklet(frame))
        pieces[-1].append(readings[frame])
    (track,) = assemble([pieces], reader.facts.clock.frame_count, (), pictures)
    return track


def _count(
    frames: Iterable[tuple[int, ByteArray]], progress: Progress, done: int, total: int
) -> Iterable[tuple[int, ByteArray]]:
    for count, item in enumerate(frames, start=1):
        yield item
        progress("track", min(done + count, total), total)


class _Follower:
    def __init__(
        self,
        detector: Detector,
        model: LandmarkModel,
        pictures: TrackingFrames,
        others: Sequence[FloatArray],
    ) -> None:
        self._detector = detector
        self._model = model
        self._pictures = pictures
        self._others = others
        self._faces = FaceReader(detector, model)

    def first(self, hint: FaceHint) -> Reading:
        """The reading of the face that is meant: of all that are tried, the surest."""
        ((_, picture),) = self._pictures.between(hint.frame, hint.frame + 1)
        bounds = self._model.thresholds.followed
        readings = [self._faces.settle(picture, roi) for roi in self._rois(hint, picture)]
        x, y = self._scaled(*hint.middle)
        good = [
            reading
            for reading in readings
            if self._faces.is_face(reading, bounds)
            and np.hypot(reading.roi.x - x, reading.roi.y - y) < 0.5 * reading.roi.side
        ]
        if not good:
            raise NoFaceError(
                f"There is no face at {hint.x:g}, {hint.y:g} in frame {hint.frame}, as far as"
                " mien can tell.",
                "Give a box from brows to chin, in a frame that shows the face well.",
            )
        return max(good, key=lambda reading: reading.confidence)

    def _rois(self, hint: FaceHint, picture: ByteArray) -> list[Roi]:
        x, y = self._scaled(*hint.middle)
        if hint.height:
            sides = [FACE_MARGIN * max(self._scaled(hint.width, hint.height))]
        else:
            short = min(picture.shape[:2])
            sides = [FACE_MARGIN * size * short for size in _SIZES]
        found = []
        for side in sides:
            around = round(2 * side)
            region = Region(round(x - around / 2), round(y - around / 2), around)
            found += [
                one.roi
                for one in self._detector.find(picture, [region])
                if np.hypot(one.roi.x - x, one.roi.y - y) < 0.5 * one.roi.side
            ]
        return [*found, *(Roi(x, y, side, 0.0) for side in sides)]

    def _scaled(self, x: float, y: float) -> tuple[float, float]:
        across, down = self._pictures.scale
        return x / across, y / down

    def follow(self, first: Reading, frames: Iterable[tuple[int, ByteArray]]) -> dict[int, Reading]:
        """Readings of the face in the frames that follow, until it is lost."""
        last, missed, readings = first, 0, {}
        for frame, picture in frames:
            reading = self._faces.read(picture, [last.roi])[0]
            better = self._faces.judge(picture, last, reading)
            if better is None or self._taken(frame, better.roi):
                missed += 1
                if missed >= _PATIENCE:
                    break
                continue
            missed = 0
            last = readings[frame] = better
        return readings

    def _taken(self, frame: int, roi: Roi) -> bool:
        across, down = self._pictures.scale
        for boxes in self._others:
            x0, y0, x1, y1 = boxes[frame]
            if np.isfinite(x0):
                wide, tall = (x1 - x0) / across, (y1 - y0) / down
                middle = (x0 + x1) / 2 / across, (y0 + y1) / 2 / down
                if same_face(roi, Roi(*middle, FACE_MARGIN * max(wide, tall), 0.0)):
                    return True
        return False
