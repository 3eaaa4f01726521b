"""The pictures that the viewer shows: requested of the previewer, kept until better ones come.

The cycle of a request:

1. `ask` is told what the window shows; when that is another picture, the previewer is asked.
2. The previewer answers at once with what is there, then from its threads with better pictures.
3. In that thread the pixels become a `QImage`, and `later` brings it to the main thread.
4. It is taken unless a newer answer is shown already, or another shot.

An answer need not be the newest request's: while playing, or while something is dragged, every
picture that is newer than the one on screen is worth showing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QColor, QImage

from mien.errors import MienError
from mien.model.edits import Edit
from mien.model.occlusion import Occlusion
from mien_desktop.resolve import Resolved
from mien_desktop.viewer.fronts import tinted
from mien_desktop.workspace import Workspace

if TYPE_CHECKING:
    # These bring what decodes and paints; the window opens faster without.
    from mien.preview.picture import PreviewImage, Quality
    from mien.preview.previewer import Previewer

__all__ = ["Pictures", "ShownPicture"]


@dataclass(frozen=True, slots=True, eq=False)
class ShownPicture:
    """A picture that can be painted.

    Attributes:
        picture: The previewer's answer.
        image: Its pixels.
    """

    picture: PreviewImage
    image: QImage


@dataclass(frozen=True, slots=True, eq=False)
class _PictureKey:
    """Everything a picture depends on; it is requested again only when this changes."""

    frame: int
    edits: tuple[Edit, ...]
    quality: Quality
    occlusion: Occlusion | None

    def same_as(self, other: _PictureKey | None) -> bool:
        """Return whether the answer would be the same picture."""
        return (
            other is not None
            and self.edits is other.edits
            and self.occlusion is other.occlusion
            and (self.frame, self.quality) == (other.frame, other.quality)
        )


class Pictures:
    """Plate and edit at the playhead.

    Args:
        workspace: Where the previewer is, and whose `later` brings its answers.
        arrived: Called on the main thread when something new can be shown.
    """

    def __init__(self, workspace: Workspace, arrived: Callable[[], None]) -> None:
        self._workspace = workspace
        self._arrived = arrived
        self._previewer: Previewer | None = None
        self._keys: dict[bool, _PictureKey | None] = {}
        self._shown: dict[bool, ShownPicture] = {}
        self._requested: dict[bool, int] = {}
        self._masked: tuple[ShownPicture, QImage | None] | None = None
        self._error: MienError | None = None
        self._closed = False

    @property
    def error(self) -> MienError | None:
        """The reason why the picture that was requested last did not come."""
        return self._error

    def shown(self, frame: int, *, edited: bool) -> ShownPicture | None:
        """Return the newest picture of a kind; None before the first.

        Until it comes for a frame, the other kind of that frame is nearer to it than the same
        kind of another.
        """
        own, other = self._shown.get(edited), self._shown.get(not edited)
        if own is None or (other is not None and own.picture.frame != frame == other.picture.frame):
            return other
        return own

    def settled(self, *, edited: bool) -> bool:
        """Return whether the newest picture of a kind is the requested one, at its best."""
        shown = self._shown.get(edited)
        return (
            shown is not None
            and shown.picture.final
            and shown.picture.generation == self._requested.get(edited)
        )

    def mask(self, tint: QColor) -> QImage | None:
        """Return the part of each pixel that the edit replaces, as the opacity of a tint.

        None until the edited picture is there in full size.
        """
        shown = self._shown.get(True)
        if shown is None or self._previewer is None or not shown.picture.final:
            return None
        if self._masked is None or self._masked[0] is not shown:
            mask = self._previewer.mask(shown.picture.frame)
            self._masked = shown, None if mask is None else tinted(mask, tint)
        return self._masked[1]

    def ask(self, now: Resolved, *, plate: bool, edited: bool) -> None:
        """Request pictures that are missing.

        Args:
            now: What the window shows.
            plate: Whether the plate is shown.
            edited: Whether the edit is shown.
        """
        previewer = self._workspace.previewer
        if previewer is not self._previewer:
            self._previewer, self._error = previewer, None
            self._keys, self._shown, self._requested, self._masked = {}, {}, {}, None
        for kind, needed in ((False, plate), (True, edited)):
            if previewer is not None and needed:
                self._request(previewer, now, edited=kind)
            else:
                self._keys[kind] = None

    def close(self) -> None:
        """Drop every picture that still comes."""
        self._closed = True

    def _request(self, previewer: Previewer, now: Resolved, *, edited: bool) -> None:
        state = now.state
        moving = bool(state.speed or (edited and (state.dragging or state.audition)))
        front = now.shot.occlusion if edited and now.shot is not None else None
        quality: Quality = "drag" if moving else "full"
        key = _PictureKey(state.frame, now.edits if edited else (), quality, front)
        if key.same_as(self._keys.get(edited)):
            return
        self._keys[edited] = key

        def deliver(picture: PreviewImage) -> None:
            shown = ShownPicture(picture, _image(picture))
            self._workspace.later(lambda: self._take(previewer, shown))

        def failed(error: MienError) -> None:
            self._workspace.later(lambda: self._fail(key, error))

        self._requested[edited] = previewer.request(
            key.frame, edited=edited, quality=key.quality, deliver=deliver, failed=failed
        )

    def _take(self, previewer: Previewer, shown: ShownPicture) -> None:
        if self._closed or previewer is not self._previewer:
            return
        kind = shown.picture.edited
        before = self._shown.get(kind)
        if before is None or shown.picture.generation >= before.picture.generation:
            self._shown[kind] = shown
            self._error = None
            self._arrived()

    def _fail(self, key: _PictureKey, error: MienError) -> None:
        if not self._closed and key in self._keys.values():
            self._error = error
            self._arrived()


def _image(picture: PreviewImage) -> QImage:
    """Return a picture's pixels as Qt paints them fastest; they are copied."""
    height, width = picture.rgb.shape[:2]
    rgb = np.ascontiguousarray(picture.rgb)
    image = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.convertToFormat(QImage.Format.Format_RGB32)
