"""Dissolves, fades and wipes: where one shot becomes another over several frames.

Over a dissolve every frame is a mixture of two pictures, (1 - a) A + a B, and a rises from 0 to
1; a fade is one whose A or B is a plain colour. So the frames between two that are far apart are
tried as such mixtures by least squares: what moves, pans, or walks in leaves a large residual.
What does not: a change of light, whose two ends show the same structures; and motion that is small
against what moves, likewise. Hence the two ends must show different things, wherever they may have
moved. Over a wipe every pixel goes from A to B by itself, at a time that follows from its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mien.timebase import FrameRange
from mien.tracking.mix_window import LONGEST, MixWindow, Unlike, unlike
from mien.tracking.wipes import find_wipe

__all__ = ["MixFinder"]

_LENGTHS: Final = (6, 8, 10, 12, 15, 18, 22, 27, 33, 40, 48, 58, 70, 86, LONGEST)
"""Frames between the two pictures that are compared; a mix lies between, its ends a bit inside."""

_DISTANCE: Final = 6.0
"""Root mean square difference, of 255, from which two pictures can be two shots."""

_SHORTEST: Final = 4
_SHORTEST_FADE: Final = 3
"""Frames from the last of one shot to the first of the next from which there is a mix between;
and of the fades on either side of a dip."""

_SPARSE: Final = 12
"""Of pairs so many frames apart, and of those twice as far every second one, are tried."""

_PLAIN: Final = 3.0
"""Contrast of a plain picture, of 255: black, white, or any one colour with its noise."""

_NEARLY_PLAIN: Final = 0.17
"""Contrast, in that of the shot, of the plainest picture in a dip: a short one has no frame in
which all is gone."""

_REST: Final = 2
"""Frames that must be seen before and after, unless the picture there is plain."""

_RESIDUAL: Final = 0.09
"""Mean residual of mixtures; of real dissolves between two moving shots it stayed below 0.08,
and above 0.1 in shots whose ends are as unlike as two shots are."""

_HALFWAY: Final = 0.18
"""Residual of the frame half-way up to which all of them are tried as mixtures."""

_WIPED: Final = (0.08, 0.45)
"""The same for wipes; half of either picture gives 0.25."""

_RESIDUAL_BY_UNLIKE: Final = 0.3
"""Mean residual per share of the picture that is new: the less is new, the surer it must be."""

_UNLIKE: Final = 0.15
_UNLIKE_EITHER: Final = 0.07
"""Shares of the picture that are new, or gone: of the larger of the two, and of the smaller."""

_UNLIKE_PART: Final = 0.05
_UNLIKE_PART_EITHER: Final = 0.04
_SHARE: Final = 0.3
_RESIDUAL_BY_SHARE: Final = 0.1
"""The same where only a part of the picture changes; what share of the change must then be of
something new, and the mean residual per such share."""

_MISFIT: Final = 0.07
"""Root mean square departure of the fractions from a straight rise."""

_CURVES: Final = (0.6, 1.7)
_EXCUSES: Final = (0.0, 0.015, 0.015)
"""Powers of rises that are not straight, as dissolves in linear light are seen; and what a
straight one and these must be better by."""

_STEP: Final = 0.5
"""Rise of the share from one frame to the next that is a cut and no mix."""

_SUDDEN: Final = 3.5
"""The same in mean rises."""

_BACK_AND_FORTH: Final = 1.3
"""Way of the share in all, on its way from 0 to 1."""

_UNLIKE_WIPE: Final = 0.3
"""Shares of the picture that are new, and gone, over a wipe."""

_KNOWN: Final = 256
"""Pairs of frames whose likeness is remembered, as the same are tried again and again."""

_FLASH: Final = 36
"""Frames within which a plain picture that comes and goes is a flash of light, where what is
before it is there again after it."""

_BACK: Final = 0.3
"""Share of the picture that may be new after a flash: people move meanwhile."""

_DIP: Final = 8
"""Frames of a plain picture between two fades up to which they are one dip."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A mix that was found.

    Attributes:
        before: The last frame before it.
        after: The first frame after it.
        cost: How badly it fits.
        to_light: Whether it begins with a plain picture.
        to_plain: Whether it ends with one.
        sure: Whether it is one without another fade beside it.
    """

    before: int
    after: int
    cost: float
    to_light: bool = False
    to_plain: bool = False
    sure: bool = True

    @property
    def span(self) -> FrameRange:
        return FrameRange(self.before + 1, self.after)

    def meets(self, other: _Found) -> bool:
        return self.before < other.after - 1 and other.before < self.after - 1


class MixFinder:
    """Finds dissolves, fades and wipes in frames that pass one after another."""

    def __init__(self) -> None:
        self._window = MixWindow()
        self._found: list[_Found] = []
        self._unlike: dict[tuple[int, int], Unlike] = {}

    def step(self, thumb: npt.NDArray[np.generic]) -> None:
        """Add the picture (36, 64, 3) R'G'B' of the next frame."""
        self._window.push(thumb)
        last = self._window.stop - 1
        self._forget_flash(last)
        firsts = np.array([last - length for length in _LENGTHS if self._is_tried(last, length)])
        if not len(firsts):
            return
        distances, residuals = self._window.halfway(firsts, last)
        for first, distance, residual in zip(firsts.tolist(), distances, residuals, strict=True):
            found = None
            if distance > _DISTANCE and residual < _HALFWAY:
                found = self._dissolve(first, last)
            if found is None and distance > _DISTANCE and _WIPED[0] < residual < _WIPED[1]:
                found = self._wipe(first, last)
            if found is not None:
                self._note(found)

    @property
    def mixes(self) -> tuple[FrameRange, ...]:
        """Their spans in order; those at the end of the frames so far may still change."""
        spans: list[FrameRange] = []
        dimmed: _Found | None = None
        for found in sorted(self._found, key=lambda found: found.before):
            pair = dimmed is not None and found.to_light and found.before - dimmed.after < _DIP
            if pair:
                start = dimmed.before + 1 if dimmed is not None else 0
                if spans and spans[-1].start == start:
                    spans.pop()
                spans.append(FrameRange(start, found.after))
            elif found.sure:
                spans.append(found.span)
            dimmed = found if found.to_plain else None
        return tuple(spans)

    def _is_tried(self, last: int, length: int) -> bool:
        first = last - length
        if first < self._window.first:
            return False
        # A long mix has many pairs of frames around it, and need not be tried with all of them;
        # but a plain picture between two fades may be there for a single frame.
        plain = self._plain(first, last) or self._plain(last, first)
        return plain or last % max(1, length // _SPARSE) == 0

    def _dissolve(self, first: int, last: int) -> _Found | None:
        """The dissolve or fade between two frames, which lie outside of it."""
        blend = self._window.blend(first, last)
        start, stop, misfit = straight_rise(blend.fractions)
        before, after = first + start, first + stop
        from_plain, to_plain = self._plain(before, after), self._plain(after, before)
        if from_plain and to_plain:
            return None
        plain = from_plain or to_plain
        mean = float(blend.residuals[start : stop + 1].mean())
        if mean > _RESIDUAL or misfit > _MISFIT or not _gradual(blend.fractions[start : stop + 1]):
            return None
        if stop - start < (_SHORTEST_FADE if plain else _SHORTEST):
            return None
        if (start < _REST and not from_plain) or (last - after < _REST and not to_plain):
            return None
        if not _other_shot(self._new(before, after), mean, plain=plain):
            return None
        contrast = min(self._window.contrast(before), self._window.contrast(after))
        sure = not plain or (contrast < _PLAIN and stop - start >= _SHORTEST)
        return _Found(before, after, misfit + mean, from_plain, to_plain, sure)

    def _wipe(self, first: int, last: int) -> _Found | None:
        found = find_wipe(self._window, first, last)
        if found is None:
            return None
        before, after, strays = found
        if before - first < _REST or last - after < _REST:
            return None
        new = self._new(before, after)
        if new.most < _UNLIKE_WIPE or new.least < _UNLIKE_EITHER:
            return None
        return _Found(before, after, _MISFIT + strays)

    def _plain(self, frame: int, other: int) -> bool:
        """Whether a frame is of one colour, or nearly so compared with another one."""
        contrast = self._window.contrast(frame)
        return contrast < max(_PLAIN, _NEARLY_PLAIN * self._window.contrast(other))

    def _new(self, before: int, after: int) -> Unlike:
        """How much of the picture before a mix goes, and how much of that after it is new."""
        key = before, after
        if key not in self._unlike:
            if len(self._unlike) > _KNOWN:
                self._unlike.clear()
            pictures = self._window.picture(before), self._window.picture(after)
            self._unlike[key] = unlike(*pictures)
        return self._unlike[key]

    def _note(self, found: _Found) -> None:
        """Keep what was found, unless what is known of these frames fits better."""
        if found.to_light:
            dark = self._before_plain(found)
            if found.after - dark <= _FLASH and self._new(dark, found.after).most < _BACK:
                self._found = [other for other in self._found if other.after <= dark]
                return
        others = [other for other in self._found if other.meets(found)]
        if any(other.cost <= found.cost for other in others):
            return
        self._found = [other for other in self._found if other not in others]
        self._found.append(found)

    def _before_plain(self, found: _Found) -> int:
        """The last frame of the picture before the plain one that a fade comes from."""
        for other in self._found:
            if other.to_plain and 0 <= found.before - other.after < _DIP:
                return other.before
        frame = found.before
        while frame > self._window.first and self._plain(frame, found.after):
            frame -= 1
        return frame

    def _forget_flash(self, last: int) -> None:
        """Forget a fade to a plain picture when it was a flash: what was before it is back."""
        for found in self._found:
            recent = found.to_plain and last - found.before <= _FLASH and last > found.after
            if recent and not self._plain(last, found.before):
                if self._new(found.before, last).most < _BACK:
                    self._found.remove(found)
                return


def straight_rise(fractions: npt.NDArray[np.float64]) -> tuple[int, int, float]:
    """Return where a rise from 0 to 1 begins and ends, and how far the fractions depart from it.

    Args:
        fractions: (n,) values, from about 0 to about 1.

    Returns:
        The last frame at 0, the first at 1, and the root mean square departure.
    """
    count = len(fractions)
    frames = np.arange(count)
    low = int(np.flatnonzero(fractions < 0.25)[-1])
    above = np.flatnonzero(fractions > 0.75)
    high = int(above[above > low][0]) if (above > low).any() else count - 1
    length = 2 * max(high - low, 1)
    around = 3 + count // 12
    starts = np.arange(round(low - length / 4) - around, round(low - length / 4) + around + 1)
    stops = np.arange(round(high + length / 4) - around, round(high + length / 4) + around + 1)
    starts = starts[(starts >= 0) & (starts < count - 1)]
    stops = stops[(stops > 0) & (stops < count)]
    a, b = (grid.reshape(-1, 1) for grid in np.meshgrid(starts, stops))
    a, b = a[b > a, None], b[b > a, None]
    if not len(a):
        return 0, count - 1, float("inf")
    line = np.clip((frames - a) / (b - a), 0, 1)
    best = (0, count - 1, float("inf"))
    for shape, excuse in zip((line, *(line**power for power in _CURVES)), _EXCUSES, strict=True):
        misfits = ((shape - fractions) ** 2).mean(axis=1)
        least = int(misfits.argmin())
        misfit = float(np.sqrt(misfits[least])) + excuse
        if misfit < best[2]:
            best = int(a[least, 0]), int(b[least, 0]), misfit
    return best


def _other_shot(new: Unlike, residual: float, *, plain: bool) -> bool:
    """Whether what is on the other side of a mixture is another shot, or a plain picture."""
    if plain:
        return new.most >= _UNLIKE and residual <= _RESIDUAL_BY_UNLIKE * new.most
    much = new.most >= _UNLIKE and new.least >= _UNLIKE_EITHER
    if much and residual <= _RESIDUAL_BY_UNLIKE * new.most:
        return True
    # Another person before the same background: little is new, but all that changes is.
    part = new.most >= _UNLIKE_PART and new.least >= _UNLIKE_PART_EITHER
    return part and new.energy >= _SHARE and residual <= _RESIDUAL_BY_SHARE * new.energy


def _gradual(fractions: npt.NDArray[np.float64]) -> bool:
    """Whether fractions rise over several frames, and neither at once nor up and down."""
    steps = np.diff(fractions)
    sudden = steps.max(initial=0) > min(_STEP, _SUDDEN / max(len(steps), 1))
    return not sudden and bool(np.abs(steps).sum() < _BACK_AND_FORTH)
