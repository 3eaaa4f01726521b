"""Where a window asks what is in front of a face; only the newest question waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mien._types import FloatArray
from mien.errors import MienError
from mien.media.frame import Frame

__all__ = ["DeliverFront", "FrontDesk"]

DeliverFront = Callable[[FloatArray | None, bool], None]
"""Takes (H, W) float32 of the upright picture, 0..1, or None where nothing is in front; and whether
that is all, or the shot has yet to be looked through."""


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    frame: int
    face: int
    deliver: DeliverFront
    failed: Callable[[MienError], None] | None


class FrontDesk:
    """The newest question, kept after its answer: more may be known later."""

    def __init__(self) -> None:
        self._newest: _Question | None = None
        self._waits = False

    @property
    def waits(self) -> bool:
        """True while a question has no answer, or may have a better one by now."""
        return self._waits

    def ask(
        self,
        frame: int,
        face: int,
        deliver: DeliverFront,
        failed: Callable[[MienError], None] | None,
    ) -> None:
        """Ask what is in front of a face in a frame; the question before is dropped."""
        self._newest, self._waits = _Question(frame, face, deliver, failed), True

    def ask_again(self) -> None:
        """Have the last question answered once more: something was learned since."""
        self._waits = self._newest is not None

    def answer(
        self,
        decoded: Callable[[int], Frame | None],
        front: Callable[[Frame, int], tuple[FloatArray | None, bool]],
    ) -> bool:
        """Answer the question that waits.

        Args:
            decoded: Decodes a frame; None when it was given up.
            front: Tells what is in front of a face in a frame, and whether that is all.

        Returns:
            False when none waits.
        """
        question = self._newest
        if question is None or not self._waits:
            return False
        self._waits = False
        try:
            frame = decoded(question.frame)
            if frame is None:
                return True
            matte, whole = front(frame, question.face)
        except MienError as error:
            if question.failed is not None and question is self._newest:
                question.failed(error)
        else:
            if question is self._newest:
                question.deliver(matte, whole)
        return True
