"""Faces of a shot over time: find, follow, look again, and say who is who."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mien.media.reader import Reader
from mien.model.face import LANDMARKS, FaceTrack
from mien.tracking.associate import Tracklet, join
from mien.tracking.cuts import CutFinder, Glance
from mien.tracking.detect import Detection, FaceDetector, Region, overlap, tiles, whole
from mien.tracking.graphs import ByteImage
from mien.tracking.landmarks import FaceReader, Reading, Roi

__all__ = ["MAX_FACES", "TrackResult", "track_faces"]

MAX_FACES = 10
"""Faces that are followed when nobody says how many."""

_SHORT_SIDE = 1080
"""Pixels of the short side of the picture that tracking looks at; larger ones are reduced."""

_PRESENT = 0.5
"""Presence from which a region holds a face."""

_SPREAD = 0.05
"""Disagreement of both readings above which landmarks are no face's; faces have 0.004..0.02."""

_NEW_SPREAD = 0.03
"""The same for a face that is seen for the first time."""

_MOVED = 0.12
"""Shift or growth of a face, in sides of its region, from which it is read once more."""

_PATIENCE = 5
"""Frames in which a lost face is looked for around its place before it is given up."""

_SCAN_EVERY = 2
"""While faces are followed, every second frame one region is searched for more."""

_MEMORY_BYTES = 96 << 20
_MEMORY_FRAMES = 48
"""Frames kept to follow a newly found face back to where it appeared."""

_LOOK_EVERY = 5
"""Every fifth frame says what a person looks like."""

_EVIDENCE = 6
"""Frames in which a face must be seen, unless the shot is shorter."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackResult:
    """The faces of a shot.

    Attributes:
        tracks: One per person, numbered from 1 by first appearance.
        cuts: First frame of every shot after the first, where the footage holds hard cuts.
    """

    tracks: tuple[FaceTrack, ...]
    cuts: tuple[int, ...]


def track_faces(
    reader: Reader,
    *,
    max_faces: int = MAX_FACES,
    progress: Callable[[int, int], None] | None = None,
) -> TrackResult:
    """Track every face of a shot.

    Args:
        reader: The shot.
        max_faces: Number of people to keep at most; those most seen.
        progress: Called after every frame with the number done and the total.

    Returns:
        The tracks, empty when no face was found.

    Raises:
        MediaError: When a frame is damaged.
        MissingPartError: When MediaPipe or its models are not installed.
    """
    width, height = reader.facts.orientation.upright_size
    limit = None
    if min(width, height) > _SHORT_SIDE:
        limit = round(height * _SHORT_SIDE / min(width, height))
    tracker = _Tracker(max_faces)
    total = reader.facts.clock.frame_count
    scale = (1.0, 1.0)
    try:
        for frame in reader.stream():
            picture = np.ascontiguousarray(frame.upright_rgb(limit))
            scale = (width / picture.shape[1], height / picture.shape[0])
            tracker.step(frame.index, picture)
            if progress is not None:
                progress(frame.index + 1, total)
    finally:
        tracker.close()
    return tracker.result(total, scale)


class _Tracker:
    """The state while frames pass one by one."""

    def __init__(self, max_faces: int) -> None:
        self._max_faces = max_faces
        self._detector = FaceDetector()
        self._reader = FaceReader()
        self._finder = CutFinder()
        self._active: list[_Followed] = []
        self._done: list[Tracklet] = []
        self._memory: deque[tuple[int, ByteImage]] = deque()
        self._shots = [0]
        self._turn = 0

    def close(self) -> None:
        self._detector.close()
        self._reader.close()

    def step(self, frame: int, picture: ByteImage) -> None:
        fresh = not self._memory
        if self._finder.step(frame, Glance.of(picture)):
            self._done += [face.piece for face in self._active]
            self._active.clear()
            self._memory.clear()
            self._shots.append(frame)
            fresh = True
        self._follow(picture)
        self._search(frame, picture, fresh=fresh)
        for face in self._active:
            if face.missed == 0 and len(face.piece.rows) % _LOOK_EVERY == 1:
                face.piece.likeness.add(picture, face.last)
        self._memory.append((frame, picture))
        while (
            len(self._memory) > _MEMORY_FRAMES or len(self._memory) * picture.nbytes > _MEMORY_BYTES
        ) and len(self._memory) > 1:
            self._memory.popleft()

    def _follow(self, picture: ByteImage) -> None:
        readings = self._read(picture, [face.guess() for face in self._active])
        kept: list[_Followed] = []
        for face, reading in zip(self._active, readings, strict=True):
            found = reading if _is_face(reading, _SPREAD) else self._recover(picture, face)
            if found is not None and not any(_same(found.roi, k.last.roi) for k in kept):
                if face.missed:
                    # A piece holds consecutive frames: what follows a gap is another piece.
                    self._done.append(face.piece)
                    face = _Followed(Tracklet(len(self._shots), face.piece.stop + face.missed))
                face.see(found)
                kept.append(face)
            elif found is None and face.missed < _PATIENCE:
                face.missed += 1
                kept.append(face)
            else:
                self._done.append(face.piece)
        self._active = kept

    def _read(self, picture: ByteImage, rois: list[Roi]) -> list[Reading]:
        """Read some regions; those whose face lies off the middle, a second time."""
        readings = self._reader.read(picture, rois)
        again = [i for i, r in enumerate(readings) if _moved(rois[i], r.roi)]
        second = self._reader.read(picture, [readings[i].roi for i in again])
        for i, reading in zip(again, second, strict=True):
            if reading.presence >= min(readings[i].presence, _PRESENT):
                readings[i] = reading
        return readings

    def _recover(self, picture: ByteImage, face: _Followed) -> Reading | None:
        """Look for a face that was lost around where it was."""
        roi = face.last.roi
        side = round(2.5 * roi.side)
        region = Region(round(roi.x - side / 2), round(roi.y - side / 2), side)
        for detection in self._detector.find(picture, [region]):
            around = Roi.around_detection(detection)
            if not 0.5 < around.side / roi.side < 2:
                continue
            reading = self._settle(picture, around)
            if _is_face(reading, _SPREAD):
                return reading
        return None

    def _settle(self, picture: ByteImage, roi: Roi) -> Reading:
        """Read a region that the detector gave until it sits on the face."""
        for _ in range(2):
            roi = self._reader.read(picture, [roi])[0].roi
        return self._reader.read(picture, [roi])[0]

    def _search(self, frame: int, picture: ByteImage, *, fresh: bool) -> None:
        """Look for faces that are not followed yet."""
        if len(self._active) >= self._max_faces:
            return
        regions = self._regions(frame, picture, fresh=fresh)
        if not regions:
            return
        for detection in self._detector.find(picture, regions):
            if self._known(detection) or len(self._active) >= self._max_faces:
                continue
            reading = self._settle(picture, Roi.around_detection(detection))
            if not _is_face(reading, _NEW_SPREAD):
                continue
            if any(_same(reading.roi, face.last.roi) for face in self._active):
                continue
            face = _Followed(Tracklet(len(self._shots), frame))
            face.see(reading)
            self._trace_back(face)
            self._active.append(face)

    def _known(self, detection: Detection) -> bool:
        return any(
            face.missed == 0 and overlap(detection.box, face.last.roi.box) > 0.4
            for face in self._active
        )

    def _regions(self, frame: int, picture: ByteImage, *, fresh: bool) -> list[Region]:
        height, width = picture.shape[:2]
        parts = tiles(width, height)
        if fresh:
            return [whole(width, height), *parts]
        if any(face.missed == 0 for face in self._active):
            if frame % _SCAN_EVERY:
                return []
            self._turn += 1
            if self._turn % 2:
                return [whole(width, height)]
            return [parts[self._turn // 2 % len(parts)]]
        self._turn += 2
        two = (parts[self._turn % len(parts)], parts[(self._turn + 1) % len(parts)])
        return [whole(width, height), *two]

    def _trace_back(self, face: _Followed) -> None:
        """Follow a new face back through the frames in memory."""
        earlier: list[tuple[Reading, float]] = []
        roi = face.last.roi
        for frame, picture in reversed(self._memory):
            reading = self._read(picture, [roi])[0]
            if not _is_face(reading, _NEW_SPREAD) or self._taken(frame, reading.roi):
                break
            earlier.append((reading, _confidence(reading)))
            roi = reading.roi
        face.piece.prepend(earlier)

    def _taken(self, frame: int, roi: Roi) -> bool:
        pieces = [face.piece for face in self._active] + self._done
        places = (piece.roi_at(frame) for piece in pieces)
        return any(place is not None and _same(place, roi) for place in places)

    def result(self, total: int, scale: tuple[float, float]) -> TrackResult:
        pieces = self._done + [face.piece for face in self._active]
        people = [person for person in join(pieces) if self._real(person, total)]
        people.sort(key=lambda person: -sum(sum(piece.confidence) for piece in person))
        people = people[: self._max_faces]
        people.sort(key=lambda person: (person[0].start, person[0].rois[0].x))
        tracks = (_assemble(n, person, total, scale) for n, person in enumerate(people, start=1))
        return TrackResult(tuple(tracks), self._finder.cuts)

    def _real(self, person: Sequence[Tracklet], total: int) -> bool:
        seen = sum(len(piece.rows) for piece in person)
        ends = [*self._shots[1:], total]
        length = max(ends[piece.shot - 1] - self._shots[piece.shot - 1] for piece in person)
        return seen >= min(_EVIDENCE, length)


class _Followed:
    """A face that is being followed."""

    def __init__(self, piece: Tracklet) -> None:
        self.piece = piece
        self.missed = 0
        self.last: Reading

    def see(self, reading: Reading) -> None:
        self.missed = 0
        self.last = reading
        self.piece.append(reading, _confidence(reading))

    def guess(self) -> Roi:
        """Where the face will be next: where it was, moved on if it moves fast."""
        roi = self.last.roi
        if len(self.piece.rois) < 2 or self.missed:
            return roi
        before = self.piece.rois[-2]
        dx, dy = roi.x - before.x, roi.y - before.y
        if np.hypot(dx, dy) < 0.03 * roi.side:
            return roi
        return Roi(roi.x + 0.7 * dx, roi.y + 0.7 * dy, roi.side, roi.roll)


def _is_face(reading: Reading, spread: float) -> bool:
    return reading.presence >= _PRESENT and reading.spread <= spread


def _moved(used: Roi, found: Roi) -> bool:
    shift = np.hypot(used.x - found.x, used.y - found.y) / used.side
    growth = abs(np.log(max(found.side, 1e-6) / used.side))
    turn = abs(np.angle(np.exp(1j * (found.roll - used.roll))))
    return bool(max(shift, growth) > _MOVED or turn > 2 * _MOVED)


def _same(a: Roi, b: Roi) -> bool:
    return overlap(a.box, b.box) > 0.6


def _confidence(reading: Reading) -> float:
    return float(reading.presence * np.exp(-((reading.spread / 0.04) ** 2)))


def _assemble(
    number: int, person: Sequence[Tracklet], total: int, scale: tuple[float, float]
) -> FaceTrack:
    landmarks = np.full((total, LANDMARKS, 3), np.nan, np.float32)
    confidence = np.zeros(total, np.float32)
    stretch = np.array([scale[0], scale[1], scale[0]], np.float32)
    # Pixel centres lie at integers: half a pixel is taken off on either side.
    half = np.array([0.5, 0.5, 0], np.float32)
    for piece in person:
        for i, row in enumerate(piece.rows):
            landmarks[piece.start + i] = (row + half) * stretch - half
        confidence[piece.start : piece.stop] = piece.confidence
        piece.rows.clear()
    return FaceTrack(number, landmarks, confidence)
