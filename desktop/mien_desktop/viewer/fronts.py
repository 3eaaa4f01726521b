"""The matte of what is in front of the current face: asked of the previewer, kept as a tint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QColor, QImage

from mien._types import FloatArray
from mien.errors import MienError
from mien.model.occlusion import MatteStroke, Occlusion
from mien_desktop.resolve import Resolved
from mien_desktop.workspace import Workspace

if TYPE_CHECKING:
    # It brings what decodes and paints; the window opens faster without.
    from mien.preview.previewer import Previewer

__all__ = ["Front", "Fronts", "tinted"]


@dataclass(frozen=True, slots=True, eq=False)
class Front:
    """The matte of what is in front of a face in a frame, as far as it is known.

    Attributes:
        frame: The frame.
        face: Number of the face.
        occlusion: How it was found.
        image: The tint, as opaque as something is in front; None where nothing is, and before
            the answer.
        whole: Whether nothing more will be known of it.
    """

    frame: int
    face: int
    occlusion: Occlusion
    image: QImage | None = None
    whole: bool = False

    @property
    def strokes(self) -> tuple[MatteStroke, ...]:
        """The strokes that are in it."""
        return self.occlusion.strokes


class Fronts:
    """The matte of what is in front of the current face, asked for whenever it may be another.

    Args:
        workspace: Where the previewer is, and whose `later` brings its answers.
        arrived: Called on the main thread when something new can be shown.
        tint: The colour of what is in front.
    """

    def __init__(self, workspace: Workspace, arrived: Callable[[], None], tint: QColor) -> None:
        self._workspace = workspace
        self._arrived = arrived
        self._tint = QColor(tint)
        self._previewer: Previewer | None = None
        self._asked: Front | None = None
        self._shown: Front | None = None
        self._error: MienError | None = None
        self._closed = False

    @property
    def error(self) -> MienError | None:
        """The reason why it is not known."""
        return self._error

    @property
    def settled(self) -> bool:
        """True when what is shown is what was asked for, and all of it."""
        shown = self._shown
        return self._asked is None or (shown is not None and shown.whole and self._fits(shown))

    def shown(self, now: Resolved) -> Front | None:
        """Return what is in front at the playhead; maybe as it was before the last stroke."""
        shown, face = self._shown, now.face
        if shown is None or face is None:
            return None
        same = (shown.frame, shown.face) == (now.state.frame, face.number)
        return shown if same else None

    def ask(self, now: Resolved) -> None:
        """Ask for what is shown, if it is shown, and not known yet."""
        previewer, state = self._workspace.previewer, now.state
        if previewer is not self._previewer:
            self._previewer, self._asked, self._shown, self._error = previewer, None, None, None
        shot, face = now.shot, now.face
        wanted = "front" in state.overlays and not state.speed
        if previewer is None or shot is None or face is None or not wanted:
            self._asked = None
            return
        asked = Front(state.frame, face.number, shot.occlusion)
        if self._asked is not None and self._fits(asked):
            return
        self._asked = asked

        def deliver(matte: FloatArray | None, whole: bool) -> None:
            image = None if matte is None else tinted(matte, self._tint)
            front = Front(asked.frame, asked.face, asked.occlusion, image, whole)
            self._workspace.later(lambda: self._take(asked, front))

        def failed(error: MienError) -> None:
            self._workspace.later(lambda: self._fail(asked, error))

        previewer.request_front(state.frame, face.number, deliver, failed)

    def close(self) -> None:
        """Drop what still comes."""
        self._closed = True

    def _fits(self, front: Front) -> bool:
        asked = self._asked
        return (
            asked is not None
            and front.occlusion is asked.occlusion
            and (front.frame, front.face) == (asked.frame, asked.face)
        )

    def _take(self, asked: Front, front: Front) -> None:
        if not self._closed and asked is self._asked:
            self._shown, self._error = front, None
            self._arrived()

    def _fail(self, asked: Front, error: MienError) -> None:
        if not self._closed and asked is self._asked:
            self._error = error
            self._arrived()


def tinted(mask: FloatArray, tint: QColor) -> QImage:
    """Return a mask (H, W) of 0..1 as a tint of that opacity."""
    height, width = mask.shape
    alpha = np.clip(mask, 0, 1) * tint.alphaF()
    argb = np.empty((height, width, 4), dtype=np.uint8)
    for channel, value in enumerate((tint.blueF(), tint.greenF(), tint.redF(), 1.0)):
        argb[..., channel] = np.rint(alpha * (255 * value))
    kind = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(argb.data, width, height, 4 * width, kind).copy()
