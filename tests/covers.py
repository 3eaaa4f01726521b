"""Things drawn over a region of a tracked face: footage whose covered frames are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from mien.face.regions import region_landmarks
from mien.media.reader import Reader
from mien.model.face import FaceTrack
from mien.model.landmarks import SKIN
from mien.model.occlusion import REGIONS
from tests.film import ByteImage, Film

Texture = Callable[[int, int], ByteImage]
_MARGIN = 0.1
"""How far a cover reaches beyond the region, in heights of the face."""


def flat(height: int, width: int) -> ByteImage:
    """A blue card."""
    return np.full((height, width, 3), (60, 80, 140), np.uint8)


def grey(height: int, width: int) -> ByteImage:
    """A grey card."""
    return np.full((height, width, 3), 128, np.uint8)


def stripes(height: int, width: int) -> ByteImage:
    """A card with slanted stripes."""
    y, x = np.mgrid[0:height, 0:width]
    light = ((x + y) // 9 % 2)[..., None]
    return np.where(light, (200, 180, 60), (30, 40, 50)).astype(np.uint8)


def speckles(height: int, width: int) -> ByteImage:
    """A card of coloured speckles."""
    random = np.random.default_rng(1)
    size = max(height // 6, 2), max(width // 6, 2), 3
    speckled = random.integers(0, 255, size).astype(np.uint8)
    return np.asarray(cv2.resize(speckled, (width, height)))


def pictures(reader: Reader) -> list[ByteImage]:
    """The upright pictures of a shot, which may be painted on."""
    return [frame.upright_rgb().copy() for frame in reader.stream()]


def covered(
    shown: Sequence[ByteImage],
    track: FaceTrack,
    regions: Iterable[str],
    span: range,
    texture: Texture,
) -> tuple[Film, npt.NDArray[np.float64]]:
    """Draw a card over regions of a face.

    Args:
        shown: Pictures of the shot; painted on.
        track: The face, as it was tracked without the card.
        regions: Names of the regions under the card.
        span: Frames that have it.
        texture: Makes the card of a height and a width.

    Returns:
        The film, and (T, 4) the part of each region's landmarks under the card.
    """
    under = np.zeros((len(shown), len(REGIONS)))
    marks = dict(zip(REGIONS, region_landmarks(), strict=True))
    for frame in span:
        points = track.landmarks[frame, :SKIN, :2]
        region = points[np.concatenate([marks[name] for name in regions])]
        margin = _MARGIN * np.ptp(points[:, 1])
        picture = shown[frame]
        far = picture.shape[1], picture.shape[0]
        x0, y0 = np.clip(np.round(region.min(axis=0) - margin), 0, far).astype(int)
        x1, y1 = np.clip(np.round(region.max(axis=0) + margin), 0, far).astype(int)
        picture[y0:y1, x0:x1] = texture(y1 - y0, x1 - x0)
        for column, name in enumerate(REGIONS):
            inside = (points[marks[name]] >= (x0, y0)) & (points[marks[name]] < (x1, y1))
            under[frame, column] = inside.all(axis=1).mean()
    return Film(shown), under
