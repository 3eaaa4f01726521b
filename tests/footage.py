"""Footage that tests make where the internal footage is missing: a portrait, filmed by hand.

It has what the internal clips have that most tests ask for: size, rate, length, sound, one
person who is seen in every frame. She does not move her face: what is about real performances
needs the real clips.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mien._types import FloatArray
from mien.demo import make_footage

RATE = 30
TONE = 44100
"""Samples of sound a second."""
_PICTURES = 48
"""Frames that are made; a longer film goes through them there and back."""


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a file or folder of this session, made by whichever worker needs it first.

    Args:
        factory: Knows the session's folder.
        name: The name of the file or folder.
        make: Makes it where it is told.
    """
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "made"
    folder.mkdir(exist_ok=True)
    path = folder / name
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            half = folder / f"half-{name}"
            make(half)
            half.rename(path)
    return path


def talking_head(path: Path, frames: int, size: tuple[int, int]) -> None:
    """Write H.264 of 30 frames a second with AAC sound.

    Args:
        path: The film, an MP4.
        frames: Its length.
        size: Width and height, 16:9.
    """
    pictures = path.with_name(f"pictures-{path.name}")
    make_footage(pictures, frames=min(frames, _PICTURES), size=size)
    with av.open(str(pictures)) as source:
        shown = list(source.decode(video=0))
    pictures.unlink()
    with av.open(str(path), "w") as film:
        options = {"preset": "veryfast", "crf": "18"}
        picture = film.add_stream("libx264", rate=RATE, options=options)
        picture.width, picture.height, picture.pix_fmt = *size, "yuv420p"
        context = picture.codec_context
        context.color_primaries = context.color_trc = context.colorspace = context.color_range = 1
        sound = film.add_stream("aac", rate=TONE, layout="stereo")
        samples = _sound(frames)
        for number, index in enumerate(_there_and_back(frames, len(shown))):
            frame = shown[index]
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            frame.pict_type = av.video.frame.PictureType.NONE
            film.mux(picture.encode(frame))
            start, stop = (n * TONE // RATE for n in (number, number + 1))
            heard = av.AudioFrame.from_ndarray(samples[:, start:stop], "fltp", "stereo")
            heard.rate, heard.pts, heard.time_base = TONE, start, Fraction(1, TONE)
            film.mux(sound.encode(heard))
        film.mux(picture.encode(None))
        film.mux(sound.encode(None))


def _there_and_back(frames: int, count: int) -> Iterator[int]:
    way = 2 * (count - 1) or 1
    for number in range(frames):
        yield min(number % way, way - number % way)


def _sound(frames: int) -> FloatArray:
    """(2, N) syllables of a hum, four a second, whose pitch tells one from another."""
    time = np.arange(frames * TONE // RATE) / TONE
    loud = 0.2 * np.sin(np.pi * 4 * time) ** 2
    hum = np.sin(2 * np.pi * (180 + 25 * np.sin(time)) * time)
    return np.asarray([loud * hum, 0.8 * loud * hum], np.float32)
