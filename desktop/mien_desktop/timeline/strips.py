"""Pictures and sound of the shot for the timeline, fetched in the background."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QImage

from mien._types import DoubleArray
from mien.errors import MienError
from mien.model.media import MediaInfo
from mien_desktop.background import Background
from mien_desktop.geometry.strips import edges
from mien_desktop.resolve import Resolved
from mien_desktop.workspace import Workspace

if TYPE_CHECKING:
    from mien.preview.strips import Peaks

__all__ = ["Strips"]

_KEPT = 512
"""Pictures that are kept at most; of a hundred by forty pixels they take eight megabytes."""


class Strips:
    """Pictures and sound of the current shot, as far as they are known.

    Media that cannot be read leave the strips empty; the viewer says why.

    Args:
        workspace: Calls back on the main thread.
        arrived: Called there when there is more to show.
    """

    def __init__(self, workspace: Workspace, arrived: Callable[[], None]) -> None:
        self._workspace, self._arrived = workspace, arrived
        self._background = Background(workspace)
        self._media: MediaInfo | None = None
        self._pictures: OrderedDict[int, QImage] = OrderedDict()
        self._height = 0
        self._requested: tuple[int, ...] = ()
        self._generation = 0
        self.peaks: Peaks | None = None
        """The sound; None while it is not known, or when there is none."""
        self.seconds: DoubleArray = np.zeros(1)
        """(T + 1,) edges of the shot's frames."""

    def show(self, now: Resolved) -> None:
        """Turn to the current shot."""
        project = now.project
        media = project.shot.media if project is not None and project.online else None
        if media is self._media:
            return
        self._media = media
        self._pictures.clear()
        self._requested = ()
        self._generation += 1
        self.peaks = None
        self.seconds = edges(now.shot.clock) if now.shot else np.zeros(1)
        if media is not None and media.audio_streams:
            self._background.run(
                lambda: _peaks(media, lambda: media is not self._media),
                partial(self._heard, media),
                _left_out,
            )

    @property
    def aspect(self) -> float:
        """Width of the upright picture over its height."""
        if self._media is None:
            return 16 / 9
        width, height = self._media.orientation.upright_size
        return width / height

    def picture(self, frame: int) -> QImage | None:
        """Return the small picture of a frame; None until it is read."""
        image = self._pictures.get(frame)
        if image is not None:
            self._pictures.move_to_end(frame)
        return image

    def want(self, frames: Iterable[int], height: int) -> None:
        """Fetch the pictures of frames that are in view, and no others any more.

        Args:
            frames: The frames.
            height: Lines of the pictures in device pixels.
        """
        if height != self._height:
            self._pictures.clear()
            self._height = height
        missing = tuple(dict.fromkeys(f for f in frames if f not in self._pictures))
        media = self._media
        # What is on its way already need not be asked for again, only because some has come.
        if not missing or media is None or set(missing) <= set(self._requested):
            return
        self._requested = missing
        self._generation += 1
        generation = self._generation
        work = partial(self._fetch, media, missing, height, generation)
        self._background.run(work, lambda _: self._fetched(generation), _left_out)

    def close(self) -> None:
        """Give up what is on its way."""
        self._media = None
        self._generation += 1
        self._background.close()

    def _fetch(
        self, media: MediaInfo, frames: tuple[int, ...], height: int, generation: int
    ) -> None:
        from mien.preview.strips import thumbnails

        for frame, rgb in thumbnails(media, frames, height, lambda: generation != self._generation):
            image = QImage(
                rgb.tobytes(), rgb.shape[1], rgb.shape[0], rgb.shape[1] * 3,
                QImage.Format.Format_RGB888,
            ).copy()  # fmt: skip
            self._workspace.later(partial(self._seen, media, height, frame, image))

    def _seen(self, media: MediaInfo, height: int, frame: int, image: QImage) -> None:
        # A picture that comes after the view moved on is as good as ever, of this shot.
        if media is not self._media or height != self._height:
            return
        self._pictures[frame] = image
        while len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)
        self._arrived()

    def _fetched(self, generation: int) -> None:
        if generation == self._generation:
            self._requested = ()

    def _heard(self, media: MediaInfo, peaks: Peaks | None) -> None:
        if media is self._media and peaks is not None:
            self.peaks = peaks
            self._arrived()


def _peaks(media: MediaInfo, cancelled: Callable[[], bool]) -> Peaks | None:
    from mien.preview.strips import peaks

    return peaks(media, cancelled)


def _left_out(error: MienError) -> None:
    """Leave a strip empty; it is an ornament, and the viewer reports on the same media."""
