"""Values of the sliders at the playhead; no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mien.model.controls import CONTROLS, INDEX, Control, Region
from mien.model.presets import resolve
from mien_desktop.resolve import Resolved
from mien_desktop.words import title

__all__ = ["SECTIONS", "Board", "Mark", "Slider", "matching"]

SECTIONS: Final[tuple[tuple[str, tuple[Region, ...]], ...]] = (
    ("Brows", ("brows",)),
    ("Eyes", ("eyes",)),
    ("Nose and cheeks", ("nose", "cheeks")),
    ("Mouth", ("mouth",)),
    ("Jaw", ("jaw",)),
    ("Tongue", ("tongue",)),
    ("Gaze", ("gaze",)),
    ("Head", ("head",)),
)
"""Headings and the regions under them, from the brow down."""


_TELLING = 3
"""Letters of a search that mean a name wherever they stand in it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Keys of a control at the playhead.

    Attributes:
        here: Whether it has a key at the playhead.
        edited: Whether a track drives it: its own, one of both sides, or an expression's.
    """

    here: bool = False
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Slider:
    """A control at the playhead.

    Attributes:
        control: The control.
        performed: What the performance does.
        target: What it does in the end.
        mark: How it is keyed.
    """

    control: Control
    performed: float
    target: float
    mark: Mark

    @property
    def low(self) -> float:
        """Lowest value of the slider; of the head from where it is, as its limits are."""
        low = self.control.low
        if self.control.region == "head":
            return self.performed + low
        return min(low, self.performed)

    @property
    def high(self) -> float:
        """Highest value of the slider."""
        high = self.control.high
        if self.control.region == "head":
            return self.performed + high
        return max(high, self.performed)

    def fraction(self, value: float) -> float:
        """Return the position of a value on the slider, 0 left to 1 right."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def at(self, fraction: float) -> float:
        """Return the value at a position of the slider."""
        return self.low + min(max(fraction, 0.0), 1.0) * (self.high - self.low)

    def held(self, value: float) -> float:
        """Return a value held within the slider's ends."""
        return min(max(value, self.low), self.high)


class Board:
    """All sliders at a playhead; a slider is made when it is asked for.

    Args:
        now: Document and view state.
    """

    def __init__(self, now: Resolved) -> None:
        self._now = now
        frame, face = now.state.frame, now.face
        self.live = face is not None and bool(face.valid[frame])
        """Whether the face is seen in the frame, so that there is something to move."""
        self._marks = _marks(now)
        self._sliders: dict[str, Slider] = {}

    def slider(self, name: str) -> Slider:
        """Return the slider of a control; at rest without a face."""
        if name not in self._sliders:
            self._sliders[name] = self._slider(name)
        return self._sliders[name]

    def _slider(self, name: str) -> Slider:
        column, frame = INDEX[name], self._now.state.frame
        evaluated = self._now.evaluated
        performed = change = 0.0
        if self.live and evaluated is not None:
            performed = float(evaluated.source[frame, column])
            change = float(evaluated.delta[frame, column])
        mark = self._marks.get(name, Mark())
        return Slider(CONTROLS[column], performed, performed + change, mark)


def _marks(now: Resolved) -> dict[str, Mark]:
    marks: dict[str, Mark] = {}
    for layer in now.edit.layers if now.edit is not None else ():
        for track in layer.tracks:
            key = track.key_at(now.state.frame) is not None and layer.name == now.state.layer
            for name, _ in resolve(track.control):
                old = marks.get(name, Mark())
                marks[name] = Mark(old.here or (key and name == track.control), True)
    return marks


def matching(text: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that match a search.

    Every word of the search begins a word of the name, as in `smile l`, or is some part of the
    name that is long enough to mean it.
    """
    words = text.casefold().split()
    return tuple(name for name in names if all(_means(word, name) for word in words))


def _means(word: str, name: str) -> bool:
    begun = any(part.startswith(word) for part in title(name).casefold().split())
    return begun or (len(word) >= _TELLING and word in name.casefold())
