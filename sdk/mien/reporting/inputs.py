"""Whether two clips can be compared: the same size, rate, length and shot."""

from __future__ import annotations

from typing import Final

from mien.errors import InputError
from mien.io.media_pictures import ALIKE, compare_pictures
from mien.model.media import MediaInfo
from mien.rendering.watermark import Watermark
from mien.timebase import FrameRange

__all__ = ["check_pair", "check_same_shot", "is_lossless"]

_SAME_RATE: Final = 0.002
"""Part by which two rates may differ: 24 and 23.976 are the same to whoever rounds."""


def check_pair(original: MediaInfo, edited: MediaInfo, frames: str | None = None) -> FrameRange:
    """Return the frames of an original that an edited file holds.

    Args:
        original: Facts of the original.
        edited: Facts of the edited file.
        frames: The frames, as typed; None when it holds all of them.

    Raises:
        InputError: When they are of another size or rate, or not as many.
        TimeError: When the frames cannot be read, or lie outside the original.
    """
    one, other = original.orientation.upright_size, edited.orientation.upright_size
    names = f"{original.path.name} and {edited.path.name}"
    if one != other:
        raise InputError(
            f"{names} are not of one size: {one[0]} x {one[1]} and {other[0]} x {other[1]}.",
            "Compare files of the same size: mien renders in the original's.",
            path=edited.path,
        )
    rates = float(original.clock.rate), float(edited.clock.rate)
    timed = original.kind == edited.kind == "movie"  # images say no rate
    if timed and abs(rates[0] - rates[1]) > _SAME_RATE * rates[0]:
        raise InputError(
            f"{names} are not of one rate: {rates[0]:.6g} and {rates[1]:.6g} frames a second.",
            "Compare files of the same rate: mien renders in the original's.",
            path=edited.path,
        )
    count = edited.clock.frame_count
    span = original.clock.all if frames is None else original.clock.parse_range(frames)
    if len(span) != count:
        held = f"{original.path.name} has {len(span)} frames"
        held = held if frames is None else f"{frames} of {original.path.name} are {len(span)}"
        raise InputError(
            f"{edited.path.name} has {count} frames, and {held}.",
            "Say with --frames A:B which of the original's frames it holds.",
            path=edited.path,
        )
    return span


def check_same_shot(
    original: MediaInfo,
    edited: MediaInfo,
    frames: FrameRange,
    watermark: Watermark | None = None,
) -> float:
    """Return how alike a few frames of two clips are at least: 1 are the same pictures.

    Brightness is compared at 64 x 36 pixels, in which an edit of a face hardly shows.

    Args:
        original: Facts of the original.
        edited: Facts of the edited file.
        frames: The frames of the original that it holds.
        watermark: What is burnt into the edited file, and so into the original for the comparison.

    Raises:
        InputError: When the edited file shows something else.
        MediaError: When one of them cannot be read at all.
    """
    paint = None if watermark is None else watermark.paint
    alike = compare_pictures(original, edited, frames, paint)
    if not alike:
        return 1.0
    frame, worst = min(alike.items(), key=lambda pair: pair[1])
    if worst < ALIKE:
        raise InputError(
            f"{edited.path.name} is not of {original.path.name}: their pictures of frame {frame}"
            f" correlate by {worst:.2f} in brightness; those of one shot do by {ALIKE:g} and more.",
            "Check the names, and with --frames which of the original's frames it holds.",
            path=edited.path,
            frame=frame,
        )
    return worst


def is_lossless(media: MediaInfo) -> bool:
    """Tell whether a clip's codec keeps every code value, whatever its settings."""
    import av

    if media.kind != "movie":
        return media.container.lower() not in ("jpg", "jpeg", "webp")
    try:
        codec = av.codec.Codec(media.codec, "r")
    except av.FFmpegError:
        return False
    return bool(codec.lossless and not codec.lossy)
