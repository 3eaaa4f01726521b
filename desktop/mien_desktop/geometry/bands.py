"""Bands of the timeline from top to bottom, and cells of its column of names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from mien_desktop.geometry.lanes import ROW, Lane

__all__ = [
    "MARKERS", "RULER", "THUMBNAILS", "TROUBLES", "WAVEFORM", "Band", "Bands", "Cell", "cells",
]  # fmt: skip

RULER = 24
MARKERS = 20
TROUBLES = 16
THUMBNAILS = 36
WAVEFORM = 28
"""Heights of the bands in logical pixels."""

Band = Literal["ruler", "markers", "troubles", "thumbnails", "waveform", "lanes"]
CellName = Literal[
    "fold", "name", "mute", "weight", "mode", "value", "key", "sight", "portrait", "seen", "event"
]
NARROWEST, WIDEST = 120, 480
"""Limits of the column of names."""
_INDENT: dict[str, int] = {"person": 4, "face": 0, "sight": 12, "reading": 12,
                           "event": 24, "voice": 12, "layer": 12, "track": 24}  # fmt: skip
_FOLD = 20
_PORTRAIT = 24
_LANES = 5
"""Lanes for which there has to be room before strips are shown."""


@dataclass(frozen=True, slots=True)
class Bands:
    """Heights and order of ruler, markers, strips and lanes.

    Attributes:
        names: Width of the column of names, to the left of everything.
        thumbnails: Whether the strip of pictures is shown.
        waveform: Whether the strip of sound is shown.
        faces: Whether the face lane is shown, at the top of the lanes.
        readings: Whether what is read off each performance is shown, below each face.
        troubles: Whether there are frames with trouble to show; nobody chooses it.
    """

    names: int = 216
    thumbnails: bool = True
    waveform: bool = True
    faces: bool = True
    readings: bool = True
    troubles: bool = False

    def every(self) -> tuple[tuple[Band, int, int], ...]:
        """Return the bands above the lanes: name, top and height."""
        return _every(self.troubles, self.thumbnails, self.waveform)

    @property
    def lanes(self) -> int:
        """Top of the lanes."""
        _, top, height = self.every()[-1]
        return top + height

    def fitting(self, height: int) -> Bands:
        """Return the bands without pictures, then without sound, where lanes need the room."""
        bands = self
        for name in ("thumbnails", "waveform"):
            if bands.lanes + _LANES * ROW > height:
                bands = replace(bands, **{name: False})
        return bands

    def top(self, band: Band) -> int:
        """Return the top of a band; the lanes' top for one that is not shown."""
        return next((top for name, top, _ in self.every() if name == band), self.lanes)

    def at(self, y: float) -> Band:
        """Return the band at a height."""
        for name, top, height in self.every():
            if top <= y < top + height:
                return name
        return "lanes"


@lru_cache
def _every(troubles: bool, thumbnails: bool, waveform: bool) -> tuple[tuple[Band, int, int], ...]:
    bands: list[tuple[Band, int, bool]] = [
        ("ruler", RULER, True),
        ("markers", MARKERS, True),
        ("troubles", TROUBLES, troubles),
        ("thumbnails", THUMBNAILS, thumbnails),
        ("waveform", WAVEFORM, waveform),
    ]
    top, shown = 0, []
    for name, height, visible in bands:
        if visible:
            shown.append((name, top, height))
            top += height
    return tuple(shown)


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of a lane's name that does something.

    Attributes:
        name: What it is.
        left: Where it begins, from the left of the column.
        width: Its width.
    """

    name: CellName
    left: int
    width: int

    def contains(self, x: float) -> bool:
        """Return whether a pixel of the column lies in it."""
        return self.left <= x < self.left + self.width


def cells(lane: Lane, width: int) -> tuple[Cell, ...]:
    """Return the cells of a lane's name in a column of a width, from left to right."""
    return _cells(lane.kind, width)


@lru_cache
def _cells(kind: str, width: int) -> tuple[Cell, ...]:
    left = _INDENT[kind]
    result = []
    if kind in ("face", "layer", "reading"):
        result.append(Cell("fold", left, _FOLD))
    elif kind == "person":
        result.append(Cell("portrait", left, _PORTRAIT))
    left += {"track": 8, "event": 8, "person": _PORTRAIT}.get(kind, _FOLD)
    right: list[tuple[CellName, int]] = []
    if kind == "layer":
        right = [("mute", ROW), ("weight", 44)]
    elif kind == "track":
        right = [("mode", 16), ("value", 48), ("key", ROW)]
    elif kind == "sight":
        right = [("sight", 76)]
    elif kind in ("reading", "event"):
        right = [("event", 92)]
    elif kind == "person":
        right = [("seen", ROW)]
    room = sum(size for _, size in right)
    result.append(Cell("name", left, max(width - left - room, 0)))
    x = width - room
    for name, size in right:
        result.append(Cell(name, x, size))
        x += size
    return tuple(result)
