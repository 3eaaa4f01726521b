"""Clips whose sound tells its own time, and what a player makes audible of a movie."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from mien._types import FloatArray
from mien.media.scheduling import keep_scheduling
from tests.media.mediakit import SIZE, picture

RATE = 48000


def sweep(seconds: float) -> FloatArray:
    """A mono sound that is nowhere like itself, (N,) float32."""
    times = np.arange(round(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * (200 + 150 * times) * times)).astype(np.float32)


def sounding_clip(
    path: Path,
    sound: str,
    *,
    seconds: int = 4,
    gop: int = 12,
    size: tuple[int, int] = SIZE,
    encoder: str = "libx264",
    options: dict[str, str] | None = None,
    container: str | None = None,
    first: Fraction = Fraction(0),
    sound_first: Fraction = Fraction(0),
) -> Path:
    """A clip at 25 frames a second with a sweep; both begin at given seconds."""
    with av.open(str(path), "w", format=container) as output:
        video: Any = output.add_stream(encoder, rate=25, options=options or {})
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        video.codec_context.gop_size = gop
        audio: Any = output.add_stream(sound, rate=RATE, layout="mono")
        with keep_scheduling():
            output.start_encoding()
        wave = sweep(seconds)
        step = audio.codec_context.frame_size or 1024
        at = 0
        for i in range(seconds * 25):
            frame = av.VideoFrame.from_ndarray(picture(i, size), format="rgb24").reformat(
                format="yuv420p"
            )
            frame.time_base = Fraction(1, 90000)
            frame.pts = round((Fraction(i, 25) + first) * 90000)
            output.mux(video.encode(frame))
            while at < (i + 1) * RATE // 25:
                output.mux(audio.encode(_block(audio, wave[at : at + step], at, sound_first)))
                at += step
        output.mux(video.encode(None))
        output.mux(audio.encode(None))
    return path


def _block(audio: Any, wave: FloatArray, at: int, first: Fraction) -> av.AudioFrame:
    layout = audio.codec_context.format.name
    if layout.startswith("s16"):
        wave = (wave * 32767).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(wave[None], format=layout, layout="mono")
    frame.sample_rate = RATE
    frame.time_base = Fraction(1, RATE)
    frame.pts = at + round(first * RATE)
    return frame


def heard(path: Path, **options: str) -> tuple[float, FloatArray]:
    """What a player makes audible, through PyAV alone.

    Returns:
        Seconds from the first picture to the first sample, and all samples from there on.
    """
    with av.open(str(path), options=options) as container:
        video = container.streams.video[0]
        first: Any = next(container.decode(video))
        shown = float(first.pts * first.time_base)
    with av.open(str(path), options=options) as container:
        frames: list[Any] = list(container.decode(audio=0))
    samples = [f.to_ndarray().reshape(-1).astype(np.float32) for f in frames]
    scale = 32767 if frames[0].format.name.startswith("s16") else 1
    start = frames[0].pts * float(frames[0].time_base)
    return start - shown, np.concatenate(samples) / scale


def place(wave: FloatArray, piece: FloatArray, at: int, reach: int = 3000) -> tuple[int, float]:
    """The sample of a wave at which a piece of it begins, near one; and how much they differ."""
    best = (at, np.inf)
    for start in range(max(0, at - reach), at + reach + 1):
        there = wave[start : start + len(piece)]
        if len(there) == len(piece):
            error = float(np.abs(there - piece).mean())
            if error < best[1]:
                best = (start, error)
    return best
