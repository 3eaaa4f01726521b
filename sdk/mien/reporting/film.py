"""A small film of both clips, one above or beside the other, for a page."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO
from types import TracebackType
from typing import Final

import av
import cv2
import numpy as np

from mien._types import ByteArray

__all__ = ["PairFilm"]

_BYTES: Final = 4_500_000
"""Of a film of ten seconds, and of shorter ones; written as text it takes a third more."""
_MOST: Final = 4
"""Times that at most for longer ones, which get coarser."""
_TEN: Final = 10.0
_LONG_SIDE: Final = 960
"""Of a picture in pixels, at most."""
_SMALL_SIDE: Final = 640
_LONG_FILM: Final = 40.0
"""Seconds from which the pictures are smaller."""
_CRF: Final = 31
_KEYS: Final = 0.4
"""Seconds from one frame at which decoding can start to the next: what scrubbing waits for."""


class PairFilm:
    """A film in VP9 and WebM, which every browser plays: each frame shows before and after.

    The two are one picture, so that they can never get out of step; a page takes it apart.

    Args:
        size: Width and height of a picture, upright.
        rate: Frames a second.
        count: Number of frames.

    Attributes:
        part: Width and height of one of the two pictures.
        beside: Whether after lies to the right of before, and not below.
    """

    def __init__(self, size: tuple[int, int], rate: Fraction, count: int) -> None:
        seconds = max(count / float(rate), 0.1)
        side = _SMALL_SIDE if seconds > _LONG_FILM else _LONG_SIDE
        scale = min(1.0, side / max(size))
        width, height = (max(2, 2 * round(scale * length / 2)) for length in size)
        self.part = width, height
        self.beside = height > width
        self._buffer = BytesIO()
        self._film = av.open(self._buffer, "w", format="webm")
        budget = _BYTES * min(max(1.0, seconds / _TEN), _MOST)
        options = {
            "deadline": "realtime", "cpu-used": "7", "row-mt": "1", "crf": str(_CRF),
            "g": str(max(1, round(_KEYS * float(rate)))),
        }  # fmt: skip
        stream = self._film.add_stream("libvpx-vp9", rate=rate, options=options)
        stream.bit_rate = round(min(budget * 8 / seconds, 20_000_000))
        stream.width, stream.height = self.size
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.color_primaries = context.color_trc = context.colorspace = 1
        context.color_range = 1
        self._stream = stream

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the film."""
        width, height = self.part
        return (2 * width, height) if self.beside else (width, 2 * height)

    def take(self, row: int, before: ByteArray, after: ByteArray) -> None:
        """Take the pictures of a frame.

        Args:
            row: Its row.
            before: (H, W, 3) uint8 sRGB, upright.
            after: The same of the edited file.
        """
        parts = [
            cv2.resize(picture, self.part, interpolation=cv2.INTER_AREA)
            for picture in (before, after)
        ]
        both = np.ascontiguousarray(np.concatenate(parts, axis=1 if self.beside else 0))
        frame = av.VideoFrame.from_ndarray(both, format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
        frame.pts = row
        frame.time_base = 1 / Fraction(self._stream.average_rate or 25)
        self._film.mux(self._stream.encode(frame))

    def finish(self) -> bytes:
        """Return the whole film."""
        self._film.mux(self._stream.encode(None))
        self._film.close()
        return self._buffer.getvalue()

    def __enter__(self) -> PairFilm:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._film.close()
