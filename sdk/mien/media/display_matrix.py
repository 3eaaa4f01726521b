"""The display matrix of a movie or image: how a player mirrors and turns what is coded."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.sidedata.sidedata import Type as SideDataType

from mien.errors import MediaError
from mien.media.frame import side_data
from mien.model.media import Orientation

__all__ = [
    "DisplayTurn", "display_matrix", "display_turn", "frame_orientation", "orientation_matrix",
]  # fmt: skip

_ONE: Final = 1 << 16
_PERSPECTIVE_ONE: Final = 1 << 30
"""Ones of a display matrix: 16.16 fixed point, in its last column 2.30 (ISO/IEC 14496-12)."""
_FLAT: Final = 1e-4
"""Area of a picture over its greatest square below which a matrix leaves a line of it."""
_WIDEST: Final = Fraction(64)
"""Pixels wider or higher than that are no picture: a header lies, and they would fill memory."""
_SLIGHT: Final = math.sin(math.radians(1))
"""Turns that nobody sees, as rounding leaves them."""
_TURNS: Final = ((1, 0, 0, 1), (0, -1, 1, 0), (-1, 0, 0, -1), (0, 1, -1, 0))
"""Matrices of 0 to 3 counter-clockwise quarter turns, for row vectors, y down."""


@dataclass(frozen=True, slots=True)
class DisplayTurn:
    """The nearest of the eight ways in which a display matrix may lay a picture.

    Attributes:
        quarter_turns: Counter-clockwise turns of 90 degrees (0..3), after the mirroring.
        mirrored: Whether the coded picture is flipped, left to right.
        exact: Whether that is all: the matrix has no other angle, and no skew.
    """

    quarter_turns: int = 0
    mirrored: bool = False
    exact: bool = True


def display_matrix(frame: av.VideoFrame) -> tuple[int, ...] | None:
    """The nine numbers of FFmpeg's display matrix (rotation and flips); None without."""
    data = side_data(frame, SideDataType.DISPLAYMATRIX)
    return None if data is None else struct.unpack_from("=9i", data)


def display_turn(matrix: tuple[int, ...] | None) -> DisplayTurn | None:
    """The mirroring and turn of a display matrix; None where nothing would be seen.

    Scale and translation are not looked at: FFmpeg's pixel aspect has the one, and the other
    moves the picture to where it was.

    Args:
        matrix: Nine numbers, row by row, by which row vectors (x, y, 1) are multiplied; y down.
    """
    if matrix is None:
        return DisplayTurn()
    a, b, c, d = (matrix[i] / _ONE for i in (0, 1, 3, 4))
    area, square = a * d - b * c, a * a + b * b + c * c + d * d
    if abs(area) <= _FLAT * square:
        return None
    mirrored = area < 0
    if mirrored:
        a, b = -a, -b
    # The rotation nearest to what is left (its polar factor), counter-clockwise.
    turns = round(-math.atan2(b - c, a + d) / (math.pi / 2)) % 4
    e, f, g, h = _TURNS[turns]
    # With the quarter turns taken back, only scale should be left, on the diagonal.
    across, down = a * e + b * f, c * g + d * h
    skew = max(abs(a * g + b * h), abs(c * e + d * f))
    exact = across > 0 and down > 0 and skew <= _SLIGHT * min(across, down)
    return DisplayTurn(turns, mirrored, exact)


def frame_orientation(frame: av.VideoFrame, aspect: Fraction | None, path: Path) -> Orientation:
    """How a decoded frame is looked at.

    Args:
        frame: The frame. Its own matrix counts, as in players: FFmpeg gives it the stream's
            where it has none.
        aspect: Width of a coded pixel over its height; None for square ones.
        path: The file, for errors.

    Raises:
        MediaError: When its display matrix leaves nothing to see.
    """
    turn = display_turn(display_matrix(frame))
    if turn is None:
        raise MediaError(
            f"{path.name} cannot be shown: its display matrix flattens the picture to nothing.",
            "Write it anew with another rotation, as with"
            f" `ffmpeg -display_rotation 0 -i {path.name} -c copy upright{path.suffix}`.",
            path=path,
        )
    if aspect is None or not 1 / _WIDEST <= aspect <= _WIDEST:
        aspect = Fraction(1)
    return Orientation(frame.width, frame.height, turn.quarter_turns, aspect, turn.mirrored)


def orientation_matrix(orientation: Orientation) -> tuple[int, ...] | None:
    """The display matrix of an orientation; None for a picture that is upright as it is."""
    if orientation.as_shown:
        return None
    a, b, c, d = _TURNS[orientation.quarter_turns % 4]
    if orientation.mirrored:
        a, b = -a, -b
    return (a * _ONE, b * _ONE, 0, c * _ONE, d * _ONE, 0, 0, 0, _PERSPECTIVE_ONE)
