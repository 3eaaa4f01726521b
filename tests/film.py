"""Films made in memory: pictures behind the reader's protocol, without a file."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from mien.media.base_reader import Lost
from mien.media.frame import Frame
from mien.model.media import ColorTags, MediaInfo, Orientation
from mien.timebase import Clock

ByteImage = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Still:
    """A picture that is R'G'B' already."""

    pixels: ByteImage

    @property
    def nbytes(self) -> int:
        return self.pixels.nbytes

    def rgb8(self, width: int, height: int) -> ByteImage:
        if (height, width) == self.pixels.shape[:2]:
            return self.pixels
        import cv2

        return np.asarray(cv2.resize(self.pixels, (width, height), interpolation=cv2.INTER_AREA))

    def plate(self) -> Any:
        raise NotImplementedError

    def with_plate(self, plate: Any) -> Any:
        raise NotImplementedError


class Film:
    """A reader of pictures held in memory."""

    def __init__(self, pictures: Sequence[ByteImage]) -> None:
        height, width = pictures[0].shape[:2]
        self._pictures = pictures
        self.facts = MediaInfo(
            path=Path("film"),
            kind="movie",
            container="memory",
            codec="none",
            pixel_format="rgb24",
            bits=8,
            orientation=Orientation(width, height),
            clock=Clock(Fraction(25), len(pictures)),
            time_base=Fraction(1, 25),
            pts=tuple(range(len(pictures))),
            color=ColorTags(),
        )

    def frame(self, index: int) -> Frame:
        return Frame(index, index, self.facts.orientation, Still(self._pictures[index]))

    def stream(
        self, start: int = 0, stop: int | None = None, *, lost: Lost | None = None
    ) -> Generator[Frame, None, None]:
        for index in range(start, len(self._pictures) if stop is None else stop):
            yield self.frame(index)

    def close(self) -> None:
        pass

    def __enter__(self) -> Film:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass
