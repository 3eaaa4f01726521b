"""The file of a matte that a user brings: whether it fits a shot, and its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, TypeAlias

import av
import cv2
import numpy as np

from mien._types import FloatArray
from mien.errors import MediaError, MienError, UsageError
from mien.media.cache import ByteCache
from mien.media.orient import turn, turn_back
from mien.media.planes import Plate
from mien.media.probe import probe
from mien.media.reader import Reader, open_reader
from mien.media.sequence import Pattern
from mien.model.media import MediaInfo, Orientation
from mien.rendering.matte_shape import may_be_stored, same_shape
from mien.timebase import same_count

__all__ = ["MatteFile", "MatteReader", "is_same_media", "probe_matte"]

_MARGIN: Final = 0.01
"""What lies so near to black or to white is meant to be it: lossy codecs leave it a few code
values away, and only what is wholly white keeps a plate's pixels bit for bit."""
_DECODED_BYTES: Final = 96 << 20
"""Bytes of decoded pictures that are kept: threads ask for neighbouring frames out of order."""
_AS_SHOWN: Final = "the matte is taken as of the picture as it is shown, not as it is stored"
_Size: TypeAlias = "tuple[int, int]"
_MATTE_BYTES: Final = 64 << 20
"""Bytes of mattes that are kept: every face of a frame asks for the same one."""


@dataclass(frozen=True, slots=True)
class MatteFile:
    """A matte's file, found to fit a shot.

    Attributes:
        media: Its facts.
        first: Frame of the matte that belongs to the shot's first frame.
        upright: Whether it shows the shot's upright picture, and not the one that is stored.
        remarks: What is to be known of how it is used.
    """

    media: MediaInfo
    first: int
    upright: bool
    remarks: tuple[str, ...]


def probe_matte(path: Path, shot: MediaInfo) -> MatteFile:
    """Look at the file of a matte, and refuse one that does not fit a shot.

    It belongs to the shot's stored pictures or to its upright ones, whichever has its shape. One
    of the same shape is scaled. Frames belong together one by one, whatever the rates; of images
    that are more than the shot's those with the same numbers are used.

    Args:
        path: The movie, the pattern of an image sequence, or one of its images.
        shot: Facts of the shot's media.

    Raises:
        UsageError: When it is the shot itself.
        MediaError: When it cannot be read, or has another shape or number of frames.
    """
    try:
        media = probe(path)
    except MienError as error:
        cause = error.cause[:1].lower() + error.cause[1:] if path.name else error.cause
        raise MediaError(f"The matte cannot be used: {cause}", error.remedy, path=path) from error
    if is_same_media(media.path, shot.path) or _same_content(media, shot):
        raise UsageError(
            f"{path.name} is the shot itself, and no matte of it.",
            "Give a movie or images in which white is what is in front.",
        )
    upright, scaled = _fit(media, shot)
    first, numbered = _first(media, shot)
    remarks = [*scaled, *numbered, *_remarks(media, shot)]
    return MatteFile(media, first, upright, tuple(remarks))


def is_same_media(one: Path, other: Path) -> bool:
    """Tell whether two paths name the same movie, or patterns of the same images."""
    patterns = Pattern.parse(one), Pattern.parse(other)
    if None in patterns:
        try:
            return one.samefile(other)
        except OSError:
            return one.absolute() == other.absolute()
    a, b = (pattern for pattern in patterns if pattern is not None)
    named = (a.prefix, a.suffix, a.digits) == (b.prefix, b.suffix, b.digits)
    return named and a.folder.resolve() == b.folder.resolve()


def _same_content(media: MediaInfo, shot: MediaInfo) -> bool:
    return bool(shot.fingerprint) and media.fingerprint == shot.fingerprint


def _fit(media: MediaInfo, shot: MediaInfo) -> tuple[bool, list[str]]:
    """Tell whether a matte shows the upright picture, and what is to be said of its size."""
    stored = shot.orientation.width, shot.orientation.height
    shown = shot.orientation.upright_size
    own = media.orientation.width, media.orientation.height
    turned = media.orientation.upright_size
    if shot.orientation.as_shown and media.orientation.as_shown:
        choices = [(own, stored, False), (turned, shown, True)]
    else:
        choices = [(turned, shown, True)]
        # One that says how it is turned is looked at as it is shown; so is its shot.
        if media.orientation.as_shown:
            choices.append((own, stored, False))
    for size, wanted, upright in choices:
        if size == wanted:
            return upright, _unclear(choices, size) if upright else []
    for size, wanted, upright in choices:
        if same_shape(size, wanted):
            scaled = f"the matte is scaled from {_size(size)} to {_size(wanted)}"
            unclear = [_AS_SHOWN] if upright and may_be_stored(media, shot) else []
            return upright, [scaled, *unclear]
    sizes = dict.fromkeys((_size(shown), _size(stored)))
    raise MediaError(
        f"The matte {media.path.name} is {_size(turned)}, and the shot {' or '.join(sizes)}.",
        "Give one of the shot's size, or of its shape.",
        path=media.path,
    )


def _unclear(choices: Sequence[tuple[_Size, _Size, bool]], size: _Size) -> list[str]:
    """Say it where a matte of the picture as it is shown could be one of the stored picture."""
    if not any(size == own == stored for own, stored, upright in choices if not upright):
        return []
    return [_AS_SHOWN]


def _first(media: MediaInfo, shot: MediaInfo) -> tuple[int, list[str]]:
    """Find the frame of a matte that belongs to the shot's first, and what is to be said of it."""
    has, needs = media.clock.frame_count, shot.clock.frame_count
    if has == needs:
        return 0, []
    images = media.kind == shot.kind == "sequence"
    first = shot.first_number - media.first_number
    if images and 0 <= first <= has - needs:
        last = shot.first_number + needs - 1
        return first, [f"the matte's images {shot.first_number} to {last} are used, as the shot's"]
    raise MediaError(
        f"The matte {media.path.name} has {_frames(has)}, and the shot {_frames(needs)}.",
        "Give one of the same frames."
        if not images
        else "Give one of the same frames, or images with the shot's numbers among them.",
        path=media.path,
    )


def _remarks(media: MediaInfo, shot: MediaInfo) -> list[str]:
    remarks = []
    rates = media.clock.rate, shot.clock.rate
    # Images say no rate, and may be made for any.
    if "sequence" not in (media.kind, shot.kind) and not same_count(*rates):
        remarks.append(
            f"the matte has {_rate(rates[0])} frames/s and the shot {_rate(rates[1])}: they are"
            " counted by frames"
        )
    if _has_alpha(media.pixel_format):
        remarks.append("the matte's alpha is not looked at: white is in front")
    return remarks


def _has_alpha(pixel_format: str) -> bool:
    try:
        components = av.VideoFormat(pixel_format, 16, 16).components
    except ValueError:
        return False  # of EXR, which FFmpeg does not read for us
    return any(one.is_alpha for one in components)


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"


def _rate(rate: Fraction) -> str:
    return f"{float(rate):.6g}"


class MatteReader:
    """The pictures of a matte, as plates of a shot need them; used by several threads at once.

    Args:
        file: The matte.
        orientation: How the shot's stored pictures are looked at.
        upright: Whether plates are upright pictures, and not stored ones.
    """

    def __init__(self, file: MatteFile, orientation: Orientation, *, upright: bool) -> None:
        self._file = file
        self._orientation = orientation
        self._upright = upright
        self._reader: Reader = open_reader(file.media, decoder="pyav", cache_bytes=_DECODED_BYTES)
        self._mattes: ByteCache[tuple[int, int, int], FloatArray] = ByteCache(_MATTE_BYTES)

    def frame(self, index: int, width: int, height: int) -> FloatArray:
        """Read how far something is in front of what a plate shows.

        Args:
            index: Frame of the shot.
            width: The plate's width.
            height: The plate's height.

        Returns:
            (height, width) float32, 0..1, exactly 0 in black and 1 in white; not to be changed.

        Raises:
            MediaError: When the matte is damaged.
        """
        key = (index, width, height)
        known = self._mattes.get(key)
        if known is None:
            known = self._made(self._reader.frame(self._file.first + index).plate(), width, height)
            known.flags.writeable = False
            self._mattes.put(key, known, known.nbytes)
        return known

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()
        self._mattes.clear()

    def _made(self, plate: Plate, width: int, height: int) -> FloatArray:
        light = plate.luma()
        if plate.layout.floating:
            light = np.clip(np.nan_to_num(light), 0, 1)
        light = self._turned(light)
        if light.shape != (height, width):
            shrinks = width < light.shape[1] or height < light.shape[0]
            how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            light = np.asarray(cv2.resize(light, (width, height), interpolation=how))
        levels = (light - np.float32(_MARGIN)) / np.float32(1 - 2 * _MARGIN)
        return np.asarray(np.clip(levels, 0, 1), dtype=np.float32)

    def _turned(self, light: FloatArray) -> FloatArray:
        """Lay the stored picture of a matte as the plates lie."""
        file = self._file
        if file.upright:
            light = turn(file.media.orientation, light)
        if file.upright == self._upright:
            return np.ascontiguousarray(light)
        return (turn if self._upright else turn_back)(self._orientation, light)
