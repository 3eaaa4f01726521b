"""One face in one picture: read until it sits, judged, and looked for where it was lost."""

from __future__ import annotations

from typing import Final

import numpy as np

from mien._types import ByteArray
from mien.tracking.models import Detector, FaceBounds, LandmarkModel, Reading
from mien.tracking.regions import Region, Roi, overlap

__all__ = ["FaceReader", "same_face"]

_MOVED: Final = 0.08
"""Shift or growth of a face, in sides of its region, from which it is read once more."""

_READ_AGAIN: Final = 2
"""Times that this is done at most."""


class FaceReader:
    """Reads faces with any detector and landmark model.

    Args:
        detector: Finds faces.
        model: Reads their landmarks.
    """

    def __init__(self, detector: Detector, model: LandmarkModel) -> None:
        self._detector = detector
        self._model = model
        self._thresholds = model.thresholds

    def read(self, picture: ByteArray, rois: list[Roi]) -> list[Reading]:
        """Read some regions; those whose face lies off the middle, again."""
        return self.centred(picture, rois, self._model.read(picture, rois))

    def centred(
        self, picture: ByteArray, used: list[Roi], readings: list[Reading]
    ) -> list[Reading]:
        """Readings of some regions; those whose face lies off the middle are read again."""
        for _ in range(_READ_AGAIN):
            again = [i for i, r in enumerate(readings) if _moved(used[i], r.roi)]
            second = self._model.read(picture, [readings[i].roi for i in again])
            for i, reading in zip(again, second, strict=True):
                used[i] = readings[i].roi
                if reading.confidence >= readings[i].confidence:
                    readings[i] = reading
        return readings

    def judge(self, picture: ByteArray, last: Reading, reading: Reading) -> Reading | None:
        """The reading of a face that is followed, or a better one; None when it is gone.

        Args:
            picture: The picture.
            last: What was read of the face when it was seen last.
            reading: What was read now.
        """
        good = self.is_face(reading, self._thresholds.followed)
        doubtful = self._thresholds.doubtful
        if good and (reading.confidence >= doubtful or last.confidence < doubtful):
            return reading
        other = self.recover(picture, last.roi)
        if good and (other is None or other.confidence < reading.confidence):
            return reading
        return other

    def is_face(self, reading: Reading, bounds: FaceBounds) -> bool:
        """Tell whether a reading is of a face."""
        certain = reading.confidence >= self._thresholds.min_confidence
        evident = reading.evidence >= bounds.min_evidence
        return certain and evident and reading.spread <= bounds.max_spread

    def recover(self, picture: ByteArray, roi: Roi) -> Reading | None:
        """Look for a face that was lost around where it was."""
        side = round(2.5 * roi.side)
        region = Region(round(roi.x - side / 2), round(roi.y - side / 2), side)
        for detection in self._detector.find(picture, [region]):
            around = detection.roi
            if not 0.5 < around.side / roi.side < 2:
                continue
            reading = self.settle(picture, around)
            if self.is_face(reading, self._thresholds.followed):
                return reading
        return None

    def settle(self, picture: ByteArray, roi: Roi) -> Reading:
        """Read a region that the detector gave until it sits on the face."""
        for _ in range(2):
            roi = self._model.read(picture, [roi])[0].roi
        return self._model.read(picture, [roi])[0]


def same_face(one: Roi, other: Roi) -> bool:
    """Tell whether two regions hold the same face of a picture."""
    return overlap(one.box, other.box) > 0.6


def _moved(used: Roi, read: Roi) -> bool:
    shift = np.hypot(used.x - read.x, used.y - read.y) / used.side
    growth = abs(np.log(max(read.side, 1e-6) / used.side))
    turn = abs(np.angle(np.exp(1j * (read.roll - used.roll))))
    return bool(max(shift, growth) > _MOVED or turn > 2 * _MOVED)
