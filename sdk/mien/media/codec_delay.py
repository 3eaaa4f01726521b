"""How Matroska says that the first samples of a sound are not to be heard.

Its `CodecDelay` is written by FFmpeg from the parameters of a stream, which PyAV copies from
another stream but does not let be set. So that other stream is one of a Matroska file in
memory that holds nothing but the track, with the delay in it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final

import av
from av.audio.stream import AudioStream
from av.container import InputContainer

__all__ = ["with_codec_delay"]

_SEGMENT, _INFO, _TRACKS, _ENTRY = 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE
_CODEC_DELAY, _CODEC_PRIVATE = 0x56AA, 0x63A2
_CLUSTER, _TIMESTAMP = 0x1F43B675, 0xE7
_UNTOLD_SIZE: Final = b"\x01" + b"\xff" * 7
_OPUS_RATE: Final = 48000


def with_codec_delay(stream: AudioStream, samples: int) -> InputContainer:
    """A movie in memory whose only stream is like another, but for its codec delay.

    Args:
        stream: The sound.
        samples: Samples at its beginning that are not to be heard.

    Raises:
        av.FFmpegError: When Matroska does not hold the codec.
        ValueError: Likewise.
    """
    header = io.BytesIO()
    with av.open(header, "w", format="matroska", options={"fflags": "+bitexact"}) as output:
        output.add_stream_from_template(stream)
        output.start_encoding()
    data = header.getvalue()
    rate = stream.codec_context.sample_rate
    result = b""
    for name, body, whole in _elements(data):
        if name != _SEGMENT:
            result += whole
            continue
        result += _id_bytes(_SEGMENT) + _UNTOLD_SIZE
        for inner, content, as_it_is in _elements(body):
            if inner == _INFO:
                result += as_it_is
            elif inner == _TRACKS:
                tracks = [
                    _entry(e, samples, rate) if n == _ENTRY else w for n, e, w in _elements(content)
                ]
                result += _element(_TRACKS, b"".join(tracks))
        # Without pictures or sound to come it would not be taken for a movie.
        result += _element(_CLUSTER, _element(_TIMESTAMP, b"\0"))
    return av.open(io.BytesIO(result), "r", format="matroska")


def _entry(body: bytes, samples: int, rate: int) -> bytes:
    parts = []
    for name, content, whole in _elements(body):
        if name == _CODEC_PRIVATE and content.startswith(b"OpusHead"):
            # Opus says it a second time, in samples at its own rate.
            skipped = round(samples * _OPUS_RATE / rate).to_bytes(2, "little")
            parts.append(_element(name, content[:10] + skipped + content[12:]))
        elif name != _CODEC_DELAY:
            parts.append(whole)
    nanoseconds = -(-samples * 1_000_000_000 // rate)
    parts.append(_element(_CODEC_DELAY, nanoseconds.to_bytes(8, "big")))
    return _element(_ENTRY, b"".join(parts))


def _elements(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Name, content and all bytes of each EBML element."""
    at = 0
    while at < len(data):
        start = at
        length = 9 - data[at].bit_length()
        name = int.from_bytes(data[at : at + length], "big")
        at += length
        length = 9 - data[at].bit_length()
        size = int.from_bytes(data[at : at + length], "big") & (1 << 7 * length) - 1
        at += length
        if size == (1 << 7 * length) - 1:
            size = len(data) - at
        yield name, data[at : at + size], data[start : at + size]
        at += size


def _element(name: int, content: bytes) -> bytes:
    size = (len(content) | 1 << 56).to_bytes(8, "big")
    return _id_bytes(name) + size + content


def _id_bytes(name: int) -> bytes:
    return name.to_bytes((name.bit_length() + 7) // 8, "big")
