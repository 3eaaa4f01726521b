"""Paints frames of a render for another process.

    python -m mien.pipeline.painters.worker

It reads the work and then frames from standard input, and writes to standard output what changed in
each, and what its session remarked. When standard input ends, so does it: whoever asked is gone.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import IO, Any

from mien.blas import one_blas_thread
from mien.child_python import worker_pipes
from mien.cores import one_opencv_thread
from mien.folder_limits import keep_to
from mien.media.apart import messages
from mien.pipeline.opening import open_session
from mien.pipeline.painters.process import changed_rows
from mien.progress import silent
from mien.rendering.base import FacePlan, RenderSession
from mien.rendering.patches import edit_plate

__all__ = ["main"]


class _Painter:
    """Opens a renderer on a shot, and paints its frames.

    Args:
        stack: Closes what it opens.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._session: RenderSession | None = None
        self._plans: Sequence[FacePlan] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the session remarked so far."""
        return () if self._session is None else self._session.notes

    def open(self, work: Any) -> None:
        """Open the renderer; see `PaintingWork.packed`."""
        folders, shot, self._plans, renderer = pickle.loads(work)
        if folders is not None:
            keep_to(folders)
        self._session = self._stack.enter_context(open_session(shot, self._plans, renderer, silent))

    def paint(self, question: tuple[Any, ...]) -> Any:
        """Return the rows that change in a frame; None where nothing does."""
        frame, faces, plate = question
        assert self._session is not None
        asked = [self._plans[number] for number in faces]
        result, _ = edit_plate(self._session, asked, frame, plate)
        return None if result is plate else changed_rows(plate, result)


def _paint_all(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answer questions until there are no more, or the first cannot be answered."""
    with ExitStack() as stack:
        stack.enter_context(one_blas_thread())
        stack.enter_context(one_opencv_thread())
        painter = _Painter(stack)

        def answer(work: Callable[[Any], Any]) -> bool:
            question = messages.read_question(questions)  # type: ignore[arg-type]
            try:
                value: object = (work(question), painter.notes)
                kind = "done"
            except Exception as error:  # noqa: BLE001 - whoever asked does it, and meets it there
                kind, value = "failed", f"{type(error).__name__}: {error}"
            messages.send(answers, (0, kind, value))
            return kind == "done"

        if answer(painter.open):
            while True:
                answer(painter.paint)


def main() -> int:
    """Paint what standard input asks for."""
    questions, answers = worker_pipes()
    messages.widen(answers.fileno())
    try:
        with suppress(EOFError, OSError):
            _paint_all(questions, answers)
    finally:
        # Threads that are deep in a decoder are not waited for.
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
