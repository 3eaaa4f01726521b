"""Portraits of a shot's faces, small enough for a row of the face lane, read in the background."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtGui import QImage

from mien._types import ByteArray
from mien.errors import MienError
from mien.model.face import Face
from mien.model.media import MediaInfo
from mien_desktop.background import Background
from mien_desktop.resolve import Resolved
from mien_desktop.workspace import Workspace

__all__ = ["Portraits"]

SIDE = 48
"""Pixels of a portrait's side: twice those of a row, for displays of high density."""
_MARGIN = 0.12
"""What is shown around a face, as a part of its size."""
_Key = tuple[str, int, tuple[int, int, int, int]]


class Portraits:
    """Portraits of the faces of the current shot, as far as they are read.

    Args:
        workspace: Calls back on the main thread.
        arrived: Called when there is one more.
    """

    def __init__(self, workspace: Workspace, arrived: Callable[[], None]) -> None:
        self._workspace, self._arrived = workspace, arrived
        self._background = Background(workspace)
        self._pictures: dict[_Key, QImage | None] = {}
        self._keys: dict[int, tuple[Face, _Key]] = {}
        self._media: MediaInfo | None = None

    def show(self, now: Resolved) -> None:
        """Turn to the current shot, and read the portraits that are not there yet."""
        project = now.project
        self._media = project.shot.media if project is not None and project.online else None
        faces = project.shot.faces if project is not None else ()
        self._keys = {face.number: self._key(face, now) for face in faces}
        missing = [key for _, key in self._keys.values() if key not in self._pictures]
        if self._media is None or not missing:
            return
        for key in missing:
            self._pictures[key] = None
        work = partial(self._read, self._media, sorted(missing, key=lambda key: key[1]))
        self._background.run(work, lambda nothing: None, _left_out)

    def portrait(self, face: Face) -> QImage | None:
        """Return the portrait of a face; None until it is read, or where its media are missing."""
        entry = self._keys.get(face.number)
        return self._pictures.get(entry[1]) if entry is not None else None

    def close(self) -> None:
        """Give up what is on its way."""
        self._media = None
        self._background.close()

    def _key(self, face: Face, now: Resolved) -> tuple[Face, _Key]:
        """Return which frame and box of the film show a face best."""
        film = now.shot.media.fingerprint if now.shot is not None else ""
        before = self._keys.get(face.number)
        if before is not None and before[0] is face and before[1][0] == film:
            return before
        frame = _best(face)
        return face, (film, frame, _box(face, frame))

    def _read(self, media: MediaInfo, keys: list[_Key]) -> None:
        from mien.media.reader import open_reader
        from mien.preview.picture import displayed

        with open_reader(media, threads=1, decoder="pyav", cache_bytes=0) as reader:
            for key in keys:
                if self._media is not media:
                    return
                picture = displayed(reader.frame(key[1]), media)
                image = _cut(picture, key[2])
                self._workspace.later(partial(self._take, media, key, image))

    def _take(self, media: MediaInfo, key: _Key, image: QImage) -> None:
        self._pictures[key] = image
        if media is self._media:
            self._arrived()


def _best(face: Face) -> int:
    """Return the frame in which a face is seen surely and large."""
    low = np.nanmin(np.where(face.valid[:, None], face.landmarks[:, :, 1], np.inf), axis=1)
    high = np.nanmax(np.where(face.valid[:, None], face.landmarks[:, :, 1], -np.inf), axis=1)
    tall = np.where(face.valid, high - low, 0.0)
    return int(np.argmax(face.confidence * tall))


def _box(face: Face, frame: int) -> tuple[int, int, int, int]:
    if not face.valid[frame]:
        return (0, 0, 1, 1)
    x0, y0, x1, y1 = face.box(frame)
    half = max(x1 - x0, y1 - y0) * (0.5 + _MARGIN)
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return round(x - half), round(y - half), round(x + half), round(y + half)


def _cut(picture: ByteArray, box: tuple[int, int, int, int]) -> QImage:
    """Return a square of a picture, with the picture's edge gone on with where it goes beyond."""
    import cv2

    height, width = picture.shape[:2]
    columns = np.clip(np.arange(box[0], max(box[2], box[0] + 1)), 0, width - 1)
    rows = np.clip(np.arange(box[1], max(box[3], box[1] + 1)), 0, height - 1)
    part = np.ascontiguousarray(picture[rows[:, None], columns[None]])
    small = np.ascontiguousarray(cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
    # The image does not own the bytes that it was made from.
    return QImage(small.tobytes(), SIDE, SIDE, 3 * SIDE, QImage.Format.Format_RGB888).copy()


def _left_out(error: MienError) -> None:
    """Leave a row without a portrait; the viewer reports on the same media."""
