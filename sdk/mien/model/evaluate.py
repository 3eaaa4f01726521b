"""From curves and edits to target curves: one pure function.

Layers are applied bottom to top, tracks in the order they were keyed:

    add        target += w * value
    replace    target += w * (value - target)
    scale      target *= 1 + w * (value - 1)
    smooth     target += w * (smoothed - target)

where w is the layer's weight times the track's influence at the frame. A track on a named
expression or viseme acts on each of its controls with `value` times that control's weight
(for `scale` and `smooth`: with the value itself).

`smooth` takes the value as the standard deviation, in frames, of a Gaussian that averages what
lies below. A frame counts only together with its mirror image about the one that is smoothed,
so that there is no lag: straight lines stay what they are, also at the ends of a shot and beside
frames without the face. Nothing is averaged across a cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, FloatArray
from mien.model.controls import CONTROLS, INDEX, NAMES
from mien.model.edits import ControlTrack, Layer
from mien.model.presets import resolve
from mien.model.sampled import sampled

__all__ = ["WIDEST_SMOOTHING", "Evaluated", "evaluate", "unlimited"]

_LOW = np.array([control.low for control in CONTROLS], dtype=np.float32)
_HIGH = np.array([control.high for control in CONTROLS], dtype=np.float32)
_FROM_SOURCE = np.array([control.region == "head" for control in CONTROLS])
"""Controls whose limits count from the performance: the head is turned from where it is."""
WIDEST_SMOOTHING = 120.0
"""Frames of standard deviation that a track can ask for at most."""
_REACH = 4.0
"""Standard deviations that a Gaussian reaches to either side."""
NEGLIGIBLE = 1e-4
"""Departures below this are none: no pixel would change, so the plate is left alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """What an edit asks of one face.

    Attributes:
        source: (T, 59) float32, the performance.
        delta: (T, 59) float32, what is asked for minus the performance; exactly 0 where
            nothing is asked.
    """

    source: FloatArray
    delta: FloatArray

    def __repr__(self) -> str:
        active = int(np.count_nonzero(self.active))
        return f"Evaluated({active} of {len(self.delta)} frames edited)"

    @property
    def target(self) -> FloatArray:
        """(T, 59) float32, what is asked for."""
        return self.source + self.delta

    @property
    def active(self) -> BoolArray:
        """(T,) bool, the frames in which anything is asked."""
        return np.asarray(self.delta.any(axis=1))


def evaluate(
    source: FloatArray, layers: Sequence[Layer], valid: BoolArray, cuts: Iterable[int] = ()
) -> Evaluated:
    """Apply layers of edit tracks to a performance.

    Args:
        source: (T, 59) controls of the performance.
        layers: Layers, bottom first.
        valid: (T,) frames in which the face can be edited; elsewhere nothing is asked.
        cuts: First frames of new shots, across which nothing is smoothed.

    Returns:
        Source and delta; the target is held within the controls' limits unless the
        performance itself is beyond them.
    """
    layers = _heard(layers)
    names = {
        name for layer in layers for track in layer.tracks for name, _ in resolve(track.control)
    }
    # Only columns that a track drives are worked on: most edits ask for a few of the 59.
    columns = sorted(INDEX[name] for name in names)
    # Column by column, as tracks work on them.
    before = np.asfortranarray(source[:, columns], dtype=np.float64)
    after = _asked(before, [NAMES[column] for column in columns], layers, valid, cuts)
    base = np.where(_FROM_SOURCE[columns], before, 0)
    low = np.minimum(base + _LOW[columns], before)
    high = np.maximum(base + _HIGH[columns], before)
    change = np.clip(after, low, high) - before
    # Values beyond all measure may come to what is no number: then nothing is asked.
    change[~(np.abs(change) >= NEGLIGIBLE) | ~valid[:, None]] = 0
    delta = np.zeros_like(source)
    delta[:, columns] = change
    return Evaluated(source, delta)


def unlimited(
    source: FloatArray,
    layers: Sequence[Layer],
    valid: BoolArray,
    cuts: Iterable[int],
    names: Sequence[str],
) -> npt.NDArray[np.float64]:
    """What is asked of some controls before limits are applied.

    Args:
        source: (T, 59) controls of the performance.
        layers: Layers, bottom first.
        valid: (T,) frames with a performance; elsewhere it counts as neutral.
        cuts: First frames of new shots.
        names: Sided names of N controls.

    Returns:
        (T, N) float64 values.
    """
    before = np.where(valid[:, None], source[:, [INDEX[name] for name in names]], 0)
    return _asked(np.asfortranarray(before, dtype=np.float64), names, _heard(layers), valid, cuts)


def _heard(layers: Iterable[Layer]) -> list[Layer]:
    return [layer for layer in layers if not layer.muted and layer.weight]


def _asked(
    before: npt.NDArray[np.float64],
    names: Sequence[str],
    layers: Sequence[Layer],
    valid: BoolArray,
    cuts: Iterable[int],
) -> npt.NDArray[np.float64]:
    """(T, N) what layers ask of the controls in the columns of `before`."""
    place = {name: i for i, name in enumerate(names)}
    after = before.copy(order="K")
    frames = np.arange(len(before), dtype=np.int64)
    pieces = np.searchsorted(np.sort(np.array([*cuts], dtype=np.int64)), frames, side="right")
    pieces = np.where(valid, pieces, -1)
    with np.errstate(over="ignore", invalid="ignore"):
        for layer in layers:
            for track in layer.tracks:
                if track.mode == "smooth":
                    _smooth(track, layer.weight, after, place, pieces)
                else:
                    _apply(track, layer.weight, after, place)
    return after


def _apply(
    track: ControlTrack,
    layer_weight: float,
    target: npt.NDArray[np.float64],
    place: Mapping[str, int],
) -> None:
    """Apply one track to `target`, whose columns hold the controls that `place` says."""
    value, influence = sampled(track, len(target))
    weight = layer_weight * influence
    for name, share in resolve(track.control):
        if name not in place:
            continue
        column = target[:, place[name]]
        if track.mode == "add":
            column += weight * value * share
        elif track.mode == "replace":
            column += weight * (value * share - column)
        else:
            column *= 1 + weight * (value - 1)


def _smooth(
    track: ControlTrack,
    layer_weight: float,
    target: npt.NDArray[np.float64],
    place: Mapping[str, int],
    pieces: npt.NDArray[np.int64],
) -> None:
    """Smooth the columns of `target` that a track drives, inside `pieces`; -1 is in none."""
    value, influence = sampled(track, len(target))
    weight = layer_weight * influence
    sigma = np.clip(value, 0, WIDEST_SMOOTHING)
    driven = [place[name] for name, _ in resolve(track.control) if name in place]
    columns = np.array(driven, dtype=np.intp)
    below = np.where(pieces[:, None] >= 0, target[:, columns], 0)
    # Where a frame takes no part there is nothing to reach for.
    reach = int(np.ceil(_REACH * sigma[(weight > 0) & (pieces >= 0)].max(initial=0)))
    total, share = below.copy(), np.ones(len(target))
    spread = 2 * np.maximum(sigma, 1e-3) ** 2
    for step in range(1, min(reach, (len(target) - 1) // 2) + 1):
        middle = slice(step, len(target) - step)
        both = (pieces[: -2 * step] == pieces[middle]) & (pieces[2 * step :] == pieces[middle])
        part = np.where(both, np.exp(-(step**2) / spread[middle]), 0)
        total[middle] += part[:, None] * (below[: -2 * step] + below[2 * step :])
        share[middle] += 2 * part
    smoothed = total / share[:, None]
    seen = pieces >= 0
    target[np.ix_(seen, columns)] += (weight[:, None] * (smoothed - below))[seen]
