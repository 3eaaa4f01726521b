"""What an output takes over of a movie beside its picture, and what it cannot.

Packets are copied as they are, so a track goes along where the output's container holds its
codec. What does not is left out, and named: no track refuses a shot.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.stream import AttachmentStream, Disposition, Stream
from av.video.stream import VideoStream

from mien.media.index import movie_index, open_movie
from mien.media.stream_facts import stream_codec, track_description
from mien.media.streams import (
    can_decode,
    describe_video,
    is_cover,
    main_video,
    opened_from,
    other_programs,
)
from mien.media.track_marks import lost_marks
from mien.model.media import MediaInfo

__all__ = [
    "MUXER_TAGS", "SILENT", "Carried", "add_like", "carried", "cover_picture", "fits",
    "has_plain_tags", "left_out", "own_container",
]  # fmt: skip

_KINDS: Final = {
    "audio": "sound", "subtitle": "subtitles", "data": "data", "attachment": "attachment",
}  # fmt: skip
MUXER_TAGS: Final = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder"})
"""Tags that say how a file was written, which is not how another is."""
_PLACED_TAGS: Final = frozenset(
    {"title", "artist", "album_artist", "album", "comment", "genre", "copyright", "composer"}
    | {"description", "synopsis", "date", "creation_time", "timecode", "make", "model"}
)
_ANY_PICTURE: Final = {"webm": "libvpx", "mxf": "mpeg2video"}
"""A quick encoder whose pictures a container holds; the others hold MPEG-4."""
_NAMES: Final = {"matroska": "Matroska", "webm": "WebM", "mxf": "MXF", "mp4": "MP4", "mov": "MOV"}
SILENT: Final = " The output has no sound."
"""Said at the end of the first sound that is left out, where no other goes along."""
_KEPT_AS_TEXT: Final = ("text", "tx3g", "sbtl")
"""Data that is a list of chapters; they are carried as such."""
_ENCRYPTED: Final = ("enca", "enct", "encs", "drms")
_TIMECODE: Final = "tmcd"
_USUAL_LAYOUTS: Final = {1: "mono", 2: "stereo"}
_COPIED_DATA: Final = {"gpmd": ("mp4", "mov")}
"""Data that FFmpeg writes whole, by its four letters: the telemetry of GoPro cameras."""
_COVER_FORMATS: Final = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}
_WRITABLE: Final = {
    ".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm",
    ".mxf": "mxf",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Carried:
    """The tracks of a movie that an output takes over, by their numbers, and the others.

    Attributes:
        copied: Those whose packets are copied.
        covers: Cover pictures that the output holds as such.
        attachments: Files that the output holds.
        left_out: A sentence for every track that cannot be carried, and of what is lost of others.
    """

    copied: tuple[int, ...] = ()
    covers: tuple[int, ...] = ()
    attachments: tuple[int, ...] = ()
    left_out: tuple[str, ...] = ()


def carried(
    container: InputContainer, video: VideoStream, output: str, *, sound: bool = True
) -> Carried:
    """What an output takes over of a movie beside its picture.

    Args:
        container: The movie.
        video: Its picture.
        output: FFmpeg's name of the output's container; "" for images.
        sound: Whether its sound is taken over; else nothing is said of it.
    """
    plan = _Plan(container, video, output)
    plan.add_main(video)
    for stream in container.streams:
        if stream.index != video.index and (sound or stream.type != "audio"):
            plan.add(stream)
    return plan.result()


def left_out(source: MediaInfo, output: Path | None = None) -> tuple[str, ...]:
    """What of a movie an output cannot carry, a sentence each.

    Args:
        source: Facts of the movie.
        output: The output; None for a file of the source's own kind.

    Raises:
        av.FFmpegError: When it cannot be opened.
    """
    if source.kind != "movie":
        return ()
    with open_movie(source.path) as container:
        video = main_video(container, source.stream)
        assert video is not None
        kind = own_container(source.path) if output is None else output_container(output)
        losses = movie_index(source.path, source.stream).losses
        return losses + carried(container, video, kind).left_out


def own_container(path: Path) -> str:
    """FFmpeg's name of the container that an output like a movie has; Matroska holds the most."""
    return _WRITABLE.get(path.suffix.lower(), "matroska")


def output_container(path: Path) -> str:
    """FFmpeg's name of an output's container; "" for images."""
    return _WRITABLE.get(path.suffix.lower(), "")


def has_plain_tags(tags: Mapping[str, str]) -> bool:
    """Whether MP4 and MOV have a place for every tag of a movie.

    Others go into a table of names and values, beside which FFmpeg writes no covers.
    """
    return not {key.lower() for key in tags} - _PLACED_TAGS - MUXER_TAGS


def cover_picture(path: Path, number: int) -> tuple[str, str, bytes]:
    """A cover picture of a movie, as a file: its name, its type and what it holds."""
    with open_movie(path) as container:
        stream = next(s for s in container.streams.video if s.index == number)
        name, kind = _COVER_FORMATS[stream.codec_context.codec.canonical_name]
        name = stream.metadata.get("filename", name)
        for packet in container.demux(stream):
            if packet.size:
                return name, stream.metadata.get("mimetype", kind), bytes(packet)
    return name, kind, b""


class _Plan:
    """Decides track by track.

    Args:
        container: The movie.
        video: Its picture.
        output: FFmpeg's name of the output's container.
    """

    def __init__(self, container: InputContainer, video: VideoStream, output: str) -> None:
        self._container = container
        self._video = video
        self._output = output
        self._name = _NAMES.get(output, output) if output else "a sequence of images"
        self._elsewhere = other_programs(container)
        if video.index in self._elsewhere:
            # Another program was asked for: nothing says which tracks are of it.
            self._elsewhere = frozenset()
        self._copied: list[int] = []
        self._covers: list[int] = []
        self._attachments: list[int] = []
        self._left: dict[int, str] = {}
        self._silenced: int | None = None
        self._sounds = 0

    def add_main(self, video: VideoStream) -> None:
        """Say what the picture itself loses: layers beside the first one."""
        described = track_description(self._container, video)
        layered = described is not None and described.layered
        shown = video.codec_context.pix_fmt
        alpha = shown is not None and any(c.is_alpha for c in av.VideoFormat(shown).components)
        if (layered or video.disposition & Disposition.multilayer) and not alpha:
            self._left[video.index] = (
                f"Stream {video.index} holds another layer beside the picture (alpha, or a second"
                " view), which is left out: mien reads the first."
            )

    def add(self, stream: Stream) -> None:
        """Decide on a track."""
        if isinstance(stream, VideoStream):
            self._add_picture(stream)
        elif stream.type in ("audio", "subtitle"):
            self._add_packets(stream)
        elif stream.type == "attachment":
            self._add_attachment(stream)
        else:
            self._add_data(stream)

    def result(self) -> Carried:
        """What came of it."""
        for number in (self._video.index, *self._copied):
            described = track_description(self._container, self._container.streams[number])
            if described is not None and described.retimed:
                also = f"{self._left[number]} " if number in self._left else ""
                self._left[number] = (
                    f"{also}Stream {number} has an edit list that changes its speed, which is left"
                    " out: mien shows it at its own."
                )
        if self._silenced is not None and not self._sounds:
            self._left[self._silenced] += SILENT
        left = tuple(self._left[number] for number in sorted(self._left))
        along = (self._video.index, *self._copied)
        tracks = (self._container.streams[number] for number in along)
        left += lost_marks(self._container, tracks, self._output)
        return Carried(tuple(self._copied), tuple(self._covers), tuple(self._attachments), left)

    def _add_picture(self, stream: VideoStream) -> None:
        if not is_cover(stream):
            self._leave(stream, "picture", f"the picture is stream {self._video.index}")
        elif stream.disposition & Disposition.timed_thumbnails:
            self._leave(stream, "thumbnails of chapters", "mien carries none")
        elif not self._holds_cover(stream):
            also = "" if self._output in ("", "matroska") else "; .mkv can"
            self._leave(stream, "cover picture", f"{self._name} cannot hold it{also}")
        else:
            self._covers.append(stream.index)

    def _holds_cover(self, stream: VideoStream) -> bool:
        if not can_decode(stream):
            return False
        known = stream.codec_context.codec.canonical_name in _COVER_FORMATS
        return known and (
            self._output == "matroska"
            or (self._output == "mp4" and has_plain_tags(self._container.metadata))
        )

    def _add_packets(self, stream: Stream) -> None:
        kind = _KINDS[stream.type]
        if stream.index in self._elsewhere:
            self._leave(stream, kind, "it is of another program")
        elif not can_decode(stream):
            self._leave(stream, kind, "FFmpeg does not know this codec")
        elif self._letters(stream) in _ENCRYPTED:
            self._leave(stream, kind, "it is encrypted")
        elif not self._output:
            self._leave(stream, kind, f"{self._name} holds none")
        elif not fits(stream, self._output):
            self._leave(stream, kind, f"{self._name} cannot hold it{self._remedy(stream)}")
        else:
            self._copied.append(stream.index)
            self._sounds += stream.type == "audio"
            return
        if stream.type == "audio" and self._output:
            self._silenced = stream.index

    def _remedy(self, stream: Stream) -> str:
        """Names the kinds of file that can hold a track."""
        own = opened_from(self._container).suffix.lower()
        able = [
            suffix
            for suffix in dict.fromkeys((own, ".mkv", ".mov"))
            if suffix in _WRITABLE and fits(stream, _WRITABLE[suffix])
        ]
        return f"; {' or '.join(able[:2])} can" if able else ""

    def _add_attachment(self, stream: Stream) -> None:
        if self._output == "matroska" and isinstance(stream, AttachmentStream):
            self._attachments.append(stream.index)
        elif self._output:
            self._leave(stream, "attachment", f"{self._name} holds none; .mkv does")
        else:
            self._leave(stream, "attachment", f"{self._name} holds none")

    def _add_data(self, stream: Stream) -> None:
        letters = self._letters(stream)
        timecode = "timecode" in {key.lower() for key in stream.metadata}
        if letters == _TIMECODE or (timecode and not letters):
            return  # carried as the timecode of the first frame; of images `lost_tags` says it
        if letters in _KEPT_AS_TEXT and self._container.chapters():
            return
        if stream.index in self._elsewhere:
            self._leave(stream, "data", "it is of another program")
        elif self._output in _COPIED_DATA.get(letters, ()):
            self._copied.append(stream.index)
        elif letters in _COPIED_DATA and self._output:
            self._leave(stream, "data", f"{self._name} cannot hold it; .mp4 or .mov can")
        else:
            self._leave(stream, "data", "mien cannot carry such data")

    def _letters(self, stream: Stream) -> str:
        described = track_description(self._container, stream)
        return "" if described is None else described.letters

    def _leave(self, stream: Stream, kind: str, why: str) -> None:
        what = stream_codec(self._container, stream)
        if isinstance(stream, VideoStream) and can_decode(stream):
            what = describe_video(stream).removesuffix(", a cover")
        self._left[stream.index] = f"Stream {stream.index} ({kind}, {what}) is left out: {why}."


def fits(stream: Stream, container: str) -> bool:
    """Whether a container holds a track; many look at their tracks only at the header."""
    output = av.open(io.BytesIO(), "w", format=container)
    try:
        picture = output.add_stream(_ANY_PICTURE.get(container, "mpeg4"), rate=25)
        assert isinstance(picture, VideoStream)
        picture.width, picture.height, picture.pix_fmt = 320, 240, "yuv420p"
        twin = add_like(output, stream)
        output.start_encoding()
    except (av.FFmpegError, OSError, ValueError):
        return False
    finally:
        _throw_away(output)
    # MP4 says of PCM where its channels are heard, and is refused only when all is written.
    return not (container == "mp4" and (twin.name or "").startswith("pcm_") and _unplaced(twin))


def add_like(output: OutputContainer, template: Stream) -> Stream:
    """Add a stream to an output for the packets of another.

    One or two channels that are said to be nowhere, as MXF has them, are mono and stereo.
    """
    twin = output.add_stream_from_template(template)
    if isinstance(twin, AudioStream) and _unplaced(twin):
        usual = _USUAL_LAYOUTS.get(twin.codec_context.layout.nb_channels)
        if usual is not None:
            twin.codec_context.layout = usual
    return twin


def _unplaced(stream: Stream) -> bool:
    """Whether it is sound that does not say where its channels are heard."""
    return isinstance(stream, AudioStream) and stream.codec_context.layout.name.endswith("channels")


def _throw_away(output: OutputContainer) -> None:
    # MXF cannot be finished without a picture.
    with suppress(av.FFmpegError, OSError, ValueError):
        output.close()
