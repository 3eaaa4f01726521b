"""What the streams of a movie are: their codecs, as FFmpeg or the file calls them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import AttachmentStream, DataStream, Disposition, Stream
from av.video.stream import VideoStream

from mien.media.mov_tracks import TrackCodec, track_codecs
from mien.media.streams import can_decode, is_cover, opened_from
from mien.model.media import StreamInfo

__all__ = ["field_order", "stream_codec", "stream_infos", "track_description"]

_FIRST_FIELD: Final[Mapping[int, Literal["progressive", "top", "bottom"]]] = {
    1: "progressive", 2: "top", 3: "bottom", 4: "bottom", 5: "top",
}  # fmt: skip
"""By FFmpeg's `AVFieldOrder`: the field that is shown first."""
_KINDS: Final[Mapping[str, Literal["video", "audio", "subtitle", "attachment"]]] = {
    "video": "video", "audio": "audio", "subtitle": "subtitle", "attachment": "attachment",
}  # fmt: skip


def stream_infos(container: InputContainer) -> tuple[StreamInfo, ...]:
    """All streams of a movie."""
    return tuple(_info(container, stream) for stream in container.streams)


def stream_codec(container: InputContainer, stream: Stream) -> str:
    """Name of a codec: FFmpeg's, or the file's own where FFmpeg has none for it."""
    if can_decode(stream):
        return stream.codec_context.codec.canonical_name
    described = track_description(container, stream)
    if described is not None:
        return described.letters
    if isinstance(stream, AttachmentStream):
        return stream.name or "a file"
    name = stream.name if isinstance(stream, DataStream) else None
    return name or "an unknown codec"


def track_description(container: InputContainer, stream: Stream) -> TrackCodec | None:
    """What MOV and MP4 say of a stream's codec; None of other formats."""
    if not container.format.name.startswith("mov"):
        return None
    path = opened_from(container)
    stat = path.stat()
    return _descriptions(path, stat.st_size, stat.st_mtime_ns).get(stream.id)


def field_order(video: VideoStream) -> Literal["progressive", "top", "bottom", ""]:
    """Which field of a stream's pictures is shown first; empty where it is not said."""
    return _FIRST_FIELD.get(int(video.codec_context.field_order), "")


@lru_cache(maxsize=16)
def _descriptions(path: Path, size: int, modified: int) -> Mapping[int, TrackCodec]:
    return track_codecs(path)


def _info(container: InputContainer, stream: Stream) -> StreamInfo:
    codec = stream_codec(container, stream)
    kind: Literal["video", "cover", "audio", "subtitle", "data", "attachment"]
    kind = _KINDS.get(stream.type, "data")
    words = [codec]
    if isinstance(stream, VideoStream):
        kind = "cover" if is_cover(stream) else "video"
        if can_decode(stream):
            context = stream.codec_context
            words.append(f"{context.width} x {context.height}")
        if kind == "video" and stream.average_rate:
            words.append(f"{float(stream.average_rate):.6g} fps")
    elif isinstance(stream, AudioStream) and can_decode(stream):
        audio = stream.codec_context
        words += [f"{audio.sample_rate} Hz", audio.layout.name]
    tags = {key.lower(): value for key, value in stream.metadata.items()}
    language = tags.get("language", "")
    return StreamInfo(
        stream.index,
        kind,
        codec,
        ", ".join(words),
        "" if language == "und" else _shown(language),
        _shown(tags.get("title", "")),
        bool(stream.disposition & Disposition.default),
    )


def _shown(text: str) -> str:
    # What is not Unicode cannot be shown.
    return text.encode(errors="replace").decode()
