"""Write a render: the edited pictures, and everything else as the source has it."""

from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Protocol

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from mien.errors import MienError, OutputError
from mien.media.ahead import ByteQueue, Closed
from mien.media.codecs import CONSTANT_RATE, Encoding, choose_encoding
from mien.media.convert import Converter, output_color, to_exr
from mien.media.exr import write_exr
from mien.media.frame import Frame
from mien.media.hdr import hdr_options
from mien.media.index import movie_index, movie_url
from mien.media.outputs import PartialFile, PartialFolder, check_output, write_error
from mien.media.passthrough import Passthrough
from mien.media.probe import display_matrix, first_frame
from mien.media.sequence import Pattern
from mien.model.shot import MediaFacts
from mien.timebase import FrameRange

__all__ = ["Writer", "open_writer"]

_STANDARD_TAGS = frozenset(
    {"title", "artist", "album_artist", "album", "comment", "genre", "copyright", "composer"}
    | {"description", "synopsis", "date", "creation_time", "timecode", "make", "model"}
)
"""Tags that MP4 and MOV have a place for; others need the `mdta` key table."""


_X265_SHORTEST = 3
"""Frames below which x265's decoding times are uninitialised memory, with B-frames."""
_INTERLACED = ("h264", "prores")
"""Codecs whose encoders code fields where the source has them."""


class Writer(Protocol):
    """Takes the frames of a render, in order.

    A context manager: when it ends well the output is put in place, whole; when it ends in
    any error, or is interrupted, nothing is left.
    """

    def write(self, frame: Frame) -> None:
        """Take the next frame; it is encoded in a thread.

        Raises:
            WriteError: When writing failed; maybe of an earlier frame.
        """
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
    source: MediaFacts,
    *,
    codec: str | None = None,
    lossless: bool = False,
    frames: FrameRange | None = None,
    overwrite: bool = False,
) -> Writer:
    """Open an output that is like its source.

    Args:
        path: A movie, or a pattern of images as `out.%04d.exr`.
        source: The source: its sound, timing, colour, rotation and tags are carried over.
        codec: Name of the codec; None for the source's.
        lossless: Whether every code value must be kept.
        frames: Frames that will be written; None for all. Sound is cut to them.
        overwrite: Whether an output that is there already may be replaced.

    Raises:
        OutputError: When the output cannot be put there, or cannot hold what is asked.
    """
    path = Path(path)
    check_output(path, source, overwrite=overwrite, codec=codec, lossless=lossless)
    encoding = choose_encoding(path, source, codec=codec, lossless=lossless)
    frames = frames or source.clock.all
    sink: _Sink
    if not encoding.container:
        pattern = Pattern.parse(path)
        assert pattern is not None
        sink = _ImageSink(pattern, source, encoding)
    else:
        sink = _MovieSink(path, source, encoding, frames)
    return _ThreadedWriter(path, sink, frames)


class _Sink(Protocol):
    """Encodes frames; used by one thread at a time."""

    def encode(self, frame: Frame) -> None: ...

    def finish(self) -> None:
        """Put the output in place."""
        ...

    def discard(self) -> None:
        """Leave nothing behind."""
        ...


class _ThreadedWriter:
    """Hands frames to a sink in a thread; at most a bounded number of bytes wait."""

    def __init__(self, path: Path, sink: _Sink, frames: FrameRange) -> None:
        self._path = path
        self._sink = sink
        self._next = frames.start
        self._stop = frames.stop
        self._queue: ByteQueue[Frame] = ByteQueue()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="mien-encode", daemon=True)
        self._thread.start()

    def write(self, frame: Frame) -> None:
        """Take the next frame; see `Writer.write`."""
        if frame.index != self._next:
            raise ValueError(f"frame {frame.index} was written where {self._next} comes")
        try:
            self._queue.put(frame, frame.picture.nbytes)
        except Closed:
            self._raise_failure()
            raise
        self._next += 1

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
            if self._next != self._stop:
                raise ValueError(f"{self._stop - self._next} frames were never written")
            try:
                self._sink.finish()
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
        except Closed:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            self._failure = error
            self._queue.close(drop=True)

    def _raise_failure(self) -> None:
        failure = self._failure
        if isinstance(failure, (av.FFmpegError, OSError)):
            raise write_error(self._path, failure) from failure
        if failure is not None:
            raise failure


class _MovieSink:
    """Encodes into a movie file, with the source's other streams alongside."""

    def __init__(
        self, path: Path, source: MediaFacts, encoding: Encoding, frames: FrameRange
    ) -> None:
        self._source = source
        self._encoding = encoding
        self._frames = frames
        self._counted = encoding.container in CONSTANT_RATE
        self._color = output_color(source.color, source.pixel_format, encoding.pixel_format)
        self._converter = Converter(encoding.pixel_format, self._color)
        self._beside = Passthrough(source, frames) if source.kind == "movie" else None
        self._time_base = 1 / source.clock.rate if self._counted else source.time_base
        start = self._beside.start if self._beside is not None else Fraction(0)
        self._shift = round(start / source.time_base)
        if self._beside is None:
            self._shift = source.pts[frames.start]
        self._durations = self._frame_durations()
        self._partial = PartialFile(path)
        self._held: Packet[VideoStream] | None = None
        self._first: tuple[int, int] | None = None
        self._output: OutputContainer | None = None
        try:
            self._output = av.open(
                movie_url(self._partial.path),
                "w",
                metadata_errors="surrogateescape",
                format=encoding.container,
                options=self._container_options(),
            )
            self._video = self._add_streams(self._output)
            self._output.start_encoding()
        except (av.FFmpegError, OSError, ValueError) as error:
            self.discard()
            if isinstance(error, OSError) and error.errno is not None:
                raise write_error(path, error) from error
            raise OutputError(
                f"{path.name} cannot be written as {encoding.codec.name} in"
                f" {encoding.container}: {error}.",
                "Choose another codec or extension.",
            ) from error
        except BaseException:
            # Ctrl-C may come while the encoder opens.
            self.discard()
            raise

    def encode(self, frame: Frame) -> None:
        """Encode one frame, and copy what sounds with it."""
        assert self._output is not None
        video = self._converter.convert(frame.picture)
        if self._counted:
            video.pts = frame.index - self._frames.start
        else:
            video.pts = frame.pts - self._shift
        video.time_base = self._time_base
        video.duration = self._durations.get(video.pts, 0)
        # A decoded frame remembers its type, and encoders would take it for a wish.
        video.pict_type = 0
        self._mux(video)

    def finish(self) -> None:
        """Flush the encoder, finish the file and put it in place."""
        assert self._output is not None
        self._mux(None)
        self._mux_last()
        if self._beside is not None:
            self._beside.feed(self._output, None)
        self._output.close()
        self._output = None
        self._partial.commit()

    def discard(self) -> None:
        """Close what is open and remove the partial file."""
        try:
            if self._output is not None:
                self._output.close()
        except (av.FFmpegError, OSError, ValueError):
            pass  # it is thrown away
        finally:
            self._output = None
            if self._beside is not None:
                self._beside.close()
            self._partial.discard()

    def _mux(self, video: av.VideoFrame | None) -> None:
        assert self._output is not None
        for packet in self._video.encode(video):
            if packet.pts is not None and packet.time_base == self._time_base:
                packet.duration = self._durations.get(packet.pts, packet.duration)
            if self._first is None and packet.pts is not None and packet.dts is not None:
                self._first = (packet.pts, packet.dts)
            # One packet is held back: the last of all gets its duration at the end.
            if self._held is not None:
                self._mux_packet(self._held)
            self._held = packet

    def _mux_packet(self, packet: Packet[VideoStream]) -> None:
        assert self._output is not None
        if self._beside is not None and packet.dts is not None:
            self._beside.feed(self._output, packet.dts * packet.time_base)
        self._output.mux(packet)

    def _mux_last(self) -> None:
        """Mux the packet held back so that the stream ends when its last frame does.

        MP4 adds up durations in the order of decoding, in which the last packet is not the
        last frame.
        """
        packet = self._held
        if packet is None:
            return
        if self._first is not None and packet.dts is not None:
            pts, dts = self._first
            end = max(self._durations) + self._durations[max(self._durations)]
            rest = (end - pts) - (packet.dts - dts)
            if rest > 0 and packet.time_base == self._time_base:
                packet.duration = rest
        self._mux_packet(packet)

    def _add_streams(self, output: OutputContainer) -> VideoStream:
        source, encoding = self._source, self._encoding
        picture = first_frame(source.path) if self._beside is not None else None
        options = dict(encoding.options)
        if picture is not None:
            options = hdr_options(encoding.codec.name, options, picture)
            if picture.interlaced_frame and encoding.codec.name in _INTERLACED:
                options["flags"] = "+ildct+ilme"
        if encoding.codec.name == "hevc" and len(self._frames) < _X265_SHORTEST:
            options["x265-params"] += ":bframes=0"
        stream = output.add_stream(encoding.codec.encoder, rate=source.clock.rate, options=options)
        assert isinstance(stream, VideoStream)
        context = stream.codec_context
        context.width, context.height = source.orientation.width, source.orientation.height
        context.pix_fmt = encoding.pixel_format
        context.time_base = stream.time_base = self._time_base
        context.thread_count = 0
        context.sample_aspect_ratio = source.orientation.pixel_aspect
        context.color_primaries = self._color.primaries
        context.color_trc = self._color.transfer
        context.colorspace = self._color.matrix
        context.color_range = self._color.range
        if encoding.codec.tag and encoding.container in ("mp4", "mov"):
            context.codec_tag = encoding.codec.tag
        matrix = display_matrix(picture) if picture is not None else None
        if matrix is not None:
            stream.set_display_matrix(matrix)
        start = source.clock.start
        timecode = None if start is None else str(start + self._frames.start)
        if self._beside is not None:
            self._beside.add_tags(output, timecode)
            self._beside.add_streams(output, stream, timecode)
        elif timecode is not None:
            stream.metadata["timecode"] = timecode
        return stream

    def _container_options(self) -> dict[str, str]:
        # Without it Matroska and MXF draw random identifiers: no two renders would be equal.
        options = {"fflags": "+bitexact"}
        if self._encoding.container not in ("mp4", "mov"):
            return options
        if {key.lower() for key in self._source.metadata} - _STANDARD_TAGS:
            options["movflags"] = "use_metadata_tags"
        timescale = self._beside.movie_timescale() if self._beside is not None else None
        if timescale is not None:
            options["movie_timescale"] = str(timescale)
        return options

    def _frame_durations(self) -> dict[int, int]:
        """How long each frame is shown, by its time in the output."""
        if self._counted:
            return dict.fromkeys(range(len(self._frames)), 1)
        pts = self._source.pts
        last = 0
        if self._source.kind == "movie":
            last = movie_index(self._source.path).last_duration
        nominal = round(1 / (self._source.clock.rate * self._source.time_base))
        ends = [*pts[1:], pts[-1] + (last or nominal)]
        return {pts[i] - self._shift: ends[i] - pts[i] for i in self._frames}


class _ImageSink:
    """Encodes into numbered images."""

    def __init__(self, pattern: Pattern, source: MediaFacts, encoding: Encoding) -> None:
        self._encoding = encoding
        self._first = source.first_number
        color = (
            output_color(source.color, source.pixel_format, encoding.pixel_format)
            if (encoding.codec.name != "exr")
            else source.color
        )
        self._color = color
        self._converter = Converter(encoding.pixel_format, color)
        self._pattern = pattern
        self._partial = PartialFolder(pattern)

    def encode(self, frame: Frame) -> None:
        """Encode one image."""
        path = self._partial.path / self._pattern.file(self._first + frame.index).name
        if self._encoding.codec.name == "exr":
            write_exr(path, to_exr(frame.picture))
            return
        path.write_bytes(self._encoded(self._converter.convert(frame.picture)))

    def finish(self) -> None:
        """Move the images in place."""
        self._partial.commit()

    def discard(self) -> None:
        """Remove the partial folder."""
        self._partial.discard()

    def _encoded(self, video: av.VideoFrame) -> bytes:
        encoder = av.CodecContext.create(self._encoding.codec.encoder, "w")
        assert isinstance(encoder, av.VideoCodecContext)
        encoder.width, encoder.height = video.width, video.height
        encoder.pix_fmt = self._encoding.pixel_format
        encoder.time_base = Fraction(1, 24)
        encoder.color_primaries = self._color.primaries
        encoder.color_trc = self._color.transfer
        encoder.options = dict(self._encoding.options)
        packets = [*encoder.encode(video), *encoder.encode(None)]
        return b"".join(bytes(packet) for packet in packets)
