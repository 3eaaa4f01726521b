"""Whether two files show the same pictures, whatever their size and codec."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np

from mien._types import FloatArray
from mien.errors import MediaError
from mien.media.reader import open_reader
from mien.model.media import MediaInfo

__all__ = ["first_unlike"]

_FRAMES: Final = 5
"""Frames that are compared, spread over the whole."""

_SIZE: Final = (64, 36)
"""Width and height at which they are: what a proxy's codec takes away is not seen."""

_ALIKE: Final = 0.8
"""Correlation of two pictures' brightness from which they are the same; graded ones have 0.9 and
more, other shots 0.5 and less."""

_PLAIN: Final = 2.0
"""Spread of brightness, of 255, up to which a picture shows nothing to compare."""


def first_unlike(one: MediaInfo, other: MediaInfo) -> int | None:
    """Return the first compared frame in which two media show different pictures; None for none.

    Args:
        one: Facts of media.
        other: Facts of media with the same number of frames.

    Raises:
        MediaError: When one of them cannot be read at all.
    """
    count = one.clock.frame_count
    spread = np.linspace(0, count - 1, min(_FRAMES, count))
    frames: list[int] = sorted({round(index) for index in spread.tolist()})
    for frame, first, second in zip(
        frames, _pictures(one, frames), _pictures(other, frames), strict=True
    ):
        if first is None or second is None:
            continue  # damaged in one of them
        spreads = float(first.std()), float(second.std())
        if max(spreads) < _PLAIN:
            continue
        product = float(((first - first.mean()) * (second - second.mean())).mean())
        if product < _ALIKE * max(spreads[0] * spreads[1], 1e-6):
            return frame
    return None


def _pictures(media: MediaInfo, frames: list[int]) -> Iterator[FloatArray | None]:
    """The brightness (36, 64) of upright pictures; None of those that cannot be decoded."""
    with open_reader(media, cache_bytes=0) as reader:
        for frame in frames:
            try:
                rgb = reader.frame(frame).upright_rgb()
            except MediaError:
                yield None
                continue
            small = cv2.resize(rgb, _SIZE, interpolation=cv2.INTER_AREA)
            yield np.asarray(small.astype(np.float32).mean(axis=2), dtype=np.float32)
