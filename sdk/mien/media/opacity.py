"""Pictures with alpha, made opaque in places."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

import numpy as np

from mien._types import AnyArray, FloatArray
from mien.media.exr import ExrPicture, exr_window
from mien.media.frame import MoviePicture, Picture, planes_of
from mien.media.planes import Box

__all__ = ["covered", "reaching"]

_PACKED: Final = re.compile(r"^([rgba]{4})")


def reaching(picture: Picture, box: Box) -> Picture:
    """Return a picture that stores all pixels of a box.

    An EXR stores its data window alone, which may be smaller than what is shown: it is enlarged
    then, black and transparent where nothing was.

    Args:
        picture: The picture.
        box: The box, in coded pixels of what is shown.
    """
    if not isinstance(picture, ExrPicture):
        return picture
    header = picture.headers[0]
    data, shown = exr_window(header, "dataWindow"), exr_window(header, "displayWindow")
    wanted = _moved(box, shown.x0, shown.y0)
    whole = data.union(wanted)
    if whole == data:
        return picture
    size = (data.height, data.width)
    channels = picture.parts[0]
    if any(plane.shape != size for plane in channels.values()):
        return picture  # channels of fewer samples: nobody can say where they would lie
    around = (
        (data.y0 - whole.y0, whole.y1 - data.y1),
        (data.x0 - whole.x0, whole.x1 - data.x1),
    )
    larger = {name: np.pad(plane, around) for name, plane in channels.items()}
    low, high = np.array([whole.x0, whole.y0]), np.array([whole.x1 - 1, whole.y1 - 1])
    window = (low.astype(np.int32), high.astype(np.int32))
    headers = ({**header, "dataWindow": window}, *picture.headers[1:])
    return replace(picture, headers=headers, parts=(larger, *picture.parts[1:]))


def covered(picture: Picture, box: Box, cover: FloatArray) -> Picture:
    """Return a picture whose alpha is what it is with something opaque laid over it.

    Args:
        picture: The picture; it is not changed. One without alpha is returned as it is.
        box: Where, in coded pixels of what is shown.
        cover: (h, w) from 0 to 1, how much of each pixel is covered.
    """
    if isinstance(picture, ExrPicture):
        return _covered_exr(picture, box, cover)
    if isinstance(picture, MoviePicture):
        return _covered_movie(picture, box, cover)
    return picture


def _covered_exr(picture: ExrPicture, box: Box, cover: FloatArray) -> ExrPicture:
    name = picture.alpha
    if name is None:
        return picture
    header = picture.headers[0]
    data, shown = exr_window(header, "dataWindow"), exr_window(header, "displayWindow")
    place = _moved(_moved(box, shown.x0, shown.y0), -data.x0, -data.y0)
    inside = place.clip(data.width, data.height)
    first = dict(picture.parts[0])
    alpha = np.array(first[name])
    view = alpha[inside.y0 : inside.y1, inside.x0 : inside.x1]
    part = cover[
        inside.y0 - place.y0 : inside.y1 - place.y0, inside.x0 - place.x0 : inside.x1 - place.x0
    ]
    _lay_over(view, part, 1.0)
    first[name] = alpha
    return replace(picture, parts=(first, *picture.parts[1:]))


def _covered_movie(picture: MoviePicture, box: Box, cover: FloatArray) -> MoviePicture:
    components = [one for one in picture.video.format.components if one.is_alpha]
    if not components:
        return picture
    # A copy of its own memory, in a format that a plate can work on.
    opaque = picture.with_plate(picture.plate())
    video = opaque.video
    alpha = next(one for one in video.format.components if one.is_alpha)
    start, step = _packing(video.format)
    samples: AnyArray = planes_of(video)[alpha.plane][:, start::step]
    floating = samples.dtype.kind == "f"
    most = 1.0 if floating else float((1 << alpha.bits) - 1)
    _lay_over(samples[box.y0 : box.y1, box.x0 : box.x1], cover, most)
    return opaque


def _packing(pixel_format: Any) -> tuple[int, int]:
    """First sample of alpha in a row, and how far the next one is."""
    if pixel_format.is_planar:
        return 0, 1
    if pixel_format.name.startswith("ya"):
        return 1, 2
    match = _PACKED.match(pixel_format.name)
    return (match[1].index("a"), 4) if match else (3, 4)


def _lay_over(alpha: AnyArray, cover: FloatArray, most: float) -> None:
    """Raise alpha, in place, by what of it is covered; the rest keeps its very values."""
    touched = cover > 0
    old = alpha[touched].astype(np.float32)
    new = old + cover[touched] * np.maximum(np.float32(most) - old, 0)
    alpha[touched] = new if alpha.dtype.kind == "f" else np.rint(new)


def _moved(box: Box, x: int, y: int) -> Box:
    return Box(box.x0 + x, box.y0 + y, box.x1 + x, box.y1 + y)
