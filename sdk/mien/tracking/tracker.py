"""Faces of a shot over time: find, follow, look again, and say who is who.

It works with any detector and any landmark model of the shapes in models.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TypeVar

import numpy as np

from mien._types import ByteArray
from mien.media.reader import Reader
from mien.model.landmarks import MESH
from mien.model.mixes import breaks
from mien.progress import Progress, silent
from mien.tracking.assemble import assemble
from mien.tracking.associate import Tracklet, join
from mien.tracking.base import MAX_FACES, TrackResult
from mien.tracking.divide import dim, divide
from mien.tracking.face_reader import FaceReader, same_face
from mien.tracking.models import (
    Detection,
    Detector,
    LandmarkModel,
    Pending,
    Reading,
    Thresholds,
)
from mien.tracking.regions import Region, Roi, overlap, tiles, whole
from mien.tracking.tracking_frames import TrackingFrames

_Item = TypeVar("_Item")

__all__ = ["track_faces"]

_PATIENCE = 5
"""Frames in which a lost face is looked for around its place before it is given up."""

_SCAN_EVERY = 8
"""Every eighth frame one region is searched for more faces; they are followed back in time."""

_LOOK_EVERY = 5
"""Every fifth frame says what a person looks like."""

_MIN_FRAMES = 6
"""Frames in which a face must be seen, unless the shot is shorter."""


def track_faces(
    reader: Reader,
    open_detector: Callable[[], Detector],
    open_model: Callable[[], LandmarkModel],
    *,
    max_faces: int = MAX_FACES,
    progress: Progress = silent,
) -> TrackResult:
    """Track every face of a shot.

    Args:
        reader: The shot.
        open_detector: Makes the model that finds faces; it is closed when all frames are seen,
            before tracks are put together, which takes memory.
        open_model: Makes the model that reads their landmarks, likewise.
        max_faces: Number of people to keep at most; those most seen.
        progress: Called about the stage `track` after every frame.

    Returns:
        The tracks, empty when no face was found.

    Raises:
        MediaError: When a frame is damaged.
        ValueError: When the model's landmarks are not those of mien's rig.
    """
    pictures = TrackingFrames(reader)
    total = reader.facts.clock.frame_count
    with closing(open_detector()) as detector, closing(open_model()) as model:
        if model.topology != MESH:
            raise ValueError(f"landmarks of {model.topology.name} are not the rig's, {MESH.name}")
        tracker = _Tracker(max_faces, pictures, detector, model)
        # Closed at once when stopped half-way, so that no thread reads on behind it.
        with closing(pictures.forward()) as frames:
            for (frame, picture, cut), following in _with_next(frames):
                # A face is read in the next picture while this one is thought about, unless a
                # cut lies between them.
                upcoming = None if following is None or following[2] else following[1]
                if following is not None and following[0] != frame + 1:
                    upcoming = None
                tracker.skip_to(frame)
                tracker.step(frame, picture, upcoming, cut=cut)
                progress("track", frame + 1, total)
        tracker.finish()
    return replace(tracker.result(total), damaged=pictures.damaged)


def _with_next(items: Iterable[_Item]) -> Iterator[tuple[_Item, _Item | None]]:
    """Every item and the one after it; None after the last."""
    last: _Item | None = None
    for item in items:
        if last is not None:
            yield last, item
        last = item
    if last is not None:
        yield last, None


class _Tracker:
    """The state while frames pass one by one."""

    def __init__(
        self, max_faces: int, pictures: TrackingFrames, detector: Detector, model: LandmarkModel
    ) -> None:
        self._max_faces = max_faces
        self._pictures = pictures
        self._detector = detector
        self._model = model
        self._faces = FaceReader(detector, model)
        self._thresholds = model.thresholds
        self._active: list[_Followed] = []
        self._begun: _Begun | None = None
        self._done: list[Tracklet] = []
        self._since = 0
        self._turn = 0
        self._frame = 0
        self._lost = False

    def skip_to(self, frame: int) -> None:
        """Let the frames before one pass that could not be decoded: no face is seen in them."""
        lost = frame - self._frame
        self._lost = lost > 0
        if not lost:
            return
        kept = []
        for face in self._active:
            face.missed += lost
            if face.missed < _PATIENCE:
                kept.append(face)
            else:
                self._close(face)
        self._active = kept

    def step(
        self, frame: int, picture: ByteArray, upcoming: ByteArray | None, *, cut: bool
    ) -> None:
        self._frame = frame + 1
        fresh = frame == 0 or self._lost
        if cut:
            self.finish()
            self._since = frame
            fresh = True
        # The detector works while the faces that are known are read.
        search = self._detector.begin(picture, self._regions(frame, picture, fresh=fresh))
        self._follow(picture, upcoming)
        self._welcome(frame, picture, self._detector.finish(search))
        for face in self._active:
            look = face.missed == 0 and len(face.piece.rows) % _LOOK_EVERY == 1
            if (
                look
                and face.last.confidence >= self._thresholds.sure
                and _inside(face.last.roi, picture)
            ):
                face.piece.sample(face.last)

    def _follow(self, picture: ByteArray, upcoming: ByteArray | None) -> None:
        begun, self._begun = self._begun, None
        if upcoming is not None:
            rois = [face.guess(2) for face in self._active]
            self._begun = list(self._active), self._model.begin(upcoming, rois)
        readings = self._read_active(picture, begun)
        kept: list[_Followed] = []
        for face, reading in zip(self._active, readings, strict=True):
            better = self._faces.judge(picture, face.last, reading)
            if better is not None and not any(same_face(better.roi, k.last.roi) for k in kept):
                if face.missed:
                    # A piece holds consecutive frames: what follows a gap is another piece.
                    start = face.piece.stop + face.missed
                    self._close(face)
                    face = _Followed(Tracklet(start), traced=True)
                face.see(better)
                kept.append(face)
            elif better is None and face.missed < _PATIENCE:
                face.missed += 1
                kept.append(face)
            else:
                self._close(face)
        self._active = kept
        for face in kept:
            if not face.traced and len(face.piece.rows) % _MIN_FRAMES == 0:
                self._trace_back(face)

    def _read_active(self, picture: ByteArray, begun: _Begun | None) -> list[Reading]:
        """Read the faces that are followed, most of which were begun one frame ago."""
        faces, pending = begun or ([], self._model.begin(picture, []))
        known = dict(zip(map(id, faces), self._model.finish(pending), strict=True))
        used = dict(zip(map(id, faces), pending.rois, strict=True))
        others = [face for face in self._active if id(face) not in known]
        rois = [face.guess(1) for face in others]
        for face, roi, reading in zip(others, rois, self._model.read(picture, rois), strict=True):
            known[id(face)], used[id(face)] = reading, roi
        active = [id(face) for face in self._active]
        return self._faces.centred(picture, [used[i] for i in active], [known[i] for i in active])

    def _welcome(self, frame: int, picture: ByteArray, detections: list[Detection]) -> None:
        """Follow faces that were detected and are not followed yet."""
        for detection in detections:
            if self._known(detection) or len(self._active) >= self._max_faces:
                continue
            reading = self._faces.settle(picture, detection.roi)
            if not self._faces.is_face(reading, self._thresholds.new):
                continue
            if any(same_face(reading.roi, face.last.roi) for face in self._active):
                continue
            face = _Followed(Tracklet(frame), traced=frame == self._since)
            face.see(reading)
            self._active.append(face)

    def _known(self, detection: Detection) -> bool:
        return any(
            face.missed == 0 and overlap(detection.box, face.last.roi.box) > 0.4
            for face in self._active
        )

    def _regions(self, frame: int, picture: ByteArray, *, fresh: bool) -> list[Region]:
        """Where to look for faces that are not followed yet."""
        if len(self._active) >= self._max_faces:
            return []
        height, width = picture.shape[:2]
        detector = self._detector
        parts = tiles(width, height, detector.tile_fraction, detector.input_size)
        if fresh:
            return [whole(width, height), *parts]
        if frame % _SCAN_EVERY:
            return []
        if any(face.missed == 0 for face in self._active):
            self._turn += 1
            # The whole picture, then two tiles, and so on.
            if self._turn % 3 == 1:
                return [whole(width, height)]
            return [parts[(self._turn - self._turn // 3) % len(parts)]]
        self._turn += 2
        two = (parts[self._turn % len(parts)], parts[(self._turn + 1) % len(parts)])
        return [whole(width, height), *two]

    def _trace_back(self, face: _Followed) -> None:
        """Follow a face that was found late back to where it appeared, unless it is a ghost."""
        if not _convincing(face.piece.confidence, self._thresholds):
            return
        face.traced = True
        roi = face.piece.rois[0]
        for frame, picture in self._pictures.backward(face.piece.start, self._since):
            if frame != face.piece.start - 1:
                break  # what lies between could not be decoded
            reading = self._faces.read(picture, [roi])[0]
            if not self._faces.is_face(reading, self._thresholds.followed) or self._taken(
                frame, reading.roi
            ):
                break
            face.piece.prepend(reading)
            roi = reading.roi

    def _close(self, face: _Followed) -> None:
        if not face.traced:
            self._trace_back(face)
        self._done.append(face.piece)

    def finish(self) -> None:
        """End every track: the shot is over."""
        for face in self._active:
            self._close(face)
        self._active.clear()

    def _taken(self, frame: int, roi: Roi) -> bool:
        pieces = [face.piece for face in self._active] + self._done
        rois = (piece.roi_at(frame) for piece in pieces)
        return any(other is not None and same_face(other, roi) for other in rois)

    def result(self, total: int) -> TrackResult:
        cuts, mixes = self._pictures.cuts, self._pictures.mixes
        ends = breaks(cuts, mixes)
        shots = list(zip((0, *ends), (*ends, total), strict=True))
        pieces = divide(self._done, mixes)
        people = [person for person in join(pieces, ends) if _real(person, shots, self._thresholds)]
        people.sort(key=lambda person: -sum(sum(piece.confidence) for piece in person))
        people = people[: self._max_faces]
        people.sort(key=lambda person: (person[0].start, person[0].rois[0].x))
        tracks = assemble(people, total, ends, self._pictures)
        if mixes:
            dim(tracks, mixes)
        return TrackResult(tracks, cuts, mixes)


class _Followed:
    """A face that is being followed."""

    def __init__(self, piece: Tracklet, *, traced: bool) -> None:
        self.piece = piece
        self.traced = traced
        self.missed = 0
        self.last: Reading

    def see(self, reading: Reading) -> None:
        self.missed = 0
        self.last = reading
        self.piece.append(reading)

    def guess(self, ahead: int) -> Roi:
        """Where the face will be some frames ahead: where it was, moved on if it moves fast."""
        roi = self.last.roi
        if len(self.piece.rois) < 2 or self.missed:
            return roi
        before = self.piece.rois[-2]
        dx, dy = roi.x - before.x, roi.y - before.y
        if np.hypot(dx, dy) < 0.03 * roi.side:
            return roi
        on = 0.7 * ahead
        return Roi(roi.x + on * dx, roi.y + on * dy, roi.side, roi.roll)


_Begun = tuple[list[_Followed], Pending]
"""Faces that are being read in the picture to come."""


def _real(
    person: Sequence[Tracklet], shots: Sequence[tuple[int, int]], thresholds: Thresholds
) -> bool:
    """Whether a person was seen long and surely enough to be none of the network's ghosts."""
    confidence = [value for piece in person for value in piece.confidence]
    length = max(
        stop - start
        for start, stop in shots
        if any(piece.start < stop and start < piece.stop for piece in person)
    )
    return len(confidence) >= min(_MIN_FRAMES, length) and _convincing(confidence, thresholds)


def _convincing(confidence: Collection[float], thresholds: Thresholds) -> bool:
    credible = sum(value >= thresholds.credible for value in confidence)
    return credible >= thresholds.credible_fraction * len(confidence)


def _inside(roi: Roi, picture: ByteArray) -> bool:
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = roi.box
    return bool(x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height)
