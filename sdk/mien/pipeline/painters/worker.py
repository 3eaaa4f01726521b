"""Paints frames of a render for another process.

    python -m mien.pipeline.painters.worker

It reads the work and then frames from standard input, and writes to standard output what changed in
each. When standard input ends, so does it: whoever asked is gone.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import IO, Any

from mien.blas import one_blas_thread
from mien.cores import one_opencv_thread
from mien.folder_limits import keep_to
from mien.media.apart import messages
from mien.pipeline.opening import open_session
from mien.pipeline.painters.process import changed_rows
from mien.progress import silent
from mien.rendering.patches import edit_plate

__all__ = ["main"]


def _paint_all(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answer questions until there are no more."""
    with ExitStack() as stack:
        stack.enter_context(one_blas_thread())
        stack.enter_context(one_opencv_thread())
        work: list[Any] = []

        def open_work(packed: bytes) -> None:
            folders, shot, plans, renderer = pickle.loads(packed)
            if folders is not None:
                keep_to(folders)
            session = stack.enter_context(open_session(shot, plans, renderer, silent))
            work.extend((session, plans))

        def paint(question: tuple[Any, ...]) -> Any:
            frame, faces, plate = question
            session, plans = work
            asked = [plans[number] for number in faces]
            result, _ = edit_plate(session, asked, frame, plate)
            return None if result is plate else changed_rows(plate, result)

        if _answered(answers, open_work, _next(questions)):
            while True:
                _answered(answers, paint, _next(questions))


def _next(questions: IO[bytes]) -> Any:
    return messages.read_question(questions)  # type: ignore[arg-type]


def _answered(answers: IO[bytes], work: Callable[[Any], Any], question: Any) -> bool:
    """Answer a question; False where that failed, which whoever asked is told."""
    try:
        kind, value = "done", work(question)
    except Exception as error:  # noqa: BLE001 - whoever asked does it, and meets it there
        kind, value = "failed", f"{type(error).__name__}: {error}"
    messages.send(answers, (0, kind, value))
    return kind == "done"


def main() -> int:
    """Paint what standard input asks for."""
    # Ctrl-C in a terminal is meant for whoever asks, whose end ends this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    questions = os.fdopen(os.dup(0), "rb", buffering=0)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    # What a library writes to standard output must not come between the answers.
    os.dup2(2, 1)
    messages.widen(answers.fileno())
    try:
        with suppress(EOFError, OSError):
            _paint_all(questions, answers)
    finally:
        # Threads that are deep in a decoder are not waited for.
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
