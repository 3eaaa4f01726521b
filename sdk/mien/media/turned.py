"""Pictures of movies turned upright, for outputs that cannot say how they are turned."""

from __future__ import annotations

from typing import Final

import av
from av.video.reformatter import Interpolation

from mien.media.color import FULL_RANGE, LIMITED_RANGE, resolve_matrix, swscale_matrix
from mien.media.filtering import filtered
from mien.media.frame import MoviePicture, planar_name
from mien.model.media import Orientation

__all__ = ["turned_picture"]

_TURNS: Final = ((), (("transpose", "cclock"),), (("hflip", ""), ("vflip", "")),
                 (("transpose", "clock"),))  # fmt: skip
"""FFmpeg's filters for 0 to 3 counter-clockwise quarter turns."""
_FORGET: Final = ("sidedata", "mode=delete:type=DISPLAYMATRIX")
"""Encoders of images write it as EXIF: the picture would be turned once more."""


def turned_picture(picture: MoviePicture, orientation: Orientation) -> MoviePicture:
    """Turn a coded picture upright, sample by sample.

    Args:
        picture: The picture.
        orientation: How it is mirrored and turned.

    Returns:
        The same samples, the same timing and side data. Only where chroma has another pitch
        across than down, as in 4:2:2, and rows become columns, chroma is interpolated first.
    """
    video = picture.video
    turns = orientation.quarter_turns % 4
    if turns % 2:
        video = _square_chroma(picture)
    flip = (("hflip", ""),) if orientation.mirrored else ()
    upright = filtered(video, (*flip, *_TURNS[turns], _FORGET))
    if not video.format.is_rgb:
        # Untagged pictures are of BT.601 or BT.709 by their height, which is another now.
        upright.colorspace = resolve_matrix(picture.video.colorspace, picture.video.height)
    return MoviePicture(upright)


def _square_chroma(picture: MoviePicture) -> av.VideoFrame:
    """The frame, or one with as many samples of chroma as of luma where they may not turn."""
    video, pixel_format = picture.video, picture.video.format
    across, down = (pixel_format.chroma_width(1 << 8), pixel_format.chroma_height(1 << 8))
    if across == down and not pixel_format.has_palette and not pixel_format.is_bit_stream:
        return video
    name = planar_name(pixel_format)
    for narrow in ("422", "411", "440"):
        name = name.replace(f"yuv{narrow}p", "yuv444p").replace(f"yuva{narrow}p", "yuva444p")
    if pixel_format.is_rgb:
        return video.reformat(format=name)
    matrix = swscale_matrix(video.colorspace, video.height)
    span = FULL_RANGE if picture.full_range else LIMITED_RANGE
    return video.reformat(
        format=name,
        src_colorspace=matrix,
        dst_colorspace=matrix,
        src_color_range=span,
        dst_color_range=span,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND,
    )
