"""Whether two files show the same pictures, whatever their size and codec."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import cv2
import numpy as np

from mien._types import FloatArray
from mien.errors import MediaError
from mien.media.frame import Frame
from mien.media.reader import open_reader
from mien.model.media import MediaInfo
from mien.timebase import FrameRange

__all__ = ["ALIKE", "compare_pictures", "first_unlike"]

Paint = Callable[[Frame], Frame]

_FRAMES: Final = 5
"""Frames that are compared, spread over the whole."""

_SIZE: Final = (64, 36)
"""Width and height at which they are: what a proxy's codec takes away is not seen."""

ALIKE: Final = 0.8
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
    alike = compare_pictures(one, other, one.clock.all)
    return next((frame for frame, value in alike.items() if value < ALIKE), None)


def compare_pictures(
    one: MediaInfo, other: MediaInfo, frames: FrameRange, paint: Paint | None = None
) -> dict[int, float]:
    """Return how alike a few frames of two media are: by frame, how their brightness correlates.

    Frames that show nothing, or are damaged in one of them, are left out.

    Args:
        one: Facts of media.
        other: Facts of media that hold some of its frames.
        frames: Which of the first's frames the second holds.
        paint: Changes frames of the first before they are compared; None to take them as they are.

    Raises:
        MediaError: When one of them cannot be read at all.
    """
    count = len(frames)
    spread = np.linspace(0, count - 1, min(_FRAMES, count))
    places: list[int] = sorted({round(index) for index in spread.tolist()})
    compared = {}
    for at, first, second in zip(
        places,
        _pictures(one, [frames.start + at for at in places], paint),
        _pictures(other, places),
        strict=True,
    ):
        if first is None or second is None:
            continue  # damaged in one of them
        spreads = float(first.std()), float(second.std())
        if max(spreads) < _PLAIN:
            continue
        product = float(((first - first.mean()) * (second - second.mean())).mean())
        compared[frames.start + at] = product / max(spreads[0] * spreads[1], 1e-6)
    return compared


def _pictures(
    media: MediaInfo, frames: list[int], paint: Paint | None = None
) -> Iterator[FloatArray | None]:
    """The brightness (36, 64) of upright pictures; None of those that cannot be decoded."""
    with open_reader(media, cache_bytes=0) as reader:
        for frame in frames:
            try:
                shown = reader.frame(frame)
                rgb = (shown if paint is None else paint(shown)).upright_rgb()
            except MediaError:
                yield None
                continue
            small = cv2.resize(rgb, _SIZE, interpolation=cv2.INTER_AREA)
            yield np.asarray(small.astype(np.float32).mean(axis=2), dtype=np.float32)
