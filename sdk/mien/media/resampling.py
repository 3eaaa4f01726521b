"""Decoded sound in another form, whatever forms it comes in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

__all__ = ["resampled"]


def resampled(
    frames: Iterable[AudioFrame], form: str, layout: str, rate: int
) -> Iterator[npt.NDArray[Any]]:
    """Return the samples of sound in one form, without a sample lost between frames.

    Times of the frames count for nothing. Files that were joined change their rate or channels on
    the way, which FFmpeg's resampler takes for an error.

    Args:
        frames: The sound, in order.
        form: FFmpeg's name of the format of samples.
        layout: FFmpeg's name of the channels.
        rate: Samples a second.

    Returns:
        (channels, n) arrays where the format is planar, else (1, n * channels).
    """
    resampler: AudioResampler | None = None
    before: tuple[str, str, int] | None = None
    for frame in frames:
        frame.pts = None
        now = frame.format.name, frame.layout.name, frame.sample_rate
        if now != before:
            yield from _parts(resampler, None)
            resampler, before = AudioResampler(form, layout, rate), now
        yield from _parts(resampler, frame)
    yield from _parts(resampler, None)


def _parts(
    resampler: AudioResampler | None, frame: AudioFrame | None
) -> Iterator[npt.NDArray[Any]]:
    for part in () if resampler is None else resampler.resample(frame):
        if part is not None:
            yield part.to_ndarray()
