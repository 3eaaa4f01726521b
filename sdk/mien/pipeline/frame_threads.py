"""Frames edited by several threads at once, and handed on in their order.

Between decoder and encoder at most two frames a thread are in memory, with their edited pictures:
one that is at work, and one that waits for its turn. Where pictures are so large that these take
more than half a gigabyte, only those at work are. On top comes what painting a face takes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from mien.blas import one_blas_thread
from mien.cores import core_count, one_opencv_thread
from mien.media.frame import Frame
from mien.rendering.base import Renderer

__all__ = ["edit_in_order", "thread_count"]

_FRAMES: Final = 2
"""Frames of a thread: a frame that takes long would leave all others idle with one."""
_WAITING_BYTES: Final = 512 << 20
_USEFUL_THREADS: Final = 4
"""Threads beyond which none helps: they wait for Python's lock."""
_SHARED: Final = 8
"""The same where all but one have a process that paints: then a render waits for its encoder."""

EditFrame = Callable[[Frame], Frame]
EditedFrame = tuple[Frame, Frame]
"""A frame as it was and as it is."""


def thread_count(
    renderer: Renderer | None, *, wanted: int = 0, cores: int = 0, processes: bool = False
) -> int:
    """Return how many frames of a render are edited at a time, each in a thread.

    Args:
        renderer: Makes the pixels; None for a plain copy.
        wanted: How many; 0 for as many as help.
        cores: Cores that may be used; 0 for all that the process may use.
        processes: Whether processes beside this one may paint for the threads.
    """
    if renderer is None or not renderer.concurrent:
        return 1
    return wanted or min(cores or core_count(), _SHARED if processes else _USEFUL_THREADS)


def edit_in_order(
    edit: EditFrame, frames: Iterator[Frame], threads: int
) -> Generator[EditedFrame, None, None]:
    """Edit frames in several threads; one thread is that of the caller.

    An error, be it of the edit or of `frames`, is raised where its frame would have come. When
    the caller stops early, frames that wait are dropped and the threads end with those at work.

    Args:
        edit: Returns a frame with its faces changed.
        frames: The frames.
        threads: How many threads.

    Yields:
        Each frame as it was and as it is.
    """
    if threads > 1:
        yield from _edit_in_threads(edit, frames, threads)
        return
    for frame in frames:
        # Not around the yield: whoever takes the frames has threads of their own.
        with one_blas_thread():
            edited = edit(frame)
        yield frame, edited


def _edit_in_threads(
    edit: EditFrame, frames: Iterator[Frame], threads: int
) -> Generator[EditedFrame, None, None]:
    def work(frame: Frame | Exception) -> EditedFrame:
        if isinstance(frame, Exception):
            raise frame
        return frame, edit(frame)

    turns: deque[Future[EditedFrame]] = deque()
    # Lifted and imposed again between frames, the limits would set the libraries' own threads
    # spinning, which takes as much time as the frames do.
    with one_blas_thread(), one_opencv_thread():
        pool = ThreadPoolExecutor(threads, thread_name_prefix="mien-paint")
        try:
            for frame in _up_to_an_error(frames):
                turns.append(pool.submit(work, frame))
                most = 0 if isinstance(frame, Exception) else _most_in_memory(frame, threads)
                while turns and (len(turns) >= most or turns[0].done()):
                    yield turns.popleft().result()
            while turns:
                yield turns.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _up_to_an_error(frames: Iterator[Frame]) -> Iterator[Frame | Exception]:
    """Frames, and in the place of one that cannot be had the error that says why."""
    try:
        yield from frames
    except Exception as error:  # noqa: BLE001 - raised when its turn comes
        yield error


def _most_in_memory(frame: Frame, threads: int) -> int:
    """Frames like this one that are edited or wait for their turn at most."""
    room = _WAITING_BYTES // max(1, 2 * frame.picture.nbytes)
    return min(max(threads, room), _FRAMES * threads)
