"""Read movies through decord, for those whose training scripts do (`mien[decord]`).

For looking only: decord gives 8-bit R'G'B', already turned upright, so that tracking sees
what it would see, but nothing that could be written back.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from mien.errors import MediaError, MissingDependencyError, UsageError
from mien.media.base_reader import BaseReader, Lost
from mien.media.frame import Frame
from mien.media.index import open_movie
from mien.media.planes import Plate
from mien.media.prefetch import decode_ahead
from mien.model.media import MediaInfo, Orientation

__all__ = ["DecordReader"]


@dataclass(frozen=True, slots=True, eq=False)
class _Upright:
    """A picture as decord gives it."""

    rgb: npt.NDArray[np.uint8]

    @property
    def nbytes(self) -> int:
        """Bytes of memory held."""
        return self.rgb.nbytes

    def plate(self) -> Plate:
        """Refused: the picture is no longer in its own format."""
        raise UsageError(
            "decord gives 8-bit pictures for looking only, not plates to edit.",
            "Unset MIEN_DECODER, or open the reader with decoder='pyav'.",
        )

    def with_plate(self, plate: Plate) -> _Upright:
        """Refused, as `plate` is."""
        del plate
        self.plate()
        return self

    def rgb8(self, width: int, height: int) -> npt.NDArray[np.uint8]:
        """(height, width, 3) R'G'B', scaled to that size."""
        if self.rgb.shape[:2] == (height, width):
            return self.rgb
        return np.asarray(cv2.resize(self.rgb, (width, height), interpolation=cv2.INTER_AREA))


class DecordReader(BaseReader):
    """Frames of a movie through decord.

    Args:
        facts: Facts of the movie.
        threads: Threads that decode; 0 lets decord choose.
    """

    def __init__(self, facts: MediaInfo, *, threads: int = 0) -> None:
        super().__init__(facts)
        _refuse_choice(facts)
        try:
            decord: Any = import_module("decord")
        except ImportError as error:
            raise MissingDependencyError(
                "decord is not installed.", "Install it with `pip install mien[decord]`."
            ) from error
        try:
            self._video = decord.VideoReader(str(facts.path), num_threads=threads)
        except (decord.DECORDError, RuntimeError) as error:
            raise MediaError(
                f"{facts.path.name} cannot be read by decord.",
                "Read it with MIEN_DECODER=pyav.",
                path=facts.path,
            ) from error
        self._error = decord.DECORDError
        self._lock = threading.Lock()
        # It is upright already; only its pixels may still be other than square.
        upright = facts.orientation.upright_size
        self._orientation = Orientation(*upright)

    def frame(self, index: int) -> Frame:
        """The frame with an index; see `Reader.frame`."""
        self._check_index(index)
        try:
            # Its reader has one place in the file, and tracking looks back while it reads on.
            with self._lock:
                rgb = self._video[index].asnumpy()
        except (self._error, IndexError) as error:
            raise MediaError(
                f"Frame {index} of {self._facts.path.name} cannot be read by decord.",
                "Read it with MIEN_DECODER=pyav.",
                path=self._facts.path,
            ) from error
        return Frame(index, self._facts.pts[index], self._orientation, _Upright(rgb))

    def stream(
        self, start: int = 0, stop: int | None = None, *, lost: Lost | None = None
    ) -> Generator[Frame, None, None]:
        """The frames from `start` to `stop`, decoded ahead; see `Reader.stream`."""
        del lost  # for looking only: it fails at the first
        return decode_ahead(self.frame(index) for index in self._indices(start, stop))

    def close(self) -> None:
        """Nothing to let go of: decord frees its file with itself."""


def _refuse_choice(facts: MediaInfo) -> None:
    """Refuse a movie of several video streams: decord takes one by rules of its own."""
    with open_movie(facts.path) as container:
        several = len(container.streams.video) > 1
    if several:
        raise UsageError(
            f"{facts.path.name} holds several video streams, of which decord cannot be told one.",
            "Unset MIEN_DECODER, or open the reader with decoder='pyav'.",
        )
