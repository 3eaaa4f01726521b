"""Write a render: the edited pictures, and everything else as the source has it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

import av

from mien.errors import MienError
from mien.media.atomic_write import write_error
from mien.media.codecs import choose_encoding
from mien.media.frame import Frame
from mien.media.image_sink import ImageSink
from mien.media.movie_sink import MovieSink
from mien.media.outputs import check_output
from mien.media.prefetch import ByteQueue, QueueClosed
from mien.media.sequence import Pattern
from mien.model.media import MediaInfo
from mien.model.quality import Quality
from mien.model.soundtrack import Soundtrack
from mien.timebase import FrameRange

__all__ = ["BeforeCommit", "Writer", "open_writer"]

BeforeCommit = Callable[[Path], None]
"""Called with an output that is encoded and closed but has not got its name yet: a hidden file,
or the hidden folder of an image sequence. It may change the file; an error that it raises ends
the render, and nothing is left under the output's name."""


class Writer(Protocol):
    """Takes the frames of a render, in order.

    A context manager: when it ends well the output is put in place, whole; when it ends in
    any error, or is interrupted, nothing is left.
    """

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the source the output does not keep, a sentence each."""
        ...

    def write(self, frame: Frame) -> None:
        """Take the next frame; it is encoded in a thread.

        Raises:
            WriteError: When writing failed; maybe of an earlier frame.
        """
        ...

    def end(self) -> None:
        """Say that no more frames come, though more were said to: the output ends here."""
        ...

    def __enter__(self) -> Writer: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def open_writer(
    path: str | Path,
    source: MediaInfo,
    *,
    codec: str | None = None,
    lossless: bool = False,
    quality: Quality | None = None,
    frames: FrameRange | None = None,
    overwrite: bool = False,
    before_commit: Sequence[BeforeCommit] = (),
    soundtrack: Soundtrack | None = None,
) -> Writer:
    """Open an output that is like its source.

    Args:
        path: A movie, or a pattern of images as `out.%04d.exr`.
        source: The source: its sound, timing, colour, rotation and tags are carried over.
        codec: Name of the codec; None for the source's.
        lossless: Whether every code value must be kept.
        quality: How well it is encoded; None for visually lossless.
        frames: Frames that will be written; None for all. Sound is cut to them.
        overwrite: Whether an output that is there already may be replaced.
        before_commit: Called in this order between encoding and giving the final name.
        soundtrack: Another sound, in place of the source's or beside it; None for the source's.

    Raises:
        MediaError: When the soundtrack cannot be read.
        OutputError: When the output cannot be put there, or cannot hold what is asked.
    """
    path = Path(path)
    check_output(path, source, overwrite=overwrite, codec=codec, lossless=lossless, quality=quality)
    encoding = choose_encoding(path, source, codec=codec, lossless=lossless, quality=quality)
    frames = frames or source.clock.all
    sink: _Sink
    if not encoding.container:
        pattern = Pattern.parse(path)
        assert pattern is not None
        sink = ImageSink(pattern, source, encoding)
    else:
        sink = MovieSink(path, source, encoding, frames, soundtrack)
    return _ThreadedWriter(path, sink, frames, before_commit)


class _Sink(Protocol):
    """Encodes frames; used by one thread at a time."""

    @property
    def notes(self) -> tuple[str, ...]: ...

    def encode(self, frame: Frame) -> None: ...

    def end_before(self, frame: int) -> None:
        """Let the output end before a frame that was said to be in it."""
        ...

    def finish(self, before_commit: Sequence[BeforeCommit]) -> None:
        """Finish the hidden output, call what is to be called, and put it in place."""
        ...

    def discard(self) -> None:
        """Leave nothing behind."""
        ...


class _ThreadedWriter:
    """Hands frames to a sink in a thread; at most a bounded number of bytes wait."""

    def __init__(
        self, path: Path, sink: _Sink, frames: FrameRange, before_commit: Sequence[BeforeCommit]
    ) -> None:
        self._path = path
        self._sink = sink
        self._before_commit = before_commit
        self._next = frames.start
        self._stop = frames.stop
        self._ended = False
        self._queue: ByteQueue[Frame] = ByteQueue()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="mien-encode", daemon=True)
        try:
            self._thread.start()
        except BaseException:
            # Starting waits for the thread to run; on a busy machine Ctrl-C may come meanwhile.
            self._queue.close(drop=True)
            if self._thread.is_alive():
                self._thread.join()
            self._sink.discard()
            raise

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the source the output does not keep; see `Writer.notes`."""
        return self._sink.notes

    def write(self, frame: Frame) -> None:
        """Take the next frame; see `Writer.write`."""
        if frame.index != self._next:
            raise ValueError(f"frame {frame.index} was written where {self._next} comes")
        try:
            self._queue.put(frame, frame.picture.nbytes)
        except QueueClosed:
            self._raise_failure()
            raise
        self._next += 1

    def end(self) -> None:
        """Say that no more frames come; see `Writer.end`."""
        self._ended = True

    def __enter__(self) -> _ThreadedWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._queue.close(drop=error is not None)
        try:
            self._thread.join()
            if error is not None:
                return
            self._raise_failure()
            if self._next != self._stop and not self._ended:
                raise ValueError(f"{self._stop - self._next} frames were never written")
            try:
                if self._next != self._stop:
                    self._sink.end_before(self._next)
                self._sink.finish(self._before_commit)
            except MienError:
                raise
            except (av.FFmpegError, OSError) as failure:
                raise write_error(self._path, failure) from failure
        finally:
            # A second Ctrl-C may have come while the thread was waited for.
            self._queue.close(drop=True)
            self._thread.join()
            # After `finish` there is nothing left to discard.
            self._sink.discard()

    def _work(self) -> None:
        try:
            while True:
                self._sink.encode(self._queue.get())
        except QueueClosed:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            self._failure = error
            self._queue.close(drop=True)

    def _raise_failure(self) -> None:
        failure = self._failure
        if isinstance(failure, MienError):
            raise failure
        if isinstance(failure, (av.FFmpegError, OSError)):
            raise write_error(self._path, failure) from failure
        if failure is not None:
            raise failure
