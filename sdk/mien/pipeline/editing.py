"""Frames on their way from decoder to encoder, with their faces changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from mien.media.frame import Frame
from mien.media.planes import Plate
from mien.rendering.base import FacePlan, RenderSession
from mien.rendering.frame_files import FrameFolder
from mien.rendering.matte import matte
from mien.rendering.patches import edit_plate, render_patches
from mien.rendering.watermark import Watermark

__all__ = ["FrameEditor", "MatteEditor", "Paint", "marking"]

Paint = Callable[[int, Plate, Sequence[FacePlan]], Plate]
"""Given a frame's index, its plate and the plans that ask for something in it, returns its plate
with the faces changed; the given one where nothing is."""


class FrameEditor:
    """Changes the faces of frames, in any order.

    Several threads may use it at once, where they may use the renderer's session and it is open
    by then.

    Args:
        plans: The faces with edits; none for a plain copy.
        session: Gives the renderer at work on the shot; called when a frame has to be made.
        finished: Frames that were finished before, and where others are kept; None to do without.
        paint: Paints a frame's faces into its plate; None to have the session do it at once.

    Attributes:
        edited: Frames in which a face was changed so far.
        resumed: Frames among them that were finished before.
    """

    def __init__(
        self,
        plans: Sequence[FacePlan] = (),
        session: Callable[[], RenderSession] | None = None,
        finished: FrameFolder | None = None,
        paint: Paint | None = None,
    ) -> None:
        self._active = [(plan, plan.evaluated.active) for plan in plans]
        self._session = session
        self._finished = finished
        self._paint = self._paint_here if paint is None else paint
        self._counting = threading.Lock()
        self.edited = 0
        self.resumed = 0

    def edit(self, frame: Frame) -> Frame:
        """Return a frame with its faces changed; the same one where nothing is asked or changes."""
        plans = self._plans(frame.index)
        if not plans:
            return frame
        plate = frame.plate()
        result = self._result(frame.index, plate, plans)
        if result is plate:
            return frame
        self._count(edited=True)
        return frame.with_plate(result)

    def _count(self, *, edited: bool = False, resumed: bool = False) -> None:
        with self._counting:
            self.edited += edited
            self.resumed += resumed

    def _plans(self, frame: int) -> list[FacePlan]:
        return [plan for plan, active in self._active if active[frame]]

    def _opened(self) -> RenderSession:
        assert self._session is not None, "edits need a renderer"
        return self._session()

    def _result(self, frame: int, plate: Plate, plans: Sequence[FacePlan]) -> Plate:
        if self._finished is not None:
            finished = self._finished.find(frame, plate)
            if finished is not None:
                self._count(resumed=True)
                return finished
        result = self._paint(frame, plate, plans)
        if self._finished is not None:
            self._finished.keep(frame, plate, result)
        return result

    def _paint_here(self, frame: int, plate: Plate, plans: Sequence[FacePlan]) -> Plate:
        return edit_plate(self._opened(), plans, frame, plate)[0]


class MatteEditor(FrameEditor):
    """Turns frames into the masks of what is changed in them."""

    def edit(self, frame: Frame) -> Frame:
        """Return the mask of what is changed in a frame; black where nothing is."""
        plans = self._plans(frame.index)
        plate = frame.plate()
        patches = render_patches(self._opened(), plans, frame.index, plate) if plans else []
        self._count(edited=bool(patches))
        return frame.with_plate(matte(plate, patches))


def marking(
    edit: Callable[[Frame], Frame], watermark: Watermark | None
) -> Callable[[Frame], Frame]:
    """Return what edits frames and then burns a watermark into them.

    It comes last, so that finished frames that are kept hold none, and a render with a watermark
    and one without share them.

    Args:
        edit: Returns a frame with its faces changed.
        watermark: The watermark; None for none.
    """
    if watermark is None:
        return edit
    return lambda frame: watermark.paint(edit(frame))
