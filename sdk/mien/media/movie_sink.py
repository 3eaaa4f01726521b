"""Encode frames into a movie that is like its source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from mien.errors import MienError, OutputError
from mien.media.added_sound import AddedSound
from mien.media.atomic_write import AtomicFile, write_error
from mien.media.carried import SILENT, has_plain_tags
from mien.media.codecs import CONSTANT_RATE, WITHOUT_MATRIX, Encoding, alpha_loss
from mien.media.convert import Converter, output_color, same_chroma
from mien.media.display_matrix import display_matrix, display_turn, orientation_matrix
from mien.media.frame import Frame
from mien.media.hdr import hdr_options
from mien.media.header_tags import HeaderTags, room_for_tags, write_header_tags
from mien.media.index import movie_index, movie_url
from mien.media.lost_tags import CODES_FIELDS, header_tags, lost_tags
from mien.media.mov_boxes import write_kinds, write_late_starts
from mien.media.passthrough import Passthrough
from mien.media.probe import first_frame
from mien.media.scheduling import keep_scheduling
from mien.media.tags import FIELD_ORDERS, PictureTags, picture_tags
from mien.media.track_marks import track_kinds
from mien.model.media import MediaInfo
from mien.model.soundtrack import Soundtrack
from mien.timebase import FrameRange

__all__ = ["MovieSink"]

_X265_SHORTEST = 3
"""Frames below which x265's decoding times are uninitialised memory, with B-frames."""
_FIRST_FIELD = {2: "tff", 4: "tff", 3: "bff", 5: "bff"}
"""How x264 calls the field that comes first, which it needs to know before the first frame."""
_HEADER_FULL = "pixel aspect or HDR metadata are lost: the output's header has no room for them"


class MovieSink:
    """Encodes into a movie file, with the source's other streams alongside.

    Args:
        path: The movie.
        source: Facts of the source.
        encoding: How it is encoded.
        frames: Frames that will be encoded.
        soundtrack: Another sound, in place of the source's or beside it.

    Raises:
        OutputError: When encoder and container do not take what they are given.
    """

    def __init__(
        self,
        path: Path,
        source: MediaInfo,
        encoding: Encoding,
        frames: FrameRange,
        soundtrack: Soundtrack | None = None,
    ) -> None:
        self._path = path
        self._source = source
        self._encoding = encoding
        self._frames = frames
        self._counted = encoding.container in CONSTANT_RATE
        self._color = output_color(source, encoding)
        self._converter = Converter(source, encoding)
        self._beside = (
            Passthrough(
                source,
                frames,
                encoding.container,
                from_zero=self._counted,
                sound=soundtrack is None or soundtrack.keep_own,
            )
            if source.kind == "movie"
            else None
        )
        self._time_base = 1 / source.clock.rate if self._counted else source.time_base
        start = self._beside.start if self._beside is not None else Fraction(0)
        self._shift = round(start / source.time_base)
        if self._beside is None:
            self._shift = source.pts[frames.start]
        self._durations = self._frame_durations()
        try:
            self._added = self._added_sound(soundtrack)
        except MienError:
            if self._beside is not None:
                self._beside.close()
            raise
        self._partial = AtomicFile(path)
        self._held: Packet[VideoStream] | None = None
        self._first: tuple[int, int] | None = None
        self._output: OutputContainer | None = None
        self._header: HeaderTags | None = None
        self._kinds: list[tuple[str, ...]] = []
        self._lost_tags: tuple[str, ...] = ()
        self._losses: tuple[str, ...] = ()
        if source.kind == "movie":
            self._losses = movie_index(source.path, source.stream).losses
        try:
            self._output = av.open(
                movie_url(self._partial.path),
                "w",
                metadata_errors="surrogateescape",
                format=encoding.container,
                options=self._container_options(),
            )
            self._video = self._add_streams(self._output)
            with keep_scheduling():
                self._output.start_encoding()
        except MienError:
            self.discard()
            raise
        except (av.FFmpegError, OSError, ValueError) as error:
            self.discard()
            if isinstance(error, OSError) and error.errno is not None:
                raise write_error(path, error) from error
            raise OutputError(
                f"{path.name} cannot be written as {encoding.codec.name} in"
                f" {encoding.container}: {getattr(error, 'strerror', None) or error}.",
                "Choose another codec or extension.",
                path=path,
            ) from error
        except BaseException:
            # Ctrl-C may come while the encoder opens.
            self.discard()
            raise

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the source the output does not keep, a sentence each."""
        alpha = alpha_loss(self._source, self._encoding, self._path)
        beside = () if self._beside is None else self._beside.left_out
        if self._added is not None:
            beside = tuple(note.removesuffix(SILENT) for note in beside)
        return (
            *self._encoding.notes,
            *((alpha,) if alpha else ()),
            *self._losses,
            *beside,
            *self._lost_tags,
        )

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

    def end_before(self, frame: int) -> None:
        """Let the movie, its sound too, end before a frame that was to be in it."""
        self._frames = FrameRange(self._frames.start, frame)
        self._durations = self._frame_durations()
        if self._beside is not None:
            self._beside.end_before(frame)
        if self._added is not None:
            self._added.end_at(self._first_second() + self._length())

    def finish(self, before_commit: Sequence[Callable[[Path], None]]) -> None:
        """Flush the encoder, finish the file, let others see to it, and put it in place."""
        assert self._output is not None
        self._mux(None)
        self._mux_last()
        if self._beside is not None:
            self._beside.feed(self._output, None)
        if self._added is not None:
            self._added.feed(self._output, None)
        self._output.close()
        self._output = None
        if self._header and not write_header_tags(
            self._partial.path, self._encoding.container, self._header
        ):
            self._lost_tags = (*self._lost_tags, _HEADER_FULL)
        late = self._beside.late_starts if self._beside is not None else {}
        if late:
            write_late_starts(self._partial.path, late)
        if self._kinds:
            write_kinds(self._partial.path, self._kinds)
        for see_to in before_commit:
            see_to(self._partial.path)
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
            if self._added is not None:
                self._added.close()
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
        if self._added is not None and packet.dts is not None:
            self._added.feed(self._output, packet.dts * packet.time_base)
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
        picture = first_frame(source.path, source.stream) if self._beside is not None else None
        tags = PictureTags()
        if picture is not None:
            tags = picture_tags(source.path, source.stream, picture)
        options = self._tag_options(tags)
        if encoding.codec.name == "hevc" and len(self._frames) < _X265_SHORTEST:
            options["x265-params"] += ":bframes=0"
        stream = output.add_stream(encoding.codec.encoder, rate=source.clock.rate, options=options)
        assert isinstance(stream, VideoStream)
        context = stream.codec_context
        written = encoding.orientation(source.orientation)
        self._header = header_tags(encoding, written, tags)
        context.width, context.height = written.width, written.height
        context.pix_fmt = encoding.pixel_format
        context.time_base = stream.time_base = self._time_base
        context.thread_count = 0
        context.sample_aspect_ratio = written.pixel_aspect
        context.color_primaries = self._color.primaries
        context.color_trc = self._color.transfer
        context.colorspace = self._color.matrix
        context.color_range = self._color.range
        if encoding.codec.tag and encoding.container in ("mp4", "mov"):
            context.codec_tag = encoding.codec.tag
        if encoding.container not in WITHOUT_MATRIX:
            # That of a movie is kept as it is, whatever else is in it.
            matrix = orientation_matrix(written) if picture is None else display_matrix(picture)
            stream.set_display_matrix(matrix)
        turn = display_turn(None if picture is None else display_matrix(picture))
        self._lost_tags = lost_tags(source, encoding, tags, exact=turn is None or turn.exact)
        start = source.clock.start
        timecode = None if start is None else str(start + self._frames.start)
        if self._added is not None:
            self._added.add_stream(output)
        if self._beside is not None:
            self._beside.add_tags(output, timecode)
            self._beside.add_streams(output, stream, timecode)
            if encoding.container == "mov":
                kinds = [track_kinds(twin.disposition) for twin in output.streams]
                self._kinds = kinds if any(kinds) else []
        elif timecode is not None:
            stream.metadata["timecode"] = timecode
        if self._header is not None:
            title = room_for_tags(encoding.container, stream.metadata.get("title"))
            if title is not None:
                stream.metadata["title"] = title
        return stream

    def _added_sound(self, soundtrack: Soundtrack | None) -> AddedSound | None:
        if soundtrack is None:
            return None
        first = self._first_second()
        clock = self._source.clock
        begins = first + soundtrack.begins(clock) - clock.seconds(self._frames.start)
        return AddedSound(soundtrack.path, begins, first + self._length(), self._encoding.container)

    def _first_second(self) -> Fraction:
        """The second of the output at which its first frame is shown."""
        return min(self._durations) * self._time_base

    def _length(self) -> Fraction:
        """Seconds from the first frame to the end of the last."""
        last = max(self._durations)
        return (last + self._durations[last] - min(self._durations)) * self._time_base

    def _tag_options(self, tags: PictureTags) -> dict[str, str]:
        """Options of the encoder, with what the source says of its picture."""
        source, encoding = self._source, self._encoding
        options = hdr_options(encoding.codec.name, encoding.options, tags)
        if tags.chroma_location and same_chroma(source.pixel_format, encoding.pixel_format):
            options["chroma_sample_location"] = tags.chroma_location
        if source.orientation.quarter_turns % 2 and encoding.container in WITHOUT_MATRIX:
            return options  # rows are columns now: there are no fields
        if tags.field_order:
            options["field_order"] = FIELD_ORDERS[tags.field_order]
        if tags.interlaced and encoding.codec.name in CODES_FIELDS:
            options["flags"] = "+ildct+ilme"
            if encoding.codec.name == "h264" and tags.field_order in _FIRST_FIELD:
                params = options.get("x264-params", "")
                first = _FIRST_FIELD[tags.field_order]
                options["x264-params"] = f"{params}:{first}=1" if params else f"{first}=1"
        return options

    def _container_options(self) -> dict[str, str]:
        # Without it Matroska and MXF draw random identifiers: no two renders would be equal.
        options = {"fflags": "+bitexact"}
        if self._encoding.container not in ("mp4", "mov"):
            return options
        if not has_plain_tags(self._source.metadata):
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
            last = movie_index(self._source.path, self._source.stream).last_duration
        nominal = round(1 / (self._source.clock.rate * self._source.time_base))
        ends = [*pts[1:], pts[-1] + (last or nominal)]
        return {pts[i] - self._shift: ends[i] - pts[i] for i in self._frames}
