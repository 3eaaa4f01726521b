"""The frames of a shot for somebody who moves about in it and does not like to wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Protocol

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from mien.errors import MediaError, MienError, OperationCancelledError
from mien.media.apart import decoding_process
from mien.media.apart.process import DecodingProcess, RemoteObject
from mien.media.base_reader import BaseReader
from mien.media.film import Film
from mien.media.film_parts import is_cut_inside
from mien.media.frame import Frame, MoviePicture
from mien.media.index import open_movie, remembered_index, searched_by_time
from mien.media.reader import open_patient_reader
from mien.media.streams import main_video
from mien.model.media import MediaInfo

__all__ = ["KeyFrames", "NearFrames", "ShotSource", "open_key_frames"]


class ShotSource:
    """Any frame of a shot, exactly; opened when the first is asked for.

    Args:
        facts: Facts of the media.
        cache_bytes: Bytes of decoded frames that are kept.
        threads: Threads that decode; 0 lets the decoder choose.
    """

    def __init__(self, facts: MediaInfo, cache_bytes: int, threads: int = 0) -> None:
        self._facts = facts
        self._cache_bytes = cache_bytes
        self._threads = threads
        self._reader: BaseReader | None = None
        self._lock = threading.Lock()
        self._stopped = False

    def frame(self, index: int) -> Frame:
        """The frame with an index.

        Raises:
            MediaError: When the media cannot be read.
            OperationCancelledError: When `stop` was called.
        """
        frame = self.frame_unless(index, lambda: self._stopped)
        if frame is None:
            raise OperationCancelledError(f"Reading {self._facts.path.name} was stopped.")
        return frame

    @property
    def held(self) -> int:
        """Bytes of decoded frames held."""
        reader = self._reader
        return reader.held if reader is not None else 0

    def frame_unless(self, index: int, stop: Callable[[], bool]) -> Frame | None:
        """The frame with an index; None when `stop` says so before it is there.

        Raises:
            MediaError: When the media cannot be read.
        """
        return self._opened().frame_unless(index, stop)

    def stop(self) -> None:
        """Give up what is being decoded, and all that is asked for from now on."""
        self._stopped = True

    def close(self) -> None:
        """Let go of the file and of the frames kept."""
        with self._lock:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    def _opened(self) -> BaseReader:
        with self._lock:
            if self._reader is None:
                # Pictures for looking are taken from plates, which only PyAV gives.
                self._reader = open_patient_reader(
                    self._facts, cache_bytes=self._cache_bytes, threads=self._threads
                )
            return self._reader


class NearFrames(Protocol):
    """Key frames of a movie: quickly there, but not every frame."""

    def before(self, index: int) -> int | None:
        """Return the key frame at or before a frame, where it is known already."""
        ...

    def frame(self, index: int) -> Frame | None:
        """Return the key frame at or before a frame; None where the format does not find it."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


def open_key_frames(facts: MediaInfo) -> NearFrames:
    """Open the key frames of a movie; another process decodes them where one does.

    Args:
        facts: Facts of a movie.
    """
    process = decoding_process()
    return KeyFrames(facts) if process is None else _ApartKeyFrames(process, facts)


class KeyFrames:
    """The frames of a movie at which decoding may start: quickly there, but not every frame.

    Needs no index of the file, only the times in its facts, where its format can be searched by
    time.

    Args:
        facts: Facts of a movie.
    """

    def __init__(self, facts: MediaInfo) -> None:
        self._facts = facts
        self._number = {pts: i for i, pts in enumerate(facts.pts)}
        self._by_time = searched_by_time(facts.container)
        self._container: InputContainer | None = None
        self._film: Film | None = None
        self._reaches = _Reaches()

    def before(self, index: int) -> int | None:
        """The key frame at or before a frame, where it is known already."""
        return self._reaches.before(index)

    def frame(self, index: int) -> Frame | None:
        """The key frame at or before a frame; None where the format does not find it."""
        try:
            return self._decoded(index)
        except (av.FFmpegError, OSError, MediaError):
            # Whoever decodes the frame itself meets the same fault, and names it.
            self.close()
            return None

    def close(self) -> None:
        """Let go of the file."""
        if self._container is not None:
            self._container.close()
            self._container = None
        if self._film is not None:
            self._film.close()
            self._film = None

    def _decoded(self, index: int) -> Frame | None:
        if self._by_time:
            if self._container is None:
                self._container = open_movie(self._facts.path)
                opened = main_video(self._container, self._facts.stream)
                assert opened is not None
                if is_cut_inside(self._container, opened):
                    # Times in the file are others than those shown.
                    self._by_time = False
                    return None
                # Threads that work on several frames at once would hold the first one back.
                opened.thread_type = "SLICE"
            video = main_video(self._container, self._facts.stream)
            assert video is not None
            self._container.seek(self._facts.pts[index], stream=video)
            frame = self._first(video, self._container.demux(video))
        else:
            frame = self._by_index(index)
        self._reaches.note(frame, index)
        return frame

    def _by_index(self, index: int) -> Frame | None:
        """The same in a format that cannot be searched by time, once it has been indexed."""
        table = remembered_index(self._facts.path, self._facts.stream)
        point = table.point_before(index) if table is not None else None
        if table is None or point is None or table.parts:
            return None
        if self._film is None:
            self._film = Film(self._facts.path, self._facts.stream, table, by="SLICE")
        packets = self._film.packets(point)
        if packets is None:
            return None
        return self._first(self._film.video, packets, table.points[point].frame)

    def _first(
        self, video: VideoStream, packets: Iterator[Packet[VideoStream]], number: int | None = None
    ) -> Frame | None:
        """The first key frame of packets; its number by its time, unless it is given."""
        frame: Frame | None = None
        for packet in packets:
            if not packet.is_keyframe:
                continue
            with suppress(av.error.EOFError):
                pictures = [*packet.decode(), *video.codec_context.decode(None)]
                frame = self._frame(pictures, number)
            video.codec_context.flush_buffers()
            break
        return frame

    def _frame(self, pictures: list[av.VideoFrame], said: int | None) -> Frame | None:
        for video in pictures:
            number = said
            if number is None and video.pts is not None:
                number = self._number.get(video.pts)
            if number is not None:
                facts = self._facts
                return Frame(number, facts.pts[number], facts.orientation, MoviePicture(video))
        return None


class _ApartKeyFrames:
    """Key frames that another process decodes."""

    def __init__(self, process: DecodingProcess, facts: MediaInfo) -> None:
        self._remote = RemoteObject(process, f"{__name__}:KeyFrames", {"facts": facts})
        self._reaches = _Reaches()

    def before(self, index: int) -> int | None:
        return self._reaches.before(index)

    def frame(self, index: int) -> Frame | None:
        try:
            frame: Frame | None = self._remote.call("frame", index=index)
        except MienError:
            # Whoever decodes the frame itself meets the same fault, and names it.
            return None
        self._reaches.note(frame, index)
        return frame

    def close(self) -> None:
        self._remote.close()


class _Reaches:
    """Of every key frame that was met, how far it is known to be the nearest one."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}

    def before(self, index: int) -> int | None:
        """Return the key frame at or before a frame, where it is known."""
        for key, known in self._known.items():
            if key <= index <= known:
                return key
        return None

    def note(self, frame: Frame | None, asked: int) -> None:
        """Note which key frame was found for a frame."""
        if frame is not None and frame.index <= asked:
            self._known[frame.index] = max(asked, self._known.get(frame.index, 0))
