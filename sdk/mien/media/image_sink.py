"""Encode frames into numbered images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av

from mien.media.carried import left_out
from mien.media.codecs import Encoding, alpha_loss
from mien.media.convert import Converter, output_color, to_exr
from mien.media.display_matrix import display_matrix, display_turn
from mien.media.exr import write_exr
from mien.media.frame import Frame
from mien.media.lost_tags import lost_tags
from mien.media.outputs import PartialFolder
from mien.media.probe import first_frame
from mien.media.sequence import Pattern
from mien.media.tags import picture_tags
from mien.model.media import MediaInfo

__all__ = ["ImageSink"]


class ImageSink:
    """Encodes into numbered images; they keep the source's numbers.

    Args:
        pattern: Pattern of the images.
        source: Facts of the source.
        encoding: How they are encoded.
    """

    def __init__(self, pattern: Pattern, source: MediaInfo, encoding: Encoding) -> None:
        self._encoding = encoding
        self._first = source.first_number
        self._aspect = encoding.orientation(source.orientation).pixel_aspect
        self._exr = encoding.codec.name == "exr"
        if not self._exr:
            self._color = output_color(source, encoding)
            self._converter = Converter(source, encoding)
        # Once: when the images are in place the source may be gone.
        self._notes = self._left_out(source, pattern)
        self._pattern = pattern
        self._partial = PartialFolder(pattern)

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the source the images do not keep, a sentence each."""
        return self._notes

    def encode(self, frame: Frame) -> None:
        """Encode one image."""
        path = self._partial.path / self._pattern.file(self._first + frame.index).name
        if self._exr:
            write_exr(path, to_exr(frame.picture, frame.orientation))
            return
        path.write_bytes(self._encoded(self._converter.convert(frame.picture)))

    def end_before(self, frame: int) -> None:
        """Do nothing: the images that were written are all there are."""

    def finish(self, before_commit: Sequence[Callable[[Path], None]]) -> None:
        """Let others see to the hidden folder, and move the images in place."""
        for see_to in before_commit:
            see_to(self._partial.path)
        self._partial.commit()

    def discard(self) -> None:
        """Remove the partial folder."""
        self._partial.discard()

    def _left_out(self, source: MediaInfo, pattern: Pattern) -> tuple[str, ...]:
        """What of the source the images do not keep, a sentence each."""
        alpha = alpha_loss(source, self._encoding, pattern.path)
        beside = left_out(source, pattern.path)
        return (*self._encoding.notes, *((alpha,) if alpha else ()), *beside, *self._lost(source))

    def _lost(self, source: MediaInfo) -> tuple[str, ...]:
        """What of the source's tags images cannot hold."""
        if source.kind != "movie":
            return ()
        picture = first_frame(source.path, source.stream)
        turn = display_turn(display_matrix(picture))
        tags = picture_tags(source.path, source.stream, picture)
        return lost_tags(source, self._encoding, tags, exact=turn is None or turn.exact)

    def _encoded(self, video: av.VideoFrame) -> bytes:
        encoder = av.CodecContext.create(self._encoding.codec.encoder, "w")
        assert isinstance(encoder, av.VideoCodecContext)
        encoder.width, encoder.height = video.width, video.height
        encoder.pix_fmt = self._encoding.pixel_format
        encoder.time_base = Fraction(1, 24)
        if self._aspect != 1:
            encoder.sample_aspect_ratio = self._aspect
        encoder.color_primaries = self._color.primaries
        encoder.color_trc = self._color.transfer
        encoder.options = dict(self._encoding.options)
        packets = [*encoder.encode(video), *encoder.encode(None)]
        return b"".join(bytes(packet) for packet in packets)
