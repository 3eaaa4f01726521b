"""Read the frames of a shot: one after another, decoding ahead, or any one by its index."""

from __future__ import annotations

import itertools
import os
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol

import av

from mien.errors import DamagedMediaError, MediaError, UsageError
from mien.media.apart import decoding_process
from mien.media.base_reader import BaseReader, Lost, damaged
from mien.media.cache import ByteCache
from mien.media.film import Film
from mien.media.frame import Frame, MoviePicture
from mien.media.index import PacketIndex, movie_index
from mien.media.memory import MemoryReader
from mien.media.prefetch import decode_ahead
from mien.media.probe import probe
from mien.media.sequence import SequenceReader
from mien.model.media import MediaInfo

__all__ = [
    "CACHE_BYTES",
    "Frame",
    "MovieReader",
    "Reader",
    "open_patient_reader",
    "open_reader",
]

CACHE_BYTES: Final = 256 << 20
"""Bytes of decoded pictures that a reader keeps for random access."""
SEEK_COST: Final = 6
"""Frames that could be decoded while a seek empties and fills the decoder's threads again."""


class Reader(Protocol):
    """Frames of one shot, by index."""

    @property
    def facts(self) -> MediaInfo:
        """The facts of the media."""
        ...

    def frame(self, index: int) -> Frame:
        """Return the frame with an index; the same frame whatever was read before.

        Raises:
            IndexError: When the shot has no such frame.
            DamagedMediaError: When the frame is damaged.
        """
        ...

    def stream(
        self, start: int = 0, stop: int | None = None, *, lost: Lost | None = None
    ) -> Generator[Frame, None, None]:
        """Yield the frames from `start` to `stop` (excluded), decoded ahead in a thread.

        Args:
            start: The first.
            stop: The one after the last; None for all.
            lost: Called with frames that are damaged, which are left out then; maybe in another
                thread, but before the frame after them is given. None to fail at the first.

        Raises:
            DamagedMediaError: When a frame is damaged, and nobody is called about it.
        """
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...

    def __enter__(self) -> Reader: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def open_reader(
    source: str | Path | MediaInfo,
    *,
    threads: int = 0,
    decoder: str | None = None,
    cache_bytes: int = CACHE_BYTES,
    whole: bool = False,
) -> Reader:
    """Open a movie or an image sequence. This is the one place that chooses the decoder.

    Args:
        source: The file or pattern, or its facts where they are known already.
        threads: Threads that decode; 0 lets the decoder choose.
        decoder: `pyav`, or `decord` for looking only (8-bit R'G'B', no plates); None for
            what the environment variable MIEN_DECODER says, or else `pyav`.
        cache_bytes: Bytes of decoded pictures that random access keeps.
        whole: Whether frames need all that comes along with their pictures, to be written; they
            are decoded in this process then, even where another one decodes for it.

    Raises:
        MediaError: When there is nothing to read.
        UsageError: When there is no such decoder.
        MissingDependencyError: When decord is not installed.
    """
    facts = source if isinstance(source, MediaInfo) else probe(source)
    name = decoder or os.environ.get("MIEN_DECODER") or "pyav"
    if name not in ("pyav", "decord"):
        raise UsageError(
            f"There is no decoder '{name}'.",
            "Choose pyav or decord.",
            choices=("pyav", "decord"),
        )
    if facts.kind == "memory":
        return MemoryReader(facts)
    process = decoding_process()
    if process is not None and name == "pyav" and not whole:
        from mien.media.apart_reader import ApartReader

        return ApartReader(process, facts, threads=threads, cache_bytes=cache_bytes)
    if facts.kind == "sequence":
        return SequenceReader(facts, cache_bytes=cache_bytes)
    # decord knows of turns, and would show a mirrored picture upside down; nor does it follow
    # an edit list that cuts inside.
    if name == "decord" and not facts.orientation.mirrored and not _in_parts(facts):
        from mien.media.decord import DecordReader

        return DecordReader(facts, threads=threads)
    return MovieReader(facts, threads=threads, cache_bytes=cache_bytes)


def open_patient_reader(
    facts: MediaInfo, *, threads: int = 0, cache_bytes: int = CACHE_BYTES
) -> BaseReader:
    """Open media for somebody who moves about in them, as PyAV decodes them; see `open_reader`."""
    reader = open_reader(facts, threads=threads, decoder="pyav", cache_bytes=cache_bytes)
    assert isinstance(reader, BaseReader)
    return reader


def _in_parts(facts: MediaInfo) -> bool:
    try:
        return bool(movie_index(facts.path, facts.stream).parts)
    except (av.FFmpegError, OSError):
        return False  # whoever reads it says why it cannot


class _Decoder:
    """A film open for decoding, that knows which frame comes next."""

    def __init__(self, facts: MediaInfo, index: PacketIndex, threads: int) -> None:
        self._facts = facts
        self._index = index
        self._threads = threads
        self._number = {pts: i for i, pts in enumerate(index.pts)}
        self._starts = [point.frame for point in index.points]
        self._at_packet = {p.packet: p.frame for p in index.points} if index.counted else {}
        self._film: Film | None = None
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._started_at = 0
        self.next = 0
        self.careful = False
        self._rewind()

    def be_careful(self, index: int) -> bool:
        """Decode a frame that did not come, or one before it, anew; False when that was done."""
        if self.careful:
            return False
        self.careful = True
        self._rewind()
        self.seek(index)
        return True

    def resume_after(self, index: int) -> int:
        """Go on behind damage, at the next place to start at; its frame, or past the last one.

        That is not the place at which decoding was started last, from which it came so far.

        Before that place frames may have been predicted from what is damaged, or cannot be told
        from their neighbours.
        """
        if self._index.breaks_off:
            for point in range(bisect_left(self._starts, index), len(self._starts)):
                start = self._starts[point]
                if start == self._started_at:
                    continue
                self._rewind()
                if self._start_at(point, start):
                    return start
        return len(self._index.pts)

    def _rewind(self) -> None:
        self.close()
        try:
            # Decoders that work on several frames at once lose whole ones beside a damaged one.
            self._film = Film(
                self._facts.path,
                self._facts.stream,
                self._index,
                threads=self._threads,
                by="SLICE" if self.careful else "AUTO",
            )
        except (av.FFmpegError, OSError) as error:
            raise MediaError(
                f"{self._facts.path} can no longer be read: {error}.",
                "Was it moved?",
                path=self._facts.path,
            ) from error
        self._frames = self._film.frames() or iter(())
        self.next = self._started_at = 0

    def close(self) -> None:
        if self._film is not None:
            self._film.close()
            self._film = None

    def seek(self, index: int) -> None:
        """Make `index`, or a frame before it, the next one; seeking only where it pays."""
        point = bisect_right(self._starts, index) - 1
        start = self._starts[point] if point >= 0 else 0
        if self.next <= index and start <= self.next + SEEK_COST:
            return
        while point >= 0 and self._starts[point] > 0:
            if self._start_at(point, index):
                return
            # The format landed behind the frame: start from an earlier key frame.
            point -= 1
        self._rewind()

    def _start_at(self, point: int, index: int) -> bool:
        """Seek to a key frame; False when it comes out behind `index`."""
        assert self._film is not None
        start = self._starts[point]
        try:
            frames = self._film.frames(point)
            for frame in frames or ():
                number = start if self._index.counted else self._number_of(frame)
                # Pictures before the key frame lack what they were predicted from.
                if number >= start:
                    assert frames is not None
                    self._frames = itertools.chain([frame], frames)
                    self.next = number
                    self._started_at = start
                    return number <= index
        except (av.FFmpegError, OSError):
            return False
        return False

    def _number_of(self, frame: av.VideoFrame) -> int:
        """The frame's number by its time; -1 without."""
        return self._number.get(frame.pts, -1) if frame.pts is not None else -1

    def read(self) -> tuple[int, av.VideoFrame]:
        """The next frame that is whole, and its number.

        Raises:
            DamagedMediaError: When no whole frame comes any more.
        """
        facts = self._facts
        while True:
            expected = self.next
            try:
                frame = next(self._frames)
            except StopIteration:
                self.next = len(self._index.pts) + 1
                raise damaged(facts, expected, "nothing can be decoded from there on") from None
            except (av.FFmpegError, OSError) as error:
                # Nothing more comes from here: whatever is wanted next is sought.
                self.next = len(self._index.pts) + 1
                raise damaged(facts, expected) from error
            if self._index.stamps and frame.pts is None:
                # It is made of what comes before the first whole frame.
                continue
            if self._index.counted:
                number = self._at_packet.get(frame.pts or 0, expected)
            else:
                number = self._number_of(frame)
            if number < 0 or number < expected:
                raise damaged(facts, expected, f"a frame of the time {frame.pts} came out of place")
            self.next = number + 1
            # What the decoder made up in place of what is damaged is nobody's picture.
            if not frame.is_corrupt and number not in self._index.torn:
                return number, frame


class MovieReader(BaseReader):
    """Frames of a movie file through PyAV, found exactly by an index of their times.

    Args:
        facts: Facts of the movie.
        threads: Threads that decode; 0 lets the decoder choose.
        cache_bytes: Bytes of pictures that random access keeps.
    """

    def __init__(
        self, facts: MediaInfo, *, threads: int = 0, cache_bytes: int = CACHE_BYTES
    ) -> None:
        super().__init__(facts)
        self._threads = threads
        try:
            self._index = movie_index(facts.path, facts.stream)
        except (av.FFmpegError, OSError) as error:
            raise MediaError(
                f"{facts.path} can no longer be read: {error}.", "Was it moved?", path=facts.path
            ) from error
        if self._index.pts != facts.pts:
            raise MediaError(
                f"{facts.path.name} is not the file it was: its frames have other times.",
                "Track it again.",
                path=facts.path,
            )
        self._decoder: _Decoder | None = None
        self._cache: ByteCache[int, Frame] = ByteCache(cache_bytes)
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        """Bytes of decoded pictures kept for random access."""
        return self._cache.held

    def frame(self, index: int) -> Frame:
        """The frame with an index; see `Reader.frame`."""
        with closing(self.walk(index)) as frames:
            for frame in frames:
                last = frame
        return last

    def frame_unless(self, index: int, stop: Callable[[], bool]) -> Frame | None:
        """The frame with an index, if still wanted; see `BaseReader.frame_unless`."""
        with closing(self.walk(index)) as frames:
            for frame in frames:
                if frame.index == index:
                    return frame
                if stop():
                    return None
        return None

    def walk(self, index: int) -> Generator[Frame, None, None]:
        """The frames that have to be decoded to get to one, which comes last.

        For whoever may want another frame before this one is there: an iterator that is
        closed early has decoded no more than it gave. Until then no other frame can be read.
        """
        self._check_index(index)
        with self._lock:
            cached = self._cache.get(index)
            if cached is not None:
                yield cached
                return
            if self._decoder is None:
                self._decoder = _Decoder(self._facts, self._index, self._threads)
            self._decoder.seek(index)
            number = -1
            while number < index:
                try:
                    number, video = self._decoder.read()
                except DamagedMediaError:
                    if self._decoder.be_careful(index):
                        continue
                    raise
                if number > index:
                    if not self._decoder.be_careful(index):
                        raise damaged(self._facts, index)
                    number = -1
                    continue
                frame = self._frame(number, video)
                self._cache.put(number, frame, frame.picture.nbytes)
                yield frame

    def stream(
        self, start: int = 0, stop: int | None = None, *, lost: Lost | None = None
    ) -> Generator[Frame, None, None]:
        """The frames from `start` to `stop`, decoded ahead; see `Reader.stream`."""
        return decode_ahead(self._decode(self._indices(start, stop), lost))

    def close(self) -> None:
        """Let go of the file and of the pictures kept."""
        with self._lock:
            if self._decoder is not None:
                self._decoder.close()
                self._decoder = None
            self._cache.clear()

    def _decode(self, frames: range, lost: Lost | None = None) -> Iterator[Frame]:
        if not frames:
            return
        decoder = _Decoder(self._facts, self._index, self._threads)
        try:
            decoder.seek(frames.start)
            expected = frames.start
            while expected < frames.stop:
                try:
                    number, video = decoder.read()
                except DamagedMediaError:
                    if decoder.be_careful(expected):
                        continue
                    if lost is None:
                        raise
                    begin, expected = expected, decoder.resume_after(expected)
                    if begin < expected:
                        lost(range(begin, min(expected, frames.stop)))
                    continue
                if number < expected or (number > expected and decoder.be_careful(expected)):
                    continue
                if number > expected:
                    if lost is None:
                        raise damaged(self._facts, expected)
                    lost(range(expected, min(number, frames.stop)))
                if number < frames.stop:
                    yield self._frame(number, video)
                expected = number + 1
        finally:
            decoder.close()

    def _frame(self, number: int, video: av.VideoFrame) -> Frame:
        facts = self._facts
        size = (facts.orientation.width, facts.orientation.height)
        if (video.width, video.height) != size or video.format.name != facts.pixel_format:
            raise DamagedMediaError(
                f"{facts.path.name} changes at frame {number} from {size[0]} x {size[1]}"
                f" {facts.pixel_format} to {video.width} x {video.height} {video.format.name}.",
                "Cut it there, or convert it to one size and pixel format.",
                path=facts.path,
                frame=number,
            )
        return Frame(number, facts.pts[number], facts.orientation, MoviePicture(video))
