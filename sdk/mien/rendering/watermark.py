"""A visible watermark: a text in a corner of every frame, which says that it is a draft.

It lies in the lower left corner of the picture as it is looked at, within the area that is safe for
titles, and so in the same place in every shot of a cut: beside faces far more often than the middle
or the lower third would be. Light letters with a dark rim, both opaque, are read on any ground.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from mien._types import FloatArray
from mien.errors import UsageError
from mien.media.display import from_display
from mien.media.fonts import find_font
from mien.media.frame import Frame
from mien.media.opacity import covered, reaching
from mien.media.orient import to_coded, turn_back
from mien.media.planes import Box, Plate
from mien.model.media import MediaInfo, Orientation
from mien.model.watermark import check_watermark

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont, ImageFont

    Font = FreeTypeFont | ImageFont

__all__ = ["Watermark", "make_watermark"]

_MARGIN: Final = 0.05
"""Of width and height, on each side: the area that is safe for titles (SMPTE ST 2046-1)."""
_SIZE: Final = 1 / 18
"""Of a picture's shorter side, how high letters are where the text is short."""
_SMALLEST: Final = 10
"""Pixels of letters, descenders included, below which they cannot be read."""
_STEP: Final = 0.94
"""How letters are made smaller, step by step, until the text fits."""
_LINES: Final = 3
_HIGHEST: Final = 1 / 3
"""Of a picture's height that all lines take at most."""
_RIM: Final = 1 / 9
"""Of the letters' height, how wide their rim is."""
_LIGHT: Final = 0.88
"""Brightness of the letters on a display: in HDR that is reference white (`media/display.py`)."""
_DARK: Final = 0.06
_CELL: Final = 4
"""Pixels that share a chroma sample at most, in a row."""


def make_watermark(text: str | None, media: MediaInfo, *, matte: bool = False) -> Watermark | None:
    """Return what burns a text into the frames of media; None without a text.

    Args:
        text: The text; None for none.
        media: Facts of the media.
        matte: Whether the mask of what is changed is wanted in place of the picture.

    Raises:
        UsageError: When it cannot be written so that it is read in such pictures, or is wanted on
            a mask.
    """
    if text is not None and matte:
        raise UsageError("A matte takes no watermark.", "Leave it out.")
    return None if text is None else Watermark(text, media.orientation)


@dataclass(frozen=True, slots=True, eq=False)
class _Mark:
    """The letters in coded pixels of one orientation.

    Attributes:
        box: Where they lie.
        cover: (h, w) float32 from 0 to 1, how much of each pixel they cover, rim included.
        shade: (h, w, 3) float32, their brightness as a display shows it.
    """

    box: Box
    cover: FloatArray
    shade: FloatArray


class Watermark:
    """A text that is burnt into frames.

    Several threads may use it at once.

    Args:
        text: The text.
        orientation: How the frames are looked at upright.

    Attributes:
        text: The text as it is burnt in.

    Raises:
        UsageError: When the text cannot be written, or not so that it can be read in pictures of
            that size.
    """

    def __init__(self, text: str, orientation: Orientation) -> None:
        self.text = check_watermark(text)
        self._marks: dict[Orientation, _Mark] = {}
        self._making = threading.Lock()
        self._mark(orientation)

    def __repr__(self) -> str:
        return f"Watermark({self.text!r})"

    @property
    def note(self) -> str:
        """What is to be said of it, in a sentence."""
        return f"'{self.text}' is burnt into every frame."

    def box(self, orientation: Orientation) -> Box:
        """Return the coded pixels among which all lie that it changes."""
        return self._mark(orientation).box

    def paint(self, frame: Frame) -> Frame:
        """Return a frame with the text in it; all pixels beside its letters stay as they are."""
        mark = self._mark(frame.orientation)
        picture = reaching(frame.picture, mark.box)
        plate = picture.plate()
        result = plate.copy()
        result.add(mark.box, _difference(plate, mark))
        return replace(frame, picture=covered(picture.with_plate(result), mark.box, mark.cover))

    def _mark(self, orientation: Orientation) -> _Mark:
        with self._making:
            mark = self._marks.get(orientation)
            if mark is None:
                mark = self._marks[orientation] = _coded(self.text, orientation)
            return mark


def _difference(plate: Plate, mark: _Mark) -> FloatArray:
    """What is added to a plate, in the plate's own terms."""
    below = plate.rgb(mark.box)
    apart = from_display(plate, mark.shade) - below
    # Where there is no number, as an EXR may have it, none can be added.
    known = (mark.cover[..., None] > 0) & np.isfinite(apart)
    delta = np.where(known, mark.cover[..., None] * np.where(known, apart, 0), 0)
    return np.asarray(delta, dtype=np.float32)


def _coded(text: str, orientation: Orientation) -> _Mark:
    """A text in the coded pixels of an orientation."""
    left, top, cover, letters = _drawn(text, orientation.upright_size)
    height, width = cover.shape
    corners = [(left - 0.5, top - 0.5), (left + width - 0.5, top + height - 0.5)]
    edges = to_coded(orientation, corners) + np.float32(0.5)
    low, high = edges.min(axis=0), edges.max(axis=0)
    x0, y0 = (int(np.floor(value + 1e-3)) for value in low)
    x1, y1 = (int(np.ceil(value - 1e-3)) for value in high)
    box = Box(x0, y0, x1, y1).clip(orientation.width, orientation.height)
    parts = []
    for part in (cover, letters):
        turned = turn_back(orientation, part)
        if turned.shape != (box.height, box.width):  # pixels that are not square
            size = (box.width, box.height)
            turned = np.asarray(cv2.resize(turned, size, interpolation=cv2.INTER_AREA))
        parts.append(turned)
    around = Box(
        box.x0 // _CELL * _CELL, box.y0 // _CELL * _CELL,
        -(-box.x1 // _CELL) * _CELL, -(-box.y1 // _CELL) * _CELL,
    ).clip(orientation.width, orientation.height)  # fmt: skip
    pad = (
        (box.y0 - around.y0, around.y1 - box.y1),
        (box.x0 - around.x0, around.x1 - box.x1),
    )
    # All pixels that share a chroma sample with a letter are in the box, or it would stay.
    cover, letters = (np.pad(part, pad) for part in parts)
    shade = _DARK + (_LIGHT - _DARK) * letters
    return _Mark(around, cover, np.asarray(cv2.merge([shade] * 3), dtype=np.float32))


def _drawn(text: str, size: tuple[int, int]) -> tuple[int, int, FloatArray, FloatArray]:
    """A text in a picture that is looked at upright.

    Args:
        text: The text.
        size: Width and height of the picture.

    Returns:
        Left and top in pixels; (h, w) what of each pixel is covered, and what by letters alone.
    """
    from PIL import Image, ImageDraw

    width, height = size
    margin_x, margin_y = (max(2, round(_MARGIN * length)) for length in size)
    _check_letters(text)
    lines, letters_high = _lines(text, size, width - 2 * margin_x)
    font, rim = _font(letters_high), _rim(letters_high)
    high = _line_height(letters_high)
    wide = max(round(font.getlength(line) + 0.5) for line in lines) + 2 * rim
    canvas = (wide + 2, high * len(lines) + 2 * rim)
    sheets = []
    for stroke in (rim, 0):
        sheet = Image.new("L", canvas, 0)
        draw = ImageDraw.Draw(sheet)
        for number, line in enumerate(lines):
            place = (rim + 1, rim + number * high)
            draw.text(place, line, fill=255, font=font, stroke_width=stroke)
        sheets.append(np.asarray(sheet, np.float32) / np.float32(255))
    cover, letters = sheets
    rows, columns = (np.flatnonzero(cover.any(axis=axis)) for axis in (1, 0))
    inked = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    cover, letters = cover[inked], letters[inked]
    return margin_x, height - margin_y - cover.shape[0], cover, letters


def _lines(text: str, size: tuple[int, int], room: int) -> tuple[list[str], int]:
    """A text in lines, and the largest letters with which they fit.

    Args:
        text: The text.
        size: Width and height of the picture.
        room: Width that they may take, in pixels.

    Raises:
        UsageError: When they fit only in letters that cannot be read.
    """
    for letters_high in _sizes(max(_SMALLEST, round(_SIZE * min(size)))):
        lines = _wrapped(text, _font(letters_high), room - 2 * _rim(letters_high))
        if lines and len(lines) * _line_height(letters_high) <= _HIGHEST * size[1]:
            return lines, letters_high
    raise UsageError(
        f"The watermark '{text}' does not fit into the picture in letters that can be read.",
        "Take a shorter text, or do without a watermark.",
    )


def _sizes(largest: int) -> Iterator[int]:
    size = largest
    while size > _SMALLEST:
        yield size
        size = max(_SMALLEST, min(size - 1, round(size * _STEP)))
    yield _SMALLEST


def _wrapped(text: str, font: Font, room: float) -> list[str]:
    """A text in as few lines as its words need; none where they do not fit."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= room:
            lines[-1] = longer
        elif font.getlength(word) <= room and len(lines) < _LINES:
            lines.append(word)
        else:
            return []
    return lines


def _font(letters_high: int) -> Font:
    return find_font(letters_high, bold=True, basic=True)


def _rim(letters_high: int) -> int:
    return max(1, round(_RIM * letters_high))


def _line_height(letters_high: int) -> int:
    return round(1.2 * letters_high)


def _check_letters(text: str) -> None:
    """Refuse characters that the font lacks: it would draw a box for each.

    Raises:
        UsageError: When there are some.
    """
    font = _font(4 * _SMALLEST)
    lacking = _look(font, "\uffff")  # a code that is no character
    if not any(any(_look(font, one)[1]) for one in text):
        raise UsageError("The watermark has no letter that can be seen.", "Give it one.")
    missing = [one for one in dict.fromkeys(text) if one != " " and _look(font, one) == lacking]
    if missing:
        raise UsageError(
            f"The watermark has characters that mien's font lacks: {' '.join(missing)}.",
            "Write it in Latin, Greek or Cyrillic letters.",
        )


def _look(font: Font, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(letter)
    return mask.size, bytes(mask)
