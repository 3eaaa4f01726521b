"""Work that takes longer than a picture may wait: run on a thread, answered on the main one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from mien.errors import MienError
from mien_desktop.workspace import Workspace

__all__ = ["Background"]

Answer = TypeVar("Answer")


class Background:
    """A few threads for a window's long reads.

    Args:
        workspace: Told what goes wrong, and asked to call on the main thread.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="mien-desktop")
        self._open = True

    def run(
        self,
        work: Callable[[], Answer],
        done: Callable[[Answer], None],
        failed: Callable[[MienError], None] | None = None,
    ) -> None:
        """Run something on a thread.

        Args:
            work: Touches no widget.
            done: Called with the answer on the main thread.
            failed: Called with the error instead; it is shown as a problem when None.
        """
        if self._open:
            future = self._threads.submit(work)
            future.add_done_callback(lambda f: self._workspace.later(lambda: end(f)))

        def end(future: Future[Answer]) -> None:
            if not self._open or future.cancelled():
                return
            error = future.exception()
            if error is None:
                done(future.result())
            elif isinstance(error, MienError):
                (failed or self._workspace.problem.emit)(error)
            else:
                raise error

    def close(self) -> None:
        """Begin nothing more; what goes on is waited for, its answer is dropped."""
        self._open = False
        self._threads.shutdown(wait=True, cancel_futures=True)
