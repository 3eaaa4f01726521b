"""Footage made at run time: a hand-held virtual camera looks at a portrait.

The portrait is NASA's of the astronaut Eileen Collins (1993, public domain), which
scikit-image carries in its package, so nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from mien.demo.movie import write_movie
from mien.errors import MissingDependencyError
from mien.progress import Progress, progress_reporter, report_each

__all__ = ["FRAMES", "RATE", "make_footage"]

RATE = Fraction(25)
FRAMES = 125
SIZE = (1280, 720)
"""Width and height of the footage."""

_UPSCALE = 4
"""The portrait is enlarged once, so that the camera then only ever reduces it."""
_MIDDLE = (229.0, 128.0)
"""Where the camera looks, in pixels of the portrait: between nose and mouth."""
_SWAY = ((5.0, 0.31, 0.0), (2.0, 0.83, 1.3), (0.5, 2.1, 0.4))
"""Amplitude (pixels of the portrait), frequency (Hz) and phase of hand-held sway."""
_GRAIN = 1.6
"""Standard deviation of the film grain, in 8-bit code values."""
_SEED = 25

Picture = npt.NDArray[np.uint8]


def make_footage(
    path: str | Path,
    *,
    frames: int = FRAMES,
    size: tuple[int, int] = SIZE,
    progress: bool | Progress = False,
) -> Path:
    """Write a few seconds of H.264 footage with one face, the same every time.

    Args:
        path: The movie to write; one of that name is replaced.
        frames: Number of frames, at 25 a second.
        size: Width and height in pixels; 16:9 shows what the default shows.
        progress: As in `mien.track`; the stage is `footage`.

    Returns:
        The path.

    Raises:
        MissingDependencyError: When the extra `demo` is not installed.
        OutputError: When the folder is missing.
    """
    path = Path(path)
    pictures = _pictures(_portrait(), frames, size)
    with progress_reporter(progress) as report:
        write_movie(path, report_each(pictures, report, "footage", frames), RATE, crf=16)
    return path


def _portrait() -> Picture:
    try:
        from skimage import data
    except ImportError as error:
        raise MissingDependencyError(
            "The demo needs scikit-image, which carries its portrait.",
            'Install it with: pip install "mien[demo]"',
        ) from error
    return np.asarray(data.astronaut(), dtype=np.uint8)


def _pictures(portrait: Picture, frames: int, size: tuple[int, int]) -> Iterator[Picture]:
    large = cv2.resize(portrait, None, fx=_UPSCALE, fy=_UPSCALE, interpolation=cv2.INTER_LANCZOS4)
    # Enlarging softens; a lens of this price would not.
    large = cv2.addWeighted(large, 1.6, cv2.GaussianBlur(large, (0, 0), 2.5), -0.6, 0)
    noise = np.random.default_rng(_SEED)
    for frame in range(frames):
        picture = cv2.warpAffine(
            large, _camera(frame / float(RATE), size), size,
            flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT_101,
        )  # fmt: skip
        grain = _GRAIN * noise.standard_normal((size[1], size[0], 1), dtype=np.float32)
        exposure = np.float32(1 + 0.012 * np.sin(2 * np.pi * 0.4 * frame / float(RATE)))
        yield np.clip(picture * exposure + (grain + 0.5), 0, 255).astype(np.uint8)


def _camera(seconds: float, size: tuple[int, int]) -> npt.NDArray[np.float64]:
    """(2, 3) from pixels of the picture to pixels of the enlarged portrait."""
    zoom = size[0] / 1280 * (3.05 + 0.1 * np.sin(2 * np.pi * 0.11 * seconds))
    roll = np.radians(0.7 * np.sin(2 * np.pi * 0.23 * seconds + 0.5))
    cosine, sine = _UPSCALE / zoom * np.cos(roll), _UPSCALE / zoom * np.sin(roll)
    sway_x = sum(a * np.sin(2 * np.pi * f * seconds + p) for a, f, p in _SWAY)
    sway_y = sum(a / 5 * np.cos(2 * np.pi * 1.2 * f * seconds + p) for a, f, p in _SWAY)
    x, y = (_UPSCALE * (m + s) for m, s in zip(_MIDDLE, (sway_x, sway_y), strict=True))
    turn = np.array([[cosine, -sine], [sine, cosine]])
    middle = turn @ ((np.array(size) - 1) / 2)
    return np.column_stack([turn, np.array([x, y]) - middle])
